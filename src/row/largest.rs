//! The n first of a sequence in memory for n: a heap whose top is the last one that is still in.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Number;

/// What orders a row among the others: its number, then its key. Less is nearer to the top of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<K> {
    /// What it is ordered by; a row without comes after all that have one.
    pub value: Option<Number>,
    /// The smallest number first.
    pub ascending: bool,
    /// Settles ties: the smaller is first.
    pub key: K,
}

impl<K: Ord> Ord for Place<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_values(self.value, other.value, self.ascending).then_with(|| self.key.cmp(&other.key))
    }
}

impl<K: Ord> PartialOrd for Place<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_values(a: Option<Number>, b: Option<Number>, ascending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if ascending => a.cmp(&b),
        (Some(a), Some(b)) => b.cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Keeps the first `limit` items by their place.
#[derive(Clone, Debug)]
pub struct Largest<K, T> {
    limit: usize,
    heap: BinaryHeap<Entry<K, T>>,
    /// Beyond the limit: all that have the last one's number, where they are kept.
    ties: Option<Vec<Entry<K, T>>>,
}

#[derive(Clone, Debug)]
struct Entry<K, T> {
    place: Place<K>,
    item: T,
}

impl<K: Ord, T> Ord for Entry<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

impl<K: Ord, T> PartialOrd for Entry<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> PartialEq for Entry<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<K: Ord, T> Eq for Entry<K, T> {}

impl<K: Ord, T> Largest<K, T> {
    /// Of any number of items, the first `limit`.
    pub fn new(limit: usize) -> Self {
        Largest { limit, heap: BinaryHeap::new(), ties: None }
    }

    /// The same, and all items whose number is that of the last one.
    pub fn with_ties(limit: usize) -> Self {
        Largest { ties: Some(Vec::new()), ..Largest::new(limit) }
    }

    /// Whether an item with this number may get in: saves making the key of one that cannot.
    pub fn may_admit(&self, value: Option<Number>, ascending: bool) -> bool {
        self.heap.len() < self.limit
            || self
                .heap
                .peek()
                .is_some_and(|last| compare_values(value, last.place.value, ascending) != Ordering::Greater)
    }

    /// Offers an item.
    pub fn push(&mut self, place: Place<K>, item: T) {
        if self.heap.len() < self.limit {
            self.heap.push(Entry { place, item });
        } else if self.ties.is_some() {
            self.push_beyond(Entry { place, item });
        } else if let Some(mut last) = self.heap.peek_mut()
            && place < last.place
        {
            *last = Entry { place, item };
        }
    }

    /// Of a full heap whose ties are kept.
    fn push_beyond(&mut self, entry: Entry<K, T>) {
        let (Some(ties), Some(last)) = (&mut self.ties, self.heap.peek()) else { return };
        let ascending = entry.place.ascending;
        match compare_values(entry.place.value, last.place.value, ascending) {
            Ordering::Greater => {}
            Ordering::Equal => ties.push(entry),
            Ordering::Less => {
                self.heap.push(entry);
                let Some(out) = self.heap.pop() else { return };
                let still = self.heap.peek().map(|last| last.place.value);
                if still.is_some_and(|last| compare_values(last, out.place.value, ascending).is_eq()) {
                    ties.push(out);
                } else {
                    ties.clear();
                }
            }
        }
    }

    /// The items in order.
    pub fn into_sorted(self) -> Vec<(Place<K>, T)> {
        let mut entries = self.heap.into_sorted_vec();
        if let Some(ties) = self.ties {
            entries.extend(ties);
            entries.sort();
        }
        entries.into_iter().map(|entry| (entry.place, entry.item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_n_are_those_of_a_full_sort(
            values in prop::collection::vec((prop::option::weighted(0.8, 0_u64..5), 0_u8..9), 0..40),
            limit in 0_usize..8,
            ascending: bool,
            with_ties: bool,
        ) {
            let places = values.iter().map(|&(value, key)| Place { value: value.map(Number::from), ascending, key });
            // A list of none has no last place to be tied with.
            let limit = if with_ties { limit.max(1) } else { limit };
            let mut largest = if with_ties { Largest::with_ties(limit) } else { Largest::new(limit) };
            for place in places.clone() {
                if largest.may_admit(place.value, ascending) {
                    largest.push(place, ());
                }
            }
            let mut expected: Vec<_> = places.collect();
            expected.sort();
            let last = limit.checked_sub(1).and_then(|at| expected.get(at)).map(|place| place.value);
            let tied = expected.iter().skip(limit).take_while(|place| with_ties && Some(place.value) == last).count();
            expected.truncate(limit + tied);
            let found: Vec<_> = largest.into_sorted().into_iter().map(|(place, ())| place).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_row_without_the_number_is_last_in_both_directions() {
        for ascending in [false, true] {
            let with = Place { value: Some(Number::ZERO), ascending, key: "b" };
            let without = Place { value: None, ascending, key: "a" };
            assert!(with < without);
        }
    }
}
