//! What the page is made of, compiled in. Nothing is loaded from elsewhere.

use std::fmt::Write as _;
use std::io::Write as _;

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::chart::colour::{
    AXIS, BACKDROP, Colour, EDGE, FALLEN, GRID, GROUND, HEAT, INK, MUTED, NEW, OTHERS, RISEN, SERIES,
};

/// A file of the page.
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// A file as it is sent.
#[derive(Clone)]
pub(super) struct Packed {
    pub(super) kind: &'static str,
    /// What browsers know this version of it by.
    pub(super) tag: String,
    pub(super) text: Bytes,
    pub(super) gzip: Bytes,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All files but the colours.
const ASSETS: [Asset; 11] = [
    Asset { path: "/", kind: HTML, text: include_str!("assets/index.html") },
    Asset { path: "/style.css", kind: CSS, text: include_str!("assets/style.css") },
    Asset { path: "/icon.svg", kind: PICTURE, text: include_str!("assets/icon.svg") },
    Asset { path: "/worker.js", kind: SCRIPT, text: include_str!("assets/worker.js") },
    Asset { path: "/words.js", kind: SCRIPT, text: include_str!("assets/words.js") },
    Asset { path: "/drawing.js", kind: SCRIPT, text: include_str!("assets/drawing.js") },
    Asset { path: "/over-time.js", kind: SCRIPT, text: include_str!("assets/over-time.js") },
    Asset { path: "/by-key.js", kind: SCRIPT, text: include_str!("assets/by-key.js") },
    Asset { path: "/model.js", kind: SCRIPT, text: include_str!("assets/model.js") },
    Asset { path: "/panels.js", kind: SCRIPT, text: include_str!("assets/panels.js") },
    Asset { path: "/app.js", kind: SCRIPT, text: include_str!("assets/app.js") },
];

/// The one table of colours as properties of a style sheet.
const COLOURS: &str = "/colours.css";

/// The style sheet with the colours: as the system has it, or as the page's switch says. Paper is light.
fn colours() -> (&'static str, String) {
    let light = properties(|colour| colour.light);
    let dark = properties(|colour| colour.dark);
    let sheet = format!(
        ":root{{color-scheme:light;{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n\
         @media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    );
    (CSS, sheet)
}

/// All files by their paths, compressed once.
pub(super) fn packed() -> Vec<(&'static str, Packed)> {
    let (kind, sheet) = colours();
    let files =
        ASSETS.iter().map(|asset| (asset.path, asset.kind, Bytes::from_static(asset.text.as_bytes())));
    files
        .chain([(COLOURS, kind, Bytes::from(sheet))])
        .map(|(path, kind, text)| {
            let tag = format!("\"{:08x}-{}\"", crc32fast::hash(&text), text.len());
            (path, Packed { kind, tag, gzip: gzip(&text), text })
        })
        .collect()
}

fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default().into()
}

fn properties(pick: fn(&Colour) -> &'static str) -> String {
    let mut out = String::new();
    let single = [
        ("backdrop", BACKDROP),
        ("ground", GROUND),
        ("ink", INK),
        ("muted", MUTED),
        ("grid", GRID),
        ("edge", EDGE),
        ("axis", AXIS),
        ("others", OTHERS),
        ("risen", RISEN),
        ("fallen", FALLEN),
        ("new", NEW),
    ];
    // Writing to a string does not fail.
    for (name, colour) in single {
        let _ = write!(out, "--{name}:{};", pick(&colour));
    }
    for (prefix, colours) in [("series", &SERIES[..]), ("heat", &HEAT[..])] {
        for (place, colour) in colours.iter().enumerate() {
            let _ = write!(out, "--{prefix}-{place}:{};", pick(colour));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_loaded_from_elsewhere_and_nothing_is_inline() {
        for asset in &ASSETS {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{}", asset.path);
            assert!(
                !text.contains("innerHTML") && !text.contains(" style=\""),
                "{}: a strict policy",
                asset.path
            );
            assert!(!text.contains("<script>") && !text.contains("<style>"), "{}", asset.path);
        }
    }

    #[test]
    fn every_colour_that_the_page_uses_is_in_the_table() {
        let (_, sheet) = colours();
        for asset in &ASSETS {
            for (at, _) in asset.text.match_indices("var(--") {
                let name: String = asset.text[at + 4..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                    .collect();
                let is_own = asset.text.contains(&format!("{name}:")) || name.ends_with('-');
                assert!(sheet.contains(&format!("{name}:")) || is_own, "{}: {name}", asset.path);
            }
        }
    }
}
