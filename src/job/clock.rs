//! Which field of a record is its event time.
//!
//! Without a word from the user the first record that has one of the usual fields decides for the whole run, so that
//! a stream of mixed records is never read by two clocks.

use std::ops::ControlFlow;

use super::evaluate::failed;
use crate::drive::{Notes, Usage};
use crate::expr::{Expr, Program, Record, Value};
use crate::jsonl::{Chunk, Reject, format};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::{Millis, TimeError, TimeReader};

/// The fields that are looked for, in this order within a record.
const USUAL_FIELDS: [&str; 8] =
    [".time_us", ".timestamp_ms", ".mtime", ".created_at", ".data.created_at", ".timestamp", ".ts", ".time"];
/// How many fields the message names when none of them is a time.
const NAMED_FIELDS: usize = 12;

/// How a record's time is had.
#[derive(Clone, Debug)]
pub enum Clock {
    /// From a field that the first record decides.
    Auto,
    /// From this expression's first output.
    Field(Expr),
    /// It is the time at which the record arrives.
    Arrival,
}

impl Clock {
    /// The value of `--time` that means it; `None` without one.
    pub(super) fn setting(&self) -> Option<String> {
        match self {
            Clock::Auto => None,
            Clock::Field(field) => Some(field.source().to_owned()),
            Clock::Arrival => Some("now".into()),
        }
    }

    /// Appends the field that was found, for a run that goes on.
    pub(super) fn pack(&self, out: &mut Packer) {
        let found = match self {
            Clock::Field(field) => Some(field.source()),
            Clock::Auto | Clock::Arrival => None,
        };
        out.option(found, |out, field| out.string(field.as_bytes()));
    }

    /// Goes on with the field that an earlier run found.
    pub(super) fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        let found = from.option(Unpacker::string)?;
        if let (Clock::Auto, Some(field)) = (&*self, found) {
            let field = std::str::from_utf8(field).map_err(|_| Unpackable)?;
            *self = Clock::Field(Expr::parse(field).map_err(|_| Unpackable)?);
        }
        Ok(())
    }
}

/// Where a mapper has the time of a record from.
pub(super) enum ClockReader {
    /// From this expression of the program.
    Field { index: usize, expression: Expr, reader: TimeReader, last: Last },
    /// The ordered half knows it.
    Arrival,
    /// No record had one yet.
    Unknown,
}

/// The time that was read last, and the bytes that it was read from: of a stream of many records a second, most stand at the
/// second of the one before.
#[derive(Default)]
pub(super) struct Last {
    bytes: Vec<u8>,
    time: Millis,
}

/// Longer texts are not kept to be compared.
const LONGEST_KEPT: usize = 64;

impl ClockReader {
    /// The reader of a clock; `add` takes its expression into a program and tells its number there.
    pub(super) fn new<'c>(
        clock: &'c Clock,
        reader: &TimeReader,
        add: impl FnOnce(&'c Expr) -> usize,
    ) -> ClockReader {
        match clock {
            Clock::Field(field) => ClockReader::Field {
                index: add(field),
                expression: field.clone(),
                reader: reader.clone(),
                last: Last::default(),
            },
            Clock::Arrival => ClockReader::Arrival,
            Clock::Auto => ClockReader::Unknown,
        }
    }

    /// The time of a record; of one that counts on its arrival, 0.
    pub(super) fn read(&mut self, record: &mut Record<'_>) -> Result<Millis, Reject> {
        match self {
            ClockReader::Field { index, expression, reader, last } => {
                let Some(bytes) = record.field(*index) else {
                    return read(record, *index, expression, reader);
                };
                // An empty value is none that was read.
                if bytes == last.bytes && !bytes.is_empty() {
                    return Ok(last.time);
                }
                let Some(time) = reader.plain(bytes) else { return read(record, *index, expression, reader) };
                last.bytes.clear();
                if bytes.len() <= LONGEST_KEPT {
                    last.bytes.extend_from_slice(bytes);
                    last.time = time;
                }
                Ok(time)
            }
            ClockReader::Arrival => Ok(0),
            ClockReader::Unknown => {
                Err(Reject::new("time", "no record so far has a time that is found by itself"))
            }
        }
    }
}

/// What records must be like to be looked at.
#[derive(Clone, Copy)]
pub(super) struct Condition<'c> {
    pub(super) expression: &'c Expr,
    /// What the expression must say.
    pub(super) wanted: bool,
}

/// Reads the time of a record now and then, without deciding anything.
pub(super) struct Glance {
    fields: Vec<Expr>,
    program: Program,
}

impl Glance {
    /// By the clock's field, else by the usual ones.
    pub(super) fn new(clock: &Clock) -> anyhow::Result<Glance> {
        let fields = match clock {
            Clock::Field(field) => vec![field.clone()],
            Clock::Auto | Clock::Arrival => {
                USUAL_FIELDS.map(Expr::parse).into_iter().collect::<Result<_, _>>()?
            }
        };
        Ok(Glance { program: Program::new(&fields.iter().collect::<Vec<_>>())?, fields })
    }

    /// The time of the last record of a chunk.
    pub(super) fn last(&mut self, chunk: &Chunk, times: &TimeReader) -> Option<Millis> {
        let bytes = chunk.bytes().trim_ascii_end();
        let start = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        let mut record = self.program.load(&bytes[start..]).ok()?;
        (0..self.fields.len()).find_map(|field| read(&mut record, field, &self.fields[field], times).ok())
    }
}

/// Settles [`Clock::Auto`] by looking at records in order.
#[derive(Default)]
pub(super) struct ClockSearch {
    /// The fields of the first record without a time, once there was one.
    seen: Option<Vec<String>>,
}

impl ClockSearch {
    /// Lets records decide which field is the time, where the user did not; whether it is known now.
    pub(super) fn settle(
        &mut self,
        clock: &mut Clock,
        chunk: &Chunk,
        keep: Option<Condition<'_>>,
        reader: &TimeReader,
        notes: &mut Notes,
    ) -> anyhow::Result<bool> {
        if matches!(clock, Clock::Auto)
            && let Some(field) = self.look(chunk, keep, reader, notes)?
        {
            *clock = Clock::Field(field);
        }
        Ok(!matches!(clock, Clock::Auto))
    }

    /// Looks through a chunk for the first record with one of the usual fields; one that `keep` leaves out decides
    /// nothing, as if a filter stood before.
    pub(super) fn look(
        &mut self,
        chunk: &Chunk,
        keep: Option<Condition<'_>>,
        reader: &TimeReader,
        notes: &mut Notes,
    ) -> anyhow::Result<Option<Expr>> {
        let fields = USUAL_FIELDS.map(Expr::parse).into_iter().collect::<Result<Vec<Expr>, _>>()?;
        let mut program =
            Program::new(&fields.iter().chain(keep.map(|keep| keep.expression)).collect::<Vec<_>>())?;
        for record in chunk.records() {
            let Ok(mut loaded) = program.load(record.bytes) else { continue };
            if let Some(keep) = keep
                && loaded.truthy(fields.len()) != Ok(keep.wanted)
            {
                continue;
            }
            let found =
                (0..fields.len()).find(|&field| read(&mut loaded, field, &fields[field], reader).is_ok());
            if let Some(field) = found {
                notes.say(&format!("the time is {} (--time EXPR chooses another)", fields[field].source()));
                return Ok(Some(fields[field].clone()));
            }
            if self.seen.is_none()
                && let Ok(columns) = format::columns(record.bytes)
            {
                self.seen = Some(columns.into_iter().map(|(name, _)| name).collect());
            }
        }
        Ok(None)
    }

    /// Whether there was a record at all.
    pub(super) fn has_seen_records(&self) -> bool {
        self.seen.is_some()
    }

    /// The error of a run in which no record had a time.
    pub(super) fn nothing_found(&self) -> Usage {
        let seen = self.seen.as_deref().unwrap_or_default();
        let more = if seen.len() > NAMED_FIELDS { ", …" } else { "" };
        let named = match &seen[..seen.len().min(NAMED_FIELDS)] {
            [] => "no fields".to_owned(),
            named => format!("the fields {}{more}", named.join(", ")),
        };
        Usage(format!(
            "no record has a time that is found by itself: say which field it is with --time .FIELD, or --time now for \
             the time of arrival; the first record has {named}"
        ))
    }
}

/// The time that expression `index` of the program puts out first for the record.
pub(super) fn read(
    record: &mut Record<'_>,
    index: usize,
    expression: &Expr,
    reader: &TimeReader,
) -> Result<Millis, Reject> {
    let mut time: Option<Result<Millis, String>> = None;
    let outcome = record.outputs(index, &mut |value| {
        let explain = |error: TimeError| error.to_string();
        time = Some(match &value {
            Value::Number(number) => reader.number(number).map_err(explain),
            Value::String(text) => reader.string(text).map_err(explain),
            Value::Null => Err("is missing or null".into()),
            _ => Err("is no string and no number".into()),
        });
        ControlFlow::Break(())
    });
    match (time, outcome) {
        (Some(Ok(time)), _) => Ok(time),
        (Some(Err(why)), _) => Err(Reject::new("time", format!("the time {}: {why}", expression.source()))),
        (None, Ok(())) => Err(Reject::new("time", format!("the time {} has no output", expression.source()))),
        (None, Err(error)) if error.grammar => Err(failed(error)),
        (None, Err(error)) => {
            Err(Reject::new("time", format!("the time {}: {}", expression.source(), error.message)))
        }
    }
}
