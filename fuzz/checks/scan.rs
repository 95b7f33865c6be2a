//! The byte scanner, by three oracles: the portable kernel for the others, a line alone for the same line among others, and for
//! what is JSON by the whole grammar serde_json, which shares no code with the scanner.

use serde_json::Value;
use trendpipe::scan::{Fault, Hit, Kernel, Path, Scanner, Step, check_grammar};

type Answer = (Result<(), Fault>, Vec<Vec<Hit>>);

/// Asks all questions about a text of lines.
pub fn check(text: &[u8]) {
    let paths = paths();
    let mut scanners: Vec<Scanner> =
        Kernel::all().into_iter().map(|kernel| Scanner::with_kernel(&paths, kernel)).collect();
    let mut alone: Vec<Answer> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let mut answers = scanners.iter_mut().map(|scanner| {
            let verdict = scanner.scan(line);
            answer(scanner, verdict)
        });
        let portable = answers.next().expect("the portable kernel is always there");
        assert!(answers.all(|other| other == portable), "kernels differ");
        if check_grammar(line).is_ok() {
            assert_eq!(portable.0, Ok(()), "what is JSON is a record");
            values(line, &portable.1);
        }
        alone.push(portable);
    }
    for scanner in &mut scanners {
        among_others(scanner, text, &alone);
    }
}

/// `.a`, `.entities.hashtags[].text`, `.b[1]`, `.["é\""]`
fn paths() -> Vec<Path> {
    let key = |name: &str| Step::Key { name: name.into(), optional: false };
    let each = Step::Each { optional: false };
    vec![
        vec![key("a")],
        vec![key("entities"), key("hashtags"), each, key("text")],
        vec![key("b"), Step::Index { at: 1, optional: false }],
        vec![key("é\"")],
    ]
}

fn answer(scanner: &Scanner, verdict: Result<(), Fault>) -> Answer {
    (verdict, (0..4).map(|path| scanner.hits(path).to_vec()).collect())
}

/// Each line says among others what it says alone.
fn among_others(scanner: &mut Scanner, text: &[u8], alone: &[Answer]) {
    let mut newlines = Vec::new();
    assert!(scanner.begin(text, &mut newlines));
    let ends = newlines.iter().map(|newline| *newline as usize).chain([text.len()]);
    let mut start = 0;
    assert_eq!(newlines.len() + 1, alone.len(), "lines");
    for (number, (end, expected)) in ends.zip(alone).enumerate() {
        let line = &text[start..end];
        // Records come without white space around.
        let is_space = |byte: Option<&u8>| byte.is_none_or(|byte| b" \t\r".contains(byte));
        if !is_space(line.first()) && !is_space(line.last()) {
            let verdict = scanner.scan_within(text, number, start..end);
            assert_eq!(&answer(scanner, verdict), expected, "line {number}");
        }
        start = end + 1;
    }
}

/// What the first path met is what serde_json reads there.
fn values(line: &[u8], hits: &[Vec<Hit>]) {
    // It refuses numbers beyond floats, half surrogates and deep nesting.
    let Ok(record) = serde_json::from_slice::<Value>(line) else { return };
    match (&hits[0][..], record.get("a")) {
        ([Hit::Missing], None) => {}
        ([Hit::Value { start, end }], Some(expected)) => {
            let found = serde_json::from_slice::<Value>(&line[*start as usize..*end as usize]);
            assert_eq!(found.ok().as_ref(), Some(expected), "the value of .a");
        }
        (hits, value) => panic!("{hits:?} where serde_json reads {value:?}"),
    }
}
