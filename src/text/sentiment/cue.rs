//! The words that a rule asks for by name.

/// A word in lower case that plays a part in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the word that it names
pub(super) enum Cue {
    Ass,
    At,
    Bad,
    Beating,
    Bomb,
    Bus,
    But,
    Death,
    Die,
    Doubt,
    Enough,
    For,
    Heart,
    Just,
    Kind,
    Kiss,
    Least,
    Never,
    No,
    Nor,
    Of,
    Or,
    Right,
    Shit,
    So,
    Sort,
    Stop,
    The,
    This,
    To,
    Very,
    Without,
    Yeah,
}

use Cue::*;

/// Each word beside its name.
pub(super) const CUES: [(&str, Cue); 33] = [
    ("ass", Ass),
    ("at", At),
    ("bad", Bad),
    ("beating", Beating),
    ("bomb", Bomb),
    ("bus", Bus),
    ("but", But),
    ("death", Death),
    ("die", Die),
    ("doubt", Doubt),
    ("enough", Enough),
    ("for", For),
    ("heart", Heart),
    ("just", Just),
    ("kind", Kind),
    ("kiss", Kiss),
    ("least", Least),
    ("never", Never),
    ("no", No),
    ("nor", Nor),
    ("of", Of),
    ("or", Or),
    ("right", Right),
    ("shit", Shit),
    ("so", So),
    ("sort", Sort),
    ("stop", Stop),
    ("the", The),
    ("this", This),
    ("to", To),
    ("very", Very),
    ("without", Without),
    ("yeah", Yeah),
];

/// Expressions with a valence of their own. `badass` of the reference's list is missing: it is one word, and no rule looks
/// for one.
const IDIOMS: [(&[Cue], f64); 8] = [
    (&[The, Shit], 3.0),
    (&[The, Bomb], 3.0),
    (&[Bad, Ass], 1.5),
    (&[Bus, Stop], 0.0),
    (&[Yeah, Right], -2.0),
    (&[Kiss, Of, Death], -1.5),
    (&[To, Die, For], 3.0),
    (&[Beating, Heart], 3.5),
];

/// The valence of an idiom; none if these words are none.
pub(super) fn idiom(words: &[Option<Cue>]) -> Option<f64> {
    words.first().copied().flatten()?;
    let is = |idiom: &[Cue]| {
        idiom.len() == words.len() && idiom.iter().zip(words).all(|(cue, word)| *word == Some(*cue))
    };
    IDIOMS.iter().find(|(idiom, _)| is(idiom)).map(|(_, valence)| *valence)
}

/// `just enough`, `kind of` and `sort of` weaken, as `hardly` does.
pub(super) fn weakens(first: Option<Cue>, second: Option<Cue>) -> bool {
    matches!((first, second), (Some(Just), Some(Enough)) | (Some(Kind | Sort), Some(Of)))
}
