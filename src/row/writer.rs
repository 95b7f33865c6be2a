//! Writes the rows of an emission: what they have in common is made once.

use super::key::{pack_other, single_string, unpack};
use super::{Bound, Number, write_name, write_string};
use crate::time::{Millis, write_rfc3339};

/// What all rows of an emission have in common.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head {
    /// Inclusive.
    pub start: Millis,
    /// Exclusive.
    pub end: Millis,
    /// The sum of the counts of the whole window.
    pub total: Number,
    /// The number of keys of the whole window.
    pub distinct: u64,
    /// Rows of this emission.
    pub rows: u64,
    /// Records that found no window open since the emission before.
    pub late: u64,
    /// 0 for the first emission of a window.
    pub rev: u64,
    /// Emitted before the watermark reached the end.
    pub open: bool,
    /// Only the rows that changed.
    pub update: bool,
    /// The one window over everything.
    pub all: bool,
}

/// Writes rows as JSON lines.
#[derive(Clone, Debug)]
pub struct RowWriter {
    /// `,"name":` of each key column.
    names: Vec<Vec<u8>>,
    /// The same of the aggregates.
    aggregates: Vec<Vec<u8>>,
    /// What stands before the first key column's value, or before the count if there is none.
    prefix: Vec<u8>,
    /// As many bytes of it as have no name of a column.
    bounds: usize,
    suffix: Vec<u8>,
}

impl RowWriter {
    /// A writer of rows with these key columns and aggregates.
    pub fn new<'n>(
        names: impl IntoIterator<Item = &'n str>,
        aggregates: impl IntoIterator<Item = &'n str>,
    ) -> RowWriter {
        let name = |name| {
            let mut column = Vec::new();
            write_name(name, &mut column);
            column
        };
        RowWriter {
            names: names.into_iter().map(name).collect(),
            aggregates: aggregates.into_iter().map(name).collect(),
            prefix: Vec::new(),
            bounds: 0,
            suffix: Vec::new(),
        }
    }

    /// Begins an emission.
    pub fn begin(&mut self, head: &Head) {
        self.prefix.clear();
        self.prefix.extend_from_slice(b"{\"window_start\":\"");
        write_rfc3339(head.start, &mut self.prefix);
        self.prefix.extend_from_slice(b"\",\"window_end\":\"");
        write_rfc3339(head.end, &mut self.prefix);
        self.prefix.push(b'"');
        self.bounds = self.prefix.len();
        self.prefix.extend(self.names.first().into_iter().flatten());
        self.suffix.clear();
        let Head { total, distinct, rows, late, rev, .. } = head;
        let figures = format!(",\"total\":{total},\"distinct\":{distinct},\"rows\":{rows},\"late\":{late}");
        self.suffix.extend_from_slice(figures.as_bytes());
        if *rev > 0 {
            self.suffix.extend_from_slice(format!(",\"rev\":{rev}").as_bytes());
        }
        for (name, flag) in [("open", head.open), ("update", head.update), ("all", head.all)] {
            if flag {
                self.suffix.extend_from_slice(format!(",\"{name}\":true").as_bytes());
            }
        }
        self.suffix.extend_from_slice(b"}\n");
    }

    /// Appends the one row of a window without any: it has no key columns.
    pub fn empty_row(&self, out: &mut Vec<u8>) {
        self.row(&[], (Number::ZERO, None), &vec![None; self.aggregates.len()], out);
    }

    /// Appends a row of the emission that was begun which has all columns, for their names; where counts are estimates, those of bounds.
    pub fn row_of_names(&self, is_estimate: bool, out: &mut Vec<u8>) {
        let mut key = Vec::new();
        self.names.iter().for_each(|_| pack_other("null", &mut key));
        let bound = is_estimate.then_some(Bound { error: 0, guaranteed: false });
        self.row(&key, (Number::ZERO, bound), &vec![None; self.aggregates.len()], out);
    }

    /// Appends one row of the emission that was begun, with its newline. The key is packed; see [`super::key`]. A count
    /// that is an estimate has a bound.
    pub fn row(
        &self,
        key: &[u8],
        (count, bound): (Number, Option<Bound>),
        aggregates: &[Option<Number>],
        out: &mut Vec<u8>,
    ) {
        if let (Some(text), [_]) = (single_string(key), &self.names[..]) {
            out.extend_from_slice(&self.prefix);
            write_string(text, out);
        } else {
            out.extend_from_slice(&self.prefix[..self.bounds]);
            for (name, value) in self.names.iter().zip(unpack(key)) {
                out.extend_from_slice(name);
                value.write_json(out);
            }
        }
        out.extend_from_slice(b",\"count\":");
        count.write(out);
        if let Some(Bound { error, guaranteed }) = bound {
            out.extend_from_slice(format!(",\"error\":{error},\"guaranteed\":{guaranteed}").as_bytes());
        }
        for (name, value) in self.aggregates.iter().zip(aggregates) {
            out.extend_from_slice(name);
            match value {
                Some(value) => value.write(out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(&self.suffix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::row::key::{pack_other, pack_string};

    #[test]
    fn written_rows_are_read_as_rows() {
        let mut writer = RowWriter::new(["city", "zip"], ["sum", "mean"]);
        let head = Head {
            start: -1500,
            end: 20_000,
            total: Number::Int(7),
            distinct: 2,
            rows: 1,
            rev: 1,
            open: true,
            ..Head::default()
        };
        writer.begin(&head);
        let (mut key, mut out) = (Vec::new(), Vec::new());
        pack_string("K\u{f6}ln \"am\" Rhein", &mut key);
        pack_other("50667", &mut key);
        let bound = Bound { error: 2, guaranteed: false };
        writer.row(&key, (Number::Int(3), Some(bound)), &[Some(Number::Float(0.5)), None], &mut out);
        let line = String::from_utf8(out).expect("UTF-8");
        assert_eq!(
            line,
            "{\"window_start\":\"1969-12-31T23:59:58.500Z\",\"window_end\":\"1970-01-01T00:00:20Z\",\
             \"city\":\"Köln \\\"am\\\" Rhein\",\"zip\":50667,\"count\":3,\"error\":2,\"guaranteed\":false,\"sum\":0.5,\"mean\":null,\"total\":7,\"distinct\":2,\"rows\":1,\
             \"late\":0,\"rev\":1,\"open\":true}\n"
        );
        let row = Row::read(line.trim_end().as_bytes()).expect("a row");
        assert_eq!(row.packed_key(), key);
        let mut again = Vec::new();
        row.write(&mut again);
        assert_eq!(String::from_utf8(again).expect("UTF-8"), line.trim_end());
    }
}
