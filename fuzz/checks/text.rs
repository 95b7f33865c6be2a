//! Texts: what is found in one stands in it where it says, in order, and folding once is folding for good.

use trendpipe::text::{self, Entity, Track};

/// The first line is what is tracked, the rest the text.
pub fn check(bytes: &[u8]) {
    let Ok(given) = std::str::from_utf8(bytes) else { return };
    let (phrases, text) = given.split_once('\n').unwrap_or(("rust,#rust @rust $rust", given));
    stand_in(text, &mut text::hashtags(text));
    stand_in(text, &mut text::mentions(text));
    stand_in(text, &mut text::cashtags(text));
    stand_in(text, &mut text::urls(text));
    let folded = text::fold(text);
    assert_eq!(text::fold(&folded), folded, "folded twice");
    text::words(text, |word| assert!(!word.is_empty(), "an empty word"));
    assert!(!text::language(text).is_empty());
    let track = Track::new(phrases);
    assert!(!(track.is_empty() && track.is_in(text)), "nothing is tracked, and found");
    let score = text::sentiment::sentiment(text::sentiment::Lexicon::vader(), text);
    assert!(score.compound.abs() <= 1.0, "{score:?}");
}

fn stand_in<'t>(text: &'t str, entities: &mut dyn Iterator<Item = Entity<'t>>) {
    let mut behind = 0;
    for entity in entities {
        assert!(behind <= entity.range.start, "in order, and apart");
        let part = text.get(entity.range.clone()).expect("between letters");
        assert!(part.ends_with(entity.value), "{part:?} says {:?}", entity.value);
        behind = entity.range.end;
    }
}
