//! A folder in which the recipes of scripts/ run, with the programs under test.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
#[cfg(feature = "serve")]
use std::process::Child;
use std::process::{Command, Stdio};

#[cfg(feature = "serve")]
use serde_json::Value;
use tempfile::TempDir;

use super::{Ran, programs};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with the programs where the scripts look for them, and more.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        fs::create_dir(place.path("release")).expect("a folder");
        for name in [
            "stream-fetch",
            "jsonl-filter",
            "jsonl-describe",
            "window-count",
            "topn",
            "plot-svg",
            "jsonl-store",
            "stream-serve",
            "topic-model",
        ] {
            symlink(programs().join(name), place.path("release").join(name)).expect("a link");
        }
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the script made it")
    }

    /// Puts a script in the place of a program.
    pub fn replace(&self, name: &str, script: &str) {
        let path = self.path("release").join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, script).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
    }

    pub fn call(&self, script: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let path =
            format!("{}:{}", self.path("release").display(), std::env::var("PATH").unwrap_or_default());
        let mut call = Command::new(script);
        call.args(args)
            .env("CARGO_TARGET_DIR", self.0.path())
            .env("PATH", path)
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        call
    }

    pub fn run(&self, script: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        let done = self.call(script, args).output().expect("there is a shell");
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        Ran { out: done.stdout, err, code: done.status.code().unwrap_or(-1) }
    }

    pub fn recipe(&self, name: &str, args: &[&str]) -> Ran {
        self.run(&root().join("scripts").join(name), args)
    }

    /// The first snapshot of a recipe's live page of which `is_whole` is true; then the recipe is ended.
    #[cfg(feature = "serve")]
    pub fn live(&self, name: &str, args: &[&str], is_whole: impl Fn(&Value) -> bool) -> Value {
        use std::io::{BufRead, BufReader};
        use std::os::unix::process::CommandExt;
        let mut call = self.call(&root().join("scripts").join(name), args);
        let recipe = call.args(["--serve", "0"]).stderr(Stdio::piped()).process_group(0).spawn();
        let mut group = Group(recipe.expect("a shell"));
        let mut said = BufReader::new(group.0.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let address = said
            .find_map(|line| line.split_once("the page is at ").map(|(_, page)| page.to_owned()))
            .expect("it says where the page is");
        let begun = std::time::Instant::now();
        loop {
            let snapshot = super::tool("stream-fetch").args(["-q", &format!("{address}snapshot.json")]).run();
            if let Ok(snapshot) = serde_json::from_slice::<Value>(&snapshot.out)
                && is_whole(&snapshot)
            {
                return snapshot;
            }
            assert!(begun.elapsed() < super::PATIENCE, "no such snapshot");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The texts of a chart.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let svg = self.text(name);
        let document = roxmltree::Document::parse(&svg).expect("a whole SVG");
        document.descendants().filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
    }
}

/// A recipe and all its programs, which end with it.
#[cfg(feature = "serve")]
struct Group(Child);

#[cfg(feature = "serve")]
impl Drop for Group {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-TERM", "--", &format!("-{}", self.0.id())]).status());
        drop(self.0.wait());
    }
}
