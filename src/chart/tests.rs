//! Pictures as a whole. `tests/data/chart/` holds the bytes of some; `BLESS=1 cargo test chart` writes them anew, to be
//! looked at before they are committed.

use std::path::PathBuf;

use proptest::prelude::*;

use super::width::Font;
use super::*;
use crate::row::key::Scalar;
use crate::row::{Bounds, Number};

const EVENING: i64 = 1_542_049_200_000; // 2018-11-12T19:00:00Z

fn row(label: &str, count: Number) -> Row {
    let mut row = Row::new(EVENING, EVENING + 20_000, count);
    row.keys.push(("hashtag".into(), Scalar::String(label.to_owned().into())));
    row
}

/// A ranked window as topn writes it.
fn window(counts: &[(&str, i128)], total: i128, distinct: u64) -> Vec<Row> {
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
fn hostile() -> Vec<Row> {
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

fn pictures() -> Vec<(&'static str, Vec<Row>, ChartOptions)> {
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

fn draw(rows: &[Row], options: &ChartOptions) -> String {
    Kind::default().draw(rows, options)
}

#[test]
fn pictures_are_those_of_the_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/chart");
    for (name, rows, options) in pictures() {
        let path = folder.join(format!("barh-{name}.svg"));
        let drawn = draw(&rows, &options);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder for the pictures");
            std::fs::write(&path, &drawn).expect("a picture's file");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(drawn == expected, "{name} is not as in {}; BLESS=1 writes it anew", path.display());
    }
}

#[test]
fn every_picture_is_sound() {
    for (name, rows, options) in pictures() {
        assert_sound(&draw(&rows, &options)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Well-formed, described, no number that is none, nothing outside the picture by the width model, no two texts of a line
/// over each other.
fn assert_sound(svg: &str) -> Result<(), TestCaseError> {
    let document =
        roxmltree::Document::parse(svg).map_err(|error| TestCaseError::fail(format!("{error}\n{svg}")))?;
    let root = document.root_element();
    prop_assert_eq!(root.attribute("role"), Some("img"));
    for name in ["title", "desc"] {
        let words = root.children().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
        prop_assert!(words.is_some_and(|words| !words.is_empty()), "no {}", name);
    }
    let number =
        |node: roxmltree::Node, name: &str| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    let (width, height) = (number(root, "width").unwrap_or(0.0), number(root, "height").unwrap_or(0.0));
    let mut boxes: Vec<(f64, f64, f64, String)> = Vec::new();
    for node in root.descendants().filter(roxmltree::Node::is_element) {
        for name in ["x", "y", "width", "height", "x1", "x2", "y1", "y2"] {
            let Some(text) = node.attribute(name).filter(|text| *text != "100%") else { continue };
            let value: f64 = text.parse().map_err(|_| TestCaseError::fail(format!("{name} is {text}")))?;
            let most = if name.starts_with(['x', 'w']) { width } else { height };
            prop_assert!((0.0..=most).contains(&value), "{} is {} of {}", name, value, most);
        }
        if node.has_tag_name("text") {
            let size = number(node, "font-size").unwrap_or(0.0);
            let font =
                if node.attribute("font-weight").is_some() { Font::bold(size) } else { Font::regular(size) };
            let text = node.text().unwrap_or_default();
            prop_assert!(!["NaN", "inf"].iter().any(|word| text.starts_with(word)), "{}", text);
            let wide = font.width(text);
            let x = number(node, "x").unwrap_or(0.0);
            let left = match node.attribute("text-anchor") {
                Some("end") => x - wide,
                Some("middle") => x - wide / 2.0,
                _ => x,
            };
            prop_assert!(
                left >= -0.1 && left + wide <= width + 0.1,
                "{:?} at {}..{} of {}",
                text,
                left,
                left + wide,
                width
            );
            boxes.push((number(node, "y").unwrap_or(0.0), left, left + wide, text.to_owned()));
        }
    }
    for (at, a) in boxes.iter().enumerate() {
        for b in &boxes[at + 1..] {
            let same_line = (a.0 - b.0).abs() < 10.0;
            prop_assert!(!same_line || a.2 <= b.1 + 0.2 || b.2 <= a.1 + 0.2, "{:?} over {:?}", a, b);
        }
    }
    Ok(())
}

#[test]
fn a_non_zero_bar_can_be_seen_and_a_zero_is_none() {
    let svg = draw(&window(&[("a", 1_000_000), ("b", 1), ("c", 0)], 1_000_001, 3), &ChartOptions::default());
    let document = roxmltree::Document::parse(&svg).expect("XML");
    let bars: Vec<_> = document.descendants().filter(|node| node.attribute("class") == Some("bar")).collect();
    assert_eq!(bars.len(), 2);
    assert_eq!(bars[1].attribute("width"), Some("1"));
}

#[test]
fn what_the_rows_do_not_say_is_not_said() {
    let svg = draw(&[row("a", Number::Int(5))], &ChartOptions::default());
    for word in ["late", "distinct", "counted", "%"] {
        assert!(!svg.split("</style>").nth(1).expect("a drawing").contains(&format!(" {word}")), "{word}");
    }
    assert!(svg.contains("19:00:00 – 19:00:20 UTC"));
}

#[test]
fn a_long_label_is_whole_in_its_tooltip() {
    let svg = draw(&hostile(), &ChartOptions::default());
    assert!(svg.contains("<title>#StanLeeYouWillBeMissedForeverAndEverThankYouForTheStories: 48,213 ("));
    assert!(svg.contains("…"));
    assert!(svg.contains("\u{2068}#ستان_لي\u{2069}"), "an isolate around a label of the other direction");
    assert!(!svg.contains('\u{202e}') && !svg.contains('\u{1b}'));
}

#[test]
fn titles_take_the_window() {
    let options = ChartOptions {
        title: Some("{top} {key} {start} {end} {date} {length} {total} {other}".into()),
        ..ChartOptions::default()
    };
    let svg = draw(&window(&[("a", 5)], 7_000, 2), &options);
    assert!(TITLE_PLACES.iter().all(|place| {
        !draw(
            &window(&[("a", 5)], 7_000, 2),
            &ChartOptions { title: Some(format!("[{{{place}}}]")), ..ChartOptions::default() },
        )
        .contains(&format!("{{{place}}}"))
    }));
    assert!(svg.contains(">1 hashtag 19:00:00 19:00:20 2018-11-12 20 s 7,000 {other}<"), "{svg}");
}

#[test]
fn kinds_are_found_by_name() {
    assert_eq!("barh".parse::<Kind>().expect("a kind").name, "barh");
    assert!("pie".parse::<Kind>().expect_err("no kind").contains("barh"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_rows_make_sound_pictures(
        rows in prop::collection::vec((any::<String>(), any::<i64>(), any::<f64>(), prop::option::of(0_u64..20)), 0..12),
        width in 0_u32..1_500,
        floats: bool,
        ranked: bool,
        title in prop::option::of(any::<String>()),
    ) {
        let rows: Vec<Row> = (1..).zip(&rows).map(|(rank, (label, int, float, before))| {
            let count = if floats && float.is_finite() { Number::Float(*float) } else { Number::Int((*int).into()) };
            let mut row = row(label, count);
            if ranked {
                (row.rank, row.prev_rank, row.share) = (Some(rank), Some(*before), Some(0.5));
            }
            row
        }).collect();
        let options = ChartOptions { width, title, ..ChartOptions::default() };
        let svg = draw(&rows, &options);
        assert_sound(&svg)?;
        prop_assert_eq!(draw(&rows, &options), svg);
    }
}
