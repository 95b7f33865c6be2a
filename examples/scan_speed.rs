//! Measures the byte scanner on one thread: `cargo run --release --example scan_speed FILE [PATH…]`.
//!
//! Reads the file into memory, then finds lines and scans them, several times with each kernel, and prints the best
//! time of each. A path is keys and `[]` (`.entities.hashtags[].text`).

use std::{env, error::Error, fs, hint::black_box, time::Instant};
use trendpipe::scan::{Kernel, Path, Scanner, Step, check_grammar};

fn path(text: &str) -> Path {
    let parts = text.replace("[]", ".[]");
    let step = |part: &str| match part {
        "[]" => Step::Each { optional: false },
        name => Step::Key { name: name.into(), optional: false },
    };
    parts.split('.').filter(|part| !part.is_empty()).map(step).collect()
}

/// Runs a job on every line; prints the best of several rounds.
fn measure(name: &str, content: &[u8], mut job: impl FnMut(&[u8]) -> usize) {
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..9 {
        let start = Instant::now();
        let mut from = 0;
        found = 0;
        for newline in memchr::memchr_iter(b'\n', content) {
            found += job(black_box(&content[from..newline]));
            from = newline + 1;
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    let gigabytes = content.len() as f64 / 1e9;
    println!("{name:24} {:6.3} s/GB {:6.2} GB/s  {found}", best / gigabytes, gigabytes / best);
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut operands = env::args().skip(1);
    let content = fs::read(operands.next().ok_or("usage: scan_speed FILE [PATH...]")?)?;
    let mut paths: Vec<Path> = operands.map(|text| path(&text)).collect();
    if paths.is_empty() {
        paths = [".created_at", ".entities.hashtags[].text"].map(path).into();
    }
    measure("newlines", &content, |_| 1);
    measure("utf-8 (std)", &content, |line| usize::from(std::str::from_utf8(line).is_ok()));
    for kernel in Kernel::all() {
        let mut checker = Scanner::with_kernel(&[], kernel);
        measure(&format!("{}: check", kernel.name()), &content, |line| {
            usize::from(checker.scan(line).is_ok())
        });
        let mut scanner = Scanner::with_kernel(&paths, kernel);
        measure(&format!("{}: scan", kernel.name()), &content, |line| match scanner.scan(line) {
            Ok(()) => (0..paths.len()).map(|path| scanner.hits(path).len()).sum(),
            Err(_) => 0,
        });
    }
    measure("check_grammar", &content, |line| usize::from(check_grammar(line).is_ok()));
    Ok(())
}
