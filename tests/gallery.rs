//! The pictures of docs/gallery.md are what `scripts/gallery` draws, whatever the locale and the time zone.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn pictures(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let named = entries.map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read(&path).expect("a picture"))
    });
    named.collect()
}

#[test]
fn every_picture_of_a_peer_lies_beside_ours() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/gallery-peers.md")).expect("the page");
    let peers = pictures(&root.join("docs/img/peers"));
    assert!(peers.len() >= 18, "{:?}", peers.keys());
    for (name, picture) in &peers {
        let text = std::str::from_utf8(picture).expect("UTF-8");
        assert!(roxmltree::Document::parse(text).is_ok(), "{name} is no SVG");
        let (kind, _) = name.split_once('-').expect("KIND-PEER.svg");
        let shown = [format!("img/peers/{name}"), format!("img/gallery/{kind}.svg")];
        assert!(
            shown.iter().all(|path| page.contains(path) && root.join("docs").join(path).exists()),
            "{name}"
        );
    }
}

#[test]
fn the_gallery_is_drawn_by_its_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = pictures(&root.join("docs/img/gallery"));
    let page = std::fs::read_to_string(root.join("docs/gallery.md")).expect("the page");
    for name in expected.keys() {
        assert!(page.contains(&format!("img/gallery/{name}")), "{name} is not on the page");
    }
    let kinds = trendpipe::chart::KINDS.map(|kind| kind.name);
    assert!(kinds.iter().all(|kind| expected.contains_key(&format!("{kind}.svg"))), "{:?}", expected.keys());
    let path = format!("{}:{}", common::programs().display(), std::env::var("PATH").unwrap_or_default());
    let folder = tempfile::tempdir().expect("a folder");
    let mut script = Command::new(root.join("scripts/gallery"));
    // Those of the page were drawn in another locale and another zone.
    script.arg(folder.path()).env("PATH", path).env("LC_ALL", "tr_TR.UTF-8").env("TZ", "Asia/Kolkata");
    let done = script.output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let drawn = pictures(folder.path());
    assert_eq!(drawn.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, picture) in &drawn {
        assert!(
            picture == &expected[name],
            "{name} is another: scripts/gallery draws all anew, to be looked at"
        );
    }
}
