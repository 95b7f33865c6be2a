//! `--fold`: spellings that are one key, and the spelling that is shown.

mod common;

use common::{Ran, json_lines, tool};

fn count(args: &[&str], input: &str) -> Ran {
    tool("window-count").args(["-q", "--time", ".t", "--fold"]).args(args).input(input).run().with_code(0)
}

/// Records with a tag each, at seconds from 0 on.
fn tags(tags: &[&str]) -> String {
    let line = |(second, tag): (usize, &&str)| format!("{{\"t\":{second},\"tags\":[\"{tag}\"]}}\n");
    tags.iter().enumerate().map(line).collect()
}

/// Key, count, and what marks the row.
fn brief(ran: &Ran) -> Vec<String> {
    let rows = json_lines(ran.text());
    let brief = rows.iter().map(|row| {
        let key = ["tag", "who"]
            .iter()
            .filter_map(|name| row.get(*name))
            .map(|key| key.as_str().map_or(key.to_string(), str::to_owned));
        let rev = row.get("rev").map_or(String::new(), |rev| format!(" rev {rev}"));
        format!("{} {}{rev}", key.collect::<Vec<_>>().join("/"), row["count"])
    });
    brief.collect()
}

const TAGS: [&str; 4] = ["--key", "tag=.tags[]", "--window", "1h"];

#[test]
fn spellings_of_a_hashtag_are_one_key() {
    for (spellings, shown) in [
        (&["StanLee", "stanlee", "STANLEE", "stanlee"][..], "stanlee 4"),
        (&["StanLee", "stanlee", "STANLEE"], "STANLEE 3"),
        (&["ＡＢＣ", "abc", "ＡＢＣ"], "ＡＢＣ 3"),
        (&["Straße", "STRASSE", "strasse", "Straße"], "Straße 4"),
        (&["Σίσυφος", "σίσυφοσ", "ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφος"], "σίσυφος 5"),
        (&["caf\u{e9}", "cafe\u{301}", "CAFE\u{301}", "cafe\u{301}"], "cafe\u{301} 4"),
    ] {
        assert_eq!(brief(&count(&TAGS, &tags(spellings))), [shown], "{spellings:?}");
    }
    let apart = ["ı", "i", "café", "cafe", "👩\u{200d}👧", "👩👧"];
    assert_eq!(brief(&count(&TAGS, &tags(&apart))).len(), apart.len());
}

#[test]
fn without_the_flag_spellings_are_keys() {
    let input = tags(&["a", "A", "a"]);
    let ran = tool("window-count").args(["-q", "--time", ".t"]).args(TAGS).input(&input).run().with_code(0);
    assert_eq!(brief(&ran), ["a 2", "A 1"]);
}

#[test]
fn each_window_shows_its_own_spelling() {
    let input = tags(&["Ab", "Ab", "Ab", "aB", "aB", "AB", "AB", "ab"]);
    let ran = count(&["--key", "tag=.tags[]", "--window", "4s/2s", "--watermark", "0s"], &input);
    assert_eq!(brief(&ran), ["Ab 2", "Ab 4", "aB 4", "AB 4", "AB 2"]);
}

#[test]
fn rows_of_equal_counts_come_by_the_key_that_is_shown() {
    let input = tags(&["B", "b", "b", "a", "A", "A", "c", "c", "C", "1"]);
    assert_eq!(brief(&count(&TAGS, &input)), ["A 3", "b 3", "c 3", "1 1"]);
}

#[test]
fn what_is_no_string_is_not_folded() {
    let input =
        "{\"t\":1,\"tags\":[true,1.0,\"TRUE\",\"1\"]}\n{\"t\":2,\"tags\":[1,\"true\",\"True\",\"true\"]}\n";
    let ran = count(&TAGS, input);
    assert_eq!(
        json_lines(ran.text())
            .iter()
            .map(|row| format!("{} {}", row["tag"], row["count"]))
            .collect::<Vec<_>>(),
        ["\"true\" 4", "1 2", "\"1\" 1", "true 1"]
    );
}

#[test]
fn several_keys_show_their_most_frequent_combination() {
    let line = |tag: &str, who: &str| format!("{{\"t\":1,\"tags\":[\"{tag}\"],\"who\":\"{who}\"}}\n");
    let input = [
        line("Rust", "Ann"),
        line("rust", "ann"),
        line("rust", "ANN"),
        line("RUST", "ANN"),
        line("RUST", "ANN"),
        line("rust", "Bob"),
    ];
    let ran = count(&["--key", "tag=.tags[]", "--key", ".who", "--window", "1m"], &input.concat());
    assert_eq!(brief(&ran), ["RUST/ANN 5", "rust/Bob 1"]);
}

#[test]
fn once_per_record_takes_the_first_spelling() {
    let input = "{\"t\":1,\"tags\":[\"ab\",\"AB\",\"AB\"]}\n{\"t\":2,\"tags\":[\"AB\",\"ab\",\"c\"]}\n{\"t\":3,\"tags\":[\"ab\"]}\n";
    assert_eq!(brief(&count(&TAGS, input)), ["AB 6", "c 1"]);
    let once = count(&["--key", "tag=.tags[]", "--window", "1h", "--once-per-record"], input);
    assert_eq!(brief(&once), ["ab 3", "c 1"]);
}

#[test]
fn weights_do_not_choose_the_spelling() {
    let input = "{\"t\":1,\"tags\":[\"Ab\"],\"n\":100}\n{\"t\":2,\"tags\":[\"ab\"],\"n\":1}\n{\"t\":3,\"tags\":[\"ab\"],\"n\":1}\n";
    let ran = count(&["--key", "tag=.tags[]", "--window", "1h", "--weight", ".n"], input);
    assert_eq!(brief(&ran), ["ab 102"]);
}

#[test]
fn a_session_that_is_spelt_otherwise_is_taken_back() {
    let at = |second: u32, tag: &str| format!("{{\"t\":{second},\"tags\":[\"{tag}\"]}}\n");
    let session = |input: &[String]| {
        let args = ["--key", "tag=.tags[]", "--session", "1h", "--emit", "complete", "--trigger", "1rec"];
        brief(&count(&args, &input.concat()))
    };
    let bounds_move = [at(0, "ab"), at(1, "AB"), at(2, "ab")];
    assert_eq!(session(&bounds_move), ["ab 1", "ab 0 rev 1", "AB 2", "AB 0 rev 1", "ab 3", "ab 3 rev 1"]);
    // Under the same bounds revisions go on: the spelling may come back.
    let bounds_stay = [at(0, "ab"), at(0, "AB"), at(0, "ab")];
    assert_eq!(
        session(&bounds_stay),
        ["ab 1", "ab 0 rev 1", "AB 2 rev 2", "AB 0 rev 3", "ab 3 rev 4", "ab 3 rev 5"]
    );
}

#[test]
fn plain_records_are_folded_too() {
    let top = |args: &[&str], input: &str| {
        tool("topn").args(["-q", "--fold", "--key", "tag=.tags[]"]).args(args).input(input).run().with_code(0)
    };
    let input = tags(&["b", "Ab", "ab", "AB", "ab", "B", "c", "STRASSE", "Straße"]);
    let ran = top(&["2", "--other"], &input);
    assert_eq!(brief(&ran), ["ab 4", "B 2", "null 3"]);
    let row = &json_lines(ran.text())[0];
    assert_eq!((&row["total"], &row["distinct"], &row["share"]), (&9.into(), &4.into(), &0.4444.into()));
    assert_eq!(brief(&top(&["2", "--asc"], &input)), ["c 1", "B 2"]);
    assert_eq!(brief(&top(&["--max-keys", "4", "--on-full", "sketch"], &input)), brief(&top(&[], &input)));
    // Keys are limited, not spellings.
    assert_eq!(brief(&top(&["--max-keys", "4"], &input)), brief(&top(&[], &input)));
}

#[test]
fn rows_of_windows_are_not_folded_by_topn() {
    let ran = tool("topn").arg("--fold").input("").run().with_code(2);
    assert!(ran.err.contains("window-count --fold"), "{}", ran.err);
}

#[test]
fn keys_in_bounded_memory_are_spelt_as_some_record_spells_them() {
    let keys: Vec<String> =
        (0..200).map(|n| if n % 3 == 0 { "Big".into() } else { format!("Key{}", n % 50) }).collect();
    let input = tags(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let args = [&TAGS[..], &["--max-keys", "5", "--on-full", "sketch"]].concat();
    let rows = json_lines(count(&args, &input).text());
    assert_eq!((rows.len(), &rows[0]["tag"]), (5, &"Big".into()));
    assert!(rows[0]["count"].as_u64() >= Some(67), "{}", rows[0]);
    assert!(rows.iter().all(|row| keys.iter().any(|key| row["tag"] == key.as_str())), "{rows:?}");
}

#[test]
fn parts_that_spell_a_key_otherwise_are_one() {
    let input = tags(&["Ab", "ab", "Ab", "ab", "ab", "AB", "AB", "c", "AB", "C"]);
    let lines: Vec<&str> = input.split_inclusive('\n').collect();
    let args = ["--key", "tag=.tags[]", "--window", "10s/5s"];
    let part = |name: &str, lines: &[&str]| {
        let args = [&args[..], &["--partial", "--part", name]].concat();
        count(&args, &lines.concat()).text().to_owned()
    };
    let parts = part("one", &lines[..5]) + &part("two", &lines[5..]);
    let merged = tool("window-count").args(["-q", "--merge"]).input(&parts).run().with_code(0);
    let whole = count(&[&args[..], &["--watermark", "max"]].concat(), &input);
    assert_eq!(brief(&merged), brief(&whole));
    assert_eq!(brief(&whole), ["ab 5", "AB 8", "C 2", "AB 3", "C 2"]);
}

#[test]
fn it_needs_a_key_and_is_explained() {
    let ran = tool("window-count").args(["--fold", "--window", "1m"]).input("").run().with_code(2);
    assert!(ran.err.contains("--key"), "{}", ran.err);
    let explained = tool("window-count").args(["--fold", "--explain"]).args(TAGS).run().with_code(0);
    assert!(explained.text().contains("most frequent spelling"), "{}", explained.text());
}
