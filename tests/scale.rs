//! docs/scale.md holds what scripts/scale-model prints. UPDATE_DOCS=1 writes it anew.

mod common;

use std::fs;
use std::process::Command;

use common::pages::{root, text_of};
use common::peer::have;

const BEGIN: &str = "<!-- scripts/scale-model -->\n```text\n";

fn model(args: &[&str]) -> String {
    let done =
        Command::new(root().join("scripts/scale-model")).args(args).output().expect("python3 is there");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[test]
fn the_page_has_the_figures_of_the_model() {
    if !have(&["python3"]) {
        return;
    }
    let page = "docs/scale.md".as_ref();
    let text = text_of(page);
    let begin = text.find(BEGIN).expect("the block of the model") + BEGIN.len();
    let end = begin + text[begin..].find("```").expect("its end");
    let printed = model(&[]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let now = [&text[..begin], &printed, &text[end..]].concat();
        fs::write(root().join(page), now).expect("a page can be written");
        return;
    }
    assert_eq!(text[begin..end], printed, "UPDATE_DOCS=1 writes it anew");
}

#[test]
fn twice_the_stream_takes_twice_the_cores() {
    if !have(&["python3"]) {
        return;
    }
    let cores = |events: &str| -> f64 {
        let text = model(&["--live", "--events", events]);
        let line = text.lines().find(|line| line.contains("cores busy")).expect("a line").trim();
        line.rsplit(' ').next().expect("a figure").parse().expect("a number")
    };
    let (once, twice) = (cores("4000000"), cores("8000000"));
    assert!((twice / once - 2.0).abs() < 0.02, "{once} {twice}");
    // Readers that are too few never catch up, and the model says so.
    assert!(model(&["--live", "--partitions", "1"]).contains("never"));
}
