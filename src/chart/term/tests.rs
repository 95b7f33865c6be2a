//! Charts as text: `tests/data/chart/*.txt` holds some, written anew with `BLESS=1`.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::chart::tests::collected;
use crate::chart::tests::rows::{edges, hostile, row, window, windows};
use crate::chart::{ChartOptions, KINDS, Kind};
use crate::row::{Number, Row};

fn kinds() -> impl Iterator<Item = Kind> {
    KINDS.into_iter().filter(|kind| kind.text.is_some())
}

fn draw(kind: Kind, rows: &[Row], screen: &Screen) -> String {
    let options = ChartOptions::default();
    kind.draw_text(&collected(kind, rows, &options), &options, screen)
}

fn texts() -> Vec<(String, String)> {
    let plain = windows(&["en", "ja", "es", "Straße", "#rust"], false);
    let labels: Vec<String> = hostile().iter().map(|row| row.label().into_owned()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let cut = windows(&labels, true);
    let screen = Screen::default();
    let mut texts = Vec::new();
    for kind in kinds() {
        for (name, rows, screen) in [
            ("plain", &plain, screen),
            ("hostile", &cut, Screen { depth: Depth::True, ..screen }),
            ("ascii", &plain, Screen { ascii: true, width: 60, ..screen }),
        ] {
            let rows = if kind.is_over_time() { rows.clone() } else { hostile() };
            texts.push((format!("{kind}-{name}"), draw(kind, &rows, &screen)));
        }
    }
    texts
}

#[test]
fn texts_are_those_of_the_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/chart");
    for (name, drawn) in texts() {
        let path = folder.join(format!("{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &drawn).expect("a text's file");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(drawn == expected, "{name} is not as in {}; BLESS=1 writes it anew", path.display());
    }
}

/// Nothing steers the screen but colours of ours, and no line is wider than the screen.
fn assert_sound(drawn: &str, screen: &Screen) -> Result<(), TestCaseError> {
    prop_assert!(drawn.ends_with('\n'));
    let mut plain = String::new();
    let mut rest = drawn;
    while let Some((before, after)) = rest.split_once('\x1b') {
        plain.push_str(before);
        let end = after.find('m').unwrap_or(0);
        prop_assert!(after[1..end].bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{}", after);
        prop_assert!(screen.depth != Depth::None && after.starts_with('['), "{}", after);
        rest = &after[end + 1..];
    }
    plain.push_str(rest);
    for line in plain.lines() {
        prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        prop_assert!(columns_wide(line) <= screen.width.max(Screen::MIN_WIDTH), "{line:?}");
    }
    Ok(())
}

#[test]
fn every_text_is_sound() {
    for kind in kinds() {
        for (name, rows) in edges() {
            for ascii in [false, true] {
                let screen = Screen { ascii, ..Screen::default() };
                let drawn = draw(kind, &rows, &screen);
                assert_sound(&drawn, &screen).unwrap_or_else(|error| panic!("{kind} of {name}: {error}"));
                assert!(
                    !ascii
                        || drawn
                            .replace(['–', '…', '·', '×', '−'], "")
                            .chars()
                            .all(|c| c.is_ascii() || "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(c)),
                    "{drawn}"
                );
            }
        }
    }
}

#[test]
fn a_bar_is_as_long_as_its_number_and_something_is_never_nothing() {
    let rows = window(&[("a", 800), ("b", 400), ("c", 1), ("d", 0)], 1_201, 4);
    let drawn = draw(Kind::default(), &rows, &Screen::default());
    let blocks = |label: &str| {
        let line = drawn.lines().find(|line| line.ends_with(&format!(" {label}"))).expect("its line");
        (line.matches('█').count(), line.contains('▏'))
    };
    let (long, half) = (blocks("a").0, blocks("b").0);
    assert!(long > 20 && half == long / 2, "{drawn}");
    assert_eq!((blocks("c"), blocks("d")), ((0, true), (0, false)), "{drawn}");
}

#[test]
fn negative_bars_end_where_positive_ones_begin() {
    let rows = [row("gain", Number::Int(10)), row("loss", Number::Int(-10))];
    let drawn = draw(Kind::default(), &rows, &Screen::default());
    let line = |label: &str| drawn.lines().find(|line| line.ends_with(label)).expect("its line").to_owned();
    let columns = |text: &str| text.chars().count();
    let (gain, loss) = (line("gain"), line("loss"));
    let begin = columns(&gain[..gain.find('█').expect("a bar")]);
    let end = columns(&loss[..loss.rfind('█').expect("a bar") + '█'.len_utf8()]);
    assert_eq!(begin, end, "{drawn}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_windows_make_sound_texts(
        labels in prop::collection::vec(any::<String>(), 1..10),
        counts in prop::collection::vec((0_usize..10, 0_i64..40, any::<i32>(), any::<f32>()), 0..40),
        width in 0_usize..200,
        height in 0_usize..50,
        floats: bool,
        depth in prop_oneof![Just(Depth::None), Just(Depth::Ansi256), Just(Depth::True)],
        ascii: bool,
    ) {
        let mut rows: Vec<Row> = counts.iter().map(|(label, number, int, float)| {
            let count = if floats && float.is_finite() { Number::Float((*float).into()) } else { Number::Int((*int).into()) };
            let mut row = row(&labels[label % labels.len()], count);
            let start = crate::chart::tests::rows::EVENING + number * 60_000;
            row.bounds = Some(crate::row::Bounds { start, end: start + 60_000 });
            row
        }).collect();
        rows.sort_by_key(|row| row.bounds);
        let screen = Screen { width, height, depth, ascii, theme: Theme::Light };
        for kind in kinds() {
            assert_sound(&draw(kind, &rows, &screen), &screen).map_err(|error| TestCaseError::fail(format!("{kind}: {error}")))?;
        }
    }
}
