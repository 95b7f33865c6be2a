//! The third pass: from the record along the tree of paths to the values.
//!
//! It runs only on a line that is one balanced object, hops over each container of no interest in one step, and
//! looks at bytes only where a wanted key may be and around the values found. There it is strict: a value is handed out
//! only if it is a well-formed string, number or literal, or a container, and between the right neighbours; otherwise
//! the paths beneath are [`Hit::Unsure`] and the full engine has the word. So no hit rests on bytes that are no JSON,
//! though the contents of a container that is itself the value are not looked at.
//!
//! Invariant: the cursor (a place in the line's part of the index) is never behind the byte being looked at by more than
//! entries that lie in strings and scalars; these are passed over when a container begins.

use super::{
    Hit,
    balance::Pairs,
    index::Index,
    scanner::LARGE,
    string::{decode_string, is_string},
    token::{is_scalar, is_space, scalar_end, skip_space},
    tree::{self, Key, Likeness, Node, Paths, Tree, each_path},
};

/// What each path met, reused from line to line.
#[derive(Debug)]
pub(super) struct Hits {
    slots: Vec<Vec<Hit>>,
    /// Per level of the tree and path: the hits from before the object that the walk is in, which a later duplicate
    /// of a key leaves standing.
    marks: Vec<u32>,
}

impl Hits {
    pub(super) fn new(tree: &Tree) -> Hits {
        Hits { slots: vec![Vec::new(); tree.paths], marks: vec![0; tree.levels * tree.paths] }
    }

    pub(super) fn of(&self, path: usize) -> &[Hit] {
        &self.slots[path]
    }

    pub(super) fn clear(&mut self) {
        for slot in &mut self.slots {
            slot.clear();
            if slot.capacity() > LARGE {
                *slot = Vec::new();
            }
        }
    }

    pub(super) fn push(&mut self, path: usize, hit: Hit) {
        let slot = &mut self.slots[path];
        if slot.last() != Some(&Hit::Mismatch) {
            slot.push(hit); // jq stops at the first error
        }
    }

    fn push_all(&mut self, paths: Paths, hit: Hit) {
        for path in each_path(paths) {
            self.push(path, hit);
        }
    }

    fn mark(&mut self, level: usize, paths: Paths) {
        for path in each_path(paths) {
            self.marks[level * self.slots.len() + path] = self.slots[path].len() as u32;
        }
    }

    fn reset(&mut self, level: usize, paths: Paths) {
        for path in each_path(paths) {
            let mark = self.marks[level * self.slots.len() + path];
            self.slots[path].truncate(mark as usize);
        }
    }
}

/// Something stands where JSON does not allow it.
struct Malformed;

/// Where the walk goes on behind a value: the byte, and the place in the index.
struct Behind {
    byte: usize,
    cursor: usize,
}

/// One walk over one record.
pub(super) struct Walk<'a> {
    /// What was indexed, up to the record's end.
    pub(super) text: &'a [u8],
    /// Where in the text the hits count from.
    pub(super) base: usize,
    /// The positions of the index.
    pub(super) entries: &'a [u32],
    pub(super) index: &'a Index,
    pub(super) pairs: &'a Pairs,
    pub(super) tree: &'a Tree,
    pub(super) hits: &'a mut Hits,
}

impl<'a> Walk<'a> {
    /// Walks the whole record; its opening brace is at `root` in the index.
    pub(super) fn run(mut self, root: usize) {
        let tree = self.tree;
        let start = self.position(root);
        if self.value(tree.root(), start, root).is_err() {
            self.hits.push_all(tree.root().all, Hit::Unsure);
        }
    }

    fn position(&self, cursor: usize) -> usize {
        self.entries[cursor] as usize
    }

    /// Meets the value that begins at `at`. On `Err` the hits of the node's paths are not to be trusted.
    fn value(&mut self, node: &'a Node, at: usize, cursor: usize) -> Result<Behind, Malformed> {
        let first = *self.text.get(at).ok_or(Malformed)?;
        if !matches!(first, b'{' | b'[') {
            let behind = self.pass(at, cursor)?;
            self.end(node, at, behind.byte);
            if node.ends != node.all {
                if first == b'n' {
                    self.hits.push_all(node.null_missing, Hit::Missing);
                    self.hits.push_all(node.null_mismatch, Hit::Mismatch);
                } else {
                    self.hits.push_all(node.strict, Hit::Mismatch);
                }
            }
            return Ok(behind);
        }
        let open = self.open(at, cursor)?;
        let close = self.pairs.close(open);
        let behind = Behind { byte: self.position(close) + 1, cursor: close + 1 };
        self.end(node, at, behind.byte);
        if first == b'{' {
            self.hits.push_all(node.each | node.indexed, Hit::Unsure);
            if node.keyed != 0 {
                self.object(node, open, close);
            }
        } else {
            self.hits.push_all(node.keyed & node.strict, Hit::Mismatch);
            if node.each | node.indexed != 0 {
                self.array(node, open, close);
            }
        }
        Ok(behind)
    }

    /// The paths that end at a node have found this.
    #[inline]
    fn end(&mut self, node: &Node, start: usize, end: usize) {
        let hit = Hit::Value { start: (start - self.base) as u32, end: (end - self.base) as u32 };
        self.hits.push_all(node.ends, hit);
    }

    /// Finds the end of the value that begins at `at`.
    #[inline]
    fn pass(&self, at: usize, cursor: usize) -> Result<Behind, Malformed> {
        match self.text.get(at).ok_or(Malformed)? {
            b'{' | b'[' => {
                let close = self.pairs.close(self.open(at, cursor)?);
                Ok(Behind { byte: self.position(close) + 1, cursor: close + 1 })
            }
            b'"' => {
                let end = self.index.string_end(at).ok_or(Malformed)?;
                if is_string(&self.text[at + 1..end - 1]) {
                    Ok(Behind { byte: end, cursor })
                } else {
                    Err(Malformed)
                }
            }
            _ => {
                let end = scalar_end(self.text, at);
                if is_scalar(&self.text[at..end]) { Ok(Behind { byte: end, cursor }) } else { Err(Malformed) }
            }
        }
    }

    /// The place in the index of the bracket at `at`: the first one that is not before it.
    #[inline]
    fn open(&self, at: usize, mut cursor: usize) -> Result<usize, Malformed> {
        while *self.entries.get(cursor).ok_or(Malformed)? < at as u32 {
            cursor += 1;
        }
        if self.position(cursor) == at { Ok(cursor) } else { Err(Malformed) }
    }

    /// Meets the members of the object between two places in the index.
    fn object(&mut self, node: &'a Node, open: usize, close: usize) {
        self.hits.mark(node.level, node.keyed);
        let mut seen: u64 = 0; // one bit per key of the node, of which there are no more than paths
        let mut cursor = open + 1;
        while cursor < close {
            if let Some(close) = self.pairs.close_of(cursor) {
                cursor = close + 1; // a container of no interest
                continue;
            }
            let at = self.position(cursor);
            cursor += 1;
            let Some((key, end)) = self.key(node, at) else { continue };
            let colon = skip_space(self.text, end);
            let is_key = self.text.get(colon) == Some(&b':');
            if !is_key && self.before(at) == Some(b':') {
                continue; // a string value that reads like the key
            }
            let child = self.tree.node(node.keys[key].child);
            if seen >> key & 1 == 1 {
                self.hits.reset(node.level, child.all); // the last duplicate wins
            }
            seen |= 1 << key;
            let between = is_key && matches!(self.before(at), Some(b'{' | b','));
            match self.member(child, between, skip_space(self.text, colon + 1), cursor) {
                Ok(next) => cursor = next,
                Err(Malformed) => {
                    self.hits.reset(node.level, child.all);
                    self.hits.push_all(child.all, Hit::Unsure);
                }
            }
        }
        for (key, wanted) in node.keys.iter().enumerate() {
            if seen >> key & 1 == 0 {
                let child = self.tree.node(wanted.child);
                self.absent(child);
            }
        }
    }

    /// Meets the value of a key; gives the next place in the index.
    fn member(
        &mut self,
        child: &'a Node,
        is_key: bool,
        at: usize,
        cursor: usize,
    ) -> Result<usize, Malformed> {
        if !is_key {
            return Err(Malformed);
        }
        let behind = self.value(child, at, cursor)?;
        match self.text.get(skip_space(self.text, behind.byte)) {
            Some(b',' | b'}') => Ok(behind.cursor),
            _ => Err(Malformed),
        }
    }

    /// The last byte before `at` that is no white space.
    fn before(&self, at: usize) -> Option<u8> {
        self.text[..at].iter().rfind(|byte| !is_space(**byte)).copied()
    }

    /// The wanted key that the string at an opening quote is, and its end.
    #[inline]
    fn key(&self, node: &Node, at: usize) -> Option<(usize, usize)> {
        let text = &self.text[at + 1..];
        let mut may_escape = true;
        if let Some(head) = text.first_chunk() {
            let head = u64::from_le_bytes(*head);
            may_escape = tree::may_escape(head);
            for (number, key) in node.keys.iter().enumerate() {
                if key.may_begin(head) {
                    if key.goes_on(text) {
                        return Some((number, key.end(at)));
                    }
                    may_escape = true;
                }
            }
        }
        // Most strings that begin with an escape are values, and long.
        if may_escape && self.text[at - 1] != b':' { self.escaped_key(node, at) } else { None }
    }

    /// As `key`, of a string in which there may be escapes.
    #[cold]
    fn escaped_key(&self, node: &Node, at: usize) -> Option<(usize, usize)> {
        let text = &self.text[at + 1..];
        let mut may_escape = false;
        for (number, key) in node.keys.iter().enumerate() {
            match key.compare(text) {
                Likeness::Same => return Some((number, key.end(at))),
                Likeness::Escaped => may_escape = true,
                Likeness::Other => {}
            }
        }
        if !may_escape {
            return None;
        }
        let end = self.index.string_end(at)?;
        if self.text.get(skip_space(self.text, end)) != Some(&b':') {
            return None;
        }
        let name = &self.text[at + 1..end - 1];
        if !name.contains(&b'\\') || !is_string(name) {
            return None;
        }
        let name = decode_string(&self.text[at..end]);
        let key = node.keys.iter().position(|key: &Key| key.is(&name))?;
        Some((key, end))
    }

    /// Meets the elements of the array between two places in the index.
    fn array(&mut self, node: &'a Node, open: usize, close: usize) {
        match self.elements(node, open, close) {
            Ok(count) => {
                for (place, child) in &node.places {
                    if *place as usize >= count {
                        // Not of those that come here by `[]`: past the end there is nothing to fan out to.
                        let child = self.tree.node(*child);
                        self.absent_of(child, node.indexed);
                    }
                }
            }
            Err(Malformed) => self.hits.push_all(node.each | node.indexed, Hit::Unsure),
        }
    }

    /// The elements one by one; gives how many there are, or at least one more than the last place asked for.
    fn elements(&mut self, node: &'a Node, open: usize, close: usize) -> Result<usize, Malformed> {
        let last = self.position(close);
        let mut at = skip_space(self.text, self.position(open) + 1);
        let mut cursor = open + 1;
        let mut count = 0;
        while at != last || count > 0 {
            if count >= node.elements_end() {
                break;
            }
            let behind = match node.element(count) {
                Some(child) => self.value(self.tree.node(child), at, cursor)?,
                None => self.pass(at, cursor)?,
            };
            count += 1;
            at = skip_space(self.text, behind.byte);
            cursor = behind.cursor;
            if at == last {
                break;
            }
            if self.text.get(at) != Some(&b',') {
                return Err(Malformed);
            }
            at = skip_space(self.text, at + 1);
        }
        Ok(count)
    }

    /// A place that the record does not have.
    fn absent(&mut self, node: &Node) {
        self.absent_of(node, Paths::MAX);
    }

    fn absent_of(&mut self, node: &Node, paths: Paths) {
        self.hits.push_all(paths & (node.ends | node.null_missing), Hit::Missing);
        self.hits.push_all(paths & node.null_mismatch, Hit::Mismatch);
    }
}
