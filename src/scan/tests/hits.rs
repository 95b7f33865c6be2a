//! What paths meet: examples by hand, and every kernel against the naive model on random documents and paths.

use super::{
    document::{Document, Placed, Writer, evaluate, path, path_into, record},
    key, path as parse,
};
use crate::scan::{Hit, Kernel, Path, Scanner};
use proptest::prelude::*;

/// The hits as text, from every kernel.
fn hits_of(paths: &[Path], line: &str) -> Vec<Vec<String>> {
    let mut answers = Kernel::all().into_iter().map(|kernel| {
        let mut scanner = Scanner::with_kernel(paths, kernel);
        scanner.scan(line.as_bytes()).expect("a record");
        let shown = |hit: &Hit| match hit {
            Hit::Value { start, end } => line[*start as usize..*end as usize].to_owned(),
            other => format!("{other:?}"),
        };
        (0..paths.len()).map(|path| scanner.hits(path).iter().map(shown).collect()).collect::<Vec<Vec<_>>>()
    });
    let first = answers.next().expect("the portable kernel");
    assert!(answers.all(|other| other == first));
    first
}

#[track_caller]
fn assert_hits(path: &str, line: &str, expected: &[&str]) {
    assert_eq!(hits_of(&[parse(path)], line), [expected], "{path} in {line}");
}

#[test]
fn values_without_the_white_space_around() {
    assert_hits(".a", r#" { "a" : 12 , "b":3} "#, &["12"]);
    assert_hits(".a", r#"{"b":[],"a":{ "c":1 } }"#, &[r#"{ "c":1 }"#]);
    assert_hits(".a", "{\"a\":\t\"x y\"\r}", &["\"x y\""]);
    assert_hits("", " {} ", &["{}"]);
    assert_hits(".a", r#"{"a":null}"#, &["null"]);
}

#[test]
fn the_last_duplicate_wins_at_every_level() {
    assert_hits(".a", r#"{"a":1,"a":2}"#, &["2"]);
    assert_hits(".a.b", r#"{"a":{"b":1},"a":{"c":2}}"#, &["Missing"]);
    assert_hits(".a.b", r#"{"a":{"b":1},"a":5}"#, &["Mismatch"]);
    assert_hits(".a.b", r#"{"a":5,"a":{"b":1}}"#, &["1"]);
    assert_hits(".a[].b", r#"{"a":[{"b":1},{"b":2}],"a":[{"b":3,"b":4},{"b":5,"c":6,"b":7}]}"#, &["4", "7"]);
    assert_hits(
        ".a[].b.c",
        r#"{"a":[{"b":0,"b":{"c":1}},{"b":{"c":2},"b":0},{"b":{"c":3}}]}"#,
        &["1", "Mismatch"],
    );
}

#[test]
fn an_escaped_key_is_the_same_key() {
    assert_hits(".lang", r#"{"l\u0061ng":"en"}"#, &["\"en\""]);
    assert_hits(".lang", r#"{"\u006cang":1,"lang":2,"\u006C\u0061ng":3}"#, &["3"]);
    assert_hits(".lang", r#"{"lang\u0000":1,"\u006cang\"":2}"#, &["Missing"]);
    assert_eq!(hits_of(&[vec![key("a\"b")]], r#"{"a\"b":1}"#), [["1"]]);
    assert_eq!(hits_of(&[vec![key("")], vec![key("\n")]], r#"{"":1,"\n":2}"#), [["1"], ["2"]]);
    assert_eq!(hits_of(&[vec![key("😀")]], r#"{"\ud83d\ude00":1}"#), [["1"]]);
}

#[test]
fn a_value_that_reads_like_a_key_is_none() {
    assert_hits(".a", r#"{"b":"a","c":["a","a"],"d":{"a":1}}"#, &["Missing"]);
    assert_hits(".b.a", r#"{"b":{"c":"a","a":{"b":{"a":2}}}}"#, &[r#"{"b":{"a":2}}"#]);
}

#[test]
fn missing_and_mismatch() {
    for (path, line, expected) in [
        (".a.b", r#"{"a":null}"#, &["Missing"][..]),
        (".a.b", "{}", &["Missing"]),
        (".a.b", r#"{"a":"x"}"#, &["Mismatch"]),
        (".a.b", r#"{"a":[1]}"#, &["Mismatch"]),
        (".a.b?", r#"{"a":7}"#, &[]),
        (".a?.b", r#"{"a":7}"#, &["Mismatch"]),
        (".a[]", r#"{"a":null}"#, &["Mismatch"]),
        (".a[]", "{}", &["Mismatch"]),
        (".a[]?", "{}", &[]),
        (".a[]?.b.c", r#"{"a":true}"#, &[]),
        (".a.b[]", r#"{"a":null}"#, &["Mismatch"]),
        (".a[]", r#"{"a":{"b":1}}"#, &["Unsure"]),
        (".a[]?", r#"{"a":{"b":1}}"#, &["Unsure"]),
        (".a[1]", r#"{"a":[3,4,5]}"#, &["4"]),
        (".a[1]", r#"{"a":[3]}"#, &["Missing"]),
        (".a[0].b", r#"{"a":[]}"#, &["Missing"]),
        (".a[0][]", r#"{"a":[]}"#, &["Mismatch"]),
        (".a[0]", r#"{"a":null}"#, &["Missing"]),
        (".a[0]", r#"{"a":{"0":1}}"#, &["Unsure"]),
        (".a[0]?", r#"{"a":{"0":1}}"#, &["Unsure"]),
        ("[]", "{}", &["Unsure"]),
        ("[0]", "{}", &["Unsure"]),
    ] {
        assert_hits(path, line, expected);
    }
}

#[test]
fn fan_outs() {
    assert_hits(
        ".a[]",
        r#"{"a":[1, "]", [2], {"b":3} , null]}"#,
        &["1", "\"]\"", "[2]", "{\"b\":3}", "null"],
    );
    assert_hits(".a[].b", r#"{"a":[{"b":1},{"c":2},{"b":3}]}"#, &["1", "Missing", "3"]);
    assert_hits(".a[].b", r#"{"a":[{"b":1},2,{"b":3}]}"#, &["1", "Mismatch"]);
    assert_hits(".a[].b?", r#"{"a":[{"b":1},2,{"b":3}]}"#, &["1", "3"]);
    assert_hits(".a[][]", r#"{"a":[[1,[2]],[],[3]]}"#, &["1", "[2]", "3"]);
    assert_hits(
        ".a[].b[].c",
        r#"{"a":[{"b":[{"c":1},{"c":2}]},{"b":[]},{"b":[{}]}]}"#,
        &["1", "2", "Missing"],
    );
    assert_hits(".a[][1]", r#"{"a":[[1,2],[3],null]}"#, &["2", "Missing", "Missing"]);
    assert_hits(".a[]", r#"{"a":[ ]}"#, &[]);
}

#[test]
fn paths_side_by_side() {
    let paths = ["", ".a", ".a.b", ".a?.b", ".a[]", ".a[1]", ".a[0].b", ".a[].b"].map(parse);
    let line = r#"{"a":[{"b":1},{"b":2}]}"#;
    let array = &line[5..line.len() - 1];
    let expected: [&[&str]; 8] = [
        &[line],
        &[array],
        &["Mismatch"],
        &["Mismatch"],
        &[r#"{"b":1}"#, r#"{"b":2}"#],
        &[r#"{"b":2}"#],
        &["1"],
        &["1", "2"],
    ];
    assert_eq!(hits_of(&paths, line), expected);
}

#[test]
fn what_is_no_json_is_unsure() {
    for line in [
        r#"{"a" 1}"#,
        r#"{"a"::1}"#,
        r#"{"a":}"#,
        r#"{"a":,"b":1}"#,
        r#"{"a":tru}"#,
        r#"{"a":01}"#,
        r#"{"a":1 2}"#,
        r#"{"a":1"b":2}"#,
        r#"{"a":"\q"}"#,
        r#"{"a":{}{}}"#,
        r#"{"b" "a":1}"#,
    ] {
        let hits = hits_of(&[parse(".a")], line);
        assert!(
            hits == [["Unsure"]] || (line == r#"{"a" 1}"# && hits == [["Missing"]]),
            "{hits:?} in {line}"
        );
    }
    assert_hits(".a[]", r#"{"a":[1,]}"#, &["1", "Unsure"]);
    assert_hits(".a[]", r#"{"a":[,1]}"#, &["Unsure"]);
    assert_hits(".a[]", r#"{"a":[1 2]}"#, &["1", "Unsure"]);
    assert_hits(".a[]", r#"{"a":[1,{"b":2}{}]}"#, &["1", "{\"b\":2}", "Unsure"]);
}

#[test]
fn too_many_and_too_large_paths_are_unsure() {
    let many: Vec<Path> = (0..70).map(|at| vec![key(&format!("k{at}"))]).collect();
    let hits = hits_of(&many, r#"{"k63":1,"k64":2}"#);
    assert_eq!((&hits[62][0][..], &hits[63][0][..], &hits[64][0][..]), ("Missing", "1", "Unsure"));
    assert_eq!(hits_of(&[vec![key("a"); 65], vec![key("a"); 64]], r#"{"a":1}"#), [["Unsure"], ["Mismatch"]]);
    // Every subset of the first twenty would be a node of its own.
    let forked: Vec<Path> =
        (0..20).map(|at| parse(&format!("{}[1]{}", "[]".repeat(at), "[]".repeat(19 - at)))).collect();
    let hits = hits_of(&forked, "{}");
    assert_eq!(hits.len(), 20);
    assert!(hits.iter().all(|hits| hits[0] == "Unsure" || hits[0] == "Mismatch"), "{hits:?}");
}

#[test]
fn a_scanner_forgets_the_line_before() {
    let mut scanner = Scanner::new(&[parse(".a[]")]);
    scanner.scan(br#"{"a":[1,2,3]}"#).expect("a record");
    assert_eq!(scanner.hits(0).len(), 3);
    scanner.scan(br#"{"a":[1]}"#).expect("a record");
    assert_eq!(scanner.hits(0).len(), 1);
    scanner.scan(br#"{"a":[1}"#).expect_err("brackets");
    assert_eq!(scanner.hits(0), []);
}

fn expected(document: &Placed, paths: &[Path]) -> Vec<Vec<Hit>> {
    let hits_of = |path: &Path| {
        let mut hits = Vec::new();
        evaluate(Some(document), path, &mut hits);
        hits
    };
    paths.iter().map(hits_of).collect()
}

fn paths_for(document: &Document, free: Vec<Path>, choices: &[Vec<u8>]) -> Vec<Path> {
    free.into_iter().chain(choices.iter().map(|choices| path_into(document, choices))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hits_agree_with_the_model(
        record in record(),
        free in prop::collection::vec(path(), 0..6),
        choices in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..5), 0..6),
        seed in any::<u64>(),
        shift in 0..70usize,
    ) {
        let paths = paths_for(&record, free, &choices);
        let mut writer = Writer::new(seed);
        writer.line.resize(shift, b' ');
        let placed = writer.write(&record);
        writer.space();
        let expected = expected(&placed, &paths);
        for kernel in Kernel::all() {
            let mut scanner = Scanner::with_kernel(&paths, kernel);
            prop_assert_eq!(scanner.scan(&writer.line), Ok(()));
            for (at, path) in paths.iter().enumerate() {
                let line = String::from_utf8_lossy(&writer.line);
                prop_assert_eq!(scanner.hits(at), &expected[at][..], "{} {:?} in {}", kernel.name(), path, line);
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each construct of a document at each place of a block.
    #[test]
    fn hits_agree_at_every_alignment(
        record in record(),
        choices in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..5), 1..4),
        seed in any::<u64>(),
    ) {
        let paths = paths_for(&record, Vec::new(), &choices);
        for shift in 0..64 {
            let mut writer = Writer::new(seed);
            writer.line.resize(shift, b' ');
            let placed = writer.write(&record);
            let expected = expected(&placed, &paths);
            for kernel in Kernel::all() {
                let mut scanner = Scanner::with_kernel(&paths, kernel);
                prop_assert_eq!(scanner.scan(&writer.line), Ok(()));
                for (at, expected) in expected.iter().enumerate() {
                    prop_assert_eq!(scanner.hits(at), &expected[..]);
                }
            }
        }
    }
}
