//! What went wrong since the start, for people who look at the page: the newest entries, each said once for many.

use std::collections::VecDeque;

use super::window::{Object, separate};
use crate::time::Millis;

/// Entries that are kept.
const MOST: usize = 50;
/// The same again within so long raises the count of the entry before.
const TOGETHER: Millis = 60_000;

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Lines of the input were no records.
    Rejected,
    /// Records found no window open.
    Late,
    /// Rows that make no window.
    Changes,
    /// A reader was too slow.
    Dropped,
    /// There was no place for a reader.
    Refused,
    Ended,
}

impl Event {
    fn words(self, count: u64) -> String {
        let several =
            |one: &str, many: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {many}") };
        match self {
            Event::Rejected => several("line was no record", "lines were no records"),
            Event::Late => {
                several("record came too late for its window", "records came too late for their windows")
            }
            Event::Changes => "rows that only say what changed (--emit update) make no windows here".into(),
            Event::Dropped => {
                several("reader was too slow, and was dropped", "readers were too slow, and were dropped")
            }
            Event::Refused => several("reader found all places taken", "readers found all places taken"),
            Event::Ended => "the input ended".into(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Millis,
    event: Event,
    count: u64,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    version: u64,
}

impl Log {
    /// Takes note of so many of an event.
    pub(super) fn add(&mut self, at: Millis, event: Event, count: u64) {
        if count == 0 {
            return;
        }
        self.version += 1;
        let same = self.entries.back_mut().filter(|last| last.event == event && at - last.at <= TOGETHER);
        if let Some(last) = same {
            last.count += count;
            return;
        }
        self.entries.push_back(Entry { at, event, count });
        if self.entries.len() > MOST {
            self.entries.pop_front();
        }
    }

    /// Changes with every entry; 0 as long as there is nothing to tell.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The entries as a JSON list, the oldest first.
    pub(super) fn json(&self) -> Vec<u8> {
        let mut list = vec![b'['];
        for entry in &self.entries {
            separate(&mut list);
            let mut object = Object::new();
            object.integer("at", entry.at);
            object.string("text", &entry.event.words(entry.count));
            list.extend_from_slice(&object.finish());
        }
        list.push(b']');
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log) -> Vec<String> {
        let json: serde_json::Value = serde_json::from_slice(&log.json()).expect("JSON");
        let entries = json.as_array().expect("a list").iter();
        entries.map(|entry| format!("{} {}", entry["at"], entry["text"].as_str().expect("text"))).collect()
    }

    #[test]
    fn the_same_is_said_once_for_a_while() {
        let mut log = Log::default();
        assert_eq!((log.version(), texts(&log).len()), (0, 0));
        for (at, event, count) in [
            (0, Event::Rejected, 1),
            (10, Event::Rejected, 2),
            (20, Event::Late, 0),
            (60_000, Event::Rejected, 1),
            (60_001, Event::Rejected, 1),
        ] {
            log.add(at, event, count);
        }
        assert_eq!(texts(&log), ["0 4 lines were no records", "60001 1 line was no record"]);
        assert_eq!(log.version(), 4);
    }

    #[test]
    fn the_newest_are_kept() {
        let mut log = Log::default();
        for n in 0..200 {
            log.add(n, if n % 2 == 0 { Event::Late } else { Event::Dropped }, 1);
        }
        assert_eq!(texts(&log).len(), MOST);
        assert_eq!(
            texts(&log).last().map(String::as_str),
            Some("199 1 reader was too slow, and was dropped")
        );
    }
}
