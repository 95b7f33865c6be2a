//! `words` and `language` in every tool that takes expressions.

mod common;

use common::{json_lines, recording, tool};
use serde_json::json;

#[test]
fn words_are_keys() {
    let posts = "{\"ts\":0,\"text\":\"The cat & the #Cat\"}\n{\"ts\":5,\"text\":\"see https://t.co/the @the\"}\n{\"ts\":9,\"text\":null}\n";
    let counted = |tool: common::Tool| {
        let ran = tool.args(["-q", "--key", "word=words(.text)[]"]).input(posts).run();
        let rows = json_lines(ran.text());
        rows.iter().map(|row| (row["word"].clone(), row["count"].clone())).collect::<Vec<_>>()
    };
    let expected = [(json!("cat"), json!(2)), (json!("the"), json!(2)), (json!("see"), json!(1))];
    assert_eq!(counted(tool("topn")), expected);
    assert_eq!(counted(tool("window-count").args(["--window", "1h"])), expected);
}

#[test]
fn a_hashtag_is_counted_with_its_key() {
    let posts = "{\"text\":\"#ＲｕｓｔＬａｎｇ rustlang #Straße #東京タワー\"}\n";
    let map =
        "[words(.text)] == [[\"rustlang\", \"rustlang\", \"strasse\", \"東京タワー\"]], [hashtags[] | fold]";
    let ran = tool("jsonl-filter").args(["--map", map]).input(posts).run().quietly();
    assert_eq!(ran.text(), "true\n[\"rustlang\",\"strasse\",\"東京タワー\"]\n");
}

#[test]
fn the_language_that_a_post_names_comes_first() {
    let posts = "{\"text\":\"Das Wetter ist heute sch\\u00f6n\"}\n\
        {\"text\":\"Das Wetter ist heute schön\",\"lang\":\"nl\"}\n\
        {\"commit\":{\"record\":{\"text\":\"Das Wetter\",\"langs\":[\"pt-BR\",\"en\"]}}}\n\
        {\"content\":\"<p>Das Wetter ist heute schön</p>\",\"language\":null}\n\
        {\"text\":\"ok!\"}\n{\"n\":1}\n";
    let ran = tool("jsonl-filter").args(["-r", "--map", "language"]).input(posts).run().quietly();
    assert_eq!(ran.text(), "de\nnl\npt-BR\nde\nund\nnull\n");
    let ran = tool("jsonl-filter").args(["--map", "language(.text)"]).input(posts).run().quietly();
    assert_eq!(ran.text(), "\"de\"\n\"de\"\nnull\nnull\n\"und\"\nnull\n");
}

/// Twitter's own label is a classifier's too, so this is no exact measure.
#[test]
fn the_language_of_recorded_tweets_is_mostly_what_twitter_says() {
    let Some(file) = recording("streams/tweets-v2-data-twarc.jsonl") else { return };
    let known = "ar de en es fr hi it ja ko nl pt ru sv tr vi zh";
    let map = "[.data[]? // .] | .[] | select(.text and .lang) | {theirs: .lang, ours: language(.text)}";
    let ran = tool("jsonl-filter").args(["-q", "--map", map]).arg(file).run();
    let (mut same, mut all) = (0, 0);
    for row in json_lines(ran.text()) {
        let (theirs, ours) = (row["theirs"].as_str().expect("a code"), row["ours"].as_str().expect("a code"));
        if known.split(' ').any(|code| code == theirs) && ours != "und" {
            all += 1;
            same += u32::from(ours == theirs);
        }
    }
    assert!(all > 100, "{all} tweets");
    assert!(same * 100 >= all * 90, "{same} of {all}");
}
