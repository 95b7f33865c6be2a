//! `window-count` against a naive model, over random streams, options, disorder, chunkings and numbers of threads.
//!
//! The model (`properties/model.rs`) shares no code with the crate: it keeps every record, and works out each window by its
//! definition whenever it is written. It runs against the built program, so that expressions, times, keys, the command
//! line and the rows are judged too. `PROPTEST_CASES` sets how many cases are tried.

mod common;
#[path = "properties/model.rs"]
mod model;
#[path = "properties/stream.rs"]
mod stream;

use std::io::Write;

use common::{json_lines, tool};
use model::Case;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        // A counterexample is kept as a named test, not as a seed.
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    }
}

/// What the program writes for a case; the input comes in these pieces.
fn written(case: &Case, threads: u32, cuts: &[prop::sample::Index]) -> String {
    let input = stream::lines(&case.records);
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
    places.extend([0, input.len()]);
    places.sort_unstable();
    let mut child =
        tool("window-count").args(case.arguments()).args(["-q", "--threads", &threads.to_string()]).spawn();
    let mut stdin = child.stdin.take().expect("piped");
    let feeder = std::thread::spawn(move || {
        for piece in places.windows(2) {
            stdin.write_all(&input[piece[0]..piece[1]]).expect("the program reads to the end");
            stdin.flush().expect("the program reads to the end");
        }
    });
    let done = child.wait_with_output().expect("the program ends");
    feeder.join().expect("no panic");
    assert!(done.status.success(), "{:?}: {}", case.arguments(), String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn the_rows_are_those_of_the_definitions(case in stream::case(), threads in 1..4_u32, cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let rows = json_lines(&written(&case, threads, &cuts));
        let expected = model::rows(&case);
        for (at, (row, expected)) in rows.iter().zip(&expected).enumerate() {
            prop_assert_eq!(row, expected, "row {} of {:?}", at, case.arguments());
        }
        prop_assert_eq!(rows.len(), expected.len(), "rows of {:?}", case.arguments());
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn pieces_and_threads_change_no_byte(case in stream::case(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let whole = written(&case, 1, &[]);
        for threads in [2, 3] {
            prop_assert_eq!(&written(&case, threads, &cuts), &whole);
        }
    }
}
