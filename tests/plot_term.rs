//! `plot-term`: a picture for each window on a pipe, one in place of the other on a terminal.

mod common;

use std::process::Command;

use common::{Ran, tool};

/// A window of three rows, 20 s long.
fn window(end: u32, top: &str) -> String {
    let time = |second: u32| format!("2018-11-12T19:{:02}:{:02}Z", second / 60, second % 60);
    [(top, 70), ("שלום\\u001b[2J", 20), ("日本", 10)]
        .map(|(key, count)| {
            format!(
                "{{\"window_start\":\"{}\",\"window_end\":\"{}\",\"tag\":\"{key}\",\"count\":{count},\"total\":100,\"distinct\":3,\"rows\":3,\"late\":0}}\n",
                time(end - 20),
                time(end)
            )
        })
        .concat()
}

fn plot(args: &[&str], input: &str) -> Ran {
    tool("plot-term").args(args).input(input).run()
}

fn three() -> String {
    ["a", "b", "c"].iter().zip([20, 40, 60]).map(|(top, end)| window(end, top)).collect()
}

#[test]
fn each_window_is_a_block_of_its_own() {
    let ran = plot(&["--unit", "tweets", "--width", "60"], &three()).quietly();
    let blocks: Vec<&str> = ran.text().split("\n\n").collect();
    assert_eq!(blocks.len(), 3, "{}", ran.text());
    let expected = "Tweets by tag\n2018-11-12 19:00:40 – 19:01:00 UTC (20 s)\n\
        70  ███████████████████████████████████████████████  c\n\
        20  █████████████▍                                   שלום[2J\n\
        10  ██████▊                                          日本\n\
        100 counted · 3 distinct · 0 late\n";
    assert_eq!(blocks[2], expected);
}

#[test]
fn a_window_is_drawn_while_the_input_stays_open() {
    let mut running = tool("plot-term").start();
    running.send(window(20, "first"));
    while !running.line().ends_with("first") {}
    running.send(window(40, "second"));
    while !running.line().ends_with("second") {}
    running.close_input();
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn kinds_over_time_draw_once_or_for_every_window_where_asked() {
    for kind in ["line", "heat", "spark"] {
        let once = plot(&["--kind", kind], &three()).quietly();
        assert_eq!(once.text().matches("19:00:00 – ").count(), 1, "{kind}: {}", once.text());
        assert!(once.text().contains("(3 windows of 20 s)"), "{kind}: {}", once.text());
        let each = plot(&["--kind", kind, "--follow"], &three()).quietly();
        assert_eq!(each.text().matches("19:00:00 – ").count(), 3, "{kind}: {}", each.text());
    }
}

#[test]
fn colours_are_for_terminals_and_where_asked() {
    let plain = plot(&[], &three()).quietly();
    assert!(!plain.text().contains('\x1b'));
    let call = |colours: &str| {
        let call = tool("plot-term").args(["--color", "always"]).env("COLORTERM", colours);
        call.input(three()).run().quietly().text().to_owned()
    };
    assert!(call("truecolor").contains("\x1b[38;2;86;180;233m█") && call("").contains("\x1b[38;5;74m█"));
    let light = plot(&["--color", "always", "--theme", "light"], &three()).quietly();
    assert!(light.text().contains("\x1b[38;5;25m█"), "{}", light.text());
}

#[test]
fn ascii_draws_without_blocks() {
    for kind in ["barh", "line", "heat", "spark"] {
        let ran = plot(&["--kind", kind, "--ascii", "--width", "50"], &three()).quietly();
        assert!(!ran.text().contains(['█', '▏', '┤', '●', '░']), "{}", ran.text());
    }
    assert!(plot(&["--ascii"], &three()).text().contains("####"));
}

#[test]
fn no_window_is_said_and_a_status_where_asked() {
    assert_eq!(plot(&[], "").with_code(0).err, "plot-term: there was no window to draw\n");
    plot(&["-e"], "").with_code(1);
    plot(&["--exit-status"], &three()).with_code(0);
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&["--kind", "race"][..], "no chart here; there are barh, line, stack, heat, week, spark, facet"),
        (&["--width", "5"], "40"),
        (&["--height", "5"], "12"),
        (&["--title", "{n}"], "{top}"),
    ] {
        let ran = plot(args, "").with_code(2);
        assert!(ran.err.starts_with("plot-term: ") && ran.err.contains(hint), "{args:?}: {}", ran.err);
    }
    let changes = window(40, "a").replace("\"late\":0", "\"late\":0,\"update\":true");
    assert!(plot(&[], &changes).with_code(2).err.contains("--emit complete"));
}

/// What a terminal of 80 by 24 is sent.
fn on_a_terminal(args: &str, variables: &[(&str, &str)]) -> Option<String> {
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped: no terminal, since there is no `script`");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let rows = folder.path().join("rows");
    std::fs::write(&rows, three()).expect("rows");
    let program = common::programs().join("plot-term");
    let command = format!("stty cols 80 rows 24; {} {args} {}", program.display(), rows.display());
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR");
    script.env_remove("COLORTERM").envs(variables.iter().copied());
    let done = script.stdin(std::process::Stdio::null()).output().expect("it runs");
    assert!(done.status.success(), "{done:?}");
    Some(String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn on_a_terminal_a_picture_takes_the_place_of_the_one_before() {
    let Some(text) = on_a_terminal("--every 0s", &[]) else { return };
    assert!(text.starts_with("\x1b[?2026h") && text.ends_with("\x1b[?2026l"), "{text:?}");
    assert!(text.contains("\x1b[38;5;74m█") && text.contains("100 counted"), "{text:?}");
    // What steers the screen is ours: the key's own escape is gone.
    assert!(text.contains("שלום[2J") && !text.contains("\x1b[2J"), "{text:?}");
}

#[test]
fn a_terminal_without_colours_has_none() {
    let Some(text) = on_a_terminal("", &[("NO_COLOR", "1")]) else { return };
    assert!(!text.contains("\x1b[38") && text.contains('█'), "{text:?}");
    let Some(text) = on_a_terminal("", &[("TERM", "dumb")]) else { return };
    assert!(!text.contains("\x1b[38"), "{text:?}");
}

#[test]
fn the_ground_is_the_one_that_the_terminal_names() {
    let drawn = |theme: &str, ground: &str| {
        let call = tool("plot-term").args(["--color", "always", "--theme", theme]).env("COLORFGBG", ground);
        call.input(three()).run().quietly().out
    };
    let (light, dark) = (drawn("light", ""), drawn("dark", ""));
    assert_ne!(light, dark);
    for (ground, expected) in
        [("0;15", &light), ("0;default;15", &light), ("15;0", &dark), ("", &dark), ("x", &dark)]
    {
        assert!(drawn("auto", ground) == *expected, "{ground}");
    }
}
