//! Measures the text functions on one thread: `cargo run --release --example text_speed FILE [FUNCTION…]`.
//!
//! The texts are those of the posts in the file; a line that is no record is a text itself. Prints the name of each
//! function, the texts that it takes in a second in the best of several rounds, and a number that all its results go
//! into, so that the compiler leaves none out. scripts/bench_text.py reads this.

use std::{env, error::Error, fs, hint::black_box, ops::ControlFlow, time::Instant};
use trendpipe::expr::{Expr, Program, Value};
use trendpipe::text::sentiment::{Lexicon, sentiment};
use trendpipe::text::{Track, cashtags, fold, fold_ascii, hashtags, language, mentions, urls, words};

const ROUNDS: usize = 9;

/// A function, with a number that depends on what it gives.
type Function = Box<dyn Fn(&str) -> usize>;

fn functions() -> Vec<(&'static str, Function)> {
    let track = Track::new("stan lee,#rust,example.com");
    vec![
        ("hashtags", Box::new(|text| hashtags(text).count())),
        ("mentions", Box::new(|text| mentions(text).count())),
        ("urls", Box::new(|text| urls(text).count())),
        ("cashtags", Box::new(|text| cashtags(text).count())),
        ("track", Box::new(move |text| usize::from(track.is_in(text)))),
        ("fold", Box::new(|text| fold(text).len())),
        ("fold_ascii", Box::new(|text| fold_ascii(text).len())),
        (
            "words",
            Box::new(|text| {
                let mut length = 0;
                words(text, |word| length += word.len());
                length
            }),
        ),
        ("language", Box::new(|text| language(text).bytes().map(usize::from).sum())),
        (
            "sentiment",
            Box::new(|text| (sentiment(Lexicon::vader(), text).compound * 10_000.0).abs() as usize),
        ),
    ]
}

/// The text of each post.
fn texts(content: &[u8]) -> Result<Vec<String>, Box<dyn Error>> {
    let expression: Expr = "post_text".parse()?;
    let mut program = Program::new(&[&expression])?;
    let mut texts = Vec::new();
    for line in content.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let Ok(mut record) = program.load(line) else {
            texts.push(String::from_utf8_lossy(line).into_owned());
            continue;
        };
        record.outputs(0, &mut |value| {
            if let Value::String(text) = value {
                texts.push(text.into_owned());
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(texts)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut operands = env::args().skip(1);
    let file = operands.next().ok_or("usage: text_speed FILE [FUNCTION...]")?;
    let wanted: Vec<String> = operands.collect();
    let functions = functions();
    if let Some(unknown) = wanted.iter().find(|wanted| !functions.iter().any(|(name, _)| name == wanted)) {
        let names: Vec<&str> = functions.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no function {unknown}; there are {}", names.join(", ")).into());
    }
    let texts = texts(&fs::read(file)?)?;
    for (name, function) in functions {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let mut best = f64::INFINITY;
        let mut sum = 0;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            sum = texts.iter().map(|text| function(black_box(text))).sum();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name} {:.0} {sum}", texts.len() as f64 / best);
    }
    Ok(())
}
