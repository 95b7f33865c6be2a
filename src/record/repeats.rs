//! Which records come again: the first with a key is kept, those that follow are not.

use std::fmt;

use super::Dedupe;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::{MILLIS_PER_DAY, Millis, Span};

/// How long a key is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// So many milliseconds of event time behind the newest record.
    Span(Millis),
    /// So many records.
    Records(u64),
    /// To the end; the memory grows with the keys.
    All,
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Within::Span(span) => Span::from_millis(*span).fmt(f),
            Within::Records(records) => write!(f, "{records}rec"),
            Within::All => f.write_str("all"),
        }
    }
}

/// Remembers keys, by time or by number.
///
/// Memory: what a key has bytes, and about 40 more; of a span or a number of records, the keys of at most twice as much.
#[derive(Clone, Debug)]
pub struct Repeats {
    within: Within,
    known: Dedupe,
    newest: Newest,
    records: u64,
}

impl Repeats {
    /// Remembers nothing yet.
    pub fn new(within: Within) -> Repeats {
        Repeats { within, known: Dedupe::new(span(within)), newest: Newest::default(), records: 0 }
    }

    /// Whether a record with this key came before; its time matters where keys are remembered for a span.
    pub fn is_again(&mut self, key: &[u8], time: Millis) -> bool {
        self.records += 1;
        let (time, newest) = match self.within {
            Within::Span(_) => (time, self.newest.see(time)),
            Within::Records(_) => (self.records as Millis, self.records as Millis),
            Within::All => (0, 0),
        };
        self.known.is_again(key, time, newest)
    }

    /// How many came again.
    pub fn found(&self) -> u64 {
        self.known.found()
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.known.ids()
    }

    /// Appends all that is remembered.
    pub fn pack(&self, out: &mut Packer) {
        out.u64(self.records);
        self.newest.pack(out);
        self.known.pack(out);
    }

    /// Remembers what was packed under the same setting.
    ///
    /// # Errors
    ///
    /// Bytes that [`Repeats::pack`] did not write.
    pub fn unpack(within: Within, from: &mut Unpacker<'_>) -> Result<Repeats, Unpackable> {
        let records = from.u64()?;
        let newest = Newest::unpack(from)?;
        Ok(Repeats { within, known: Dedupe::unpack(span(within), from)?, newest, records })
    }
}

fn span(within: Within) -> Millis {
    match within {
        Within::Span(span) => span,
        Within::Records(records) => Millis::try_from(records).unwrap_or(Millis::MAX),
        Within::All => Millis::MAX,
    }
}

/// The largest time that is believed. One that is more than a day ahead is so when the two records that are as far ahead before
/// it are within a day of it, as in windows: a single wrong date must not make all keys old.
#[derive(Clone, Debug, Default)]
struct Newest {
    time: Option<Millis>,
    /// At most two.
    ahead: Vec<Millis>,
}

impl Newest {
    /// The largest time that is believed, once a record with this one is seen.
    fn see(&mut self, time: Millis) -> Millis {
        let Some(newest) = self.time else {
            self.time = Some(time);
            return time;
        };
        if time <= newest.saturating_add(MILLIS_PER_DAY) {
            self.ahead.clear();
            return *self.time.insert(newest.max(time));
        }
        if self.ahead.iter().any(|other| other.abs_diff(time) > MILLIS_PER_DAY.unsigned_abs()) {
            self.ahead.clear();
        }
        self.ahead.push(time);
        if self.ahead.len() < 3 {
            return newest;
        }
        let believed = self.ahead.drain(..).max().unwrap_or(time);
        *self.time.insert(believed)
    }

    fn pack(&self, out: &mut Packer) {
        out.option(self.time, Packer::i64);
        out.length(self.ahead.len());
        self.ahead.iter().for_each(|&time| out.i64(time));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Result<Newest, Unpackable> {
        let time = from.option(Unpacker::i64)?;
        let ahead = (0..from.length()?).map(|_| from.i64()).collect::<Result<_, _>>()?;
        Ok(Newest { time, ahead })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a list of all keys says that were kept.
    fn expected(within: Within, kept: &[(u8, Millis, usize)], key: u8, at: usize, newest: Millis) -> bool {
        kept.iter().any(|&(known, time, place)| {
            known == key
                && match within {
                    Within::Span(span) => newest - time <= span,
                    Within::Records(records) => (at - place) as u64 <= records,
                    Within::All => true,
                }
        })
    }

    proptest! {
        #[test]
        fn what_came_before_is_found(
            records in prop::collection::vec((0u8..9, 0i64..200), 1..200),
            within in prop_oneof![
                (1i64..60).prop_map(Within::Span), (1u64..30).prop_map(Within::Records), Just(Within::All)
            ],
        ) {
            let mut repeats = Repeats::new(within);
            let mut kept = Vec::new();
            let mut newest = Millis::MIN;
            for (at, &(key, time)) in records.iter().enumerate() {
                if at % 13 == 5 {
                    let mut packer = Packer::default();
                    repeats.pack(&mut packer);
                    repeats = Repeats::unpack(within, &mut Unpacker::new(packer.bytes())).expect("packed");
                }
                newest = newest.max(time);
                let again = expected(within, &kept, key, at, newest);
                prop_assert_eq!(repeats.is_again(&[key], time), again, "{} {:?}", at, &records);
                if !again {
                    kept.push((key, time, at));
                }
            }
        }
    }

    #[test]
    fn a_wrong_date_makes_no_key_old() {
        let mut repeats = Repeats::new(Within::Span(1000));
        for (key, time, again) in [
            (1, 5_000, false),
            (9, 100 * MILLIS_PER_DAY, false),
            (1, 5_500, true),
            (8, 100 * MILLIS_PER_DAY, false),
            (7, 200 * MILLIS_PER_DAY, false),
            (1, 5_900, true),
        ] {
            assert_eq!(repeats.is_again(&[key], time), again, "{key} {time}");
        }
        // Three that agree are believed: what was before them is old.
        for (at, key) in [(0, 2), (1, 3), (2, 4)] {
            assert!(!repeats.is_again(&[key], 300 * MILLIS_PER_DAY + at));
        }
        assert!(!repeats.is_again(&[1], 300 * MILLIS_PER_DAY));
        assert!(repeats.is_again(&[4], 300 * MILLIS_PER_DAY + 5));
    }

    #[test]
    fn memory_is_bounded_by_the_number_of_records() {
        let mut repeats = Repeats::new(Within::Records(1000));
        for key in 0..100_000_u32 {
            repeats.is_again(&key.to_le_bytes(), 0);
            assert!(repeats.keys() <= 2003);
        }
    }
}
