//! The fields of a stream as a tree, with what is known of each.
//!
//! A tree is made of each chunk, and put together in order. What comes out depends on the records alone, not on where the chunks
//! end: an object of more than [`Limits::names`] different names is one field `*`, whether that shows in one chunk or in all together.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::summary::{Kind, Place, Summary};

/// How large a tree may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values so deep are counted, and not looked into.
    pub depth: usize,
    /// An object of more names is taken for a map, whose keys are data.
    pub names: usize,
    /// So many fields there may be, with the record itself.
    pub fields: usize,
}

/// A place in the tree.
pub(super) type NodeId = u32;

pub(super) const ROOT: NodeId = 0;

#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) summary: Summary,
    pub(super) members: Members,
    pub(super) elements: Option<NodeId>,
}

/// The members of objects.
#[derive(Clone, Debug)]
pub(super) enum Members {
    /// By name.
    Named(Names),
    /// All alike.
    Any(NodeId),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) list: Vec<(Box<[u8]>, NodeId)>,
    /// Where a name is in the list, once there are more than a few.
    places: HashMap<Box<[u8]>, u32, FixedState>,
}

impl Default for Members {
    fn default() -> Members {
        Members::Named(Names::default())
    }
}

/// Up to so many names are compared one by one.
const FEW: usize = 8;

impl Names {
    /// The place of a name; `guess` is looked at first.
    fn find(&self, name: &[u8], guess: usize) -> Option<usize> {
        if self.list.get(guess).is_some_and(|(known, _)| **known == *name) {
            return Some(guess);
        }
        if self.list.len() <= FEW {
            return self.list.iter().position(|(known, _)| **known == *name);
        }
        self.places.get(name).map(|&place| place as usize)
    }

    fn pop(&mut self) -> Option<NodeId> {
        let (name, node) = self.list.pop()?;
        self.places.remove(&name);
        Some(node)
    }

    fn push(&mut self, name: &[u8], node: NodeId) {
        self.list.push((name.into(), node));
        if self.list.len() > FEW {
            let from = if self.places.is_empty() { 0 } else { self.list.len() - 1 };
            for (place, (name, _)) in self.list.iter().enumerate().skip(from) {
                self.places.insert(name.clone(), place as u32);
            }
        }
    }
}

/// All fields.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Nodes that are no field any more.
    free: Vec<NodeId>,
    /// Objects that turned out to be maps, in the record at hand.
    maps: Vec<NodeId>,
    /// What the record at hand brought: to which node, and whether as its elements.
    born: Vec<(NodeId, bool)>,
    /// How many nodes were made, the root and those that are gone included.
    made: usize,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree { nodes: vec![Node::default()], free: Vec::new(), maps: Vec::new(), born: Vec::new(), made: 1 }
    }
}

impl Tree {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// How many nodes there are, with the root.
    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// At most so many nodes there are at any time while the records of another tree are added to this one, one by one. Of what was
    /// made there for a while, some may be new here, too.
    pub(super) fn most_with(&self, other: &Tree) -> usize {
        self.len() + self.new_in(Some(ROOT), other, ROOT) + (other.made - other.len())
    }

    /// How many nodes below one of another tree have none here that they would go into.
    fn new_in(&self, to: Option<NodeId>, other: &Tree, from: NodeId) -> usize {
        let below = |to: Option<NodeId>, from| usize::from(to.is_none()) + self.new_in(to, other, from);
        let here = to.map(|to| self.node(to));
        let Node { members, elements, .. } = other.node(from);
        let members = match members {
            Members::Any(any) => {
                let to =
                    here.and_then(|here| if let Members::Any(to) = here.members { Some(to) } else { None });
                below(to, *any)
            }
            Members::Named(names) => {
                let to = |guess: usize, name: &[u8]| match &here?.members {
                    Members::Any(to) => Some(*to),
                    Members::Named(names) => names.find(name, guess).map(|place| names.list[place].1),
                };
                let news =
                    names.list.iter().enumerate().map(|(guess, (name, node))| below(to(guess, name), *node));
                news.sum()
            }
        };
        members + elements.map_or(0, |node| below(here.and_then(|here| here.elements), node))
    }

    /// From here on [`Tree::undo_record`] can take back what comes.
    pub(super) fn begin_record(&mut self) {
        self.born.clear();
    }

    /// Takes back the nodes of a record that has given them no values yet.
    pub(super) fn undo_record(&mut self) {
        while let Some((of, is_elements)) = self.born.pop() {
            let node = match &mut self.node_mut(of).members {
                _ if is_elements => self.node_mut(of).elements.take(),
                Members::Named(names) => names.pop(),
                Members::Any(_) => None,
            };
            self.made -= usize::from(node.is_some());
            self.free.extend(node);
        }
    }

    fn new_node(&mut self) -> NodeId {
        self.made += 1;
        if let Some(node) = self.free.pop() {
            return node;
        }
        self.nodes.push(Node::default());
        (self.nodes.len() - 1) as NodeId
    }

    /// The node of a member. `guess` is its place among the names if the object is like the one before; it becomes that of the
    /// next one. An object that has too many names is left as it is, because its nodes are in use, until [`Tree::fold_maps`].
    pub(super) fn member(&mut self, of: NodeId, name: &[u8], guess: &mut usize, limits: Limits) -> NodeId {
        let names = match &self.node(of).members {
            Members::Any(node) => return *node,
            Members::Named(names) => names,
        };
        if let Some(place) = names.find(name, *guess) {
            *guess = place + 1;
            return names.list[place].1;
        }
        if names.list.len() == limits.names {
            self.maps.push(of);
        }
        let node = self.new_node();
        if let Members::Named(names) = &mut self.node_mut(of).members {
            names.push(name, node);
            *guess = names.list.len();
        }
        self.born.push((of, false));
        node
    }

    /// The node of the elements.
    pub(super) fn element(&mut self, of: NodeId) -> NodeId {
        if let Some(node) = self.node(of).elements {
            return node;
        }
        let node = self.new_node();
        self.node_mut(of).elements = Some(node);
        self.born.push((of, true));
        node
    }

    /// As [`Tree::fold_maps`], for one object.
    fn fold_if_map(&mut self, node: NodeId, limits: Limits) {
        if matches!(&self.node(node).members, Members::Named(names) if names.list.len() > limits.names) {
            self.collapse(node, limits);
        }
    }

    /// Makes one field of all members where there are too many.
    pub(super) fn fold_maps(&mut self, limits: Limits) {
        while let Some(node) = self.maps.pop() {
            // What was in another map has no names any more.
            self.fold_if_map(node, limits);
        }
    }

    /// Makes one field of all members.
    fn collapse(&mut self, of: NodeId, limits: Limits) -> NodeId {
        let any = match &mut self.node_mut(of).members {
            Members::Any(node) => return *node,
            Members::Named(names) => std::mem::take(names),
        };
        let node = self.new_node();
        for (_, member) in any.list {
            let mut part = self.detach(member);
            self.absorb_node(node, &mut part, ROOT, limits);
        }
        self.node_mut(of).members = Members::Any(node);
        node
    }

    /// Takes a node and all below it out.
    fn detach(&mut self, id: NodeId) -> Tree {
        let mut part = Tree::default();
        self.move_to(id, &mut part, ROOT);
        part
    }

    fn move_to(&mut self, id: NodeId, part: &mut Tree, to: NodeId) {
        let Node { summary, members, elements } = std::mem::take(self.node_mut(id));
        self.free.push(id);
        part.node_mut(to).summary = summary;
        match members {
            Members::Any(any) => {
                let node = part.new_node();
                part.node_mut(to).members = Members::Any(node);
                self.move_to(any, part, node);
            }
            Members::Named(names) => {
                for (name, member) in names.list {
                    let node = part.new_node();
                    if let Members::Named(names) = &mut part.node_mut(to).members {
                        names.push(&name, node);
                    }
                    self.move_to(member, part, node);
                }
            }
        }
        if let Some(element) = elements {
            let node = part.element(to);
            self.move_to(element, part, node);
        }
    }

    /// Puts another tree behind this one, whose records are so many.
    pub(super) fn absorb(&mut self, mut other: Tree, records: u64, limits: Limits) {
        other.nodes.iter_mut().for_each(|node| node.summary.move_behind(records));
        self.absorb_node(ROOT, &mut other, ROOT, limits);
        self.born.clear();
    }

    fn absorb_node(&mut self, to: NodeId, other: &mut Tree, from: NodeId, limits: Limits) {
        let Node { summary, members, elements } = std::mem::take(other.node_mut(from));
        self.node_mut(to).summary.merge(summary);
        match members {
            Members::Any(any) => {
                let node = self.collapse(to, limits);
                self.absorb_node(node, other, any, limits);
            }
            Members::Named(names) => {
                for (guess, (name, member)) in names.list.into_iter().enumerate() {
                    let node = self.member(to, &name, &mut { guess }, limits);
                    self.absorb_node(node, other, member, limits);
                }
                self.fold_if_map(to, limits);
            }
        }
        if let Some(element) = elements {
            let node = self.element(to);
            self.absorb_node(node, other, element, limits);
        }
    }

    pub(super) fn add_scalar(&mut self, node: NodeId, kind: Kind, json: &[u8], place: Place) {
        self.node_mut(node).summary.add_scalar(kind, json, place);
    }

    pub(super) fn add_container(&mut self, node: NodeId, kind: Kind, elements: u32, place: Place) {
        self.node_mut(node).summary.add_container(kind, elements, place);
    }
}
