//! What we depend on: licences that may be passed on with a program, no crate twice without a reason, all from the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences that ask for their text, and no more.
const LICENCES: [&str; 10] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    // Of data: the certificates of webpki-roots.
    "CDLA-Permissive-2.0",
];

/// Crates that name a file instead of a licence, and what stands in it.
const BY_FILE: [(&str, &str); 1] = [("webpki", "ISC")];

/// Crates that are there in several versions, and who has not moved to the newest.
const TWICE: [(&str, &str); 15] = [
    ("base64", "jaq-std, the drivers of PostgreSQL, MySQL and MongoDB"),
    ("block-buffer", "digest 0.10"),
    ("cpufeatures", "sha2 0.10"),
    ("crypto-common", "digest 0.10"),
    ("digest", "sha1 and sha2 0.10"),
    ("fallible-iterator", "the driver of PostgreSQL"),
    ("foldhash", "jaq-json"),
    ("getrandom", "ring, and ahash of jaq"),
    ("miniz_oxide", "png (feature png)"),
    ("rand", "the driver of MongoDB (feature mongodb)"),
    ("rand_core", "rand 0.9"),
    ("roxmltree", "fontconfig-parser (feature png)"),
    ("sha1", "the driver of MySQL"),
    ("sha2", "the driver of MySQL"),
    ("syn", "macros, which are no part of a program"),
];

/// All packages that a build with every feature has on Linux.
fn packages() -> Vec<Value> {
    let wanted = ["metadata", "--format-version", "1", "--locked", "--all-features"];
    let done = Command::new(env!("CARGO"))
        .args(wanted)
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let metadata: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages").clone();
    assert!(packages.len() > 100, "they are there");
    packages
}

fn word<'v>(package: &'v Value, name: &str) -> &'v str {
    package[name].as_str().unwrap_or_default()
}

/// Whether a licence expression (SPDX, or the older form with a stroke) leaves us a choice that we may make.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace(['(', ')'], "").replace('/', " OR ");
    // AND binds stronger than OR; of "(A OR B) AND C" each part is asked for, which is stricter.
    expression.split(" AND ").all(|part| part.split(" OR ").any(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn licences_let_us() {
    for (expression, is_right) in [
        ("MIT OR GPL-2.0-only", true),
        ("GPL-2.0-only", false),
        ("Apache-2.0/ISC", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression), is_right, "{expression:?}");
    }
    let by_file = BTreeMap::from(BY_FILE);
    for package in packages() {
        let name = word(&package, "name");
        let licence = package["license"].as_str().or_else(|| by_file.get(name).copied()).unwrap_or_default();
        assert!(is_allowed(licence), "{name} has the licence {licence:?}");
    }
}

#[test]
fn nothing_is_there_twice_without_a_reason() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        versions
            .entry(word(&package, "name").to_owned())
            .or_default()
            .insert(word(&package, "version").to_owned());
    }
    let twice: Vec<&str> =
        versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| name.as_str()).collect();
    let known: Vec<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "see with `cargo tree -d --all-features` who wants the old one");
}

#[test]
fn all_comes_from_the_registry() {
    for package in packages() {
        let (name, source) = (word(&package, "name"), &package["source"]);
        let is_ours = name == env!("CARGO_PKG_NAME");
        let is_from_registry = source.as_str().is_some_and(|source| source.starts_with("registry+"));
        assert!(is_ours || is_from_registry, "{name} comes from {source}");
    }
}
