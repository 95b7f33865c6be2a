//! Kinds of windows and ways of emission beyond the plain ones, by name.

use super::*;
use crate::time::{CalendarUnit, Span, TimeReader, time_zone};

fn with(windows: &[WindowKind], delay: i64) -> Settings {
    Settings { windows: windows.to_vec(), watermark: Watermark::Delay(delay), ..Settings::default() }
}

fn ms(text: &str) -> Millis {
    TimeReader::auto().string(text).unwrap()
}

const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn days(size: u32, slide: u32) -> WindowKind {
    WindowKind::Calendar { size, slide, unit: CalendarUnit::Day, zone: time_zone(PARIS).unwrap(), offset: 0 }
}

/// Start and end of each emission, in local hours of length.
fn lengths(kind: WindowKind, times: &[&str]) -> Vec<(String, i64)> {
    let records: Vec<Record> = times.iter().map(|time| at(ms(time), &["a"])).collect();
    let settings = Settings { max_future: None, ..with(&[kind], 0) };
    let (events, _) = run(&settings, &records);
    let windows = events.into_iter().filter_map(|event| match event {
        Event::Emission(emitted) => {
            let mut start = Vec::new();
            crate::time::write_rfc3339(emitted.start, &mut start);
            Some((String::from_utf8(start).unwrap(), (emitted.end - emitted.start) / 3_600_000))
        }
        _ => None,
    });
    windows.collect()
}

#[test]
fn local_days_have_23_24_or_25_hours() {
    let found = lengths(
        days(1, 1),
        &[
            "2021-03-27T12:00:00Z",
            "2021-03-28T12:00:00Z",
            "2021-10-30T22:00:00Z",
            "2021-10-31T22:59:59Z",
            "2021-10-31T23:00:00Z",
        ],
    );
    let expected = [
        ("2021-03-26T23:00:00Z", 24),
        ("2021-03-27T23:00:00Z", 23),
        ("2021-10-30T22:00:00Z", 25),
        ("2021-10-31T23:00:00Z", 24),
    ];
    assert_eq!(found, expected.map(|(start, hours)| (start.to_owned(), hours)));
}

#[test]
fn months_and_weeks_have_their_own_lengths() {
    let month = |size| WindowKind::Calendar {
        size,
        slide: size,
        unit: CalendarUnit::Month,
        zone: time_zone("UTC").unwrap(),
        offset: 0,
    };
    assert_eq!(
        lengths(month(1), &["2020-02-10T00:00:00Z", "2021-02-10T00:00:00Z"]),
        [("2020-02-01T00:00:00Z".to_owned(), 29 * 24), ("2021-02-01T00:00:00Z".to_owned(), 28 * 24)]
    );
    assert_eq!(
        lengths(month(3), &["2020-02-10T00:00:00Z"]),
        [("2020-01-01T00:00:00Z".to_owned(), 91 * 24)],
        "quarters begin with January"
    );
    let week = WindowKind::Calendar {
        size: 1,
        slide: 1,
        unit: CalendarUnit::Week,
        zone: time_zone("UTC").unwrap(),
        offset: 0,
    };
    assert_eq!(lengths(week, &["2026-11-21T00:00:00Z"]), [("2026-11-16T00:00:00Z".to_owned(), 7 * 24)]);
}

#[test]
fn spans_make_windows() {
    let utc = time_zone("UTC").unwrap();
    let make = |size: &str, slide: &str, offset| {
        let slide = (!slide.is_empty()).then(|| Span::parse(slide).unwrap());
        WindowKind::from_spans(Span::parse(size).unwrap(), slide, offset, &utc)
    };
    assert_eq!(make("20s", "", 0), Ok(WindowKind::tumbling(20_000)));
    assert_eq!(make("20s", "7s", 5), Ok(WindowKind::Hopping { size: 20_000, slide: 7000, offset: 5 }));
    let calendar =
        |size, slide, unit| Ok(WindowKind::Calendar { size, slide, unit, zone: utc.clone(), offset: 0 });
    assert_eq!(make("1d", "", 0), calendar(1, 1, CalendarUnit::Day));
    assert_eq!(make("1w", "1d", 0), calendar(7, 1, CalendarUnit::Day));
    assert_eq!(make("3mo", "1mo", 0), calendar(3, 1, CalendarUnit::Month));
    for (size, slide, offset) in [("1d", "1h", 0), ("1mo", "1d", 0), ("1d", "", 5)] {
        assert!(make(size, slide, offset).is_err(), "{size} {slide}");
    }
}

#[test]
fn cumulating_windows_grow_to_their_size() {
    let settings = with(&[WindowKind::Cumulate { size: 30, step: 10, offset: 0 }], 0);
    let records = [at(5, &["a"]), at(25, &["b"]), at(22, &["late"]), at(41, &["c"])];
    assert_eq!(
        emissions(&settings, &records),
        ["0..10 a:1", "0..20 a:1", "0..30 a:1 b:1 late:1", "30..50 open c:1", "30..60 open c:1"]
    );
    let senseless = with(&[WindowKind::Cumulate { size: 30_000, step: 7000, offset: 0 }], 0);
    assert_eq!(
        senseless.validate().unwrap_err().to_string(),
        "a window of 30s does not grow to its size in steps of 7s"
    );
}

/// FLINK-21305 again: the record is behind the watermark, but not behind the end of the growing windows.
#[test]
fn a_late_record_counts_in_the_cumulating_windows_still_open() {
    let settings = with(&[WindowKind::Cumulate { size: 30, step: 10, offset: 0 }], 0);
    assert_eq!(
        emissions(&settings, &[at(5, &["a"]), at(10, &["b"]), at(7, &["late"]), at(30, &[])]),
        ["0..10 a:1", "0..20 a:1 b:1 late:1", "0..30 a:1 b:1 late:1"]
    );
}

#[test]
fn within_the_allowed_lateness_a_closed_window_is_emitted_again() {
    let settings = Settings { allowed_lateness: 15, ..with(&[WindowKind::tumbling(10)], 0) };
    let records = [
        at(5, &["a"]),
        at(12, &["b"]),
        at(6, &["late"]),
        at(7, &["late"]),
        at(24, &["c"]),
        at(8, &["late"]),
        at(25, &["c"]),
        at(9, &["too late"]),
        at(35, &["d"]),
    ];
    assert_eq!(
        emissions(&settings, &records),
        [
            "0..10 a:1",
            "0..10 rev=1 late:2 a:1",
            "10..20 b:1",
            "0..10 rev=2 late:3 a:1",
            "20..30 late=1 c:2",
            "30..40 open d:1"
        ],
        "rev 1 comes before the next window closes, rev 2 when the lateness is over at 25"
    );
    let (_, stats) = run(&settings, &records);
    assert_eq!((stats.windows, stats.late, stats.late_hint), (4, 1, Some(1)));
}

#[test]
fn a_window_without_records_may_get_its_first_within_the_allowed_lateness() {
    let settings = Settings { allowed_lateness: 100, ..with(&[WindowKind::tumbling(10)], 0) };
    assert_eq!(
        emissions(&settings, &[at(25, &["a"]), at(5, &["b"]), at(6, &["b"])]),
        ["0..10 b:2", "20..30 open a:1"]
    );
}

#[test]
fn a_silent_source_shows_open_windows_and_makes_nothing_late() {
    let mut windows = Windows::new(&with(&[WindowKind::hopping(20, 10)], 10)).unwrap();
    let mut recorder = Recorder::default();
    windows.record(15, &[b"a"], &mut recorder);
    windows.idle(20, &mut recorder);
    windows.idle(29, &mut recorder);
    windows.idle(30, &mut recorder);
    assert_eq!(windows.record(3, &[b"b"], &mut recorder), Outcome::Counted);
    windows.idle(30, &mut recorder);
    windows.record(60, &[], &mut recorder);
    let lines: Vec<String> = recorder
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Emission(emitted) => Some(emitted.line()),
            _ => None,
        })
        .collect();
    assert_eq!(
        lines,
        [
            "0..20 open a:1",
            "10..30 open a:1",
            "-10..10 open b:1",
            "0..20 open rev=1 a:1 b:1",
            "-10..10 rev=1 b:1",
            "0..20 rev=2 a:1 b:1",
            "10..30 rev=1 a:1"
        ]
    );
}

fn sessions(gap: i64, delay: i64) -> Settings {
    with(&[WindowKind::Session { gap }], delay)
}

#[test]
fn a_record_exactly_the_gap_later_joins_a_session() {
    assert_eq!(
        emissions(&sessions(10, 0), &[at(0, &["a"]), at(10, &["a"]), at(21, &["a"])]),
        ["0..20 a:2", "21..31 open a:1"]
    );
}

#[test]
fn sessions_are_of_one_key_and_come_by_end_start_and_key() {
    let records = [at(0, &["b", "a"]), at(3, &["c"]), at(5, &["b"]), at(100, &[])];
    assert_eq!(emissions(&sessions(10, 0), &records), ["0..10 a:1", "3..13 c:1", "0..15 b:2"]);
    assert_eq!(
        emissions(&sessions(10, 0), &[at(0, &["b", "a", "c"]), at(50, &[])]),
        ["0..10 a:1", "0..10 b:1", "0..10 c:1"]
    );
}

#[test]
fn a_late_bridge_merges_two_sessions() {
    let records = [at(0, &["a"]), at(18, &["a"]), at(9, &["a"]), at(60, &[])];
    assert_eq!(emissions(&sessions(10, 20), &records), ["0..28 a:3"]);
}

#[test]
fn late_is_judged_after_merging() {
    // Alone, the record at 2 would be a session that ended at 12; the session from 8 on saves it.
    let records = [at(8, &["a"]), at(16, &["a", "b"]), at(2, &["a"]), at(2, &["b"]), at(60, &[])];
    assert_eq!(emissions(&sessions(10, 3), &records), ["2..26 late=1 a:3", "16..26 b:1"]);
    let (_, stats) = run(&sessions(10, 3), &records);
    assert_eq!((stats.late, stats.late_hint), (1, Some(4)));
}

#[test]
fn what_a_merge_dissolves_is_taken_back() {
    let settings =
        Settings { emit: Emit::Complete, trigger: Some(Trigger::EventTime(20)), ..sessions(10, 30) };
    let records =
        [at(1, &["a"]), at(19, &["a"]), at(20, &["b"]), at(10, &["a"]), at(40, &["b"]), at(90, &[])];
    assert_eq!(
        emissions(&settings, &records),
        [
            "1..11 open a:1",
            "19..29 open a:1",
            "1..11 rev=1 a:0",
            "19..29 rev=1 a:0",
            "1..29 open a:3",
            "20..30 open b:1",
            "1..29 rev=1 a:3",
            "20..30 rev=1 b:1",
            "40..50 b:1",
        ]
    );
}

#[test]
fn within_the_allowed_lateness_a_closed_session_may_grow_and_open_again() {
    let settings = Settings { allowed_lateness: 50, ..sessions(10, 0) };
    let records = [at(0, &["a"]), at(25, &["b"]), at(7, &["a"]), at(20, &["a"]), at(12, &["a"]), at(90, &[])];
    assert_eq!(emissions(&settings, &records), ["0..10 a:1", "0..10 rev=1 a:0", "0..30 a:4", "25..35 b:1"]);
}

#[test]
fn local_days_grow_by_the_hour() {
    let hours = |step| {
        WindowKind::cumulate(
            Span::parse("1d").unwrap(),
            Span::parse(step).unwrap(),
            0,
            &time_zone(PARIS).unwrap(),
        )
        .unwrap()
    };
    // 2021-03-28 has 23 hours in Paris.
    assert_eq!(
        lengths(hours("6h"), &["2021-03-28T00:30:00Z", "2021-03-28T13:00:00Z", "2021-03-29T00:00:00Z"]),
        [6, 12, 18, 23]
            .map(|hours| ("2021-03-27T23:00:00Z".to_owned(), hours))
            .into_iter()
            .chain([6, 12, 18, 24].map(|hours| ("2021-03-28T22:00:00Z".to_owned(), hours)))
            .collect::<Vec<_>>()
    );
    let make = |size: &str, step: &str| {
        WindowKind::cumulate(
            Span::parse(size).unwrap(),
            Span::parse(step).unwrap(),
            0,
            &time_zone("UTC").unwrap(),
        )
    };
    assert_eq!(make("24h", "1h"), Ok(WindowKind::Cumulate { size: 86_400_000, step: 3_600_000, offset: 0 }));
    assert!(make("1mo", "1d").is_ok());
    assert!(make("1w", "1w").is_ok());
    assert!(make("1mo", "1w").is_err());
    assert!(make("24h", "1d").is_err());
}

#[test]
fn windows_of_so_many_records_close_with_their_last_one() {
    let settings = with(&[WindowKind::Count { records: 3 }], 0);
    let records = [at(5, &["a"]), at(2, &["b"]), at(7, &[]), at(3, &["a", "b"]), at(1, &["c"])];
    let (events, stats) = run(&settings, &records);
    let place = events.iter().position(|event| matches!(event, Event::Emission(_)));
    assert_eq!(place, Some(3), "before the record that fills it returns");
    assert_eq!(emissions(&settings, &records), ["2..6 a:2 b:2", "1..2 open c:1"]);
    assert_eq!((stats.windows, stats.late), (2, 0));
}

#[test]
fn windows_without_records_are_emitted_where_asked_for_but_not_for_ever() {
    let settings = Settings { empty_windows: 3, ..with(&[WindowKind::tumbling(10)], 0) };
    let years = 10 * 365 * 86_400_000;
    let settings = Settings { max_future: None, ..settings };
    let records =
        [at(15, &["a"]), at(45, &["b"]), at(years, &["c"]), at(years + 25, &["d"]), at(years + 50, &[])];
    let lines = emissions(&settings, &records);
    let start = |n: i64| format!("{}..{}", years + n, years + n + 10);
    assert_eq!(lines[..7], ["10..20 a:1", "20..30", "30..40", "40..50 b:1", "50..60", "60..70", "70..80"]);
    assert_eq!(
        lines[7..],
        [start(0) + " c:1", start(10), start(20) + " d:1", start(30), start(40)],
        "and none behind the last record but those that the watermark closed"
    );
}

#[test]
fn with_a_limit_on_keys_memory_stays_flat_and_frequent_keys_are_found() {
    let settings = Settings { max_keys: Some(100), ..with(&[WindowKind::hopping(10_000, 1000)], 0) };
    let mut windows = Windows::new(&settings).unwrap();
    let mut recorder = Recorder::default();
    for time in 0..50_000_i64 {
        let name = if time % 5 == 0 { "often".to_owned() } else { format!("once {time}") };
        windows.record(time, &[name.as_bytes()], &mut recorder);
        assert!(windows.live_keys() <= 1100);
    }
    let emitted = recorder.events.iter().filter_map(|event| match event {
        Event::Emission(emitted) if emitted.start >= 0 => Some(emitted),
        _ => None,
    });
    for emitted in emitted {
        assert_eq!((emitted.rows.len(), emitted.total), (100, Number::Int(10_000)));
        let (key, count, _) = &emitted.rows[0];
        let bound = emitted.bounds[0].unwrap();
        assert!(bound.guaranteed && key == "often");
        assert!((2000..=2000 + i128::from(bound.error)).contains(&(count.as_f64() as i128)));
        assert!(emitted.distinct.abs_diff(8001) < 400, "{}", emitted.distinct);
    }
}

#[test]
fn the_source_furthest_behind_rules_the_watermark() {
    let settings = Settings { watermark_by: true, ..with(&[WindowKind::tumbling(10)], 0) };
    let mut windows = Windows::new(&settings).unwrap();
    let mut recorder = Recorder::default();
    let mut record = |windows: &mut Windows, source: &str, time| {
        windows.record_from(source.as_bytes(), time, a(), &[], &mut recorder)
    };
    record(&mut windows, "east", 5);
    record(&mut windows, "west", 6);
    record(&mut windows, "east", 95);
    assert_eq!(record(&mut windows, "west", 7), Outcome::Counted);
    assert_eq!(windows.stats().watermark, Some(7));
    assert_eq!((windows.stats().emissions, windows.stats().max_event_time), (0, Some(95)));
    windows.drop_source(b"west", &mut recorder);
    assert_eq!((windows.stats().watermark, windows.stats().emissions), (Some(95), 1));
    assert_eq!(windows.record_from(b"west", 8, a(), &[], &mut recorder), Outcome::Late);
    windows.drop_source(b"west", &mut recorder);
    windows.drop_source(b"east", &mut recorder);
    assert_eq!(windows.stats().watermark, Some(95));
}

/// The numbers of emissions have 32 bits.
#[test]
fn after_four_billion_emissions_nothing_is_lost() {
    for kind in [WindowKind::hopping(400, 100), WindowKind::All, WindowKind::Session { gap: 50 }] {
        let settings =
            Settings { emit: Emit::Update, trigger: Some(Trigger::Records(1)), ..with(&[kind], 1000) };
        let shown = |epoch: u32| {
            let mut windows = Windows::new(&settings).unwrap();
            windows.epoch = epoch;
            let mut recorder = Recorder::default();
            let mut table = std::collections::BTreeMap::new();
            for time in 0..100 {
                let key = ["a", "b", "c"][time as usize % 3];
                windows.record(time, &[key.as_bytes()], &mut recorder);
            }
            windows.finish(&mut recorder);
            for event in recorder.events {
                if let Event::Emission(emitted) = event {
                    for (key, count, _) in emitted.rows {
                        // The window over everything is one, whatever its bounds.
                        let end = if emitted.all { 0 } else { emitted.end };
                        table.insert((emitted.start, end, key), count.to_string());
                    }
                }
            }
            table
        };
        assert_eq!(shown(u32::MAX - 50), shown(1));
    }
}

#[test]
fn what_is_open_can_be_shown_and_kept() {
    let mut windows = Windows::new(&with(&[WindowKind::tumbling(10), WindowKind::All], 0)).unwrap();
    let mut recorder = Recorder::default();
    windows.record(5, &[b"a"], &mut recorder);
    windows.show_open(&mut recorder);
    windows.show_open(&mut recorder);
    windows.record(7, &[b"a"], &mut recorder);
    windows.finish(&mut recorder);
    let lines = recorder.events.iter().filter_map(|event| match event {
        Event::Emission(emitted) => Some(emitted.line()),
        _ => None,
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["5..6 all open a:1", "0..10 open a:1", "5..8 all rev=1 a:2", "0..10 open rev=1 a:2"]
    );
}

#[test]
fn the_longest_windows_at_the_ends_of_time_do_not_overflow() {
    use crate::time::{MAX, MIN};
    let most = Span::MAX_MILLIS;
    let zone = time_zone(PARIS).unwrap();
    let mut kinds =
        vec![WindowKind::All, WindowKind::Session { gap: most }, WindowKind::Count { records: u64::MAX }];
    for offset in [-most, 0, most] {
        for (size, slide) in [(1, 1), (most, most), (most, most / 3), (1, most), (most - 1, most)] {
            kinds.push(WindowKind::Hopping { size, slide, offset });
        }
        kinds.push(WindowKind::Cumulate { size: most, step: most / 2, offset });
    }
    for unit in [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month] {
        for (size, slide) in [(1, 1), (240_000, 240_000), (240_000, 80_000), (1, 240_000)] {
            kinds.push(WindowKind::Calendar { size, slide, unit, zone: zone.clone(), offset: 0 });
        }
        for step in [Step::Millis(1), Step::Millis(most), Step::Days(1), Step::Days(240_000)] {
            if step != Step::Millis(1) && step != Step::Days(1) {
                kinds.push(WindowKind::CalendarCumulate {
                    size: 240_000,
                    unit,
                    step,
                    zone: zone.clone(),
                    offset: 0,
                });
            }
        }
    }
    for kind in kinds {
        for (delay, lateness) in [(0, 0), (most, most)] {
            let settings = Settings {
                max_future: Some(most),
                allowed_lateness: lateness,
                ..with(std::slice::from_ref(&kind), delay)
            };
            let (_, stats) =
                run(&settings, &[at(MIN, &["a"]), at(0, &["b"]), at(MAX, &["c"]), at(MIN, &["d"])]);
            assert_eq!(stats.future, 0, "{kind}");
            assert_eq!(stats.counted + stats.late + stats.gap, 4, "{kind}");
        }
    }
}
