//! Connections that are made of memory: what comes, how they end, and what a reader makes of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::source::live::SieveOptions;

/// What a connection does next.
#[derive(Clone, Debug)]
enum Act {
    Send(Vec<u8>),
    Token(&'static str),
    Life,
    Hang,
    Finish,
    Break,
}

/// Connections in turn; without a further one, the server is gone.
#[derive(Default)]
struct Scripts {
    connections: VecDeque<Vec<Act>>,
    asked: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
}

struct Script(VecDeque<Act>, Option<&'static str>);

impl Transport for Scripts {
    fn connect(&mut self, token: Option<&[u8]>, _meter: &Meter) -> Result<Box<dyn Connection>, Error> {
        self.asked.lock().unwrap().push(token.map(<[u8]>::to_vec));
        let script = self.connections.pop_front().ok_or_else(|| Error::new("server", Reason::Refused))?;
        Ok(Box::new(Script(script.into(), None)))
    }
}

impl Connection for Script {
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error> {
        match self.0.pop_front() {
            Some(Act::Send(bytes)) => {
                let taken = bytes.len().min(buf.len());
                buf[..taken].copy_from_slice(&bytes[..taken]);
                if taken < bytes.len() {
                    self.0.push_front(Act::Send(bytes[taken..].to_vec()));
                } else if let Some(Act::Token(token)) = self.0.front() {
                    self.1 = Some(token);
                    self.0.pop_front();
                }
                Ok(Got::Bytes(taken))
            }
            Some(Act::Life | Act::Token(_)) => Ok(Got::Life),
            Some(Act::Hang) => Ok(Got::End(Ended::Orderly)),
            Some(Act::Finish) => Ok(Got::End(Ended::Finished)),
            Some(Act::Break) | None => Err(Error::new("server", Reason::Dropped("gone".into()))),
        }
    }

    fn would_block(&mut self) -> bool {
        true
    }

    fn token(&mut self) -> Option<Vec<u8>> {
        self.1.take().map(Into::into)
    }
}

fn sieve(most: usize, known: Vec<Box<[u8]>>) -> Option<Arc<Mutex<Sieve>>> {
    let options =
        SieveOptions { id: Some(".id".parse().unwrap()), id_memory: most, ..SieveOptions::default() };
    Sieve::new(&options, known).map(Mutex::new).map(Arc::new)
}

fn plan() -> Plan {
    Plan {
        policy: Policy { base: Duration::ZERO, retry_max: Some(0), must_begin: true },
        stall_timeout: None,
        sieve: None,
        place_of: None,
        token: None,
        voice: Arc::new(|_, _| {}),
        seed: 0,
    }
}

fn open(connections: Vec<Vec<Act>>, plan: Plan, trail: &Trail) -> LiveSource {
    let scripts = Scripts { connections: connections.into(), ..Scripts::default() };
    LiveSource::open("live".into(), Box::new(scripts), plan, trail.clone(), Meter::default()).unwrap()
}

/// A read that a reader does once more where it is to look around first.
fn read(source: &mut LiveSource, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Whole lines and cut ones, as a reader with a buffer of this size sees them, until the end or an error.
fn lines(source: &mut LiveSource, room: usize) -> (Vec<String>, Vec<String>) {
    let (mut whole, mut cut, mut line) = (Vec::new(), Vec::new(), Vec::new());
    let mut buf = vec![0; room];
    while let Ok(read @ 1..) = read(source, &mut buf) {
        for &byte in &buf[..read] {
            line.push(byte);
            if byte == b'\n' {
                whole.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
            }
        }
        if source.was_cut() {
            cut.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
        }
    }
    whole.extend((!line.is_empty()).then(|| String::from_utf8(line).unwrap()));
    (whole, cut)
}

fn send(text: &str) -> Act {
    Act::Send(text.into())
}

const ROOMS: [usize; 4] = [1, 7, 100, 256 << 10];

#[test]
fn connections_are_joined_and_never_glued() {
    for room in ROOMS {
        let connections = vec![
            vec![send("{\"a\":1}\n{\"a\""), send(":2}\n{\"a\":"), Act::Hang],
            vec![send("3}\n{\"a\":4}"), Act::Hang],
            vec![send("\n\n{\"a\":5}\n \t"), Act::Break],
        ];
        let plan = Plan { policy: Policy { retry_max: None, ..plan().policy }, ..plan() };
        let mut source = open(connections, plan, &Trail::default());
        // The server that is gone for good is asked for ever: so only what comes before that is read.
        let (mut whole, mut cut, mut line, mut buf) = (Vec::new(), Vec::new(), String::new(), vec![0; room]);
        while whole.len() < 7 {
            let read = read(&mut source, &mut buf).unwrap();
            line += std::str::from_utf8(&buf[..read]).unwrap();
            while let Some(newline) = line.find('\n') {
                whole.push(line.drain(..=newline).collect::<String>());
            }
            if source.was_cut() {
                cut.push(std::mem::take(&mut line));
            }
        }
        assert_eq!(
            whole,
            ["{\"a\":1}\n", "{\"a\":2}\n", "3}\n", "{\"a\":4}\n", "\n", "\n", "{\"a\":5}\n"],
            "{room}"
        );
        assert_eq!(cut, ["{\"a\":"]);
    }
}

proptest! {
    /// However a stream is cut into reads and connections, only the lines that a connection cut in two are lost, and each
    /// is told.
    #[test]
    fn every_line_is_whole_or_told(
        lines_sent in prop::collection::vec(prop::sample::select(vec!["{}", "{\"a\":\"\u{e9}\"}", "", "{\"x\":[1,2]}"]), 1..12),
        cuts in prop::collection::btree_set(0usize..120, 0..6),
        pieces in 1usize..9,
        room in prop::sample::select(ROOMS.to_vec()),
    ) {
        let stream: String = lines_sent.iter().map(|line| format!("{line}\n")).collect();
        let mut bounds: Vec<usize> = cuts.into_iter().filter(|cut| *cut > 0 && *cut < stream.len()).collect();
        bounds.insert(0, 0);
        bounds.push(stream.len());
        let parts: Vec<&[u8]> = bounds.windows(2).map(|pair| &stream.as_bytes()[pair[0]..pair[1]]).collect();
        let last = parts.len() - 1;
        let connections = parts.iter().enumerate().map(|(nth, part)| {
            let sent = part.chunks(pieces).map(|piece| Act::Send(piece.to_vec()));
            sent.chain([if nth == last { Act::Finish } else { Act::Hang }]).collect()
        });
        let plan = Plan { policy: Policy { retry_max: None, ..plan().policy }, ..plan() };
        let mut source = open(connections.collect(), plan, &Trail::default());
        let mut bytes = Vec::new();
        let mut told = Vec::new();
        let mut buf = vec![0; room];
        loop {
            let read = read(&mut source, &mut buf).unwrap();
            if read == 0 {
                break;
            }
            bytes.extend_from_slice(&buf[..read]);
            if source.was_cut() {
                let start = memrchr(b'\n', &bytes).map_or(0, |newline| newline + 1);
                told.push(bytes.split_off(start));
            }
        }
        // The oracle: each part by itself.
        let (mut expected, mut cut) = (Vec::new(), Vec::new());
        for (nth, part) in parts.iter().enumerate() {
            let end = memrchr(b'\n', part).map_or(0, |newline| newline + 1);
            expected.extend_from_slice(&part[..end]);
            let rest = &part[end..];
            if nth < last && scan::check(rest.trim_ascii()).is_ok() {
                expected.extend_from_slice(rest);
                expected.push(b'\n');
            } else if nth < last && !rest.trim_ascii().is_empty() {
                cut.push(rest.to_vec());
            }
        }
        prop_assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&expected));
        prop_assert_eq!(told, cut);
    }
}

#[test]
fn a_finite_source_keeps_its_last_line_as_it_came() {
    for room in ROOMS {
        let mut source =
            open(vec![vec![send("{\"a\":1}\n{\"a\":"), Act::Life, Act::Finish]], plan(), &Trail::default());
        assert_eq!(lines(&mut source, room), (vec!["{\"a\":1}\n".into(), "{\"a\":".into()], vec![]));
        assert!(!source.is_live());
    }
}

#[test]
fn a_line_of_any_length_passes_and_one_that_is_cut_is_told_however_long() {
    let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(3 * LONG));
    for room in [1 << 10, 256 << 10] {
        let bytes = [&long, "{\"b\":1}\n", &long[..2 * LONG]].concat();
        let pieces = bytes.as_bytes().chunks(50_000).map(|piece| Act::Send(piece.to_vec()));
        let script = pieces.chain([Act::Break]).collect();
        let mut source = open(vec![script], plan(), &Trail::default());
        let (whole, cut) = lines(&mut source, room);
        assert_eq!(whole, [long.as_str(), "{\"b\":1}\n"]);
        assert_eq!(cut, [&long[..2 * LONG]]);
    }
}

#[test]
fn places_are_marked_behind_whole_lines_alone() {
    for room in ROOMS {
        let trail = Trail::kept(None);
        let script = vec![
            send("{\"a\":1}\n{\"a\":2}\n"),
            Act::Token("two"),
            send("{\"a\":"),
            send("3}\n"),
            Act::Token("three"),
            Act::Finish,
        ];
        let mut source = open(vec![script], plan(), &trail);
        let mut buf = vec![0; room];
        let mut place = 0;
        while let Ok(read @ 1..) = read(&mut source, &mut buf) {
            place += read as u64;
            // Tokens are looked at without asking for later places.
            let expected = match place {
                24.. => Some("three"),
                16.. => Some("two"),
                _ => None,
            };
            let (token, _) = trail.at(place);
            assert_eq!(token.as_deref(), expected.map(str::as_bytes), "{room} {place}");
        }
    }
}

#[test]
fn it_goes_on_where_the_last_record_was_and_leaves_out_what_comes_again() {
    let record = |id: u32| format!("{{\"id\":{id},\"t\":{}}}\n", id * 10);
    let first = vec![send(&(1..=5).map(record).collect::<String>()), Act::Hang];
    let second = vec![send(&(3..=8).map(record).collect::<String>()), Act::Finish];
    let (trail, asked) = (Trail::kept(None), Arc::new(Mutex::new(Vec::new())));
    let scripts = Scripts { connections: vec![first, second].into(), asked: Arc::clone(&asked) };
    let plan = Plan {
        sieve: sieve(100, vec![b"2"[..].into()]),
        place_of: Some(".t".parse().unwrap()),
        token: Some(b"7".to_vec()),
        policy: Policy { retry_max: None, ..plan().policy },
        ..plan()
    };
    let mut source =
        LiveSource::open("live".into(), Box::new(scripts), plan, trail.clone(), Meter::default()).unwrap();
    let (whole, cut) = lines(&mut source, 256 << 10);
    assert_eq!(whole, [1, 3, 4, 5, 6, 7, 8].map(record));
    assert_eq!((cut.len(), trail.repeats(), trail.reconnects()), (0, 4, 1));
    assert_eq!(*asked.lock().unwrap(), [Some(b"7".to_vec()), Some(b"50".to_vec())]);
    let (token, ids) = trail.at(u64::MAX);
    assert_eq!(token.as_deref(), Some(&b"80"[..]));
    assert_eq!(ids.len(), 7);
}

#[test]
fn bytes_without_a_line_are_no_life() {
    let mut script: Vec<Act> = vec![send("{\"a\":1}\n")];
    script.extend((0..100_000).map(|_| send("x")));
    let limit = Duration::from_millis(1);
    let mut source = open(vec![script], Plan { stall_timeout: Some(limit), ..plan() }, &Trail::default());
    let mut buf = vec![0; 1 << 20];
    assert_eq!(read(&mut source, &mut buf).unwrap(), 8);
    thread::sleep(2 * limit);
    assert_eq!(read(&mut source, &mut buf).unwrap(), 1);
    assert!(source.was_cut());
    let error = read(&mut source, &mut buf).unwrap_err();
    assert_eq!(error.to_string(), "live: silent for 1 ms; the connection is given up");
}

#[test]
fn what_is_said_is_said_once_and_in_words() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let voice: Voice = {
        let said = Arc::clone(&said);
        Arc::new(move |kind, text: &str| said.lock().unwrap().push((kind, text.to_owned())))
    };
    let policy = Policy { base: Duration::from_millis(1), retry_max: Some(1), must_begin: true };
    let connections = vec![vec![send("{}\n"), Act::Break], vec![Act::Hang]];
    let mut source = open(connections, Plan { voice, policy, ..plan() }, &Trail::default());
    let mut buf = vec![0; 1 << 20];
    assert_eq!(read(&mut source, &mut buf).unwrap(), 3);
    assert!(read(&mut source, &mut buf).is_err());
    let said = said.lock().unwrap();
    let words: Vec<&str> = said.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        words,
        ["server: the connection was cut in the middle (gone); connecting again in 1 ms", "live: connected"]
    );
    assert_eq!(said[0].0, NoteKind::Warning);
}
