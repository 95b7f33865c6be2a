//! Pixels of a picture: PNG by resvg, where the crate was built with the feature `png`.
//!
//! The fonts are the machine's, so the bytes differ from machine to machine; on one machine they are the same each time,
//! whatever the order in which its folders list their files. Colours of emoji are not drawn.

use std::fmt;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, FaceInfo, Style};
use resvg::usvg::{Options, Tree};

/// Fonts that the widths of texts hold for, the best first; without any of them it is the first by name.
const PREFERRED: [&str; 6] =
    ["Noto Sans", "DejaVu Sans", "Liberation Sans", "Arial", "Helvetica", "Segoe UI"];
/// Pixels at most: 400 MB in memory.
const MOST: f64 = 1e8;

/// Makes pixels; knows the machine's fonts.
#[derive(Clone)]
pub struct Pixels {
    fonts: Arc<Database>,
    scale: f32,
}

impl Pixels {
    /// With `scale` pixels for each of the picture's.
    ///
    /// # Errors
    ///
    /// No font was found: a picture without its words says nothing.
    pub fn new(scale: u8) -> Result<Pixels, String> {
        let fonts = in_order(&{
            let mut found = Database::new();
            found.load_system_fonts();
            found
        });
        if fonts.is_empty() {
            return Err(
                "no font was found to write a PNG with: install one, such as fonts-noto-core, or write SVG"
                    .into(),
            );
        }
        Ok(Pixels { fonts: Arc::new(fonts), scale: f32::from(scale) })
    }

    /// The PNG of an SVG.
    pub(super) fn draw(&self, svg: &str) -> anyhow::Result<Vec<u8>> {
        let options = Options { fontdb: self.fonts.clone(), ..Options::default() };
        let tree = Tree::from_str(svg, &options).map_err(|error| anyhow!("cannot draw pixels: {error}"))?;
        let size = tree.size();
        let (width, height) = ((size.width() * self.scale).ceil(), (size.height() * self.scale).ceil());
        if f64::from(width) * f64::from(height) > MOST {
            bail!("a PNG of {width} by {height} pixels is too large: lower --scale, --width or --top");
        }
        let mut pixels = Pixmap::new(width as u32, height as u32)
            .ok_or_else(|| anyhow!("a PNG of {width} by {height} pixels cannot be made"))?;
        resvg::render(&tree, Transform::from_scale(self.scale, self.scale), &mut pixels.as_mut());
        Ok(pixels.encode_png()?)
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({}, {} fonts)", self.scale, self.fonts.len())
    }
}

/// The fonts in the order in which they are asked for a letter that the first does not have: those that stand upright, of
/// the usual weight, and have the preferred name in theirs; then by name.
fn in_order(found: &Database) -> Database {
    let mut faces: Vec<FaceInfo> = found.faces().cloned().collect();
    let family = |face: &FaceInfo| face.families.first().map_or(String::new(), |(name, _)| name.clone());
    faces.sort_by_cached_key(|face| {
        let name = family(face);
        (
            face.style != Style::Normal,
            // Their letters are pictures, of which none are drawn.
            name.contains("Color Emoji"),
            !name.starts_with(PREFERRED[0]),
            face.weight.0.abs_diff(400),
            name,
            face.post_script_name.clone(),
        )
    });
    let mut fonts = Database::new();
    let has = |name: &&str| faces.iter().any(|face| face.families.iter().any(|(family, _)| family == name));
    let first = faces.first().map(family).unwrap_or_default();
    let usual = PREFERRED.into_iter().find(has).map_or(first, str::to_owned);
    fonts.set_sans_serif_family(usual.clone());
    fonts.set_serif_family(usual);
    for face in faces {
        fonts.push_face_info(face);
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ChartOptions, KINDS, Kind, Theme};
    use crate::job::plot::Form;
    use crate::row::key::Scalar;
    use crate::row::{Number, Row};
    use std::collections::BTreeSet;
    use std::path::Path;

    /// As plot-svg writes a file of that name; `None` where the machine has no fonts.
    fn form(scale: Option<u8>) -> Option<Form> {
        Form::of(Some(Path::new("chart.PNG")), false, false, scale)
            .inspect_err(|why| println!("skipped: {why}"))
            .ok()
    }

    fn draw(kind: Kind, theme: Theme, form: &Form) -> Vec<u8> {
        let options = ChartOptions { theme: form.theme(theme), ..ChartOptions::default() };
        let mut recent = kind.collect(&options);
        for (number, count) in [3, 9, 4, 12].into_iter().enumerate() {
            for (label, share) in [("StanLee", 1.5), ("日本語", -0.5)] {
                let start = number as i64 * 60_000;
                let share = if kind.name == "diverge" { share } else { f64::abs(share) };
                let mut row = Row::new(start, start + 60_000, Number::Float(f64::from(count) * share));
                row.keys.push(("k".into(), Scalar::String(label.to_owned().into())));
                recent.push(row).expect("a row");
            }
        }
        recent.flush_partial();
        form.write(kind.draw(&recent, &options), options.theme, None).expect("a PNG")
    }

    fn colours(pixels: &Pixmap) -> BTreeSet<[u8; 3]> {
        pixels.pixels().iter().map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect()
    }

    #[test]
    fn every_kind_has_its_ground_its_words_and_its_colours() {
        let Some(form) = form(Some(1)) else { return };
        let light = ([0xff, 0xff, 0xff], [0x1f, 0x23, 0x28]);
        let dark = ([0x0d, 0x11, 0x17], [0xe6, 0xed, 0xf3]);
        let of_all = KINDS.into_iter().map(|kind| (kind, Theme::Dark, dark));
        let others = [Theme::Auto, Theme::Light].map(|theme| (Kind::default(), theme, light));
        for (kind, theme, (ground, ink)) in of_all.chain(others) {
            let pixels = Pixmap::decode_png(&draw(kind, theme, &form)).expect("a PNG");
            assert_eq!(pixels.width(), 800, "{kind}");
            let corner = pixels.pixel(1, 1).expect("a pixel");
            assert_eq!([corner.red(), corner.green(), corner.blue()], ground, "{kind} {theme:?}");
            let colours = colours(&pixels);
            assert!(colours.contains(&ink), "{kind} {theme:?} has no words");
            // Not letters on a ground alone: something that has a hue.
            let hue = |colour: &[u8; 3]| colour.iter().max().zip(colour.iter().min()).map(|(a, b)| a - b);
            assert!(colours.iter().filter_map(hue).any(|hue| hue > 60), "{kind} {theme:?} shows nothing");
        }
    }

    #[test]
    fn the_same_rows_make_the_same_bytes_of_two_pixels_for_one() {
        let Some(form) = form(None) else { return };
        let png = draw(Kind::default(), Theme::Auto, &form);
        assert_eq!(Pixmap::decode_png(&png).expect("a PNG").width(), 1_600);
        let again = self::form(None).expect("fonts are still there");
        assert!(draw(Kind::default(), Theme::Auto, &again) == png);
    }

    #[test]
    fn a_scale_is_so_many_pixels_for_each_of_the_pictures() {
        for scale in 1..=4 {
            let Some(form) = form(Some(scale)) else { return };
            let pixels = Pixmap::decode_png(&draw(Kind::default(), Theme::Light, &form)).expect("a PNG");
            assert_eq!(pixels.width(), 800 * u32::from(scale));
        }
    }

    #[test]
    fn pixels_are_bounded() {
        let Ok(pixels) = Pixels::new(4) else { return };
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="10000" height="9000"/>"#;
        let said = pixels.draw(svg).expect_err("too many").to_string();
        assert!(said.contains("40000 by 36000") && said.contains("--scale"), "{said}");
    }
}
