//! Measures the text functions on one thread: `cargo run --release --example text_speed FILE [FUNCTION…]`.
//!
//! The file holds one text a line. Prints the name of each function, the texts that it takes in a second at best, and a
//! number that all its results go into, so that none is left out by the compiler.

use std::{env, error::Error, fs, hint::black_box, time::Instant};
use trendpipe::text::fold;
use trendpipe::text::sentiment::{Lexicon, sentiment};

/// A function, with a number that depends on what it gives.
type Function = fn(&str) -> usize;

const FUNCTIONS: &[(&str, Function)] = &[
    ("fold", |text| fold(text).len()),
    ("sentiment", |text| (sentiment(Lexicon::vader(), text).compound * 10_000.0).abs() as usize),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut operands = env::args().skip(1);
    let file = operands.next().ok_or("usage: text_speed FILE [FUNCTION...]")?;
    let wanted: Vec<String> = operands.collect();
    let content = fs::read_to_string(file)?;
    let texts: Vec<&str> = content.lines().collect();
    for (name, function) in FUNCTIONS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let mut best = f64::INFINITY;
        let mut sum = 0;
        for _ in 0..9 {
            let start = Instant::now();
            sum = texts.iter().map(|text| function(black_box(text))).sum();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name} {:.0} {sum}", texts.len() as f64 / best);
    }
    Ok(())
}
