//! `scripts/spark` on Spark itself, in one process and with workers of their own: the rows are those of one window-count over
//! all files, byte for byte. Skipped by name where there is no Java, or no Python with pyspark; `scripts/test` brings both.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::pages::root;
use common::peer::{have, python_with};
use common::{Ran, Tool, demo, gzip, programs, tool};
use serde_json::{Value, json};

/// The Python that has Spark, where Java is there, too.
fn spark() -> Option<PathBuf> {
    have(&["java"]).then(|| python_with("pyspark")).flatten()
}

/// Counts in one process.
fn one(call: &[&str], files: &[PathBuf]) -> Ran {
    let ran = tool("window-count").args(call).args(["--max-future", "off", "-q"]).args(files).run();
    let ran = ran.with_code(0);
    assert!(ran.out.len() > 200, "{call:?} gives rows");
    ran
}

/// The files of a folder, in order.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

const TAGS: &[&str] = &["--time", ".created_at", "--key", ".entities.hashtags[].text", "--watermark", "max"];

/// A folder with tweets in several files: one compressed, one empty, one whose lines are hard to keep as they are.
fn tweets(folder: &Path) -> PathBuf {
    let input = folder.join("tweets");
    fs::create_dir(&input).expect("a folder");
    let tweets = demo("demo:tweets", 1200);
    let lines: Vec<&[u8]> = tweets.split_inclusive(|&byte| byte == b'\n').collect();
    for (number, lines) in lines.chunks(400).enumerate() {
        let bytes = lines.concat();
        match number {
            1 => fs::write(input.join("1.jsonl.gz"), gzip(&bytes)),
            _ => fs::write(input.join(format!("{number}.jsonl")), bytes),
        }
        .expect("a file");
    }
    fs::write(input.join("3.jsonl"), "").expect("a file");
    let tag = |tag: &[u8]| {
        let (head, tail) = (
            br#"{"created_at":"Mon Nov 12 19:00:07 +0000 2018","entities":{"hashtags":[{"text":""#,
            br#""}]}}"#,
        );
        [head, tag, tail].concat()
    };
    // What is no UTF-8 is a reject there and here, and no record of another text. The last line has no newline.
    let hard = [
        tag(b"caf\xe9"),
        tag("\u{2028}\u{85}".as_bytes()),
        [b"\xef\xbb\xbf".to_vec(), tag(b"bom")].concat(),
        tag(b"crlf\\r\\n"),
        [tag(b"carriage"), b"\r".to_vec()].concat(),
        b"".to_vec(),
        [b"{\r\"ts\":1,".to_vec(), tag(b"white space")[1..].to_vec()].concat(),
        tag(b"last"),
    ];
    fs::write(input.join("4.jsonl"), hard.join(&b'\n')).expect("a file");
    input
}

fn case(call: &[&str], input: &Path, output: &Path, more: &Value) -> Value {
    let call = [call, &["-q"]].concat();
    let mut case = json!({
        "call": call, "input": input, "output": output, "partition": "200k",
        "binary": programs().join("window-count"),
    });
    let more = more.as_object().expect("an object");
    case.as_object_mut().expect("an object").extend(more.clone());
    case
}

/// Runs cases in one session; how many partitions each had.
fn run(python: &Path, master: &str, cases: &[Value]) -> Vec<u32> {
    let ran = Tool::of(python)
        .arg(root().join("tests/doubles/spark_cases.py"))
        .arg(root().join("scripts/spark"))
        .args([master, &Value::from(cases).to_string()])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run()
        .with_code(0);
    let parts = ran.text().lines().map(|line| {
        let (parts, status) = line.split_once(' ').expect("two numbers");
        assert_eq!(status, "0", "{}", ran.err);
        parts.parse().expect("a number")
    });
    parts.collect()
}

#[test]
fn partitions_give_the_rows_of_one_process() {
    let Some(python) = spark() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let input = tweets(folder);
    // A worker that fails at first, in the middle of its rows; and that wants a word from the environment of the driver.
    let (flaky, marker) = (folder.join("flaky"), folder.join("failed"));
    let script = format!(
        "#!/bin/sh\n[ \"$WORD\" = please ] || exit 9\n\
         case \"$*\" in *.2) [ -e {marker} ] || {{ : >{marker}; {program} \"$@\" | head -c 3000; exit 9; }} ;; esac\n\
         exec {program} \"$@\"\n",
        marker = marker.display(),
        program = programs().join("window-count").display()
    );
    fs::write(&flaky, script).expect("a file");
    fs::set_permissions(&flaky, fs::Permissions::from_mode(0o755)).expect("a file");
    let with = |more: &[&'static str]| [TAGS, more].concat();
    let mut runs = vec![
        (with(&["--window", "20s/10s", "--distinct", ".user.id_str"]), input.clone(), json!({}), 5..),
        (with(&["--session", "7s", "--fold"]), input.clone(), json!({"combine": 2}), 2..),
        (
            with(&["--window", "1m"]),
            input.clone(),
            json!({"binary": flaky, "environment": {"WORD": "please"}}),
            5..,
        ),
    ];
    for (recording, call) in [
        ("streams/meetup-rsvps-invented.jsonl", ["--key", "city=.group.group_city", "--window", "20s/10s"]),
        ("streams/github-events-20210721-first400.jsonl", ["--key", ".type", "--window", "10s"]),
    ] {
        if let Some(path) = common::recording(recording) {
            let call = [&call[..], &["--watermark", "max"]].concat();
            runs.push((call, path, json!({"partition": "20k"}), 2..));
        }
    }
    let output = |number: usize| folder.join(format!("rows{number}"));
    let cases =
        runs.iter().enumerate().map(|(at, (call, input, more, _))| case(call, input, &output(at), more));
    // A task may fail twice.
    let parts = run(&python, "local[2,3]", &cases.collect::<Vec<_>>());
    assert!(marker.exists(), "one has failed");
    for (number, (call, input, _, least)) in runs.into_iter().enumerate() {
        let files = if input.is_dir() { files_in(&input) } else { vec![input] };
        assert!(fs::read(output(number)).expect("rows") == one(&call, &files).out, "{call:?}");
        assert!(least.contains(&parts[number]), "{call:?}: {} partitions", parts[number]);
    }
}

#[test]
fn workers_of_their_own_give_the_rows_of_one_process() {
    let Some(python) = spark() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (tweets(folder.path()), folder.path().join("rows"));
    let call = [TAGS, &["--window", "20s/10s"]].concat();
    let more = json!({"combine": 2});
    // Two workers, each with one core and 1 GiB, in processes of their own: the program and the modules have to be sent.
    let parts = run(&python, "local-cluster[2,1,1024]", &[case(&call, &input, &output, &more)]);
    assert!(fs::read(output).expect("rows") == one(&call, &files_in(&input)).out);
    assert_eq!(parts, [2]);
}

/// A call of one of the programs, on this machine.
fn program(python: &Path, name: &str, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    Tool::of(root().join("scripts/spark").join(name))
        .args(["--master", "local[2]"])
        .args(args)
        .env("PATH", &format!("{}:{path}", programs().display()))
        .env("PYTHON", python.to_str().expect("a name"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run()
}

#[test]
fn the_command_says_what_is_wrong() {
    let Some(python) = spark() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.jsonl");
    fs::write(&input, "{\"ts\":1}\n{\"ts\":2}\n{\n").expect("a file");
    let input = input.to_str().expect("a name");
    let call =
        |more: &[&str]| program(&python, "spark-window-count", &[&["--input", input, "--"], more].concat());
    let refused = call(&["window-count", "--window", "100rec"]).with_code(2);
    assert!(refused.err.contains("order of all records"), "{}", refused.err);
    let refused = call(&["--window", "1m", "--format", "csv"]).with_code(2);
    assert!(refused.err.contains("--format does not go behind --"), "{}", refused.err);
    let failed = call(&["--window", "1m", "--strict"]).with_code(4);
    assert!(failed.err.contains("spark-window-count: ") && failed.err.contains("status 3"), "{}", failed.err);
    let told = call(&["--window", "1m"]).with_code(0);
    assert!(told.text().contains("\"count\":2,"), "{}", told.text());
    assert!(told.err.contains("part 0: window-count: "), "a reject is told: {}", told.err);
}

#[test]
fn a_stream_of_files_is_counted_once_whatever_is_sent_again() {
    let Some(python) = spark() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let input = place("in");
    fs::create_dir(&input).expect("a folder");
    let tweets = demo("demo:tweets", 900);
    let lines: Vec<&[u8]> = tweets.split_inclusive(|&byte| byte == b'\n').collect();
    let mut slices = lines.chunks(300).map(<[_]>::concat).enumerate();
    // A file comes under another name, and then is there as a whole.
    let mut come = || {
        let (number, bytes) = slices.next().expect("a slice");
        fs::write(place("part"), bytes).expect("a file");
        fs::rename(place("part"), input.join(format!("{number}.jsonl"))).expect("a file");
    };
    let call = [TAGS, &["--window", "20s/10s"]].concat();
    let names = ["in", "checkpoint", "parts", "rows"].map(|name| place(name).display().to_string());
    let run = |checkpoint: &str| {
        let [input, _, parts, rows] = &names;
        let options = [
            "--input",
            input,
            "--checkpoint",
            checkpoint,
            "--parts",
            parts,
            "-o",
            rows,
            "--files",
            "1",
            "--",
        ];
        program(&python, "spark-window-count-stream", &[&options[..], &call].concat())
    };
    come();
    come();
    run(&names[1]).with_code(0);
    assert_eq!(files_in(&place("parts")).len(), 2, "a file for each batch");
    assert!(fs::read(place("rows")).expect("rows") == one(&call, &files_in(&input)).out);
    // The last run was killed after it wrote the rows of its last batch, and before Spark noted that the batch was done.
    fs::remove_file(place("checkpoint/commits/1")).expect("the note");
    drop(fs::remove_file(place("checkpoint/commits/.1.crc")));
    come();
    run(&names[1]).with_code(0);
    assert_eq!(files_in(&place("parts")).len(), 3);
    assert!(fs::read(place("rows")).expect("rows") == one(&call, &files_in(&input)).out);
    let other = place("other").display().to_string();
    let refused = run(&other).with_code(4);
    assert!(refused.err.contains("made with another checkpoint"), "{}", refused.err);
}

#[test]
fn the_scripts_are_python_that_compiles() {
    if !have(&["python3"]) {
        return;
    }
    for script in ["parts.py", "batch.py", "stream.py"] {
        let check = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
        let script = root().join("scripts/spark").join(script);
        let done = Command::new("python3").args(["-c", check]).arg(script).stderr(Stdio::null()).status();
        assert!(done.expect("python3 is there").success());
    }
}
