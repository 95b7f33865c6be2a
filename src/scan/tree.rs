//! Several paths as one tree, so that a record is walked once for all of them.
//!
//! A node stands for the places that the same steps lead to, and knows by bit masks (one bit per path) which paths end
//! here and how the others go on. Every step goes down exactly one level of the document, so all paths at a node
//! have taken the same number of steps. `[]` and `[3]` both lead to element 3: the tree is made deterministic when it
//! is built (element 3 gets a node of its own, with the paths of both), and the walk is at one node at a time.

use super::{Path, Step, firsts::Firsts};

/// One bit per path.
pub(super) type Paths = u64;

/// More paths than this, longer ones, or a larger tree are left to the full engine. Nobody writes such expressions by
/// hand; the limits keep a generated one from taking memory that is exponential in its length.
const MAX_PATHS: usize = 64;
const MAX_STEPS: usize = 64;
const MAX_NODES: usize = 2048;

/// The paths that a set of bits stands for, in order.
pub(super) fn each_path(mut paths: Paths) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let path = (paths != 0).then(|| paths.trailing_zeros() as usize)?;
        paths &= paths - 1;
        Some(path)
    })
}

/// A member that some path asks for.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name as it must stand in the line when written without escapes, and the quote that closes it; `None` when
    /// the name cannot be written so.
    raw: Option<Box<[u8]>>,
    /// The first eight bytes of `raw`, and which of them there are: most other keys fail on this one comparison.
    head: u64,
    head_mask: u64,
    /// The decoded name.
    name: Box<str>,
    /// Where it leads.
    pub(super) child: u32,
}

impl Key {
    fn new(name: &str, child: u32) -> Key {
        let plain = name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        let raw = plain.then(|| [name.as_bytes(), b"\""].concat().into_boxed_slice());
        let (mut head, mut head_mask) = ([0; 8], [0; 8]);
        for (at, &byte) in raw.iter().flatten().take(8).enumerate() {
            (head[at], head_mask[at]) = (byte, 0xff);
        }
        let (head, head_mask) = (u64::from_le_bytes(head), u64::from_le_bytes(head_mask));
        Key { raw, head, head_mask, name: name.into(), child }
    }

    /// Whether the text behind an opening quote may be this key, by its first bytes as a number.
    #[inline]
    pub(super) fn may_begin(&self, head: u64) -> bool {
        (head ^ self.head) & self.head_mask == 0
    }

    /// Whether a text that may be this key is it, written without escapes.
    #[inline]
    pub(super) fn goes_on(&self, text: &[u8]) -> bool {
        let Some(raw) = &self.raw else { return false };
        raw.len() <= 8 || text.get(8..raw.len()) == raw.get(8..)
    }

    /// Compares the text behind an opening quote with this key as it is written without escapes.
    pub(super) fn compare(&self, text: &[u8]) -> Likeness {
        let Some(raw) = &self.raw else { return Likeness::Escaped };
        let same = common(text, raw);
        match text.get(same) {
            _ if same == raw.len() => Likeness::Same,
            Some(b'\\') => Likeness::Escaped,
            _ => Likeness::Other,
        }
    }

    /// Past the closing quote, when the opening quote is at `at`.
    pub(super) fn end(&self, at: usize) -> usize {
        at + self.name.len() + 2
    }

    /// Whether a decoded name is this key's.
    pub(super) fn is(&self, name: &str) -> bool {
        *self.name == *name
    }
}

/// Whether a byte of a number is a backslash, or, rarely, though none is.
#[inline]
pub(super) fn may_escape(head: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let differs = head ^ (u64::from(b'\\') * ONES);
    differs.wrapping_sub(ONES) & !differs & (0x80 * ONES) != 0
}

/// How many bytes two texts begin with alike.
fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How a string compares with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It is the key, and the quote that closes it.
    Same,
    /// Where they begin to differ the string has an escape: it may be the key nevertheless.
    Escaped,
    /// It is another string.
    Other,
}

/// A place that paths lead to.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Steps from the record.
    pub(super) level: usize,
    /// Every path that comes by.
    pub(super) all: Paths,
    /// Those that end here.
    pub(super) ends: Paths,
    /// Those that go on with a key, with `[]`, with an index.
    pub(super) keyed: Paths,
    /// See `keyed`.
    pub(super) each: Paths,
    /// See `keyed`.
    pub(super) indexed: Paths,
    /// Those that go on with a step without `?`: a value of the wrong kind is an error for them.
    pub(super) strict: Paths,
    /// Those that go on, and give null when the value here is null; the rest of those that go on meet a `[]` first.
    pub(super) null_missing: Paths,
    /// Those that go on, and give an error when the value here is null.
    pub(super) null_mismatch: Paths,
    /// The members asked for; names differ.
    pub(super) keys: Vec<Key>,
    /// The elements with a node of their own, by place.
    pub(super) places: Vec<(u32, u32)>,
    /// The node of all other elements.
    pub(super) every: Option<u32>,
}

impl Node {
    /// The node of an element.
    pub(super) fn element(&self, at: usize) -> Option<u32> {
        self.places.iter().find(|(place, _)| *place as usize == at).map(|(_, child)| *child).or(self.every)
    }

    /// Elements from here on are of no interest.
    pub(super) fn elements_end(&self) -> usize {
        match (self.every, self.places.last()) {
            (Some(_), _) => usize::MAX,
            (None, Some((place, _))) => (*place as usize).saturating_add(1),
            (None, None) => 0,
        }
    }
}

/// The paths of a scanner, merged.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// What any wanted key begins with.
    pub(super) firsts: Firsts,
    /// Paths beyond the limits above.
    pub(super) unsure: Vec<usize>,
    /// The number of paths.
    pub(super) paths: usize,
    /// One more than the steps of the longest path.
    pub(super) levels: usize,
}

impl Tree {
    pub(super) fn new(paths: &[Path]) -> Tree {
        let mut taken: Paths = 0;
        for (at, path) in paths.iter().enumerate().take(MAX_PATHS) {
            if path.len() <= MAX_STEPS {
                taken |= 1 << at;
            }
        }
        let mut nodes = Vec::new();
        while grow(&mut nodes, paths, 0, taken).is_none() {
            nodes.clear();
            taken &= !(1 << (63 - taken.leading_zeros())); // the last path goes; without any path there is one node
        }
        let mut firsts = Firsts::default();
        nodes.iter().flat_map(|node| &node.keys).for_each(|key| firsts.add(&key.name));
        let is_taken = |at: usize| at < MAX_PATHS && taken >> at & 1 == 1;
        let levels = paths.iter().enumerate().filter(|(at, _)| is_taken(*at)).map(|(_, path)| path.len() + 1);
        Tree {
            levels: levels.max().unwrap_or(1),
            nodes,
            firsts,
            unsure: (0..paths.len()).filter(|at| !is_taken(*at)).collect(),
            paths: paths.len(),
        }
    }

    pub(super) fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    pub(super) fn root(&self) -> &Node {
        &self.nodes[0]
    }
}

/// Adds the node that `mask` has reached after `level` steps, and all below it; `None` when the tree gets too large.
fn grow(nodes: &mut Vec<Node>, paths: &[Path], level: usize, mask: Paths) -> Option<u32> {
    if nodes.len() == MAX_NODES {
        return None;
    }
    let at = nodes.len();
    nodes.push(Node::default());
    let mut node = Node { level, all: mask, ..Node::default() };
    let mut keys: Vec<(&str, Paths)> = Vec::new();
    let mut places: Vec<(u32, Paths)> = Vec::new();
    for path in each_path(mask) {
        let bit = 1 << path;
        let rest = &paths[path][level..];
        let Some(step) = rest.first() else {
            node.ends |= bit;
            continue;
        };
        let optional = match step {
            Step::Key { name, optional } => {
                node.keyed |= bit;
                add(&mut keys, name.as_str(), bit);
                optional
            }
            Step::Each { optional } => {
                node.each |= bit;
                optional
            }
            Step::Index { at, optional } => {
                node.indexed |= bit;
                add(&mut places, *at, bit);
                optional
            }
        };
        if !optional {
            node.strict |= bit;
        }
        match rest
            .iter()
            .find_map(|step| if let Step::Each { optional } = step { Some(*optional) } else { None })
        {
            None => node.null_missing |= bit,
            Some(false) => node.null_mismatch |= bit,
            Some(true) => {} // `[]?` of null: no output
        }
    }
    for (name, paths_there) in keys {
        node.keys.push(Key::new(name, grow(nodes, paths, level + 1, paths_there)?));
    }
    places.sort_unstable();
    for (place, paths_there) in places {
        node.places.push((place, grow(nodes, paths, level + 1, paths_there | node.each)?));
    }
    if node.each != 0 {
        node.every = Some(grow(nodes, paths, level + 1, node.each)?);
    }
    nodes[at] = node;
    u32::try_from(at).ok()
}

fn add<K: PartialEq>(list: &mut Vec<(K, Paths)>, key: K, bit: Paths) {
    match list.iter_mut().find(|(other, _)| *other == key) {
        Some((_, paths)) => *paths |= bit,
        None => list.push((key, bit)),
    }
}
