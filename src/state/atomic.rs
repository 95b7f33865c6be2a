//! A file that is there as a whole or not at all, whatever happens to the machine meanwhile.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Replaces the file of this path by these parts, one after the other: written beside it, flushed to the disk, renamed,
/// and the rename flushed too. A link stays a link. What lies beside it has always the same name, so a run that was killed
/// leaves one such file at most, which the next one replaces; so only one run at a time may do this.
pub fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = beside(&path, ".", ".part")?;
    let outcome = write(&path, &beside, parts);
    if outcome.is_err() {
        // The error is what counts.
        let _ = fs::remove_file(&beside);
    }
    outcome
}

fn write(path: &Path, beside: &Path, parts: &[&[u8]]) -> io::Result<()> {
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mode = fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(beside)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    File::open(folder(path))?.sync_all()
}

/// The folder that a file lies in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// The path with something before and after the file's name.
pub(super) fn beside(path: &Path, before: &str, after: &str) -> io::Result<PathBuf> {
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "names no file"))?;
    let mut beside = OsString::from(before);
    beside.push(name);
    beside.push(after);
    Ok(path.with_file_name(beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("state"), folder.path().join("link"));
        replace(&path, &[b"one ", b"two"]).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        fs::write(folder.path().join(".state.part"), "left by a run that was killed").expect("a file");
        replace(&link, &[b"three"]).expect("a file");
        assert_eq!(fs::read(&path).expect("a file"), b"three");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "the file and the link");
    }

    #[test]
    fn what_was_there_stays_when_it_cannot_be_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        fs::create_dir(&path).expect("a folder");
        assert!(replace(&path, &[b"x"]).is_err(), "a folder is no file");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
