//! Decompression by magic number: gzip (RFC 1952) and Zstandard (RFC 8878), several members or frames in a row.
//!
//! A decoder must keep the flush rule, too: it may not wait for compressed bytes while decoded lines lie in the
//! reader's chunk. So a would-be wait is tried out: the [`Gate`] below a decoder refuses to wait, the decoder passes the
//! refusal on with its state kept, and only then does the reader learn that the next read would block.

use std::io::{self, BufReader, Read};
use std::os::fd::BorrowedFd;

use super::input::ByteSource;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BUFFER: usize = 64 << 10;

/// Whether a file with these first four bytes is compressed.
pub fn is_compressed(magic: &[u8]) -> bool {
    magic.starts_with(GZIP) || magic.starts_with(ZSTD)
}

/// The source's bytes, decompressed if its first bytes say that they are compressed.
pub fn decoded(source: Box<dyn ByteSource>) -> Box<dyn ByteSource> {
    Box::new(Decoded { state: State::Undecided { source, head: Vec::new() } })
}

struct Decoded {
    state: State,
}

enum State {
    /// The first bytes have not come yet; `head` holds those that have.
    Undecided {
        source: Box<dyn ByteSource>,
        head: Vec<u8>,
    },
    /// Not compressed; `head` was read ahead.
    Plain {
        source: Box<dyn ByteSource>,
        head: Vec<u8>,
    },
    Compressed(Box<Stash>),
    /// Only while a state is replaced.
    Gone,
}

impl Decoded {
    /// Reads on until the first bytes tell the format. False: not yet, and the next read would block.
    fn decide(&mut self, wait: bool) -> io::Result<bool> {
        while let State::Undecided { source, head } = &mut self.state {
            if !wait && source.would_block() {
                return Ok(false);
            }
            let mut bytes = [0; 4];
            let read = source.read(&mut bytes[head.len()..])?;
            head.extend_from_slice(&bytes[head.len()..head.len() + read]);
            let may_become = |magic: &[u8]| read > 0 && magic.starts_with(head) && head.len() < magic.len();
            if may_become(GZIP) || may_become(ZSTD) {
                continue;
            }
            let State::Undecided { source, head } = std::mem::replace(&mut self.state, State::Gone) else {
                break;
            };
            self.state = if is_compressed(head.as_slice()) {
                State::Compressed(Box::new(Stash::new(source, head)?))
            } else {
                State::Plain { source, head }
            };
        }
        Ok(true)
    }
}

impl ByteSource for Decoded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.decide(true)?;
        match &mut self.state {
            State::Plain { source, head } if head.is_empty() => source.read(buf),
            State::Plain { head, .. } => {
                let taken = head.len().min(buf.len());
                buf[..taken].copy_from_slice(&head[..taken]);
                head.drain(..taken);
                Ok(taken)
            }
            State::Compressed(stash) => stash.read(buf),
            State::Undecided { .. } | State::Gone => Ok(0),
        }
    }

    fn would_block(&mut self) -> bool {
        // An error shows again in the read that follows.
        if !self.decide(false).unwrap_or(true) {
            return true;
        }
        match &mut self.state {
            State::Plain { source, head } => head.is_empty() && source.would_block(),
            State::Compressed(stash) => stash.would_block(),
            State::Undecided { .. } | State::Gone => false,
        }
    }

    fn is_prompt(&self) -> bool {
        match &self.state {
            State::Undecided { source, .. } | State::Plain { source, .. } => source.is_prompt(),
            // Not asked any more: it is asked before the first read.
            State::Compressed(_) | State::Gone => false,
        }
    }

    fn is_live(&self) -> bool {
        match &self.state {
            State::Undecided { source, .. } | State::Plain { source, .. } => source.is_live(),
            State::Compressed(stash) => stash.is_live,
            State::Gone => false,
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Undecided { source, .. } | State::Plain { source, .. } => source.descriptor(),
            State::Compressed(stash) => stash.descriptor(),
            State::Gone => None,
        }
    }
}

/// A decoder and the bytes that it decoded while it was asked whether it would wait.
struct Stash {
    decoder: Decoder,
    ready: Vec<u8>,
    taken: usize,
    is_live: bool,
    /// An error that came while it was only asked; the next read reports it.
    error: Option<io::Error>,
}

enum Decoder {
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<Gate>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Gate>>),
}

impl Stash {
    fn new(source: Box<dyn ByteSource>, head: Vec<u8>) -> io::Result<Stash> {
        let is_live = source.is_live();
        let gzip = head.starts_with(GZIP);
        let gate = BufReader::with_capacity(BUFFER, Gate { source, head, wait: true });
        let decoder = if gzip {
            Decoder::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(gate)))
        } else {
            Decoder::Zstd(zstd::stream::read::Decoder::with_buffer(gate)?)
        };
        Ok(Stash { decoder, ready: Vec::new(), taken: 0, is_live, error: None })
    }

    fn decode(&mut self, buf: &mut [u8], wait: bool) -> io::Result<usize> {
        let decoded = match &mut self.decoder {
            Decoder::Gzip(decoder) => {
                decoder.get_mut().get_mut().wait = wait;
                decoder.read(buf)
            }
            Decoder::Zstd(decoder) => {
                decoder.get_mut().get_mut().wait = wait;
                decoder.read(buf)
            }
        };
        decoded.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => {
                let cut = "the compressed data ends early: the file was cut, and was read as far as it goes";
                io::Error::new(error.kind(), cut)
            }
            _ => io::Error::new(error.kind(), format!("cannot be decompressed: {error}")),
        })
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken < self.ready.len() {
            let taken = (self.ready.len() - self.taken).min(buf.len());
            buf[..taken].copy_from_slice(&self.ready[self.taken..self.taken + taken]);
            self.taken += taken;
            return Ok(taken);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.decode(buf, true)
    }

    fn would_block(&mut self) -> bool {
        if self.taken < self.ready.len() || self.error.is_some() {
            return false;
        }
        let mut ready = std::mem::take(&mut self.ready);
        ready.resize(BUFFER, 0);
        let outcome = self.decode(&mut ready, false);
        ready.truncate(*outcome.as_ref().unwrap_or(&0));
        (self.ready, self.taken) = (ready, 0);
        match outcome {
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        let gate = match &self.decoder {
            Decoder::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decoder::Zstd(decoder) => decoder.get_ref().get_ref(),
        };
        gate.source.descriptor()
    }
}

/// The reader below a decoder: gives the first bytes again, and refuses to wait when it is told not to.
struct Gate {
    source: Box<dyn ByteSource>,
    head: Vec<u8>,
    wait: bool,
}

impl Read for Gate {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.head.is_empty() {
            let taken = self.head.as_slice().read(buf)?;
            self.head.drain(..taken);
            return Ok(taken);
        }
        if !self.wait && self.source.would_block() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.source.read(buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::io::Write;

    /// Gives its parts one by one, and would block between them.
    struct Parts {
        parts: VecDeque<Vec<u8>>,
        asked: bool,
    }

    impl ByteSource for Parts {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let Some(part) = self.parts.front_mut() else { return Ok(0) };
            self.asked = false;
            let taken = part.len().min(buf.len());
            buf[..taken].copy_from_slice(&part[..taken]);
            part.drain(..taken);
            if part.is_empty() {
                self.parts.pop_front();
            }
            Ok(taken)
        }

        fn would_block(&mut self) -> bool {
            // Refuses once before every read, so that a decoder meets the refusal at every byte it needs.
            !std::mem::replace(&mut self.asked, true)
        }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(text: &str) -> Vec<u8> {
        zstd::encode_all(text.as_bytes(), 3).expect("memory")
    }

    fn read_all(bytes: &[u8], part: usize) -> io::Result<(Vec<u8>, usize)> {
        let parts = bytes.chunks(part).map(<[u8]>::to_vec).collect();
        let mut source = decoded(Box::new(Parts { parts, asked: false }));
        let (mut all, mut blocked) = (Vec::new(), 0);
        let mut buf = [0; 7];
        loop {
            blocked += usize::from(source.would_block());
            match source.read(&mut buf)? {
                0 => return Ok((all, blocked)),
                read => all.extend_from_slice(&buf[..read]),
            }
        }
    }

    #[test]
    fn every_format_comes_out_whole_however_it_is_cut() {
        let text = "{\"a\":1}\n".repeat(50);
        let twice = [gzip(&text), gzip("{}\n")].concat();
        let frames = [zstd(&text), zstd("{}\n")].concat();
        for part in [1, 2, 3, 64, 1 << 20] {
            for (bytes, expected) in [
                (text.clone().into_bytes(), text.clone()),
                (gzip(&text), text.clone()),
                (twice.clone(), format!("{text}{{}}\n")),
                (frames.clone(), format!("{text}{{}}\n")),
                (b"(".to_vec(), "(".to_owned()),
                (Vec::new(), String::new()),
            ] {
                let (all, blocked) = read_all(&bytes, part).expect("whole input");
                assert_eq!(String::from_utf8_lossy(&all), expected, "parts of {part}");
                assert!(blocked > 0, "the wait is told");
            }
        }
    }

    #[test]
    fn a_cut_file_is_an_error_after_what_could_be_read() {
        let bytes = gzip("{\"a\":1}\n");
        let error = read_all(&bytes[..bytes.len() - 4], 3).expect_err("cut");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(read_all(&zstd("{\"a\":1}\n")[..9], 3).is_err());
    }
}
