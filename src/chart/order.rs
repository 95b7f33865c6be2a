//! Which rows of a window a chart of so many bars shows, and in what order.

use crate::row::{Collect, Largest, Number, Place, Row};

/// Keeps the first rows by rank, or by count where there is no rank, and the remainder row apart.
#[derive(Clone, Debug)]
pub struct First {
    largest: Largest<Vec<u8>, Row>,
    remainder: Option<Row>,
}

impl First {
    /// Of one window, so many at most.
    pub fn new(top: usize) -> First {
        First { largest: Largest::new(top), remainder: None }
    }

    /// The rows in order, the remainder last.
    pub fn into_rows(self) -> Vec<Row> {
        let rows = self.largest.into_sorted().into_iter().map(|(_, row)| row);
        rows.chain(self.remainder).collect()
    }

    /// Of the rows of one window.
    pub(super) fn of(rows: &[Row], top: usize) -> Vec<Row> {
        let mut first = First::new(top);
        rows.iter().for_each(|row| first.add(row.clone()));
        first.into_rows()
    }
}

impl Collect for First {
    fn add(&mut self, row: Row) {
        if row.is_remainder() {
            self.remainder = Some(row);
            return;
        }
        // A ranked list keeps its order, whatever it was ordered by.
        let (value, ascending) = match row.rank {
            Some(rank) => (Some(Number::from(rank)), true),
            None => (Some(row.count), false),
        };
        if self.largest.may_admit(value, ascending) {
            let place = Place { value, ascending, key: row.packed_key() };
            self.largest.push(place, row);
        }
    }
}
