//! One line of a table.

use super::people::columns_wide;

/// Appends cells (a text, and whether it goes to the right) in columns of these widths, without blanks at the end.
pub(super) fn line(
    cells: impl Iterator<Item = (impl AsRef<str>, bool)>,
    widths: &[usize],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    for (at, ((text, right), width)) in cells.zip(widths).enumerate() {
        let text = text.as_ref();
        let blanks = width.saturating_sub(columns_wide(text));
        let (before, after) = if right { (blanks, 0) } else { (0, blanks) };
        let gap = if at > 0 { 2 } else { 0 };
        out.resize(out.len() + gap + before, b' ');
        out.extend_from_slice(text.as_bytes());
        out.resize(out.len() + after, b' ');
    }
    while out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
    out.push(b'\n');
}
