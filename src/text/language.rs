//! The language of a text.
//!
//! The script decides where only one language of many speakers is written in it. Else the crate whichlang does, which knows 16
//! languages by the frequencies of their letters, and never abstains: so a text with few letters is left undetermined here.
//! URLs, mentions and hashtags are in no language.
//!
//! Invariant: the same text gives the same code on every machine; the sums of floats within have a fixed order.

use super::piece::{Piece, pieces};
use whichlang::{Lang, detect_language};

/// The code of a language that cannot be told, of ISO 639-2.
pub const UNDETERMINED: &str = "und";

/// A text with fewer letters is too short to tell.
const FEWEST_LETTERS: usize = 10;

/// The language of a text by its code of ISO 639-1, or [`UNDETERMINED`].
///
/// ```
/// use trendpipe::text::language;
/// assert_eq!(language("The weather is lovely today"), "en");
/// assert_eq!(language("Das Wetter ist heute schön"), "de");
/// assert_eq!(language("ok #TheWeatherIsLovely https://example.com"), "und");
/// ```
pub fn language(text: &str) -> &'static str {
    let mut plain = String::with_capacity(text.len());
    pieces(text, |piece| {
        if let Piece::Text(part) = piece {
            plain.push_str(part);
            plain.push(' ');
        }
    });
    let ascii = plain.bytes().filter(u8::is_ascii_alphabetic).count();
    let mut letters = Letters { all: ascii, ..Letters::default() };
    if !plain.is_ascii() {
        let wide = plain.chars().filter(|character| !character.is_ascii() && character.is_alphabetic());
        wide.for_each(|letter| letters.count(letter));
    }
    if letters.all < FEWEST_LETTERS {
        return UNDETERMINED;
    }
    letters.language().unwrap_or_else(|| code(detect_language(&plain)))
}

/// Scripts of one language, or of one with by far the most speakers online, none of which whichlang knows.
const SCRIPTS: [(char, char, &str); 20] = [
    ('\u{370}', '\u{3ff}', "el"),
    ('\u{530}', '\u{58f}', "hy"),
    ('\u{590}', '\u{5ff}', "he"),
    ('\u{980}', '\u{9ff}', "bn"),
    ('\u{a00}', '\u{a7f}', "pa"),
    ('\u{a80}', '\u{aff}', "gu"),
    ('\u{b00}', '\u{b7f}', "or"),
    ('\u{b80}', '\u{bff}', "ta"),
    ('\u{c00}', '\u{c7f}', "te"),
    ('\u{c80}', '\u{cff}', "kn"),
    ('\u{d00}', '\u{d7f}', "ml"),
    ('\u{d80}', '\u{dff}', "si"),
    ('\u{e00}', '\u{e7f}', "th"),
    ('\u{e80}', '\u{eff}', "lo"),
    ('\u{f00}', '\u{fff}', "bo"),
    ('\u{1000}', '\u{109f}', "my"),
    ('\u{10a0}', '\u{10ff}', "ka"),
    ('\u{1200}', '\u{137f}', "am"),
    ('\u{1780}', '\u{17ff}', "km"),
    ('\u{1f00}', '\u{1fff}', "el"),
];

/// The letters of a text by script.
#[derive(Default)]
struct Letters {
    all: usize,
    of_script: [usize; SCRIPTS.len()],
}

impl Letters {
    fn count(&mut self, letter: char) {
        self.all += 1;
        if letter >= SCRIPTS[0].0 {
            let script = SCRIPTS.partition_point(|&(_, last, _)| last < letter);
            if SCRIPTS.get(script).is_some_and(|&(first, ..)| first <= letter) {
                self.of_script[script] += 1;
            }
        }
    }

    /// The language of the script that more than half of the letters are of.
    fn language(&self) -> Option<&'static str> {
        let script = self.of_script.iter().position(|&count| count * 2 > self.all)?;
        Some(SCRIPTS[script].2)
    }
}

fn code(language: Lang) -> &'static str {
    match language {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sixteen_languages_are_told() {
        for (text, expected) in [
            ("Ein schöner Tag, um ins Kino zu gehen", "de"),
            ("A nice day to go to the movies", "en"),
            ("Un bonito día para ir al cine", "es"),
            ("Une belle journée pour aller au cinéma", "fr"),
            ("Una bella giornata per andare al cinema", "it"),
            ("Um belo dia para ir ao cinema", "pt"),
            ("Een mooie dag om naar de film te gaan", "nl"),
            ("En vacker dag att gå på bio", "sv"),
            ("Sinemaya gitmek için güzel bir gün", "tr"),
            ("Một ngày đẹp trời để đi xem phim", "vi"),
            ("Прекрасный день для похода в кино", "ru"),
            ("يوم جميل للذهاب إلى السينما", "ar"),
            ("फिल्म देखने जाने के लिए अच्छा दिन", "hi"),
            ("映画を見に行くのにいい日です", "ja"),
            ("영화를 보러 가기 좋은 날입니다", "ko"),
            ("今天是去看电影的好日子啊朋友", "zh"),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }

    #[test]
    fn a_script_of_one_language_tells_it() {
        for (text, expected) in [
            ("Ωραία μέρα για σινεμά", "el"),
            ("יום נפלא ללכת לקולנוע", "he"),
            ("วันที่ดีที่จะไปดูหนัง", "th"),
            ("კარგი დღეა კინოში წასასვლელად", "ka"),
            ("Today I learned about the letter π and the letter Ω", "en"),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }

    #[test]
    fn what_points_somewhere_has_no_language() {
        let tweet = "@jean RT @marie: Das Wetter ist heute sehr schön #BeautifulWeatherToday https://the-weather-channel.com/today";
        assert_eq!(language(tweet), "de");
    }

    #[test]
    fn few_letters_are_undetermined() {
        for text in [
            "",
            "lol 12345 !!!",
            "very nice",
            "@someone #averylongtag https://example.com",
            "😀😀😀😀😀😀😀😀😀😀😀",
        ] {
            assert_eq!(language(text), UNDETERMINED, "{text}");
        }
        assert_eq!(language("very nicer"), UNDETERMINED);
        assert_eq!(language("a very nice"), UNDETERMINED);
        assert_eq!(language("a very nicer"), "en");
    }

    #[test]
    fn scripts_are_in_order_and_apart() {
        assert!(SCRIPTS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(SCRIPTS.iter().all(|(first, last, _)| first < last));
    }

    proptest! {
        #[test]
        fn any_text_has_a_code(text in any::<String>()) {
            prop_assert!((2..=3).contains(&language(&text).len()));
        }
    }
}
