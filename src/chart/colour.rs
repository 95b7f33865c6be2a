//! The one table of colours, for pictures, terminals and pages.
//!
//! Each colour is a pair for light and dark ground. The hues are those of Okabe and Ito, which the colour-blind tell
//! apart, darkened until text in them can be read; the tests compute the contrast.

/// A colour on light and on dark ground, as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// On [`GROUND`]`.light`.
    pub light: &'static str,
    /// On [`GROUND`]`.dark`.
    pub dark: &'static str,
}

const fn colour(light: &'static str, dark: &'static str) -> Colour {
    Colour { light, dark }
}

/// Behind everything.
pub const GROUND: Colour = colour("#ffffff", "#0d1117");
/// Around what stands on [`GROUND`], on a page.
pub const BACKDROP: Colour = colour("#f4f6f8", "#010409");
/// Titles, labels, values.
pub const INK: Colour = colour("#1f2328", "#e6edf3");
/// What is said beside: subtitles, footers, ticks.
pub const MUTED: Colour = colour("#57606a", "#9198a1");
/// Lines that only guide the eye.
pub const GRID: Colour = colour("#e4e7eb", "#262c36");
/// Around what can be pressed.
pub const EDGE: Colour = colour("#c3cad1", "#3d444d");
/// The axis at zero.
pub const AXIS: Colour = colour("#8c959f", "#656c76");
/// All others together.
pub const OTHERS: Colour = colour("#848d97", "#767e89");
/// Risen since the window before.
pub const RISEN: Colour = colour("#00774f", "#3fcf9b");
/// Fallen since the window before.
pub const FALLEN: Colour = colour("#b84f00", "#ff9a52");
/// Not in the list before; also what is not final.
pub const NEW: Colour = colour("#a0437f", "#e69ac6");

/// Keys, in order of their first appearance; a ninth is one of the [`OTHERS`].
pub const SERIES: [Colour; 8] = [
    colour("#0072b2", "#56b4e9"),
    colour("#bf5300", "#ff9a52"),
    colour("#00805a", "#3fcf9b"),
    colour("#b0508a", "#e69ac6"),
    colour("#8a6d00", "#e9c84a"),
    colour("#5b5fc7", "#a5a8ff"),
    colour("#007a8a", "#4fd1e0"),
    colour("#a4373a", "#ff8f8f"),
];

/// From little to much, in one hue, towards the ground's opposite: what is much stands out on both grounds.
pub const HEAT: [Colour; 9] = [
    colour("#e3eef9", "#14283c"),
    colour("#cbdff2", "#153652"),
    colour("#adcdea", "#16456d"),
    colour("#8ab8e0", "#19578a"),
    colour("#629fd2", "#1e6ca8"),
    colour("#4086c1", "#3387c6"),
    colour("#246cac", "#58a4dd"),
    colour("#125291", "#89c1ee"),
    colour("#083a70", "#c2e0f9"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("two hexadecimal digits");
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    /// As WCAG 2 defines it.
    fn contrast(colour: &str, ground: &str) -> f64 {
        let (a, b) = (luminance(colour), luminance(ground));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn assert_contrast(colour: Colour, least: f64) {
        for (shown, ground) in [(colour.light, GROUND.light), (colour.dark, GROUND.dark)] {
            assert!(contrast(shown, ground) >= least, "{shown} on {ground}: {:.2}", contrast(shown, ground));
        }
    }

    #[test]
    fn text_can_be_read() {
        for colour in [INK, MUTED, RISEN, FALLEN, NEW].iter().chain(&SERIES) {
            assert_contrast(*colour, 4.5);
        }
    }

    #[test]
    fn text_can_be_read_on_the_backdrop() {
        for colour in [INK, MUTED] {
            assert!(contrast(colour.light, BACKDROP.light) >= 4.5, "{colour:?}");
            assert!(contrast(colour.dark, BACKDROP.dark) >= 4.5, "{colour:?}");
        }
    }

    #[test]
    fn cells_grow_darker_on_light_ground_and_lighter_on_dark() {
        for pair in HEAT.windows(2) {
            assert!(luminance(pair[0].light) > luminance(pair[1].light) * 1.15, "{pair:?}");
            assert!(luminance(pair[0].dark) * 1.15 < luminance(pair[1].dark), "{pair:?}");
        }
        assert_contrast(HEAT[8], 7.0);
    }

    #[test]
    fn shapes_can_be_seen() {
        assert_contrast(OTHERS, 3.0);
        assert_contrast(AXIS, 3.0);
    }
}
