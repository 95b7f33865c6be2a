//! The three passes in order, and the buffers that they reuse.

use super::{
    Fault, Hit, Path,
    balance::{Pairs, TOO_MANY, diagnose},
    index::{Extent, Index},
    kernel::Kernel,
    token::is_space,
    tree::Tree,
    walk::{Hits, Walk},
};
use std::{cell::RefCell, ops::Range};

/// A text with more brackets or lines, or with more values at a path, than this is so rare that its buffers are given back:
/// they are of some megabytes, and an endless stream should not pay for its worst line for ever.
pub(super) const LARGE: usize = 1 << 18;

/// Finds several paths in one line after another. Reusable: it owns all buffers, which grow with the lines seen.
///
/// Memory: a seventh of a byte per byte of the line or text, eight bytes per bracket, newline and string that begins like a wanted
/// key, and twelve bytes per hit and per line.
///
/// ```
/// use trendpipe::scan::{Hit, Scanner, Step};
/// let lang = vec![Step::Key { name: "lang".into(), optional: false }];
/// let mut scanner = Scanner::new(&[lang]);
/// let line = br#"{"id": 7, "lang": "en"}"#;
/// scanner.scan(line).unwrap();
/// let [Hit::Value { start, end }] = scanner.hits(0) else { panic!() };
/// assert_eq!(&line[*start as usize..*end as usize], br#""en""#);
/// ```
#[derive(Debug)]
pub struct Scanner {
    tree: Tree,
    kernel: Kernel,
    index: Index,
    pairs: Pairs,
    hits: Hits,
}

impl Scanner {
    /// Merges the paths in one tree. Paths beyond the 64th, of more than 64 steps, or that would make the tree larger
    /// than some thousand nodes, are always [`Hit::Unsure`].
    pub fn new(paths: &[Path]) -> Scanner {
        Scanner::with_kernel(paths, Kernel::best())
    }

    /// As `new`, with the kernel given: for tests and measurements.
    pub fn with_kernel(paths: &[Path], kernel: Kernel) -> Scanner {
        let tree = Tree::new(paths);
        let hits = Hits::new(&tree);
        Scanner { tree, kernel, index: Index::default(), pairs: Pairs::default(), hits }
    }

    /// Checks the line (one record without its newline, perhaps with white space around) and finds every path.
    ///
    /// # Errors
    ///
    /// What makes the line no record; then there are no hits. The verdict depends on the line alone, not on the paths.
    pub fn scan(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.hits.clear();
        if !self.index(line, Extent::Line) {
            return Err(Fault::TooLong);
        }
        let end = line.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
        let start = line.iter().position(|byte| !is_space(*byte)).unwrap_or(0);
        self.look(line, 0, start.min(end)..end, 0)
    }

    /// Indexes a text of many lines at once, for [`Scanner::scan_within`], and appends to `newlines` where they are. False: it
    /// is too long for that.
    pub fn begin(&mut self, text: &[u8], newlines: &mut Vec<u32>) -> bool {
        let is_indexed = self.index(text, Extent::Lines);
        if is_indexed && let Some((_, ended)) = self.pairs.lines().split_last() {
            newlines.extend(ended.iter().map(|line| line.end));
        }
        is_indexed
    }

    /// As [`Scanner::scan`] for a line of the text that was begun last. `record` is where the line's record lies in the text,
    /// without white space around; hits count from its start.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// When no text was begun that has such a line.
    pub fn scan_within(&mut self, text: &[u8], line: usize, record: Range<usize>) -> Result<(), Fault> {
        self.hits.clear();
        let start = record.start;
        self.look(text, line, record, start)
    }

    fn index(&mut self, text: &[u8], extent: Extent) -> bool {
        if self.index.size() > LARGE {
            (self.index, self.pairs) = Default::default();
        }
        if u32::try_from(text.len()).is_err() {
            return false;
        }
        self.kernel.fill(&mut self.index, text, extent, &self.tree.firsts);
        let entries = self.index.entries();
        let fits = entries.len() < TOO_MANY;
        if fits {
            self.pairs.fill(text, entries);
        }
        fits
    }

    /// The second and the third pass over a record in an indexed text. Hits count from `base`.
    fn look(&mut self, text: &[u8], line: usize, record: Range<usize>, base: usize) -> Result<(), Fault> {
        let Scanner { tree, index, pairs, hits, .. } = self;
        let bytes = &text[record.clone()];
        if index.has_high(record.clone()) && !is_utf8(bytes) {
            return Err(Fault::Utf8);
        }
        let begins = bytes.first() == Some(&b'{');
        let root = if begins { pairs.root(line, index.entries(), record.end - 1) } else { None };
        let Some(root) = root else { return Err(diagnose(bytes)) };
        if tree.paths > 0 {
            for path in &tree.unsure {
                hits.push(*path, Hit::Unsure);
            }
            let text = &text[..record.end];
            let entries = index.entries();
            Walk { text, base, entries, index, pairs, tree, hits }.run(root);
        }
        Ok(())
    }

    /// What path `path` met in the last line scanned, in the order of the document.
    ///
    /// # Panics
    ///
    /// When the scanner was made with fewer paths.
    pub fn hits(&self, path: usize) -> &[Hit] {
        self.hits.of(path)
    }
}

/// Whether the line is a record, without looking for anything: the same verdict as [`Scanner::scan`].
///
/// # Errors
///
/// What makes the line no record.
pub fn check(line: &[u8]) -> Result<(), Fault> {
    thread_local! {
        static CHECKER: RefCell<Scanner> = RefCell::new(Scanner::new(&[]));
    }
    CHECKER.with_borrow_mut(|checker| checker.scan(line))
}

fn is_utf8(text: &[u8]) -> bool {
    simdutf8::basic::from_utf8(text).is_ok()
}
