//! Edits against a naive model that finds the times by their place in the text.

use super::*;
use proptest::prelude::*;

/// A line as the mapper would give it: the time behind `"t":`.
fn line(record: &str, start: usize) -> Line {
    let line = Line::new(start..start + record.len(), time(record));
    match (record.find("\"t\":"), time(record)) {
        (Some(at), Some(time)) => line.with_place(at + 4..at + 4 + time.to_string().len()),
        _ => line,
    }
}

fn time(record: &str) -> Option<i64> {
    let at = record.find("\"t\":")? + 4;
    record[at..].split([' ', ',', '}']).next()?.parse().ok()
}

fn edited(options: &EditOptions, records: &[String], passes: u64, wall: Millis) -> (Vec<String>, Editor) {
    let text = records.join("\n");
    let mut editor = Editor::new(options.clone(), TimeReader::auto());
    let mut made = Made::default();
    for pass in 0..passes {
        let mut start = 0;
        for record in records {
            editor.take(text.as_bytes(), &line(record, start), pass, wall, &mut made);
            start += record.len() + 1;
        }
    }
    editor.finish(&mut made);
    let made = String::from_utf8(made.text).unwrap();
    (made.lines().map(str::to_owned).collect(), editor)
}

/// Around 2018, in milliseconds; some without a time.
fn records() -> impl Strategy<Value = Vec<String>> {
    let time = prop::option::weighted(0.9, 1_542_049_200_000_i64..1_542_049_260_000);
    let record = (time, any::<u32>()).prop_map(|(time, id)| match time {
        Some(time) => format!("{{\"id\":12345678901234{id},\"x\":1.0, \"t\":{time} ,\"s\":\"\\ud83d\\\"\"}}"),
        None => format!("{{\"id\":{id}}}"),
    });
    prop::collection::vec(record, 1..40)
}

/// The record without its time.
fn around(record: &str) -> String {
    time(record).map_or(record.to_owned(), |time| record.replace(&format!("\"t\":{time}"), "\"t\":"))
}

proptest! {
    #[test]
    fn a_shift_moves_all_times_by_the_same_and_nothing_else(
        records in records(),
        wall in 1_600_000_000_000_i64..1_700_000_000_000,
    ) {
        let options = EditOptions { shift: Some(Shift::Now), ..EditOptions::default() };
        let (out, editor) = edited(&options, &records, 1, wall);
        prop_assert_eq!((out.len(), editor.unmoved), (records.len(), 0));
        let first = records.iter().find_map(|record| time(record));
        for (before, after) in records.iter().zip(&out) {
            let moved = time(before).map(|time| time + (wall - first.unwrap()).div_euclid(1000) * 1000);
            prop_assert_eq!(time(after), moved);
            prop_assert_eq!(around(before), around(after));
        }
        if let Some(first) = out.iter().find_map(|record| time(record)) {
            prop_assert!((wall - 999..=wall).contains(&first), "the first is now");
        }
    }

    #[test]
    fn a_loop_is_the_same_recording_again_behind_itself(records in records(), passes in 1..4_u64) {
        let options = EditOptions { is_looped: true, ..EditOptions::default() };
        let (out, _) = edited(&options, &records, passes, 0);
        let times: Vec<i64> = records.iter().filter_map(|record| time(record)).collect();
        let oldest = times.iter().min().copied().unwrap_or(0);
        let newest = times.iter().max().copied().unwrap_or(0);
        let period = (newest - oldest) / 1000 * 1000 + 1000;
        prop_assert_eq!(out.len(), records.len() * passes as usize);
        for (place, record) in out.iter().enumerate() {
            let (pass, before) = ((place / records.len()) as i64, &records[place % records.len()]);
            prop_assert_eq!(time(record), time(before).map(|time| time + pass * period));
            prop_assert_eq!(around(record), around(before));
            if pass > 0 && let Some(time) = time(record) {
                prop_assert!(time > newest + (pass - 1) * period, "no pass reaches into another");
            }
        }
    }

    #[test]
    fn a_range_keeps_what_is_in_it_and_what_stands_with_that(
        records in records(),
        since in 1_542_049_190_000_i64..1_542_049_270_000,
        length in 0..70_000_i64,
    ) {
        let options = EditOptions {
            range: TimeRange { since: Some(since), until: Some(since + length) },
            ..EditOptions::default()
        };
        let (out, editor) = edited(&options, &records, 1, 0);
        let mut is_inside = false;
        let mut model = records.clone();
        model.retain(|record| {
            is_inside = time(record).map_or(is_inside, |time| time >= since && time < since + length);
            is_inside
        });
        prop_assert_eq!(editor.left_out() as usize, records.len() - model.len());
        prop_assert_eq!(out, model);
    }

    #[test]
    fn a_disorder_is_decided_by_its_seed_and_loses_nothing(
        records in records(),
        most in 0..30_000_u64,
        seed: u64,
    ) {
        let options = EditOptions { disorder: Some((most, seed)), ..EditOptions::default() };
        let (out, _) = edited(&options, &records, 1, 0);
        prop_assert_eq!(&out, &edited(&options, &records, 1, 99).0);
        let (mut before, mut after) = (records, out);
        before.sort_unstable();
        after.sort_unstable();
        prop_assert_eq!(before, after);
    }
}

#[test]
fn a_stamp_is_one_field_more() {
    let stamp = |record: &str| {
        stamped(record.as_bytes(), "_at", 17).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    };
    let long = "{\"id\":12345678901234567890}";
    assert_eq!(stamp(long).as_deref(), Some("{\"id\":12345678901234567890,\"_at\":17}"));
    assert_eq!(stamp("{}").as_deref(), Some("{\"_at\":17}"));
    assert_eq!(stamp("{ \t}").as_deref(), Some("{ \t\"_at\":17}"));
    assert_eq!(stamp("{\"a\":{} }").as_deref(), Some("{\"a\":{} ,\"_at\":17}"));
    for broken in ["{\"a\":{}", "[1]", "x}", ""] {
        assert_eq!(stamp(broken), None, "{broken}");
    }
    let quoted = stamped(b"{}", "a\"b", 1);
    assert_eq!(quoted.as_deref(), Some(&b"{\"a\\\"b\":1}"[..]), "the name is written as JSON has it");
}

#[test]
fn a_time_that_cannot_be_written_again_is_counted_and_stays() {
    let options = EditOptions { shift: Some(Shift::To(0)), ..EditOptions::default() };
    let mut editor = Editor::new(options, TimeReader::auto());
    let mut made = Made::default();
    let time = TimeReader::auto().string("2018-11-12T19:00:00Z").unwrap();
    let records = [
        r#"{"t":"2018-11-12T19:00:00.5Z"}"#,
        r#"{"t":"2018\u002d11-12T19:00:01Z"}"#,
        r#"{"t":"2018-11-12"}"#,
    ];
    for record in records {
        let line = Line::new(0..record.len(), Some(time)).with_place(5..record.len() - 1);
        editor.take(record.as_bytes(), &line, 0, 0, &mut made);
    }
    let made = String::from_utf8(made.text).unwrap();
    let lines: Vec<&str> = made.lines().collect();
    assert_eq!(lines, [r#"{"t":"1970-01-01T00:00:00.5Z"}"#, records[1], records[2]]);
    assert_eq!(editor.unmoved, 2);
}
