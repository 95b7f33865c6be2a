//! `scripts/package`: what is in the archive and in the .deb, and that what was installed works.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::peer::have;
use common::place::root;
use common::{Ran, programs};

/// All programs of this build.
fn names() -> Vec<String> {
    let sources = fs::read_dir(root().join("src/bin")).expect("programs").flatten();
    let mut names: Vec<String> = sources
        .map(|entry| entry.path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn sh(folder: &Path, variables: &[(&str, &str)], script: &str) -> Ran {
    let mut call = Command::new("sh");
    call.args(["-ec", script]).current_dir(folder).envs(variables.iter().copied()).stdin(Stdio::null());
    let done = call.output().expect("a shell");
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    Ran { out: done.stdout, err, code: done.status.code().unwrap_or(-1) }
}

/// Packages of small programs that call those of this build, in a folder; the archive and, where it can be made, the .deb.
fn packed(folder: &Path) -> (PathBuf, Option<PathBuf>) {
    let small = folder.join("programs");
    fs::create_dir(&small).expect("a folder");
    for name in names() {
        let program = small.join(&name);
        fs::write(&program, format!("#!/bin/sh\nexec '{}' \"$@\"\n", programs().join(&name).display()))
            .expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    }
    let script = root().join("scripts/package");
    let call = format!("'{}' --programs '{}' --out out", script.display(), small.display());
    // It works in the folder of the project.
    let call = call.replace("--out out", &format!("--out '{}'", folder.join("out").display()));
    let ran = sh(folder, &[("SOURCE_DATE_EPOCH", "1542049200")], &call).with_code(0);
    let made: Vec<PathBuf> = ran.text().lines().map(PathBuf::from).collect();
    (made[0].clone(), made.get(1).cloned())
}

#[test]
fn the_archive_has_programs_pages_completions_and_recipes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, _) = packed(folder.path());
    assert!(archive.display().to_string().contains("/trendpipe-0."), "{}", archive.display());
    let list = sh(folder.path(), &[], &format!("tar -tf '{}'", archive.display())).quietly();
    let top = list.text().lines().next().expect("a folder").trim_end_matches('/').to_owned();
    let has: BTreeSet<&str> =
        list.text().lines().filter_map(|line| line.strip_prefix(&format!("{top}/"))).collect();
    let mut wanted = Vec::new();
    for name in names() {
        wanted.extend([
            format!("bin/{name}"),
            format!("share/man/man1/{name}.1.gz"),
            format!("share/bash-completion/completions/{name}"),
            format!("share/zsh/vendor-completions/_{name}"),
            format!("share/fish/vendor_completions.d/{name}.fish"),
            format!("share/doc/trendpipe/docs/{name}.md"),
        ]);
    }
    let recipes =
        ["meetup-cities", "trending-hashtags", "daily-hashtags", "harvest", "twitter-topics", "from-cron"];
    wanted.extend(recipes.map(|name| format!("share/trendpipe/scripts/{name}")));
    wanted.extend(
        ["share/doc/trendpipe/copyright", "share/trendpipe/scripts/systemd/trendpipe-daily.timer"]
            .map(str::to_owned),
    );
    let lacks: Vec<&String> = wanted.iter().filter(|name| !has.contains(name.as_str())).collect();
    assert!(lacks.is_empty(), "{lacks:?}");

    // Unpacked anywhere, the recipes find the programs on the path, and everything that they read beside them.
    let script = format!(
        "tar -xf '{}'; PATH=\"$PWD/{top}/bin:$PATH\"; export PATH; {top}/share/trendpipe/scripts/harvest --records 30",
        archive.display()
    );
    let nowhere = [("CARGO_TARGET_DIR", "/nonexistent")];
    sh(folder.path(), &nowhere, &script).quietly();
    assert!(folder.path().join("out/harvest.html").exists());

    // Pages as man shows them: also of the commands of a tool, each under its own name.
    let shown = "for page in share/man/man1/*.gz; do zcat \"$page\" | grep -m 1 '^\\.TH'; done";
    let pages = sh(&folder.path().join(&top), &[], shown).quietly();
    let titles: BTreeSet<&str> = pages.text().lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(titles.len(), names().len() + 5);
    assert!(titles.contains("topic-model-fit") && titles.contains("topn"), "{titles:?}");
    let fit = sh(&folder.path().join(&top), &[], "zcat share/man/man1/topic-model-fit.1.gz").quietly();
    assert!(
        fit.text().contains("topic\\-model fit") && fit.text().contains("\\-\\-topics"),
        "{}",
        fit.text()
    );

    // bash reads its completions and knows an option.
    if have(&["bash"]) {
        let script = "bash -c '. share/bash-completion/completions/topn && COMP_WORDS=(topn --gro) COMP_CWORD=1 && _topn topn --gro topn && echo $COMPREPLY'";
        let ran = sh(&folder.path().join(&top), &[], script).with_code(0);
        assert_eq!(ran.text(), "--group\n", "{}", ran.err);
    }
}

#[test]
fn the_deb_installs_and_works() {
    if !have(&["dpkg-deb", "dpkg"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, deb) = packed(folder.path());
    let deb = deb.expect("dpkg-deb is there");
    let before = fs::read(&archive).expect("an archive");
    let again = tempfile::tempdir().expect("a folder");
    // The programs of this test have paths in them, which differ; all else is the same.
    let (second, _) = packed(again.path());
    let sizes = [before.len(), fs::read(second).expect("an archive").len()];
    assert!(sizes[0].abs_diff(sizes[1]) < 200, "{sizes:?}");

    let fields = sh(
        folder.path(),
        &[],
        &format!("dpkg-deb --field '{}' Package Version Architecture Installed-Size", deb.display()),
    );
    let fields = fields.quietly();
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        fields.text().starts_with(&format!("Package: trendpipe\nVersion: {version}\n")),
        "{}",
        fields.text()
    );
    let script = format!(
        "mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates; : >root/var/lib/dpkg/status; : >root/var/lib/dpkg/available
         dpkg --root=root --force-not-root --force-depends --log=log -i '{}'
         dpkg --root=root --force-not-root --verify trendpipe
         PATH=\"$PWD/root/usr/bin:$PATH\" root/usr/share/trendpipe/scripts/meetup-cities --records 300 --speed max",
        deb.display()
    );
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let variables = [("PATH", path.as_str()), ("CARGO_TARGET_DIR", "/nonexistent")];
    sh(folder.path(), &variables, &script).with_code(0);
    let chart = fs::read_to_string(folder.path().join("out/cities.svg")).expect("a chart");
    assert!(chart.contains("RSVPs by city"));
    let installed = folder.path().join("root/usr/bin");
    for name in names() {
        let version = sh(folder.path(), &[], &format!("'{}' --version", installed.join(&name).display()));
        assert_eq!(version.quietly().text(), format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}
