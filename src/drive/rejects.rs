//! What is entered into the account of rejects: lines that a mapper refused, and those that no mapper sees.

use super::Job;
use super::map::{Rejected, cut_by_connection, too_long};
use super::run::Run;
use crate::jsonl::{Chunk, ChunkKind, Place};

impl<J: Job> Run<'_, J> {
    /// Enters rejects of a chunk into the account.
    pub(super) fn enter(&mut self, chunk: &Chunk, rejects: &[Rejected]) -> anyhow::Result<()> {
        for rejected in rejects {
            let place = Place { input: &self.names[chunk.input], line: rejected.line + 1 };
            let line = &chunk.bytes()[rejected.start..rejected.end];
            if let Some(message) = self.ledger.enter(&place, &rejected.reject, line)? {
                self.notes.say(&message);
            }
        }
        Ok(())
    }

    /// Enters a line that is a reject as it came, or a part of one, into the account.
    pub(super) fn refuse(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        let (reject, first, last) = match chunk.kind {
            ChunkKind::Lines | ChunkKind::Mark => return Ok(()),
            ChunkKind::Oversized { first, last } => (too_long(self.checks.max_line), first, last),
            ChunkKind::Cut => (cut_by_connection(), true, true),
        };
        let bytes = chunk.bytes().strip_suffix(b"\n").unwrap_or(chunk.bytes());
        if !first {
            return Ok(self.ledger.keep(bytes, last)?);
        }
        self.counts.lines += 1;
        self.lines_before[chunk.input] += 1;
        let place = Place { input: &self.names[chunk.input], line: self.lines_before[chunk.input] };
        let message = self.ledger.enter_part(&place, &reject, bytes)?;
        if last {
            self.ledger.keep(b"", true)?;
        }
        message.iter().for_each(|message| self.notes.say(message));
        Ok(())
    }
}
