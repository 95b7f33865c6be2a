//! One test for each rule, and for each fault that another engine has had.

use super::*;

fn with(windows: &[WindowKind], delay: i64) -> Settings {
    Settings { windows: windows.to_vec(), watermark: Watermark::Delay(delay), ..Settings::default() }
}

const DAY: i64 = 86_400_000;

#[test]
fn a_record_on_a_boundary_belongs_to_the_next_window() {
    let records = [at(0, &["a"]), at(9, &["a"]), at(10, &["b"]), at(20, &["c"])];
    assert_eq!(
        emissions(&with(&[WindowKind::tumbling(10)], 0), &records),
        ["0..10 a:2", "10..20 b:1", "20..30 open c:1"]
    );
}

#[test]
fn a_window_closes_when_the_watermark_reaches_its_end() {
    let settings = with(&[WindowKind::tumbling(10)], 5);
    let (events, _) = run(&settings, &[at(3, &["a"]), at(14, &["b"]), at(15, &["c"])]);
    let place = events.iter().position(|event| matches!(event, Event::Emission(_)));
    assert_eq!(
        place,
        Some(2),
        "not by the record at 14, but by the one at 15, before it returns: {events:?}"
    );
}

#[test]
fn before_1970_windows_are_aligned_downwards() {
    let records = [at(-25, &["a"]), at(-11, &["b"]), at(-10, &["c"]), at(-1, &["d"]), at(0, &["e"])];
    assert_eq!(
        emissions(&with(&[WindowKind::tumbling(10)], 0), &records),
        ["-30..-20 a:1", "-20..-10 b:1", "-10..0 c:1 d:1", "0..10 open e:1"]
    );
    assert_eq!(
        emissions(&with(&[WindowKind::hopping(20, 10)], 0), &[at(-5, &["a"])]),
        ["-20..0 open a:1", "-10..10 open a:1"]
    );
}

/// FLINK-21305: a record behind the watermark was dropped though a window over it was open.
#[test]
fn a_late_record_counts_in_the_hop_that_is_still_open() {
    let settings = with(&[WindowKind::hopping(20, 10)], 0);
    let records = [at(5, &["a"]), at(20, &["b"]), at(15, &["late"]), at(31, &["c"])];
    assert_eq!(
        emissions(&settings, &records),
        ["-10..10 a:1", "0..20 a:1", "10..30 b:1 late:1", "20..40 open b:1 c:1", "30..50 open c:1"]
    );
    let (_, stats) = run(&settings, &records);
    assert_eq!((stats.late, stats.missed, stats.late_hint, stats.missed_hint), (0, 1, None, Some(1)));
}

/// FLINK-24501 and its kin: the pane of the late record is in the running total already.
#[test]
fn a_late_record_reaches_every_open_window_over_its_pane() {
    let settings = with(&[WindowKind::hopping(30, 10)], 0);
    let records =
        [at(5, &["a"]), at(15, &["a"]), at(25, &["a"]), at(30, &["a"]), at(12, &["a"]), at(60, &["z"])];
    assert_eq!(
        emissions(&settings, &records),
        [
            "-20..10 a:1",
            "-10..20 a:2",
            "0..30 a:3",
            "10..40 a:4",
            "20..50 a:2",
            "30..60 a:1",
            "40..70 open z:1",
            "50..80 open z:1",
            "60..90 open z:1"
        ]
    );
}

#[test]
fn late_records_are_told_once_on_the_next_emission() {
    let settings = with(&[WindowKind::tumbling(10)], 0);
    let records =
        [at(25, &["a"]), at(1, &["x"]), at(2, &["x"]), at(35, &["b"]), at(3, &["x"]), at(55, &["c"])];
    assert_eq!(emissions(&settings, &records), ["20..30 late=2 a:1", "30..40 late=1 b:1", "50..60 open c:1"]);
    let (_, stats) = run(&settings, &records);
    assert_eq!((stats.late, stats.late_hint), (3, Some(26)));
    let hint = Watermark::Delay(26);
    assert_eq!(run(&Settings { watermark: hint, ..settings }, &records).1.late, 0);
}

#[test]
fn when_several_windows_close_at_once_late_is_on_the_first() {
    let settings = with(&[WindowKind::tumbling(10)], 20);
    let records = [at(25, &["a"]), at(35, &["b"]), at(1, &["x"]), at(100, &["c"])];
    assert_eq!(emissions(&settings, &records), ["20..30 late=1 a:1", "30..40 b:1", "100..110 open c:1"]);
}

#[test]
fn a_record_from_2099_costs_only_itself() {
    let settings = with(&[WindowKind::tumbling(10_000)], 0);
    let far = 4_070_908_800_000;
    let expected = ["0..10000 a:2", "10000..20000 open b:1"];
    let sound = [at(1, &["a"]), at(2, &["a"]), at(10_000, &["b"])];
    for place in 1..=3 {
        for many in 1..=5 {
            let mut records = sound.to_vec();
            if many <= 2 {
                (0..many).for_each(|_| records.insert(place, at(far, &["far"])));
            } else {
                // However many there are, as long as they do not come in a row of three.
                records.splice(place..place, (0..many).flat_map(|_| [at(far, &["far"]), at(1, &[])]));
            }
            assert_eq!(emissions(&settings, &records), expected, "{many} at {place}");
            let (events, stats) = run(&settings, &records);
            assert_eq!((stats.future, stats.late), (many, 0));
            assert!(events.contains(&Event::Settled(place as u64, Outcome::Future)));
        }
    }
}

#[test]
fn a_recording_that_was_interrupted_goes_on() {
    let settings = with(&[WindowKind::tumbling(10)], 0);
    let later = 5 * DAY;
    let records = [at(1, &["a"]), at(later + 3, &["b"]), at(later + 1, &["c"]), at(later + 2, &["d"])];
    let (events, stats) = run(&settings, &records);
    assert_eq!(stats.future, 0);
    assert_eq!(
        events[..6]
            .iter()
            .map(|event| match event {
                Event::Emission(emitted) => emitted.line(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>(),
        [
            "Returned(Counted)",
            "Returned(Held)",
            "Returned(Held)",
            "0..10 a:1",
            "Settled(1, Counted)",
            "Settled(2, Counted)"
        ]
    );
}

#[test]
fn a_stray_record_before_a_real_jump_does_not_spoil_it() {
    let settings = with(&[WindowKind::tumbling(10)], 0);
    let far = 4_070_908_800_000;
    let later = 5 * DAY;
    let records =
        [at(1, &["a"]), at(far, &["far"]), at(later, &["b"]), at(later + 1, &["b"]), at(later + 2, &["b"])];
    let (_, stats) = run(&settings, &records);
    assert_eq!((stats.future, stats.counted, stats.late), (1, 4, 0));
}

/// Three in a row were believed only since those before them were not.
#[test]
fn the_hint_about_the_future_counts_what_was_believed_by_others() {
    let times = [0, 269, 246, 295, 341, 342, 685, 678, 689];
    let records: Vec<Record> = times.iter().map(|&time| at(time, &["a"])).collect();
    let within = |future| Settings { max_future: Some(future), ..with(&[WindowKind::tumbling(1000)], 0) };
    let (_, stats) = run(&within(42), &records);
    assert_eq!((stats.future, stats.future_hint), (5, Some(689)));
    assert_eq!(run(&within(342), &records).1.future, 1, "the farthest that was set aside is not enough");
    assert_eq!(run(&within(689), &records).1.future, 0);
}

#[test]
fn the_first_record_is_believed() {
    let (_, stats) = run(&with(&[WindowKind::tumbling(10)], 0), &[at(99 * DAY, &["a"]), at(0, &["b"])]);
    assert_eq!((stats.future, stats.counted, stats.late), (0, 1, 1));
}

#[test]
fn a_slide_larger_than_the_size_leaves_gaps() {
    let settings = with(&[WindowKind::hopping(10, 25)], 0);
    let records = [at(9, &["a"]), at(10, &["gap"]), at(24, &["gap"]), at(25, &["b"]), at(5, &["late"])];
    assert_eq!(emissions(&settings, &records), ["0..10 a:1", "25..35 open late=1 b:1"]);
    let (_, stats) = run(&settings, &records);
    assert_eq!((stats.gap, stats.late), (2, 1));
}

#[test]
fn a_slide_that_does_not_divide_the_size() {
    let records = [at(0, &["a"]), at(9, &["b"]), at(12, &["c"])];
    assert_eq!(
        emissions(&with(&[WindowKind::hopping(10, 3)], 100), &records),
        [
            "-9..1 open a:1",
            "-6..4 open a:1",
            "-3..7 open a:1",
            "0..10 open a:1 b:1",
            "3..13 open b:1 c:1",
            "6..16 open b:1 c:1",
            "9..19 open b:1 c:1",
            "12..22 open c:1"
        ]
    );
}

#[test]
fn ties_are_in_the_order_of_bytes() {
    let keys = ["b", "a", "aa", "é", "Z", "abcdefgh", "abcdefghi", "abcdefgh\0", "", "\u{10ffff}"];
    let lines = emissions(&with(&[WindowKind::tumbling(10)], 0), &[at(0, &keys), at(1, &["é"])]);
    assert_eq!(
        lines,
        ["0..10 open é:2 :1 Z:1 a:1 aa:1 abcdefgh:1 abcdefgh\0:1 abcdefghi:1 b:1 \u{10ffff}:1"]
    );
}

#[test]
fn a_gap_of_years_is_jumped_over() {
    let settings = Settings { max_future: None, ..with(&[WindowKind::hopping(20, 1)], 0) };
    let years = 300 * 365 * DAY;
    let records =
        [at(crate::time::MIN, &["a"]), at(0, &["b"]), at(years, &["c"]), at(crate::time::MAX, &["d"])];
    assert_eq!(emissions(&settings, &records).len(), 80);
}

#[test]
fn windows_of_several_kinds_come_by_end_then_start() {
    let settings =
        with(&[WindowKind::tumbling(10), WindowKind::hopping(20, 10), WindowKind::tumbling(40)], 0);
    let lines = emissions(&settings, &[at(5, &["a"]), at(45, &["b"])]);
    assert_eq!(
        lines,
        [
            "-10..10 a:1",
            "0..10 a:1",
            "0..20 a:1",
            "0..40 a:1",
            "30..50 open b:1",
            "40..50 open b:1",
            "40..60 open b:1",
            "40..80 open b:1"
        ]
    );
}

#[test]
fn with_several_kinds_a_record_is_late_if_no_window_of_any_is_open() {
    let settings = with(&[WindowKind::tumbling(10), WindowKind::tumbling(40)], 0);
    let (_, stats) = run(&settings, &[at(35, &["a"]), at(5, &["b"]), at(45, &["c"]), at(6, &["d"])]);
    assert_eq!((stats.late, stats.missed, stats.late_hint, stats.missed_hint), (1, 2, Some(6), Some(36)));
}

#[test]
fn a_trigger_shows_open_windows_before_the_record_that_fires_it() {
    let settings = Settings {
        emit: Emit::Complete,
        trigger: Some(Trigger::EventTime(5)),
        ..with(&[WindowKind::tumbling(20)], 0)
    };
    let records = [at(1, &["a"]), at(4, &["b"]), at(5, &["a"]), at(9, &[]), at(17, &["c"]), at(26, &["d"])];
    assert_eq!(
        emissions(&settings, &records),
        ["0..20 open a:1 b:1", "0..20 open rev=1 a:2 b:1", "0..20 rev=2 a:2 b:1 c:1", "20..40 open d:1"],
        "nothing at 15, since nothing changed after 10; at 20 the window comes once, closed"
    );
    let settings = Settings { emit: Emit::Update, ..settings };
    assert_eq!(
        emissions(&settings, &records),
        [
            "0..20 open update a:1 b:1",
            "0..20 open update rev=1 a:2",
            "0..20 update rev=2 c:1",
            "20..40 open update d:1"
        ]
    );
}

#[test]
fn a_trigger_by_records_counts_those_that_were_applied() {
    let settings = Settings {
        emit: Emit::Complete,
        trigger: Some(Trigger::Records(2)),
        ..with(&[WindowKind::tumbling(20)], 0)
    };
    let records =
        [at(1, &["a"]), at(2, &["a"]), at(99 * DAY, &["far"]), at(3, &["a"]), at(4, &["a"]), at(5, &[])];
    assert_eq!(
        emissions(&settings, &records),
        ["0..20 open a:2", "0..20 open rev=1 a:4", "0..20 open rev=2 a:4"],
        "the last is the end of input, which emits every window"
    );
}

#[test]
fn the_window_over_everything_closes_at_the_end_of_input() {
    let settings = with(&[WindowKind::All], 0);
    let records = [at(50, &["a"]), at(10, &["b"]), at(99, &["a"])];
    assert_eq!(emissions(&settings, &records), ["10..100 all a:2 b:1"]);
    assert_eq!(run(&settings, &records).1.late, 0);
    let settings = Settings { emit: Emit::Complete, trigger: Some(Trigger::EventTime(20)), ..settings };
    assert_eq!(emissions(&settings, &records), ["10..51 all open a:1 b:1", "10..100 all rev=1 a:2 b:1"],);
}

#[test]
fn with_a_watermark_of_max_everything_waits_for_the_end() {
    let settings = Settings { watermark: Watermark::Max, ..with(&[WindowKind::tumbling(10)], 0) };
    let records = [at(25, &["a"]), at(3, &["b"]), at(30, &["c"])];
    assert_eq!(emissions(&settings, &records), ["0..10 b:1", "20..30 a:1", "30..40 open c:1"]);
}

#[test]
fn records_without_a_key_move_the_watermark() {
    let records = [at(5, &["a"]), at(30, &[]), at(6, &["b"])];
    let settings = with(&[WindowKind::tumbling(10)], 0);
    assert_eq!(emissions(&settings, &records), ["0..10 a:1"]);
    let (_, stats) = run(&settings, &records);
    assert_eq!((stats.no_key, stats.late, stats.max_event_time), (1, 1, Some(30)));
}

#[test]
fn no_input_gives_no_output() {
    for kind in [WindowKind::tumbling(1), WindowKind::hopping(3, 2), WindowKind::All] {
        assert_eq!(run(&with(&[kind], 0), &[]), (Vec::new(), Stats::default()));
    }
}

/// The leak of inverse reduce functions: a key whose count falls to zero must go.
#[test]
fn keys_leave_memory_with_the_last_window_over_them() {
    let mut windows = Windows::new(&with(&[WindowKind::hopping(100, 10)], 0)).unwrap();
    let mut recorder = Recorder::default();
    for time in 0..100_000_i64 {
        windows.record(time, &[format!("key {time}").as_bytes()], &mut recorder);
        assert!(windows.keys.live() <= 100);
    }
    assert_eq!(windows.stats().keys, 100);
}

#[test]
fn weights_may_be_floats_and_their_order_does_not_matter() {
    let settings = Settings { weighted: true, ..with(&[WindowKind::hopping(20, 10)], 100) };
    let weights = [1e16, 1.0, -1e16, 1e300, 1.0, -1e300, 0.1, 0.2, 1e308, 1e308, -1e308, -1e308];
    let count = |weights: &[f64]| {
        let mut windows = Windows::new(&settings).unwrap();
        let mut recorder = Recorder::default();
        for &weight in weights {
            let value = [Value::Number(Number::Float(weight))];
            windows.record_with(15, a(), &value, &mut recorder);
        }
        windows.record_with(25, a(), &[Value::Number(Number::Int(7))], &mut recorder);
        windows.finish(&mut recorder);
        let counts = recorder.events.iter().filter_map(|event| match event {
            Event::Emission(emitted) => Some(emitted.rows[0].1.to_string()),
            _ => None,
        });
        counts.collect::<Vec<_>>()
    };
    let expected = ["2.3", "9.3", "7"];
    assert_eq!(count(&weights), expected, "once the floats have left the total, it is an integer again");
    let mut turned = weights;
    for _ in 0..weights.len() {
        turned.rotate_left(1);
        assert_eq!(count(&turned), expected);
    }
}

#[test]
fn senseless_settings_are_refused_with_a_sentence() {
    let says = |settings: &Settings| settings.validate().unwrap_err().to_string();
    assert_eq!(says(&with(&[], 0)), "no window is given; write for instance --window 20s");
    assert_eq!(says(&with(&[WindowKind::tumbling(0)], 0)), "a window's size must be at least 1 ms, not 0");
    assert_eq!(
        says(&with(&[WindowKind::hopping(20_000, 10_000), WindowKind::tumbling(20_000)], 0)),
        "the windows 20s/10s and 20s may have bounds in common, and rows could not be told apart"
    );
    assert!(with(&[WindowKind::hopping(20_000, 10_000), WindowKind::tumbling(10_000)], 0).validate().is_ok());
    let complete = Settings { emit: Emit::Complete, ..with(&[WindowKind::All], 0) };
    assert_eq!(says(&complete), "open windows are emitted at a trigger; add for instance --trigger 2s");
}
