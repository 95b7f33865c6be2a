//! `topic-model` from outside: planted topics are found and put on records, models are the same bytes, damage is refused.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use common::peer::{Peer, have};
use common::{Running, Tool, tool};
use serde_json::Value;

/// Texts about one of three things each; every fourth line is something else.
fn texts(count: usize, shift: usize) -> String {
    let words = [
        ["kitten", "whisker", "purring", "litter", "catnip", "tabby"],
        ["storm", "thunder", "rainfall", "drizzle", "forecast", "humidity"],
        ["guitar", "melody", "chorus", "drummer", "concert", "bassline"],
    ];
    let mut lines = String::new();
    for number in 0..count {
        let own = &words[number % 3];
        let pick = |step: usize| own[(number * 7 + shift + step * (1 + number % 5)) % own.len()];
        lines += &format!(
            "{{\"id\":{number},\"text\":\"The {} and {} with {} {}\",\"planted\":{},\"big\":12345678901234567890}}\n",
            pick(0),
            pick(1),
            pick(2),
            pick(3),
            number % 3
        );
    }
    lines
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).expect("a file");
    path
}

fn fit(folder: &Path, args: &[&str], input: &str) -> Vec<u8> {
    let model = folder.join("model");
    let ran =
        tool("topic-model").args(["fit", "-q", "-k", "3", "-o"]).arg(&model).args(args).input(input).run();
    ran.quietly();
    fs::read(model).expect("a model")
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn planted_topics_are_found_and_put_on_records() {
    let folder = tempfile::tempdir().expect("a folder");
    for kind in ["lda", "gsdmm"] {
        fit(folder.path(), &["--model", kind, "--tries", "3"], &texts(300, 0));
        let other = texts(90, 3);
        let call = || tool("topic-model").args(["label", "--model"]).arg(folder.path().join("model"));
        let labelled = call().input(&other).run().with_code(0);
        let mut planted_of = std::collections::BTreeMap::new();
        for (line, record) in labelled.text().lines().zip(records(labelled.text())) {
            let topic = record["topic"].as_u64().expect("a topic");
            let planted = planted_of.entry(topic).or_insert_with(|| record["planted"].clone());
            assert_eq!(record["planted"], *planted, "{kind}: {line}");
            assert_eq!(record["topic_words"].as_array().expect("words").len(), 5, "{line}");
            let shares: Vec<f64> = record["topics"]
                .as_array()
                .expect("topics")
                .iter()
                .filter_map(|topic| topic["share"].as_f64())
                .collect();
            assert!(shares.is_sorted_by(|left, right| left >= right) && shares[0] > 0.5, "{kind}: {line}");
            assert!(line.contains("\"big\":12345678901234567890,\"topic\":"), "bytes are kept: {line}");
        }
        assert_eq!(planted_of.len(), 3, "{kind}");
        assert!(labelled.err.contains("labelled 90 records"), "{}", labelled.err);
        for threads in ["1", "3"] {
            let again = call().args(["-q", "--threads", threads]).input(&other).run().quietly();
            assert_eq!(again.text(), labelled.text());
        }
    }
}

#[test]
fn a_model_is_the_same_bytes_whatever_the_order_and_the_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = texts(240, 0);
    let reversed: String = input.lines().rev().flat_map(|line| [line, "\n"]).collect();
    for args in [&["--iterations", "30"][..], &["--model", "gsdmm"], &["--tries", "3", "--iterations", "20"]]
    {
        let model = fit(folder.path(), args, &input);
        assert_eq!(fit(folder.path(), args, &reversed), model, "{args:?}");
        for threads in ["1", "2", "4"] {
            assert_eq!(
                fit(folder.path(), &[args, &["--threads", threads]].concat(), &input),
                model,
                "{args:?}"
            );
        }
        assert_ne!(fit(folder.path(), &[args, &["--seed", "2"]].concat(), &input), model, "{args:?}");
    }
}

#[test]
fn what_has_no_known_word_has_no_topic_and_old_labels_are_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    fit(folder.path(), &[], &texts(300, 0));
    let input = "{\"text\":\"zzz unheard\"}\n{\"n\":1}\n{\"topic\":99,\"text\":\"kitten purring\",\"topics\":[]}\n{\"text\":7}\n[1]\n";
    let call = || tool("topic-model").args(["label", "--model"]).arg(folder.path().join("model"));
    let ran = call().input(input).run().with_code(0);
    let text = ran.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    for (line, before) in [(0, "{\"text\":\"zzz unheard\""), (1, "{\"n\":1"), (3, "{\"text\":7")] {
        assert_eq!(lines[line], format!("{before},\"topic\":null,\"topic_words\":[],\"topics\":[]}}"));
    }
    assert!(lines[2].starts_with("{\"topic\":") && !lines[2].starts_with("{\"topic\":99"), "{}", lines[2]);
    assert_eq!(
        lines[2].matches("\"topic\":").count(),
        1 + lines[2].matches("\"share\":").count(),
        "{}",
        lines[2]
    );
    assert!(ran.err.contains("1 have no word") && ran.err.contains("2 no text"), "{}", ran.err);
    assert!(ran.err.contains("rejected 1 of 5 lines"), "{}", ran.err);
}

#[test]
fn topics_keep_their_numbers_with_init() {
    let folder = tempfile::tempdir().expect("a folder");
    fit(folder.path(), &["--tries", "3"], &texts(300, 0));
    let label = |model: &Path| -> Vec<u64> {
        let ran = tool("topic-model")
            .args(["label", "-q", "--model"])
            .arg(model)
            .input(texts(60, 1))
            .run()
            .quietly();
        records(ran.text()).iter().map(|record| record["topic"].as_u64().expect("a topic")).collect()
    };
    let first = write(folder.path(), "first", fs::read(folder.path().join("model")).expect("a model"));
    let before = label(&first);
    for kind in ["lda", "gsdmm"] {
        let init = ["--seed", "9", "--model", kind, "--init", first.to_str().expect("UTF-8")];
        fit(folder.path(), &init, &texts(300, 2));
        assert_eq!(label(&folder.path().join("model")), before, "{kind}");
    }
    let ran = tool("topic-model")
        .args(["fit", "-k", "4", "-o", "x", "--init"])
        .arg(&first)
        .dir(folder.path())
        .input(texts(30, 0))
        .run()
        .with_code(2);
    assert!(ran.err.contains("-k 3"), "{}", ran.err);
}

#[test]
fn a_model_is_judged_by_texts_that_it_has_not_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = fit(folder.path(), &["--tries", "3"], &texts(300, 0));
    let judge = |model: &[u8], input: &str| -> Value {
        let path = write(folder.path(), "judged", model);
        let ran = tool("topic-model").args(["evaluate", "--model"]).arg(path).input(input).run().quietly();
        records(ran.text()).remove(0)
    };
    let judged = judge(&good, &texts(90, 3));
    // Six words a topic: a model that knows the topic guesses among six.
    let perplexity = judged["perplexity"].as_f64().expect("a number");
    assert!((4.0..7.5).contains(&perplexity), "{judged}");
    assert!(judged["unknown_words"] == 0.0 && judged["topics"] == 3, "{judged}");
    // One topic for all three does not know which six.
    let model = folder.path().join("one");
    tool("topic-model").args(["fit", "-q", "-k", "1", "-o"]).arg(&model).input(texts(300, 0)).run().quietly();
    let poor = judge(&fs::read(model).expect("a model"), &texts(90, 3));
    assert!(poor["perplexity"].as_f64().expect("a number") > 15.0, "{poor}");
    let ran = tool("topic-model")
        .args(["evaluate", "--model", "judged"])
        .dir(folder.path())
        .input("{\"text\":\"nothing known\"}\n")
        .run()
        .with_code(2);
    assert!(ran.err.contains("see --text"), "{}", ran.err);
    // A reference that was not read to its end, or has no text, judges nothing.
    for (reference, code) in [("no record\n", 3), ("{\"other\":1}\n", 2)] {
        write(folder.path(), "reference.jsonl", reference.as_bytes());
        let ran = tool("topic-model")
            .args(["evaluate", "--strict", "--model", "judged", "--reference", "reference.jsonl"])
            .dir(folder.path())
            .input(texts(90, 3))
            .run()
            .with_code(code);
        assert!(ran.out.is_empty(), "{}", ran.text());
    }
}

#[test]
fn priors_have_a_range() {
    for prior in ["0", "1e-7", "1e7", "NaN", "x"] {
        for option in ["--alpha", "--beta"] {
            let ran =
                tool("topic-model").args(["fit", "-o", "x", option, prior]).input("").run().with_code(2);
            assert!(ran.err.contains("from 0.000001 to 1000000"), "{}", ran.err);
        }
    }
}

#[test]
fn damaged_and_foreign_models_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = fit(folder.path(), &[], &texts(60, 0));
    let mut flipped = model.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let cases = [
        (&model[..model.len() - 1], "ends early"),
        (&flipped, "checksum"),
        (b"{\"a\":1}\n", "something else"),
        (b"", "ends early"),
    ];
    for (bytes, why) in cases {
        write(folder.path(), "bad", bytes);
        for command in [
            &["label"][..],
            &["top-words"],
            &["evaluate"],
            &["export", "x"],
            &["fit", "-o", "y", "--init", "bad"],
        ] {
            let named: &[&str] = if command[0] == "fit" { &[] } else { &["--model", "bad"] };
            let ran =
                tool("topic-model").args(command).args(named).dir(folder.path()).input("").run().with_code(2);
            assert!(ran.err.contains(why) && ran.err.contains("topic-model fit"), "{command:?}: {}", ran.err);
        }
    }
    assert!(!folder.path().join("x").exists() && !folder.path().join("y").exists());
}

#[test]
fn texts_that_cannot_be_learnt_from_are_told() {
    let fit = |args: &[&str], input: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let ran =
            tool("topic-model").args(["fit", "-o", "m"]).args(args).dir(folder.path()).input(input).run();
        assert!(!folder.path().join("m").exists());
        ran.with_code(2).err
    };
    assert!(
        fit(&["--text", ".title"], "{\"text\":\"some words\"}\n")
            .contains("1 records have no string there; see --text")
    );
    assert!(fit(&[], "{\"text\":\"rare words\"}\n").contains("--min-df"));
    assert!(fit(&["--stop-words", "xx"], "").contains("\"xx\""));
    assert!(fit(&["-k", "0"], "").contains("0"));
    assert!(fit(&["--max-df", "2"], "").contains("50%"));
}

#[test]
fn a_model_that_cannot_be_written_is_an_error_before_anything_is_read() {
    let fit = ["fit", "-k", "2", "-o", "/nonexistent/topics.model"];
    // Its input stays open.
    let (code, said) = tool("topic-model").args(fit).start().end();
    assert_eq!(code, 4, "{said}");
    assert!(
        said.starts_with("topic-model: cannot write /nonexistent/topics.model: there is no folder"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// A signal while it learns: the status tells.
#[test]
fn a_signal_leaves_the_old_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "model", "what was there");
    let input = write(folder.path(), "texts.jsonl", texts(3000, 0));
    let mut running = tool("topic-model")
        .args(["fit", "--verbose", "--iterations", "1000000", "-o"])
        .arg(&model)
        .arg(&input)
        .start();
    while !running.said().contains("sweeps begin") {}
    running.signal("TERM");
    let (code, said) = running.end();
    assert_eq!(code, 143, "{said}");
    assert_eq!(fs::read(&model).expect("a file"), b"what was there");
}

/// Sends a line again and again until it is labelled otherwise.
fn changed(running: &mut Running, line: &str, before: &str) -> String {
    let deadline = Instant::now() + common::PATIENCE;
    loop {
        running.send(line);
        let after = running.line();
        if after != before {
            return after;
        }
        assert!(Instant::now() < deadline, "the newer model was not taken up");
    }
}

/// Labelling goes on with the newer model once the file is replaced.
#[test]
fn a_newer_model_is_taken_up_while_records_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = fit(folder.path(), &["--model", "gsdmm"], &texts(300, 0));
    let model = write(folder.path(), "live", first);
    let mut running =
        tool("topic-model").args(["label", "--reload", "--words", "1", "--model"]).arg(&model).start();
    let line = "{\"text\":\"kitten purring guitar\"}\n";
    running.send(line);
    let before = running.line();
    // A model of one topic, whose labels differ.
    let one = folder.path().join("one");
    tool("topic-model").args(["fit", "-q", "-k", "1", "-o"]).arg(&one).input(texts(300, 0)).run().quietly();
    fs::rename(&one, &model).expect("replaced");
    let after = changed(&mut running, line, &before);
    assert!(after.contains("\"topic\":0,") && after.contains("\"share\":1}]"), "{after}");
    running.close_input();
    let (code, said) = running.end();
    assert!(code == 0 && said.contains("was replaced: its 1 topics are used from here on"), "{said}");
}

/// s3s-fs keeps objects as files, and checks signatures.
fn s3(folder: &Path) -> Option<Peer> {
    fs::create_dir_all(folder.join("store/models")).expect("a folder");
    let call = |port: u16| {
        let (port, root) = (port.to_string(), folder.join("store").display().to_string());
        let keys = ["--access-key", "AK", "--secret-key", "SK"];
        let call = ["s3s-fs", "--host", "127.0.0.1", "--port", &port].into_iter().chain(keys).chain([&*root]);
        call.map(str::to_owned).collect()
    };
    (cfg!(feature = "s3") && have(&["s3s-fs"])).then(|| Peer::start(call))
}

fn with_store(peer: &Peer, args: &[&str]) -> Tool {
    tool("topic-model")
        .args(args)
        .args(["--endpoint", &format!("http://127.0.0.1:{}", peer.port)])
        .env("AWS_ACCESS_KEY_ID", "AK")
        .env("AWS_SECRET_ACCESS_KEY", "SK")
}

#[test]
fn a_model_in_an_object_is_the_one_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = s3(folder.path()) else { return };
    let place = "s3://models/day/topics.model";
    let model = fit(folder.path(), &[], &texts(300, 0));
    with_store(&peer, &["fit", "-q", "-k", "3", "-o", place]).input(texts(300, 0)).run().quietly();
    assert_eq!(fs::read(folder.path().join("store/models/day/topics.model")).expect("an object"), model);
    let file = folder.path().join("model");
    let file = file.to_str().expect("UTF-8");
    for args in [&["label", "-q"][..], &["top-words"], &["evaluate"]] {
        let of = |place: &str| {
            with_store(&peer, &[args, &["--model", place]].concat()).input(texts(30, 1)).run().quietly()
        };
        assert_eq!(of(place).text(), of(file).text(), "{args:?}");
    }
    let next = |init: &str, output: &str| {
        let args = ["fit", "-q", "-k", "3", "--init", init, "-o", output];
        with_store(&peer, &args).input(texts(300, 2)).run().quietly();
    };
    next(place, place);
    next(file, file);
    assert_eq!(
        fs::read(folder.path().join("store/models/day/topics.model")).expect("an object"),
        fs::read(file).expect("a model")
    );
    let refused = with_store(&peer, &["fit", "-k", "3", "-o", place])
        .env("AWS_SECRET_ACCESS_KEY", "wrong")
        .input(texts(30, 0))
        .run()
        .with_code(4);
    assert!(refused.err.contains("check AWS_ACCESS_KEY_ID"), "{}", refused.err);
    let absent = with_store(&peer, &["top-words", "--model", "s3://models/none"]).run().with_code(4);
    assert!(absent.err.contains("s3://models/none") && absent.err.contains("404"), "{}", absent.err);
    let no_object = with_store(&peer, &["top-words", "--model", "s3://models"]).run().with_code(2);
    assert!(no_object.err.contains("s3://BUCKET/KEY"), "{}", no_object.err);
}

#[test]
fn a_newer_object_is_taken_up_while_records_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = s3(folder.path()) else { return };
    let place = "s3://models/live";
    let put = |topics: &str| {
        let args = ["fit", "-q", "-k", topics, "-o", place];
        with_store(&peer, &args).input(texts(300, 0)).run().quietly();
    };
    put("3");
    let args = ["label", "--reload", "--words", "1", "--model", place];
    let mut running = with_store(&peer, &args).start();
    let line = "{\"text\":\"kitten purring guitar\"}\n";
    running.send(line);
    let before = running.line();
    put("1");
    let after = changed(&mut running, line, &before);
    assert!(after.contains("\"topic\":0,") && after.contains("\"share\":1}]"), "{after}");
    running.close_input();
    let (code, said) = running.end();
    assert!(
        code == 0 && said.contains("s3://models/live was replaced: its 1 topics are used from here on"),
        "{said}"
    );
}
