//! Our functions on text: what they are called, and what they give for a value of the record. Those that also take an
//! argument are defined beside the others in jq, in `functions`.

use super::posts::{Question, ask_value};
use crate::text::Track;
use crate::text::sentiment::Lexicon;
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

/// The lexicon that `sentiment` uses.
pub(super) fn lexicon() -> &'static Lexicon {
    LEXICON.get().unwrap_or_else(|| Lexicon::vader())
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
        run(("sentiment", [].into(), |cv| bome(asked("sentiment", &cv.1)))),
        run(("language", [].into(), |cv| bome(asked("language", &cv.1)))),
        run(("words", [].into(), |cv| bome(asked("words", &cv.1)))),
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

/// The text of a string.
fn string_of(value: &Val) -> Option<Cow<'_, str>> {
    match value {
        Val::TStr(bytes) => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    }
}
