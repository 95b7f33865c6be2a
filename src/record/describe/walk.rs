//! Goes through a record, value by value, without building one.
//!
//! What is met is noted first, and added to the tree when the record is whole: a record that turns out to be no JSON halfway leaves
//! no trace.

use super::summary::Kind;
use super::tree::{Limits, NodeId, ROOT, Tree};
use crate::scan::{decode_string, is_scalar};

/// Not JSON, at this byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub usize);

/// What was met at a place of the tree.
#[derive(Debug)]
struct Met {
    node: NodeId,
    kind: Kind,
    start: u32,
    /// Past the last byte of a scalar; of an array, how many elements it has.
    end: u32,
}

/// Walks over records, one after the other. It owns a buffer that is used again.
#[derive(Debug, Default)]
pub struct Walker {
    met: Vec<Met>,
}

impl Walker {
    /// Adds a record, whose brackets are known to match, to the tree. It has this number.
    ///
    /// # Errors
    ///
    /// Something in it is no JSON; then nothing is added.
    pub fn add(&mut self, record: &[u8], number: u64, tree: &mut Tree, limits: Limits) -> Result<(), Broken> {
        self.met.clear();
        tree.begin_record();
        let added = self.add_whole(record, number, tree, limits);
        if added.is_err() {
            tree.undo_record();
        }
        tree.fold_maps(limits);
        added
    }

    fn add_whole(
        &mut self,
        record: &[u8],
        number: u64,
        tree: &mut Tree,
        limits: Limits,
    ) -> Result<(), Broken> {
        let mut walk = Walk { text: record, at: 0, met: &mut self.met, tree, limits };
        walk.space();
        walk.value(ROOT, 0)?;
        walk.space();
        if walk.at < record.len() {
            return Err(Broken(walk.at));
        }
        for Met { node, kind, start, end } in &self.met {
            match kind {
                Kind::Array | Kind::Object => tree.add_container(*node, *kind, *end, (number, *start)),
                _ => {
                    let json = &record[*start as usize..*end as usize];
                    tree.add_scalar(*node, *kind, json, (number, *start));
                }
            }
        }
        Ok(())
    }
}

struct Walk<'w> {
    text: &'w [u8],
    at: usize,
    met: &'w mut Vec<Met>,
    tree: &'w mut Tree,
    limits: Limits,
}

impl Walk<'_> {
    fn broken<T>(&self) -> Result<T, Broken> {
        Err(Broken(self.at))
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), Broken> {
        self.space();
        if self.text.get(self.at) != Some(&byte) {
            return self.broken();
        }
        self.at += 1;
        Ok(())
    }

    /// Whether this byte comes next; then it is taken.
    fn has(&mut self, byte: u8) -> bool {
        self.space();
        let has = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(has);
        has
    }

    fn value(&mut self, node: NodeId, depth: usize) -> Result<(), Broken> {
        let start = self.at;
        let kind = match self.text.get(start) {
            Some(b'{') => return self.object(node, depth),
            Some(b'[') => return self.array(node, depth),
            Some(b'"') => {
                self.string()?;
                Kind::String
            }
            Some(first) => {
                let kind = match first {
                    b'n' => Kind::Null,
                    b't' | b'f' => Kind::Boolean,
                    _ => Kind::Number,
                };
                self.scalar()?;
                kind
            }
            None => return self.broken(),
        };
        self.met.push(Met { node, kind, start: start as u32, end: self.at as u32 });
        Ok(())
    }

    fn object(&mut self, node: NodeId, depth: usize) -> Result<(), Broken> {
        self.met.push(Met { node, kind: Kind::Object, start: self.at as u32, end: 0 });
        if depth >= self.limits.depth {
            return self.skip();
        }
        self.at += 1;
        if self.has(b'}') {
            return Ok(());
        }
        let mut guess = 0;
        loop {
            self.space();
            let start = self.at;
            let has_escape = self.string()?;
            let quoted = &self.text[start..self.at];
            let member = if has_escape {
                let name = decode_string(quoted);
                self.tree.member(node, name.as_bytes(), &mut guess, self.limits)
            } else {
                self.tree.member(node, &quoted[1..quoted.len() - 1], &mut guess, self.limits)
            };
            self.take(b':')?;
            self.space();
            self.value(member, depth + 1)?;
            if self.has(b'}') {
                return Ok(());
            }
            self.take(b',')?;
        }
    }

    fn array(&mut self, node: NodeId, depth: usize) -> Result<(), Broken> {
        let place = self.met.len();
        self.met.push(Met { node, kind: Kind::Array, start: self.at as u32, end: 0 });
        let is_deep = depth >= self.limits.depth;
        self.at += 1;
        if self.has(b']') {
            return Ok(());
        }
        let element = if is_deep { None } else { Some(self.tree.element(node)) };
        let mut count = 0;
        loop {
            self.space();
            match element {
                Some(element) => self.value(element, depth + 1)?,
                None => self.skip()?,
            }
            count += 1;
            if self.has(b']') {
                self.met[place].end = count;
                return Ok(());
            }
            self.take(b',')?;
        }
    }

    /// Takes a string; whether there is an escape in it.
    fn string(&mut self) -> Result<bool, Broken> {
        if self.text.get(self.at) != Some(&b'"') {
            return self.broken();
        }
        let mut has_escape = false;
        let mut at = self.at + 1;
        loop {
            let Some(length) = memchr::memchr2(b'"', b'\\', &self.text[at..]) else { return self.broken() };
            at += length;
            if self.text[at] == b'"' {
                self.at = at + 1;
                return Ok(has_escape);
            }
            has_escape = true;
            at += 2;
            if at > self.text.len() {
                return self.broken();
            }
        }
    }

    fn scalar(&mut self) -> Result<(), Broken> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        if !is_scalar(&rest[..length]) {
            return self.broken();
        }
        self.at += length;
        Ok(())
    }

    /// Passes over a value that is too deep.
    fn skip(&mut self) -> Result<(), Broken> {
        let mut open = 0;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => _ = self.string()?,
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                Some(b',' | b':' | b' ' | b'\t' | b'\r' | b'\n') if open > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(_) => self.scalar()?,
                None => return self.broken(),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}
