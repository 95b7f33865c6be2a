//! The files that a path, a folder or a pattern stands for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a user names where files are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One file, which may not be there yet.
    File(PathBuf),
    /// All files in a folder and those below it.
    Folder(PathBuf),
    /// All files that match.
    Pattern(String),
}

impl Target {
    /// What is there counts first: a file may be called like a pattern.
    pub fn of(text: &str) -> Target {
        match fs::metadata(text) {
            Ok(metadata) if metadata.is_dir() => Target::Folder(text.into()),
            Err(_) if text.contains(['*', '?', '[']) && glob::Pattern::new(text).is_ok() => {
                Target::Pattern(text.to_owned())
            }
            _ => Target::File(text.into()),
        }
    }

    /// The files that are there, in the order of their names. Hidden files are left out, and such as are not whole yet
    /// (`.part`), unless one is named itself.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        match self {
            Target::File(path) => files.extend(path.is_file().then(|| path.clone())),
            Target::Folder(folder) => below(folder, &mut files)?,
            Target::Pattern(pattern) => {
                let matches = glob::glob(pattern).map_err(io::Error::other)?;
                files.extend(matches.flatten().filter(|path| path.is_file() && is_content(path)));
            }
        }
        files.sort();
        Ok(files)
    }
}

/// All files below a folder. One that goes away meanwhile had none.
fn below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if !is_content(&path) {
            continue;
        }
        // A link to a file is one; a link to a folder is not gone into, or there might be no end.
        if entry.file_type()?.is_dir() {
            below(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_content(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && !name.ends_with(".part")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_patterns_are_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("2026/11")).unwrap();
        for name in [
            "b.jsonl",
            "a.jsonl.gz",
            ".hidden",
            "c.jsonl.part",
            "2026/11/x.jsonl",
            "2026/y.csv",
            "a[1].jsonl",
        ] {
            fs::write(root.join(name), "").unwrap();
        }
        let names = |target: &Target| -> Vec<String> {
            let shown = |path: PathBuf| path.strip_prefix(root).unwrap().display().to_string();
            target.files().unwrap().into_iter().map(shown).collect()
        };
        let of = |name: &str| Target::of(&format!("{}/{name}", root.display()));
        assert_eq!(names(&of("")), ["2026/11/x.jsonl", "2026/y.csv", "a.jsonl.gz", "a[1].jsonl", "b.jsonl"]);
        assert_eq!(names(&of("*.jsonl*")), ["a.jsonl.gz", "a[1].jsonl", "b.jsonl"]);
        assert_eq!(names(&of("a[1].jsonl")), ["a[1].jsonl"], "a file of that name is there");
        assert_eq!(names(&of("c.jsonl.part")), ["c.jsonl.part"]);
        assert_eq!(names(&of("none.jsonl")), Vec::<String>::new());
    }
}
