//! The pictures as a browser shows them: every text inside, no two texts over each other, on light ground and on dark, and
//! what rsvg-convert makes of them. Chromium measures by its own fonts, which are not the tables that the charts are made with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Draws each picture, measures its texts, and compares it with another program's pixels.
const SCRIPT: &str = r#"
const results = {};
const seen = node => {
  for (let up = node; up instanceof Element; up = up.parentElement) {
    if (getComputedStyle(up).opacity === "0") return false;
  }
  return true;
};
const measure = svg => {
  const whole = svg.getBoundingClientRect();
  const faults = [];
  const boxes = [];
  for (const text of svg.querySelectorAll("text")) {
    if (!seen(text) || !text.textContent.trim()) continue;
    const box = text.getBoundingClientRect();
    const size = Number(text.getAttribute("font-size"));
    const line = whole.top + Number(text.getAttribute("y"));
    const words = text.textContent;
    // What of a line's height the letters of most scripts take.
    const at = {left: box.left, right: box.right, top: line - size * 0.72, bottom: line + size * 0.16, words};
    if (box.left < whole.left - 0.5 || box.right > whole.right + 0.5 || at.top < whole.top || at.bottom > whole.bottom) {
      faults.push(`outside: ${words}`);
    }
    for (const other of boxes) {
      const across = Math.min(at.right, other.right) - Math.max(at.left, other.left);
      const down = Math.min(at.bottom, other.bottom) - Math.max(at.top, other.top);
      if (across > 1 && down > 1) faults.push(`${words} over ${other.words}`);
    }
    boxes.push(at);
  }
  return {faults, texts: boxes.length};
};
const pixels = (url, width, height) => new Promise((done, failed) => {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0, width, height);
    done(context.getImageData(0, 0, width, height).data);
  };
  image.onerror = failed;
  image.src = url;
});
const colours = data => {
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) found.add((data[at] >> 4 << 8) | (data[at + 1] >> 4 << 4) | data[at + 2] >> 4);
  return found.size;
};
const difference = (a, b) => {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += Math.abs(a[at] - b[at]);
  return sum / a.length;
};
const all = async () => {
  for (const box of document.querySelectorAll("div[id]")) {
    const svg = box.querySelector("svg");
    const result = measure(svg);
    const [width, height] = ["width", "height"].map(name => Math.round(Number(svg.getAttribute(name))));
    const own = await pixels("data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg.outerHTML), width, height);
    result.colours = colours(own);
    if (box.dataset.png) {
      const other = await pixels("data:image/png;base64," + box.dataset.png, width, height);
      result.other_colours = colours(other);
      result.difference = difference(own, other);
    }
    results[box.id] = result;
  }
  return {dark: matchMedia("(prefers-color-scheme: dark)").matches, results};
};
const answer = asked => asked.catch(error => ({error: String(error)})).then(found => {
  document.body.innerHTML = "";
  const answer = document.createElement("pre");
  answer.textContent = "ANSWER" + btoa(unescape(encodeURIComponent(JSON.stringify(found)))) + "END";
  document.body.append(answer);
});
"#;

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
}

/// The pictures that the tests expect, by name.
fn pictures() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/chart");
    let files = fs::read_dir(folder).expect("pictures").map(|entry| entry.expect("readable").path());
    let mut pictures: Vec<(String, PathBuf)> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "svg"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    pictures.sort();
    assert!(pictures.len() > 40, "the pictures are there");
    pictures
}

/// What Chromium says of all pictures.
fn shown(pictures: &[(String, PathBuf)], dark: bool, with_rsvg: bool) -> Value {
    let mut page = String::from("<!doctype html><meta charset=utf-8><body style=margin:0>");
    for (name, path) in pictures {
        let svg = fs::read_to_string(path).expect("a picture");
        let png = if with_rsvg {
            let done = Command::new("rsvg-convert").arg(path).output().expect("rsvg-convert runs");
            assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
            STANDARD.encode(&done.stdout)
        } else {
            String::new()
        };
        page += &format!("<div id=\"{name}\" data-png=\"{png}\" style=\"width:2000px\">{svg}</div>");
    }
    page += &format!("<script>{SCRIPT}answer(all());</script>");
    ask(&page, dark, &["--force-prefers-reduced-motion"])
}

/// What Chromium tells of a page.
fn ask(page: &str, dark: bool, more: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.html");
    fs::write(&file, page).expect("a page");
    let profile = folder.path().join("profile");
    let done = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--virtual-time-budget=60000", "--window-size=2000,1000"])
        .args(more)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 }))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("Chromium runs");
    let dom = String::from_utf8_lossy(&done.stdout);
    let answer = dom.split_once("<pre>ANSWER").and_then(|(_, rest)| rest.split_once("END"));
    let (answer, _) =
        answer.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&done.stderr)));
    serde_json::from_slice(&STANDARD.decode(answer).expect("base64")).expect("JSON")
}

fn assert_sound(dark: bool) {
    if !has("chromium") {
        println!("skipped: how a browser shows the pictures, since there is no chromium");
        return;
    }
    // Compared on light ground only: rsvg-convert knows no other.
    let with_rsvg = !dark && has("rsvg-convert");
    let pictures = pictures();
    let answer = shown(&pictures, dark, with_rsvg);
    assert_eq!(answer["dark"], dark, "{answer}");
    for (name, _) in &pictures {
        let result = &answer["results"][name];
        assert_eq!(result["faults"], serde_json::json!([]), "{name}: {result}");
        assert!(result["texts"].as_u64().is_some_and(|texts| texts >= 2), "{name}: {result}");
        let colours = |of: &str| result[of].as_u64().unwrap_or(0);
        assert!(colours("colours") >= 3, "{name} is of one colour in Chromium: {result}");
        if with_rsvg {
            assert!(colours("other_colours") >= 3, "{name} is of one colour in rsvg-convert: {result}");
            let difference = result["difference"].as_f64().expect("a difference");
            assert!(difference < 6.0, "{name} differs by {difference} of 255 a channel");
        }
    }
}

#[test]
fn texts_stay_inside_and_apart_on_light_ground_and_rsvg_agrees() {
    assert_sound(false);
}

#[test]
fn texts_stay_inside_and_apart_on_dark_ground() {
    assert_sound(true);
}

/// What a race shows while each of its windows stands: the clocks, and where the keys are from top to bottom.
const RACE: &str = r#"
const race = async () => {
  const motions = document.getAnimations();
  const shows = [];
  for (let window = 0; motions.length && window < 12; window++) {
    for (const motion of motions) {
      motion.pause();
      motion.currentTime = (window + 0.4) * 900;
    }
    const isSeen = text => {
      for (let up = text; up instanceof Element; up = up.parentElement) {
        if (Number(getComputedStyle(up).opacity) < 0.5) return false;
      }
      return true;
    };
    const texts = [...document.querySelectorAll("svg text")].filter(isSeen);
    const clocks = texts.map(text => text.textContent.replace(/[\u2068\u2069]/g, ""))
      .filter(words => words.includes(" – ") && !words.includes("UTC"));
    const names = texts.filter(text => text.getAttribute("text-anchor") === "end" && text.getAttribute("font-size") === "13");
    const tops = names.map(text => Math.round(text.getBoundingClientRect().top)).sort((a, b) => a - b);
    shows.push({clocks, tops});
  }
  return {motions: motions.length, shows};
};
"#;

#[test]
fn a_race_moves_from_window_to_window_unless_motion_is_unwanted() {
    if !has("chromium") {
        println!("skipped: how a race moves, since there is no chromium");
        return;
    }
    let race = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/chart/race-plain.svg");
    let svg = fs::read_to_string(race).expect("a picture");
    let page = format!(
        "<!doctype html><meta charset=utf-8><body>{svg}<script>{SCRIPT}{RACE}answer(race());</script>"
    );
    let still = ask(&page, false, &["--force-prefers-reduced-motion"]);
    assert_eq!(still["motions"], 0, "{still}");
    let moving = ask(&page, false, &[]);
    let shows = moving["shows"].as_array().expect("what it shows");
    assert_eq!(shows.len(), 12, "{moving}");
    let mut clocks = Vec::new();
    for show in shows {
        // One window at a time, and no bar over another.
        assert_eq!(show["clocks"].as_array().map(Vec::len), Some(1), "{show}");
        clocks.push(show["clocks"][0].as_str().expect("a time").to_owned());
        let tops: Vec<i64> =
            show["tops"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        assert!(tops.len() >= 3 && tops.windows(2).all(|pair| pair[1] - pair[0] >= 20), "{show}");
    }
    assert!(clocks.is_sorted(), "{clocks:?}");
    assert_eq!(clocks.first().map(String::as_str), Some("19:00:00 – 19:00:20"));
    assert_eq!(clocks.last().map(String::as_str), Some("19:04:20 – 19:04:40"));
}
