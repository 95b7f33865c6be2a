//! The newest lines, for readers that want all of them: one copy for all, and for each reader a place in it.
//!
//! Places are counted in bytes since the first reader came. Without readers nothing is kept.

use std::collections::{BTreeMap, VecDeque};

use axum::body::Bytes;

/// What readers may be behind; beyond it those that wait for nobody lose lines.
const ROOM: u64 = 16 << 20;

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pieces: VecDeque<(u64, Bytes)>,
    /// The place behind the newest line.
    end: u64,
    readers: BTreeMap<u64, Reader>,
    next_reader: u64,
}

#[derive(Debug)]
struct Reader {
    at: u64,
    /// The input waits for it.
    is_awaited: bool,
}

/// What comes next for a reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Whole lines.
    Lines(Bytes),
    /// Nothing yet.
    Nothing,
    /// It was too slow: lines are missing.
    Lost,
}

impl Backlog {
    /// A reader of all lines from now on.
    pub(super) fn join(&mut self, is_awaited: bool) -> u64 {
        let number = self.next_reader;
        self.next_reader += 1;
        self.readers.insert(number, Reader { at: self.end, is_awaited });
        number
    }

    pub(super) fn leave(&mut self, reader: u64) {
        self.readers.remove(&reader);
        self.trim();
    }

    pub(super) fn readers(&self) -> usize {
        self.readers.len()
    }

    /// Takes whole lines.
    pub(super) fn add(&mut self, lines: &[u8]) {
        if self.readers.is_empty() || lines.is_empty() {
            return;
        }
        self.pieces.push_back((self.end, Bytes::copy_from_slice(lines)));
        self.end += lines.len() as u64;
        self.trim();
    }

    /// Gives a reader what comes next, once.
    pub(super) fn next(&mut self, reader: u64) -> Next {
        let Some(reader) = self.readers.get_mut(&reader) else { return Next::Lost };
        if reader.at == self.end {
            return Next::Nothing;
        }
        let piece = self.pieces.partition_point(|(start, _)| *start < reader.at);
        let Some((start, piece)) = self.pieces.get(piece).filter(|(start, _)| *start == reader.at) else {
            return Next::Lost;
        };
        reader.at = start + piece.len() as u64;
        let piece = piece.clone();
        self.trim();
        Next::Lines(piece)
    }

    /// Whether the input is to wait for a reader that wants every line.
    pub(super) fn is_full(&self) -> bool {
        self.slowest_awaited().is_some_and(|at| self.end - at > ROOM)
    }

    fn slowest_awaited(&self) -> Option<u64> {
        self.readers.values().filter(|reader| reader.is_awaited).map(|reader| reader.at).min()
    }

    /// Drops what no reader will ask for, or may ask for any longer.
    fn trim(&mut self) {
        let slowest = self.readers.values().map(|reader| reader.at).min().unwrap_or(self.end);
        let kept = slowest.max(self.end.saturating_sub(ROOM)).min(self.slowest_awaited().unwrap_or(self.end));
        while self.pieces.front().is_some_and(|(start, piece)| start + piece.len() as u64 <= kept) {
            self.pieces.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &'static str) -> Next {
        Next::Lines(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn each_reader_gets_all_lines_from_its_coming_on() {
        let mut backlog = Backlog::default();
        backlog.add(b"before\n");
        let first = backlog.join(true);
        backlog.add(b"one\n");
        let second = backlog.join(false);
        backlog.add(b"two\n");
        assert_eq!([backlog.next(first), backlog.next(first)], [lines("one\n"), lines("two\n")]);
        assert_eq!([backlog.next(second), backlog.next(second)], [lines("two\n"), Next::Nothing]);
        assert_eq!(backlog.pieces.len(), 0, "nobody will ask for them again");
    }

    #[test]
    fn a_reader_that_nobody_waits_for_loses_lines_and_memory_stays_bounded() {
        let mut backlog = Backlog::default();
        let slow = backlog.join(false);
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..40 {
            backlog.add(&piece);
            assert!(!backlog.is_full());
        }
        assert!(backlog.pieces.len() <= 17, "{}", backlog.pieces.len());
        assert_eq!(backlog.next(slow), Next::Lost);
    }

    #[test]
    fn a_reader_that_is_awaited_loses_nothing() {
        let mut backlog = Backlog::default();
        let slow = backlog.join(true);
        let piece = vec![b'x'; 1 << 20];
        while !backlog.is_full() {
            backlog.add(&piece);
        }
        assert_eq!(backlog.pieces.len(), 17);
        assert!(matches!(backlog.next(slow), Next::Lines(lines) if lines.len() == 1 << 20));
        assert!(!backlog.is_full());
        backlog.add(&piece);
        assert!(backlog.is_full());
        backlog.leave(slow);
        assert!(!backlog.is_full() && backlog.pieces.is_empty());
    }
}
