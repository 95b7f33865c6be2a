//! Rows that charts are tested with.

use crate::chart::{ChartOptions, Theme};
use crate::row::key::Scalar;
use crate::row::{Bounds, Number, Row};

pub(in crate::chart) const EVENING: i64 = 1_542_049_200_000; // 2018-11-12T19:00:00Z

pub(in crate::chart) fn row(label: &str, count: Number) -> Row {
    let mut row = Row::new(EVENING, EVENING + 20_000, count);
    row.keys.push(("hashtag".into(), Scalar::String(label.to_owned().into())));
    row
}

/// A ranked window as topn writes it.
pub(in crate::chart) fn window(counts: &[(&str, i128)], total: i128, distinct: u64) -> Vec<Row> {
    let ranked = (1..).zip(counts).map(|(rank, (label, count))| {
        let mut row = row(label, Number::Int(*count));
        row.rank = Some(rank);
        row.prev_rank = Some(None);
        row.share = Some((*count as f64 / total.max(1) as f64 * 10_000.0).round() / 10_000.0);
        (row.total, row.distinct, row.rows) =
            (Some(Number::Int(total)), Some(distinct), Some(counts.len() as u64));
        row.late = Some(3);
        row
    });
    ranked.collect()
}

/// Labels that have broken other libraries' charts.
pub(in crate::chart) fn hostile() -> Vec<Row> {
    let mut rows = window(
        &[
            ("#StanLeeYouWillBeMissedForeverAndEverThankYouForTheStories", 48_213),
            ("#ستان_لي", 31_877),
            ("#סטן_לי", 22_004),
            ("#スタン・リー追悼", 15_120),
            ("#ความรักความหวัง", 9_001),
            ("#👨‍👩‍👧‍👦🇩🇪family", 5_310),
            ("#<b>AT&T</b> \"deal\"", 1_200),
            ("#WWWWMMMM", 431),
            ("", 60),
            ("a\u{202e}evil\u{0}\u{1b}[31m", 7),
        ],
        201_377,
        8_123,
    );
    for (row, before) in rows.iter_mut().zip([1, 3, 2, 9, 0, 6, 7, 4, 0, 0]) {
        row.prev_rank = Some((before > 0).then_some(before));
    }
    rows
}

pub(in crate::chart) fn pictures() -> Vec<(&'static str, Vec<Row>, ChartOptions)> {
    let options = ChartOptions::default;
    let plain = window(&[("StanLee", 4_213), ("Marvel", 2_007), ("news", 1_431), ("rust", 88)], 9_120, 890);
    let mut others = plain.clone();
    let mut rest = row("", Number::Int(1_381));
    rest.keys[0].1 = Scalar::Other("null".into());
    (rest.share, rest.total, rest.distinct) = (Some(0.1514), others[0].total, others[0].distinct);
    others.push(rest);
    let mut open = plain.clone();
    for row in &mut open {
        row.bounds = Some(Bounds { start: EVENING + 345, end: EVENING + 4_211_502 });
        (row.open, row.all, row.rev) = (true, true, 4);
    }
    let mut so_far = open.clone();
    for row in &mut open {
        (row.bounds, row.all) = (plain[0].bounds, false);
    }
    so_far.truncate(3);
    let unbounded: Vec<Row> =
        plain.iter().cloned().map(|row| Row { bounds: None, late: None, prev_rank: None, ..row }).collect();
    let signed = [("joy", 812.5), ("hope", 401.0), ("calm", 0.0), ("anger", -640.25), ("fear", -1.0)];
    let signed = signed.map(|(label, value)| row(label, Number::Float(value))).to_vec();
    let mut nothing = Row::new(EVENING, EVENING + 20_000, Number::ZERO);
    (nothing.distinct, nothing.total, nothing.late) = (Some(0), Some(Number::ZERO), Some(0));
    vec![
        ("plain", plain.clone(), options()),
        ("hostile", hostile(), ChartOptions { title: Some("trending hashtags, {start} – {end} UTC".into()), ..options() }),
        ("dark", hostile(), ChartOptions { theme: Theme::Dark, ..options() }),
        ("light", hostile(), ChartOptions { theme: Theme::Light, ..options() }),
        ("narrow", hostile(), ChartOptions { width: 320, source: Some("demo:tweets, recorded on a quiet afternoon".into()), ..options() }),
        ("others", others, ChartOptions { unit: Some("tweets".into()), ..options() }),
        ("open", open, options()),
        ("so-far", so_far, options()),
        ("unbounded", unbounded, options()),
        ("one", window(&[("only", 5)], 5, 1), options()),
        ("equal", window(&[("a", 5), ("b", 5), ("c", 5)], 15, 3), options()),
        ("zeros", window(&[("a", 0), ("b", 0)], 0, 2), options()),
        ("huge", window(&[("a", 1_000_000_000_000_000_000), ("b", 5), ("c", 999_999_999_999)], 1_000_001_000_000_000_004, 3), options()),
        ("signed", signed, options()),
        ("negative", vec![row("loss", Number::Int(-5)), row("worse", Number::Int(-12))], options()),
        ("long-title", plain, ChartOptions { title: Some("What people wrote about on the evening when the news came that Stan Lee had died, by the hashtags of their tweets, in windows of twenty seconds: {key}, {top} of them".into()), ..options() }),
        ("nothing", vec![nothing], options()),
        ("empty", Vec::new(), options()),
    ]
}

/// Windows of 20 s, each with the keys that have a count there; of a window that is cut, only the first three are known.
pub(in crate::chart) fn windows(labels: &[&str], cut: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    // Two windows had no input.
    for number in (0..14_i64).filter(|number| ![5, 6].contains(number)) {
        let start = EVENING + number * 20_000;
        let count =
            |key: i64| ((number * 7 + key * 13) % 17 + 40 / (key + 1)) * i64::from((number + key) % 9 != 4);
        let mut keys: Vec<(i64, &str)> = (0..).zip(labels).map(|(key, label)| (count(key), *label)).collect();
        keys.retain(|(count, _)| *count > 0);
        keys.sort_by_key(|(count, label)| (-count, *label));
        let (total, distinct) = (keys.iter().map(|(count, _)| i128::from(*count)).sum(), keys.len() as u64);
        keys.truncate(if cut { 3 } else { keys.len() });
        for (rank, (count, label)) in (1..).zip(&keys) {
            let mut row = row(label, Number::Int((*count).into()));
            row.bounds = Some(Bounds { start, end: start + 20_000 });
            (row.total, row.distinct) = (Some(Number::Int(total)), Some(distinct));
            (row.rows, row.late, row.rank) = (Some(keys.len() as u64), Some(1), Some(rank));
            row.open = number == 13;
            rows.push(row);
        }
    }
    rows
}

/// Of windows: those that tempt to divide by nothing, and to leave the picture.
pub(in crate::chart) fn edges() -> Vec<(&'static str, Vec<Row>)> {
    let of = |counts: &[Number]| -> Vec<Row> {
        let rows = counts.iter().zip(0_i64..).flat_map(|(count, number)| {
            ["a", "b"].map(|label| {
                let start = EVENING + number * 20_000;
                let mut row = row(label, *count);
                row.bounds = Some(Bounds { start, end: start + 20_000 });
                row
            })
        });
        rows.collect()
    };
    let number = Number::Int;
    let huge = 1_000_000_000_000_000_000;
    vec![
        ("empty", Vec::new()),
        ("one row", vec![row("only", number(5))]),
        ("one window", of(&[number(5)])),
        ("equal", of(&[number(5); 6])),
        ("zeros", of(&[Number::ZERO; 6])),
        ("negative", of(&[number(-5), number(-12), number(-1)])),
        ("signed", of(&[number(-5), number(12), Number::Float(0.5)])),
        ("huge", of(&[number(huge), number(5), number(-huge)])),
        ("tiny", of(&[Number::Float(1e-300), Number::Float(5e-324)])),
        ("largest", of(&[Number::Float(f64::MAX), Number::Float(f64::MIN)])),
        ("without times", vec![Row { bounds: None, ..row("only", number(5)) }]),
        (
            "at the end of time",
            vec![Row {
                bounds: Some(Bounds { start: crate::time::MIN, end: crate::time::MAX }),
                ..row("a", number(1))
            }],
        ),
        ("empty window", vec![Row { keys: Vec::new(), distinct: Some(0), ..row("", Number::ZERO) }]),
    ]
}
