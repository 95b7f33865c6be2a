//! Windows counted in parts and put together are those of one process.

use super::properties::{fit, records, settings};
use super::*;
use crate::pack::Packer;
use crate::time::CalendarUnit;
use proptest::prelude::*;
use proptest::sample::Index;

/// What a part sends.
#[derive(Clone, Debug)]
enum Sent {
    Piece { window: usize, first: Millis, last: Millis, key: Vec<u8>, count: i64, cells: Vec<u8> },
    Passed(Millis),
}

/// Keeps what a part sends.
#[derive(Default)]
struct Log(Vec<Sent>);

impl PieceSink for Log {
    fn piece(&mut self, piece: &Piece<'_>) {
        let mut cells = Packer::default();
        piece.cells.pack(&mut cells);
        self.0.push(Sent::Piece {
            window: piece.window,
            first: piece.first,
            last: piece.last,
            key: piece.key.to_vec(),
            count: piece.count,
            cells: cells.into_bytes(),
        });
    }

    fn passed(&mut self) {
        self.0.push(Sent::Passed(NEVER));
    }
}

impl Sent {
    fn with_piece<T>(&self, take: impl FnOnce(&Piece<'_>) -> T) -> Option<T> {
        let Sent::Piece { window, first, last, key, count, cells } = self else { return None };
        let cells = Cells::unpack(cells).expect("what was packed");
        Some(take(&Piece { window: *window, first: *first, last: *last, key, count: *count, cells }))
    }
}

/// A part's log and its largest event time.
fn count_part<'r>(
    settings: &Settings,
    records: impl Iterator<Item = &'r Record>,
) -> (Vec<Sent>, Option<Millis>) {
    let mut windows = PartialWindows::new(settings).expect("they may be counted in parts");
    let mut log = Log::default();
    for record in records {
        let sent = log.0.len();
        with_values(settings, record, |names, values| windows.record(record.time, names, values, &mut log));
        for sent in &mut log.0[sent..] {
            if let Sent::Passed(time) = sent {
                *time = windows.promised().expect("a record has come");
            }
        }
    }
    windows.finish(&mut log);
    assert_eq!(windows.live_keys(), 0, "all that is out is forgotten");
    (log.0, windows.max_event_time())
}

/// Merges what parts send, one after the other as `order` has it, while a window closes as soon as all parts allow.
fn merge_live(settings: &Settings, parts: &[(Vec<Sent>, Option<Millis>)], order: &[Index]) -> Recorder {
    let mut windows = Windows::new(settings).expect("the settings make sense");
    let mut recorder = Recorder::default();
    let mut logs: Vec<_> = parts.iter().map(|(log, _)| log.iter()).collect();
    let mut promised = vec![NEVER; parts.len()];
    let mut order = order.iter().cycle();
    while logs.iter().any(|log| log.len() > 0) {
        let open: Vec<usize> = (0..logs.len()).filter(|&part| logs[part].len() > 0).collect();
        let part = open[order.next().map_or(0, |index| index.index(open.len()))];
        match logs[part].next().expect("it is open") {
            Sent::Passed(time) => promised[part] = *time,
            piece => {
                let outcome = piece.with_piece(|piece| windows.take(piece).expect("a piece"));
                assert_eq!(outcome, Some(Outcome::Counted));
            }
        }
        let running = (0..logs.len()).filter(|&part| logs[part].len() > 0);
        if let Some(time) = running.map(|part| promised[part]).min() {
            windows.promise(time, &mut recorder);
        }
    }
    end(windows, parts, recorder)
}

fn end(mut windows: Windows, parts: &[(Vec<Sent>, Option<Millis>)], mut recorder: Recorder) -> Recorder {
    if let Some(time) = parts.iter().filter_map(|(_, max)| *max).max() {
        windows.promise_all(time, &mut recorder);
    }
    windows.finish(&mut recorder);
    recorder
}

/// Merges pieces in any order, while nothing closes before the end.
fn merge_batch(
    settings: &Settings,
    parts: &[(Vec<Sent>, Option<Millis>)],
    order: impl FnOnce(&mut Vec<&Sent>),
) -> Recorder {
    let mut windows = Windows::new(settings).expect("the settings make sense");
    let mut pieces: Vec<&Sent> = parts.iter().flat_map(|(log, _)| log).collect();
    order(&mut pieces);
    for piece in pieces {
        piece.with_piece(|piece| windows.take(piece).expect("a piece"));
    }
    end(windows, parts, Recorder::default())
}

/// Merges parts into one part.
fn combine(settings: &Settings, parts: &[(Vec<Sent>, Option<Millis>)]) -> (Vec<Sent>, Option<Millis>) {
    let mut windows = PartialWindows::new(settings).expect("they may be counted in parts");
    let mut log = Log::default();
    for (sent, _) in parts {
        for piece in sent {
            piece.with_piece(|piece| windows.take(piece, &mut log).expect("a piece"));
        }
    }
    windows.finish(&mut log);
    (log.0, parts.iter().filter_map(|(_, max)| *max).max())
}

fn emitted(events: Vec<Event>) -> Vec<Emitted> {
    let emitted = events.into_iter().filter_map(|event| match event {
        Event::Emission(emitted) => Some(emitted),
        _ => None,
    });
    emitted.collect()
}

/// Settings that parts can be counted by; windows of so many records become one over everything.
fn for_parts(settings: Settings) -> Settings {
    let mut windows = settings.windows;
    if matches!(windows[0], WindowKind::Count { .. }) {
        windows = vec![WindowKind::All];
    }
    Settings {
        windows,
        max_future: None,
        watermark_by: false,
        emit: Emit::Final,
        trigger: None,
        max_keys: None,
        ..settings
    }
}

/// The watermark that no record is behind.
fn patient(records: &[Record]) -> Watermark {
    let mut max = NEVER;
    let behind = records.iter().map(|record| {
        max = max.max(record.time);
        max - record.time
    });
    Watermark::Delay(behind.max().unwrap_or(0))
}

fn split(
    settings: &Settings,
    records: &[Record],
    parts: usize,
    places: &[Index],
) -> Vec<(Vec<Sent>, Option<Millis>)> {
    let place = |at: usize| places[at % places.len()].index(parts);
    (0..parts)
        .map(|part| {
            let own = records.iter().enumerate().filter(|(at, _)| place(*at) == part);
            count_part(settings, own.map(|(_, record)| record))
        })
        .collect()
}

/// A stream of little disorder, so that most windows close before its end.
fn calm_records() -> impl Strategy<Value = Vec<Record>> {
    let keys = prop::collection::vec(prop::sample::select(vec!["a", "b", "B", ""]), 0..3);
    let step = prop_oneof![8 => 0..4_i64, 3 => 4..30_i64, 1 => 60..400_i64];
    let record = (step, 0..9_i64, keys, [-3..9_i64, -3..9_i64, -3..9_i64, -3..9_i64]);
    (-200..200_i64, prop::collection::vec(record, 0..60)).prop_map(|(mut now, steps)| {
        let stream = steps.into_iter().map(|(step, behind, keys, values)| {
            now += step;
            Record { source: "", time: now - behind, keys, values: values.to_vec() }
        });
        stream.collect()
    })
}

fn indices() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 1..60)
}

/// All ways to merge give what one process gives.
fn merged_equals_one(
    settings: &Settings,
    records: &[Record],
    parts: usize,
    places: &[Index],
    order: &[Index],
) -> Result<(), TestCaseError> {
    let records = fit(settings, records);
    let (one, stats) = run(settings, &records);
    prop_assert_eq!(stats.missed, 0);
    let one = emitted(one);
    let parts = split(settings, &records, parts, places);
    prop_assert_eq!(&emitted(merge_live(settings, &parts, order).events), &one, "live");
    let shuffle = |pieces: &mut Vec<&Sent>| {
        for at in 0..pieces.len() {
            let other = order[at % order.len()].index(pieces.len());
            pieces.swap(at, other);
        }
    };
    prop_assert_eq!(&emitted(merge_batch(settings, &parts, shuffle).events), &one, "batch");
    let (first, second) = parts.split_at(parts.len() / 2);
    let combined = [combine(settings, first), combine(settings, second)];
    prop_assert_eq!(&emitted(merge_batch(settings, &combined, |_| {}).events), &one, "twice");
    let tree = [merge_tree(settings, parts, order)];
    prop_assert_eq!(&emitted(merge_batch(settings, &tree, |_| {}).events), &one, "in a tree");
    Ok(())
}

/// Merges any two parts into one, until there is but one.
fn merge_tree(
    settings: &Settings,
    mut parts: Vec<(Vec<Sent>, Option<Millis>)>,
    order: &[Index],
) -> (Vec<Sent>, Option<Millis>) {
    let mut order = order.iter().cycle();
    while parts.len() > 1 {
        let mut take = || {
            let at = order.next().map_or(0, |index| index.index(parts.len()));
            parts.swap_remove(at)
        };
        let pair = [take(), take()];
        parts.push(combine(settings, &pair));
    }
    parts.remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn parts_make_the_whole(
        settings in settings(), records in prop_oneof![records(), calm_records()], parts in 1..9_usize,
        places in indices(), order in indices(),
        scale in prop::sample::select(vec![1, 1, 5_000_000]),
    ) {
        let records: Vec<Record> =
            records.into_iter().map(|record| Record { time: record.time * scale, ..record }).collect();
        let watermark = if settings.watermark == Watermark::Max { Watermark::Max } else { patient(&records) };
        let settings = for_parts(Settings { watermark, ..settings });
        merged_equals_one(&settings, &records, parts, &places, &order)?;
    }

    /// A record may be behind the watermark, as long as its windows are open.
    #[test]
    fn open_windows_take_what_is_behind_the_watermark(
        settings in settings(), records in prop_oneof![records(), calm_records()], parts in 1..5_usize,
        places in indices(), order in indices(),
    ) {
        let settings = for_parts(settings);
        let strict = Settings { allowed_lateness: 0, ..settings.clone() };
        let (_, stats) = run(&strict, &fit(&strict, &records));
        let watermark = stats.missed_hint.map_or(settings.watermark, Watermark::Delay);
        // A session that has closed is not reached by a record that opens one of its own.
        if !matches!(settings.windows[0], WindowKind::Session { .. }) {
            merged_equals_one(&Settings { watermark, ..settings }, &records, parts, &places, &order)?;
        }
    }

    #[test]
    fn days_of_a_time_zone_make_the_whole(
        size in 1..5_u32, slide in 1..5_u32, records in calm_records(), parts in 1..4_usize, places in indices(),
        order in indices(),
        cumulate in prop_oneof![
            Just(None),
            (1..60_i64).prop_map(|hours| Some(Step::Millis(hours * 3_600_000))),
            (1..4_i64).prop_map(|days| Some(Step::Days(days))),
        ],
        unit in prop::sample::select(vec![CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month]),
    ) {
        let zone = crate::time::time_zone("<+00>0<+01>,9/2,4/3").unwrap();
        let records: Vec<Record> =
            records.into_iter().map(|record| Record { time: record.time * 1_000_000, ..record }).collect();
        let window = match cumulate {
            Some(step) => WindowKind::CalendarCumulate { size, unit, step, zone, offset: 0 },
            None => WindowKind::Calendar { size, slide, unit: CalendarUnit::Day, zone, offset: 0 },
        };
        let settings = Settings {
            windows: vec![window], watermark: patient(&records), max_future: None, ..Settings::default()
        };
        merged_equals_one(&settings, &records, parts, &places, &order)?;
    }

    /// Records of one key come from several parts in steps of about the gap, so that a session goes on just in time.
    #[test]
    fn sessions_across_parts_are_whole(
        gap in 8..40_i64, delay in 0..60_i64, steps in prop::collection::vec(prop_oneof![0..6_i64, -9..3_i64], 1..60), parts in 2..4_usize,
        places in indices(), order in indices(),
    ) {
        let mut now = 0;
        let records = steps.iter().map(|step| {
            now += if *step < 0 { gap + step + 2 } else { *step };
            at(now, &["a"])
        });
        let settings = Settings {
            windows: vec![WindowKind::Session { gap }], watermark: Watermark::Delay(delay), max_future: None,
            ..Settings::default()
        };
        merged_equals_one(&settings, &records.collect::<Vec<_>>(), parts, &places, &order)?;
    }

    /// What comes late in its part makes one more piece: with all pieces at hand, nothing is missing.
    #[test]
    fn no_part_drops_anything(
        settings in settings(), records in records(), parts in 1..5_usize, places in indices(),
    ) {
        let settings = Settings { empty_windows: 0, ..for_parts(settings) };
        let records = fit(&settings, &records);
        let (one, _) = run(&Settings { watermark: Watermark::Max, ..settings.clone() }, &records);
        let merged = merge_batch(&settings, &split(&settings, &records, parts, &places), |_| {});
        let closed = |events: Vec<Event>| -> Vec<Emitted> {
            let mut all = emitted(events);
            all.iter_mut().for_each(|emitted| emitted.open = false);
            // The one over everything closes after those that have closed before the end.
            all.sort_by_key(|emitted| emitted.all);
            all
        };
        prop_assert_eq!(closed(merged.events), closed(one));
    }
}

#[test]
fn pieces_that_come_after_their_window_are_late_and_counted() {
    let settings = Settings {
        windows: vec![WindowKind::tumbling(10)],
        watermark: Watermark::Delay(0),
        max_future: None,
        ..Settings::default()
    };
    let mut windows = Windows::new(&settings).expect("the settings make sense");
    let mut recorder = Recorder::default();
    let piece = |first| Piece { window: 0, first, last: first, key: b"a", count: 3, cells: Cells::default() };
    assert_eq!(windows.take(&piece(0)), Ok(Outcome::Counted));
    windows.promise(25, &mut recorder);
    assert_eq!(windows.take(&piece(10)), Ok(Outcome::Late));
    assert_eq!(windows.take(&piece(20)), Ok(Outcome::Counted));
    assert_eq!(windows.take(&piece(25)), Err(PieceError), "no pane begins there");
    assert_eq!(windows.take(&Piece { window: 1, ..piece(20) }), Err(PieceError));
    windows.finish(&mut recorder);
    let stats = windows.stats();
    assert_eq!((stats.counted, stats.late, stats.late_hint), (6, 3, Some(6)));
    let lines: Vec<String> = emitted(recorder.events).iter().map(Emitted::line).collect();
    assert_eq!(lines, ["0..10 a:3", "20..30 open late=3 a:3"]);
}

#[test]
fn a_record_from_the_future_counts_but_sends_nothing_early() {
    let settings = Settings {
        windows: vec![WindowKind::tumbling(1000)],
        watermark: Watermark::Delay(0),
        max_future: None,
        ..Settings::default()
    };
    let far = 70 * 365 * 86_400_000;
    let sent_before_the_end = |times: &[Millis]| {
        let mut windows = PartialWindows::new(&settings).expect("they may be counted in parts");
        let mut log = Log::default();
        for &time in times {
            windows.record(time, a(), &[], &mut log);
        }
        (log.0.iter().filter(|sent| matches!(sent, Sent::Piece { .. })).count(), windows.max_event_time())
    };
    assert_eq!(sent_before_the_end(&[0, far, 1, 2, 999]), (0, Some(far)));
    assert_eq!(sent_before_the_end(&[0, far, far + 1, far + 2, far + 1000]), (2, Some(far + 1000)));
}

#[test]
fn late_records_are_gathered_for_a_while() {
    let settings = Settings {
        windows: vec![WindowKind::tumbling(1000)],
        watermark: Watermark::Delay(0),
        max_future: None,
        ..Settings::default()
    };
    let mut windows = PartialWindows::new(&settings).expect("they may be counted in parts");
    let mut log = Log::default();
    let mut counts = |times: &[Millis]| -> Vec<i64> {
        log.0.clear();
        for &time in times {
            windows.record(time, a(), &[], &mut log);
        }
        log.0.iter().filter_map(|sent| sent.with_piece(|piece| piece.count)).collect()
    };
    assert_eq!(counts(&[0, 5000, 1, 2, 3]), [1]);
    assert_eq!(
        counts(&[5999, 4, 6000]),
        [4, 2],
        "the window of the newest closes, and with it goes what is late"
    );
    assert!(counts(&vec![0; 1000]).is_empty());
    assert_eq!(counts(&[0]), [1000], "many go out at once");
}

#[test]
fn what_needs_all_records_in_one_place_is_refused() {
    let settings =
        Settings { windows: vec![WindowKind::tumbling(10)], max_future: None, ..Settings::default() };
    assert!(settings.validate_partial().is_ok());
    for (settings, word) in [
        (Settings { max_future: Some(5), ..settings.clone() }, "--max-future"),
        (Settings { windows: vec![WindowKind::Count { records: 5 }], ..settings.clone() }, "so many records"),
        (Settings { max_keys: Some(5), ..settings.clone() }, "--on-full sketch"),
        (Settings { watermark_by: true, ..settings.clone() }, "--watermark-by"),
        (Settings { emit: Emit::Complete, trigger: Some(Trigger::Records(1)), ..settings.clone() }, "--emit"),
    ] {
        let error = settings.validate_partial().expect_err(word);
        assert!(error.to_string().contains(word) && error.to_string().contains("--partial"), "{error}");
    }
}
