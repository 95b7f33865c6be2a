//! Many processes count, one puts together: `window-count --partial` and `--merge` give what one process gives.

mod common;

use common::{Ran, demo, gzip, json_lines, shell, tool};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

/// Counts in one process.
fn one(options: &str, records: &[u8]) -> Ran {
    let all = options.split_whitespace().chain(["--max-future", "off"]);
    tool("window-count").args(all).input(records).run().with_code(0)
}

fn part(name: &str, options: &str, records: &[u8]) -> Ran {
    let own = ["--partial", "--part", name];
    tool("window-count").args(own).args(options.split_whitespace()).input(records).run()
}

fn merge(options: &str, lines: &[u8]) -> Ran {
    tool("window-count").arg("--merge").args(options.split_whitespace()).input(lines).run()
}

/// Every k-th line to each of k parts.
fn dealt(records: &[u8], parts: usize) -> Vec<Vec<u8>> {
    let lines = records.split_inclusive(|&byte| byte == b'\n').enumerate();
    let mut dealt = vec![Vec::new(); parts];
    lines.for_each(|(at, line)| dealt[at % parts].extend_from_slice(line));
    dealt
}

/// Stretches one after the other, as cron finds them.
fn sliced(records: &[u8], parts: usize) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = records.split_inclusive(|&byte| byte == b'\n').collect();
    lines.chunks(lines.len().div_ceil(parts)).map(<[_]>::concat).collect()
}

/// The rows of all parts, named a, b, c and on.
fn counted(options: &str, parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let names = ('a'..).map(String::from);
    names.zip(parts).map(|(name, records)| part(&name, options, records).with_code(0).out).collect()
}

fn sorted(lines: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = lines.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.sort();
    lines
}

/// Three tags a line, from ten o'clock on, a second apart.
fn seconds(range: std::ops::Range<u32>) -> Vec<u8> {
    let line = |second: u32| {
        format!(
            "{{\"ts\":{},\"tags\":[\"a\",\"b{}\"],\"user\":\"u{}\",\"ms\":{}.5}}\n",
            1_542_016_800 + second,
            second % 3,
            second % 7,
            second * 37 % 101
        )
    };
    range.map(line).collect::<String>().into_bytes()
}

const AGGREGATES: &str =
    "--weight .ms --sum .ms --min .ms --max .ms --mean .ms --distinct .user --quantile 0.9:.ms";

#[test]
fn however_records_are_split_and_rows_ordered_the_whole_is_the_same() {
    let tweets = demo("demo:tweets", 1500);
    let tags = "--key tag=.entities.hashtags[].text --watermark 5m";
    for (records, options) in [
        (&tweets, format!("{tags} --window 20s/10s")),
        (&tweets, format!("{tags} --fold --window 20s/10s --window 1m --distinct .user.id_str")),
        (&tweets, format!("{tags} --key .lang --session 7s --max .retweet_count")),
        (&tweets, format!("{tags} --window all --distinct .user.id_str --approx")),
        (&tweets, format!("{tags} --window 1d --cumulate 1h --tz Europe/Paris --once-per-record")),
        (&seconds(0..2000), format!("--key .tags[] --window 10m/4m --offset 7s {AGGREGATES}")),
        (&seconds(0..2000), "--window 7s/10s --watermark max --where .ms>10 --allowed-lateness 1m".into()),
    ] {
        let whole = one(&options, records);
        assert!(!whole.err.contains("missed"), "{}", whole.err);
        assert!(whole.text().lines().count() > 1, "{options}");
        for parts in [dealt(records, 3), sliced(records, 4)] {
            let rows = counted(&options, &parts);
            let count = rows.len().to_string();
            let together = rows.concat();
            assert!(merge("", &together).with_code(0).out == whole.out, "{options}: one after the other");
            let mut lines = sorted(&together);
            let merged = merge(&format!("--parts {count}"), &lines.concat()).with_code(0);
            assert!(merged.out == whole.out, "{options}: sorted");
            lines.reverse();
            assert!(merge("", &lines.concat()).with_code(0).out == whole.out, "{options}: backwards");
            let again = merge("--partial --part ab", &rows[..2].concat()).with_code(0).out;
            let twice = merge("", &[again, rows[2..].concat()].concat()).with_code(0);
            assert!(twice.out == whole.out, "{options}: merged twice");
        }
    }
}

#[test]
fn rows_of_a_named_part_are_the_same_in_every_run() {
    let records = seconds(0..3000);
    let options = format!("--key .tags[] --window 20s/10s {AGGREGATES}");
    let alone = part("a", &options, &records).with_code(0).out;
    let shared = part("a", &format!("{options} --threads 3"), &records).with_code(0).out;
    let rows = |lines: &[u8]| -> Vec<Vec<u8>> {
        let mut rows = sorted(lines);
        // Of the notes, all but the last depend on the clock; the first may come before the field of the time is known.
        rows.retain(|line| {
            line.starts_with(b"{\"@row\"") || String::from_utf8_lossy(line).contains("\"ended\":true")
        });
        rows
    };
    assert_eq!(rows(&alone), rows(&shared));
    let name = |ran: Ran| json_lines(ran.with_code(0).text())[0]["@partial"]["part"].clone();
    let unnamed = || tool("window-count").args(["--partial", "--window", "20s"]).input(&records).run();
    assert_ne!(name(unnamed()), name(unnamed()), "without a name each run has its own");
}

#[test]
fn late_records_of_a_part_are_not_lost() {
    let records = [seconds(0..100), seconds(0..3), seconds(100..200)].concat();
    let options = "--key .tags[] --window 20s --watermark 0s";
    let one = one(options, &records);
    assert!(one.err.contains("3 of 203 records missed a window"), "{}", one.err);
    let patient = self::one("--key .tags[] --window 20s --watermark max", &records);
    let merged = merge("", &part("a", options, &records).with_code(0).out).with_code(0);
    let counts = |ran: &Ran| -> Vec<String> {
        let rows = json_lines(ran.text()).into_iter();
        rows.map(|row| format!("{} {} {}", row["window_start"], row["tags"], row["count"])).collect()
    };
    assert_eq!(counts(&merged), counts(&patient));
}

#[test]
fn live_a_window_closes_as_soon_as_all_parts_allow() {
    let options = ["--partial", "--window", "10s", "--watermark", "0s"];
    let mut parts: Vec<_> = ["a", "b"]
        .map(|name| tool("window-count").args(options).args(["--part", name]).start())
        .into_iter()
        .collect();
    let mut merge = tool("window-count").args(["--merge", "--parts", "2"]).start();
    // Each part says at once that it is there.
    for part in &mut parts {
        let line = part.line();
        assert!(line.contains("\"settings\""), "{line}");
        merge.send(line + "\n");
    }
    parts[0].send(seconds(0..41));
    loop {
        let line = parts[0].line();
        merge.send(line.clone() + "\n");
        if line.contains("\"max_event_time\":1542016840000") {
            break;
        }
    }
    // All of a is out up to 10:00:40, but b holds the first window back.
    parts[1].send(seconds(5..21));
    for second in [10, 20] {
        loop {
            let line = parts[1].line();
            merge.send(line.clone() + "\n");
            if line.contains(&format!("\"max_event_time\":{}", 1_542_016_800_000_u64 + 1000 * second)) {
                break;
            }
        }
        let row = merge.line();
        let counts = BTreeMap::from([(10, 15), (20, 20)]);
        assert!(row.contains(&format!("\"count\":{}", counts[&second])) && !row.contains("open"), "{row}");
    }
    for part in &mut parts {
        part.close_input();
        part.rest().iter().for_each(|line| merge.send(format!("{line}\n")));
    }
    merge.close_input();
    assert_eq!(merge.rest().len(), 3, "10:00:20, 10:00:30, 10:00:40");
    assert_eq!(merge.end().0, 0);
}

/// What docs/window-count.md promises: a note at least every second while records come, also where no window ends, and no more often.
#[test]
fn a_part_says_every_second_how_far_it_is() {
    let mut part = tool("window-count").args(["--partial", "--window", "1h", "--part", "a"]).start();
    let line = part.line();
    assert!(line.contains("\"settings\""), "{line}");
    let mut noted = Instant::now();
    for second in 0..4 {
        part.send(seconds(second..second + 1));
        let line = part.line();
        let time = format!("\"max_event_time\":{}", 1_542_016_800_000_u64 + 1000 * u64::from(second));
        assert!(line.contains(&time) && line.contains("\"ended\":false"), "{line}");
        // Only the first may come at once: there was none before it. A machine with much else to do is late, but not by that.
        let apart = noted.elapsed();
        assert!(apart < Duration::from_secs(6), "{apart:?}");
        assert!(second == 0 || apart > Duration::from_millis(500), "{apart:?}");
        noted = Instant::now();
    }
    part.close_input();
    assert!(part.rest().last().is_some_and(|line| line.contains("\"ended\":true")));
    assert_eq!(part.end().0, 0);
}

#[test]
fn parts_may_share_a_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = seconds(0..6000);
    for (name, part) in ["a", "b", "c"].iter().zip(dealt(&records, 3)) {
        std::fs::write(folder.path().join(name), part).expect("a file");
    }
    let options = "--key .tags[] --key .user --window 20s/10s --sum .ms";
    let merged = shell(&format!(
        "cd {} && {{ for part in a b c; do window-count --partial {options} $part & done; wait; }} 2>/dev/null | \
         window-count --merge --parts 3",
        folder.path().display()
    ));
    assert!(merged.with_code(0).out == one(options, &records).out);
}

#[test]
fn pipes_are_merged_side_by_side_in_whatever_order_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = "--window 10s --watermark 0s";
    let pipes = ["a", "b"].map(|name| folder.path().join(name));
    let made = std::process::Command::new("mkfifo").args(&pipes).status();
    assert!(made.expect("mkfifo is there").success());
    // One of the parts is a file, which has an end, and one is compressed.
    let file = folder.path().join("c");
    std::fs::write(&file, gzip(&part("c", options, &seconds(0..5)).with_code(0).out)).expect("a file");
    let mut merge = tool("window-count").args(["--merge", "--parts", "3"]).args(&pipes).arg(&file).start();
    // The second is written first: nobody waits for the first to be opened.
    let writer = |path| std::fs::File::options().write(true).open(path).expect("somebody reads it");
    let (mut second, mut first) = (writer(&pipes[1]), writer(&pipes[0]));
    let rows = counted(options, &[seconds(0..31), seconds(0..21)]);
    let [(a, a_end), (b, b_end)] = [0, 1].map(|part| {
        let text = rows[part].strip_suffix(b"\n").expect("lines");
        text.split_at(text.iter().rposition(|&byte| byte == b'\n').expect("several lines") + 1)
    });
    second.write_all(b).expect("the merge reads");
    first.write_all(a).expect("the merge reads");
    // Neither has ended, and what both have passed is there.
    for count in [25, 20] {
        let row = merge.line();
        assert!(row.contains(&format!("\"count\":{count}")) && !row.contains("open"), "{row}");
    }
    // Half a line on one waits for its other half, while the other goes on.
    first.write_all(&a_end[..20]).expect("the merge reads");
    second.write_all(b_end).expect("the merge reads");
    drop(second);
    let row = merge.line();
    assert!(row.contains("\"count\":11") && !row.contains("open"), "{row}");
    first.write_all(&a_end[20..]).expect("the merge reads");
    drop(first);
    assert_eq!(merge.rest().len(), 1);
    assert_eq!(merge.end().0, 0);
}

#[test]
fn a_silent_part_is_dropped_after_the_idle_timeout() {
    let options = "--window 10s --watermark 0s";
    let rows = part("a", options, &seconds(0..31)).with_code(0).out;
    let silent = part("b", options, b"").with_code(0).out;
    let first = silent.split_inclusive(|&byte| byte == b'\n').next().expect("the first note");
    let mut merge = tool("window-count").args(["--merge", "--parts", "2", "--idle-timeout", "300ms"]).start();
    let ends = String::from_utf8(rows).expect("text");
    let without_end: Vec<&str> = ends.lines().filter(|line| !line.contains("\"ended\":true")).collect();
    merge.send(first);
    merge.send(without_end.join("\n") + "\n");
    // Both are silent now; the last one that is ahead stays.
    for _ in 0..3 {
        assert!(merge.line().contains("\"count\":10"));
    }
    merge.send(ends.lines().last().expect("the end"));
    merge.send("\n");
    merge.send(silent);
    merge.close_input();
    assert_eq!(merge.rest().len(), 1);
    assert_eq!(merge.end().0, 0);
}

#[test]
fn a_part_that_comes_again_counts_once() {
    let options = "--key .tags[] --window 20s";
    let records = seconds(0..300);
    let rows = counted(options, &dealt(&records, 2));
    let whole = one(options, &records);
    // A retried task: the first attempt was killed half way.
    let half: Vec<u8> = rows[0].split_inclusive(|&byte| byte == b'\n').take(20).flatten().copied().collect();
    for lines in [
        [&half, &rows[0], &rows[1]].map(Vec::as_slice).concat(),
        [&rows[0], &rows[1], &rows[0], &half].map(Vec::as_slice).concat(),
    ] {
        let merged = merge("--verbose", &lines).with_code(0);
        assert!(merged.out == whole.out);
        assert!(merged.err.contains("came again and were not counted twice"), "{}", merged.err);
    }
}

#[test]
fn two_runs_under_one_name_are_refused() {
    let options = "--window 20s";
    let (first, second) = (part("a", options, &seconds(0..100)), part("a", options, &seconds(50..250)));
    let merged = merge("", &[first.out, second.out].concat()).with_code(5);
    assert!(merged.err.contains("--part NAME"), "{}", merged.err);
}

#[test]
fn what_is_missing_is_told_and_fails_the_run() {
    let options = "--key .tags[] --window 20s --watermark 0s";
    let rows = counted(options, &dealt(&seconds(0..200), 2)).concat();
    let lines: Vec<&str> = std::str::from_utf8(&rows).expect("text").lines().collect();
    let without = |drop: &dyn Fn(&str) -> bool| -> Vec<u8> {
        lines.iter().filter(|line| !drop(line)).flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
    };
    let whole = without(&|_| false);
    merge("--parts 2", &whole).quietly();

    let killed =
        merge("", &without(&|line| line.contains("\"part\":\"b\"") && line.contains("\"ended\":true")));
    let killed = killed.with_code(4);
    assert!(killed.err.contains("part b has not ended"), "{}", killed.err);
    assert!(killed.text().contains("\"open\":true"), "what b may still owe records to is open");

    let lost =
        merge("", &without(&|line| line.contains("\"part\":\"a\",\"of\"") && line.contains("\"n\":5,")));
    assert!(lost.with_code(4).err.contains("of part a 1 of"));

    let few = merge("--parts 3", &whole).with_code(4);
    assert!(few.err.contains("2 of 3 parts have come"), "{}", few.err);

    let text = String::from_utf8(whole).expect("text");
    let torn = merge("", text.replacen("\"count\":", "\"cou", 1).as_bytes()).with_code(4);
    assert!(torn.err.contains("no whole partial row") && torn.err.contains("are missing"), "{}", torn.err);
    let changed = merge("", text.replacen("\"count\":1", "\"count\":2", 1).as_bytes()).with_code(5);
    assert!(changed.err.contains("they were changed on the way"), "{}", changed.err);
}

#[test]
fn a_file_is_not_replaced_by_a_merge_that_lacks_a_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("day.jsonl");
    std::fs::write(&path, "yesterday\n").expect("a file");
    let rows = part("a", "--window 20s", &seconds(0..100)).with_code(0).out;
    let output = ["--merge", "--parts", "2", "-o", path.to_str().expect("a name")];
    tool("window-count").args(output).input(rows).run().with_code(4);
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "yesterday\n");
}

#[test]
fn a_part_whose_input_broke_has_not_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.gz");
    let whole = gzip(&seconds(0..5000));
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("a file");
    let options = ["--partial", "--window", "20s"];
    let cut = tool("window-count").args(options).arg(&path).run().with_code(4);
    assert!(cut.text().ends_with("\"ended\":false}}\n"));
    merge("", &cut.out).with_code(4);
    let rejected = [seconds(0..100), b"{\n".to_vec()].concat();
    let strict = tool("window-count").args(options).args(["--max-rejects", "0%"]).input(rejected).run();
    assert!(strict.with_code(3).text().ends_with("\"ended\":false}}\n"));
}

#[test]
fn parts_without_records_are_parts() {
    let empty = part("a", "--window 20s", b"").with_code(0).out;
    merge("--parts 1", &empty).quietly();
    let rest = part("b", "--window 20s", &seconds(0..30)).with_code(0).out;
    let merged = merge("--parts 2", &[empty, rest].concat()).with_code(0);
    assert!(merged.out == one("--window 20s", &seconds(0..30)).out);
}

#[test]
fn parts_with_other_settings_are_refused_by_their_difference() {
    let records = seconds(0..50);
    let first = part("a", "--key .tags[] --window 20s", &records).with_code(0).out;
    for (options, difference) in [
        ("--key .tags[] --window 20s/10s", "windows"),
        ("--key .user --window 20s", "keys"),
        ("--key .tags[] --window 20s --where .ms>3", "where: null in part a, \".ms>3\" in part b"),
        ("--key .tags[] --window 20s --watermark 1s", "watermark: 10000 in part a, 1000 in part b"),
        ("--key .tags[] --window 20s --time .ts", "time: \"auto\" in part a, \".ts\" in part b"),
        ("--key .tags[] --window 20s --max .ms", "aggregates"),
    ] {
        let other = part("b", options, &records).with_code(0).out;
        for lines in [[&*first, &*other].concat(), sorted(&[&*first, &*other].concat()).concat()] {
            let merged = merge("", &lines).with_code(5);
            assert!(merged.err.contains(difference), "{}", merged.err);
            assert!(merged.out.is_empty());
        }
    }
    let clock = part("b", "--key .tags[] --window 20s", b"{\"timestamp\":1542016800,\"tags\":[]}\n");
    let merged = merge("", &[first, clock.with_code(0).out].concat()).with_code(5);
    assert!(merged.err.contains("part a took .ts for the time and part b took .timestamp"), "{}", merged.err);
}

#[test]
fn what_no_part_wrote_is_refused() {
    let rows = one("--window 20s", &seconds(0..50)).out;
    assert!(merge("", &rows).with_code(2).err.contains("window-count --partial"));
    assert!(merge("", b"").with_code(4).err.contains("no part has come"));
}

#[test]
fn what_needs_all_records_in_one_place_is_refused() {
    for (options, word) in [
        ("--window 100rec", "order of all records"),
        ("--window 20s --max-keys 5 --on-full sketch", "--on-full sketch"),
        ("--window 20s --max-future 1h", "--max-future"),
        ("--window 20s --dedupe .user", "jsonl-filter --dedupe"),
        ("--window 20s --late-output /dev/null", "--late-output"),
        ("--window 20s --idle-timeout 1s", "--idle-timeout"),
        ("--window all --emit complete --trigger 1s", "--emit"),
        ("--window 20s --format csv", "--format"),
        ("--window 20s --state no/state", "--part NAME FILE"),
    ] {
        let refused = part("a", options, b"").with_code(2);
        assert!(refused.err.contains(word), "{options}: {}", refused.err);
    }
    for options in ["--window 20s", "--key .a", "--fold", "--time .ts", "--sum .a", "--watermark 1s"] {
        merge(options, b"").with_code(2);
    }
    tool("window-count").args(["--window", "20s", "--part", "a"]).run().with_code(2);
    tool("window-count").args(["--window", "20s", "--parts", "2"]).run().with_code(2);
}

#[test]
fn a_part_ends_with_an_error_at_its_limit_of_keys() {
    let options = "--key .user --window 1d --max-keys 3";
    let full = part("a", options, &seconds(0..50)).with_code(2);
    assert!(full.text().ends_with("\"ended\":false}}\n") && full.err.contains("--max-keys"), "{}", full.err);
}

#[test]
fn recordings_give_the_same_in_parts() {
    let Some(path) = common::recording("streams/meetup-rsvps-invented.jsonl") else { return };
    let options = "--key city=.group.group_city --window 20s/10s --watermark 10m";
    let whole = shell(&format!("window-count --max-future off {options} {}", path.display())).with_code(0);
    let parts = "for part in 0 1 2; do awk \"NR % 3 == $part\" FILE | window-count --partial OPTIONS; done 2>/dev/null";
    let parts = parts.replace("FILE", &path.display().to_string()).replace("OPTIONS", options);
    let merged = shell(&format!("{{ {parts}; }} | window-count --merge")).with_code(0);
    assert!(merged.out == whole.out);
}
