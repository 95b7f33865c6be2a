//! Measures the functions on text on one thread: `cargo run --release --example text_speed FILE [EXPR]`.
//!
//! The texts are what EXPR (`post_text` if none is given) puts out for the records of the file; a line that is no record is a text
//! itself. Each function runs over all of them several times, and the best round counts.

use std::{env, error::Error, fs, hint::black_box, ops::ControlFlow, time::Instant};
use trendpipe::expr::{Expr, Program, Value};
use trendpipe::text::{Track, cashtags, fold, fold_ascii, hashtags, mentions, urls};

const ROUNDS: usize = 15;

/// Runs a function on every text; prints the best of several rounds, and what it found.
fn measure(name: &str, texts: &[String], job: impl Fn(&str) -> usize) {
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        found = texts.iter().map(|text| job(black_box(text))).sum();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name:12} {:8.2} million texts/s  {found}", texts.len() as f64 / best / 1e6);
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut operands = env::args().skip(1);
    let content = fs::read_to_string(operands.next().ok_or("usage: text_speed FILE [EXPR]")?)?;
    let expression: Expr = operands.next().as_deref().unwrap_or("post_text").parse()?;
    let mut program = Program::new(&[&expression])?;
    let mut texts = Vec::new();
    for line in content.lines() {
        let Ok(mut record) = program.load(line.as_bytes()) else {
            texts.push(line.to_owned());
            continue;
        };
        let _ = record.outputs(0, &mut |value| {
            if let Value::String(text) = value {
                texts.push(text.into_owned());
            }
            ControlFlow::Continue(())
        });
    }
    let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
    println!("{} texts of {} characters on average", texts.len(), characters / texts.len().max(1));
    measure("hashtags", &texts, |text| hashtags(text).count());
    measure("mentions", &texts, |text| mentions(text).count());
    measure("urls", &texts, |text| urls(text).count());
    measure("cashtags", &texts, |text| cashtags(text).count());
    measure("fold", &texts, |text| fold(text).len());
    measure("fold_ascii", &texts, |text| fold_ascii(text).len());
    let track = Track::new("stan lee,#rust,example.com");
    measure("track", &texts, |text| usize::from(track.is_in(text)));
    Ok(())
}
