//! The form of our own files: what it is, how long it is, a checksum, a line of JSON for people, and the packed rest.
//!
//! | bytes | what |
//! | --- | --- |
//! | 16 | what it is, in words, with a newline at the end, so that `file` and people see it |
//! | 4 | the version of the form |
//! | 8, 8 | the lengths of line and body |
//! | 4 | CRC-32 of all but these four bytes |
//! | … | a JSON object, and a newline |
//! | … | the body |
//!
//! All numbers have their lowest byte first.

use std::fmt;

use crc32fast::Hasher;

/// Magic, version, two lengths, checksum.
const HEAD: usize = 16 + 4 + 8 + 8 + 4;

/// One kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What stands at its beginning.
    pub magic: &'static [u8; 16],
    /// Raised by every change of the body that older programs would misread.
    pub version: u32,
    /// What it is called: `state file`.
    pub name: &'static str,
}

impl Form {
    /// The bytes that stand before line and body in the file. The body may come in several parts.
    pub fn head(&self, line: &[u8], body: &[&[u8]]) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..16].copy_from_slice(self.magic);
        head[16..20].copy_from_slice(&self.version.to_le_bytes());
        head[20..28].copy_from_slice(&(line.len() as u64).to_le_bytes());
        let length: usize = body.iter().map(|part| part.len()).sum();
        head[28..36].copy_from_slice(&(length as u64).to_le_bytes());
        let checksum = checksum(&head[..36], line, body);
        head[36..].copy_from_slice(&checksum.to_le_bytes());
        head
    }

    /// Takes the file apart: line and body.
    ///
    /// # Errors
    ///
    /// It is another file, of another version, cut or changed.
    pub fn parts<'f>(&self, file: &'f [u8]) -> Result<(&'f [u8], &'f [u8]), Damage> {
        let damage = |kind| Damage { form: *self, kind };
        if !file.starts_with(self.magic) {
            return Err(damage(if file.is_empty() { DamageKind::Cut } else { DamageKind::Foreign }));
        }
        self.take_apart(file).map_err(damage)
    }

    fn take_apart<'f>(&self, file: &'f [u8]) -> Result<(&'f [u8], &'f [u8]), DamageKind> {
        let (head, rest) = file.split_at_checked(HEAD).ok_or(DamageKind::Cut)?;
        let version = u32::from_le_bytes(head[16..20].try_into().map_err(|_| DamageKind::Cut)?);
        if version != self.version {
            return Err(DamageKind::Version(version));
        }
        let length = |at: usize| -> Result<usize, DamageKind> {
            let bytes = head[at..at + 8].try_into().map_err(|_| DamageKind::Cut)?;
            usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| DamageKind::Changed)
        };
        let (line, body) = rest.split_at_checked(length(20)?).ok_or(DamageKind::Cut)?;
        match body.len().cmp(&length(28)?) {
            std::cmp::Ordering::Less => return Err(DamageKind::Cut),
            std::cmp::Ordering::Greater => return Err(DamageKind::Changed),
            std::cmp::Ordering::Equal => {}
        }
        if checksum(&head[..36], line, &[body]).to_le_bytes() != head[36..] {
            return Err(DamageKind::Changed);
        }
        Ok((line, body))
    }
}

fn checksum(head: &[u8], line: &[u8], body: &[&[u8]]) -> u32 {
    let mut hasher = Hasher::new();
    [head, line].iter().chain(body).for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// Why a file is not what it should be, or no more.
#[derive(Clone, Copy, Debug)]
pub struct Damage {
    form: Form,
    kind: DamageKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DamageKind {
    Foreign,
    Version(u32),
    Cut,
    Changed,
}

impl std::error::Error for Damage {}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Form { version: own, name, .. } = self.form;
        match self.kind {
            DamageKind::Foreign => write!(f, "it is no {name}, but something else"),
            DamageKind::Version(version) => {
                write!(f, "it has version {version} and this program reads {own}: another release made it")
            }
            DamageKind::Cut => f.write_str("it ends early"),
            DamageKind::Changed => f.write_str("its checksum is wrong: its bytes were changed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form { magic: b"trendpipe tests\n", version: 1, name: "test" };

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let (line, body) = (b"{\"window\":\"20s\"}\n".as_slice(), b"body \x00\x01".as_slice());
        let file = [FORM.head(line, &[&body[..3], &body[3..]]).as_slice(), line, body].concat();
        fn kind(file: &[u8]) -> Result<(&[u8], &[u8]), DamageKind> {
            FORM.parts(file).map_err(|damage| damage.kind)
        }
        assert_eq!(kind(&file), Ok((line, body)));
        for at in 0..file.len() {
            assert!(kind(&file[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = file.clone();
                flipped[at] ^= 1 << bit;
                assert!(kind(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
        assert_eq!(kind(&[file.as_slice(), b"x"].concat()), Err(DamageKind::Changed));
        assert_eq!(kind(b"{\"not\":\"a state\"}"), Err(DamageKind::Foreign));
        let next = Form { version: 2, ..FORM }.parts(&file).map(|_| ()).map_err(|damage| damage.to_string());
        assert!(next.is_err_and(|text| text.contains("version 1")));
    }
}
