//! The arguments that say what a terminal can show, and what it says itself.

use std::env;
use std::io::{IsTerminal, stdout};

use clap::{Args, ValueEnum};
use rustix::termios::tcgetwinsize;

use crate::chart::{Depth, Screen, Theme};

/// What a terminal can show.
#[derive(Args, Clone, Debug)]
pub struct ScreenArgs {
    /// Width in columns [default: the terminal's, else 80]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1_000), help_heading = "Screen")]
    width: Option<u16>,
    /// Height in lines that a picture has at most [default: the terminal's, else 24]
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u16).range(12..=1_000), help_heading = "Screen")]
    height: Option<u16>,
    /// Whether there are colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value = "auto", help_heading = "Screen")]
    color: Color,
    /// Draw with ASCII alone; labels keep their letters
    #[arg(long, help_heading = "Screen")]
    ascii: bool,
    /// Colours for a ground that is light or dark; auto asks COLORFGBG, and takes it for dark
    #[arg(long, default_value = "auto", help_heading = "Screen")]
    theme: Theme,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Also in a file or pipe
    Always,
    /// None
    Never,
}

impl ScreenArgs {
    /// Looks at the terminal: its size may change at any time.
    pub fn look(&self) -> Screen {
        let size = tcgetwinsize(stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        let (width, height) = size.map_or((80, 24), |size| (size.ws_col, size.ws_row));
        Screen {
            width: self.width.unwrap_or(width).into(),
            height: self.height.unwrap_or(height).into(),
            depth: self.depth(),
            ascii: self.ascii,
            theme: if self.theme == Theme::Auto { ground() } else { self.theme },
        }
    }

    fn depth(&self) -> Depth {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
        let wanted = match self.color {
            Color::Auto => stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb,
            Color::Always => true,
            Color::Never => false,
        };
        let has_all =
            env::var("COLORTERM").is_ok_and(|colours| ["truecolor", "24bit"].contains(&&colours[..]));
        match (wanted, has_all) {
            (false, _) => Depth::None,
            (true, true) => Depth::True,
            (true, false) => Depth::Ansi256,
        }
    }
}

/// COLORFGBG is `15;0`, or `0;default;15`: the last is the ground, of xterm's first sixteen colours.
fn ground() -> Theme {
    let ground =
        env::var("COLORFGBG").ok().and_then(|colours| colours.rsplit(';').next()?.parse::<u8>().ok());
    if matches!(ground, Some(7 | 9..=15)) { Theme::Light } else { Theme::Dark }
}
