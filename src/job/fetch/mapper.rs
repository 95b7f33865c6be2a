//! The pure half of [`Fetch`](super::Fetch): where each line is, and its time where that is needed.

use std::ops::Range;

use crate::drive::{self, Mapper};
use crate::expr::{Expr, Program};
use crate::job::clock;
use crate::jsonl::{Form, Record, Reject, is_refused};
use crate::scan::{self, Hit, Path, Scanner};
use crate::time::{Millis, TimeReader};

/// Looks at lines.
pub struct FetchMapper {
    time: Option<(Program, Expr, TimeReader)>,
    /// Finds where the time stands, for one that is to be written again.
    place: Option<Scanner>,
    form: Form,
}

/// A line: where its record is, and what is known of it.
pub struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) time: Option<Millis>,
    /// Where its time stands in the record; empty where that is not known.
    place: (u32, u32),
}

impl FetchMapper {
    /// Why a line of another form could not be made into a record.
    fn refusal(&self, line: &[u8]) -> Reject {
        if std::str::from_utf8(line).is_err() {
            return Reject::new("utf8", "not valid UTF-8");
        }
        if self.form == Form::Text {
            return Reject::new("cut", "the connection broke in the middle of this line");
        }
        let fields = Form::fields(line);
        let s = if fields == 1 { "" } else { "s" };
        Reject::new(
            "columns",
            format!("the row has {fields} field{s}, the header another number, or a quote is missing"),
        )
    }

    /// Reads times, if there is a way to them, and finds where they stand.
    pub(super) fn new(
        time: Option<(Program, Expr, TimeReader)>,
        place: Option<&Path>,
        form: Form,
    ) -> FetchMapper {
        FetchMapper { time, place: place.map(|path| Scanner::new(std::slice::from_ref(path))), form }
    }
}

impl Line {
    /// A line of some text.
    pub(super) fn new(range: Range<usize>, time: Option<Millis>) -> Line {
        Line { start: range.start, end: range.end, time, place: (0, 0) }
    }

    /// The time stands there in the record.
    #[cfg(test)]
    pub(super) fn with_place(self, place: Range<usize>) -> Line {
        Line { place: (place.start as u32, place.end as u32), ..self }
    }

    /// Where the time stands in the record.
    pub(super) fn place(&self) -> Option<Range<usize>> {
        let (start, end) = self.place;
        (start < end).then_some(start as usize..end as usize)
    }
}

impl Mapper for FetchMapper {
    type Batch = Vec<Line>;

    fn map(&mut self, record: &Record<'_>, lines: &mut Vec<Line>) -> Result<(), Reject> {
        if self.form != Form::Jsonl && is_refused(record) {
            return Err(self.refusal(record.bytes));
        }
        // A last line without its newline may be cut: handed on, it would be glued to what comes next.
        if !record.terminated {
            scan::check(record.bytes).map_err(drive::fault)?;
        }
        let time = self.time.as_mut().and_then(|(program, expression, times)| {
            clock::read(&mut program.load(record.bytes).ok()?, 0, expression, times).ok()
        });
        let mut line = Line::new(record.start..record.start + record.bytes.len(), time);
        if let Some(scanner) = &mut self.place
            && scanner.scan(record.bytes).is_ok()
            && let [Hit::Value { start, end }] = *scanner.hits(0)
        {
            line.place = (start, end);
        }
        lines.push(line);
        Ok(())
    }
}
