//! Pieces of JSON, written straight into the line.

/// Appends text that is JSON already.
pub(super) fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends an unsigned number.
pub(super) fn number(out: &mut Vec<u8>, number: u64) {
    raw(out, itoa::Buffer::new().format(number));
}

/// Appends the inside of a string as Twitter escapes it: everything beyond ASCII as `\uXXXX`, pairs for the astral planes,
/// `\/`, and `\u003c` for `<`.
pub(super) fn ascii(out: &mut Vec<u8>, text: &str) {
    for char in text.chars() {
        match char {
            '"' | '\\' | '/' => out.extend_from_slice(&[b'\\', char as u8]),
            '\n' => out.extend_from_slice(b"\\n"),
            '<' | '>' | '\0'..='\x1f' | '\x7f'.. => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        out.push(b"0123456789abcdef"[usize::from(*unit >> shift & 15)]);
                    }
                }
            }
            _ => out.push(char as u8),
        }
    }
}

/// Appends the inside of a string as Meetup escapes it: UTF-8 as it is, and `\/`. The text has no control characters.
pub(super) fn utf8(out: &mut Vec<u8>, text: &str) {
    for &byte in text.as_bytes() {
        if matches!(byte, b'"' | b'\\' | b'/') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = "a\"b\\c/d\n<é日😀\u{200f}>\u{7f}\u{1}";
        let mut out = b"\"".to_vec();
        ascii(&mut out, text);
        out.push(b'"');
        assert!(out.is_ascii());
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        assert!(out.windows(12).any(|window| window == b"\\ud83d\\ude00"), "a pair");

        let mut out = b"\"".to_vec();
        utf8(&mut out, "é/\"\\日");
        out.push(b'"');
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), "é/\"\\日");

        for value in [0, 9, 10, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
        }
    }
}
