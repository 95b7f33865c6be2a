//! Measures the byte scanner on one thread: `cargo run --release --example scan_speed FILE [PATH…]`.
//!
//! Reads the file into memory, then finds lines and scans them, several times with each kernel, and prints the best
//! time of each. A path is keys and `[]` (`.entities.hashtags[].text`).

use std::{
    env,
    error::Error,
    fs,
    hint::black_box,
    sync::LazyLock,
    time::{Duration, Instant},
};
use trendpipe::jsonl::Buffer;
use trendpipe::scan::{Kernel, Path, Scanner, Step, check_grammar};

/// As large as the tools read at once, where no line is longer.
const CHUNK: usize = 256 << 10;
const ROUNDS: usize = 15;

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
    best_of(name, content, || {
        let (mut from, mut found) = (0, 0);
        for newline in memchr::memchr_iter(b'\n', content) {
            found += job(black_box(&content[from..newline]));
            from = newline + 1;
        }
        found
    });
}

/// Copies chunk after chunk of whole lines to the same place, as from a file, and runs a job on it.
fn measure_chunks(name: &str, content: &[u8], mut job: impl FnMut(&[u8]) -> usize) {
    let longest = content.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::len).max().unwrap_or_default();
    let chunk = CHUNK.max(longest);
    let mut buffer = Buffer::zeroed(chunk);
    best_of(name, content, || {
        let (mut rest, mut found) = (content, 0);
        while !rest.is_empty() {
            // What has no newline is the last line.
            let end = memchr::memrchr(b'\n', &rest[..rest.len().min(chunk)])
                .map_or(rest.len(), |newline| newline + 1);
            buffer[..end].copy_from_slice(&rest[..end]);
            found += job(black_box(&buffer[..end]));
            rest = &rest[end..];
        }
        found
    });
}

/// The time that this thread has been at work, as far as the system tells: what else the machine does hardly shows.
fn clock() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGUN.elapsed(), Duration::from_nanos)
}

fn best_of(name: &str, content: &[u8], mut round: impl FnMut() -> usize) {
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..ROUNDS {
        let start = clock();
        found = round();
        best = best.min((clock() - start).as_secs_f64());
    }
    let gigabytes = content.len() as f64 / 1e9;
    println!("{name:24} {:6.3} s/GB {:6.2} GB/s  {found}", best / gigabytes, gigabytes / best);
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut operands = env::args().skip(1);
    let content = fs::read(operands.next().ok_or("usage: scan_speed FILE [PATH...]")?)?;
    if content.is_empty() {
        return Err("there is nothing in the file".into());
    }
    let mut paths: Vec<Path> = operands.map(|text| path(&text)).collect();
    if paths.is_empty() {
        paths = [".created_at", ".entities.hashtags[].text"].map(path).into();
    }
    measure_chunks("copy", &content, |_| 1);
    measure("newlines", &content, |_| 1);
    measure("utf-8 (std)", &content, |line| usize::from(std::str::from_utf8(line).is_ok()));
    for kernel in Kernel::all() {
        let mut checker = Scanner::with_kernel(&[], kernel);
        measure(&format!("{}: check", kernel.name()), &content, |line| {
            usize::from(checker.scan(line).is_ok())
        });
        let mut scanner = Scanner::with_kernel(&paths, kernel);
        let mut newlines = Vec::new();
        measure_chunks(&format!("{}: index", kernel.name()), &content, |chunk| {
            newlines.clear();
            scanner.begin(chunk, &mut newlines);
            newlines.len()
        });
        measure_chunks(&format!("{}: chunks", kernel.name()), &content, |chunk| {
            newlines.clear();
            scanner.begin(chunk, &mut newlines);
            let (mut from, mut found) = (0, 0);
            for (line, newline) in newlines.iter().enumerate() {
                if scanner.scan_within(chunk, line, from..*newline as usize).is_ok() {
                    found += (0..paths.len()).map(|path| scanner.hits(path).len()).sum::<usize>();
                }
                from = *newline as usize + 1;
            }
            found
        });
        measure(&format!("{}: scan", kernel.name()), &content, |line| match scanner.scan(line) {
            Ok(()) => (0..paths.len()).map(|path| scanner.hits(path).len()).sum(),
            Err(_) => 0,
        });
    }
    measure("check_grammar", &content, |line| usize::from(check_grammar(line).is_ok()));
    Ok(())
}
