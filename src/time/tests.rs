//! jiff is the oracle; what it does not read (fractions of any length, Twitter's order) is rewritten for it first.

use super::*;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn read(text: &str) -> Result<Millis, TimeError> {
    TimeReader::auto().string(text)
}

fn number(text: &str) -> Result<Millis, TimeError> {
    TimeReader::auto().number(text)
}

fn written(ms: Millis) -> String {
    let mut out = Vec::new();
    write_rfc3339(ms, &mut out);
    String::from_utf8(out).expect("only ASCII is written")
}

fn floor(timestamp: Timestamp) -> Millis {
    timestamp.as_nanosecond().div_euclid(1_000_000) as Millis
}

#[test]
fn the_bounds_are_those_of_jiff() {
    assert_eq!(floor(Timestamp::MIN), MIN);
    assert_eq!(floor(Timestamp::MAX), MAX);
}

#[test]
fn rfc3339_in_its_spellings() {
    for text in [
        "2021-04-01T15:52:31.000Z",
        "2021-04-01T15:52:31Z",
        "2021-04-01t15:52:31z",
        "2021-04-01 15:52:31Z",
        "2021-04-01T15:52:31",
        "2021-04-01 15:52:31",
        "2021-04-01T15:52:31.0",
        "2021-04-01T15:52:31,000Z",
        "2021-04-01T17:52:31+02:00",
        "2021-04-01T17:52:31+0200",
        "2021-04-01T17:52:31+02",
        "2021-04-01T10:22:31-05:30",
        "2021-04-01T15:52:31-00:00",
        "2021-04-01T17:52:31+02:00[Europe/Paris]",
        "20210401T155231Z",
        " 2021-04-01T15:52:31Z\n",
        "+002021-04-01T15:52:31Z",
        "Thu Apr 01 15:52:31 +0000 2021",
        "Thu Apr 01 17:52:31 +0200 2021",
        "1617292351",
        "1617292351000",
        "1617292351000000",
        "1617292351000000000",
        "1617292351.0",
        "1.617292351e9",
    ] {
        assert_eq!(read(text), Ok(1_617_292_351_000), "{text}");
    }
    assert_eq!(read("2021-04-01T15:52:31.12345678901234567890Z"), Ok(1_617_292_351_123));
    assert_eq!(read("2021-04-01T15:52:31.9999999999Z"), Ok(1_617_292_351_999));
    assert_eq!(read("2021-04-01"), Ok(1_617_235_200_000));
    assert_eq!(read("0000-01-01T00:00:00Z"), Ok(-62_167_219_200_000));
}

#[test]
fn before_1970_times_are_floored() {
    assert_eq!(read("1969-12-31T23:59:59.9995Z"), Ok(-1));
    assert_eq!(read("1969-12-31T23:59:59.0005Z"), Ok(-1000));
    assert_eq!(number("-0.0001"), Ok(-1));
    assert_eq!(number("-1.5"), Ok(-1500));
    assert_eq!(number("-1"), Ok(-1000));
    assert_eq!(number("-0"), Ok(0));
    assert_eq!(number("-100000000000"), Ok(-100_000_000_000));
    assert_eq!(number("-100000000000001"), Ok(-100_000_000_001));
    assert_eq!(number("-1e-300"), Ok(-1));
    assert_eq!(number("-0.00099999999999999999999999999"), Ok(-1));
    assert_eq!(number("-1.0000000000000000000000000001"), Ok(-1001));
}

#[test]
fn a_leap_second_is_the_second_before_as_in_jiff() {
    for text in ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.25Z", "2017-01-01T01:59:60+02:00"] {
        assert_eq!(read(text), Ok(floor(text.parse().unwrap())), "{text}");
    }
    assert_eq!(read("Sat Dec 31 23:59:60 +0000 2016"), read("2016-12-31T23:59:59Z"));
}

#[test]
fn days_and_hours_that_do_not_exist() {
    for text in [
        "2021-02-29T00:00:00Z",
        "2021-02-30T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2021-13-01T00:00:00Z",
        "2021-00-01T00:00:00Z",
        "2021-01-00T00:00:00Z",
        "2021-01-01T25:00:00Z",
        "2021-01-01T24:00:00Z",
        "2021-01-01T00:60:00Z",
        "2021-01-01T00:00:61Z",
        "Mon Aug 31 00:29:15 +0000 2014",
        "Sun Feb 30 00:29:15 +0000 2014",
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error, TimeError::NoSuchTime(text.to_owned()));
    }
    assert!(read("2020-02-29T00:00:00Z").is_ok());
    assert!(read("2000-02-29T00:00:00Z").is_ok());
}

#[test]
fn what_is_no_time() {
    for text in [
        "",
        " ",
        "soon",
        "-",
        ".",
        "e9",
        "1e",
        "1e+",
        "1.2.3",
        "1_000",
        "0x10",
        "NaN",
        "inf",
        "--1",
        "+1",
        "2021-04-01T15:52:31.Z",
        "2021-04-01T15:52:31X",
        "2021-04-01T15:52:31+2:00",
        "2021-04-01X15:52:31Z",
        "2021-04-01T15:52:3",
        "２０２１-04-01T15:52:31Z",
        "Sun Aug 31 00:29:15 2014",
    ] {
        assert!(matches!(read(text), Err(TimeError::Unreadable(_))), "{text}");
    }
    assert_eq!(read("é\u{0}"), Err(TimeError::Unreadable("é\u{0}".to_owned())));
    let long = "x".repeat(1000);
    assert!(read(&long).unwrap_err().to_string().chars().count() < 160);
    assert_eq!(
        read("soon").unwrap_err().to_string(),
        "\"soon\" is not a timestamp that can be read; see --time-format and --time-unit"
    );
}

#[test]
fn magnitude_gives_the_unit() {
    assert_eq!(number("99999999999"), Ok(99_999_999_999_000));
    assert_eq!(number("100000000000"), Ok(100_000_000_000));
    assert_eq!(number("99999999999999"), Ok(99_999_999_999_999));
    assert_eq!(number("100000000000000"), Ok(100_000_000_000));
    assert_eq!(number("99999999999999999"), Ok(99_999_999_999_999));
    assert_eq!(number("100000000000000000"), Ok(100_000_000_000));
    assert_eq!(number("1520690595660"), Ok(1_520_690_595_660));
    assert_eq!(number("1542024000.25"), Ok(1_542_024_000_250));
    assert_eq!(number("1.5e9"), Ok(1_500_000_000_000));
    assert_eq!(number("1.5E+9"), Ok(1_500_000_000_000));
    assert_eq!(number("0.99999999999e11"), Ok(99_999_999_999_000));
    assert_eq!(number("99999999999.9999999999999999999999"), Ok(99_999_999_999_999));
    assert_eq!(number("0"), Ok(0));
    assert_eq!(number("0e999999999999999999999"), Ok(0));
    assert_eq!(number("253402207200999"), Ok(253_402_207_200));
}

#[test]
fn a_given_unit_rules() {
    let at = |unit, text| TimeReader::with_unit(unit).number(text);
    assert_eq!(at(Unit::Milliseconds, "5"), Ok(5));
    assert_eq!(at(Unit::Microseconds, "-5"), Ok(-1));
    assert_eq!(at(Unit::Nanoseconds, "1999999"), Ok(1));
    assert_eq!(at(Unit::Seconds, "253402207200"), Ok(253_402_207_200_000));
    assert_eq!(TimeReader::with_unit(Unit::Milliseconds).string("5"), Ok(5));
    assert_eq!(TimeReader::with_unit(Unit::Milliseconds).string("1970-01-01T00:00:01Z"), Ok(1000));
    assert!(matches!(at(Unit::Seconds, "253402207201"), Err(TimeError::OutOfRange(_))));
    assert!(matches!(at(Unit::Seconds, "999999999999999999"), Err(TimeError::OutOfRange(_))));
}

#[test]
fn out_of_range_is_an_error_never_an_overflow() {
    for text in [
        "1e400",
        "-1e400",
        "1e99999999999999999999",
        "999999999999999999999",
        "18446744073709551616000000",
        "9999999999999999999999999999999999999999999999",
    ] {
        assert!(matches!(number(text), Err(TimeError::OutOfRange(_))), "{text}: {:?}", number(text));
    }
    assert!(matches!(read("9999-12-31T23:59:59Z"), Err(TimeError::OutOfRange(_))));
    assert_eq!(read("9999-12-30T22:00:00.999Z"), Ok(MAX));
}

#[test]
fn a_format_of_the_users_own() {
    let day = TimeReader::with_format("%d/%b/%Y:%H:%M:%S %z").unwrap();
    assert_eq!(day.string("10/Oct/2000:13:55:36 -0700"), Ok(971_211_336_000));
    assert_eq!(TimeReader::with_format("%Y-%m-%d").unwrap().string("1970-01-02"), Ok(86_400_000));
    assert_eq!(TimeReader::with_format("%Y%m%d").unwrap().number("19700102"), Ok(86_400_000));
    assert_eq!(TimeReader::with_format("%s").unwrap().string("12"), Ok(12_000));
    assert_eq!(TimeReader::with_format("%F %T%.f").unwrap().string("1969-12-31 23:59:59.9995"), Ok(-1));
    assert!(matches!(day.string("soon"), Err(TimeError::Unreadable(_))));
    for format in ["", "%", "%K", "%H:%M", "%Y", "today"] {
        assert!(matches!(TimeReader::with_format(format), Err(TimeError::Format(_))), "{format}");
    }
}

#[test]
fn written_times() {
    assert_eq!(written(0), "1970-01-01T00:00:00Z");
    assert_eq!(written(1_542_049_220_000), "2018-11-12T19:00:20Z");
    assert_eq!(written(1_542_049_220_050), "2018-11-12T19:00:20.050Z");
    assert_eq!(written(-1), "1969-12-31T23:59:59.999Z");
    assert_eq!(written(-62_167_219_200_000), "0000-01-01T00:00:00Z");
    assert_eq!(written(-62_167_219_200_001), "-000001-12-31T23:59:59.999Z");
    assert_eq!(written(253_402_300_800_000), "+010000-01-01T00:00:00Z");
    assert!(written(i64::MIN).starts_with("-292275055-05-16"));
    assert!(written(i64::MAX).starts_with("+292278994-08-17"));
}

#[test]
fn spans_as_typed() {
    let millis = |text| Span::parse(text).unwrap().millis();
    assert_eq!(millis("500ms"), Some(500));
    assert_eq!(millis("10s"), Some(10_000));
    assert_eq!(millis("15m"), Some(900_000));
    assert_eq!(millis("1h"), Some(3_600_000));
    assert_eq!(millis("24h"), Some(86_400_000));
    assert_eq!(millis("2h30m"), Some(9_000_000));
    assert_eq!(millis("1.5s"), Some(1500));
    assert_eq!(millis("0.25h"), Some(900_000));
    assert_eq!(millis("0"), Some(0));
    assert_eq!(millis("0s"), Some(0));
    assert_eq!(millis("1d"), None);
    assert_eq!(Span::parse("1d").unwrap().nominal_millis(), Some(86_400_000));
    assert_eq!(Span::parse("2w").unwrap().calendar(), Some((2, CalendarUnit::Week)));
    assert_eq!(Span::parse("1mo").unwrap().nominal_millis(), None);
    assert_eq!(Span::parse_signed("-8h").unwrap().millis(), Some(-28_800_000));
    assert_eq!("90m".parse::<Span>().unwrap().to_string(), "1h30m");
    assert_eq!(Span::parse_signed("-90s").unwrap().to_string(), "-1m30s");
}

#[test]
fn advised_spans_are_long_enough_and_short_to_read() {
    let advised = |millis| Span::advised(millis).map(|span| span.to_string());
    for (millis, text) in [
        (0, "0s"),
        (1, "1s"),
        (59_001, "1m"),
        (3_599_000, "59m59s"),
        (3_600_001, "1h1m"),
        (172_799_000, "48h"),
        (172_800_001, "3d"),
        (999_999_991_000, "11575d"),
    ] {
        assert_eq!(advised(millis).as_deref(), Some(text));
    }
    assert_eq!(advised(Span::MAX_MILLIS), None, "more days than can be typed");
}

#[test]
fn refused_spans_say_what_to_write() {
    let says = |text: &str| Span::parse_positive(text).unwrap_err().to_string();
    assert_eq!(says("20"), "\"20\" has no unit; write 20s, 20m or 20h");
    assert_eq!(says("1h30"), "\"1h30\" has no unit; write 30s, 30m or 30h");
    assert_eq!(says(""), "\"\" is no length of time; write for instance 10s, 15m or 1h");
    assert_eq!(says("s"), "\"s\" is no length of time; write for instance 10s, 15m or 1h");
    assert_eq!(says("5min"), "\"5min\" has the unknown unit \"min\"; write 5m");
    assert_eq!(says("5x"), "\"5x\" has the unknown unit \"x\"; the units are ms, s, m, h, d, w and mo");
    assert_eq!(says("0s"), "\"0s\" is no time at all; write a length such as 10s");
    assert_eq!(says("-5s"), "\"-5s\" is negative; a length of time is not");
    assert_eq!(says("1.5ms"), "\"1.5ms\" is no whole number of milliseconds");
    assert_eq!(
        says("1d12h"),
        "\"1d12h\" mixes days, weeks or months with other units; write hours (36h) for an exact length"
    );
    assert_eq!(says("0.5d"), "\"0.5d\" has 0.5 of a calendar unit; write a whole number, or hours");
    assert_eq!(says("99999999999999999999h"), "\"99999999999999999999h\" is longer than 20000 years");
    assert_eq!(says("9999999999999h"), "\"9999999999999h\" is longer than 20000 years");
    for text in ["1..5s", ".5s", "1.s", "- 5s", "5 s", "5s ", "1,5s", "--5s", "ｓ", "5ｓ"] {
        assert!(Span::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_and_jiff_agrees(ms in MIN..=MAX) {
        let text = written(ms);
        prop_assert_eq!(read(&text), Ok(ms));
        prop_assert_eq!(text.parse::<Timestamp>().map(floor).ok(), Some(ms));
    }

    #[test]
    fn rfc3339_reads_as_jiff_does(
        text in "(19|20|00|99)[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{1,9})?(Z|z|[+-][0-2][0-9]:[0-5][0-9]|[+-][0-2][0-9][0-5][0-9]|[+-][0-2][0-9])?"
    ) {
        let expected = text.parse::<Timestamp>().ok().or_else(|| {
            TimeZone::UTC.to_timestamp(text.parse::<jiff::civil::DateTime>().ok()?).ok()
        });
        // jiff's civil parser ignores a broken offset behind a whole time; a record's time is not to be half read.
        prop_assert_eq!(read(&text).ok(), expected.map(floor), "{}", text);
    }

    #[test]
    fn twitter_reads_as_jiff_does(ms in -2_000_000_000_000_i64..4_000_000_000_000, wrong in 0..8_usize, hours in -12..14) {
        let zone = jiff::tz::Offset::from_hours(hours as i8).unwrap().to_time_zone();
        let zoned = Timestamp::from_millisecond(ms).unwrap().to_zoned(zone);
        let mut text = zoned.strftime("%a %b %d %H:%M:%S %z %Y").to_string();
        prop_assert_eq!(read(&text), Ok(ms.div_euclid(1000) * 1000));
        if wrong < 7 {
            text.replace_range(..3, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][wrong]);
        }
        let expected = Timestamp::strptime("%a %b %d %H:%M:%S %z %Y", &text);
        prop_assert_eq!(read(&text).ok(), expected.ok().map(floor));
    }

    #[test]
    fn numbers_as_exact_arithmetic_reads_them(mantissa in -999_999_999_999_i64..999_999_999_999, exponent in -20..12_i32) {
        let text = format!("{mantissa}e{exponent}");
        let exact = |shift: i32| -> i128 {
            let power = exponent + shift;
            if power >= 0 { i128::from(mantissa) * 10_i128.pow(power as u32) }
            else { i128::from(mantissa).div_euclid(10_i128.pow(-power as u32)) }
        };
        let below = |limit: u32| {
            i128::from(mantissa.abs()) * 10_i128.pow(exponent.max(0) as u32)
                < 10_i128.pow(limit + (-exponent).max(0) as u32)
        };
        let shift = if below(11) { 3 } else if below(14) { 0 } else if below(17) { -3 } else { -6 };
        let expected = exact(shift);
        let in_range = expected >= i128::from(MIN) && expected <= i128::from(MAX);
        prop_assert_eq!(number(&text).ok(), in_range.then_some(expected as i64), "{}", text);
        if exponent <= 0 {
            let digits = format!("{:025}", mantissa.unsigned_abs());
            let (whole, fraction) = digits.split_at((25 + exponent) as usize);
            let text = format!("{}{}.{}0", if mantissa < 0 { "-" } else { "" }, whole, fraction);
            prop_assert_eq!(number(&text).ok(), in_range.then_some(expected as i64), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = read(&text);
        let _ = number(&text);
        let _ = Span::parse_signed(&text);
    }

    #[test]
    fn times_with_a_byte_changed_do_not_panic(ms in MIN..=MAX, at in 0..24_usize, byte in 0_u8..128) {
        let mut bytes = written(ms).into_bytes();
        if let Some(place) = bytes.get_mut(at) { *place = byte; }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = read(text);
        }
    }

    #[test]
    fn spans_are_read_back(millis in -Span::MAX_MILLIS..=Span::MAX_MILLIS) {
        let span = Span::from_millis(millis);
        prop_assert_eq!(Span::parse_signed(&span.to_string()), Ok(span));
    }

    #[test]
    fn advised_spans_can_be_typed(millis in 0..=Span::MAX_MILLIS / 40) {
        let span = Span::advised(millis).expect("below 500 years");
        prop_assert_eq!(Span::parse(&span.to_string()), Ok(span));
        let length = span.nominal_millis().expect("no months");
        prop_assert!(length >= millis && length - millis < 86_400_000);
    }
}

#[test]
fn what_is_read_as_it_stands_is_read_alike() {
    let readers = [
        TimeReader::auto(),
        TimeReader::with_unit(Unit::Seconds),
        TimeReader::with_format("%Y-%m-%d %H:%M").expect("a format"),
    ];
    for reader in readers {
        for text in [
            "2021-04-01T15:52:31Z",
            "Sun Aug 31 00:29:15 +0000 2014",
            "2021-04-01 15:52",
            "1617292351",
            "noon",
        ] {
            assert_eq!(reader.plain(format!("\"{text}\"").as_bytes()), reader.string(text).ok(), "{text}");
            let digits = reader.number(text).ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
            assert_eq!(reader.plain(text.as_bytes()), digits, "{text}");
        }
        // An escape, a sign, a fraction, and what is no string at all are left to others.
        for json in
            ["\"2021-04-01T15:52:31\\u005a\"", "-1617292351", "1617292351.5", "0", "null", "\"", "", "[1]"]
        {
            assert_eq!(reader.plain(json.as_bytes()), None, "{json}");
        }
    }
}

/// `cargo test --release --lib time:: -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn measure() {
    let reader = TimeReader::auto();
    let times = |name: &str, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        for _ in 0..10_000_000 {
            work();
        }
        println!("{name}: {:.1} ns", start.elapsed().as_nanos() as f64 / 1e7);
    };
    use std::hint::black_box;
    times("RFC 3339", &mut || drop(black_box(reader.string(black_box("2021-04-01T15:52:31.000Z")))));
    times("Twitter", &mut || drop(black_box(reader.string(black_box("Sun Aug 31 00:29:15 +0000 2014")))));
    times("milliseconds", &mut || drop(black_box(reader.number(black_box("1520690595660")))));
    times("decimal", &mut || drop(black_box(reader.number(black_box("1542024000.25")))));
    let mut out = Vec::new();
    times("written", &mut || {
        out.clear();
        write_rfc3339(black_box(1_617_292_351_000), &mut out);
    });
}
