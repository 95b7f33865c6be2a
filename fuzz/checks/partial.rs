//! Lines of parts: whatever they say, a merge writes rows or says what is wrong, and with several threads the same as with one.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use trendpipe::drive::{self, Checks, Interrupt, Notes, Settings};
use trendpipe::job::parts::{Merge, MergeOptions};
use trendpipe::jsonl::{ByteSource, Input, Ledger, Meter, Output, RejectPolicy};
use trendpipe::row::Row;

/// The bytes are what the parts sent.
pub fn check(bytes: &[u8]) {
    let merged = merge(bytes, 1);
    assert_eq!(merged, merge(bytes, 2), "threads");
    if merged.1.is_none() {
        for line in merged.0.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            assert!(Row::read(line).is_ok(), "{}", String::from_utf8_lossy(line));
        }
    }
}

/// What was written, and why it ended early.
fn merge(bytes: &[u8], threads: usize) -> (Vec<u8>, Option<String>) {
    let written = Written::default();
    let source = Box::new(Bytes(bytes.to_vec(), 0));
    let settings = Settings {
        inputs: vec![Input::new("in".into(), source, Meter::default())].into(),
        output: Output::to(Box::new(written.clone())),
        checks: Checks { max_line: 1 << 16, grammar: false, strict: false },
        ledger: Ledger::open(RejectPolicy::default()).expect("no file"),
        threads,
        notes: Notes::new("fuzz", Box::new(|_, _| {})),
        interrupt: Interrupt::default(),
        progress: None,
        keeper: None,
    };
    let done = drive::run(&mut Merge::new(MergeOptions::default()), settings);
    let written = written.0.lock().expect("no panic").clone();
    (written, done.err().map(|failure| failure.error.to_string()))
}

/// What a file is to a run.
struct Bytes(Vec<u8>, usize);

impl ByteSource for Bytes {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let part = &self.0[self.1..];
        let length = part.len().min(buf.len());
        buf[..length].copy_from_slice(&part[..length]);
        self.1 += length;
        Ok(length)
    }

    fn would_block(&mut self) -> bool {
        false
    }

    fn is_prompt(&self) -> bool {
        true
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
