//! `plot-term`: charts as text, drawn over one another on a terminal, and one after the other elsewhere.

use std::time::Duration;

use super::{Board, Paced, left_out};
use crate::chart::{ChartOptions, Kind, Recent, Screen};
use crate::drive::{Context, Usage};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::Row;

/// Tells how large the screen is now.
pub type Looks = Box<dyn Fn() -> Screen + Send>;

/// What is drawn, and how.
pub struct TextOptions {
    /// The kind of chart.
    pub kind: Kind,
    /// What it shows.
    pub chart: ChartOptions,
    /// What it looks like.
    pub screen: Looks,
    /// Each picture takes the place of the one before, and is drawn at most so often. `None`: pictures follow each other.
    pub in_place: Option<Duration>,
    /// Where pictures follow each other: draw every window, also where a picture shows several of them.
    pub every_window: bool,
}

/// The job; see [`TextOptions`].
pub type PlotText = Paced<Text>;

/// The terminal, or the text that goes elsewhere.
pub struct Text {
    options: TextOptions,
    recent: Recent,
    is_stale: bool,
    /// Lines of the picture that is seen, and the screen that it was drawn for.
    seen: Option<(usize, Screen)>,
    drawn: u64,
}

impl PlotText {
    /// Charts with these options.
    pub fn new(options: TextOptions) -> PlotText {
        let (recent, every) = (options.kind.collect(&options.chart), options.in_place);
        Paced::on(Text { options, recent, is_stale: false, seen: None, drawn: 0 }, every)
    }
}

impl Text {
    /// Each window has a picture of its own.
    fn draws_windows(&self) -> bool {
        self.options.in_place.is_none() && (self.options.every_window || !self.options.kind.is_over_time())
    }

    fn news(&mut self, is_new: bool, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.is_stale |= is_new;
        if is_new && self.draws_windows() { self.draw(cx) } else { Ok(()) }
    }
}

/// Lines of a picture that can be drawn over: all but that of the cursor.
fn most(screen: &Screen) -> usize {
    screen.height.saturating_sub(1).max(1)
}

/// What draws a picture over the one that is seen, without a flicker where the terminal knows how to wait for the end of it.
fn in_place(picture: &str, seen: Option<(usize, Screen)>, screen: &Screen) -> String {
    // A terminal that is narrower than any chart shows what it has room for: a line that is wrapped could not be drawn over.
    let mut text = String::from("\x1b[?2026h\x1b[?7l");
    match seen {
        // Of another size it has been wrapped, nobody knows how.
        Some((_, before)) if before != *screen => text += "\x1b[2J\x1b[H",
        Some((lines @ 1.., _)) => text += &format!("\x1b[{lines}A\r"),
        _ => {}
    }
    for line in picture.lines().take(most(screen)) {
        text += &format!("{line}\x1b[K\n");
    }
    text + "\x1b[J\x1b[?7h\x1b[?2026l"
}

impl Board for Text {
    fn take(&mut self, row: Row, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let is_new = self.recent.push(row).map_err(|error| Usage(error.to_string()))?;
        self.news(is_new, cx)
    }

    fn end_partial(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let is_new = self.recent.flush_partial();
        self.news(is_new, cx)
    }

    fn is_stale(&self) -> bool {
        self.is_stale
    }

    fn draw(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let screen = (self.options.screen)();
        let picture = self.options.kind.draw_text(&self.recent, &self.options.chart, &screen);
        if self.options.in_place.is_some() {
            cx.out.text(in_place(&picture, self.seen, &screen).as_bytes())?;
            self.seen = Some((picture.lines().count().min(most(&screen)), screen));
        } else {
            let between = if self.drawn > 0 { "\n" } else { "" };
            cx.out.text(format!("{between}{picture}").as_bytes())?;
        }
        cx.out.flush()?;
        self.is_stale = false;
        self.drawn += 1;
        Ok(())
    }

    fn finish(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.is_stale {
            self.draw(cx)?;
        }
        if self.is_empty() {
            cx.notes.say("there was no window to draw");
        }
        left_out(std::iter::once(&self.recent), &self.options.chart, "", cx);
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    fn drawn(&self) -> u64 {
        self.drawn
    }

    fn pack(&self, packer: &mut Packer) {
        self.recent.pack(packer);
    }

    fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        self.recent.unpack(from)?;
        // Where pictures follow each other this one was among them.
        self.is_stale = self.options.in_place.is_some() && !self.recent.is_empty();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_takes_the_place_of_the_one_before() {
        let screen = Screen::default();
        let first = in_place("a\nb\n", None, &screen);
        assert_eq!(first, "\x1b[?2026h\x1b[?7la\x1b[K\nb\x1b[K\n\x1b[J\x1b[?7h\x1b[?2026l");
        assert!(in_place("c\n", Some((2, screen)), &screen).contains("\x1b[2A\rc"));
    }

    #[test]
    fn a_screen_of_another_size_is_cleared_and_a_high_picture_is_cut() {
        let small = Screen { height: 12, ..Screen::default() };
        let text = in_place(&"x\n".repeat(40), Some((2, Screen::default())), &small);
        assert!(text.contains("\x1b[2J\x1b[H") && text.matches('x').count() == 11, "{text:?}");
    }
}
