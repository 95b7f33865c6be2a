//! The files that a path, a folder or a pattern stands for.

use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use glob::Pattern;
use rustix::io::Errno;

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
            Err(_) if text.contains(['*', '?', '[']) && Pattern::new(text).is_ok() => {
                Target::Pattern(text.to_owned())
            }
            _ => Target::File(text.into()),
        }
    }

    /// The files that are there, in the order of their names. Hidden files and folders are left out, and files that are not whole
    /// yet (`.part`), unless one is named itself.
    ///
    /// # Errors
    ///
    /// A folder on the way cannot be read: what is in it would be missing from the lines, and nobody could tell.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        match self {
            Target::File(path) => files.extend(path.is_file().then(|| path.clone())),
            Target::Folder(folder) => matching(folder, &[Part::Deep, Part::Any], &mut files)?,
            Target::Pattern(pattern) => {
                let root = Path::new(if pattern.starts_with('/') { "/" } else { "" });
                matching(root, &parts(pattern)?, &mut files)?;
                files.retain(|path| !is_part(path));
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}

/// What a pattern says of one name on the way.
enum Part {
    /// The name itself.
    Name(String),
    /// What the name is like.
    Like(Pattern),
    /// Any name that is not hidden, of what is whole.
    Any,
    /// Any folders, also none.
    Deep,
}

impl Part {
    fn has(&self, name: &str) -> bool {
        match self {
            Part::Name(known) => known == name,
            // As in a shell, who wants hidden ones says so.
            Part::Like(pattern) => {
                (!name.starts_with('.') || pattern.as_str().starts_with('.')) && pattern.matches(name)
            }
            Part::Any | Part::Deep => !name.starts_with('.') && !is_part(Path::new(name)),
        }
    }
}

fn parts(pattern: &str) -> io::Result<Vec<Part>> {
    let part = |name: &str| match name {
        "**" => Ok(Part::Deep),
        _ if name.contains(['*', '?', '[']) => Pattern::new(name).map(Part::Like).map_err(io::Error::other),
        _ => Ok(Part::Name(name.to_owned())),
    };
    // What ends in a slash is no file, and none is called so.
    let names = pattern.strip_prefix('/').unwrap_or(pattern).split('/');
    names.map(part).collect()
}

/// Adds the files that the parts lead to from here.
fn matching(path: &Path, parts: &[Part], files: &mut Vec<PathBuf>) -> io::Result<()> {
    match parts {
        [] => {
            if there(path, fs::metadata(path))?.is_some_and(|metadata| metadata.is_file()) {
                files.push(path.to_owned());
            }
            Ok(())
        }
        [Part::Name(name), rest @ ..] => matching(&path.join(name), rest, files),
        _ => matching_in(path, &entries(path)?, parts, files),
    }
}

/// As [`matching`], from a folder with these entries.
fn matching_in(
    folder: &Path,
    entries: &[DirEntry],
    parts: &[Part],
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    // Behind the last part there would be folders.
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    let named = entries.iter().filter(|entry| part.has(&entry.file_name().to_string_lossy()));
    match part {
        Part::Name(_) => matching(folder, parts, files)?,
        Part::Like(_) | Part::Any => {
            for entry in named {
                matching(&folder.join(entry.file_name()), rest, files)?;
            }
        }
        Part::Deep => {
            matching_in(folder, entries, rest, files)?;
            for entry in named {
                // A link to a folder is not gone into, or there might be no end.
                if entry.file_type()?.is_dir() {
                    matching(&folder.join(entry.file_name()), parts, files)?;
                }
            }
        }
    }
    Ok(())
}

/// What is in a folder; nothing in what is none.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Some(entries) = there(shown, fs::read_dir(shown))? else { return Ok(Vec::new()) };
    entries.map(|entry| entry.map_err(|error| unreadable(shown, &error))).collect()
}

/// What a path leads to, if it does: what went away meanwhile was not there, and a link that leads nowhere is nothing.
fn there<T>(path: &Path, found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    let shown = path.display();
    let what = format!(
        "{shown}: {error}: what is in it would be missing; name what is to be read, or let it be read"
    );
    io::Error::new(error.kind(), what)
}

fn is_part(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "part")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_patterns_are_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("2026/11")).unwrap();
        fs::create_dir(root.join(".git")).unwrap();
        for name in [
            "b.jsonl",
            "a.jsonl.gz",
            ".hidden",
            "c.jsonl.part",
            "2026/11/x.jsonl",
            "2026/y.csv",
            "2026/11/.hidden.jsonl",
            ".git/x.jsonl",
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
        assert_eq!(names(&of("*/*.csv")), ["2026/y.csv"]);
        assert_eq!(names(&of("2026/?1/x.jsonl")), ["2026/11/x.jsonl"]);
        assert_eq!(names(&of("**/x.jsonl")), ["2026/11/x.jsonl"]);
        assert_eq!(names(&of("**/**/?.csv")), ["2026/y.csv"], "once, by however many ways");
        assert_eq!(names(&of("*/x.jsonl")), Vec::<String>::new(), "nothing hidden");
        assert_eq!(names(&of(".g*/*.jsonl")), [".git/x.jsonl"], "but where it is asked for");
        for none in ["none.jsonl", "none/*.jsonl", "b.jsonl/*.jsonl", "*/", "2026/*/none/*"] {
            assert_eq!(names(&of(none)), Vec::<String>::new(), "{none}");
        }
    }

    #[test]
    fn links_lead_to_files_and_to_no_end() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("a/x.jsonl"), "").unwrap();
        symlink("a/x.jsonl", root.join("link.jsonl")).unwrap();
        symlink("nowhere", root.join("dangling.jsonl")).unwrap();
        symlink("self.jsonl", root.join("self.jsonl")).unwrap();
        symlink("..", root.join("a/up")).unwrap();
        let names = |name: &str| -> Vec<String> {
            let files = Target::of(&format!("{}/{name}", root.display())).files().unwrap();
            files.iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect()
        };
        assert_eq!(names(""), ["a/x.jsonl", "link.jsonl"]);
        assert_eq!(names("**/*.jsonl"), ["a/x.jsonl", "link.jsonl"]);
        assert_eq!(names("*/up/*.jsonl"), ["a/up/link.jsonl"], "where it is named");
    }
}
