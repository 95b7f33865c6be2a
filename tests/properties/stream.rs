//! Random streams, and what is asked of them.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::model::{Case, Keys, Record, Windows};

/// Where clocks change: Paris 2026-03-29, São Paulo 2018-11-04 (no midnight), Beirut 2026-10-25, and the epoch.
const AROUND: [i64; 4] = [1_774_742_400_000, 1_541_300_400_000, 1_792_875_600_000, 0];
const ZONES: [&str; 5] = ["UTC", "Europe/Paris", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"];
const TAGS: [&str; 14] = [
    "rust",
    "jazz",
    "Rust",
    "RUST",
    "ＲＵＳＴ",
    "",
    "a\u{0}b",
    "日本",
    "1",
    "Straße",
    "STRASSE",
    "café",
    "cafe\u{301}",
    "CAFÉ",
];

/// The stream as bytes.
pub fn lines(records: &[Record]) -> Vec<u8> {
    let mut lines = Vec::new();
    for record in records {
        let time = Timestamp::from_millisecond(record.time).expect("in range").to_string();
        let line = json!({
            "t": time, "tags": record.tags, "lang": record.lang, "v": record.value, "kept": record.kept
        });
        let line = line.to_string();
        lines.extend_from_slice(&line.as_bytes()[..line.len() - usize::from(record.broken)]);
        lines.push(b'\n');
    }
    lines
}

fn record(span: i64) -> impl Strategy<Value = Record> {
    let tag = prop_oneof![4 => prop::sample::select(&TAGS[..]).prop_map(Some), 1 => Just(None)];
    let chance = prop::bool::weighted;
    (
        // Round times fall on boundaries.
        prop_oneof![2 => -span..span, 1 => (-20..20_i64).prop_map(move |part| span / 20 * part)],
        prop::collection::vec(tag, 0..4),
        prop::option::weighted(0.8, 0..3_i64),
        prop::option::weighted(0.8, prop_oneof![-3..3_i64, Just(i64::from(i32::MAX))]),
        chance(0.8),
        chance(0.05),
    )
        .prop_map(|(time, tags, lang, value, kept, broken)| Record {
            time,
            tags,
            lang,
            value,
            kept,
            broken,
        })
}

/// Records in a disorder that grows towards none: in order, a little out of order, shuffled.
fn records(around: i64, span: i64) -> impl Strategy<Value = Vec<Record>> {
    (prop::collection::vec((record(span), 0..span), 0..60), 0..3).prop_map(move |(mut records, disorder)| {
        for (record, _) in &mut records {
            record.time += around;
        }
        match disorder {
            0 => records.sort_by_key(|(record, _)| record.time),
            1 => records.sort_by_key(|(record, delay)| record.time + delay / 4),
            _ => {}
        }
        records.into_iter().map(|(record, _)| record).collect()
    })
}

fn hop(unit: i64) -> impl Strategy<Value = Windows> {
    (1..12_i64, 1..12_i64)
        .prop_map(move |(size, slide)| Windows::Hop { size: size * unit, slide: slide * unit })
}

/// One kind of windows, or two that cannot have bounds in common.
fn windows() -> impl Strategy<Value = Vec<Windows>> {
    prop_oneof![
        4 => hop(500).prop_map(|hop| vec![hop]),
        1 => hop(1).prop_map(|hop| vec![hop]),
        2 => (hop(500), hop(500)).prop_filter_map("bounds in common", |(a, b)| match (a, b) {
            (Windows::Hop { size: one, .. }, Windows::Hop { size: other, .. }) if one != other => Some(vec![a, b]),
            _ => None,
        }),
        2 => (1..8_i64, 1..6_i64).prop_map(|(step, steps)| {
            vec![Windows::Cumulate { size: 500 * step * steps, step: 500 * step }]
        }),
        2 => prop::sample::select(&ZONES[..]).prop_map(|zone| vec![Windows::Day { zone }]),
        1 => (prop::sample::select(&ZONES[..]), 1..9_i64, -40..40_000_i64).prop_map(|(zone, days, origin)| {
            vec![Windows::Days { zone, days, origin }]
        }),
        2 => (1..3000_i64).prop_map(|gap| vec![Windows::Session { gap }]),
        1 => (1..9_usize).prop_map(|records| vec![Windows::Count { records }]),
        1 => Just(vec![Windows::All]),
    ]
}

/// In half of the cases all lengths and times are whole steps, so that records and watermarks meet boundaries exactly.
pub fn case() -> impl Strategy<Value = Case> {
    (any_case(), any::<bool>()).prop_map(|(mut case, is_even)| {
        if is_even {
            let step = if matches!(case.windows[0], Windows::Day { .. } | Windows::Days { .. }) {
                3_600_000
            } else {
                500
            };
            let round = |length: &mut i64| *length = length.div_euclid(step) * step;
            round(&mut case.offset);
            round(&mut case.lateness);
            case.delay.iter_mut().for_each(round);
            case.records.iter_mut().for_each(|record| round(&mut record.time));
            if let Windows::Session { gap } = &mut case.windows[0] {
                *gap = (*gap / step + 1) * step;
            }
        }
        case
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let keys = prop::sample::select(&[Keys::None, Keys::Tags, Keys::TagsAndLang][..]);
    let rarely = || prop::bool::weighted(0.3);
    let flags = ((any::<bool>(), any::<bool>(), rarely(), any::<bool>()), rarely(), rarely());
    let around = prop::sample::select(&AROUND[..]);
    (windows(), -700..700_i64, prop::option::weighted(0.8, 0..5000_i64), 0..4000_i64, keys, flags, around)
        .prop_flat_map(|(windows, offset, delay, lateness, keys, (flags, missing, sources), around)| {
            let (once, folds, filters, aggregates) = flags;
            let days = matches!(windows[0], Windows::Day { .. } | Windows::Days { .. });
            let in_time = matches!(windows[0], Windows::Hop { .. } | Windows::Cumulate { .. });
            let unit = match windows[0] {
                Windows::Hop { size, slide } if size % 500 != 0 || slide % 500 != 0 => 1,
                Windows::Day { .. } | Windows::Days { .. } => 36_000_000,
                _ => 500,
            };
            let scale = |millis: i64| if days { millis * 20_000 } else { millis };
            let is_session = matches!(windows[0], Windows::Session { .. });
            let delay = if is_session { None } else { delay.map(scale) };
            let lateness = if in_time || days { scale((lateness - 2000).max(0)) } else { 0 };
            let case = Case {
                offset: if in_time { offset } else { 0 },
                windows,
                delay,
                lateness,
                keys,
                missing,
                sources,
                once,
                folds,
                filters,
                aggregates,
                records: Vec::new(),
            };
            records(around, 20 * unit).prop_map(move |records| Case { records, ..case.clone() })
        })
}
