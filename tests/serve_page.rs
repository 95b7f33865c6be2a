//! The page of `stream-serve` in Chromium: runs tests/page/page.test.mjs, where node, Chromium and its modules are there
//! (`scripts/test` installs them into target/page).
#![cfg(feature = "serve")]

mod common;

use std::path::Path;
use std::process::Command;

#[test]
fn the_page_does_in_a_real_browser_what_it_should() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/page");
    let has = |program: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
    };
    let chromium = Command::new("sh").args(["-c", "command -v chromium"]).output().expect("there is a shell");
    let chromium = String::from_utf8_lossy(&chromium.stdout).trim().to_owned();
    if !has("node") || chromium.is_empty() || !modules.join("node_modules/playwright-core").exists() {
        println!(
            "skipped: the page in a browser, since there is no node, chromium or target/page; see scripts/test"
        );
        return;
    }
    let done = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .arg(root.join("tests/page/page.test.mjs"))
        .env("PAGE_PROGRAMS", common::programs())
        .env("PAGE_MODULES", &modules)
        .env("PAGE_CHROMIUM", chromium)
        .env("NO_PROXY", "127.0.0.1,localhost")
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    // All of them ran: one that node skips proves nothing.
    assert!(said.contains("# pass 20") && said.contains("# skipped 0"), "{said}");
}
