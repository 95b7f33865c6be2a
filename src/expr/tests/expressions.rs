//! What an expression is called, what is said about it, and what is said when it is wrong.

use crate::expr::{Expr, Program};

fn expr(source: &str) -> Expr {
    source.parse().unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn error(source: &str) -> String {
    match Expr::parse(source) {
        Ok(_) => panic!("{source} is an expression"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_expression_is_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    is_shared::<Expr>();
}

#[test]
fn a_plain_path_is_named_by_its_last_name() {
    for (source, name) in [
        (".lang", "lang"),
        (".a.b[].text", "text"),
        (".langs[0]", "langs"),
        (".langs[-1]?", "langs"),
        (".entities.hashtags[]?.text?", "text"),
        (".[\"a b\"]", "a b"),
        (".[]", "key"),
        (".", "key"),
        (".a // .b", "key"),
        (".a | .b", "key"),
        ("(.a.b)?", "b"),
        (".a[.b]", "key"),
        (".a | ascii_downcase", "key"),
    ] {
        assert_eq!(expr(source).default_name(), name, "{source}");
    }
}

#[test]
fn a_key_may_carry_its_name() {
    let named =
        |source: &str| Expr::parse_named(source).map(|(name, expr)| (name, expr.source().to_owned())).ok();
    let both = |name: &str, source: &str| Some((name.to_owned(), source.to_owned()));
    assert_eq!(named("tag=.entities.hashtags[].text"), both("tag", ".entities.hashtags[].text"));
    assert_eq!(named(".user.lang"), both("lang", ".user.lang"));
    assert_eq!(named("null==null"), both("key", "null==null"));
    assert_eq!(named("a=.x == 1"), both("a", ".x == 1"));
    assert_eq!(named(".a = 1"), both("key", ".a = 1"));
    assert_eq!(named("_1=.a"), both("_1", ".a"));
    assert_eq!(named("1a=.a"), None);
    assert_eq!(named("a="), None);
}

#[test]
fn the_engine_is_explained() {
    for (source, explanation) in [
        (".lang == \"en\"", "compiled: reads .lang from the bytes of the record"),
        (
            "any(.entities.hashtags[]; .text == \"x\")",
            "compiled: reads .entities.hashtags[].text from the bytes of the record",
        ),
        (
            "select(.a?) | .[\"b c\"][0].d",
            "compiled: reads .a?, .[\"b c\"][0].d from the bytes of the record",
        ),
        ("true", "compiled: runs on the bytes of the record"),
        (".", "compiled: runs on the bytes of the record"),
        ("now > 5 + 1", "jaq: parses no field of the record, because of `now`"),
        (".text | ascii_downcase", "jaq: parses only .text, because of `ascii_downcase`"),
        (".a + 1", "jaq: parses only .a, because of arithmetic"),
        (".a[1:2]", "jaq: parses only .a, because of a slice"),
    ] {
        assert_eq!(expr(source).explain(), explanation);
    }
}

#[test]
fn an_error_points_at_its_place() {
    for (source, told) in [
        (
            "lang == \"en\"",
            "`lang` is no function; did you mean .lang? (as text: \"lang\")\n  lang == \"en\"\n  ^^^^",
        ),
        (
            ".lang == en",
            "`en` is no function; did you mean .en? (as text: \"en\")\n  .lang == en\n           ^^",
        ),
        (
            "startwith(\"x\")",
            "`startwith` is no function; did you mean startswith?\n  startwith(\"x\")\n  ^^^^^^^^^",
        ),
        (
            ".a | lenght",
            "`lenght` is no function; did you mean .lenght? (or the function length)\n  .a | lenght\n       ^^^^^^",
        ),
        ("map(1; 2)", "`map` does not take 2 arguments\n  map(1; 2)\n  ^^^"),
        ("input", "`input` is not offered: an expression sees one record only\n  input\n  ^^^^^"),
        (
            ".a == $ENV.X",
            "`$ENV` is not offered: an expression does not read the environment; let the shell put the value in\n  .a == $ENV.X\n        ^^^^",
        ),
        (".a == 'x'", "text stands in \"straight double quotes\"\n  .a == 'x'\n        ^"),
        (".a && .b", "`&` is no operator; did you mean `and`?\n  .a && .b\n     ^"),
        (".a || .b", "`||` is no operator; did you mean `or`?\n  .a || .b\n     ^^"),
        (".é", "`é` is not expected here\n  .é\n   ^"),
        (".a | test(\"x(\")", "the pattern is wrong: unclosed group\n  .a | test(\"x(\")\n             ^^"),
        (
            "[.a | scan(\"x\"; \"q\")]",
            "`q` is no flag of a pattern; there are g i l m n p s x\n  [.a | scan(\"x\"; \"q\")]\n              ^",
        ),
        ("(.a", "a closing parenthesis is missing\n  (.a\n     ^"),
        (".a ==", "the expression ends where a term is expected\n  .a ==\n       ^"),
        ("", "the expression is empty\n  \n  ^"),
        (".日 |\n.a == b", "`日` is not expected here\n  .日 |\n   ^^"),
        ("import \"a\" as a; .", "modules are not read\n  import \"a\" as a; .\n          ^"),
    ] {
        assert_eq!(error(source), told, "{source}");
    }
}

#[test]
fn expressions_have_numbers_in_their_order() {
    let expressions = [expr(".a"), expr(".b | ascii_downcase == \"x\""), expr(".a == 1")];
    let mut program = Program::new(&expressions.each_ref()).unwrap();
    let mut record = program.load(br#"{"a":1,"b":"X"}"#).unwrap();
    assert_eq!([record.truthy(0), record.truthy(1), record.truthy(2)], [Ok(true), Ok(true), Ok(true)]);
    let mut record = program.load(br#"{"a":null,"b":"Y"}"#).unwrap();
    assert_eq!([record.truthy(0), record.truthy(1), record.truthy(2)], [Ok(false), Ok(false), Ok(false)]);
}
