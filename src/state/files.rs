//! Which of the files that a run is given are new, which go on where they were left, and in what order they are read.
//!
//! A file goes on if its content begins with what was read of it, whatever its name is now: by the same inode, or as a copy,
//! or compressed. It is read anew if it has the inode of one that was read, but not its content: then it was truncated.
//! Known files come first, in the order in which they were first seen, whatever their names are now: so the rest of a log that
//! was put away is read before the log that took its name. Then come new ones as they are given.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::content::{Candidate, Content, Verdict};
use super::seen::{Identity, PRINT, Print, Progress, Seen};
use crate::jsonl::{self, Input};
use crate::pack::{Packer, Unpackable, Unpacker};

/// Files that are gone are remembered, since they may come back compressed; but not more of them than this.
const REMEMBERED: usize = 10_000;

/// All files that were ever read, in the order first seen, and the reading of those that are inputs of this run.
#[derive(Debug, Default)]
pub(super) struct Files {
    seen: Vec<Seen>,
    /// By input; `None` for a stream, which has no place to go on from.
    progress: Vec<Option<Progress>>,
}

/// What a person should know about the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputNote {
    /// In any case.
    Say(String),
    /// When asked how the run goes about its work.
    Explain(String),
}

/// A file that a run was given.
struct Given<'a> {
    path: &'a Path,
    place: usize,
    file: Candidate,
    /// One that was read had this inode, but other content or more.
    replaces: Option<usize>,
    /// One that was empty had this inode.
    empty: Option<usize>,
}

/// What is to be done with it.
enum Fate {
    GoesOn(usize, Content),
    New(Content),
    /// Nothing new is in it.
    Rests,
}

impl Files {
    pub fn pack(&mut self, packer: &mut Packer) {
        for progress in self.progress.iter_mut().flatten() {
            progress.note(&mut self.seen[progress.file]);
            if let Some(before) = &progress.before {
                // The file is at its end, or the run is: the rest of the line has not come.
                self.seen[progress.file] = (**before).clone();
            }
        }
        packer.length(self.seen.len());
        self.seen.iter().for_each(|seen| seen.pack(packer));
    }

    pub fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Files, Unpackable> {
        let length = unpacker.length()?;
        let seen = (0..length).map(|_| Seen::unpack(unpacker)).collect::<Result<_, _>>()?;
        Ok(Files { seen, progress: Vec::new() })
    }

    /// These bytes of an input have had their effect; so many of its lines were read by now.
    pub fn read(&mut self, input: usize, bytes: &[u8], lines: u64) {
        if let Some(Some(progress)) = self.progress.get_mut(input) {
            progress.read(&mut self.seen[progress.file], bytes, lines);
        }
    }

    /// What is read next is a part of a line: until it has ended, this is the place to go on from.
    pub fn begin_long_line(&mut self, input: usize) {
        if let Some(Some(progress)) = self.progress.get_mut(input) {
            let mut before = self.seen[progress.file].clone();
            progress.clone().note(&mut before);
            progress.before = Some(Box::new(before));
        }
    }

    /// What was read ends with a line.
    pub fn end_line(&mut self, input: usize) {
        if let Some(Some(progress)) = self.progress.get_mut(input) {
            progress.before = None;
        }
    }

    /// All inputs were read to their end.
    pub fn all_read(&mut self) {
        for progress in self.progress.iter_mut().flatten() {
            let seen = &mut self.seen[progress.file];
            progress.note(seen);
            seen.stamp = Some(progress.stamp);
        }
    }

    /// Opens the files (`-` and what is no regular file are streams) where they are to be read on, in order.
    pub fn open(&mut self, paths: &[PathBuf]) -> anyhow::Result<(Vec<Input>, Vec<InputNote>)> {
        self.progress.clear();
        let mut notes = Vec::new();
        let mut streams = Vec::new();
        let mut given: Vec<Given<'_>> = Vec::new();
        for (place, path) in paths.iter().enumerate() {
            if path == Path::new("-") {
                streams.push((place, jsonl::open_stdin()?));
                continue;
            }
            let cannot_open = || format!("cannot open {}", path.display());
            let Some(file) = Candidate::open(path, given.len()).with_context(cannot_open)? else {
                streams.push((place, jsonl::open_file(path).with_context(cannot_open)?));
                continue;
            };
            match given.iter().find(|other| other.file.identity == file.identity) {
                Some(other) => notes.push(InputNote::Say(format!(
                    "{} is {} once more, and is read once",
                    path.display(),
                    other.path.display()
                ))),
                None => given.push(Given { path, place, file, replaces: None, empty: None }),
            }
        }
        let mut matching = Matching { taken: vec![false; self.seen.len()], seen: &mut self.seen, notes };
        let fates = matching.fates(&mut given)?;
        let Matching { taken, notes, .. } = matching;
        let inputs = self.arrange(&given, fates, streams, &taken);
        Ok((inputs, notes))
    }

    /// Puts the inputs in order, and begins to follow them.
    fn arrange(
        &mut self,
        given: &[Given<'_>],
        fates: Vec<Fate>,
        streams: Vec<(usize, Input)>,
        taken: &[bool],
    ) -> Vec<Input> {
        let places = self.forget(taken, REMEMBERED);
        // Of each input: is it new? And its place among those that are, or are not.
        let mut order: Vec<((bool, usize), Opened)> = Vec::new();
        for (given, fate) in given.iter().zip(fates) {
            let path = known_path(given.path);
            match fate {
                Fate::Rests => {}
                Fate::GoesOn(file, content) => {
                    let file = places[file];
                    let seen = &mut self.seen[file];
                    (seen.path, seen.identity) = (path, Some(given.file.identity));
                    order.push((
                        (false, file),
                        Opened::File(given.path.to_owned(), Some(file), given.file.identity, content),
                    ));
                }
                Fate::New(content) => {
                    order.push((
                        (true, given.place),
                        Opened::File(given.path.to_owned(), None, given.file.identity, content),
                    ));
                }
            }
        }
        order.extend(streams.into_iter().map(|(place, input)| ((true, place), Opened::Stream(input))));
        order.sort_by_key(|(key, _)| *key);
        order.into_iter().map(|(_, opened)| self.follow(opened)).collect()
    }

    fn follow(&mut self, opened: Opened) -> Input {
        let (path, file, identity, content) = match opened {
            Opened::Stream(input) => {
                self.progress.push(None);
                return input;
            }
            Opened::File(path, file, identity, content) => (path, file, identity, content),
        };
        let file = file.unwrap_or_else(|| {
            self.seen.push(Seen::new(known_path(&path), identity, &content.head));
            self.seen.len() - 1
        });
        let Content { source, meter, size, head, tail, stamp } = content;
        // It may be put away and compressed before it is read: then this is all that it is known by.
        self.seen[file].head = Print::of(&head);
        self.progress.push(Some(Progress { file, head, tail, stamp, changed: false, before: None }));
        let Seen { offset, lines, .. } = self.seen[file];
        Input {
            size: Some(size),
            offset,
            lines,
            waits: true,
            ..Input::new(path.display().to_string(), source, meter)
        }
    }

    /// Forgets the oldest of the files that are gone, where they are more than so many. The new places of those that stay.
    fn forget(&mut self, taken: &[bool], most: usize) -> Vec<usize> {
        let gone = taken.iter().filter(|taken| !**taken).count();
        let mut excess = gone.saturating_sub(most);
        let mut places = Vec::with_capacity(taken.len());
        let mut kept = Vec::with_capacity(self.seen.len());
        for (seen, taken) in self.seen.drain(..).zip(taken) {
            places.push(kept.len());
            if !taken && excess > 0 {
                excess -= 1;
            } else {
                kept.push(seen);
            }
        }
        self.seen = kept;
        places
    }
}

enum Opened {
    File(PathBuf, Option<usize>, Identity, Content),
    Stream(Input),
}

/// A name that does not depend on where the run was started.
fn known_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Finds out which file is which.
struct Matching<'a> {
    seen: &'a mut Vec<Seen>,
    /// Which of them were found among the given ones.
    taken: Vec<bool>,
    notes: Vec<InputNote>,
}

impl Matching<'_> {
    /// By inode first: then a file that was copied and truncated is looked for among the others.
    fn fates(&mut self, given: &mut [Given<'_>]) -> anyhow::Result<Vec<Fate>> {
        let cannot_read = |given: &Given<'_>| format!("cannot read {}", given.path.display());
        let mut fates = Vec::new();
        for given in &mut *given {
            fates.push(self.by_inode(given).with_context(|| cannot_read(given))?);
        }
        let mut all = Vec::new();
        for (given, fate) in given.iter().zip(fates) {
            all.push(match fate {
                Some(fate) => fate,
                None => self.by_content(given).with_context(|| cannot_read(given))?,
            });
        }
        Ok(all)
    }

    fn by_inode(&mut self, given: &mut Given<'_>) -> io::Result<Option<Fate>> {
        let same = |seen: &Seen| seen.identity == Some(given.file.identity);
        let known = self.seen.iter().rposition(same);
        if let Some(file) = known.filter(|&file| self.seen[file].stamp == Some(given.file.stamp)) {
            self.taken[file] = true;
            self.seen[file].path = known_path(given.path);
            return Ok(Some(Fate::Rests));
        }
        given.file.look()?;
        let Some(file) = known else { return Ok(None) };
        let seen = &self.seen[file];
        if seen.head.length == 0 {
            // Content that came since may be that of another.
            given.empty = Some(file);
            return Ok(None);
        }
        if let Verdict::Same(content) = given.file.compare(seen)? {
            self.take(file, given);
            return Ok(Some(Fate::GoesOn(file, content)));
        }
        given.replaces = Some(file);
        self.seen[file].identity = None;
        Ok(None)
    }

    fn by_content(&mut self, given: &Given<'_>) -> io::Result<Fate> {
        if given.file.is_cut {
            self.notes.push(InputNote::Say(format!(
                "{} is compressed and ends early: it waits until it is whole",
                given.path.display()
            )));
            return Ok(Fate::Rests);
        }
        for file in self.alike(given) {
            let seen = &self.seen[file];
            match given.file.compare(seen)? {
                Verdict::Same(_) if self.taken[file] => {
                    self.notes.push(InputNote::Say(format!(
                        "{} is a copy of {}, and is not read again",
                        given.path.display(),
                        seen.path.display()
                    )));
                    return Ok(Fate::Rests);
                }
                Verdict::Same(content) => {
                    self.take(file, given);
                    return Ok(Fate::GoesOn(file, content));
                }
                Verdict::Shorter => {
                    self.notes.push(InputNote::Say(format!(
                        "{} begins like {}, of which more was read: it is taken for a copy that is not finished, and \
                         waits",
                        given.path.display(),
                        seen.path.display()
                    )));
                    return Ok(Fate::Rests);
                }
                Verdict::Other => {}
            }
        }
        if let Some(file) = given.replaces.filter(|&file| self.was_read(file, given.path)) {
            self.notes.push(InputNote::Say(format!(
                "{} does not hold any more what was read of it ({} lines): it was truncated, and is read from its start",
                given.path.display(),
                self.seen[file].lines
            )));
        }
        let content = given.file.whole()?;
        Ok(match given.empty {
            Some(file) => {
                self.take(file, given);
                Fate::GoesOn(file, content)
            }
            None => Fate::New(content),
        })
    }

    fn was_read(&self, file: usize, path: &Path) -> bool {
        self.seen[file].offset > 0 && self.seen[file].path == known_path(path)
    }

    /// The files whose first bytes are those of a given one: first those that have most in common with it, then those of
    /// which most was read.
    fn alike(&self, given: &Given<'_>) -> Vec<usize> {
        let head = &given.file.head;
        let mut prints: HashMap<usize, Print> = HashMap::new();
        let mut begins = |seen: &Seen| {
            let length = seen.head.length;
            let print = |length: &usize| Print::of(&head[..*length]);
            length <= head.len() && *prints.entry(length).or_insert_with_key(print) == seen.head
        };
        // A few lines that are the same make no copy of a file that is there as well, unless they are all there is.
        let is_enough = |seen: &Seen| {
            let is_whole = given.file.is_compressed && head.len() == seen.head.length;
            seen.offset > 0 && (seen.head.length == PRINT || is_whole)
        };
        let mut alike: Vec<usize> = (0..self.seen.len())
            .filter(|&file| {
                let seen = &self.seen[file];
                given.replaces != Some(file)
                    && if self.taken[file] { is_enough(seen) } else { seen.head.length > 0 }
                    && begins(seen)
            })
            .collect();
        alike.sort_by_key(|&file| Reverse((self.seen[file].head.length, self.seen[file].offset)));
        alike
    }

    fn take(&mut self, file: usize, given: &Given<'_>) {
        self.taken[file] = true;
        let (was, is) = (&self.seen[file].path, known_path(given.path));
        if *was != is {
            self.notes.push(InputNote::Explain(format!(
                "{} is what was {}: it is read on from line {}",
                given.path.display(),
                was.display(),
                self.seen[file].lines + 1
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_files_that_are_gone_the_newest_are_remembered() {
        let seen = |name: usize| {
            let identity = Identity { device: 1, inode: name as u64 };
            Seen::new(name.to_string().into(), identity, b"head")
        };
        let mut files = Files { seen: (0..7).map(seen).collect(), progress: Vec::new() };
        // The second and the last are there.
        let taken: Vec<bool> = (0..7).map(|name| matches!(name, 1 | 6)).collect();
        let places = files.forget(&taken, 2);
        let names: Vec<String> = files.seen.iter().map(|seen| seen.path.display().to_string()).collect();
        assert_eq!(names, ["1", "4", "5", "6"], "0, 2 and 3 are too many");
        assert_eq!((places[1], places[6]), (0, 3), "those that are there are found again");
        files.forget(&[true, false, false, true], REMEMBERED);
        assert_eq!(files.seen.len(), 4, "and many are remembered");
    }
}
