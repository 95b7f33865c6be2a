//! `jsonl-filter`: what is kept leaves as it came, and jq's truths hold.

mod common;

use common::{Ran, tool};

fn filter(args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    tool("jsonl-filter").args(args).input(input).run()
}

#[track_caller]
fn kept(predicate: &str, input: &str) -> String {
    filter(&[predicate], input).quietly().text().to_owned()
}

/// Records that a parser and a printer would change.
const UNTOUCHABLE: &str = concat!(
    "{\"id\":1234567890123456789,\"lang\":\"en\"}\n",
    "{\"id\":12345678901234567890123,\"lang\":\"en\"}\n",
    "{ \"a\" : 1.0 ,\"b\":1e400,\t\"c\":-0,\"d\":1E+2,\"lang\":\"en\" }\n",
    "{\"lang\":\"de\",\"b\":1,\"a\":2,\"b\":3,\"lang\":\"en\"}\n",
    "{\"s\":\"\\u00e9\\/\\ud83d\\ude00é\",\"lang\":\"en\"}\n",
    "{\"s\":\"lone \\ud83d x\",\"t\":\"\\udc00\",\"lang\":\"\\u0065n\"}\n",
    "{\"l\\u0061ng\":\"en\",\"z\":{\"lang\":\"de\"}}\n",
    "{\"s\":\"\\\"}{\\\\\",\"lang\":\"en\",\"deep\":[[[{\"a\":[]}]]]}\n",
);

#[test]
fn what_is_kept_is_kept_byte_for_byte_whichever_engine_runs() {
    for predicate in [".lang == \"en\"", "(.lang | ascii_downcase) == \"en\"", ".lang | length == 2"] {
        for threads in ["1", "2"] {
            let ran = filter(&[predicate, "--threads", threads], UNTOUCHABLE).quietly();
            assert_eq!(ran.text(), UNTOUCHABLE, "{predicate}");
            let dropped = format!("({predicate}) | not");
            assert_eq!(filter(&[&dropped], UNTOUCHABLE).quietly().text(), "");
        }
    }
    let all = filter(&["--check", "full", "true"], UNTOUCHABLE).quietly();
    assert_eq!(all.text(), UNTOUCHABLE);
}

#[test]
fn a_map_keeps_numbers_exact_and_the_last_of_equal_keys() {
    let ran = filter(&["--map", "[.id, .a, .b, .c, .d]"], UNTOUCHABLE).quietly();
    let lines: Vec<&str> = ran.text().lines().collect();
    assert_eq!(lines[0], "[1234567890123456789,null,null,null,null]");
    assert_eq!(lines[1], "[12345678901234567890123,null,null,null,null]");
    assert_eq!(lines[2], "[null,1.0,1e400,-0,1E+2]");
    assert_eq!(lines[3], "[null,2,3,null,null]");
    let surrogate = filter(&["-r", "--map", ".s"], "{\"s\":\"lone \\ud83d x\"}\n").quietly();
    assert_eq!(surrogate.text(), "lone \u{fffd} x\n");
}

#[test]
fn lines_end_as_they_like() {
    let records = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";
    for input in [
        "{\"n\":1}\r\n{\"n\":2}\r\n{\"n\":3}\r\n",
        "{\"n\":1}\r\n\r\n\r\n{\"n\":2}\n{\"n\":3}",
        "\u{feff}{\"n\":1}\n{\"n\":2}\n\n   \n{\"n\":3}",
        "\u{1e}{\"n\":1}\n\u{1e}{\"n\":2}\n\u{1e}{\"n\":3}\n",
        "\u{feff}\u{1e}{\"n\":1}\n{\"n\":2}\n{\"n\":3}\r",
        "\n\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n\n",
    ] {
        assert_eq!(kept(".n", input), records, "{input:?}");
    }
    assert_eq!(kept(".n", ""), "");
    assert_eq!(kept(".n", "\n\r\n"), "");
}

#[test]
fn a_cut_last_line_is_rejected_and_a_whole_one_without_newline_is_not() {
    assert_eq!(kept(".n", "{\"n\":1}\n{\"n\":2}"), "{\"n\":1}\n{\"n\":2}\n");
    let cut = filter(&[".n"], "{\"n\":1}\n{\"n\":2,\"text\":\"ab").with_code(0);
    assert_eq!(cut.text(), "{\"n\":1}\n");
    assert!(cut.err.contains("-:2: ") && cut.err.contains("rejected 1 of 2 lines (cut 1)"), "{}", cut.err);
}

#[test]
fn the_truths_are_those_of_jq() {
    for (predicate, record, is_kept) in [
        // Whatever is neither null nor false, 0 and the empty string too.
        (".x", "{\"x\":0}", true),
        (".x", "{\"x\":\"\"}", true),
        (".x", "{\"x\":[]}", true),
        (".x", "{\"x\":false}", false),
        (".x", "{\"x\":null}", false),
        (".x", "{}", false),
        // null is below all numbers, and these below all strings.
        (".x < 5", "{}", true),
        (".x > 100", "{\"x\":\"12\"}", true),
        (".x > 100", "{\"x\":true}", false),
        (".x == 1", "{\"x\":1.0}", true),
        (".x == 0", "{\"x\":-0}", true),
        (".x == \"1\"", "{\"x\":1}", false),
        (".x[]? == 2", "{\"x\":[1,2,3]}", true),
        (".x[]? == 2", "{\"x\":7}", false),
        (".a.b.c", "{\"a\":{\"b\":null}}", false),
        (".a.b.c // true", "{}", true),
        ("any(.t[]; . == \"rust\")", "{\"t\":[\"go\",\"rust\"]}", true),
        ("has(\"x\")", "{\"x\":null}", true),
        (".s | test(\"^stan\"; \"i\")", "{\"s\":\"Stan Lee\"}", true),
        (".s | contains(\"\u{e9}\")", "{\"s\":\"caf\\u00e9\"}", true),
        (".lang | IN(\"en\", \"de\")", "{\"lang\":\"de\"}", true),
        (".n > 9007199254740992", "{\"n\":9007199254740993}", true),
        ("empty", "{}", false),
        ("false, true", "{}", true),
    ] {
        let line = format!("{record}\n");
        let expected = if is_kept { line.as_str() } else { "" };
        assert_eq!(kept(predicate, &line), expected, "{predicate} on {record}");
        let slow = format!("({predicate}) | . as $x | $x");
        assert_eq!(kept(&slow, &line), expected, "{slow} on {record}");
    }
}

#[test]
fn an_error_of_the_expression_costs_one_record() {
    let ran = filter(&[".x | startswith(\"a\")"], "{\"x\":1}\n{\"x\":\"ab\"}\n").with_code(0);
    assert_eq!(ran.text(), "{\"x\":\"ab\"}\n");
    assert!(ran.err.contains("-:1: ") && ran.err.contains("(expression 1)"), "{}", ran.err);
    let ran = filter(&["--map", ".x[], (.y | length)"], "{\"x\":[1],\"y\":true}\n{\"x\":[2],\"y\":[]}\n");
    assert_eq!(ran.with_code(0).text(), "2\n0\n", "a record is mapped whole or not at all");
}

#[test]
fn the_status_tells_whether_anything_matched() {
    let input = "{\"n\":1}\n";
    filter(&["-e", ".n == 1"], input).with_code(0);
    filter(&["-e", ".n == 2"], input).with_code(1);
    filter(&[".n == 2"], input).with_code(0);
    filter(&["--exit-status", ".n"], "").with_code(1);
    // What the map makes is not asked about: the record was kept.
    filter(&["-e", "--map", "empty"], input).with_code(0);
}

#[test]
fn a_map_writes_each_output() {
    let input = "{\"x\":[1,\"a\\tb\",null,{\"k\":[]}]}\n{\"x\":[]}\n";
    assert_eq!(filter(&["--map", ".x[]"], input).quietly().text(), "1\n\"a\\tb\"\nnull\n{\"k\":[]}\n");
    assert_eq!(filter(&["-r", "--map", ".x[]"], input).quietly().text(), "1\na\tb\nnull\n{\"k\":[]}\n");
    assert_eq!(filter(&["--raw", "--where", "false", "--map", ".x[]"], input).quietly().text(), "");
    let ran = filter(&["--where", ".n > 1", "--map", "{n, m: (.n * 2)}"], "{\"n\":1}\n{\"n\":2}\n").quietly();
    assert_eq!(ran.text(), "{\"n\":2,\"m\":4}\n");
}

#[test]
fn with_where_and_map_every_operand_is_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("a", "{\"n\":1}\n"), ("b", "{\"n\":2}")] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let ran = tool("jsonl-filter").dir(folder.path()).args(["--where", ".n", "a", "b", "a"]).run().quietly();
    assert_eq!(ran.text(), "{\"n\":1}\n{\"n\":2}\n{\"n\":1}\n");
    let ran =
        tool("jsonl-filter").dir(folder.path()).args([".n > 1", "a", "-", "b"]).input("{\"n\":3}").run();
    assert_eq!(ran.quietly().text(), "{\"n\":3}\n{\"n\":2}\n");
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&[][..], "there is no condition"),
        (&["lang"], "did you mean .lang?"),
        (&[".x |"], "the expression ends where a term is expected"),
        (&["-r", ".x"], "--map"),
        (&[".x", "--check", "half"], "structure"),
        (&[".x", "--format", "xml"], "jsonl"),
        (&[".x", "--max-line", "10x"], "16MiB"),
        (&[".x", "--max-rejects", "few"], "1%"),
        (&[".x", "--threads", "0"], "0"),
        (&[".x", "-q", "--verbose"], "--verbose"),
        (&["--map", "{a: }"], "expect"),
        (&[".x", "--nope"], "--nope"),
    ] {
        let ran = filter(args, "{}\n").with_code(2);
        assert!(ran.err.starts_with("jsonl-filter: "), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(hint) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_file_that_is_not_there_is_named_before_anything_is_read() {
    let ran = tool("jsonl-filter").args([".x", "/dev/null", "/nonexistent/a.jsonl"]).run().with_code(4);
    assert_eq!(
        ran.err,
        "jsonl-filter: cannot open /nonexistent/a.jsonl: No such file or directory (os error 2)\n"
    );
    let ran = tool("jsonl-filter").args([".x", "/tmp"]).run().with_code(4);
    assert!(ran.err.contains("is a directory: name the files in it"), "{}", ran.err);
}

#[test]
fn it_says_which_engine_runs() {
    let fast = filter(&["--explain", ".a == 1 and .b"], "").quietly();
    assert!(fast.text().contains("(compiled: "), "{}", fast.text());
    let slow = filter(&["--explain", "(.a | length) > 2"], "").quietly();
    assert!(slow.text().contains("(jaq: ") && slow.text().contains("`length`"), "{}", slow.text());
}

#[test]
fn an_expression_that_does_not_end_costs_only_its_record() {
    let input = "{\"a\":1}\n{\"a\":0}\n{\"a\":2}\n";
    let map = "if .a == 0 then last(range(1e12)) else .a end";
    let ran = tool("jsonl-filter").args(["--map", map]).input(input).run().with_code(0);
    assert_eq!(ran.text(), "1\n2\n");
    assert!(ran.err.contains("-:2: more than 10 million steps on this record"), "{}", ran.err);
}

#[test]
fn what_jaq_cannot_bear_is_a_reject_and_nothing_else_is_said() {
    let ran =
        tool("jsonl-filter").arg(".a * 9223372036854775807").input("{\"a\":\"xyz\"}\n{\"a\":1}\n").run();
    assert_eq!(ran.text(), "{\"a\":1}\n");
    assert!(ran.err.starts_with("jsonl-filter: -:1: the expression is too much for jaq"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 2, "{}", ran.err);
}

#[test]
fn one_fault_has_one_wording_and_its_place_in_the_record() {
    let input = "{\"b\":[1 2],\"a\":tru}\n";
    let told = |args: &[&str]| tool("jsonl-filter").args(args).input(input).run().with_code(0).err;
    for expression in [".a", ".a | length", "length", ".b | length", "[.b, .a] | tojson"] {
        let err = told(&[expression]);
        assert_eq!(err, told(&["true", "--check", "full"]), "{expression}");
        assert!(err.contains("-:1: expected , or ] at byte 9: "), "{err}");
    }
}

#[test]
fn a_condition_that_assigns_or_fell_into_words_is_refused() {
    for (args, hint) in [
        (&[".lang = \"en\""][..], "did you mean ==?"),
        (&["--where", ".a == 1 and .lang = \"en\""], "did you mean ==?"),
        (&["select(.lang = \"en\" | not)"], "did you mean ==?"),
        (&[".lang", "==", "en"], "single quotes"),
    ] {
        let ran = tool("jsonl-filter").args(args).input("{\"lang\":\"de\"}\n").run().with_code(2);
        assert!(ran.err.contains(hint) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
    let ran =
        tool("window-count").args(["--window", "1s", "--time", ".t", "--where", ".a = 1"]).input("{}").run();
    assert!(ran.with_code(2).err.contains("did you mean ==?"));
    let ran =
        tool("jsonl-filter").args(["--map", ".lang = \"en\""]).input("{\"lang\":\"de\"}\n").run().quietly();
    assert_eq!(ran.text(), "{\"lang\":\"en\"}\n");
}

/// The table of docs/expressions.md: an expression, a record, the outputs of jq 1.6 (`!` is an error), and ours.
const DIFFERENCES: [(&str, &str, &str, &str); 9] = [
    (".id", "{\"id\":9007199254740993}", "9007199254740992", "9007199254740993"),
    (".x", "{\"x\":1.0}", "1", "1.0"),
    (".x", "{\"x\":1e400}", "1.7976931348623157e+308", "1e400"),
    ("\"a\" | contains(1)", "{}", "!", "false"),
    (".[0]", "{\"a\":1}", "!", "null"),
    ("(1, 2) + (10, 20)", "{}", "11 12 21 22", "11 21 12 22"),
    ("any(.a; .b, .c)", "{\"a\":{\"b\":true,\"c\":true}}", "false", "true"),
    ("[limit(0; 1, 2)]", "{}", "[1]", "[]"),
    (".id == 9007199254740992", "{\"id\":9007199254740993}", "true", "false"),
];

#[test]
fn what_differs_from_jq_is_as_the_page_says() {
    let version = std::process::Command::new("jq").arg("--version").output();
    let is_there = version.is_ok_and(|done| done.stdout.starts_with(b"jq-1.6"));
    if !is_there {
        println!("skipped: what jq gives, no jq 1.6 on PATH");
    }
    for (expression, record, theirs, ours) in DIFFERENCES {
        let ran = filter(&["--map", expression], record).quietly();
        assert_eq!(ran.text().trim_end().replace('\n', " "), ours, "{expression} of {record}");
        if is_there {
            let ran = common::shell(&format!("echo '{record}' | jq -c '{expression}'"));
            let said = if ran.code == 0 { ran.text().trim_end().replace('\n', " ") } else { "!".to_owned() };
            assert_eq!(said, theirs, "jq {expression} of {record}");
        }
    }
}

#[test]
fn a_field_that_no_record_has_is_named() {
    let input = "{\"lang\":\"en\",\"user\":{\"id\":1}}\n".repeat(150);
    let said = |args: &[&str]| filter(args, &input).with_code(0).err;
    let hint = "jsonl-filter: no record has .lagn; did you mean .lang?\n";
    assert_eq!(said(&[".lagn == \"en\""]), hint);
    assert_eq!(said(&["--threads", "1", ".lagn == \"en\""]), hint);
    assert_eq!(said(&["--map", "{lang: .lagn}"]), hint, "also where lines are written");
    assert_eq!(said(&["--map", ". + {n: (.lagn | length)}"]), hint, "whatever runs it");
    assert_eq!(said(&["-v", ".lagn == \"en\""]), hint);
    assert_eq!(
        said(&["--where", ".user.idd > 0", "--map", ".user"]),
        hint.replace("lagn", "user.idd").replace("lang", "user.id")
    );
    assert_eq!(said(&[".lang == \"fr\""]), "", "the field is there");
    assert_eq!(said(&[".nope == null"]), "", "records are kept, and no other field was meant");
    assert_eq!(said(&[".nope"]), "jsonl-filter: no record has .nope\n");
    let ran = filter(&[".nope"], "{\"a\":1}\n").with_code(0);
    assert_eq!(ran.err, "jsonl-filter: no record has .nope\n");
    // One of many records has it, behind all that are kept for the hint.
    let rare = input.repeat(50) + "{\"lagn\":1}\n";
    for threads in ["1", "2"] {
        let ran = filter(&["--threads", threads, ".lagn == \"en\""], &rare).with_code(0);
        assert_eq!(ran.err, "", "{threads} threads");
    }
}

#[test]
fn the_steps_are_told_in_their_order() {
    let args = [
        "--explain",
        "-m",
        "4",
        "--map",
        ".tags",
        "--explode",
        ".tags",
        "--dedupe",
        ".id",
        "--within",
        "1h",
        "--sample",
        "10%",
        "--until",
        "2019-01-01",
        "--where",
        ".a | length > 1",
        "-v",
    ];
    assert_eq!(
        filter(&args, "").quietly().text(),
        "1. leaves out records where .a | length > 1 (jaq: parses only .a, because of `length`)\n\
         2. keeps times before 2019-01-01T00:00:00Z\n\
         3. keeps 10% of the records\n\
         4. keeps the first of each .id within 1h (compiled: reads .id from the bytes of the record)\n\
         5. writes one for each element of .tags\n\
         6. writes .tags (compiled: reads .tags from the bytes of the record)\n\
         7. ends after 4 that were kept\n"
    );
}

#[test]
fn files_joined_by_cat_keep_their_marks_out_of_the_records() {
    let mark = "\u{feff}";
    let ran = filter(&[".a > 0"], format!("{mark}{{\"a\":1}}\r\n{mark}{{\"a\":2}}\n{{\"a\":3}}\n{mark}\n"))
        .quietly();
    assert_eq!(ran.text(), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    // Elsewhere it is no framing.
    let ran = filter(&["."], format!("{{\"a\":1}}\n {mark}{{\"a\":2}}\n{mark}{mark}{{}}\n")).with_code(0);
    assert_eq!(ran.text(), "{\"a\":1}\n");
    assert!(ran.err.contains("rejected 2 of 3 lines"), "{}", ran.err);
}
