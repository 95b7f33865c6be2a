//! Expressions: the compiled form and jaq give the same outputs, then the same error; what one record makes of an expression
//! does not depend on the records before it.
//!
//! The oracle goes by `[E][]`, which jaq alone runs: it has the outputs of `E`, or its error alone. It reads the whole record, and the
//! compiled form only what it needs: so a record with a fault of the grammar is no question for the two.

use std::ops::ControlFlow;

use trendpipe::expr::{Expr, Program, Selection};
use trendpipe::scan::check_grammar;

type Outputs = (Vec<Vec<u8>>, Option<String>);

/// So many bytes of an expression say all there is to find, and keep one run short.
const LONGEST: usize = 200;

/// The first line is the expression, the others are records.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (source, records) = text.split_once('\n').unwrap_or((text, "{\"a\":1}"));
    if source.len() > LONGEST {
        return;
    }
    let _ = Selection::parse(source);
    let _ = Expr::parse_named(source);
    let Ok(expression) = Expr::parse(source) else { return };
    assert!(!expression.explain().is_empty());
    let jaq = format!("[{source}\n][]").parse::<Expr>().ok();
    assert!(jaq.is_some() || !expression.is_compiled(), "{source} is compiled, and no jq");
    let mut program = Program::new(&[&expression]).expect("it was checked");
    for record in records.lines().take(4) {
        let Some(outputs) = run(&mut program, record) else { continue };
        let mut fresh = Program::new(&[&expression]).expect("it was checked");
        assert_eq!(Some(&outputs), run(&mut fresh, record).as_ref(), "{source} depends on what came before");
        let is_comparable = expression.is_compiled() && check_grammar(record.as_bytes()).is_ok();
        let Some(jaq) = jaq.as_ref().filter(|_| is_comparable) else { continue };
        let mut jaq = Program::new(&[jaq]).expect("it was checked");
        let expected = run(&mut jaq, record).expect("the verdict does not depend on the expression");
        assert_eq!(outputs.1, expected.1, "{source}: the error on {record}");
        if expected.1.is_none() {
            assert_eq!(shown(&outputs), shown(&expected), "{source} on {record}");
        }
    }
}

/// `None` where the line is no record.
fn run(program: &mut Program, line: &str) -> Option<Outputs> {
    let mut record = program.load(line.as_bytes()).ok()?;
    let mut outputs = Vec::new();
    let done = record.outputs(0, &mut |value| {
        let mut json = Vec::new();
        value.write_json(&mut json);
        outputs.push(json);
        ControlFlow::Continue(())
    });
    Some((outputs, done.err().map(|error| error.to_string())))
}

/// As jaq writes what it reads there: a compiled path gives a part of the record byte for byte.
fn shown(outputs: &Outputs) -> Vec<Vec<u8>> {
    let read = "[.v][]".parse::<Expr>().expect("it is jq");
    let mut read = Program::new(&[&read]).expect("it was checked");
    let mut again = |output: &Vec<u8>| {
        let record = [b"{\"v\":", &output[..], b"}"].concat();
        let record = String::from_utf8(record).expect("outputs are UTF-8");
        run(&mut read, &record).expect("outputs are JSON").0.concat()
    };
    outputs.0.iter().map(&mut again).collect()
}
