//! `plot-svg`: a whole SVG at any time, of the newest window.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Ran, tool};

/// A window of three rows, `seconds` long.
fn window(end: u32, seconds: u32, top: &str) -> String {
    let time = |second: u32| format!("2018-11-12T19:{:02}:{:02}Z", second / 60, second % 60);
    [(top, 70), ("b<&>\\\"", 20), ("c", 10)]
        .map(|(key, count)| {
            format!(
                "{{\"window_start\":\"{}\",\"window_end\":\"{}\",\"tag\":\"{key}\",\"count\":{count},\"total\":100,\"distinct\":3,\"rows\":3,\"late\":0}}\n",
                time(end - seconds),
                time(end)
            )
        })
        .concat()
}

/// All text of a picture; fails the test unless it is a whole SVG.
fn text_of(svg: &str) -> String {
    let document = roxmltree::Document::parse(svg).expect("a whole SVG");
    assert_eq!(document.root_element().tag_name().name(), "svg");
    document.descendants().filter_map(|node| node.text()).collect::<Vec<_>>().join("\n")
}

fn plot(args: &[&str], input: &str) -> Ran {
    tool("plot-svg").args(args).input(input).run()
}

#[test]
fn a_misspelt_place_in_a_title_is_refused() {
    let ran = tool("plot-svg").args(["--title", "Top {n} {key}"]).input("").run().with_code(2);
    assert!(ran.err.contains("{n} is not filled in; there are {top}, {key}, "), "{}", ran.err);
    tool("plot-svg").args(["--title", "{top} {total} {key} {x y} {} {"]).input("").run().with_code(0);
}

#[test]
fn the_newest_window_is_drawn_with_title_range_values_and_totals() {
    let input = [window(20, 20, "old"), window(40, 20, "new")].concat();
    let ran = plot(&[], &input).quietly();
    let text = text_of(ran.text());
    for expected in ["new", "b<&>\"", "70", "20", "19:00:20", "19:00:40", "100"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("old"), "{text}");
    // The order in which windows come decides nothing: the newest by time is drawn.
    let turned = [window(40, 20, "new"), window(20, 20, "old")].concat();
    assert_eq!(plot(&[], &turned).quietly().text(), ran.text());
}

#[test]
fn every_option_shows() {
    let input = window(40, 20, "stan");
    let usual = plot(&[], &input).quietly();
    let title = ["--title", "Top {top} {key} of {total}, {start} to {end} on {date}, {window} ({length})"];
    let text = text_of(plot(&title, &input).quietly().text());
    assert!(text.contains("Top 3 tag of 100, ") && text.contains("20 s"), "{text}");
    for (args, expected) in [
        (["--unit", "tweets"], "Tweets by"),
        (["--label", "Hashtag"], "Hashtag"),
        (["--source", "Feed & Co"], "Feed & Co"),
        (["--tz", "Asia/Tokyo"], "04:00:20"),
    ] {
        let text = text_of(plot(&args, &input).quietly().text());
        assert!(text.contains(expected) && !text_of(usual.text()).contains(expected), "{args:?}: {text}");
    }
    let one = text_of(plot(&["--top", "1"], &input).quietly().text());
    assert!(one.contains("stan") && !one.contains("b<&>"), "{one}");
    let card = plot(&["--width", "1200", "--height", "630"], &input).quietly();
    assert!(card.text().contains("width=\"1200\" height=\"630\""), "{}", card.text());
    assert!(plot(&["--width", "1234"], &input).quietly().text().contains("width=\"1234\""));
    let themes = ["auto", "light", "dark"].map(|theme| plot(&["--theme", theme], &input).quietly().out);
    assert!(themes[0] == usual.out && themes[0] != themes[1] && themes[1] != themes[2]);
    assert_eq!(plot(&["--kind", "barh"], &input).quietly().out, usual.out);
}

#[test]
fn kinds_over_time_show_several_windows() {
    let input: String = (2..9).map(|at| window(at * 20, 20, "stan")).collect();
    for kind in ["line", "area", "stack", "heat"] {
        let text = text_of(plot(&["--kind", kind, "--unit", "tweets"], &input).quietly().text());
        assert!(text.contains("19:00:20 – 19:02:40 UTC (7 windows of 20 s)"), "{kind}: {text}");
        assert!(text.contains("stan: 70 in the last window, at most 70"), "{kind}: {text}");
        let few = text_of(plot(&["--kind", kind, "--windows", "3"], &input).quietly().text());
        assert!(few.contains("19:01:40 – 19:02:40 UTC (3 windows of 20 s)"), "{kind}: {few}");
    }
    let week = text_of(plot(&["--kind", "week", "--tz", "Asia/Kolkata"], &input).quietly().text());
    assert!(week.contains("Tuesday 00:00: 700 count per hour"), "{week}");
}

#[test]
fn windows_of_another_length_are_left_out_and_told() {
    let input = [window(40, 20, "a"), window(60, 60, "b"), window(60, 20, "c")].concat();
    let ran = plot(&["--kind", "line"], &input).with_code(0);
    assert!(ran.err.contains("1 window is left out") && ran.err.contains("{size}"), "{}", ran.err);
    assert!(!text_of(ran.text()).contains("b:"));
}

#[test]
fn another_column_can_be_drawn() {
    let row = |tag: &str, mean: &str| format!("{{\"tag\":\"{tag}\",\"count\":9,\"mood\":{mean}}}\n");
    let input = [row("joy", "0.75"), row("fear", "-0.5"), row("blank", "null")].concat();
    let ran = plot(&["--value", ".mood"], &input).with_code(0);
    assert_eq!(ran.err, "plot-svg: 1 row has no number in the column .mood\n");
    let text = text_of(ran.text());
    assert!(text.contains("by mood") && text.contains("0.75") && text.contains("−0.5"), "{text}");
}

#[test]
fn what_replaces_a_window_is_drawn_in_its_place() {
    let revised = window(40, 20, "late").replace("\"late\":0", "\"late\":0,\"rev\":1");
    let input = [window(40, 20, "early"), revised].concat();
    let text = text_of(plot(&[], &input).quietly().text());
    assert!(text.contains("late") && !text.contains("early"), "{text}");
}

#[test]
fn no_window_is_a_picture_too_and_a_status_where_asked() {
    let ran = plot(&[], "").with_code(0);
    text_of(ran.text());
    assert_eq!(ran.err, "plot-svg: there was no window to draw\n");
    plot(&["-e"], "").with_code(1);
    plot(&["--exit-status"], &window(40, 20, "a")).with_code(0);
    let ran = plot(&["-e"], "{\"no\":\"row\"}\n").with_code(1);
    assert!(ran.err.contains("rejected 1 of 1"), "{}", ran.err);
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&["--follow"][..], "--output"),
        (&["--every", "1s"], "--follow"),
        (&["--top", "0"], "from 1 to 100"),
        (&["--kind", "pie"], "barh"),
        (&["--tz", "Mars/X"], "Europe/Paris"),
        (&["--width", "5"], "320"),
        (&["--height", "5"], "200"),
        (&["--windows", "1"], "from 2 to 100000"),
        (&["--theme", "pink"], "dark"),
        (&["--png", "--html"], "cannot be used with"),
        (&["-o", "x.png", "--html"], "--html writes a page"),
        (&["--scale", "2"], "--scale is for PNG"),
        (&["--png", "--scale", "0"], "1..=4"),
        (&["--png", "--scale", "5"], "1..=4"),
    ] {
        let ran = plot(args, "").with_code(2);
        assert!(ran.err.starts_with("plot-svg: ") && ran.err.contains(hint), "{args:?}: {}", ran.err);
    }
    if !cfg!(feature = "png") {
        for args in [&["--png"][..], &["-o", "chart.PNG"]] {
            let said = plot(args, "").with_code(2).err;
            assert!(said.contains("--features png") && said.contains("rsvg-convert"), "{said}");
        }
    }
    let changes = window(40, 20, "a").replace("\"late\":0", "\"late\":0,\"update\":true");
    assert!(plot(&[], &changes).with_code(2).err.contains("--emit complete"));
}

#[test]
fn each_length_of_window_has_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = [window(40, 20, "a"), window(60, 60, "b"), window(60, 20, "c")].concat();
    for follow in [false, true] {
        let out = folder.path().join(format!("{follow}-{{size}}.svg"));
        let call = tool("plot-svg").arg("-o").arg(&out);
        let call = if follow { call.arg("--follow") } else { call };
        call.input(&input).run().quietly();
        let read = |size: &str| {
            text_of(&std::fs::read_to_string(folder.path().join(format!("{follow}-{size}.svg"))).expect(size))
        };
        assert!(read("20s").contains('c') && read("1m").contains('b'));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), if follow { 4 } else { 2 });
    }
}

#[test]
fn ever_new_lengths_of_windows_do_not_fill_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let lengths = |most: u32| (1..=most).map(|seconds| window(1000, seconds, "a")).collect::<String>();
    let call = || tool("plot-svg").args(["-o", "{size}.svg"]).dir(folder.path());
    let ran = call().input(lengths(101)).run().with_code(2);
    assert!(ran.err.contains("more than 100 lengths"), "{}", ran.err);
    call().input(lengths(100)).run().quietly();
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 100);
}

#[test]
fn a_followed_file_is_whole_at_any_time_and_ends_with_the_newest_window() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("live.svg");
    let stop = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (out, stop) = (out.clone(), Arc::clone(&stop));
        move || {
            let mut seen = std::collections::BTreeSet::new();
            while !stop.load(Ordering::SeqCst) {
                if let Ok(svg) = std::fs::read_to_string(&out) {
                    text_of(&svg);
                    seen.insert(svg);
                }
            }
            seen.len()
        }
    });
    let mut running = tool("plot-svg").args(["--follow", "--every", "0s", "-o"]).arg(&out).start();
    for end in 20..320 {
        running.send(window(end, 20, &format!("key {end}")));
        if end % 60 == 0 {
            await_text(&out, &format!("key {end}"));
        }
    }
    running.close_input();
    assert_eq!(running.end(), (0, String::new()));
    stop.store(true, Ordering::SeqCst);
    assert!(reader.join().expect("whole each time") > 1, "it was replaced while it was read");
    assert!(text_of(&std::fs::read_to_string(&out).expect("there")).contains("key 319"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
}

/// Waits until the file shows this text.
fn await_text(file: &Path, text: &str) {
    let begun = std::time::Instant::now();
    while !std::fs::read_to_string(file).is_ok_and(|svg| svg.contains(text)) {
        assert!(begun.elapsed() < common::PATIENCE, "{text} is never drawn");
        std::thread::yield_now();
    }
}

#[test]
fn a_window_is_drawn_while_the_input_stays_open_also_one_that_lacks_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("live.svg");
    let mut running = tool("plot-svg").args(["--follow", "-o"]).arg(&out).start();
    running.send(window(40, 20, "first"));
    await_text(&out, "first");
    // Two of three rows: the third was filtered, and no other window comes.
    let partial: String = window(60, 20, "second").lines().take(2).map(|line| format!("{line}\n")).collect();
    running.send(partial);
    await_text(&out, "second");
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
}

#[test]
fn a_followed_file_is_drawn_no_more_often_than_asked_and_ends_up_to_date_without_more_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, stats) = (folder.path().join("live.svg"), folder.path().join("stats.json"));
    let every = std::time::Duration::from_millis(300);
    let begun = std::time::Instant::now();
    let call = tool("plot-svg").args(["--follow", "--every", "300ms", "-o"]).arg(&out);
    let mut running = call.arg("--stats").arg(&stats).start();
    for end in 20..200 {
        running.send(window(end, 20, &format!("key {end}")));
    }
    // The input stays open, and nothing more comes.
    await_text(&out, "key 199");
    let most = begun.elapsed().as_millis() / every.as_millis() + 2;
    running.close_input();
    assert_eq!(running.end(), (0, String::new()));
    let stats = std::fs::read_to_string(&stats).expect("statistics");
    let drawn = serde_json::from_str::<serde_json::Value>(&stats).expect("JSON")["charts"].as_u64();
    let drawn = u128::from(drawn.expect("a number"));
    assert!((1..=most).contains(&drawn), "{drawn} of at most {most} pictures");
}

#[test]
fn a_page_reloads_itself_until_the_input_has_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("live.html");
    let mut running = tool("plot-svg").args(["--html", "--follow", "--every", "5s", "-o"]).arg(&out).start();
    running.send(window(40, 20, "first"));
    await_text(&out, "first");
    let page = || std::fs::read_to_string(&out).expect("a page");
    assert!(page().contains("<meta http-equiv=\"refresh\" content=\"5\">") && page().contains("</svg>"));
    running.close_input();
    assert_eq!(running.end(), (0, String::new()));
    assert!(page().contains("first") && page().contains("<title>Count by tag</title>"), "{}", page());
    assert!(!page().contains("refresh") && !page().contains("<script"));
    let once = plot(&["--html"], &window(40, 20, "a")).quietly();
    assert!(once.text().starts_with("<!doctype html>") && once.text().contains("content=\"60\""));
}

#[test]
fn a_followed_file_that_cannot_be_written_is_an_error() {
    let call = tool("plot-svg").args(["--follow", "-o", "/nonexistent/live.svg"]);
    let ran = call.input(window(40, 20, "a")).run().with_code(4);
    assert!(ran.err.contains("cannot write /nonexistent/live.svg"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn lines_are_as_many_as_there_are_colours_and_a_race_has_sixty_windows() {
    let rows: String = (0..70)
        .flat_map(|at| (0..12).map(move |key| (at, key)))
        .map(|(at, key)| {
            format!(
                "{{\"window_start\":\"2018-11-12T{:02}:{:02}:00Z\",\"window_end\":\"2018-11-12T{:02}:{:02}:00Z\",\"k\":\"key {key}\",\"count\":{},\"rows\":12}}\n",
                at / 60, at % 60, (at + 1) / 60, (at + 1) % 60, 100 - key,
            )
        })
        .collect();
    for (kind, says) in [
        ("line", "Top 8 by count"),
        ("area", "Top 8 by count"),
        ("heat", "Top 12 by count"),
        ("race", "(60 windows of 1 min)"),
        ("stack", "(70 windows of 1 min)"),
    ] {
        let picture = plot(&["--kind", kind, "--top", "20"], &rows).quietly();
        assert!(text_of(picture.text()).contains(says), "{kind}: {}", text_of(picture.text()));
    }
}
