//! Rows and charts: a row is written and read again as the same; a picture of whatever rows is XML by an independent parser,
//! and no line of text is broken by what a label says.

use trendpipe::chart::{ChartOptions, Depth, KINDS, Screen, Theme, label, page, parse_title};
use trendpipe::row::Row;

/// A picture of many rows takes time, and shows no more.
const MOST: usize = 60;

/// The first line is the title, the others are rows.
pub fn check(bytes: &[u8]) {
    let (title, lines) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (&b""[..], bytes),
    };
    let rows: Vec<Row> =
        lines.split(|byte| *byte == b'\n').take(MOST).filter_map(|line| Row::read(line).ok()).collect();
    for row in &rows {
        let mut written = Vec::new();
        row.write(&mut written);
        let again = Row::read(&written).expect("what was written is a row");
        let mut twice = Vec::new();
        again.write(&mut twice);
        assert_eq!(twice, written, "a row is written as it was read");
        assert!(!label(row, 0).contains('\n'));
    }
    let title = std::str::from_utf8(title).ok().and_then(|title| parse_title(title).ok());
    let options = ChartOptions { title, unit: Some("a<b & \"c\"".into()), ..ChartOptions::default() };
    let screen = Screen { width: 60, height: 12, depth: Depth::None, ascii: false, theme: Theme::Auto };
    for kind in KINDS {
        let mut recent = kind.collect(&options);
        for row in &rows {
            let _ = recent.push(row.clone());
        }
        recent.flush_partial();
        let svg = kind.draw(&recent, &options);
        if !svg.is_empty() {
            roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{}: {error}\n{svg}", kind.name));
            assert!(!svg.contains("NaN"), "{}: no number\n{svg}", kind.name);
            assert!(page(&svg, Theme::Auto, None).contains(&svg));
        }
        let text = kind.draw_text(&recent, &options, &screen);
        let is_control = |char: char| char.is_control() && char != '\n';
        assert!(!text.contains(is_control), "{}: {text:?}", kind.name);
    }
}
