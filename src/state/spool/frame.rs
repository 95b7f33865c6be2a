//! What a segment is made of: frames with a length and a checksum, so that a torn one is told from a whole one.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | the length of the body |
//! | 4 | CRC-32 of length and body |
//! | … | the body: its kind, what was packed, and the lines as they are |

use crc32fast::Hasher;

use super::Known;
use crate::pack::{Packer, Unpackable, Unpacker};

/// Length and checksum.
const HEAD: usize = 8;
/// Raised by every change that older programs would misread.
const VERSION: u64 = 1;

const BEGIN: u8 = 0;
const LINES: u8 = 1;
const CUT: u8 = 2;
const END: u8 = 3;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'f> {
    /// The first of a segment: its place, and with what the source goes on from there.
    Begin { place: u64, known: Known },
    /// Lines, or pieces of them, and what came to be known with them. With `is_cut` the last is what a broken connection left.
    Lines { text: &'f [u8], token: Option<&'f [u8]>, ids: Vec<Box<[u8]>>, is_cut: bool },
    /// The source is at its end.
    End,
}

impl Frame<'_> {
    /// Appends it to a buffer.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD]);
        let mut packer = Packer::into_buffer(std::mem::take(out));
        let mut rest: &[u8] = &[];
        match self {
            Frame::Begin { place, known: (token, ids) } => {
                packer.tag(BEGIN);
                packer.u64(VERSION);
                packer.u64(*place);
                pack_known(token.as_deref(), ids, &mut packer);
            }
            Frame::Lines { text, token, ids, is_cut } => {
                packer.tag(if *is_cut { CUT } else { LINES });
                pack_known(*token, ids, &mut packer);
                rest = text;
            }
            Frame::End => packer.tag(END),
        }
        *out = packer.into_bytes();
        out.extend_from_slice(rest);
        let length = (out.len() - start - HEAD) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(length, &out[start + HEAD..]);
        out[start + 4..start + HEAD].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Reads the first of these bytes, and tells how long it is; `None` if it is not there as a whole, or changed.
    pub fn read(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
        let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let (length, expected) = (number(0)?, number(4)?);
        let end = HEAD.checked_add(usize::try_from(length).ok()?)?;
        let body = bytes.get(HEAD..end)?;
        if checksum(length, body) != expected {
            return None;
        }
        Some((Frame::unpack(body).ok()?, end))
    }

    fn unpack(body: &[u8]) -> Result<Frame<'_>, Unpackable> {
        let mut from = Unpacker::new(body);
        Ok(match from.tag()? {
            BEGIN if from.u64()? == VERSION => {
                let place = from.u64()?;
                let (token, ids) = unpack_known(&mut from)?;
                Frame::Begin { place, known: (token.map(<[u8]>::to_vec), ids) }
            }
            kind @ (LINES | CUT) => {
                let (token, ids) = unpack_known(&mut from)?;
                Frame::Lines { text: from.rest(), token, ids, is_cut: kind == CUT }
            }
            END => Frame::End,
            _ => return Err(Unpackable),
        })
    }
}

fn pack_known(token: Option<&[u8]>, ids: &[Box<[u8]>], packer: &mut Packer) {
    packer.option(token, Packer::string);
    packer.length(ids.len());
    ids.iter().for_each(|id| packer.string(id));
}

/// As [`Known`], with the token where it stands.
type Packed<'f> = (Option<&'f [u8]>, Vec<Box<[u8]>>);

fn unpack_known<'f>(from: &mut Unpacker<'f>) -> Result<Packed<'f>, Unpackable> {
    let token = from.option(Unpacker::string)?;
    let ids = (0..from.length()?).map(|_| Ok(from.string()?.into())).collect::<Result<_, Unpackable>>()?;
    Ok((token, ids))
}

fn checksum(length: u32, body: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_read_as_it_was_written_and_a_torn_or_changed_one_is_not() {
        let ids: Vec<Box<[u8]>> = vec![b"a"[..].into(), b""[..].into()];
        let frames = [
            Frame::Begin { place: 300, known: (Some(b"7".to_vec()), ids.clone()) },
            Frame::Lines { text: b"{\"a\":1}\n{", token: None, ids: Vec::new(), is_cut: true },
            Frame::Lines { text: b"", token: Some(b"8"), ids, is_cut: false },
            Frame::End,
        ];
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame.write(&mut bytes));
        let mut at = 0;
        for frame in &frames {
            let (found, length) = Frame::read(&bytes[at..]).expect("a frame");
            assert_eq!(&found, frame);
            for end in at..at + length {
                assert_eq!(Frame::read(&bytes[at..end]), None);
                let mut changed = bytes[at..at + length].to_vec();
                changed[end - at] ^= 1;
                assert_eq!(Frame::read(&changed), None);
            }
            at += length;
        }
        assert_eq!(at, bytes.len());
    }
}
