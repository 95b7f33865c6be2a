//! Spools against a model: a list of lines, and the places that were told.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Gives what it is told to, one piece a read, and leaves a trail as a live source does.
struct Script {
    pieces: VecDeque<Piece>,
    trail: Trail,
    /// Its first byte stands there in the spool.
    base: u64,
    place: u64,
    was_cut: bool,
}

impl Script {
    fn new(pieces: Vec<Piece>, trail: &Trail, base: u64) -> Box<Script> {
        Box::new(Script { pieces: pieces.into(), trail: trail.clone(), base, place: 0, was_cut: false })
    }
}

#[derive(Clone, Debug)]
enum Piece {
    /// Lines, the last of which may have no end; so many bytes of them are behind a token.
    Text { text: Vec<u8>, token: Option<usize>, is_cut: bool },
    /// Nothing came yet.
    Wait,
}

impl ByteSource for Script {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.was_cut = false;
        match self.pieces.pop_front() {
            None => Ok(0),
            Some(Piece::Wait) => Err(io::ErrorKind::Interrupted.into()),
            Some(Piece::Text { text, token, is_cut }) => {
                assert!(text.len() <= buf.len(), "pieces are short here");
                buf[..text.len()].copy_from_slice(&text);
                let mut end = self.place;
                for line in text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
                    end += line.len() as u64;
                    self.trail.id(end, line, 5);
                }
                if let Some(token) = token {
                    let place = self.place + token as u64;
                    self.trail.mark(place, (self.base + place).to_string().into_bytes());
                }
                self.place += text.len() as u64;
                self.was_cut = is_cut;
                Ok(text.len())
            }
        }
    }

    fn would_block(&mut self) -> bool {
        matches!(self.pieces.front(), Some(Piece::Wait))
    }

    fn was_cut(&self) -> bool {
        self.was_cut
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    let text = prop::collection::vec(prop::sample::select(b"ab\n\n".as_slice()), 1..30);
    prop_oneof![
        4 => (text, any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(text, told, is_cut)| {
            let lines = memchr::memrchr(b'\n', &text).map_or(0, |newline| newline + 1);
            Piece::Text { token: told.then_some(lines).filter(|lines| *lines > 0), text, is_cut }
        }),
        1 => Just(Piece::Wait),
    ]
}

/// What a run does, and what becomes of it.
#[derive(Clone, Debug)]
struct Life {
    pieces: Vec<Piece>,
    /// So many reads, and then it is killed; 0 reads it to its end.
    reads: usize,
    /// Of the last frames so many bytes are torn off, if they were never handed on.
    torn: u64,
    /// Of the places that were told which is the next one's.
    place: prop::sample::Index,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let life = (prop::collection::vec(piece(), 0..12), 0..9usize, 0..40u64, any::<prop::sample::Index>());
    prop::collection::vec(
        life.prop_map(|(pieces, reads, torn, place)| Life { pieces, reads, torn, place }),
        1..7,
    )
}

fn last_segment(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.max().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 96 } else { 1000 }))]

    /// Runs are killed anywhere, begin at any place that was told, and find what was handed on, and nothing else.
    #[test]
    fn what_was_handed_on_is_found_again_from_any_place(lives in lives()) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("spool");
        // All that was handed on, with the places behind whole lines that a mark may name, and the tokens told at them.
        let (mut all, mut places, mut told, mut from) = (Vec::new(), vec![0_u64], Vec::new(), 0_u64);
        for life in lives {
            let spool = Spool::with_segments_of(&folder, from, 90).unwrap();
            let (token, ids) = spool.known();
            let trail = Trail::kept(token.clone());
            ids.iter().for_each(|id| trail.id(0, id, 5));
            // Its lines from `from` to their last whole one come again.
            let whole = places.last().copied().unwrap();
            all.truncate(whole as usize);
            let script = Script::new(life.pieces.clone(), &trail, whole);
            let mut source = spool.source(script, Some(trail));
            let last = told.iter().rfind(|told: &&u64| **told <= whole);
            prop_assert_eq!(token, last.map(|told| told.to_string().into_bytes()));
            let known: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
            let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
            for id in &known {
                prop_assert!(lines.iter().any(|line| line.ends_with(id)), "{id:?} of {lines:?}");
            }
            // As much as all pieces have: what comes without a wait is read at once.
            let (mut buf, mut place, mut reads) = ([0; 12 * 30], from, 0);
            loop {
                if life.reads > 0 && place >= whole && reads >= life.reads {
                    break;
                }
                let read = match source.read(&mut buf) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read.unwrap(),
                };
                reads += usize::from(place >= whole);
                if read == 0 {
                    break;
                }
                let text = &buf[..read];
                let old = &all[(place as usize).min(all.len())..];
                let again = read.min(old.len());
                prop_assert_eq!(&text[..again], &old[..again], "at {}", place);
                all.extend_from_slice(&text[again..]);
                place += read as u64;
                let newline = memchr::memrchr(b'\n', text);
                places.extend(newline.map(|newline| place - (read - newline - 1) as u64));
                places.extend(source.was_cut().then_some(place));
            }
            let mut begin = whole;
            for piece in &life.pieces {
                if let Piece::Text { text, token, .. } = piece {
                    told.extend(token.map(|token| begin + token as u64).filter(|told| *told <= all.len() as u64));
                    begin += text.len() as u64;
                }
            }
            places.retain(|told| *told <= all.len() as u64);
            places.sort_unstable();
            places.dedup();
            let is_ended = spool.is_ended();
            from = places[life.place.index(places.len())].max(from);
            drop((source, spool));
            if is_ended {
                let spool = Spool::with_segments_of(&folder, from, 90).unwrap();
                let mut source = spool.source(Script::new(Vec::new(), &Trail::default(), 0), None);
                let mut rest = Vec::new();
                loop {
                    let read = source.read(&mut buf).unwrap();
                    if read == 0 { break; }
                    rest.extend_from_slice(&buf[..read]);
                }
                prop_assert_eq!(&rest[..], &all[from as usize..]);
                break;
            }
            // A frame that was being written when the run was killed.
            let mut torn = Vec::new();
            let frame = frame::Frame::Lines { text: b"never seen\n", token: Some(b"x"), ids: vec![], is_cut: false };
            frame.write(&mut torn);
            torn.truncate((life.torn as usize).min(torn.len() - 1));
            let last = last_segment(&folder);
            let mut bytes = fs::read(&last).unwrap();
            bytes.extend_from_slice(&torn);
            fs::write(&last, bytes).unwrap();
        }
    }
}

fn lines(count: usize) -> Vec<Piece> {
    let line =
        |n| Piece::Text { text: format!("{{\"n\":{n}}}\n").into_bytes(), token: Some(8), is_cut: false };
    (0..count).flat_map(|n| [line(n % 10), Piece::Wait]).collect()
}

fn read_lines(spool: &Spool, pieces: Vec<Piece>, reads: usize) -> Vec<u8> {
    let (token, ids) = spool.known();
    let trail = Trail::kept(token);
    ids.iter().for_each(|id| trail.id(0, id, 5));
    let mut source = spool.source(Script::new(pieces, &trail, 0), Some(trail));
    let (mut all, mut buf) = (Vec::new(), [0; 100]);
    for _ in 0..reads {
        match source.read(&mut buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => all.extend_from_slice(&buf[..read.unwrap()]),
        }
    }
    all
}

#[test]
fn segments_that_nobody_needs_are_removed_and_what_is_known_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let spool = Spool::with_segments_of(&folder, 0, 300).unwrap();
    assert_eq!(read_lines(&spool, lines(50), 100).len(), 400);
    let count = || fs::read_dir(&folder).unwrap().count();
    assert!(count() > 3);
    spool.release(392).unwrap();
    assert_eq!(count(), 1);
    assert!(spool.unsynced().unwrap().iter().all(|(path, file)| path.exists() && file.sync_data().is_ok()));
    drop(spool);
    let spool = Spool::with_segments_of(&folder, 392, 300).unwrap();
    let (token, ids) = spool.known();
    assert_eq!(token.unwrap(), b"400");
    let last: Vec<&[u8]> = ids.iter().rev().take(5).map(|id| &id[..]).collect();
    assert_eq!(last, [b"{\"n\":9}\n", b"{\"n\":8}\n", b"{\"n\":7}\n", b"{\"n\":6}\n", b"{\"n\":5}\n"]);
    assert_eq!(read_lines(&spool, Vec::new(), 1), b"{\"n\":9}\n");
    drop(spool);
    for place in [0, 401] {
        let error = Spool::open(&folder, place).err().expect("it is not there").to_string();
        assert!(error.contains(&format!("and {place} is asked for")), "{error}");
    }
}

#[test]
fn a_segment_is_full_also_where_what_comes_at_once_never_ends_with_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let spool = Spool::with_segments_of(&folder, 0, 300).unwrap();
    let text = |text: &str| Piece::Text { text: text.as_bytes().to_vec(), token: None, is_cut: false };
    let pieces =
        std::iter::once(text("{\"n\":")).chain((0..200).flat_map(|_| [text("1}\n{\"n\":"), Piece::Wait]));
    let all = read_lines(&spool, pieces.collect(), 401);
    assert_eq!(all.len(), 5 + 200 * 8);
    let lengths = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    assert!(
        lengths().count() > 3 && lengths().all(|length| length < 600),
        "{:?}",
        lengths().collect::<Vec<_>>()
    );
    drop(spool);
    let spool = Spool::with_segments_of(&folder, 0, 300).unwrap();
    assert_eq!(
        read_lines(&spool, Vec::new(), 401).len(),
        all.len(),
        "the source has ended, with a line that is not whole"
    );
}

#[test]
fn one_process_at_a_time_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let spool = Spool::open(&folder, 0).unwrap();
    let error = Spool::open(&folder, 0).err().expect("it is held");
    assert!(error.downcast::<StateError>().is_ok_and(|error| error.is_locked()));
    drop(spool);
    assert!(Spool::open(&folder, 0).is_ok());
}

#[test]
fn a_segment_that_was_being_begun_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let spool = Spool::open(&folder, 0).unwrap();
    read_lines(&spool, lines(3), 6);
    drop(spool);
    fs::write(folder.join(format!("{:020}.spool", 24)), b"\x20").unwrap();
    let spool = Spool::open(&folder, 8).unwrap();
    assert_eq!(read_lines(&spool, Vec::new(), 3), b"{\"n\":1}\n{\"n\":2}\n");
}

#[test]
fn a_spool_that_cannot_be_written_says_so_and_hands_nothing_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let spool = Spool::with_segments_of(&folder, 0, 60).unwrap();
    let trail = Trail::kept(None);
    let mut source = spool.source(Script::new(lines(9), &trail, 0), Some(trail));
    // The next segment has no place.
    fs::remove_dir_all(&folder).unwrap();
    let (mut buf, mut read) = ([0; 100], 0);
    let error = loop {
        match source.read(&mut buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break error,
            Ok(more) => read += more,
        }
    };
    assert!((8..72).contains(&read), "{read}");
    assert!(error.to_string().contains("cannot write the spool"), "{error}");
}
