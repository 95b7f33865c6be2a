//! Known cases, each of which some tool has wrong.

use super::{run, truthy};
use crate::expr::{Expr, MAX_OUTPUTS, Program};
use crate::scan::Fault;
use std::ops::ControlFlow;

/// An expression, a record, the outputs separated by spaces; `!` is an error.
const CASES: &[(&str, &str, &str)] = &[
    // order across types
    (".x < 5", "{}", "true"),
    (".x > 100", r#"{"x":"12"}"#, "true"),
    (".x > 9", r#"{"x":"12"}"#, "true"),
    (".x < 0", r#"{"x":false}"#, "true"),
    (".x > \"zzz\"", r#"{"x":[]}"#, "true"),
    (".x == []", r#"{"x":[ ]}"#, "true"),
    (".x != []", r#"{"x":[0]}"#, "true"),
    (".x > {}", r#"{"x":{"a":1}}"#, "true"),
    // numbers
    (".id", r#"{"id":1234567890123456789}"#, "1234567890123456789"),
    (".id == 1234567890123456789", r#"{"id":1234567890123456788}"#, "false"),
    (".id == 12345678901234567890123", r#"{"id":12345678901234567890123}"#, "true"),
    (".id == 12345678901234567890124", r#"{"id":12345678901234567890123}"#, "false"),
    (".id > 9223372036854775807", r#"{"id":9223372036854775808}"#, "true"),
    (".x", r#"{"x":1.0}"#, "1.0"),
    (".x", r#"{"x":1e400}"#, "1e400"),
    (".x", r#"{"x":-0}"#, "-0"),
    (".x", r#"{"x":12345678901234567890123}"#, "12345678901234567890123"),
    (".x == 1", r#"{"x":1.0}"#, "true"),
    (".x == 0", r#"{"x":-0}"#, "true"),
    (".x == 100", r#"{"x":1E2}"#, "true"),
    (".x > 99999999999999999999", r#"{"x":1e400}"#, "true"),
    (".x == -1", r#"{"x":-1}"#, "true"),
    ("1e400, 1.50, -0, -1, 007", "{}", "1e400 1.50 0 -1 7"),
    // members
    (".b", r#"{"b":1,"a":2,"b":3}"#, "3"),
    (".o", r#"{"o":{"b":1,"a":2,"b":3}}"#, r#"{"b":3,"a":2}"#),
    (".lang", r#"{"l\u0061ng":"en"}"#, "\"en\""),
    (".lang", r#"{"lang":"\u0065n"}"#, "\"en\""),
    (".[\"a b\"]", r#"{"a b":"\/"}"#, "\"/\""),
    (".a.b.c", r#"{"a":null}"#, "null"),
    (".a.b", r#"{"a":5}"#, "!"),
    (".a.b?", r#"{"a":5}"#, ""),
    ("(.a.b)?, 1", r#"{"a":5}"#, "1"),
    (".a[0]", r#"{"a":{"b":1}}"#, "null"),
    (".a[1]", r#"{"a":[1]}"#, "null"),
    (".a[-1]", r#"{"a":[1,2]}"#, "2"),
    (".a[].t", r#"{"a":[{"t":"x"},{},{"t":null},5,{"t":1}]}"#, "\"x\" null null !"),
    (".a[]?.t?", r#"{"a":[{"t":"x"},5,{"t":1}]}"#, "\"x\" 1"),
    (".a[]", "{}", "!"),
    (".a[]?", "{}", ""),
    (".a[]", r#"{"a":{"x":1,"y":2,"x":3}}"#, "3 2"),
    // fields put into the record
    (". + {n: 1}", r#"{"a":1.0,"b":"\u00e9\/"}"#, r#"{"a":1.0,"b":"\u00e9\/","n":1}"#),
    (". + {n: 1}", "{}", r#"{"n":1}"#),
    (". + {a: (.a | length)}", r#"{"b":1,"a":"xy","c":1}"#, r#"{"b":1,"a":2,"c":1}"#),
    (". + {a: 9, z: 8}", r#"{"a":1,"b":2,"a":3}"#, r#"{"a":1,"b":2,"a":9,"z":8}"#),
    (". + {n: .a[]}", r#"{"a":[1,2]}"#, r#"{"a":[1,2],"n":1} {"a":[1,2],"n":2}"#),
    (". + {n: .a[]}", r#"{"a":[]}"#, ""),
    (". + {n: .a.b}", r#"{"a":5}"#, "!"),
    (". + {n: 1} + {n: 2, m: .n}", r#"{"a":0}"#, r#"{"a":0,"n":2,"m":null}"#),
    (".l = .a", r#"{"l\u0061":1,"a":[1.50],"\u006c":0}"#, r#"{"l\u0061":1,"a":[1.50],"\u006c":[1.50]}"#),
    (".n = (1, 2)", r#"{"a":0}"#, r#"{"a":0,"n":1} {"a":0,"n":2}"#),
    // strings
    (".s", "{\"s\":\"\\ud83d x\"}", "\"\u{fffd} x\""),
    (".s | length", "{\"s\":\"\\ud83d x\"}", "3"),
    (".s", r#"{"s":"\u007f\u0000\b\u001f"}"#, r#""\u007f\u0000\b\u001f""#),
    (".s | startswith(\"e\")", r#"{"s":"\u0065n"}"#, "true"),
    (".s | contains(\"\\u00e9\")", r#"{"s":"caf\u00e9"}"#, "true"),
    (".s | startswith(\"e\")", r#"{"s":1}"#, "!"),
    (".s | test(\"^R[TU] \")", r#"{"s":"RT @a"}"#, "true"),
    (".s | test(\"rt\"; \"i\")", r#"{"s":"RT @a"}"#, "true"),
    (".s | tobytes", r#"{"s":"é"}"#, "\"é\""),
    // patterns know all letters
    (".s | test(\"É\"; \"i\")", r#"{"s":"école"}"#, "true"),
    ("[.s | scan(\"#(\\\\w+)\")[]]", r##"{"s":"#école, #日本 #x"}"##, r#"["école","日本","x"]"#),
    (
        ".s | [match(\"(?<n>b)?c\"; \"g\") | [.offset, .length, .string, (.captures | length)]]",
        r#"{"s":"ébc c"}"#,
        r#"[[1,2,"bc",1],[4,1,"c",0]]"#,
    ),
    (".s | capture(\"(?<k>\\\\w+)=(?<v>\\\\w+)\")", r#"{"s":"a=ü"}"#, r#"{"k":"a","v":"ü"}"#),
    (".s | gsub(\"\\\\s+\"; \" \"), sub(\"(?<x>b)\"; \"<\\(.x)>\")", r#"{"s":"a  b"}"#, "\"a b\" \"a  <b>\""),
    ("[.s | sub(\"b\"; \"1\", \"2\"; \"g\")]", r#"{"s":"abcb"}"#, r#"["a1c1","a1c2","a2c1","a2c2"]"#),
    ("[.s | gsub(\"b\"; \"1\", empty, null)]", r#"{"s":"abcb"}"#, r#"["a1c1","a1c","ac1","ac"]"#),
    ("[.s | gsub(\"b\"; empty)], [.s | gsub(\"z\"; empty)]", r#"{"s":"abcb"}"#, r#"[] ["abcb"]"#),
    ("first(.s | gsub(\"b\"; \"1\", error))", r#"{"s":"abcb"}"#, r#""a1c1""#),
    (".s | gsub(\"b\"; 5)", r#"{"s":"abcb"}"#, "!"),
    (".s | split(\", *\"; \"g\"), [splits(\",\")]", r#"{"s":"a, b,c"}"#, r#"["a","b","c"] ["a"," b","c"]"#),
    (".s | [match(\"b*\"; \"g\").offset], [match(\"b*\"; \"gn\").offset]", r#"{"s":"ab"}"#, "[0,1] [1]"),
    (".s | test(\"\"; \"n\")", r#"{"s":"ab"}"#, "false"),
    (".s | [match(\"(?:(a)|(b))+\").captures[].offset]", r#"{"s":"ba"}"#, "[1,0]"),
    // logic
    (".a[] == \"x\"", r#"{"a":["x","y"]}"#, "true false"),
    (".a and .b.c", r#"{"a":false,"b":1}"#, "false"),
    (".a or .b.c", r#"{"a":false,"b":1}"#, "!"),
    (".a[] and .b[]", r#"{"a":[1,null],"b":[1,null]}"#, "true false false"),
    (".a // .b // \"d\"", r#"{"a":false}"#, "\"d\""),
    (".a[] // 9", r#"{"a":[null,1,false,2]}"#, "1 2"),
    (".a[] // 9", r#"{"a":[null]}"#, "9"),
    (".a == .b", r#"{"a":[1,2],"b":[1,2]}"#, "true"),
    (".a[] == .b[]", r#"{"a":5,"b":[]}"#, ""),
    ("any(.a[]; . == 2)", r#"{"a":[1,2]}"#, "true"),
    ("any(.a[]; .t == 2)", r#"{"a":[{"t":1},{"t":2},3]}"#, "true"),
    ("any(.a[]; .t == 2)", r#"{"a":[{"t":1},3,{"t":2}]}"#, "!"),
    ("all(.a[]; . > 0)", r#"{"a":[1,2]}"#, "true"),
    (".a | any", r#"{"a":[null,1]}"#, "true"),
    (".a | any(. == 3)", r#"{"a":[null,1]}"#, "false"),
    (".l | IN(\"en\", \"fr\")", r#"{"l":"fr"}"#, "true"),
    ("IN(.a[]; 1, 2)", r#"{"a":[3,2]}"#, "true"),
    ("has(\"a\"), has(\"b\")", r#"{"a":null}"#, "true false"),
    (".a | has(\"b\")", r#"{"a":{"b":null}}"#, "true"),
    (".a | has(\"b\")", r#"{"a":5}"#, "!"),
    ("if .a then .b else .c end", r#"{"a":1,"b":2,"c":3}"#, "2"),
    ("select(.a == 1) | .b", r#"{"a":1,"b":2}"#, "2"),
    ("select(.a == 2) | .b", r#"{"a":1,"b":2}"#, ""),
    (".a[] | select(.n > 1) | .t", r#"{"a":[{"n":1,"t":"x"},{"n":2,"t":"y"}]}"#, "\"y\""),
    // construction
    ("{t: .a, n: 1, u}", r#"{"a":"x","u":[ 1, 2 ]}"#, r#"{"t":"x","n":1,"u":[1,2]}"#),
    ("{i: .i, t: .a[].t}", r#"{"i":7,"a":[{"t":"x"},{"t":"y"}]}"#, r#"{"i":7,"t":"x"} {"i":7,"t":"y"}"#),
    (
        "{a: .a[], b: .b[]}",
        r#"{"a":[1,2],"b":[3,4]}"#,
        r#"{"a":1,"b":3} {"a":1,"b":4} {"a":2,"b":3} {"a":2,"b":4}"#,
    ),
    ("{a: .a[], b: .b[]}", r#"{"a":5,"b":[]}"#, ""),
    ("{a: .b[], c: .a.x}", r#"{"a":5,"b":[1]}"#, "!"),
    ("[.a[].t]", r#"{"a":[{"t":"x"},{"t":"\u0041"}]}"#, r#"["x","A"]"#),
    ("[.a[]?]", "{}", "[]"),
    ("{e: {l: .lang, t: [.a[]]}}", r#"{"lang":"en","a":[1]}"#, r#"{"e":{"l":"en","t":[1]}}"#),
    ("select(.a) | {a}", r#"{"a":1}"#, r#"{"a":1}"#),
    (".", " {\"b\" : [ 1 , {} ] , \"a\":2,\"b\":\"\\u0041\"} ", r#"{"b":"A","a":2}"#),
    // through jaq
    (".a | ascii_downcase", r#"{"a":"ÉCOLE"}"#, "\"École\""),
    (".a | map(. + 1)", r#"{"a":[1,9007199254740993]}"#, "[2,9007199254740994]"),
    ("[.a, .b] | @csv", r#"{"a":"x\"y","b":1.50}"#, r#""\"x\"\"y\",1.50""#),
    ("[.a, .b] | @tsv", r#"{"a":"x\ty"}"#, r#""x\\ty\t""#),
    ("0/0, 1e1000 * 1, {(\"a\", \"b\"): 1}", "{}", r#"null 1.7976931348623157e308 {"a":1} {"b":1}"#),
    ("INDEX(.a[]; .k) | keys", r#"{"a":[{"k":"x"},{"k":1}]}"#, r#"["1","x"]"#),
    ("error(\"told\")", "{}", "!"),
    // text
    (
        "[.a[] | fold]",
        r#"{"a":["Straße","ＡＢＣ","e\u0301",1,null,["X"]]}"#,
        r#"["strasse","abc","é",null,null,null]"#,
    ),
    ("fold(.a[])", r#"{"a":["StanLee","STANLEE"]}"#, "\"stanlee\" \"stanlee\""),
    (".a == fold(.b)", r#"{"a":"\u03c3","b":"\u03c2"}"#, "true"),
];

#[test]
fn known_cases() {
    for &(source, line, expected) in CASES {
        let expression = Expr::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        let (mut outputs, error) = run(&expression, line);
        outputs.extend(error.map(|_| "!".to_owned()));
        assert_eq!(outputs.join(" "), expected, "{source} of {line} ({})", expression.explain());
    }
}

#[test]
fn errors_are_told_as_jaq_tells_them() {
    for (source, line, message) in [
        (".a.b", r#"{"a":5}"#, "cannot index 5 with \"b\""),
        (".a[]", "{}", "cannot use null as iterable (array or object)"),
        (".a | startswith(\"x\")", r#"{"a":5}"#, "cannot use 5 as string"),
        ("error(\"told\")", "{}", "told"),
        ("error({a: 1})", "{}", "{\"a\":1}"),
    ] {
        let expression: Expr = source.parse().unwrap();
        let (_, error) = run(&expression, line);
        let error = error.unwrap_or_else(|| panic!("{source}: no error"));
        assert_eq!((error.message.as_str(), error.grammar), (message, false));
        assert!(truthy(&expression, line).is_err());
    }
}

#[test]
fn a_long_value_is_shortened_in_a_message() {
    let line = format!(r#"{{"a":"{}"}}"#, "é".repeat(1000));
    let (_, error) = run(&".a.b".parse().unwrap(), &line);
    let message = error.expect("an error").message;
    assert!(message.chars().count() < 200 && message.ends_with("é\" with \"b\""), "{message}");
}

#[test]
fn a_record_that_only_jaq_finds_broken_is_a_grammar_error() {
    for (source, line, grammar) in [
        (".a", r#"{"a":tru}"#, true),
        ("length", r#"{"a":1,"b":NaN}"#, true),
        (".a", r#"{"a":01}"#, true),
        (".a", r#"{"a":"\x"}"#, true),
        (".a", r#"{"a":[1 2]}"#, true),
    ] {
        let (_, error) = run(&source.parse().unwrap(), line);
        let error = error.expect("an error");
        assert_eq!(error.grammar, grammar, "{source} of {line}");
        let said = crate::scan::check_grammar(line.as_bytes()).expect_err("no JSON").to_string();
        assert_eq!(error.message, said, "the same words as --check full");
    }
    let line = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for source in [".a | length", ".a"] {
        let (_, error) = run(&source.parse().unwrap(), &line);
        assert_eq!(error.map(|error| error.grammar), Some(false));
    }
    assert_eq!(truthy(&".a".parse().unwrap(), &line), Ok(true));
}

#[test]
fn the_verdict_on_a_line_does_not_depend_on_the_expressions() {
    let compiled: Expr = ".a".parse().unwrap();
    let full: Expr = ".a + 1".parse().unwrap();
    for (line, fault) in
        [("[]", Fault::NotObject), (r#"{"a":1"#, Fault::OpenBracket), (r#"{"a":1} x"#, Fault::Trailing)]
    {
        for expressions in [vec![], vec![&compiled], vec![&full], vec![&full, &compiled]] {
            let mut program = Program::new(&expressions).unwrap();
            assert_eq!(program.load(line.as_bytes()).err(), Some(fault));
            assert!(program.load(b"{}").is_ok());
        }
    }
}

#[test]
fn outputs_stop_when_the_receiver_has_enough() {
    for source in [".a[]", ".a[] + 0", "range(infinite)"] {
        let expression: Expr = source.parse().unwrap();
        let mut program = Program::new(&[&expression]).unwrap();
        let mut record = program.load(br#"{"a":[0,1,2]}"#).unwrap();
        let mut count = 0;
        let done = record.outputs(0, &mut |_| {
            count += 1;
            if count == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((done, count), (Ok(()), 2), "{source}");
    }
}

#[test]
fn outputs_without_end_are_an_error() {
    let expressions: [Expr; 2] = ["range(infinite)".parse().unwrap(), ".a[]".parse().unwrap()];
    let line = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(MAX_OUTPUTS));
    let mut program = Program::new(&expressions.each_ref()).unwrap();
    let mut record = program.load(line.as_bytes()).unwrap();
    for i in 0..2 {
        let mut count = 0;
        let done = record.outputs(i, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        assert_eq!((count, done.is_err()), (MAX_OUTPUTS, true));
    }
    assert!(truthy(&"range(infinite) | false".parse().unwrap(), "{}").is_err());
}

#[test]
fn the_deepest_record_does_not_exhaust_the_stack() {
    let depth = 500;
    let line = format!(r#"{{"a":{}1{}}}"#, r#"[{"b":"#.repeat(depth / 2), "}]".repeat(depth / 2));
    for source in [
        "[..] | length > 500",
        "tojson | length > 500",
        ". == .",
        ". <= .",
        "[.] | unique | length == 1",
        "[paths] | length > 400",
        "walk(.) == .",
        "[.a, .a] | group_by(.) | length == 1",
        "[leaf_paths] | length == 1",
    ] {
        let expression: Expr = source.parse().unwrap();
        let done = truthy(&expression, &line);
        assert_eq!(done, Ok(true), "{source}");
        let _ = run(&expression, &line);
    }
    assert_eq!(run(&".".parse().unwrap(), &line).0, [line]);
}

#[test]
fn what_jaq_cannot_bear_fails_the_record_alone() {
    let expression: Expr = ".a * 9223372036854775807 | length".parse().unwrap();
    assert!(truthy(&expression, r#"{"a":"xyz"}"#).is_err());
    assert_eq!(truthy(&expression, r#"{"a":2}"#), Ok(true));
}
