//! What the words around a word do to its valence.
//!
//! The order of the steps is the reference's, since sums of fractions depend on it in their last digits.

use super::cue::{Cue, idiom, weakens};
use super::token::Word;
use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// What a valence gains by capitals in a text that is not all capitals.
const CAPITALS: f64 = 0.733;
/// What a valence is multiplied with by a negation.
const NEGATION: f64 = -0.74;
/// What `never so` and `never this` do instead.
const NEVER_SO: f64 = 1.25;
/// How much a modifier counts right before a word, one further off, and two.
const DAMPING: [f64; 3] = [1.0, 0.95, 0.9];

/// The valence of each word of a text.
pub(super) fn valences(words: &[Word]) -> Vec<f64> {
    let upper = words.iter().filter(|word| word.is_upper).count();
    let text = Text { words, mixes_case: 0 < upper && upper < words.len() };
    let mut valences: Vec<f64> = (0..words.len()).map(|at| text.valence(at)).collect();
    if let Some(but) = words.iter().position(|word| word.entry.cue == Some(Cue::But)) {
        weigh_around(but, &mut valences);
    }
    valences
}

struct Text<'w> {
    words: &'w [Word],
    /// Some words are in capitals and some are not.
    mixes_case: bool,
}

impl Text<'_> {
    fn valence(&self, at: usize) -> f64 {
        let word = self.words[at];
        let Some(score) = word.entry.score else { return 0.0 };
        let next = self.words.get(at + 1).map(|next| next.entry);
        let cue = word.entry.cue;
        let is_kind_of = cue == Some(Cue::Kind) && next.is_some_and(|next| next.cue == Some(Cue::Of));
        if word.entry.boost != 0.0 || is_kind_of {
            return 0.0;
        }
        let mut valence = score;
        if cue == Some(Cue::No) && next.is_some_and(|next| next.score.is_some()) {
            valence = 0.0;
        }
        let is_no = |back| self.cue(at, back) == Some(Cue::No);
        let joined = matches!(self.cue(at, 1), Some(Cue::Or | Cue::Nor));
        if is_no(1) || is_no(2) || is_no(3) && joined {
            valence = score * NEGATION;
        }
        if word.is_upper && self.mixes_case {
            valence += if valence > 0.0 { CAPITALS } else { -CAPITALS };
        }
        for back in 1..=at.min(3) {
            let before = self.words[at - back];
            if before.entry.score.is_none() {
                valence += self.boost(before, valence) * DAMPING[back - 1];
                valence = self.negated(valence, at, back);
                if back == 3 {
                    valence = self.idioms(valence, at);
                }
            }
        }
        self.least(valence, at)
    }

    /// The cue so many words back.
    fn cue(&self, at: usize, back: usize) -> Option<Cue> {
        self.words[at.checked_sub(back)?].entry.cue
    }

    /// What a modifier adds to a valence.
    fn boost(&self, modifier: Word, valence: f64) -> f64 {
        let boost = modifier.entry.boost;
        if boost == 0.0 {
            return 0.0;
        }
        let boost = if valence < 0.0 { -boost } else { boost };
        match modifier.is_upper && self.mixes_case {
            true if valence > 0.0 => boost + CAPITALS,
            true => boost - CAPITALS,
            false => boost,
        }
    }

    /// A valence behind the word so many words back, which may negate it.
    fn negated(&self, valence: f64, at: usize, back: usize) -> f64 {
        let is_so = |back| matches!(self.cue(at, back), Some(Cue::So | Cue::This));
        let is = |back, cue| self.cue(at, back) == Some(cue);
        let (emphatic, certain) = match back {
            1 => (false, false),
            2 => (is(2, Cue::Never) && is_so(1), is(2, Cue::Without) && is(1, Cue::Doubt)),
            // `so` or `this` right before the word is emphatic without `never`, too
            _ => (
                is(3, Cue::Never) && is_so(2) || is_so(1),
                is(3, Cue::Without) && (is(2, Cue::Doubt) || is(1, Cue::Doubt)),
            ),
        };
        if emphatic {
            valence * NEVER_SO
        } else if !certain && self.words[at - back].entry.negates {
            valence * NEGATION
        } else {
            valence
        }
    }

    /// A valence in an idiom, which reaches from three words back to two ahead.
    fn idioms(&self, mut valence: f64, at: usize) -> f64 {
        let cue = |place: usize| self.words[place].entry.cue;
        let [three, two, one, zero] = [cue(at - 3), cue(at - 2), cue(at - 1), cue(at)];
        let behind: [&[Option<Cue>]; 5] =
            [&[one, zero], &[two, one, zero], &[two, one], &[three, two, one], &[three, two]];
        if let Some(found) = behind.into_iter().find_map(idiom) {
            valence = found;
        }
        if let Some(next) = self.words.get(at + 1) {
            valence = idiom(&[zero, next.entry.cue]).unwrap_or(valence);
            if let Some(last) = self.words.get(at + 2) {
                valence = idiom(&[zero, next.entry.cue, last.entry.cue]).unwrap_or(valence);
            }
        }
        for (first, second) in [(three, two), (two, one)] {
            if weakens(first, second) {
                valence -= WEAKENING;
            }
        }
        valence
    }

    /// `least` negates, but not in `at least` and `very least`.
    fn least(&self, valence: f64, at: usize) -> f64 {
        let is_least = self.cue(at, 1) == Some(Cue::Least) && self.words[at - 1].entry.score.is_none();
        if is_least && !matches!(self.cue(at, 2), Some(Cue::At | Cue::Very)) {
            return valence * NEGATION;
        }
        valence
    }
}

/// What `kind of` takes from a valence.
const WEAKENING: f64 = 0.293;

/// Halves what stands before `but`, and takes half as much again of what stands behind it.
///
/// The reference takes each valence in turn, but changes the first place that has the same one. So of two equal
/// valences the first is changed twice, where its new value does not happen to differ by then. Keeping for each value
/// the places that have it makes that fast for a text of any length.
fn weigh_around(but: usize, valences: &mut [f64]) {
    let mut places: HashMap<u64, BinaryHeap<Reverse<usize>>, FixedState> = HashMap::default();
    // zero remains zero
    let scored = (0..valences.len()).filter(|&place| valences[place] != 0.0);
    for place in scored {
        places.entry(valences[place].to_bits()).or_default().push(Reverse(place));
    }
    for turn in 0..valences.len() {
        let valence = valences[turn];
        let Some(heap) = places.get_mut(&valence.to_bits()) else { continue };
        let Some(&Reverse(place)) = heap.peek() else { continue };
        let factor = match place.cmp(&but) {
            std::cmp::Ordering::Less => 0.5,
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Greater => 1.5,
        };
        heap.pop();
        valences[place] = valence * factor;
        places.entry(valences[place].to_bits()).or_default().push(Reverse(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the reference does it: for each valence in turn, the first place that has the same one.
    fn by_search(but: usize, valences: &mut [f64]) {
        for turn in 0..valences.len() {
            let valence = valences[turn];
            let place = valences.iter().position(|other| *other == valence).expect("at least its own");
            if place < but {
                valences[place] = valence * 0.5;
            } else if place > but {
                valences[place] = valence * 1.5;
            }
        }
    }

    proptest! {
        #[test]
        fn but_is_weighed_as_by_search(
            powers in prop::collection::vec((prop::sample::select(vec![0.0, 0.25, 0.5, 1.0, 1.5, 2.25, 3.0]), any::<bool>()), 1..24),
            at in any::<prop::sample::Index>(),
        ) {
            let valences: Vec<f64> =
                powers.iter().map(|&(power, negative)| if negative { -power } else { power }).collect();
            let but = at.index(valences.len());
            let (mut ours, mut theirs) = (valences.clone(), valences);
            weigh_around(but, &mut ours);
            by_search(but, &mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
