//! `track`: the filter of Twitter's streams, by its documented rules.
//!
//! Phrases stand between commas, and one of them is enough. A phrase is words, all of which must be there, in any order and in
//! any case. A word is looked for in the text, in hashtags, in names that are mentioned, and in addresses:
//!
//! - `rust` is a whole word of any of these: in `Rust!`, `#rust`, `@rust`, `http://rust-lang.org`, not in `rusty` or `#rustlang`.
//! - `#rust` is a hashtag alone, `@rust` a mention alone, `$rust` a cashtag alone.
//! - A word with other signs in it (`rust's`, `example.com/a`) is a word of the text as it stands between spaces, or a whole address
//!   without scheme and `www.`, never a part of a hashtag or a mention.
//!
//! Case is folded, and so are compatibility forms ([`super::fold`]); accents count.

use super::entity::Entity;
use super::{cashtags, fold, hashtags, mentions, urls};
use std::ops::Range;

/// What to look for, made once.
///
/// ```
/// use trendpipe::text::Track;
/// let track = Track::new("stan lee,#rust");
/// assert!(track.is_in("Lee, Stan: thank you"));
/// assert!(track.is_in("I like #Rust"));
/// assert!(!track.is_in("rust, and Stanley Lee"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// One of these.
    phrases: Vec<Vec<Term>>,
    /// How many words all phrases have.
    terms: usize,
    /// One of them is [`Kind::Whole`].
    has_whole: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    folded: String,
    kind: Kind,
}

/// Where a word is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Letters and digits: a word of anything.
    Word,
    /// A hashtag, a mention, a cashtag, by their sign.
    Signed(char),
    /// Anything else: what stands between spaces, or an address.
    Whole,
}

impl Term {
    fn new(word: &str) -> Term {
        let folded = fold(word).into_owned();
        let is_word = |word: &str| !word.is_empty() && word.chars().all(is_word_part);
        let kind = match folded.chars().next() {
            Some(sign @ ('#' | '@' | '$')) if is_word(&folded[1..]) => Kind::Signed(sign),
            _ if is_word(&folded) => Kind::Word,
            _ => Kind::Whole,
        };
        let folded = match kind {
            Kind::Signed(_) => folded[1..].to_owned(),
            Kind::Word => folded,
            Kind::Whole => address(&folded).to_owned(),
        };
        Term { folded, kind }
    }
}

fn is_word_part(character: char) -> bool {
    character.is_alphanumeric()
        || character == '_'
        || matches!(character, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// An address without its scheme and `www.`, which count for nothing.
fn address(url: &str) -> &str {
    let bare = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    bare.strip_prefix("www.").unwrap_or(bare)
}

impl Track {
    /// Reads what Twitter's parameter of the same name has.
    pub fn new(phrases: &str) -> Track {
        let phrases: Vec<Vec<Term>> = phrases
            .split(',')
            .map(|phrase| phrase.split_whitespace().map(Term::new).collect())
            .filter(|phrase: &Vec<Term>| !phrase.is_empty())
            .collect();
        let terms = phrases.iter().map(Vec::len).sum();
        let has_whole = phrases.iter().flatten().any(|term| term.kind == Kind::Whole);
        Track { phrases, terms, has_whole }
    }

    /// Nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Whether a phrase is in a text.
    pub fn is_in(&self, text: &str) -> bool {
        let mut search = Search::new(self);
        search.text(text);
        search.is_found()
    }
}

/// Goes through the parts of one post.
pub(super) struct Search<'s> {
    track: &'s Track,
    /// Which words were met, phrase by phrase.
    met: Vec<bool>,
}

impl<'s> Search<'s> {
    pub(super) fn new(track: &'s Track) -> Search<'s> {
        Search { track, met: vec![false; track.terms] }
    }

    /// All words of a phrase were met.
    pub(super) fn is_found(&self) -> bool {
        let mut met = self.met.as_slice();
        self.track.phrases.iter().any(|phrase| {
            let (own, rest) = met.split_at(phrase.len());
            met = rest;
            own.iter().all(|met| *met)
        })
    }

    fn meet(&mut self, is_met: impl Fn(&Term) -> bool) {
        for (met, term) in self.met.iter_mut().zip(self.track.phrases.iter().flatten()) {
            *met = *met || is_met(term);
        }
    }

    /// A hashtag, a mention or a cashtag, without its sign.
    pub(super) fn signed(&mut self, sign: char, name: &str) {
        let name = fold(name);
        self.meet(|term| {
            (term.kind == Kind::Word || term.kind == Kind::Signed(sign)) && term.folded == *name
        });
    }

    /// An address.
    pub(super) fn url(&mut self, url: &str) {
        let url = fold(url);
        let bare = address(&url);
        self.meet(|term| {
            term.kind == Kind::Whole && (term.folded == bare || term.folded == bare.trim_end_matches('/'))
        });
        self.words(&url);
    }

    /// A text, with what points elsewhere in it.
    pub(super) fn text(&mut self, text: &str) {
        let mut apart: Vec<Range<usize>> = Vec::new();
        let mut take = |found: Vec<Entity<'_>>, search: &mut Search<'_>, sign: Option<char>| {
            for entity in found {
                match sign {
                    Some(sign) => search.signed(sign, entity.value),
                    None => search.url(entity.value),
                }
                apart.push(entity.range);
            }
        };
        take(hashtags(text).collect(), self, Some('#'));
        take(mentions(text).collect(), self, Some('@'));
        take(cashtags(text).collect(), self, Some('$'));
        take(urls(text).collect(), self, None);
        apart.sort_unstable_by_key(|range| range.start);
        let mut from = 0;
        for range in apart {
            if from < range.start {
                self.plain(&text[from..range.start]);
            }
            from = from.max(range.end);
        }
        self.plain(&text[from.min(text.len())..]);
    }

    /// A text in which nothing points elsewhere.
    fn plain(&mut self, text: &str) {
        self.words(text);
        if !self.track.has_whole {
            return;
        }
        for whole in text.split_whitespace() {
            let whole = fold(whole);
            let bare = whole.trim_matches(|character: char| !is_word_part(character));
            self.meet(|term| term.kind == Kind::Whole && (term.folded == *whole || term.folded == bare));
        }
    }

    /// The words are folded one by one: most are of ASCII, which costs nothing.
    fn words(&mut self, text: &str) {
        for word in text.split(|character| !is_word_part(character)).filter(|word| !word.is_empty()) {
            if word.is_ascii() {
                self.meet(|term| term.kind == Kind::Word && term.folded.eq_ignore_ascii_case(word));
            } else {
                let word = fold(word);
                self.meet(|term| term.kind == Kind::Word && term.folded == *word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The table of Twitter's documentation, and what it says around it.
    #[test]
    fn the_documented_examples_hold() {
        for (phrases, matching, other) in [
            (
                "Twitter",
                &[
                    "TWITTER",
                    "twitter",
                    "\"Twitter\"",
                    "twitter.",
                    "#twitter",
                    "@twitter",
                    "http://twitter.com",
                ][..],
                &["TwitterTracker", "#newtwitter"][..],
            ),
            ("Twitter’s", &["I like Twitter’s new design"], &["Someday I’d like to visit @Twitter’s office"]),
            (
                "twitter api,twitter streaming",
                &[
                    "The Twitter API is awesome",
                    "The twitter streaming service is fast",
                    "Twitter has a streaming API",
                ],
                &["I’m new to Twitter"],
            ),
            ("example.com", &["Someday I will visit example.com"], &["There is no example.com/foobarbaz"]),
            (
                "example.com/foobarbaz",
                &["example.com/foobarbaz", "www.example.com/foobarbaz"],
                &["example.com"],
            ),
            (
                "example com",
                &[
                    "example.com",
                    "www.example.com",
                    "foo.example.com",
                    "foo.example.com/bar",
                    "I hope my startup isn’t merely another example of a dot com boom!",
                ],
                &["example.org"],
            ),
            ("touché", &["Touché!"], &["touche"]),
            ("hello", &["hello world", "my brother says hello."], &["hellos"]),
            (
                "stan lee,#rust",
                &["Lee, Stan", "#StanLee is Stan #Lee", "#RUST"],
                &["stanlee", "rust", "stan", "#rustlang"],
            ),
            ("@ann", &["hi @Ann!"], &["ann", "#ann", "@anna", "me@ann.com"]),
            ("$twtr", &["buy $TWTR"], &["twtr", "#twtr"]),
            (
                "https://www.example.com/a",
                &["see http://example.com/a.", "example.com/a"],
                &["example.com/a/b"],
            ),
            ("straße", &["STRASSE"], &["strase"]),
            ("東京", &["東京 へ", "#東京"], &["東京都"]),
        ] {
            let track = Track::new(phrases);
            for text in matching {
                assert!(track.is_in(text), "{phrases} in {text}");
            }
            for text in other {
                assert!(!track.is_in(text), "{phrases} not in {text}");
            }
        }
    }

    #[test]
    fn nothing_to_look_for_is_nowhere() {
        for phrases in ["", " ", ",", " , ,"] {
            assert!(Track::new(phrases).is_empty() && !Track::new(phrases).is_in("a b"));
        }
    }

    proptest! {
        /// Commas are or, blanks are and, the order is nothing.
        #[test]
        fn phrases_combine(a in "[#@]?[a-c]{1,2}", b in "[#@]?[a-c]{1,2}", text in "[#@a-cA-C .]{0,20}") {
            let has = |phrases: &str| Track::new(phrases).is_in(&text);
            let (has_a, has_b) = (has(&a), has(&b));
            prop_assert_eq!(has(&format!("{a},{b}")), has_a || has_b);
            prop_assert_eq!(has(&format!("{a} {b}")), has_a && has_b);
            prop_assert_eq!(has(&format!(" {b}  {a} ,")), has_a && has_b);
            prop_assert_eq!(has(&a.to_uppercase()), has_a);
        }

        #[test]
        fn any_phrases_and_any_text(phrases in any::<String>(), text in any::<String>()) {
            let _ = Track::new(&phrases).is_in(&text);
        }
    }
}
