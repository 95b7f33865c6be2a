//! Pipelines with `--checkpoint` whose stages are killed, or stopped and killed, at random instants, and started again, as a
//! supervisor does: what they leave is what a pipeline leaves that nobody disturbed, row by row.
//!
//! `KILLS=1000 cargo test --release --test kills_pipe` (scripts/kill-harness) kills that many of each kind; `SEED=N` kills as a
//! run before did, as far as chance rules it.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::database::{Base, Kind};
use common::feed::{Feed, Manners};
use common::kept::{Chance, kills};
use common::pipe::{Ended, Flowing, Pipe, tail};
use common::{PATIENCE, gzip};

/// Pipelines at a time: most of them wait for their source.
const AT_ONCE: u64 = 3;

/// Another one each time, unless it is given.
fn seed() -> u64 {
    let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 % 1_000_000_007);
    println!("SEED={seed}");
    seed
}

/// Records in disorder, some of them late, some without a key, each with its number.
fn records(chance: &mut Chance, count: usize) -> Vec<String> {
    let record = |n: usize| {
        let time = 1_500_000_000_000 + n as u64 * 37 - chance.below(9_000) * u64::from(chance.below(3) == 0);
        match chance.below(30) {
            0 => format!("{{\"n\":{n},\"t\":{time}}}"),
            1 => format!("{{\"n\":{n},\"t\":{},\"k\":\"late\",\"v\":2}}", time - 60_000),
            _ => format!(
                "{{\"n\":{n},\"t\":{time},\"k\":\"key {}\",\"v\":{}}}",
                chance.below(20),
                chance.below(1000)
            ),
        }
    };
    (1..=count).map(record).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Counts of keys in windows, ranked: all that stands between a source and its end.
const COUNTED: [&str; 3] = [
    "jsonl-filter --where .v!=7 --dedupe .n --within 5000rec",
    "window-count --time .t --key .k --sum v=.v --window 20s/5s --watermark 3s",
    "topn 5",
];

/// A kind of pipeline: how it is made in a folder, and what it leaves there.
struct Case<'c> {
    stages: &'c (dyn Fn(&Path) -> Vec<String> + Sync),
    left: &'c (dyn Fn(&Path) -> Vec<String> + Sync),
    /// Its source has no end: when this is so, all is there.
    is_complete: Option<&'c (dyn Fn(&Path) -> bool + Sync)>,
}

impl Case<'_> {
    fn pipe(&self, folder: &Path, is_kept: bool) -> Pipe {
        let mut stages: Vec<Vec<String>> = (self.stages)(folder).iter().map(|stage| words(stage)).collect();
        let mut shared = words("-q");
        if is_kept {
            shared.extend(["--checkpoint".into(), folder.join("marks").display().to_string()]);
            stages[0].extend(words("--mark-every 5ms"));
        } else {
            // There is no folder in which it needs a name.
            for words in &mut stages {
                words.iter().position(|word| word == "--stage").map(|at| words.drain(at..at + 2));
            }
        }
        Pipe::new(&folder.join("log"), &stages, &shared)
    }

    /// Lets it run to its end, if it has one, or until all is there. False where it ended without that.
    fn runs_on(&self, flowing: &mut Flowing, folder: &Path, pause: Duration) -> bool {
        let Some(is_complete) = self.is_complete else { return flowing.has_ended_within(pause) };
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if is_complete(folder) {
                (0..flowing.children.len()).for_each(|stage| flowing.signal(stage, "TERM"));
                return true;
            }
            if flowing.has_ended_within(Duration::from_millis(5)) {
                return false;
            }
        }
        false
    }

    /// What it leaves when nobody disturbs it, and how long that takes.
    fn undisturbed(&self, is_kept: bool) -> (Vec<String>, Duration) {
        let folder = tempfile::tempdir().expect("a folder");
        let (folder, begun) = (folder.path(), Instant::now());
        loop {
            let mut flowing = self.pipe(folder, is_kept).start();
            assert!(self.runs_on(&mut flowing, folder, PATIENCE), "it hangs: {}", tail(&folder.join("log")));
            let took = begun.elapsed();
            let ended = flowing.end(&folder.join("log"));
            if self.is_over(&ended, folder) {
                return ((self.left)(folder), took);
            }
            let comes_again = self.is_complete.is_some() && begun.elapsed() < 4 * PATIENCE;
            assert!(comes_again, "{ended:?}: {}", tail(&folder.join("log")));
        }
    }

    /// All is there for good. What is there of a source without an end may not be committed yet when a signal comes: then it is
    /// taken back, and the next run brings it again.
    fn is_over(&self, ended: &Ended, folder: &Path) -> bool {
        self.is_complete.map_or(ended.is_done(), |is_complete| is_complete(folder))
    }

    /// Kills stages until all is done; how many.
    fn disturbed(&self, chance: &mut Chance, whole: Duration, expected: &[String]) -> u64 {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let log = folder.join("log");
        let mut killed = 0;
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < 4 * PATIENCE, "no end after {killed} kills: {}", tail(&log));
            let mut flowing = self.pipe(folder, true).start();
            let pause = Duration::from_micros(chance.below(whole.as_micros() as u64));
            if self.runs_on(&mut flowing, folder, pause) {
                let ended = flowing.end(&log);
                if self.is_over(&ended, folder) {
                    break;
                }
                // Another stage was not quite dead.
                assert!(ended.codes.contains(&75) || self.is_complete.is_some(), "{ended:?}: {}", tail(&log));
                continue;
            }
            killed += 1;
            disturb(&mut flowing, chance);
            let ended = flowing.end(&log);
            // 1 is of grep, which has found nothing yet.
            let known = |code: &i32| [0, 1, 4, 75, 128 + 9, 128 + 13, 128 + 15].contains(code);
            assert!(ended.codes.iter().all(known), "{ended:?}: {}", tail(&log));
        }
        let found = (self.left)(folder);
        if found != expected {
            let at = found.iter().zip(expected).position(|(found, expected)| found != expected);
            let both = at.map(|at| (&found[at], &expected[at]));
            let counts = (found.len(), expected.len());
            panic!(
                "{killed} kills: {counts:?} rows; the first that differs: {at:?} {both:#?}; {}",
                tail(&log)
            );
        }
        killed
    }

    /// Until as many are killed as are wanted.
    fn hold(&self) {
        let (expected, whole) = self.undisturbed(true);
        // Without marks a file is there at the end alone, and not all have one.
        let plain = self.is_complete.is_none().then(|| self.undisturbed(false).0);
        assert!(plain.is_none_or(|plain| plain == expected) && !expected.is_empty(), "marks change nothing");
        let (killed, seed) = (AtomicU64::new(0), seed());
        std::thread::scope(|scope| {
            for job in 0..AT_ONCE {
                let (killed, expected) = (&killed, &expected);
                scope.spawn(move || {
                    let mut chance = Chance(seed * AT_ONCE + job + 1);
                    while killed.load(Ordering::SeqCst) < kills(3) {
                        killed.fetch_add(self.disturbed(&mut chance, whole, expected), Ordering::SeqCst);
                    }
                });
            }
        });
        println!("{} kills", killed.into_inner());
    }
}

/// Ends a pipeline in one of the ways in which they end.
fn disturb(flowing: &mut Flowing, chance: &mut Chance) {
    let count = flowing.children.len();
    let victim = chance.below(count as u64) as usize;
    match chance.below(10) {
        // The machine, or a supervisor.
        0 => (0..count).for_each(|stage| flowing.kill(stage)),
        1 => (0..count).for_each(|stage| flowing.signal(stage, "TERM")),
        // One hangs, and is killed when that is noticed.
        2 | 3 => {
            flowing.signal(victim, "STOP");
            std::thread::sleep(Duration::from_millis(chance.below(60)));
            flowing.kill(victim);
        }
        _ => flowing.kill(victim),
    }
    // Some supervisors kill what is left at once; a shell waits for it.
    if chance.below(3) == 0 {
        (0..count).for_each(|stage| flowing.kill(stage));
    }
}

fn text_of(path: PathBuf) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn out(folder: &Path) -> Vec<String> {
    text_of(folder.join("out"))
}

/// All that a table of SQLite has, in the order of its keys.
fn table(folder: &Path) -> Vec<String> {
    let base = rusqlite::Connection::open(folder.join("base.db")).expect("a database");
    let mut query =
        base.prepare("SELECT * FROM windows ORDER BY window_start, window_end, k").expect("a table");
    let columns = query.column_count();
    let rows = query.query_map([], |row| {
        let values = (0..columns).map(|at| Ok(format!("{:?}", row.get_ref(at)?)));
        values.collect::<rusqlite::Result<Vec<String>>>().map(|values| values.join("|"))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("rows")
}

fn counted(source: String, end: &str) -> Vec<String> {
    let mut stages = vec![source];
    stages.extend(COUNTED.map(str::to_owned));
    match end.strip_prefix("-o ") {
        Some(_) => stages.last_mut().expect("one").push_str(&format!(" {end}")),
        None => stages.push(end.to_owned()),
    }
    stages
}

fn sqlite(folder: &Path) -> String {
    format!("jsonl-store sqlite:{} --create --flush-every 20ms", folder.join("base.db").display())
}

fn to_file(folder: &Path) -> String {
    format!("-o {}", folder.join("out").display())
}

/// A recording of two files, one of them compressed, that is read at a pace.
fn recording(folder: &Path, records: &[String]) -> String {
    let (first, second) = records.split_at(records.len() / 3);
    let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    fs::write(folder.join("one.jsonl.gz"), gzip(text(first).as_bytes())).expect("a file");
    fs::write(folder.join("two.jsonl"), text(second)).expect("a file");
    format!("stream-fetch --rate 12000 {0}/one.jsonl.gz {0}/two.jsonl", folder.display())
}

const MANNERS: Manners = Manners { heap: 40, pause: Duration::from_millis(4), goes_back: 30, breaks: 60 };

#[test]
fn a_recording_that_is_counted_into_a_file() {
    let all = tempfile::tempdir().expect("a folder");
    let source = recording(all.path(), &records(&mut Chance(3), 6_000));
    let stages = |folder: &Path| counted(source.clone(), &to_file(folder));
    Case { stages: &stages, left: &out, is_complete: None }.hold();
}

#[test]
fn a_recording_that_is_counted_into_sqlite() {
    let all = tempfile::tempdir().expect("a folder");
    let source = recording(all.path(), &records(&mut Chance(5), 6_000));
    let stages = |folder: &Path| counted(source.clone(), &sqlite(folder));
    Case { stages: &stages, left: &table, is_complete: None }.hold();
}

#[test]
fn events_that_come_again_and_break_off_into_sqlite() {
    let feed = Feed::new(records(&mut Chance(7), 4_000), MANNERS, 7);
    let source =
        format!("stream-fetch --sse --retry-delay 1ms --retry-max 9 --id .n http://{}/events", feed.address);
    let stages = |folder: &Path| counted(source.clone(), &sqlite(folder));
    Case { stages: &stages, left: &table, is_complete: None }.hold();
}

#[test]
fn lines_with_an_overlap_into_a_file() {
    let feed = Feed::new(records(&mut Chance(11), 4_000), Manners { breaks: 0, ..MANNERS }, 11);
    let how = "--id .n --since-param since --since-field .n --since-overlap 20";
    let source = format!("stream-fetch {how} http://{}/lines", feed.address);
    let stages = |folder: &Path| counted(source.clone(), &to_file(folder));
    Case { stages: &stages, left: &out, is_complete: None }.hold();
}

/// As Bluesky sends its posts: without an end.
#[test]
fn messages_of_a_websocket_into_a_file() {
    let records = records(&mut Chance(13), 4_000);
    let expected: u64 = records.iter().filter(|record| record.contains("\"v\"")).count() as u64;
    let feed = Feed::new(records, MANNERS, 13);
    let how =
        "--retry-delay 1ms --retry-max 9 --id .n --since-param since --since-field .n --since-overlap 20";
    let source = format!("stream-fetch {how} ws://{}/subscribe", feed.address);
    let stages = |folder: &Path| {
        let end = format!("jsonl-filter --map .at=.t {}", to_file(folder));
        vec![
            source.clone(),
            "jsonl-filter .v".into(),
            "jsonl-filter --stage two true".into(),
            end + " --stage three",
        ]
    };
    let is_complete = |folder: &Path| out(folder).len() as u64 >= expected;
    Case { stages: &stages, left: &out, is_complete: Some(&is_complete) }.hold();
}

#[test]
fn events_into_servers_of_databases() {
    for kind in [Kind::Postgres, Kind::Mariadb] {
        let Some(base) = Base::new(kind) else { continue };
        let server = Arc::clone(&base.server);
        let feed = Feed::new(records(&mut Chance(17), 4_000), MANNERS, 17);
        let source = format!(
            "stream-fetch --sse --retry-delay 1ms --retry-max 9 --id .n http://{}/events",
            feed.address
        );
        // A database for each folder.
        let base_of = |folder: &Path| -> Base {
            let path = folder.join("base");
            let name = fs::read_to_string(&path).unwrap_or_else(|_| {
                let name = Base::on(Arc::clone(&server)).name;
                fs::write(&path, &name).expect("a file");
                name
            });
            Base { server: Arc::clone(&server), name }
        };
        let stages = |folder: &Path| {
            let address = base_of(folder).address();
            counted(source.clone(), &format!("jsonl-store {address} --create --flush-every 20ms"))
        };
        let left = |folder: &Path| {
            let mut lines = base_of(folder).lines("SELECT * FROM windows");
            lines.sort();
            lines
        };
        Case { stages: &stages, left: &left, is_complete: None }.hold();
    }
}

#[test]
fn a_recording_that_is_counted_into_files_by_the_minute() {
    let all = tempfile::tempdir().expect("a folder");
    let source = recording(all.path(), &records(&mut Chance(19), 6_000));
    let stages = |folder: &Path| {
        let target = folder.join("%H-%M.jsonl");
        counted(source.clone(), &format!("jsonl-store file:{} --flush-every 20ms", target.display()))
    };
    let left = |folder: &Path| {
        let files = glob::glob(&folder.join("??-??.jsonl").display().to_string()).expect("a pattern");
        let mut files: Vec<PathBuf> = files.flatten().collect();
        files.sort();
        files.into_iter().flat_map(text_of).collect()
    };
    Case { stages: &stages, left: &left, is_complete: None }.hold();
}

/// The picture shows many windows, most of which came before the last kill.
#[test]
fn a_recording_that_is_drawn() {
    let all = tempfile::tempdir().expect("a folder");
    let source = recording(all.path(), &records(&mut Chance(23), 6_000));
    let stages = |folder: &Path| {
        let picture = folder.join("picture.svg");
        counted(
            source.clone(),
            &format!("plot-svg --follow --every 1ms --kind line -o {}", picture.display()),
        )
    };
    let left = |folder: &Path| text_of(folder.join("picture.svg"));
    Case { stages: &stages, left: &left, is_complete: None }.hold();
}

/// A tool of somebody else's takes part if it lets marks pass, and holds no lines back.
#[test]
fn a_recording_that_goes_through_grep() {
    let all = tempfile::tempdir().expect("a folder");
    let source = recording(all.path(), &records(&mut Chance(29), 6_000));
    let stages = |folder: &Path| {
        let mut stages = counted(source.clone(), &to_file(folder));
        stages.insert(1, "grep --line-buffered -e key -e @mark".into());
        stages
    };
    Case { stages: &stages, left: &out, is_complete: None }.hold();
}
