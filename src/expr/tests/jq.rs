//! The jq program, where there is one: what it and jaq agree on, we agree on too.
//!
//! jq 1.6 differs from jaq on purpose or by age, and the generator leaves these out: integers beyond 2^53 (jq rounds
//! them), errors on the left of `//` (jq drops them) and behind a `?` (jq 1.6 drops them too), a number as the name of a
//! member, `has` of null and `contains` of two types (errors in jq), the order of
//! products, and `any` with a condition of two outputs.

use super::generate::{Dialect, expression, record};
use super::run;
use crate::expr::Expr;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Expressions in one jq process, each on every record.
const EXPRESSIONS: usize = 120;
const RECORDS: usize = 12;

#[test]
fn jq_agrees() {
    if Command::new("jq").arg("--version").output().is_err() {
        println!("skipped: jq_agrees, no jq on PATH");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let mut sample = |strategy: proptest::strategy::BoxedStrategy<String>| {
        strategy.new_tree(&mut runner).map(|tree| tree.current()).expect("the strategy has values")
    };
    let sources: Vec<String> = (0..EXPRESSIONS).map(|_| sample(expression(Dialect::Common))).collect();
    let lines: Vec<String> = (0..RECORDS).map(|_| sample(record(Dialect::Common))).collect();

    // One line per expression and record: its outputs, and "!" for an error behind them.
    let mut program = String::from("def outputs(f): [try (f | [.]) catch \"!\"];\n");
    for (i, source) in sources.iter().enumerate() {
        let separator = if i == 0 { "" } else { ",\n" };
        write!(program, "{separator}outputs({source})").expect("a string takes all");
    }
    let theirs = run_jq(&program, &lines.join("\n"));
    assert_eq!(theirs.len(), EXPRESSIONS * RECORDS);

    let expressions: Vec<Expr> = sources.iter().map(|source| source.parse().expect(source)).collect();
    let mut place = theirs.iter();
    let mut compared = 0;
    for line in &lines {
        for expression in &expressions {
            let (outputs, error) = run(expression, line);
            let mut ours: Vec<String> = outputs.iter().map(|output| format!("[{output}]")).collect();
            ours.extend(error.map(|_| "\"!\"".to_owned()));
            let ours = format!("[{}]", ours.join(","));
            let theirs = place.next().expect("a line for each expression and record");
            // jq 1.6 looks further than it must, and meets errors there
            let is_lazy = ["any", "all", "IN("].iter().any(|lazy| expression.source().contains(lazy));
            if !(is_lazy && theirs.contains("\"!\"")) {
                assert_eq!(&ours, theirs, "{} of {line}", expression.source());
                compared += 1;
            }
        }
    }
    assert!(compared > EXPRESSIONS * RECORDS / 2, "{compared} compared");
}

fn run_jq(program: &str, input: &str) -> Vec<String> {
    let mut jq = Command::new("jq")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("jq runs");
    let mut stdin = jq.stdin.take().expect("jq's input is a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = jq.wait_with_output().expect("jq ends");
    writer.join().expect("the writer ends").expect("jq reads its input");
    assert!(output.status.success(), "jq failed on {program}");
    String::from_utf8(output.stdout).expect("jq writes UTF-8").lines().map(str::to_owned).collect()
}
