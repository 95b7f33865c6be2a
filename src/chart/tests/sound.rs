//! What holds of every picture.

use proptest::prelude::*;

use crate::chart::width::Font;

/// Well-formed, described, no number that is none, nothing outside the picture by the width model, no two texts of a line
/// over each other.
pub(super) fn assert_sound(svg: &str) -> Result<(), TestCaseError> {
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
        for name in ["x", "y", "width", "height", "x1", "x2", "y1", "y2", "cx", "cy"] {
            let Some(text) = node.attribute(name).filter(|text| *text != "100%") else { continue };
            let value: f64 = text.parse().map_err(|_| TestCaseError::fail(format!("{name} is {text}")))?;
            let most = if name.contains('x') || name == "width" { width } else { height };
            prop_assert!((0.0..=most).contains(&value), "{} is {} of {}", name, value, most);
        }
        for (x, y) in points(node.attribute("d").unwrap_or_default()) {
            prop_assert!(
                (0.0..=width).contains(&x) && (0.0..=height).contains(&y),
                "a path through {}, {}",
                x,
                y
            );
        }
        // What passes by in an animation is not seen in the picture.
        let is_seen = !node.ancestors().any(|node| {
            let class = node.attribute("class").unwrap_or_default();
            node.attribute("opacity") == Some("0") || class.ends_with(" gone")
        });
        if node.has_tag_name("text") && is_seen {
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

/// The points of a path of straight lines.
fn points(d: &str) -> Vec<(f64, f64)> {
    if d.contains('H') {
        return Vec::new();
    }
    let spaced = d.replace(['M', 'L', 'Z'], " ");
    let numbers: Vec<f64> =
        spaced.split_whitespace().map(|number| number.parse().unwrap_or(f64::NAN)).collect();
    numbers.chunks(2).map(|pair| (pair[0], pair.get(1).copied().unwrap_or(f64::NAN))).collect()
}
