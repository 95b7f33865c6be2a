//! `plot-term`: charts as text, drawn over one another on a terminal, and one after the other elsewhere.

use std::time::Duration;

use super::left_out;
use super::pace::Pace;
use crate::chart::{ChartOptions, Kind, Recent, Screen};
use crate::drive::{Context, End, Figures, Flow, Job, Recipe, Usage};
use crate::job::top::{RowMapper, row_recipe};
use crate::jsonl::Chunk;
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
pub struct PlotText {
    options: TextOptions,
    recent: Recent,
    is_stale: bool,
    pace: Pace,
    /// Lines of the picture that is seen, and the screen that it was drawn for.
    seen: Option<(usize, Screen)>,
    drawn: u64,
}

impl PlotText {
    /// Charts with these options.
    pub fn new(options: TextOptions) -> PlotText {
        let recent = options.kind.collect(&options.chart);
        let pace = Pace::new(options.in_place);
        PlotText { options, recent, is_stale: false, pace, seen: None, drawn: 0 }
    }

    /// Whether there was anything to draw.
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// Each window has a picture of its own.
    fn draws_windows(&self) -> bool {
        self.options.in_place.is_none() && (self.options.every_window || !self.options.kind.is_over_time())
    }

    fn news(&mut self, is_new: bool, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.is_stale |= is_new;
        if is_new && self.draws_windows() { self.draw(cx) } else { Ok(()) }
    }

    fn draw(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let screen = (self.options.screen)();
        let picture = self.options.kind.draw_text(&self.recent, &self.options.chart, &screen);
        if self.options.in_place.is_some() {
            cx.out.text(in_place(&picture, self.seen, &screen).as_bytes())?;
            self.seen = Some((picture.lines().count(), screen));
        } else {
            let between = if self.drawn > 0 { "\n" } else { "" };
            cx.out.text(format!("{between}{picture}").as_bytes())?;
        }
        cx.out.flush()?;
        self.is_stale = false;
        self.drawn += 1;
        self.pace.has_drawn();
        Ok(())
    }
}

/// What draws a picture over the one that is seen, without a flicker where the terminal knows how to wait for the end of it.
fn in_place(picture: &str, seen: Option<(usize, Screen)>, screen: &Screen) -> String {
    let mut text = String::from("\x1b[?2026h");
    match seen {
        // Of another size it has been wrapped, nobody knows how.
        Some((_, before)) if before != *screen => text += "\x1b[2J\x1b[H",
        Some((lines @ 1.., _)) => text += &format!("\x1b[{lines}A\r"),
        _ => {}
    }
    // A picture that is higher than the screen could not be drawn over.
    let most = screen.height.max(Screen::MIN_HEIGHT).saturating_sub(1);
    for line in picture.lines().take(most) {
        text += &format!("{line}\x1b[K\n");
    }
    text + "\x1b[J\x1b[?2026l"
}

impl Job for PlotText {
    type Mapper = RowMapper;

    fn recipe(&self) -> Recipe<RowMapper> {
        row_recipe(true)
    }

    fn apply(&mut self, _chunk: &Chunk, rows: Vec<Row>, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if !rows.is_empty() {
            self.pace.rows_came();
        }
        for row in rows {
            let is_new = self.recent.push(row).map_err(|error| Usage(error.to_string()))?;
            self.news(is_new, cx)?;
        }
        if self.pace.is_due(self.is_stale) {
            self.draw(cx)?;
        }
        Ok(Flow::On)
    }

    fn alarm(&self) -> Option<std::time::Instant> {
        self.pace.alarm(self.is_stale)
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.pace.is_silent() {
            let is_new = self.recent.flush_partial();
            self.news(is_new, cx)?;
        }
        if self.pace.is_due(self.is_stale) { self.draw(cx) } else { Ok(()) }
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let is_new = self.recent.flush_partial();
        self.news(is_new, cx)?;
        if self.is_stale {
            self.draw(cx)?;
        }
        if self.is_empty() {
            cx.notes.say("there was no window to draw");
        }
        left_out(std::iter::once(&self.recent), &self.options.chart, "", cx);
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("charts".into(), self.drawn.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_takes_the_place_of_the_one_before() {
        let screen = Screen::default();
        let first = in_place("a\nb\n", None, &screen);
        assert_eq!(first, "\x1b[?2026ha\x1b[K\nb\x1b[K\n\x1b[J\x1b[?2026l");
        assert!(in_place("c\n", Some((2, screen)), &screen).contains("\x1b[2A\rc"));
    }

    #[test]
    fn a_screen_of_another_size_is_cleared_and_a_high_picture_is_cut() {
        let small = Screen { height: 12, ..Screen::default() };
        let text = in_place(&"x\n".repeat(40), Some((2, Screen::default())), &small);
        assert!(text.contains("\x1b[2J\x1b[H") && text.matches('x').count() == 11, "{text:?}");
    }
}
