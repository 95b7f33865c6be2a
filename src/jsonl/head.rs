//! A source of which some bytes were read already.

use std::io;

use super::ByteSource;

/// The source with these bytes in front of it again.
pub fn behind_head(head: Vec<u8>, source: Box<dyn ByteSource>) -> Box<dyn ByteSource> {
    Box::new(Headed { head, taken: 0, source })
}

struct Headed {
    head: Vec<u8>,
    taken: usize,
    source: Box<dyn ByteSource>,
}

impl ByteSource for Headed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let rest = &self.head[self.taken..];
        if rest.is_empty() {
            return self.source.read(buf);
        }
        let taken = rest.len().min(buf.len());
        buf[..taken].copy_from_slice(&rest[..taken]);
        self.taken += taken;
        Ok(taken)
    }

    fn would_block(&mut self) -> bool {
        self.taken == self.head.len() && self.source.would_block()
    }

    fn is_prompt(&self) -> bool {
        self.source.is_prompt()
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn was_cut(&self) -> bool {
        self.taken == self.head.len() && self.source.was_cut()
    }
}
