//! Writes SVG: escaped text, numbers with one decimal, colours by style rules.
//!
//! A picture has no script and loads nothing. Its style is a list of plain rules with literal colours, since some
//! renderers know no CSS variables, under a class that only this picture has: the rules reach nothing else when the SVG
//! is part of a page, and ids do not collide.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::colour::{self, Colour};
use super::options::Theme;
use super::width::Font;

/// Fonts that the widths hold for, at least with the reserve.
const FAMILY: &str =
    "'Noto Sans',system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

/// A style class: name, property and colour.
const CLASSES: [(&str, &str, Colour); 15] = [
    ("ground", "fill", colour::GROUND),
    ("ink", "fill", colour::INK),
    ("muted", "fill", colour::MUTED),
    ("grid", "stroke", colour::GRID),
    ("axis", "stroke", colour::AXIS),
    ("gap", "fill", colour::GRID),
    ("bar", "fill", colour::SERIES[0]),
    ("below", "fill", colour::SERIES[1]),
    ("others", "fill", colour::OTHERS),
    ("rest", "stroke", colour::OTHERS),
    ("risen", "fill", colour::RISEN),
    ("fallen", "fill", colour::FALLEN),
    ("new", "fill", colour::NEW),
    ("value", "stroke", colour::GROUND),
    ("edge", "stroke", colour::GROUND),
];

/// Keys: as lines and as shapes.
const STROKES: [&str; colour::SERIES.len()] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];
const FILLS: [&str; colour::SERIES.len()] = ["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"];
/// From little to much.
const HEAT: [&str; colour::HEAT.len()] = ["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"];

/// The class of a line of this colour of a key; those beyond all colours are grey.
pub(super) fn stroke(colour: Option<usize>) -> &'static str {
    colour.and_then(|at| STROKES.get(at)).copied().unwrap_or("rest")
}

/// The class of a shape of this colour of a key.
pub(super) fn fill(colour: Option<usize>) -> &'static str {
    colour.and_then(|at| FILLS.get(at)).copied().unwrap_or("others")
}

/// The class of a cell.
pub(super) fn heat(step: usize) -> &'static str {
    HEAT[step.min(HEAT.len() - 1)]
}

/// Rules that are the same on light and dark ground.
const FORMS: [(&str, &str); 7] = [
    ("hollow", "fill-opacity:0;stroke-width:1.5px"),
    ("value", "paint-order:stroke;stroke-width:3px;stroke-linejoin:round"),
    ("line", "fill:none;stroke-width:2px;stroke-linejoin:round;stroke-linecap:round"),
    ("thin", "fill:none;stroke-width:1px;stroke-opacity:.6"),
    ("open", "stroke-dasharray:1 5"),
    ("area", "fill-opacity:.18"),
    ("edge", "stroke-width:1.5px"),
];

/// Where a text's position is, seen along the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text to be drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub x: f64,
    /// Of the baseline.
    pub y: f64,
    pub anchor: Anchor,
    pub font: Font,
    pub class: &'a str,
    pub text: &'a str,
}

/// What is drawn, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Svg {
    body: String,
    /// Classes that have rules to be written.
    used: BTreeSet<String>,
    /// Rules that only this picture has, after those of its classes; `ID` stands for its own class.
    rules: String,
}

impl Svg {
    fn uses(&mut self, class: &str) {
        for name in class.split(' ').filter(|name| !self.used.contains(*name)).collect::<Vec<_>>() {
            self.used.insert(name.to_owned());
        }
    }

    /// Adds style rules; `ID` in them stands for the picture's own class.
    pub(super) fn rules(&mut self, rules: &str) {
        self.rules.push_str(rules);
    }

    /// A rectangle with sharp corners, for cells that touch; a negative size draws nothing.
    pub(super) fn cell(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) {
        if width > 0.0 && height > 0.0 {
            self.uses(class);
            let (x, y, width, height) = (short(x), short(y), short(width), short(height));
            self.push(format_args!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
            ));
        }
    }

    /// Points joined by straight lines, in as many pieces as there are; a closed shape where `closed`.
    pub(super) fn path(&mut self, pieces: &[Vec<(f64, f64)>], closed: bool, class: &str) {
        let mut d = String::new();
        for piece in pieces.iter().filter(|piece| piece.len() > 1) {
            for (at, (x, y)) in piece.iter().enumerate() {
                let command = if at == 0 {
                    "M"
                } else if at == 1 {
                    "L"
                } else {
                    " "
                };
                let _ = write!(d, "{command}{} {}", short(*x), short(*y));
            }
            d.push_str(if closed { "Z" } else { "" });
        }
        if !d.is_empty() {
            self.uses(class);
            self.push(format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
        }
    }

    /// A circle.
    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, class: &str) {
        self.uses(class);
        let (x, y, radius) = (short(x), short(y), short(radius));
        self.push(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    /// A rectangle; a negative size draws nothing.
    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) {
        if width > 0.0 && height > 0.0 {
            self.uses(class);
            let radius = if width >= 6.0 { " rx=\"2\"" } else { "" };
            let (x, y, width, height) = (short(x), short(y), short(width), short(height));
            self.push(format_args!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{radius}/>"
            ));
        }
    }

    /// A straight line.
    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        self.uses(class);
        let (x1, y1, x2, y2) = (short(x1), short(y1), short(x2), short(y2));
        self.push(format_args!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"));
    }

    /// A triangle that points up or down, seven pixels wide, with its middle at a point.
    pub(super) fn triangle(&mut self, x: f64, y: f64, up: bool, class: &str) {
        self.uses(class);
        let (tip, base) = if up { (-3.5, 3.0) } else { (3.5, -3.0) };
        let (left, right, middle) = (short(x - 3.5), short(x + 3.5), short(x));
        let (tip, base) = (short(y + tip), short(y + base));
        self.push(format_args!("<path class=\"{class}\" d=\"M{left} {base}H{right}L{middle} {tip}Z\"/>"));
    }

    /// A text.
    pub(super) fn text(&mut self, text: Text<'_>) {
        self.uses(text.class);
        let anchor = match text.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if text.font.bold { " font-weight=\"700\"" } else { "" };
        let (class, size, words) = (text.class, short(text.font.size), escaped(&isolated(text.text)));
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" font-size=\"{size}\"{weight}{anchor}>{words}</text>",
            short(text.x),
            short(text.y),
        ));
    }

    /// Begins a group with a tooltip.
    pub(super) fn begin(&mut self, tooltip: &str) {
        self.push(format_args!("<g><title>{}</title>", escaped(tooltip)));
    }

    /// Begins a group of a class, with a tooltip.
    pub(super) fn begin_class(&mut self, class: &str, tooltip: &str) {
        self.push(format_args!("<g class=\"{class}\"><title>{}</title>", escaped(tooltip)));
    }

    /// A text that is seen for a while from so many seconds on, and not at all in a still picture; or one that comes at the
    /// end and stays.
    pub(super) fn passing_text(
        &mut self,
        (x, y): (f64, f64),
        font: Font,
        anchor: Anchor,
        class: &'static str,
        text: &str,
        begins: Option<f64>,
    ) {
        match begins {
            Some(seconds) => {
                self.push(format_args!(
                    "<g class=\"seen\" opacity=\"0\" style=\"animation-delay:{seconds:.1}s\">"
                ));
            }
            None => self.push(format_args!("<g class=\"stays\">")),
        }
        self.text(Text { x, y, anchor, font, class, text });
        self.end();
    }

    /// Ends a group.
    pub(super) fn end(&mut self) {
        self.push(format_args!("</g>"));
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to memory cannot fail.
        let _ = self.body.write_fmt(element);
        self.body.push('\n');
    }

    /// The whole picture.
    pub(super) fn finish(
        self,
        width: f64,
        height: f64,
        theme: Theme,
        title: &str,
        description: &str,
    ) -> String {
        let (width, height) = (short(width), short(height));
        let (title, description) = (escaped(title), escaped(description));
        let hash = fnv(&[&self.body, &self.rules, &title, &width, theme.name()]);
        let id = format!("c{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff));
        let style = self.style(&id, theme);
        let body = self.body;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{id}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{description}</desc>\n\
             <style>\n{style}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n\
             {body}</svg>\n"
        )
    }

    /// The rules of the classes that are used.
    fn style(&self, id: &str, theme: Theme) -> String {
        let of_keys =
            |names: &[&'static str], property: &'static str| -> Vec<(&'static str, &'static str, Colour)> {
                names.iter().zip(colour::SERIES).map(|(name, colour)| (*name, property, colour)).collect()
            };
        let heat = HEAT.iter().zip(colour::HEAT).map(|(name, colour)| (*name, "fill", colour));
        let classes: Vec<_> = CLASSES
            .into_iter()
            .chain(of_keys(&STROKES, "stroke"))
            .chain(of_keys(&FILLS, "fill"))
            .chain(heat)
            .filter(|(class, ..)| *class == "ground" || self.used.contains(*class))
            .collect();
        let rules = |pick: fn(&Colour) -> &'static str| -> String {
            classes.iter().fold(String::new(), |mut rules, (class, property, colour)| {
                let _ = writeln!(rules, ".{id} .{class}{{{property}:{}}}", pick(colour));
                rules
            })
        };
        let (light, dark) = (|colour: &Colour| colour.light, |colour: &Colour| colour.dark);
        let mut base = format!(
            ".{id}{{max-width:100%;height:auto;font-family:{FAMILY}}}\n.{id} text{{font-variant-numeric:tabular-nums}}\n"
        );
        for (class, rule) in FORMS.iter().filter(|(class, _)| self.used.contains(*class)) {
            let _ = writeln!(base, ".{id} .{class}{{{rule}}}");
        }
        base += &self.rules.replace("ID", id);
        match theme {
            Theme::Light => base + &rules(light),
            Theme::Dark => base + &rules(dark),
            Theme::Auto => {
                format!("{base}{}@media (prefers-color-scheme:dark){{\n{}}}\n", rules(light), rules(dark))
            }
        }
    }
}

/// A number with one decimal, and none where it says nothing.
fn short(value: f64) -> String {
    let tenths = (value * 10.0).round();
    if !tenths.is_finite() || tenths == 0.0 {
        return "0".to_owned();
    }
    if tenths % 10.0 == 0.0 { format!("{:.0}", tenths / 10.0) } else { format!("{:.1}", tenths / 10.0) }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text between isolates, which keep its direction from reordering what stands beside it; ASCII needs none.
pub(super) fn isolated(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(format!("\u{2068}{text}\u{2069}")) }
}

fn fnv(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in
            [(1.0, "1"), (0.25, "0.3"), (-0.04, "0"), (12.34, "12.3"), (f64::NAN, "0"), (-3.5, "-3.5")]
        {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn text_cannot_end_its_element() {
        assert_eq!(escaped("<b>AT&T</b> \"\u{0}\""), "&lt;b&gt;AT&amp;T&lt;/b&gt; &quot;\u{fffd}&quot;");
    }

    #[test]
    fn a_theme_has_its_rules() {
        let picture = |theme| {
            let mut svg = Svg::default();
            svg.line((0.0, 0.0), (9.0, 9.0), "line s1");
            svg.finish(10.0, 10.0, theme, "t", "d")
        };
        assert!(picture(Theme::Auto).contains("@media (prefers-color-scheme:dark)"));
        assert!(
            picture(Theme::Light).contains(colour::SERIES[1].light)
                && !picture(Theme::Light).contains("@media")
        );
        assert!(
            picture(Theme::Dark).contains(colour::SERIES[1].dark)
                && !picture(Theme::Dark).contains(colour::SERIES[1].light)
        );
        assert!(!picture(Theme::Auto).contains("var("), "some renderers know no variables");
    }
}
