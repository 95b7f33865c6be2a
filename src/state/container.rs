//! The form of a state file: what it is, how long it is, a checksum, the settings as JSON, and the packed rest.
//!
//! | bytes | what |
//! | --- | --- |
//! | 16 | `trendpipe state` and a newline, so that `file` and people see what it is |
//! | 4 | the version of the form |
//! | 8, 8 | the lengths of settings and body |
//! | 4 | CRC-32 of all but these four bytes |
//! | … | the settings, a JSON object, and a newline |
//! | … | the body |
//!
//! All numbers have their lowest byte first.

use std::fmt;

use crc32fast::Hasher;

const MAGIC: &[u8; 16] = b"trendpipe state\n";
/// Raised by every change of what a state holds that older programs would misread.
const VERSION: u32 = 1;
/// Magic, version, two lengths, checksum.
const HEAD: usize = 16 + 4 + 8 + 8 + 4;

/// The bytes that stand before settings and body in the file. The body may come in several parts.
pub(super) fn head(settings: &[u8], body: &[&[u8]]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..16].copy_from_slice(MAGIC);
    head[16..20].copy_from_slice(&VERSION.to_le_bytes());
    head[20..28].copy_from_slice(&(settings.len() as u64).to_le_bytes());
    let length: usize = body.iter().map(|part| part.len()).sum();
    head[28..36].copy_from_slice(&(length as u64).to_le_bytes());
    let checksum = checksum(&head[..36], settings, body);
    head[36..].copy_from_slice(&checksum.to_le_bytes());
    head
}

/// Takes the file apart: settings and body.
pub(super) fn parts(file: &[u8]) -> Result<(&[u8], &[u8]), Damage> {
    if !file.starts_with(MAGIC) {
        return Err(if file.is_empty() { Damage::Cut } else { Damage::Foreign });
    }
    let (head, rest) = file.split_at_checked(HEAD).ok_or(Damage::Cut)?;
    let version = u32::from_le_bytes(head[16..20].try_into().map_err(|_| Damage::Cut)?);
    if version != VERSION {
        return Err(Damage::Version(version));
    }
    let length = |at: usize| -> Result<usize, Damage> {
        let bytes = head[at..at + 8].try_into().map_err(|_| Damage::Cut)?;
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| Damage::Changed)
    };
    let (settings, body) = rest.split_at_checked(length(20)?).ok_or(Damage::Cut)?;
    match body.len().cmp(&length(28)?) {
        std::cmp::Ordering::Less => return Err(Damage::Cut),
        std::cmp::Ordering::Greater => return Err(Damage::Changed),
        std::cmp::Ordering::Equal => {}
    }
    if checksum(&head[..36], settings, &[body]).to_le_bytes() != head[36..] {
        return Err(Damage::Changed);
    }
    Ok((settings, body))
}

fn checksum(head: &[u8], settings: &[u8], body: &[&[u8]]) -> u32 {
    let mut hasher = Hasher::new();
    [head, settings].iter().chain(body).for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// Why a file is no state, or none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    Foreign,
    Version(u32),
    Cut,
    Changed,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Foreign => f.write_str("it is no state file, but something else"),
            Damage::Version(version) => {
                write!(
                    f,
                    "it has version {version} and this program reads {VERSION}: another release made it"
                )
            }
            Damage::Cut => f.write_str("it ends early"),
            Damage::Changed => f.write_str("its checksum is wrong: its bytes were changed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let (settings, body) = (b"{\"window\":\"20s\"}\n".as_slice(), b"body \x00\x01".as_slice());
        let file = [head(settings, &[&body[..3], &body[3..]]).as_slice(), settings, body].concat();
        assert_eq!(parts(&file), Ok((settings, body)));
        for at in 0..file.len() {
            assert!(parts(&file[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = file.clone();
                flipped[at] ^= 1 << bit;
                assert!(parts(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
        assert_eq!(parts(&[file.as_slice(), b"x"].concat()), Err(Damage::Changed));
        assert_eq!(parts(b"{\"not\":\"a state\"}"), Err(Damage::Foreign));
    }
}
