//! Which key has which colour, from the first window to the last.
//!
//! Colours go to the first keys of each window, by first appearance, and stay: a key keeps its colour while it rises and
//! falls, and while it is away, until a new key needs one and no other has been away for longer. So the colours are a
//! function of the rows alone, however often they are drawn, and a page that shows the same rows has the same ones.

use super::colour::SERIES;
use crate::pack::{Packer, Unpackable, Unpacker};

/// Colours of keys, as places in [`SERIES`].
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// As many as [`SERIES`] has. Written out: with `SERIES.len()` here, an optimising rustc 1.95 asks for the code of a function that
    /// holds a palette while it finds out what the length is (E0391, a cycle).
    places: [Option<Place>; 8],
    windows: u64,
}

const _: () = assert!(SERIES.len() == 8);

#[derive(Clone, Debug)]
struct Place {
    key: Vec<u8>,
    last_seen: u64,
}

impl Palette {
    /// Takes note of a window's first keys, in order; those beyond the number of colours have none.
    pub fn see(&mut self, keys: impl Iterator<Item = Vec<u8>>) {
        self.windows += 1;
        let now = self.windows;
        let mut new = Vec::new();
        for key in keys.take(SERIES.len()) {
            match self.places.iter_mut().flatten().find(|place| place.key == key) {
                Some(place) => place.last_seen = now,
                None => new.push(key),
            }
        }
        for key in new {
            let last_seen = |place: &Option<Place>| place.as_ref().map_or(0, |place| place.last_seen);
            if let Some(place) = self.places.iter_mut().min_by_key(|place| last_seen(place)) {
                *place = Some(Place { key, last_seen: now });
            }
        }
    }

    /// Packs which key has which.
    pub fn pack(&self, packer: &mut Packer) {
        for place in &self.places {
            packer.option(place.as_ref(), |packer, place| {
                packer.string(&place.key);
                packer.u64(place.last_seen);
            });
        }
        packer.u64(self.windows);
    }

    /// Goes on with what was packed.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Palette, Unpackable> {
        let mut palette = Palette::default();
        for place in &mut palette.places {
            *place =
                from.option(|from| Ok(Place { key: from.string()?.to_vec(), last_seen: from.u64()? }))?;
        }
        palette.windows = from.u64()?;
        Ok(palette)
    }

    /// A colour for each of some keys: its own, or one that none of the others has; `None` when there are no more.
    pub fn of(&self, keys: &[Vec<u8>]) -> Vec<Option<usize>> {
        let own = |key: &Vec<u8>| {
            self.places.iter().position(|place| place.as_ref().is_some_and(|p| p.key == *key))
        };
        let mut colours: Vec<Option<usize>> = keys.iter().map(own).collect();
        for at in 0..colours.len() {
            if colours[at].is_none() {
                colours[at] = (0..SERIES.len()).find(|colour| !colours.contains(&Some(*colour)));
            }
        }
        colours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Vec<u8>> {
        text.bytes().map(|byte| vec![byte]).collect()
    }

    fn seen(windows: &[&str]) -> Palette {
        let mut palette = Palette::default();
        windows.iter().for_each(|window| palette.see(keys(window).into_iter()));
        palette
    }

    #[test]
    fn a_key_keeps_its_colour_while_ranks_change() {
        let palette = seen(&["abc", "cba", "dca"]);
        assert_eq!(palette.of(&keys("abcd")), [0, 1, 2, 3].map(Some));
        assert_eq!(palette.of(&keys("dcx")), [3, 2, 0].map(Some), "a key without one takes what is free");
    }

    #[test]
    fn the_one_that_was_away_longest_gives_way() {
        let palette = seen(&["abcdefgh", "acdefgh", "xacdefgh"]);
        assert_eq!(palette.of(&keys("xa")), [1, 0].map(Some), "b was away");
    }

    #[test]
    fn there_are_no_more_colours_than_can_be_told_apart() {
        let colours = seen(&["abcdefghij"]).of(&keys("abcdefghij"));
        assert_eq!((colours[7], colours[8], colours[9]), (Some(7), None, None));
    }
}
