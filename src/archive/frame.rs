//! The content of a recording: frames of whole lines, each of which can be unpacked without the others.
//!
//! A frame is a gzip member, a Zstandard frame, or in a file that is not packed what was written at once. When one is closed
//! all of it is handed to the system, so a process that dies loses the open one at most.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use zstd::stream::raw::{Decoder as RawDecoder, InBuffer, Operation, OutBuffer};

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip members.
    Gzip,
    /// Zstandard frames.
    Zstd,
}

const BUFFER: usize = 64 << 10;
/// Like the program's own default: a level that keeps up with a network.
const ZSTD_LEVEL: i32 = 3;

/// An open frame at the end of a file.
pub(super) enum Frame {
    Plain(io::BufWriter<File>),
    Gzip(GzEncoder<File>),
    Zstd(Box<zstd::stream::write::Encoder<'static, File>>),
}

impl Frame {
    pub fn begin(packing: Packing, file: File) -> io::Result<Frame> {
        Ok(match packing {
            Packing::Plain => Frame::Plain(io::BufWriter::with_capacity(BUFFER, file)),
            Packing::Gzip => Frame::Gzip(GzEncoder::new(file, Compression::default())),
            Packing::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
                // A flipped bit on a disk is found years later.
                encoder.include_checksum(true)?;
                Frame::Zstd(Box::new(encoder))
            }
        })
    }

    pub fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Frame::Plain(writer) => writer.write_all(lines),
            Frame::Gzip(encoder) => encoder.write_all(lines),
            Frame::Zstd(encoder) => encoder.write_all(lines),
        }
    }

    /// Closes it: all of it is with the system.
    pub fn end(self) -> io::Result<()> {
        match self {
            Frame::Plain(mut writer) => writer.flush(),
            Frame::Gzip(encoder) => encoder.finish().map(drop),
            Frame::Zstd(encoder) => encoder.finish().map(drop),
        }
    }
}

/// How many bytes of a file from its start are whole frames; in one that is not packed, whole lines.
pub(super) fn whole(packing: Packing, file: &mut File) -> io::Result<u64> {
    file.rewind()?;
    match packing {
        Packing::Plain => whole_lines(file),
        Packing::Gzip => whole_members(file),
        Packing::Zstd => whole_zstd_frames(file),
    }
}

fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = vec![0; BUFFER];
    while end > 0 {
        let length = end.min(BUFFER as u64);
        file.seek(SeekFrom::Start(end - length))?;
        let block = &mut block[..length as usize];
        file.read_exact(block)?;
        if let Some(newline) = memchr::memrchr(b'\n', block) {
            return Ok(end - length + newline as u64 + 1);
        }
        end -= length;
    }
    Ok(0)
}

fn whole_members(file: &mut File) -> io::Result<u64> {
    let mut input = BufReader::with_capacity(BUFFER, file);
    let mut unpacked = vec![0; BUFFER];
    let mut whole = 0;
    while !input.fill_buf()?.is_empty() {
        let mut member = GzDecoder::new(&mut input);
        loop {
            match member.read(&mut unpacked) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if is_torn(&error) => return Ok(whole),
                Err(error) => return Err(error),
            }
        }
        whole = input.stream_position()?;
    }
    Ok(whole)
}

fn whole_zstd_frames(file: &mut File) -> io::Result<u64> {
    let mut input = BufReader::with_capacity(BUFFER, file);
    let mut unpacked = vec![0; BUFFER];
    let (mut whole, mut place) = (0, 0);
    let mut frame = RawDecoder::new()?;
    loop {
        let packed = input.fill_buf()?;
        if packed.is_empty() {
            return Ok(whole);
        }
        let mut from = InBuffer::around(packed);
        let left = match frame.run(&mut from, &mut OutBuffer::around(&mut unpacked[..])) {
            Ok(left) => left,
            Err(error) if is_torn(&error) => return Ok(whole),
            Err(error) => return Err(error),
        };
        let taken = from.pos();
        input.consume(taken);
        place += taken as u64;
        if left == 0 {
            whole = place;
            frame.reinit()?;
        }
    }
}

/// What a decoder says of bytes that are no frame, or not all of one; anything else is the disk's matter.
fn is_torn(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Other
    ) && error.raw_os_error().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonl::{ByteSource, Meter, StreamSource, decoded};

    const PACKINGS: [Packing; 3] = [Packing::Plain, Packing::Gzip, Packing::Zstd];

    fn frames(packing: Packing, texts: &[String]) -> Vec<(u64, File)> {
        let mut file = tempfile::tempfile().unwrap();
        let mut states = Vec::new();
        for text in texts {
            let mut frame = Frame::begin(packing, file.try_clone().unwrap()).unwrap();
            text.as_bytes().chunks(7).for_each(|piece| frame.write(piece).unwrap());
            frame.end().unwrap();
            let length = file.seek(SeekFrom::End(0)).unwrap();
            states.push((length, file.try_clone().unwrap()));
        }
        states
    }

    fn texts() -> Vec<String> {
        // The middle one is longer than the buffers, and does not pack well.
        let mut random = crate::random::Random::new(1, 0);
        let long: String = (0..40_000).map(|_| format!("{:x}", random.bits())).collect();
        vec!["{\"a\":1}\n{\"a\":2}\n".into(), format!("{{\"b\":\"{long}\"}}\n"), "{\"c\":3}\n".into()]
    }

    #[test]
    fn frames_in_a_row_are_one_text() {
        for packing in PACKINGS {
            let mut file = frames(packing, &texts()).pop().unwrap().1;
            file.rewind().unwrap();
            let mut source = decoded(Box::new(StreamSource::new(file, Meter::default())));
            let (mut text, mut piece) = (Vec::new(), [0; 1000]);
            loop {
                let read = ByteSource::read(&mut *source, &mut piece).unwrap();
                if read == 0 {
                    break;
                }
                text.extend_from_slice(&piece[..read]);
            }
            assert_eq!(text, texts().concat().into_bytes(), "{packing:?}");
        }
    }

    #[test]
    fn whole_frames_are_told_from_a_torn_tail_wherever_it_is_torn() {
        for packing in PACKINGS {
            let states = frames(packing, &texts());
            let ends: Vec<u64> = states.iter().map(|(end, _)| *end).collect();
            let mut bytes = Vec::new();
            let mut file = states.into_iter().next_back().unwrap().1;
            file.rewind().unwrap();
            file.read_to_end(&mut bytes).unwrap();
            let cuts = (0..=ends[0] + 5).chain((ends[1] - 5)..=ends[2]).chain([ends[0] + 70_000]);
            for cut in cuts {
                let mut torn = tempfile::tempfile().unwrap();
                torn.write_all(&bytes[..cut as usize]).unwrap();
                let expected = match packing {
                    Packing::Plain => bytes[..cut as usize]
                        .iter()
                        .rposition(|&byte| byte == b'\n')
                        .map_or(0, |at| at as u64 + 1),
                    _ => ends.iter().copied().filter(|&end| end <= cut).max().unwrap_or(0),
                };
                assert_eq!(whole(packing, &mut torn).unwrap(), expected, "{packing:?} cut at {cut}");
            }
        }
    }
}
