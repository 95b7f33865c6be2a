//! The smallest parts of the grammar: white space, numbers and literals.

/// Whether JSON allows this byte between tokens.
#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first byte from `at` on that is no white space, or the line's length.
#[inline]
pub(super) fn skip_space(line: &[u8], mut at: usize) -> usize {
    while line.get(at).is_some_and(|byte| is_space(*byte)) {
        at += 1;
    }
    at
}

/// Past the run of bytes that begins at `at` and has no byte that ends or begins a token of another kind.
pub(super) fn scalar_end(line: &[u8], at: usize) -> usize {
    let is_end =
        |byte: &u8| is_space(*byte) || matches!(byte, b',' | b':' | b'"' | b'{' | b'}' | b'[' | b']');
    line[at..].iter().position(is_end).map_or(line.len(), |length| at + length)
}

/// Whether these bytes are exactly one number, `true`, `false` or `null`.
pub fn is_scalar(text: &[u8]) -> bool {
    matches!(text, b"true" | b"false" | b"null") || number_end(text) == Some(text.len())
}

/// Past the number that the text begins with.
pub(super) fn number_end(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| from + text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = usize::from(text.first() == Some(&b'-'));
    let mut end = if text.get(start) == Some(&b'0') { start + 1 } else { digits(start) };
    if end == start {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return None;
        }
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end = digits(exponent);
        if end == exponent {
            return None;
        }
    }
    Some(end)
}
