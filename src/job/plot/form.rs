//! What a picture is written as.

use std::path::Path;

#[cfg(feature = "png")]
use super::png::Pixels;
use crate::chart::{Theme, page};

/// What a picture is written as.
#[derive(Clone, Debug)]
pub enum Form {
    /// As it is drawn.
    Svg,
    /// A page around it that reloads itself, as often as it is drawn, until the input has ended.
    Html,
    /// Pixels.
    #[cfg(feature = "png")]
    Png(Pixels),
}

/// Pixels of a PNG for each of the picture's: sharp where the screen has two for one.
#[cfg(feature = "png")]
const SCALE: u8 = 2;

impl Form {
    /// As the options say: `png` is also meant by a file that is named so, and `scale` is of it alone.
    ///
    /// # Errors
    ///
    /// A contradiction, or a form that this build cannot write.
    pub fn of(file: Option<&Path>, html: bool, png: bool, scale: Option<u8>) -> Result<Form, String> {
        let extension = file.and_then(Path::extension);
        let is_named_png = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        match (html, png || is_named_png, scale) {
            (true, true, _) => Err("--html writes a page, which is no PNG: name the file .html".into()),
            (_, true, scale) => Form::png(scale),
            (_, false, Some(_)) => Err("--scale is for PNG: add --png, or name the output .png".into()),
            (true, ..) => Ok(Form::Html),
            (false, ..) => Ok(Form::Svg),
        }
    }

    #[cfg(feature = "png")]
    fn png(scale: Option<u8>) -> Result<Form, String> {
        Pixels::new(scale.unwrap_or(SCALE)).map(Form::Png)
    }

    #[cfg(not(feature = "png"))]
    fn png(_scale: Option<u8>) -> Result<Form, String> {
        Err("this plot-svg was built without PNG: cargo install trendpipe --features png, \
             or plot-svg … | rsvg-convert -o FILE.png"
            .into())
    }

    /// The theme that is drawn: pixels cannot follow the viewer's.
    pub(super) fn theme(&self, theme: Theme) -> Theme {
        match self {
            #[cfg(feature = "png")]
            Form::Png(_) if theme == Theme::Auto => Theme::Light,
            _ => theme,
        }
    }

    /// The bytes of a picture; a page is loaded anew after so many seconds, if any.
    pub(super) fn write(&self, svg: String, theme: Theme, reload: Option<u64>) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Form::Svg => svg.into_bytes(),
            Form::Html => page(&svg, theme, reload).into_bytes(),
            #[cfg(feature = "png")]
            Form::Png(pixels) => pixels.draw(&svg)?,
        })
    }
}
