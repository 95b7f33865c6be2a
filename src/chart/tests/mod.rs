//! Pictures as a whole. `tests/data/chart/` holds the bytes of some; `BLESS=1 cargo test chart` writes them anew, to be
//! looked at before they are committed.

pub(super) mod rows;
mod sound;

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::row::{Number, Row};
use rows::{edges, hostile, pictures, row, window, windows};
use sound::assert_sound;

fn draw(rows: &[Row], options: &ChartOptions) -> String {
    draw_kind("barh", rows, options)
}

/// As plot-svg does it.
fn draw_kind(kind: &str, rows: &[Row], options: &ChartOptions) -> String {
    let kind = Kind::of_svg(kind).expect("a kind");
    kind.draw(&collected(kind, rows, options), options)
}

/// The windows of rows, as the programs collect them.
pub(super) fn collected(kind: Kind, rows: &[Row], options: &ChartOptions) -> Recent {
    let mut recent = kind.collect(options);
    for row in rows {
        recent.push(row.clone()).expect("a whole window's row");
    }
    recent.flush_partial();
    recent
}

fn svg_kinds() -> impl Iterator<Item = Kind> {
    KINDS.into_iter().filter(|kind| kind.svg.is_some())
}

/// Pictures with their names: many of bars, and for every other kind the usual ones.
fn all_pictures() -> Vec<(String, String)> {
    let barh =
        pictures().into_iter().map(|(name, rows, options)| (format!("barh-{name}"), draw(&rows, &options)));
    let plain = ["en", "ja", "es", "Straße", "#rust"];
    let hostile: Vec<String> = hostile().iter().map(|row| row.label().into_owned()).collect();
    let hostile: Vec<&str> = hostile.iter().map(String::as_str).collect();
    let options = ChartOptions::default;
    let looks = [
        ("plain", windows(&plain, false), ChartOptions { unit: Some("tweets".into()), ..options() }),
        ("hostile", windows(&hostile, true), ChartOptions { theme: Theme::Light, ..options() }),
        ("narrow", windows(&plain, false), ChartOptions { theme: Theme::Dark, width: 320, ..options() }),
    ];
    let others = svg_kinds().skip(1).flat_map(|kind| {
        let of_kind = |(name, rows, options): &(&str, Vec<Row>, ChartOptions)| {
            (format!("{}-{name}", kind.name), draw_kind(kind.name, rows, options))
        };
        looks.iter().map(of_kind).collect::<Vec<_>>()
    });
    let shares = ChartOptions { normalize: true, ..options() };
    let shares = ("stack-shares".to_owned(), draw_kind("stack", &windows(&plain, true), &shares));
    barh.chain(others).chain([shares]).collect()
}

#[test]
fn pictures_are_those_of_the_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/chart");
    for (name, drawn) in all_pictures() {
        let path = folder.join(format!("{name}.svg"));
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
    for (name, drawn) in all_pictures() {
        assert_sound(&drawn).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for kind in svg_kinds() {
        for (name, rows) in edges() {
            let drawn = draw_kind(kind.name, &rows, &ChartOptions::default());
            assert_sound(&drawn).unwrap_or_else(|error| panic!("{kind} of {name}: {error}"));
        }
    }
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
    let braces = ChartOptions {
        title: Some("{key} {} {{top}".into()),
        label: Some("{total} {start}".into()),
        ..ChartOptions::default()
    };
    let svg = draw(&window(&[("a", 5)], 7_000, 2), &braces);
    assert!(svg.contains(">{total} {start} {} {1<"), "what is filled in is no template: {svg}");
}

#[test]
fn a_height_is_filled_where_the_kind_can_and_is_the_least_elsewhere() {
    let rows = windows(&["en", "ja", "es"], false);
    let height = |kind: &str, height: u32| -> f64 {
        let options = ChartOptions { width: 1_200, height: Some(height), ..ChartOptions::default() };
        let svg = draw_kind(kind, &rows, &options);
        assert_sound(&svg).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let document = roxmltree::Document::parse(&svg).expect("XML");
        document.root_element().attribute("height").expect("a height").parse().expect("a number")
    };
    for kind in ["barh", "bar", "diverge", "line", "area", "stack"] {
        for asked in [400, 630] {
            assert!((height(kind, asked) - f64::from(asked)).abs() < 0.5, "{kind} is not {asked}");
        }
        assert!(height(kind, 200) < 300.0, "{kind}");
    }
    for kind in ["heat", "week", "spark", "facet", "bump", "race"] {
        assert_eq!((height(kind, 2_000), height(kind, 200) > 200.0), (2_000.0, true), "{kind}");
    }
}

#[test]
fn kinds_are_found_by_name() {
    assert_eq!(Kind::of_svg("barh").expect("a kind").name, "barh");
    assert!(Kind::of_svg("pie").expect_err("no kind").contains("barh"));
    assert!(
        Kind::of_text("bump")
            .expect_err("no kind")
            .contains("no chart here; there are barh, line, stack, heat, week, spark, facet")
    );
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
        for kind in svg_kinds().filter(|kind| !kind.is_over_time()) {
            let svg = draw_kind(kind.name, &rows, &options);
            assert_sound(&svg).map_err(|error| TestCaseError::fail(format!("{kind}: {error}")))?;
            prop_assert_eq!(draw_kind(kind.name, &rows, &options), svg);
        }
    }

    #[test]
    fn arbitrary_windows_make_sound_pictures(
        labels in prop::collection::vec(any::<String>(), 1..10),
        counts in prop::collection::vec((0_usize..10, 0_i64..40, any::<i32>(), any::<f32>()), 0..40),
        length in 1_i64..100_000_000,
        width in 0_u32..1_500,
        floats: bool,
        complete: bool,
    ) {
        let mut rows: Vec<Row> = counts.iter().map(|(label, number, int, float)| {
            let count = if floats && float.is_finite() { Number::Float((*float).into()) } else { Number::Int((*int).into()) };
            let mut row = row(&labels[label % labels.len()], count);
            let start = rows::EVENING + number * length;
            row.bounds = Some(crate::row::Bounds { start, end: start + length });
            row.distinct = complete.then_some(1);
            row
        }).collect();
        rows.sort_by_key(|row| row.bounds);
        let options = ChartOptions { width, ..ChartOptions::default() };
        for kind in svg_kinds().filter(Kind::is_over_time) {
            let svg = draw_kind(kind.name, &rows, &options);
            assert_sound(&svg).map_err(|error| TestCaseError::fail(format!("{kind}: {error}")))?;
            prop_assert_eq!(draw_kind(kind.name, &rows, &options), svg);
        }
    }
}
