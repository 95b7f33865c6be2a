//! Sentences with parts that vary: `My {coffee|tea} is {cold|gone}`.

use crate::random::Random;

/// A pattern, taken apart once.
pub(super) struct Pattern {
    /// Text, then alternatives, in turn; text is one alternative.
    parts: Vec<Vec<&'static str>>,
}

impl Pattern {
    pub(super) fn new(text: &'static str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            parts.push(vec![before]);
            let (choices, after) = after.split_once('}').unwrap_or((after, ""));
            parts.push(choices.split('|').collect());
            rest = after;
        }
        parts.push(vec![rest]);
        Pattern { parts }
    }

    /// Appends one of its sentences.
    pub(super) fn write(&self, random: &mut Random, out: &mut String) {
        for part in &self.parts {
            out.push_str(if let [only] = part.as_slice() { only } else { random.choose(part) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alternative_comes() {
        let pattern = Pattern::new("a {b|c|} d{e|f}");
        let mut random = Random::new(1, 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut text = String::new();
            pattern.write(&mut random, &mut text);
            seen.insert(text);
        }
        assert_eq!(
            seen.into_iter().collect::<Vec<_>>(),
            ["a  de", "a  df", "a b de", "a b df", "a c de", "a c df"]
        );
    }
}
