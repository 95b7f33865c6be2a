//! `sentiment` in every tool that takes expressions, and a lexicon of one's own.

mod common;

use common::{Tool, json_lines, tool};
use serde_json::json;

const POSTS: &str = r#"{"ts":1,"id":1234567890123456789,"lang":"en","text":"I love it!"}
{"ts":2,"id":2,"lang":"en","text":"I hate \u0069t \ud83d\ude2d"}
{"ts":3,"id":3,"lang":"de","text":"die \ud83d"}
{"ts":4,"id":4,"text":null}
"#;

fn on_posts(name: &str, args: &[&str]) -> Tool {
    tool(name).args(args).input(POSTS)
}

#[test]
fn a_string_has_scores_and_nothing_else_has() {
    let ran = on_posts("jsonl-filter", &["--map", ".text | sentiment"]).run().quietly();
    let expected = "{\"compound\":0.6696,\"pos\":0.692,\"neu\":0.308,\"neg\":0.0}\n\
        {\"compound\":-0.7783,\"pos\":0.0,\"neu\":0.37,\"neg\":0.63}\n\
        {\"compound\":-0.5994,\"pos\":0.0,\"neu\":0.204,\"neg\":0.796}\nnull\n";
    assert_eq!(ran.text(), expected);
    let of_argument = on_posts("jsonl-filter", &["--map", "sentiment(.text)"]).run().quietly();
    assert_eq!(of_argument.text(), expected);
    let of_others = tool("jsonl-filter")
        .args(["--map", "[.a[] | sentiment]"])
        .input(r#"{"a":[1,true,null,["good"],{"text":"good"},""]}"#)
        .run()
        .quietly();
    assert_eq!(
        of_others.text(),
        "[null,null,null,null,null,{\"compound\":0.0,\"pos\":0.0,\"neu\":0.0,\"neg\":0.0}]\n"
    );
}

#[test]
fn a_record_is_labelled_and_keeps_what_it_had() {
    let map = ". + {sentiment: (if .lang == \"en\" then (.text | sentiment).compound else null end)}";
    let ran = on_posts("jsonl-filter", &["--map", map]).run().quietly();
    let first = r#"{"ts":1,"id":1234567890123456789,"lang":"en","text":"I love it!","sentiment":0.6696}"#;
    assert_eq!(ran.text().lines().next(), Some(first));
    // The records keep their bytes, half a surrogate pair too, which not every reader of JSON takes.
    let moods = ran.text().lines().map(|line| line.rsplit_once("\"sentiment\":").expect("the field").1);
    assert_eq!(moods.collect::<Vec<_>>(), ["0.6696}", "-0.7783}", "null}", "null}"]);
}

#[test]
fn windows_have_a_mean_sentiment() {
    let args = ["-q", "--window", "1h", "--key", ".lang", "--mean", "s=sentiment(.text).compound"];
    let ran = on_posts("window-count", &args).run();
    let rows = json_lines(ran.text());
    let means: Vec<_> = rows.iter().map(|row| (row["lang"].clone(), row["s"].clone())).collect();
    assert_eq!(means, [(json!("en"), json!(-0.05435000000000001)), (json!("de"), json!(-0.5994))]);
    let args = ["1", "-q", "--key", "mood=sentiment(.text) | if .compound > 0 then \"up\" else \"down\" end"];
    let ran = on_posts("topn", &args).run();
    assert!(ran.text().contains("\"down\""), "{}", ran.text());
}

#[test]
fn only_the_text_is_looked_at() {
    for expression in [".text | sentiment", "sentiment(.text).compound > 0.5"] {
        let ran = tool("jsonl-filter").args(["--explain", expression]).run().quietly();
        assert!(
            ran.text().ends_with("(compiled: reads .text from the bytes of the record)\n"),
            "{}",
            ran.text()
        );
    }
}

#[test]
fn a_lexicon_of_ones_own_replaces_the_built_in_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("de.tsv");
    std::fs::write(&file, "die\t1\t0.5\t[1, 1]\r\nhasse\t-3\r\n").expect("written");
    let lexicon = file.to_str().expect("UTF-8");
    let ran = on_posts("jsonl-filter", &["--lexicon", lexicon, "--map", "sentiment(.text).compound"])
        .run()
        .quietly();
    assert_eq!(ran.text(), "0.0\n0.0\n0.25\nnull\n");
    for command in [&["window-count", "--window", "1h"][..], &["topn"]] {
        let args =
            [&command[1..], &["--lexicon", lexicon, "-q", "--key", "s=sentiment(.text).compound"]].concat();
        let ran = on_posts(command[0], &args).run();
        let row = json_lines(ran.text()).into_iter().find(|row| row["s"] == json!(0.25));
        assert_eq!(row.map(|row| row["count"].clone()), Some(json!(1)), "{command:?}: {}", ran.err);
    }
}

#[test]
fn a_lexicon_that_is_none_is_a_usage_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("none.tsv");
    std::fs::write(&file, "good\t1\nbad -1\n").expect("written");
    let ran =
        tool("jsonl-filter").args(["--lexicon", file.to_str().expect("UTF-8"), "true"]).run().with_code(2);
    assert!(ran.err.contains("none.tsv: line 2 is \"bad -1\", expected a word"), "{}", ran.err);
    let ran = tool("jsonl-filter").args(["--lexicon", "no/such.tsv", "true"]).run().with_code(4);
    assert!(ran.err.starts_with("jsonl-filter: cannot read no/such.tsv: "), "{}", ran.err);
}
