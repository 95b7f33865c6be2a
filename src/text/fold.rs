//! The counting key of a word: `#StanLee`, `#stanlee` and `#ＳＴＡＮＬＥＥ` are one.
//!
//! NFKC(casefold(NFKC(text))): compatibility forms such as full-width letters and ligatures are made plain, upper and
//! lower case are made one, accents are composed. Case folding is the full one of Unicode, not lower-casing: `Straße` is
//! `STRASSE`, and a final sigma is a sigma. It knows no locale: the Turkish dotless ı stays apart from i. Nothing is
//! dropped, in contrast to NFKC_Casefold: the joiners within an emoji and in Persian words stay, and so do accents.
//!
//! Invariant: a folded text folds to itself, and all normal forms of a text fold to one.

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// The form of a text under which its spellings are counted as one.
///
/// ```
/// use trendpipe::text::fold;
/// assert_eq!(fold("STRASSE"), fold("Straße"));
/// assert_eq!(fold("ＡＢＣ"), "abc");
/// ```
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Borrowed(text);
        }
        return Cow::Owned(text.to_ascii_lowercase());
    }
    if text.chars().all(|letter| simple(letter) == Some(letter)) {
        return Cow::Borrowed(text);
    }
    if let Some(folded) = text.chars().map(simple).collect() {
        return Cow::Owned(folded);
    }
    let plain = nfkc(Cow::Borrowed(text));
    let mut folded = String::with_capacity(plain.len());
    plain.chars().for_each(|letter| push_folding(letter, &mut folded));
    if folded == plain { plain } else { nfkc(Cow::Owned(folded)) }
}

/// The counting form of a letter that has one whatever stands beside it: in normal form it neither changes nor joins with
/// what comes before, and it folds to one of its kind. These are the letters of most texts; `None` says nothing.
#[inline]
fn simple(letter: char) -> Option<char> {
    match letter {
        'A'..='Z' => Some(letter.to_ascii_lowercase()),
        '\0'..='\x7f' | 'à'..='ö' | 'ø'..='ÿ' | 'ά'..='ί' | 'α'..='ρ' | 'σ'..='ώ' | 'а'..='џ' => {
            Some(letter)
        }
        'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ϋ' | 'А'..='Я' => {
            char::from_u32(letter as u32 + 32)
        }
        'Ѐ'..='Џ' => char::from_u32(letter as u32 + 80),
        'א'..='ת'
        | 'ء'..='غ'
        | 'ف'..='ي'
        | 'ก'..='ะ'
        | 'ぁ'..='ゖ'
        | 'ァ'..='ー'
        | '一'..='鿿'
        | '가'..='힣' => Some(letter),
        _ => None,
    }
}

fn nfkc(text: Cow<'_, str>) -> Cow<'_, str> {
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfkc().collect()),
    }
}

/// Appends the full case folding of a letter, which Unicode derives from its case mappings: the lower case of the upper
/// case. The lower case before that finds the ẞ, which is its own upper case. The derivation leaves out the dotless ı,
/// whose upper case is that of i, and Cherokee, which folds to the upper case because its lower case is younger.
fn push_folding(letter: char, out: &mut String) {
    match letter {
        'ı' | '\u{13a0}'..='\u{13f5}' => out.push(letter),
        '\u{13f8}'..='\u{13fd}' | '\u{ab70}'..='\u{abbf}' => out.extend(letter.to_uppercase()),
        _ => out.extend(letter.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseless::Caseless as _;
    use proptest::prelude::*;
    use unicode_normalization::char::canonical_combining_class;

    /// By the definition, with the case folding that another crate reads from Unicode's own file.
    fn by_definition(text: &str) -> String {
        text.nfkc().default_case_fold().nfkc().collect()
    }

    /// The two planes that have letters with case.
    fn all_letters() -> impl Iterator<Item = char> {
        '\0'..='\u{1ffff}'
    }

    /// Letters that are compared in one word: with case, with marks, compatibility forms, and their likes.
    fn letters() -> impl Strategy<Value = char> {
        prop_oneof![
            3 => any::<char>(),
            3 => prop::char::range('A', 'z'),
            2 => prop::char::range('\u{c0}', '\u{24f}'),
            2 => prop::char::range('\u{300}', '\u{36f}'),
            2 => prop::char::range('\u{370}', '\u{5ff}'),
            1 => prop::char::range('\u{1e00}', '\u{1fff}'),
            1 => prop::char::range('\u{ac00}', '\u{d7a3}'),
            1 => prop::char::range('\u{1100}', '\u{11ff}'),
            1 => prop::char::range('\u{fb00}', '\u{ffef}'),
        ]
    }

    #[test]
    fn the_folding_of_each_letter_is_that_of_unicode() {
        for letter in all_letters() {
            let mut folded = String::new();
            push_folding(letter, &mut folded);
            let expected: String = std::iter::once(letter).default_case_fold().collect();
            // The other crate has Unicode 16, and keeps the letters that came later.
            let is_later = matches!(letter, '\u{a7ce}' | '\u{a7d2}' | '\u{a7d4}' | '\u{16ea0}'..='\u{16eb8}')
                || char::UNICODE_VERSION.0 > 17;
            let is_unknown = is_later && expected == String::from(letter);
            assert!(folded == expected || is_unknown, "{letter:?}: {folded:?}, not {expected:?}");
        }
    }

    #[test]
    fn simple_letters_stand_for_themselves() {
        for letter in all_letters() {
            let Some(folded) = simple(letter) else { continue };
            assert_eq!(by_definition(&String::from(letter)), String::from(folded), "{letter:?}");
            for letter in [letter, folded] {
                assert_eq!(canonical_combining_class(letter), 0, "{letter:?}");
                assert_eq!(is_nfkc_quick(std::iter::once(letter)), IsNormalized::Yes, "{letter:?}");
            }
        }
    }

    #[test]
    fn each_letter_folds_with_its_upper_and_lower_case() {
        for letter in all_letters() {
            let text = String::from(letter);
            let folded = fold(&text);
            let (upper, lower) = (text.to_uppercase(), text.to_lowercase());
            assert_eq!(fold(&lower), folded, "{letter:?} and its lower case");
            // No locale: I is the upper case of ı, but folds to i.
            if letter == 'ı' {
                assert_eq!((&*folded, &*fold(&upper)), ("ı", "i"));
            } else {
                assert_eq!(fold(&upper), folded, "{letter:?} and its upper case");
            }
            assert_eq!(fold(&folded), folded, "{letter:?} folds once");
        }
    }

    proptest! {
        #[test]
        fn normal_forms_and_foldings_fold_to_one(letters in prop::collection::vec(letters(), 0..8)) {
            let text: String = letters.into_iter().collect();
            let folded = fold(&text);
            prop_assert_eq!(&folded, &by_definition(&text));
            for form in [text.nfc().collect(), text.nfd().collect(), text.nfkc().collect(), text.nfkd().collect::<String>()] {
                prop_assert_eq!(&fold(&form), &folded, "{:?}", form);
            }
            prop_assert_eq!(&fold(&folded), &folded);
            let normal: String = folded.nfkc().collect();
            prop_assert_eq!(&normal, &folded);
            if text.is_ascii() {
                prop_assert_eq!(&folded, &text.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn known_words() {
        for (spellings, folded) in [
            (&["stanlee", "StanLee", "STANLEE", "ＳｔａｎＬｅｅ"][..], "stanlee"),
            (&["Straße", "STRASSE", "strasse", "STRAẞE"], "strasse"),
            (&["ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ", "Σι\u{301}συφος"], "σίσυφοσ"),
            (&["café", "CAFÉ", "cafe\u{301}", "CAFE\u{301}"], "café"),
            (&["cafe", "Cafe"], "cafe"),
            (&["ﬁnance", "FINANCE", "Finance"], "finance"),
            (&["ハッシュ", "ﾊｯｼｭ"], "ハッシュ"),
            (&["한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"], "한국"),
            (&["Привет", "ПРИВЕТ"], "привет"),
            (&["istanbul", "ISTANBUL"], "istanbul"),
            (&["İstanbul", "i\u{307}stanbul"], "i\u{307}stanbul"),
            (&["ısparta"], "ısparta"),
            (&["ǆ", "ǅ", "Ǆ", "dž", "DŽ"], "dž"),
            (&["ᏣᎳᎩ", "ꮳꮃꭹ"], "ᏣᎳᎩ"),
            (&["👩\u{200d}👩\u{200d}👧"], "👩\u{200d}👩\u{200d}👧"),
            (&["می\u{200c}خواهم"], "می\u{200c}خواهم"),
            (&["2019", "２０１９", "②⓪①⑨"], "2019"),
            (&[""], ""),
        ] {
            for spelling in spellings {
                assert_eq!(fold(spelling), folded, "{spelling}");
            }
        }
    }

    #[test]
    fn what_is_folded_is_not_copied() {
        for text in ["stanlee", "kpop_2019", "ハッシュ", "привет", "한국", "👩\u{200d}👩"] {
            assert!(matches!(fold(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
