//! Our functions on text: what they are called, and what they give for a value of the record. Those that also take an
//! argument are defined beside the others in jq, in `functions`.

use super::posts::{Question, ask_value};
use crate::text::Track;
use crate::text::sentiment::{Lexicon, sentiment};
use jaq_core::native::{Fun, bome, run};
use jaq_core::{Bind, DataT, Error};
use jaq_json::{Val, ValR};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
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
        run(("fold", [].into(), |cv| bome(asked("fold", &cv.1)))),
        run(("fold_ascii", [].into(), |cv| bome(asked("fold_ascii", &cv.1)))),
        run(("hashtags", [].into(), |cv| bome(asked("hashtags", &cv.1)))),
        run(("mentions", [].into(), |cv| bome(asked("mentions", &cv.1)))),
        run(("urls", [].into(), |cv| bome(asked("urls", &cv.1)))),
        run(("cashtags", [].into(), |cv| bome(asked("cashtags", &cv.1)))),
        run(("post_text", [].into(), |cv| bome(asked("post_text", &cv.1)))),
        run(("track", [Bind::Var(())].into(), |mut cv| bome(track(&cv.0.pop_var(), &cv.1)))),
        run(("sentiment", [].into(), |cv| bome(Ok(sentiment_of(&cv.1))))),
        run(("language", [].into(), |cv| bome(Ok(language_of(&cv.1))))),
        run(("words", [].into(), |cv| bome(Ok(words_of(&cv.1))))),
    ]
    .into_iter()
}

/// The answer of a text or a post.
fn asked(name: &'static str, value: &Val) -> ValR {
    Ok(Question::of(name).map_or(Val::Null, |question| ask_value(&question, value)))
}

/// Whether phrases are in a text or a post.
fn track(phrases: &Val, value: &Val) -> ValR {
    // phrases hardly ever change from one record to the next
    thread_local! {
        static KNOWN: RefCell<Option<(String, Rc<Question>)>> = const { RefCell::new(None) };
    }
    let phrases = string_of(phrases).ok_or_else(|| Error::typ(phrases.clone(), "string"))?;
    let question = KNOWN.with_borrow_mut(|known| match known {
        Some((text, question)) if *text == phrases => Rc::clone(question),
        known => {
            let question = Rc::new(Question::Track(Track::new(&phrases)));
            *known = Some((phrases.into_owned(), Rc::clone(&question)));
            question
        }
    });
    Ok(ask_value(&question, value))
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

/// A string to the code of its language. A record has the language that it names itself.
fn language_of(value: &Val) -> Val {
    if let Val::Obj(_) = value {
        return own_language(value).unwrap_or_default();
    }
    string_of(value).map_or(Val::Null, |text| Val::utf8_str(text::language(&text).as_bytes()))
}

/// What a record says of its language: a tweet, also in the envelope of API v2, a status of Mastodon, a post of Bluesky.
fn own_language(record: &Val) -> Option<Val> {
    let post = member(record, "commit").and_then(|commit| member(commit, "record"));
    let places = [Some(record), member(record, "data"), post];
    let named = places.into_iter().flatten().flat_map(|place| {
        let first = match member(place, "langs") {
            Some(Val::Arr(codes)) => codes.first(),
            _ => None,
        };
        [member(place, "lang"), member(place, "language"), first]
    });
    named.flatten().find(|code| matches!(code, Val::TStr(text) if !text.is_empty())).cloned()
}

fn member<'v>(value: &'v Val, name: &'static str) -> Option<&'v Val> {
    match value {
        Val::Obj(members) => members.get(&Val::utf8_str(name.as_bytes())),
        _ => None,
    }
}

/// A string to an array of its words; what is no string has none.
fn words_of(value: &Val) -> Val {
    let mut words = Vec::new();
    if let Some(text) = string_of(value) {
        text::words(&text, |word| words.push(Val::utf8_str(word.to_owned())));
    }
    words.into_iter().collect()
}

/// The text of a string.
fn string_of(value: &Val) -> Option<Cow<'_, str>> {
    match value {
        Val::TStr(bytes) => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    }
}
