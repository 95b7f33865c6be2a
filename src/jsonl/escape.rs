//! Text as a JSON string.

/// Appends a JSON string with the escapes that JSON demands and no others.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    write_string_with(demands_escape, text, out);
}

/// JSON has these bytes of a string in escapes alone.
#[inline]
pub fn demands_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The same where `is_escaped` says which bytes of ASCII are: at least those of [`demands_escape`].
#[inline]
pub fn write_string_with(is_escaped: impl Fn(u8) -> bool, text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    // Most need none; without a way out of the loop this looks at many bytes at a time.
    if !text.bytes().fold(false, |found, byte| found | is_escaped(byte)) {
        out.extend_from_slice(text.as_bytes());
        return out.push(b'"');
    }
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !is_escaped(byte) {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strings_are_escaped_as_json_demands() {
        let mut out = Vec::new();
        write_string("a\"\\\n\u{1}é😀/", &mut out);
        assert_eq!(out, "\"a\\\"\\\\\\n\\u0001é😀/\"".as_bytes());
    }

    proptest! {
        #[test]
        fn it_is_what_serde_json_writes(text in any::<String>()) {
            let mut out = Vec::new();
            write_string(&text, &mut out);
            prop_assert_eq!(out, serde_json::to_vec(&text).expect("a text is always JSON"));
        }
    }
}
