//! What the page is made of, compiled in. Nothing is loaded from elsewhere.

use std::fmt::Write as _;

use crate::chart::colour::{
    AXIS, Colour, FALLEN, GRID, GROUND, HEAT, INK, MUTED, NEW, OTHERS, RISEN, SERIES,
};

/// A file of the page.
pub(super) struct Asset {
    pub(super) path: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All files but the colours.
pub(super) const ASSETS: [Asset; 5] = [
    Asset { path: "/", kind: HTML, text: include_str!("assets/index.html") },
    Asset { path: "/style.css", kind: CSS, text: include_str!("assets/style.css") },
    Asset { path: "/charts.js", kind: SCRIPT, text: include_str!("assets/charts.js") },
    Asset { path: "/app.js", kind: SCRIPT, text: include_str!("assets/app.js") },
    Asset { path: "/worker.js", kind: SCRIPT, text: include_str!("assets/worker.js") },
];

/// The one table of colours as properties of a style sheet.
pub(super) const COLOURS: &str = "/colours.css";

/// The style sheet with the colours: as the system has it, or as the page's switch says.
pub(super) fn colours() -> (&'static str, String) {
    let light = properties(|colour| colour.light);
    let dark = properties(|colour| colour.dark);
    let sheet = format!(
        ":root{{color-scheme:light;{light}}}\n\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n\
         :root[data-theme=dark]{{color-scheme:dark;{dark}}}\n\
         @media print{{:root,:root[data-theme]{{color-scheme:light;{light}}}}}\n"
    );
    (CSS, sheet)
}

fn properties(pick: fn(&Colour) -> &'static str) -> String {
    let mut out = String::new();
    let single = [
        ("ground", GROUND),
        ("ink", INK),
        ("muted", MUTED),
        ("grid", GRID),
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
