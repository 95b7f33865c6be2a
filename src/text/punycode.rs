//! How long a label of a domain is in Punycode (RFC 3492): `münchen` is sent as `xn--mnchen-3ya`.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE: u32 = 0x80;

/// The length of a label that is not ASCII alone, with its `xn--`; `None` if it is above `most`.
pub(super) fn length(label: &str, most: usize) -> Option<usize> {
    // each character takes a digit at least
    if label.chars().count() > most {
        return None;
    }
    let plain = label.bytes().filter(u8::is_ascii).count();
    let mut length = "xn--".len() + plain + usize::from(plain > 0);
    let (mut code, mut delta, mut bias) = (FIRST_CODE, 0u32, FIRST_BIAS);
    let mut done = plain as u32;
    while let Some(next) = label.chars().map(u32::from).filter(|&letter| letter >= code).min() {
        delta = delta.checked_add((next - code).checked_mul(done + 1)?)?;
        code = next;
        for letter in label.chars().map(u32::from) {
            if letter < code {
                delta += 1;
            } else if letter == code {
                length += digits(delta, bias);
                bias = adapt(delta, done + 1, done == plain as u32);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        code += 1;
    }
    (length <= most).then_some(length)
}

/// How many digits a number takes.
fn digits(number: u32, bias: u32) -> usize {
    let mut rest = number;
    let mut count = 1;
    for place in 1.. {
        let threshold = (place * BASE).saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < threshold {
            break;
        }
        rest = (rest - threshold) / (BASE - threshold);
        count += 1;
    }
    count
}

fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = delta / if is_first { DAMP } else { 2 };
    delta += delta / points;
    let mut steps = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        steps += BASE;
    }
    steps + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_known_names() {
        for (label, encoded) in [
            ("münchen", "xn--mnchen-3ya"),
            ("bücher", "xn--bcher-kva"),
            ("рф", "xn--p1ai"),
            ("中国", "xn--fiqs8s"),
            ("みんな", "xn--q9jyb4c"),
            ("vermögensberatung", "xn--vermgensberatung-pwb"),
            ("پاکستان", "xn--mgbai9azgqp6j"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("なぜみんな日本語を話してくれないのか", "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
            ("💩", "xn--ls8h"),
        ] {
            assert_eq!(length(label, 63), Some(encoded.len()), "{label}");
        }
        assert_eq!(length("münchen", 13), None);
        assert_eq!(length(&"ü".repeat(1 << 20), 63), None);
    }
}
