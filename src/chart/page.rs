//! A page that shows a picture and reloads itself, without scripts: for a browser that is left open beside a stream.

use super::colour::{Colour, GROUND};
use super::options::Theme;

/// The page around an SVG of [`super::Kind::draw`]; it is loaded anew after so many seconds, if any.
pub fn page(svg: &str, theme: Theme, reload: Option<u64>) -> String {
    // The picture's own title, which is escaped already.
    let title = svg.split_once("-title\">").and_then(|(_, rest)| rest.split_once("</title>"));
    let title = title.map_or("", |(title, _)| title);
    let reload = reload
        .map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"))
        .unwrap_or_default();
    let rule = |pick: fn(&Colour) -> &'static str| format!("html{{background:{}}}", pick(&GROUND));
    let (light, dark) = (rule(|colour| colour.light), rule(|colour| colour.dark));
    let ground = match theme {
        Theme::Light => light,
        Theme::Dark => dark,
        Theme::Auto => format!("{light}\n@media (prefers-color-scheme:dark){{{dark}}}"),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n{reload}<title>{title}</title>\n\
         <style>\n{ground}\nbody{{margin:0}}\nsvg{{display:block;margin:0 auto}}\n</style>\n{svg}</html>\n"
    )
}
