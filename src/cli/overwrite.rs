//! What is written while the input is read must not be the input: the first byte written would cost the rest.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::drive::Usage;

/// Refuses to begin anew, for this flag, a file that is to be read; without files, standard input is read. `-o` needs no such
/// care: it is renamed at the end.
pub fn refuse_input(flag: &str, written: Option<&Path>, files: &[PathBuf]) -> Result<(), Usage> {
    let identity = |path: &Path| {
        let path = if path == Path::new("-") { Path::new("/dev/stdin") } else { path };
        fs::metadata(path).ok().filter(Metadata::is_file).map(|file| (file.dev(), file.ino()))
    };
    let Some((path, written)) = written.and_then(|path| Some((path, identity(path)?))) else { return Ok(()) };
    let stdin = [PathBuf::from("-")];
    let files = if files.is_empty() { &stdin[..] } else { files };
    match files.iter().any(|file| identity(file) == Some(written)) {
        true => {
            let path = path.display();
            Err(Usage(format!("{flag} {path} would overwrite the input while it is read: name another file")))
        }
        false => Ok(()),
    }
}
