//! Random records and random expressions of the sub-language, small enough to meet each other often.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// The names that records have and expressions ask for.
const NAMES: &[&str] = &["a", "b", "c", "d e"];

/// Scalars as they stand in a record.
const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "1.0",
    "1.5",
    "1e400",
    "-1E400",
    "1E2",
    "100",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "\"\"",
    "\"a\"",
    "\"en\"",
    "\"\\u0065n\"",
    "\"En\"",
    "\"x\\ny\"",
    "\"caf\\u00e9 \\ud83d\\ude00\"",
    "\"café 😀\"",
    "\"\\ud83d\"",
    "\"1\"",
    "\"q\\\"\\\\\\/\"",
    "\"\\u007f\\b\"",
    "\"#a \\u0023En x.com\"",
];

/// Scalars that jq 1.6 reads as we do: no integers beyond 2^53, nothing that it would print in another way.
const PLAIN_SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2",
    "1.5",
    "100",
    "\"\"",
    "\"a\"",
    "\"en\"",
    "\"\\u0065n\"",
    "\"x\\ny\"",
    "\"café 😀\"",
    "\"1\"",
];

/// What a comparison is made with.
const CONSTANTS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.0",
    "1.5",
    "100",
    "1e400",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "123456789012345678901234567890",
    "\"\"",
    "\"a\"",
    "\"en\"",
    "\"x\\ny\"",
    "\"caf\\u00e9 😀\"",
    "\"1\"",
    "[]",
    "{}",
];

const PLAIN_CONSTANTS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "100",
    "\"\"",
    "\"a\"",
    "\"en\"",
    "\"x\\ny\"",
    "\"café 😀\"",
    "\"1\"",
    "[]",
    "{}",
];

/// Which of the differences between jq 1.6 and jaq may come up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Everything that jaq does.
    Full,
    /// What jq 1.6 and jaq agree on.
    Common,
}

/// A record, with white space, escaped and repeated names here and there.
pub(super) fn record(dialect: Dialect) -> BoxedStrategy<String> {
    let value = value(dialect);
    object(value, dialect).boxed()
}

fn value(dialect: Dialect) -> BoxedStrategy<String> {
    let scalars = if dialect == Dialect::Full { SCALARS } else { PLAIN_SCALARS };
    let scalar = select(scalars).prop_map(str::to_owned);
    scalar
        .prop_recursive(3, 24, 4, move |inner| {
            let array = (vec(inner.clone(), 0..4), select(&["", " "][..])).prop_map(|(elements, space)| {
                format!("[{space}{}{space}]", elements.join(&format!("{space},")))
            });
            prop_oneof![2 => array, 3 => object(inner, dialect)]
        })
        .boxed()
}

fn object(value: BoxedStrategy<String>, dialect: Dialect) -> impl Strategy<Value = String> {
    let name = (select(NAMES), any::<bool>()).prop_map(move |(name, escaped)| match name {
        "a" if escaped => "\"\\u0061\"".to_owned(),
        name => format!("\"{name}\""),
    });
    let member = (name, select(&["", " ", "\t"][..]), value)
        .prop_map(|(name, space, value)| (name, format!("{space}:{space}{value}{space}")));
    vec(member, 0..6).prop_map(move |mut members| {
        if dialect == Dialect::Common {
            // jq 1.6 keeps the place of the first of equal names, as jaq does; kept apart to compare one thing at a time
            let mut seen = Vec::new();
            members.retain(|(name, _)| {
                let name = name.replace("\\u0061", "a");
                let fresh = !seen.contains(&name);
                seen.push(name);
                fresh
            });
        }
        let members: Vec<_> = members.into_iter().map(|(name, rest)| name + &rest).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// An expression of the sub-language.
pub(super) fn expression(dialect: Dialect) -> BoxedStrategy<String> {
    let filter = filter(dialect);
    let object = vec((select(&["t", "u", "v w"][..]), filter.clone()), 1..3).prop_map(|members| {
        let mut names = Vec::new();
        let members = members.into_iter().filter(|(name, _)| {
            let fresh = !names.contains(name);
            names.push(*name);
            fresh
        });
        let members: Vec<_> = members.map(|(name, value)| format!("\"{name}\": ({value})")).collect();
        format!("{{{}}}", members.join(", "))
    });
    let array = filter.clone().prop_map(|filter| format!("[{filter}]"));
    let constructed = prop_oneof![object, array, Just("{a, b: [.b], \"d e\"}".to_owned())].boxed();
    let piped =
        (filter.clone(), constructed.clone()).prop_map(|(filter, shape)| format!("({filter}) | {shape}"));
    match dialect {
        Dialect::Full => prop_oneof![8 => filter, 2 => constructed, 1 => piped].boxed(),
        // jq 1.6 nests the loops of an object's members the other way round
        Dialect::Common => filter,
    }
}

fn path(dialect: Dialect) -> impl Strategy<Value = String> {
    let mut steps = vec![
        (6, select(&["a", "b", "c"][..]).prop_map(|name| format!(".{name}")).boxed()),
        (1, Just("[\"d e\"]".to_owned()).boxed()),
        (3, Just("[]".to_owned()).boxed()),
    ];
    if dialect == Dialect::Full {
        // jaq has null where jq has an error: a number as the name of a member
        steps.push((1, (0u32..3).prop_map(|at| format!("[{at}]")).boxed()));
    }
    let step = Union::new_weighted(steps);
    // in jq 1.6 a `?` also swallows the errors of what comes behind it
    let (optional, longest) = if dialect == Dialect::Full { (0.4, 5) } else { (0.0, 3) };
    let step = (step, proptest::bool::weighted(optional))
        .prop_map(|(step, optional)| if optional { step + "?" } else { step });
    vec(step, 1..longest).prop_map(|steps| {
        let path = steps.concat();
        if path.starts_with('.') { path } else { format!(".{path}") }
    })
}

fn filter(dialect: Dialect) -> BoxedStrategy<String> {
    let full = dialect == Dialect::Full;
    let constant = select(if full { CONSTANTS } else { PLAIN_CONSTANTS }).prop_map(str::to_owned);
    let comparison = select(&["==", "!=", "<", "<=", ">", ">="][..]);
    let text = select(&["\"\"", "\"e\"", "\"n\"", "\"é\"", "\"\\n\""][..]);
    let simple = (path(dialect), comparison.clone(), constant.clone())
        .prop_map(|(path, operator, constant)| format!("{path} {operator} {constant}"));
    let leaf = prop_oneof![6 => path(dialect), 6 => simple, 1 => constant.clone(), 1 => Just(".".to_owned()), 1 => Just("empty".to_owned())];
    leaf.prop_recursive(3, 12, 2, move |inner| {
        let two = (inner.clone(), inner.clone());
        // jq's outer loop of a comparison is its right side, jaq's the left
        let operators = &["and", "or", ",", "|", "==", "<", ">="];
        let operator = select(&operators[..if full { operators.len() } else { 4 }]);
        let combined = (two.clone(), operator)
            .prop_map(|((left, right), operator)| format!("({left}) {operator} ({right})"));
        let compared = (inner.clone(), comparison.clone(), constant.clone())
            .prop_map(|(left, operator, right)| format!("({left}) {operator} {right}"));
        let asked = (inner.clone(), select(&["not", "any", "all", "IN(1, \"en\", null)", "select(.a)"][..]))
            .prop_map(|(filter, question)| format!("({filter}) | {question}"));
        let worded = (inner.clone(), select(&["startswith", "endswith", "test"][..]), text.clone())
            .prop_map(|(filter, question, text)| format!("({filter}) | {question}({text})"));
        let contained = (inner.clone(), select(&["[]", "{}", "\"n\"", "\"\"", "1", "null"][..]))
            .prop_map(|(filter, constant)| format!("({filter}) | contains({constant})"));
        // jq 1.6 has false for a condition with two true outputs
        let condition = if full {
            inner.clone()
        } else {
            constant.clone().prop_map(|constant| format!(". == {constant}")).boxed()
        };
        let called = (inner.clone(), condition, select(&["any", "all"][..]))
            .prop_map(|(source, condition, name)| format!("{name}({source}; {condition})"));
        let names = &["select", "any", "all"];
        let selected = (inner.clone(), select(&names[..if full { names.len() } else { 1 }]))
            .prop_map(|(filter, name)| format!("{name}({filter})"));
        let listed = inner.clone().prop_map(|filter| format!("IN({filter}; \"en\", 1)"));
        let tried = inner.clone().prop_map(|filter| format!("({filter})?"));
        let branched = (two.clone(), inner.clone()).prop_map(|((condition, then), otherwise)| {
            format!("if {condition} then {then} else {otherwise} end")
        });
        let mut forms = vec![
            (4, combined.boxed()),
            (3, compared.boxed()),
            (3, asked.boxed()),
            (2, worded.boxed()),
            (2, called.boxed()),
            (1, selected.boxed()),
            (1, listed.boxed()),
            (1, branched.boxed()),
        ];
        if full {
            forms.push((1, tried.boxed()));
            // jq drops errors on the left of //, and fails where jaq says false: `contains` and `has` of other types
            forms.push((2, two.prop_map(|(left, right)| format!("({left}) // ({right})")).boxed()));
            forms.push((1, contained.boxed()));
            let ours = &[
                "hashtags",
                "hashtags[]",
                "urls",
                "post_text",
                "track(\"en,a\")",
                "fold",
                "fold_ascii",
                "words",
                "words[]",
                "language",
                "sentiment",
                "sentiment.compound",
            ];
            forms.push((1, inner.clone().prop_map(|filter| format!("({filter}) | has(\"a\")")).boxed()));
            forms.push((
                2,
                (inner, select(&ours[..])).prop_map(|(filter, ours)| format!("({filter}) | {ours}")).boxed(),
            ));
        }
        Union::new_weighted(forms)
    })
    .boxed()
}
