//! Our functions on text: what they are called, and what they give for a value of the record. Those that also take an
//! argument are defined beside the others in jq, in `functions`.

use crate::text;
use crate::text::sentiment::{Lexicon, sentiment};
use jaq_core::DataT;
use jaq_core::native::{Fun, bome, run};
use jaq_json::{Val, ValR};
use std::borrow::Cow;
use std::sync::OnceLock;

/// The lexicon of this process, if it is not the built-in one.
static LEXICON: OnceLock<Lexicon> = OnceLock::new();

/// Lets `sentiment` use this lexicon in all expressions of the process; the first call counts.
///
/// It is not a part of each expression because expressions are parsed together with the arguments, one of which names the
/// lexicon: an expression that was missed would give other scores, and nobody would see it.
pub fn use_lexicon(lexicon: Lexicon) {
    LEXICON.get_or_init(|| lexicon);
}

/// The functions of this file.
pub(super) fn functions<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Val>,
{
    [
        run(("fold", [].into(), |cv| bome(fold(&cv.1)))),
        run(("sentiment", [].into(), |cv| bome(Ok(sentiment_of(&cv.1))))),
    ]
    .into_iter()
}

/// A string to its counting key; what is no string has none.
fn fold(value: &Val) -> ValR {
    Ok(string_of(value).map_or(Val::Null, |string| Val::from(text::fold(&string).into_owned())))
}

/// A string to its scores; what is no string has none.
fn sentiment_of(value: &Val) -> Val {
    let Some(text) = string_of(value) else { return Val::Null };
    let scores = sentiment(LEXICON.get().unwrap_or_else(|| Lexicon::vader()), &text);
    let member = |name: &'static str, score: f64| (Val::utf8_str(name.as_bytes()), Val::from(score));
    Val::obj(
        [
            member("compound", scores.compound),
            member("pos", scores.pos),
            member("neu", scores.neu),
            member("neg", scores.neg),
        ]
        .into_iter()
        .collect(),
    )
}

/// The text of a string.
fn string_of(value: &Val) -> Option<Cow<'_, str>> {
    match value {
        Val::TStr(bytes) => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    }
}
