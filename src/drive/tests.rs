//! The driver with a job that passes records on, over sources that block where the test says.

mod marks;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::jsonl::{ByteSource, Input, Ledger, Meter, Output, Record, Reject, RejectLimit, RejectPolicy};

/// Passes on every record that is not `"bad"`.
struct Pass;

impl Mapper for Pass {
    type Batch = Vec<Range<usize>>;

    fn map(&mut self, record: &Record<'_>, batch: &mut Self::Batch) -> Result<(), Reject> {
        if record.bytes == b"bad" {
            return Err(Reject::new("bad", "it is bad"));
        }
        batch.push(record.start..record.start + record.bytes.len());
        Ok(())
    }
}

impl Job for Pass {
    type Mapper = Pass;

    fn recipe(&self) -> Recipe<Pass> {
        Arc::new(|| Ok(Pass))
    }

    fn apply(
        &mut self,
        chunk: &Chunk,
        batch: Vec<Range<usize>>,
        cx: &mut Context<'_>,
    ) -> anyhow::Result<Flow> {
        for range in batch {
            cx.out.line(&chunk.bytes()[range])?;
        }
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Gives its parts one by one, and says before each that it would block.
struct Parts(VecDeque<Vec<u8>>);

/// The same as a file: no part is waited for.
struct Prompt(Parts);

impl ByteSource for Prompt {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn would_block(&mut self) -> bool {
        false
    }

    fn is_prompt(&self) -> bool {
        true
    }
}

impl ByteSource for Parts {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(mut part) = self.0.pop_front() else { return Ok(0) };
        let rest = part.split_off(part.len().min(buf.len()));
        buf[..part.len()].copy_from_slice(&part);
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Ok(part.len())
    }

    fn would_block(&mut self) -> bool {
        true
    }
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn settings(inputs: Vec<Box<dyn ByteSource>>, threads: usize, max_line: usize, output: Output) -> Settings {
    let input = |(number, source)| Input::new(format!("in{number}"), source, Meter::default());
    Settings {
        inputs: inputs.into_iter().enumerate().map(input).collect::<Vec<_>>().into(),
        output,
        checks: Checks { max_line, grammar: false, strict: false },
        ledger: Ledger::open(RejectPolicy::default()).expect("no file"),
        threads,
        notes: Notes::new("test", Box::new(|_, _| {})),
        interrupt: Interrupt::default(),
        progress: None,
        keeper: None,
    }
}

fn pass(inputs: &[Vec<Vec<u8>>], is_prompt: bool, threads: usize, max_line: usize) -> (String, Outcome) {
    let memory = Memory::default();
    let source = |parts: &Vec<Vec<u8>>| -> Box<dyn ByteSource> {
        let parts = Parts(parts.clone().into());
        if is_prompt { Box::new(Prompt(parts)) } else { Box::new(parts) }
    };
    let sources = inputs.iter().map(source);
    let output = Output::to(Box::new(memory.clone()));
    let outcome = run(&mut Pass, settings(sources.collect(), threads, max_line, output)).expect("memory");
    let bytes = memory.0.lock().expect("no panic").clone();
    (String::from_utf8(bytes).expect("UTF-8"), outcome)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn records_come_out_in_order_however_they_come_in(
        lines in prop::collection::vec("[a-c]{0,9}|bad", 0..40),
        ends_with_newline: bool,
        cuts in prop::collection::vec(1usize..12, 1..8),
        is_prompt: bool,
        threads in 1usize..4,
        max_line in 4usize..12,
    ) {
        let mut bytes = lines.join("\n").into_bytes();
        if ends_with_newline && !bytes.is_empty() {
            bytes.push(b'\n');
        }
        let mut parts = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (part, after) = rest.split_at((*cut).min(rest.len()));
            parts.push(part.to_vec());
            rest = after;
        }
        let (out, outcome) = pass(&[parts, vec![b"last".to_vec()]], is_prompt, threads, max_line);
        let (mut expected, mut long, mut bad, mut blank) = (String::new(), 0, 0, 0);
        for line in String::from_utf8(bytes).expect("ASCII").lines() {
            match line {
                "" => blank += 1,
                _ if line.len() > max_line => long += 1,
                "bad" => bad += 1,
                _ => expected += &format!("{line}\n"),
            }
        }
        expected += "last\n";
        prop_assert_eq!(&out, &expected);
        let figure = |name: &str| outcome.figures[name].as_u64();
        prop_assert_eq!(figure("records"), Some(expected.lines().count() as u64));
        prop_assert_eq!(figure("blank"), Some(blank));
        let rejected = &outcome.figures["rejected"];
        prop_assert_eq!(rejected["too-long"].as_u64().unwrap_or(0), long);
        prop_assert_eq!(rejected["bad"].as_u64().unwrap_or(0), bad);
        prop_assert_eq!(outcome.end, End::Input);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_reject_that_is_one_too_many_ends_the_input_however_it_comes_in(
        lines in prop::collection::vec("[ab]{1,3}|bad", 0..40),
        cuts in prop::collection::vec(1usize..12, 1..8),
        threads in 1usize..4,
        limit in 0u64..4,
    ) {
        let text = lines.join("\n");
        let mut parts: VecDeque<Vec<u8>> = VecDeque::new();
        let mut rest = text.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (part, after) = rest.split_at((*cut).min(rest.len()));
            parts.push_back(part.to_vec());
            rest = after;
        }
        for parts in [parts, [text.clone().into_bytes()].into()] {
            let memory = Memory::default();
            let output = Output::to(Box::new(memory.clone()));
            let mut settings = settings(vec![Box::new(Parts(parts))], threads, 100, output);
            let policy = RejectPolicy { limit: Some(RejectLimit::Count(limit)), ..RejectPolicy::default() };
            settings.ledger = Ledger::open(policy).expect("no file");
            let outcome = run(&mut Pass, settings).expect("memory");
            let (mut expected, mut bad, mut seen) = (String::new(), 0, 0);
            for line in &lines {
                seen += 1;
                bad += u64::from(line == "bad");
                if bad > limit { break; }
                if line != "bad" { expected += &format!("{line}\n"); }
            }
            prop_assert_eq!(String::from_utf8(memory.0.lock().expect("no panic").clone()).expect("UTF-8"), expected);
            prop_assert_eq!(outcome.end, if bad > limit { End::Rejects } else { End::Input });
            prop_assert_eq!(outcome.figures["lines"].as_u64(), Some(seen));
            prop_assert_eq!(outcome.figures["rejected"]["bad"].as_u64().unwrap_or(0), bad);
        }
    }
}

#[test]
fn more_inputs_than_buffers() {
    let inputs: Vec<Vec<Vec<u8>>> = (0..50).map(|n| vec![format!("{n}\n").into_bytes()]).collect();
    for (threads, is_prompt) in [(1, false), (1, true), (3, false), (3, true)] {
        let (out, outcome) = pass(&inputs, is_prompt, threads, 100);
        assert_eq!(out.lines().count(), 50);
        assert_eq!(outcome.figures["records"], 50);
    }
}

#[test]
fn a_line_over_the_limit_costs_only_itself_and_little_memory() {
    let kept = tempfile::NamedTempFile::new().expect("a file");
    let long = vec![b'x'; 3 << 20];
    let parts = vec![b"one\n".to_vec(), long.clone(), b"\ntwo\n".to_vec()];
    for threads in [1, 2] {
        let memory = Memory::default();
        let mut settings = settings(
            vec![Box::new(Parts(parts.clone().into()))],
            threads,
            1 << 20,
            Output::to(Box::new(memory.clone())),
        );
        let policy = RejectPolicy { keep: Some(kept.path().to_owned()), ..RejectPolicy::default() };
        settings.ledger = Ledger::open(policy).expect("a file");
        let outcome = run(&mut Pass, settings).expect("memory");
        assert_eq!(*memory.0.lock().expect("no panic"), b"one\ntwo\n");
        assert_eq!(outcome.figures["rejected"]["too-long"], 1);
        assert_eq!(outcome.figures["lines"], 3);
        let mut expected = long.clone();
        expected.push(b'\n');
        assert!(std::fs::read(kept.path()).expect("a file") == expected, "the line is kept whole");
    }
}

#[test]
fn of_a_long_line_that_ends_the_run_a_part_is_kept() {
    let kept = tempfile::NamedTempFile::new().expect("a file");
    let (max_line, most) = (1000, 1 << 20);
    for threads in [1, 2] {
        let long = (0..64).map(|_| vec![b'x'; 64 << 10]).collect::<VecDeque<_>>();
        let output = Output::to(Box::new(io::sink()));
        let mut settings = settings(vec![Box::new(Parts(long))], threads, max_line, output);
        settings.checks.strict = true;
        let policy =
            RejectPolicy { keep: Some(kept.path().to_owned()), strict: true, ..RejectPolicy::default() };
        settings.ledger = Ledger::open(policy).expect("a file").with_last_line(most);
        let outcome = run(&mut Pass, settings).expect("memory");
        assert_eq!(outcome.end, End::Rejects);
        let length = kept.as_file().metadata().expect("a file").len();
        // It comes in pieces, the last of which may go beyond.
        assert!((most..=most + reader::CHUNK as u64 + 1).contains(&length), "{threads} threads: {length}");
    }
}

/// Never makes anybody wait: a record, then blank lines without end, until the record has come out.
struct Busy {
    has_begun: bool,
    out: Memory,
    until: Instant,
}

impl ByteSource for Busy {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.has_begun, true) {
            buf[..7].copy_from_slice(b"record\n");
            return Ok(7);
        }
        if !self.out.0.lock().expect("no panic").is_empty() || Instant::now() > self.until {
            return Ok(0);
        }
        buf.fill(b'\n');
        Ok(buf.len())
    }

    fn would_block(&mut self) -> bool {
        false
    }

    fn is_prompt(&self) -> bool {
        true
    }
}

#[test]
fn what_was_made_comes_out_while_input_keeps_coming() {
    for threads in [1, 3] {
        let out = Memory::default();
        let begun = Instant::now();
        // 10 ms are promised; a machine with other work may be slower.
        let until = begun + Duration::from_secs(5);
        let source = Busy { has_begun: false, out: out.clone(), until };
        run(&mut Pass, settings(vec![Box::new(source)], threads, 100, Output::to(Box::new(out.clone()))))
            .expect("memory");
        assert!(Instant::now() < until, "{threads} threads: it came out when the input ended");
        assert_eq!(*out.0.lock().expect("no panic"), b"record\n");
        println!("{threads} threads: {:?}", begun.elapsed());
    }
}

/// A source whose parts come when the test sends them.
struct Live(Receiver<Vec<u8>>);

impl ByteSource for Live {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Ok(part) = self.0.recv() else { return Ok(0) };
        buf[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }

    fn would_block(&mut self) -> bool {
        true
    }
}

/// Tells the test what is written, when it is written.
struct Told(Sender<Vec<u8>>);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_is_out_before_the_next_is_waited_for() {
    for threads in [1, 2] {
        let (send, parts) = channel();
        let (tell, told) = channel();
        let output = Output::to(Box::new(Told(tell)));
        let settings = settings(vec![Box::new(Live(parts))], threads, 1 << 20, output);
        let running = std::thread::spawn(move || run(&mut Pass, settings));
        for line in ["one\n", "two\nhal", "f\n", "\n", "three\n"] {
            send.send(line.as_bytes().to_vec()).expect("the reader listens");
            if line != "\n" {
                // Waits for the line itself; a source that is silent sends nothing that could push it out.
                told.recv().expect("the line comes out while the source is silent");
            }
        }
        drop(send);
        assert_eq!(running.join().expect("no panic").expect("memory").figures["records"], 4);
        assert!(told.try_recv().is_err(), "nothing is written twice");
    }
}

fn signal(interrupt: &Interrupt, number: usize) {
    interrupt.signal_slot().store(number, std::sync::atomic::Ordering::SeqCst);
    interrupt.wake();
}

#[test]
fn a_signal_ends_a_run_that_waits() {
    let (_send, parts) = channel();
    let settings = settings(vec![Box::new(Live(parts))], 2, 1 << 20, Output::to(Box::new(io::sink())));
    let interrupt = settings.interrupt.clone();
    let running = std::thread::spawn(move || run(&mut Pass, settings));
    signal(&interrupt, 15);
    assert_eq!(running.join().expect("no panic").expect("memory").end, End::Signal(15));
}

#[test]
fn a_signalled_run_takes_what_the_stages_before_it_still_send() {
    let (send, parts) = channel();
    let (tell, told) = channel();
    let mut settings = settings(vec![Box::new(Live(parts))], 2, 1 << 20, Output::to(Box::new(Told(tell))));
    settings.inputs.list[0].is_pipe = true;
    let interrupt = settings.interrupt.clone();
    let running = std::thread::spawn(move || run(&mut Pass, settings));
    send.send(b"one\n".to_vec()).expect("the reader listens");
    assert_eq!(told.recv().expect("a line"), b"one\n", "the run is under way");
    signal(&interrupt, 2);
    send.send(b"two\n".to_vec()).expect("the reader listens");
    drop(send);
    assert_eq!(running.join().expect("no panic").expect("memory").end, End::Signal(2));
    assert_eq!(told.recv().expect("a line"), b"two\n");
}

#[test]
fn a_signalled_run_does_not_wait_for_stages_that_go_on() {
    let (_send, parts) = channel();
    let mut settings = settings(vec![Box::new(Live(parts))], 1, 1 << 20, Output::to(Box::new(io::sink())));
    settings.inputs.list[0].is_pipe = true;
    let interrupt = settings.interrupt.clone();
    let running = std::thread::spawn(move || run(&mut Pass, settings));
    signal(&interrupt, 15);
    assert_eq!(running.join().expect("no panic").expect("memory").end, End::Signal(15));
}

/// Leaves all lines of a chunk but the first until the test says so.
struct Late(Vec<Range<usize>>, Arc<Mutex<Instant>>);

impl Job for Late {
    type Mapper = Pass;

    fn recipe(&self) -> Recipe<Pass> {
        Arc::new(|| Ok(Pass))
    }

    fn apply(
        &mut self,
        chunk: &Chunk,
        batch: Vec<Range<usize>>,
        cx: &mut Context<'_>,
    ) -> anyhow::Result<Flow> {
        self.0 = batch;
        self.0.reverse();
        self.go_on(chunk, cx)
    }

    fn go_on(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let Some(range) = self.0.pop() else { return Ok(Flow::On) };
        cx.out.line(&chunk.bytes()[range])?;
        Ok(Flow::Later(*self.1.lock().expect("no panic")))
    }

    fn finish(&mut self, _end: End, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}

#[test]
fn a_chunk_that_is_left_for_later_holds_the_others_and_nothing_else() {
    let due = |seconds| Instant::now() + Duration::from_secs(seconds);
    // Due at once: all comes out, in order, with the rejects behind their lines.
    let memory = Memory::default();
    let sources: Vec<Box<dyn ByteSource>> = vec![
        Box::new(Parts([b"a\nbad\nb\n".to_vec(), b"c\nd\n".to_vec()].into())),
        Box::new(Parts([b"e".to_vec()].into())),
    ];
    let settings_now = settings(sources, 2, 100, Output::to(Box::new(memory.clone())));
    let outcome = run(&mut Late(Vec::new(), Arc::new(Mutex::new(due(0)))), settings_now).expect("memory");
    assert_eq!(*memory.0.lock().expect("no panic"), b"a\nb\nc\nd\ne\n");
    assert_eq!((outcome.end, &outcome.figures["records"]), (End::Input, &5.into()));
    // Due in hours: what came before is out, figures are shown, a signal ends it, also where the input is a pipe.
    let (send, parts) = channel();
    let (tell, told) = channel();
    let (note, notes) = channel();
    let mut held = settings(vec![Box::new(Live(parts))], 2, 100, Output::to(Box::new(Told(tell))));
    held.inputs.list[0].is_pipe = true;
    held.notes = Notes::new("test", Box::new(move |_, line| drop(note.send(line.to_owned()))));
    let interrupt = held.interrupt.clone();
    let running =
        std::thread::spawn(move || run(&mut Late(Vec::new(), Arc::new(Mutex::new(due(9999)))), held));
    send.send(b"a\nb\n".to_vec()).expect("the reader listens");
    assert_eq!(told.recv().expect("a line"), b"a\n");
    interrupt.ask_report();
    assert!(notes.recv().expect("figures").starts_with("{\"tool\":\"test\",\"lines\":2,"));
    signal(&interrupt, 15);
    assert_eq!(running.join().expect("no panic").expect("memory").end, End::Signal(15));
    assert!(told.recv().is_err(), "what is not due is not sent");
}

#[test]
fn a_closed_output_ends_a_run_that_waits() {
    let (_send, parts) = channel();
    let settings = settings(vec![Box::new(Live(parts))], 1, 1 << 20, Output::to(Box::new(io::sink())));
    let interrupt = settings.interrupt.clone();
    let running = std::thread::spawn(move || run(&mut Pass, settings));
    interrupt.output_closed();
    let error = running.join().expect("no panic").expect_err("a closed pipe");
    assert_eq!(error.error.downcast_ref::<io::Error>().map(io::Error::kind), Some(io::ErrorKind::BrokenPipe));
}

#[test]
fn many_chunks_of_a_file_are_shared_and_stay_in_order() {
    let bytes: Vec<u8> = (0..300_000).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    let parts: Vec<Vec<u8>> = bytes.chunks(100_000).map(<[u8]>::to_vec).collect();
    for threads in [1, 2, 4] {
        let (out, outcome) = pass(std::slice::from_ref(&parts), true, threads, 100);
        assert!(out.as_bytes() == bytes, "{threads} threads");
        assert_eq!(outcome.figures["lines"], 300_000);
    }
}
