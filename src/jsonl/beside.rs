//! A file that is written beside the one that it replaces at the end.
//!
//! Its name tells what it is for, `.NAME.xxxxxx.part`, and its writer holds a lock on it, which the kernel gives back however
//! the writer ends. So what a killed run left behind is known, and removed by the next run that writes NAME.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;

const SUFFIX: &str = ".part";
/// So many random letters and digits make the name one of its own.
const RANDOM: usize = 6;
/// So many links in a row lead somewhere, as for the kernel.
const LINKS: usize = 40;

/// Replaces the file of this path by these bytes, as a whole.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (mut file, path) = beside(path)?;
    file.write_all(bytes)?;
    persist(file, &path)
}

/// Whether a file can be put in the place of this path; for those who make it at a price.
///
/// # Errors
///
/// It cannot.
pub fn can_replace(path: &Path) -> io::Result<()> {
    beside(path).map(drop)
}

/// Removes what runs that were killed have left beside the file of this path. Nothing depends on it, so no failure is told.
pub fn sweep(path: &Path) {
    let path = resolved(path);
    let (Some(name), Ok(entries)) = (path.file_name(), fs::read_dir(folder(&path))) else { return };
    for entry in entries.flatten().filter(|entry| is_beside(&entry.file_name(), name)) {
        // Locked: its writer lives. Where locks are unknown, nothing is removed.
        if let Ok(file) = File::open(entry.path())
            && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_beside(found: &OsStr, name: &OsStr) -> bool {
    let random = found
        .as_bytes()
        .strip_prefix(b".")
        .and_then(|rest| rest.strip_prefix(name.as_bytes()))
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

/// A temporary file in the folder where `path` leads, and that path with links resolved.
pub(super) fn beside(path: &Path) -> io::Result<(NamedTempFile, PathBuf)> {
    let path = resolved(path);
    let mode = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) => metadata.permissions().mode(),
        // The umask takes its part.
        Err(_) => 0o666,
    };
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "names no file"))?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let folder = folder(&path);
    sweep(&path);
    loop {
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(RANDOM)
            .suffix(SUFFIX)
            .permissions(Permissions::from_mode(mode & 0o777))
            .tempfile_in(folder)
            .map_err(|error| explain(&error, folder))?;
        // Another run may take it for one that was left behind, in the moment before it is locked. Then it is gone.
        let _ = flock(file.as_file(), FlockOperation::LockExclusive);
        if file.as_file().metadata()?.nlink() > 0 {
            return Ok((file, path));
        }
    }
}

/// A link stays a link: what it points to is replaced, or made.
fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::canonicalize(&path).map_err(|_| fs::read_link(&path)) {
            Ok(real) => return real,
            Err(Ok(target)) => path = folder(&path).join(target),
            Err(Err(_)) => break,
        }
    }
    path
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// Why nothing can be made in a folder: of the temporary file the user knows nothing.
fn explain(error: &io::Error, folder: &Path) -> io::Error {
    let shown = folder.display();
    let why = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {shown}; make it first: mkdir -p {shown}"),
        io::ErrorKind::NotADirectory => format!("{shown} is no folder"),
        io::ErrorKind::PermissionDenied => format!(
            "no file may be made in the folder {shown} (it is written there under another name, then renamed)"
        ),
        _ => {
            let inner = error.get_ref().and_then(|error| error.source());
            inner.map_or_else(|| error.to_string(), ToString::to_string)
        }
    };
    io::Error::new(error.kind(), why)
}

pub(super) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&path, "").expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        replace_file(&link, b"x").expect("a file");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read(&path).expect("a file"), b"x");
    }

    #[test]
    fn a_link_to_what_is_not_there_yet_stays_one_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |name: &str| folder.path().join(name);
        for (name, target) in [("outer", "inner"), ("inner", "real"), ("circle", "circle")] {
            std::os::unix::fs::symlink(target, of(name)).expect("a link");
        }
        replace_file(&of("outer"), b"x").expect("a file");
        for name in ["outer", "inner"] {
            assert!(fs::symlink_metadata(of(name)).expect("a link").is_symlink(), "{name}");
        }
        assert_eq!(fs::read(of("real")).expect("a file"), b"x");
        replace_file(&of("circle"), b"y").expect("it leads nowhere, so it is replaced itself");
        assert_eq!(fs::read(of("circle")).expect("a file"), b"y");
    }

    #[test]
    fn only_what_a_dead_run_left_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        let (dead, _) = beside(&path).expect("a file");
        let dead = dead.into_temp_path().keep().expect("it stays, and is locked no more");
        let (living, _) = beside(&path).expect("a file");
        let others =
            [".out.part", ".out.other.part", ".out.abc123.party", "out.abc123.part", ".other.abc123.part"];
        others.iter().for_each(|other| fs::write(folder.path().join(other), "").expect("a file"));
        sweep(&path);
        assert!(!dead.exists() && living.path().exists());
        assert!(others.iter().all(|other| folder.path().join(other).exists()), "they are somebody else's");
    }
}
