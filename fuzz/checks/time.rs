//! Times and spans: what is read is written and read again as the same, and jiff, which reads RFC 3339 by itself, agrees.

use jiff::Timestamp;
use trendpipe::time::{Span, TimeReader, rfc3339, time_zone};

/// Years that are written with four digits, as every reader wants them.
const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// A text is tried as all that it could be.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    time(text);
    span(text);
    let _ = time_zone(text);
    // The first line as a format, the second as a time in it.
    if let Some((format, text)) = text.split_once('\n')
        && let Ok(reader) = TimeReader::with_format(format)
    {
        let _ = (reader.string(text), reader.number(text));
    }
}

fn time(text: &str) {
    let reader = TimeReader::auto();
    for millis in [reader.string(text), reader.number(text)].into_iter().flatten() {
        if WRITABLE.contains(&millis) {
            assert_eq!(reader.string(&rfc3339(millis)), Ok(millis), "{text:?} is written and read again");
        }
    }
    // The form that both read: a date, a T, a time with seconds, and Z.
    let is_plain = text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if is_plain && let (Ok(ours), Ok(theirs)) = (reader.string(text), text.parse::<Timestamp>()) {
        let floored = theirs.as_nanosecond().div_euclid(1_000_000);
        assert_eq!(i128::from(ours), floored, "{text:?}");
    }
}

fn span(text: &str) {
    for read in [Span::parse, Span::parse_signed, Span::parse_positive] {
        let Ok(span) = read(text) else { continue };
        let written = span.to_string();
        assert_eq!(Span::parse_signed(&written).ok(), Some(span), "{text:?} is written {written:?}");
    }
}
