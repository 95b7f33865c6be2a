//! What is selected of a record, against `pick`, which jq has since 1.7.

use super::differential::run_jaq;
use super::generate::{Dialect, record};
use super::{compact, run};
use crate::expr::{Expr, Program, Selection};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn selected(paths: &str, line: &str) -> String {
    let selection = Selection::parse(paths).unwrap_or_else(|error| panic!("{paths}: {error}"));
    let mut program = Program::new(&selection.expressions().iter().collect::<Vec<_>>()).unwrap();
    let record = program.load(line.as_bytes()).unwrap();
    let mut out = Vec::new();
    selection.write(&record, 0, &mut out).unwrap_or_else(|error| panic!("{paths} of {line}: {error}"));
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn values_keep_their_bytes_and_their_place() {
    let line = r#"{"id":12345678901234567890123,"s":"\u00e9\/","u":{"name" : "x","n":1.0},"h":[{"t":"a","i":[0, 1]},{"t":"b"},5],"o":{"k":{"t":1}}}"#;
    for (paths, expected) in [
        (".id,.s", r#"{"id":12345678901234567890123,"s":"\u00e9\/"}"#),
        (".s, .id", r#"{"s":"\u00e9\/","id":12345678901234567890123}"#),
        (".u", r#"{"u":{"name" : "x","n":1.0}}"#),
        (".u.n", r#"{"u":{"n":1.0}}"#),
        (".u.n,.s,.u.name", r#"{"u":{"n":1.0,"name":"x"},"s":"\u00e9\/"}"#),
        (".u,.u.n", r#"{"u":{"name" : "x","n":1.0}}"#),
        (".u.n,.u", r#"{"u":{"name" : "x","n":1.0}}"#),
        (".h[].t", r#"{"h":[{"t":"a"},{"t":"b"},{"t":null}]}"#),
        (".h[].t,.h[].i", r#"{"h":[{"t":"a","i":[0, 1]},{"t":"b","i":null},{"t":null,"i":null}]}"#),
        (".o[].t", r#"{"o":{"k":{"t":1}}}"#),
        // What is not there is null, so that columns are the same in each record.
        (".x,.u.x.y,.s.x", r#"{"x":null,"u":{"x":{"y":null}},"s":{"x":null}}"#),
        (".x[].t,.s[]", r#"{"x":null,"s":null}"#),
        (r#".["id"],.u["na me"]"#, r#"{"id":12345678901234567890123,"u":{"na me":null}}"#),
    ] {
        assert_eq!(selected(paths, line), expected, "{paths}");
    }
}

#[test]
fn more_paths_than_the_scanner_takes() {
    let line: String = (0..100).map(|n| format!("\"k{n}\":{n},")).collect();
    let line = format!("{{{}}}", line.trim_end_matches(','));
    let paths: Vec<String> = (0..100).map(|n| format!(".k{n}")).collect();
    assert_eq!(selected(&paths.join(","), &line), line);
}

#[test]
fn what_is_no_path_is_refused() {
    for (paths, hint) in [
        (".a | length", "--select takes paths"),
        (".a[0]", "--select takes paths"),
        (".", "--select takes paths"),
        (".[]", "--select takes paths"),
        ("a", "did you mean .a?"),
        (".a.b,.a[].b", ".a cannot be an object and an array at once"),
        (".a,", "expected"),
    ] {
        let error = Selection::parse(paths).expect_err(paths).to_string();
        assert!(error.contains(hint), "{paths}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_pick_picks(
        paths in vec(select(&[".a", ".b", ".a.b", ".a.a.c", ".b.c", ".a[].b", ".c[]", ".b[].a[].c", ".[\"d e\"]"][..]), 1..4),
        lines in vec(record(Dialect::Full), 8),
    ) {
        // of a whole and its part, `pick` makes a part where there is no whole
        let is_part = |path: &str| paths.iter().any(|other| path != *other && path.starts_with(other));
        prop_assume!(!paths.iter().any(|path| is_part(path)));
        let paths = paths.join(",");
        let Ok(_) = Selection::parse(&paths) else { return Ok(()) };
        let pick: Expr = format!("pick({paths})").parse().unwrap();
        for line in &lines {
            let ours = selected(&paths, line);
            // A path that `pick` cannot follow is null; one that fans out to nothing leaves no trace there.
            if let (outputs, None) = run_jaq(&pick, line)
                && !paths.contains("[]")
            {
                prop_assert_eq!(vec![compact(&ours)], outputs, "{} of {}", paths, line);
            }
            for path in paths.split(',') {
                let path: Expr = path.parse().unwrap();
                let (outputs, error) = run(&path, line);
                if error.is_none() {
                    let of_ours = run(&path, &ours);
                    let compacted = |all: &[String]| all.iter().map(|json| compact(json)).collect::<Vec<_>>();
                    if !paths.contains("[]") {
                        prop_assert_eq!(compacted(&of_ours.0), compacted(&outputs), "{} of {}", paths, line);
                    }
                    prop_assert!(of_ours.0.len() >= outputs.len(), "{} of {}", paths, line);
                }
            }
        }
    }
}
