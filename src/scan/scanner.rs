//! The three passes in order, and the buffers that they reuse.

use super::{
    Fault, Hit, Path,
    balance::{Pairs, diagnose},
    index::Index,
    kernel::Kernel,
    token::is_space,
    tree::Tree,
    walk::{Hits, Walk},
};
use std::cell::RefCell;

/// A line with more brackets, or with more values at a path, than this is so rare that its buffers are given back: they
/// are of some megabytes, and an endless stream should not pay for its worst line for ever.
pub(super) const LARGE: usize = 1 << 18;

/// Finds several paths in one line after another. Reusable: it owns all buffers, which grow with the lines seen.
///
/// Memory: an eighth of a byte per byte of the line, eight bytes per bracket and per string that begins like a wanted key, and
/// twelve bytes per hit.
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
    /// What makes the line no record; then there are no hits. The verdict depends on the line alone, not on the paths.
    pub fn scan(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.hits.clear();
        if self.index.entries().len() > LARGE {
            (self.index, self.pairs) = Default::default();
        }
        if u32::try_from(line.len()).is_err() {
            return Err(Fault::TooLong);
        }
        self.kernel.fill(&mut self.index, line, &self.tree.firsts);
        let (high_start, high_end) = self.index.high;
        if !is_utf8(&line[high_start..high_end]) {
            return Err(Fault::Utf8);
        }
        let end = line.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
        let start = line.iter().position(|byte| !is_space(*byte)).unwrap_or(0);
        let entries = self.index.entries();
        let begins = line.get(start) == Some(&b'{');
        if !begins || self.index.is_open || !self.pairs.fill(line, entries, end - 1) {
            return Err(diagnose(&line[start.min(end)..end]));
        }
        if self.tree.paths > 0 {
            let Scanner { tree, index, pairs, hits, .. } = self;
            for path in &tree.unsure {
                hits.push(*path, Hit::Unsure);
            }
            Walk { line, index, pairs, tree, hits }.run();
        }
        Ok(())
    }

    /// What path `path` met in the last line scanned, in the order of the document.
    ///
    /// # Panics
    /// When the scanner was made with fewer paths.
    pub fn hits(&self, path: usize) -> &[Hit] {
        self.hits.of(path)
    }
}

/// Whether the line is a record, without looking for anything: the same verdict as [`Scanner::scan`].
///
/// # Errors
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
