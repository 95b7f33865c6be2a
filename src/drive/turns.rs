//! Pipes that are read side by side: what comes on any of them goes on, whichever it is.
//!
//! Each fills a chunk of its own, so that lines stay whole, and they take turns, a read each. One that lies still hands on
//! the lines that it has. When all do, so does the output, and the reader waits for all at once.

use std::collections::VecDeque;

use rustix::event::{PollFd, PollFlags, poll};

use super::reader::{Cut, Reader};
use crate::jsonl::Input;

impl Reader {
    /// The pipe whose turn it is, of those that have something. `None`: none had, but that may be otherwise now.
    pub(super) fn next_ready(&mut self) -> Option<(Input, Cut)> {
        for _ in 0..self.pipes.len() {
            let (mut input, cut) = self.pipes.pop_front()?;
            if cut.whole > 0 || !input.source.would_block() {
                return Some((input, cut));
            }
            self.pipes.push_back((input, cut));
        }
        // A flush ticket goes between lines.
        if self.unflushed
            && let Some(at) = self.pipes.iter().position(|(_, cut)| !cut.oversized)
            && let Some((input, mut cut)) = self.pipes.remove(at)
        {
            self.hand_on(&mut cut, true);
            self.pipes.push_back((input, cut));
            return None;
        }
        // One that cannot be waited for beside others is waited for by its read.
        match self.pipes.iter().position(|(input, _)| input.source.descriptor().is_none()) {
            Some(at) => self.pipes.remove(at),
            None => {
                wait(&self.pipes);
                None
            }
        }
    }
}

/// Until one of them has something, or has ended.
fn wait(pipes: &VecDeque<(Input, Cut)>) {
    let descriptors = pipes.iter().filter_map(|(input, _)| input.source.descriptor());
    let mut waiting: Vec<PollFd<'_>> =
        descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)).collect();
    // An error shows again in the read that follows.
    let _ = poll(&mut waiting, None);
}
