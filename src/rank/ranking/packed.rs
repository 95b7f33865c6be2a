//! A ranking as bytes, and back: what a state keeps of it between two rows.

use super::{History, Ranking, Window};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::rank::RankOptions;
use crate::row::{Collect, Emission, Largest, Number, Row};

impl Ranking {
    /// Appends the lists before, and what came so far of the window in assembly.
    pub fn pack(&self, out: &mut Packer) {
        self.history.pack(out);
        out.option(self.assembly.part(), |out, (seen, window)| {
            out.u64(seen);
            window.pack(out);
        });
    }

    /// Goes on where a ranking with these options was packed. How many rows had no number is not known any more: that is
    /// a figure of its own run.
    ///
    /// # Errors
    ///
    /// Bytes that no ranking has packed.
    pub fn unpack(options: RankOptions, from: &mut Unpacker<'_>) -> Result<Ranking, Unpackable> {
        let mut ranking = Ranking::new(options);
        ranking.history = History::unpack(from)?;
        if from.bool()? {
            let seen = from.u64()?;
            let (any, window) = Window::unpack(&ranking.options, from)?;
            let emission = Emission::of(&any).map_err(|_| Unpackable)?;
            ranking.assembly.go_on(emission, seen, window);
        }
        Ok(ranking)
    }
}

impl Window {
    fn pack(&self, out: &mut Packer) {
        let lists = self.lists.values().cloned().flat_map(Largest::into_sorted);
        let listed: Vec<Row> = lists.map(|(_, row)| row).collect();
        // A window in assembly has had a row.
        let rows = self.any.iter().chain(&listed);
        out.length(listed.len());
        let mut line = Vec::new();
        for row in rows {
            line.clear();
            row.write(&mut line);
            out.string(&line);
        }
        out.u64(self.keys);
        match self.sum {
            Number::Int(sum) => {
                out.tag(0);
                out.i128(sum);
            }
            Number::Float(sum) => {
                out.tag(1);
                out.f64(sum);
            }
        }
    }

    fn unpack(options: &RankOptions, from: &mut Unpacker<'_>) -> Result<(Row, Window), Unpackable> {
        let mut window = Window::new(options);
        let length = from.length()?;
        let mut row = || Row::read(from.string()?).map_err(|_| Unpackable);
        let any = row()?;
        for _ in 0..length {
            window.add(row()?);
        }
        window.missing = 0;
        window.any = Some(any.clone());
        window.keys = from.u64()?;
        window.sum = match from.tag()? {
            0 => Number::Int(from.i128()?),
            1 => Number::Float(from.f64()?),
            _ => return Err(Unpackable),
        };
        Ok((any, window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::key::Scalar;
    use proptest::prelude::*;

    /// Rows of windows that follow each other, some of which lost rows, or come again.
    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let window = (
            prop::collection::btree_map("[a-f]{1,2}|\"\\\\", (0_i128..9, any::<bool>()), 1..9),
            0_usize..3,
            prop::sample::select(vec![(20_i64, false), (60, false), (86_400_000, false), (20, true)]),
            0_u64..2,
        );
        prop::collection::vec(window, 1..8).prop_map(|windows| {
            let mut rows = Vec::new();
            for (at, (counts, lose, (size, all), rev)) in (1_i64..).zip(windows) {
                let last = counts.len().saturating_sub(lose).max(1);
                for (key, (count, has_sum)) in counts.iter().take(last) {
                    let count =
                        if has_sum & (count % 4 == 3) { Number::Float(0.1) } else { Number::Int(*count) };
                    let mut row = Row::new(at * size, (at + 1) * size, count);
                    row.keys.push(("tag".into(), Scalar::String(key.clone().into())));
                    row.rows = (at % 5 != 4).then_some(counts.len() as u64);
                    (row.all, row.rev) = (all, rev);
                    if *has_sum {
                        row.extra.push(("sum".into(), "1.50".into()));
                    }
                    rows.push(row);
                }
            }
            rows
        })
    }

    proptest! {
        #[test]
        fn a_ranking_in_pieces_is_a_ranking(
            rows in rows(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
            n in 1_usize..5,
            by in prop::sample::select(vec!["count", "sum"]),
            ties: bool,
            group in prop::option::of(Just("tag".to_owned())),
        ) {
            let remainder = group.is_none();
            let options = RankOptions { n, by: by.into(), remainder, ties, group, ..RankOptions::default() };
            let (mut whole, mut pieces) = (Ranking::new(options.clone()), Ranking::new(options.clone()));
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len() + 1)).collect();
            for (at, row) in rows.iter().enumerate() {
                if cuts.contains(&at) {
                    let mut packer = Packer::default();
                    pieces.pack(&mut packer);
                    let mut from = Unpacker::new(packer.bytes());
                    pieces = Ranking::unpack(options.clone(), &mut from).expect("packed");
                    prop_assert!(from.end().is_ok());
                    let short = &packer.bytes()[..packer.bytes().len() - 1];
                    prop_assert!(Ranking::unpack(options.clone(), &mut Unpacker::new(short)).is_err());
                }
                whole.push(row.clone(), &mut expected).expect("a whole window's row");
                pieces.push(row.clone(), &mut found).expect("a whole window's row");
            }
            whole.flush_partial(&mut expected);
            pieces.flush_partial(&mut found);
            prop_assert_eq!(found, expected);
        }
    }
}
