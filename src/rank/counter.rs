//! Plain records, counted and ranked: `sort | uniq -c | sort -rn | head` for JSON lines.

mod packed;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{RankOptions, share};
use crate::row::key::{Scalar, unpack};
use crate::row::{Bound, Largest, Number, Place, Row, Spellings};

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
    counts: Counts,
    total: u64,
    missing: u64,
}

#[derive(Clone, Debug)]
enum Counts {
    AsTheyAre(HashMap<Box<[u8]>, u64, FixedState>),
    /// Under the folded key; the counts are those of its spellings.
    Folded(HashMap<Box<[u8]>, Spellings, FixedState>),
}

impl Counter {
    /// A counter for keys of these columns.
    pub fn new(names: Vec<String>) -> Counter {
        Counter::with(names, Counts::AsTheyAre(HashMap::with_hasher(FixedState::with_seed(0))))
    }

    /// A counter for folded keys: a list shows each in its most frequent spelling.
    pub fn folded(names: Vec<String>) -> Counter {
        Counter::with(names, Counts::Folded(HashMap::with_hasher(FixedState::with_seed(0))))
    }

    fn with(names: Vec<String>, counts: Counts) -> Counter {
        Counter { names, counts, total: 0, missing: 0 }
    }

    /// Counts a key once.
    pub fn add(&mut self, packed: &[u8]) {
        self.add_spelled(packed, packed);
    }

    /// Counts a folded key once, and its spelling.
    pub fn add_spelled(&mut self, packed: &[u8], spelling: &[u8]) {
        match &mut self.counts {
            Counts::AsTheyAre(counts) => update(counts, packed, |count| *count += 1),
            Counts::Folded(counts) => update(counts, packed, |known| known.add(spelling, 1)),
        }
        self.total += 1;
    }

    /// Notes a record that has no key.
    pub fn add_missing(&mut self) {
        self.missing += 1;
    }

    /// Takes over the counts of another counter with the same columns: one per worker, merged in any order.
    pub fn merge(&mut self, other: &Counter) {
        match (&mut self.counts, &other.counts) {
            (Counts::AsTheyAre(counts), Counts::AsTheyAre(others)) => {
                others.iter().for_each(|(key, more)| update(counts, key, |count| *count += more));
            }
            (Counts::Folded(counts), Counts::Folded(others)) => {
                others.iter().for_each(|(key, more)| update(counts, key, |known| known.merge(more, 1)));
            }
            _ => debug_assert!(false, "both fold, or neither"),
        }
        self.total += other.total;
        self.missing += other.missing;
    }

    /// Records without a key.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Different keys so far.
    pub fn distinct(&self) -> usize {
        match &self.counts {
            Counts::AsTheyAre(counts) => counts.len(),
            Counts::Folded(counts) => counts.len(),
        }
    }

    /// The list so far. There is only the count to order by, whatever the options say.
    pub fn finish(&self, options: &RankOptions) -> Vec<Row> {
        let whole = (self.total, self.distinct() as u64);
        match &self.counts {
            Counts::AsTheyAre(counts) => {
                let counts = counts.iter().map(|(key, count)| (&key[..], *count, None));
                list(&self.names, counts, whole, options)
            }
            Counts::Folded(counts) => {
                let shown = counts
                    .values()
                    .map(|spellings| (spellings.most_frequent(), spellings.records().unsigned_abs(), None));
                list(&self.names, shown, whole, options)
            }
        }
    }
}

/// Changes the entry of a key.
fn update<V: Default>(
    counts: &mut HashMap<Box<[u8]>, V, FixedState>,
    packed: &[u8],
    change: impl FnOnce(&mut V),
) {
    match counts.get_mut(packed) {
        Some(known) => change(known),
        None => change(counts.entry(packed.into()).or_default()),
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
    let mut largest = if options.ties { Largest::with_ties(options.n) } else { Largest::new(options.n) };
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
    fn folded_keys_are_listed_in_their_most_frequent_spelling() {
        let counter = |spellings: &[&str]| {
            let mut counter = Counter::folded(vec!["key".into()]);
            for spelling in spellings {
                let (mut packed, mut spelled) = (Vec::new(), Vec::new());
                pack_string(&spelling.to_lowercase(), &mut packed);
                pack_string(spelling, &mut spelled);
                counter.add_spelled(&packed, &spelled);
            }
            counter
        };
        let (mut a, b) = (counter(&["Ab", "ab", "AB", "ab", "C"]), counter(&["Ab", "Ab", "c", "d"]));
        assert_eq!(list(&a, 9, true), [("ab".into(), 4), ("C".into(), 1)]);
        let mut other = b.clone();
        other.merge(&a);
        a.merge(&b);
        let all = [("Ab".into(), 6), ("C".into(), 2), ("null".into(), 1)];
        assert_eq!((list(&a, 2, true), list(&other, 2, true)), (all.to_vec(), all.to_vec()));
        assert_eq!(a.distinct(), 3);
    }

    #[test]
    fn nothing_counted_is_an_empty_list() {
        assert!(list(&counter(&[]), 10, true).is_empty());
    }
}
