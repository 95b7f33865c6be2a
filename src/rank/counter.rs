//! Plain records, counted and ranked: `sort | uniq -c | sort -rn | head` for JSON lines.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{RankOptions, share};
use crate::row::key::{Scalar, unpack};
use crate::row::{Bound, Largest, Number, Place, Row};

/// Counts packed keys, exactly.
///
/// The list is that of one window that holds the whole input: the same rows as from windows, but without
/// `window_start`, `window_end`, `late` and `prev_rank`.
///
/// ```
/// use trendpipe::rank::{Counter, RankOptions};
/// use trendpipe::row::key::pack_string;
///
/// let mut counter = Counter::new(vec!["lang".into()]);
/// for lang in ["en", "ja", "en"] {
///     let mut key = Vec::new();
///     pack_string(lang, &mut key);
///     counter.add(&key);
/// }
/// let mut line = Vec::new();
/// counter.finish(&RankOptions::default())[0].write(&mut line);
/// assert_eq!(line, br#"{"lang":"en","count":2,"total":3,"distinct":2,"rows":2,"rank":1,"share":0.6667}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Counter {
    names: Vec<String>,
    counts: HashMap<Box<[u8]>, u64, FixedState>,
    total: u64,
    missing: u64,
}

impl Counter {
    /// A counter for keys of these columns.
    pub fn new(names: Vec<String>) -> Counter {
        Counter { names, counts: HashMap::with_hasher(FixedState::with_seed(0)), total: 0, missing: 0 }
    }

    /// Counts a key once.
    pub fn add(&mut self, packed: &[u8]) {
        self.add_times(packed, 1);
    }

    /// Notes a record that has no key.
    pub fn add_missing(&mut self) {
        self.missing += 1;
    }

    /// Takes over the counts of another counter with the same columns: one per worker, merged in any order.
    pub fn merge(&mut self, other: &Counter) {
        for (key, count) in &other.counts {
            self.add_times(key, *count);
        }
        self.missing += other.missing;
    }

    fn add_times(&mut self, packed: &[u8], times: u64) {
        match self.counts.get_mut(packed) {
            Some(count) => *count += times,
            None => {
                self.counts.insert(packed.into(), times);
            }
        }
        self.total += times;
    }

    /// Records without a key.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Different keys so far.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// The list so far. There is only the count to order by, whatever the options say.
    pub fn finish(&self, options: &RankOptions) -> Vec<Row> {
        let counts = self.counts.iter().map(|(key, count)| (&key[..], *count, None));
        list(&self.names, counts, (self.total, self.counts.len() as u64), options)
    }
}

/// The list of plain records that were counted elsewhere: packed keys with their counts in any order, the sum of all
/// counts, and how many keys there are. Counts that are estimates have a bound.
pub fn list<'k>(
    names: &[String],
    counts: impl Iterator<Item = (&'k [u8], u64, Option<Bound>)>,
    (total, distinct): (u64, u64),
    options: &RankOptions,
) -> Vec<Row> {
    let ascending = options.ascending;
    let mut largest = Largest::new(options.n);
    for (key, count, bound) in counts {
        let place = Place { value: Some(Number::from(count)), ascending, key };
        largest.push(place, (count, bound));
    }
    let mut rest = total;
    let mut list = Vec::new();
    for (rank, (place, (count, bound))) in (1..).zip(largest.into_sorted()) {
        let keys = unpack(place.key).map(Scalar::into_owned);
        list.push(Row {
            keys: names.iter().cloned().zip(keys).collect(),
            rank: Some(rank),
            bound,
            share: Some(share(Number::from(count), Number::from(total))),
            ..Row::unbounded(Number::from(count))
        });
        // Estimates may add up to more than there is.
        rest = rest.saturating_sub(count);
    }
    if options.remainder && distinct > list.len() as u64 {
        let null = || Scalar::Other("null".into());
        list.push(Row {
            keys: names.iter().map(|name| (name.clone(), null())).collect(),
            share: Some(share(Number::from(rest), Number::from(total))),
            ..Row::unbounded(Number::from(rest))
        });
    }
    let rows = list.len() as u64;
    for row in &mut list {
        row.total = Some(Number::from(total));
        row.distinct = Some(distinct);
        row.rows = Some(rows);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::key::{pack_other, pack_string};

    fn counter(keys: &[&str]) -> Counter {
        let mut counter = Counter::new(vec!["key".into()]);
        for key in keys {
            let mut packed = Vec::new();
            match Number::parse(key) {
                Some(_) => pack_other(key, &mut packed),
                None => pack_string(key, &mut packed),
            }
            counter.add(&packed);
        }
        counter
    }

    fn list(counter: &Counter, n: usize, remainder: bool) -> Vec<(String, u64)> {
        let rows = counter.finish(&RankOptions { n, remainder, ..RankOptions::default() });
        assert!(rows.iter().all(|row| row.rows == Some(rows.len() as u64) && row.bounds.is_none()));
        rows.iter().map(|row| (row.label().into_owned(), row.count.as_f64() as u64)).collect()
    }

    #[test]
    fn ties_are_cut_by_key_and_strings_come_before_numbers() {
        let found = list(&counter(&["7", "b", "a", "c", "c", "1.0", "1"]), 4, true);
        let found: Vec<_> = found.iter().map(|(key, count)| (key.as_str(), *count)).collect();
        assert_eq!(found, [("c", 2), ("1", 2), ("a", 1), ("b", 1), ("null", 1)]);
    }

    #[test]
    fn workers_merge_in_any_order() {
        let (mut a, b) = (counter(&["x", "y"]), counter(&["y", "z"]));
        let mut other = b.clone();
        a.add_missing();
        other.merge(&a);
        a.merge(&b);
        assert_eq!(list(&a, 9, true), list(&other, 9, true));
        assert_eq!((a.missing(), other.missing(), a.distinct()), (1, 1, 3));
    }

    #[test]
    fn nothing_counted_is_an_empty_list() {
        assert!(list(&counter(&[]), 10, true).is_empty());
    }
}
