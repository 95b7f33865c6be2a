//! `jsonl-store mongodb://…`: what a strict double of MongoDB has afterwards, as pymongo reads it, which drives the double, too. No
//! server itself can be had where these tests run.
#![cfg(feature = "mongodb")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::emissions::emissions;
use common::kept::Chance;
use common::peer::{Peer, python_with};
use common::{PATIENCE, Tool, demo, json_lines, ranked_rows, tool};
use serde_json::{Value, json};

/// The double, in a folder of its own.
struct Base {
    folder: tempfile::TempDir,
    python: PathBuf,
    peer: Option<Peer>,
    port: u16,
}

impl Base {
    fn new() -> Option<Base> {
        let python = python_with("pymongo")?;
        let mut base = Base { folder: tempfile::tempdir().expect("a folder"), python, peer: None, port: 0 };
        base.start();
        Some(base)
    }

    /// Starts it, again on its port.
    fn start(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doubles/mongodb.py");
        let peer = Peer::start_at((self.port > 0).then_some(self.port), |port| {
            let (python, script) = (self.python.display().to_string(), script.display().to_string());
            vec![python, script, port.to_string(), self.folder.path().display().to_string()]
        });
        self.port = peer.port;
        self.peer = Some(peer);
    }

    fn store(&self, args: &[&str]) -> Tool {
        let target = format!("mongodb://127.0.0.1:{}/trends", self.port);
        tool("jsonl-store").arg(target).args(args).args(["--retry-delay", "10ms"])
    }

    /// What a script with pymongo prints; `base` is the database.
    fn python(&self, script: &str) -> String {
        let begin = format!(
            "import json, datetime, sys\nfrom bson import json_util\nfrom pymongo import MongoClient, ReplaceOne, DeleteOne, InsertOne\n\
             from pymongo.errors import *\nclient = MongoClient('mongodb://127.0.0.1:{}', tz_aware=True)\nbase = client.trends\n",
            self.port
        );
        let ran =
            Command::new(&self.python).args(["-c", &(begin + script)]).output().expect("Python is there");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    }

    /// The documents of a collection, times as they were, without their names.
    fn documents(&self, table: &str) -> BTreeSet<String> {
        let script = format!(
            "def plain(value):\n    if isinstance(value, datetime.datetime):\n        return value.isoformat().replace('+00:00', 'Z')\n    return value\n\
             for row in base[{table:?}].find():\n    row.pop('_id')\n    print(json.dumps({{name: plain(value) for name, value in row.items()}}))\n"
        );
        let lines = self.python(&script);
        json_lines(&lines).iter().map(Value::to_string).collect()
    }

    /// Has the next so many of some commands go wrong.
    fn fail(&self, times: u32, data: &Value) {
        self.python(&format!(
            "client.admin.command('configureFailPoint', 'failCommand', mode={{'times': {times}}}, data=json.loads({:?}))",
            data.to_string()
        ));
    }
}

fn expected(lines: &str) -> BTreeSet<String> {
    json_lines(lines).iter().map(Value::to_string).collect()
}

#[test]
fn rows_of_windows_are_documents_and_the_same_stream_twice_changes_nothing() {
    let Some(base) = Base::new() else { return };
    let rows = ranked_rows();
    let all = expected(std::str::from_utf8(&rows).expect("UTF-8"));
    for batch in ["5000", "7"] {
        base.store(&["--create", "--batch", batch]).input(&rows).run().quietly();
        assert_eq!(base.documents("windows"), all);
    }
    assert!(all.len() > 100);
    let kinds = base.python(
        "row = base.windows.find_one({'rank': 1})\nprint(type(row['window_end']).__name__, type(row['count']).__name__, type(row['share']).__name__)",
    );
    assert_eq!(kinds, "datetime Int64 float\n");
    let newest = json_lines(std::str::from_utf8(&rows).expect("UTF-8")).pop().expect("a row");
    let start: jiff::Timestamp = newest["window_start"].as_str().expect("a time").parse().expect("a time");
    base.store(&["--keep", "4s"]).input(newest.to_string()).run().quietly();
    let kept = base.documents("windows");
    let is_kept = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let time: jiff::Timestamp = row["window_start"].as_str().expect("a time").parse().expect("a time");
        start.as_millisecond() - time.as_millisecond() <= 4000
    };
    assert!(!kept.is_empty() && kept.len() < all.len() && kept.iter().all(|line| is_kept(line)));
}

#[test]
fn what_replaces_what_is_as_in_the_other_stores() {
    let Some(base) = Base::new() else { return };
    let mut chance = Chance(20_261_122);
    for case in 0..20 {
        let table = format!("case{case}");
        let file = base.folder.path().join(format!("{table}.jsonl"));
        let (mut sent, mut newest) = (String::new(), [0; 4]);
        for _ in 0..3 {
            let batch = (1 + chance.below(9)).to_string();
            let args = ["--batch", &batch, "--key-columns", "window_start,window_end,tag"];
            let lines = emissions(&mut chance, &mut newest);
            base.store(&args).args(["--table", &table]).input(&lines).run().with_code(0);
            let target = format!("file:{}", file.display());
            tool("jsonl-store").arg(target).args(args).input(&lines).run().with_code(0);
            sent += &format!("--batch {batch}\n{lines}");
        }
        let kept = fs::read_to_string(&file).unwrap_or_default().replace(r#","update":true"#, "");
        assert_eq!(base.documents(&table), expected(&kept), "{sent}");
    }
}

#[test]
fn faults_of_all_kinds_leave_exactly_the_right_documents() {
    let Some(base) = Base::new() else { return };
    let records: String =
        (0..100).map(|at| format!("{{\"id\":{at},\"text\":\"text of {at}.\"}}\n")).collect();
    let again = records.replace("text of", "other text of");
    let args = ["--table", "t", "--key-columns", "id", "--batch", "25"];
    for (times, data, says) in [
        (2, json!({"failCommands": ["update"], "errorCode": 91}), "as told"),
        (2, json!({"failCommands": ["update"], "closeConnection": true}), "trying again"),
        (2, json!({"failCommands": ["update"], "closeConnection": true, "afterwards": true}), "trying again"),
        (1, json!({"failCommands": ["update"], "blockConnection": true, "blockTimeMS": 200}), ""),
        (
            1,
            json!({"failCommands": ["update"], "documents": "of 7.", "errorCode": 112}),
            "1 of 25 documents are not taken yet",
        ),
    ] {
        for input in [&again, &records] {
            base.fail(times, &data);
            let ran = base.store(&args).input(input).run().with_code(0);
            assert!(ran.err.contains(says), "{says}: {}", ran.err);
            assert_eq!(base.documents("t"), expected(input), "{data}");
        }
    }
    // A server that does not answer is no reason to wait for ever.
    base.fail(1, &json!({"failCommands": ["update"], "blockConnection": true, "blockTimeMS": 60_000}));
    let short = ["--response-timeout", "100ms", "--connect-timeout", "1s"];
    let ran = base.store(&args).args(short).input(&again).run().with_code(0);
    assert!(ran.err.contains("no answer within"), "{}", ran.err);
    assert_eq!(base.documents("t"), expected(&again));
    base.fail(3, &json!({"failCommands": ["update"], "errorCode": 189}));
    let ran = base.store(&args).args(["--retry-max", "2"]).input(&records).run().with_code(4);
    assert!(ran.err.contains("gave up after 3 failures"), "{}", ran.err);
}

#[test]
fn killed_in_the_middle_and_a_server_that_is_started_again() {
    let Some(mut base) = Base::new() else { return };
    let counted = tool("window-count")
        .args(["-q", "--key", ".lang", "--window", "10s", "--emit", "complete", "--trigger", "4s"])
        .input(demo("demo:tweets", 3000))
        .run()
        .with_code(0);
    let file = base.folder.path().join("whole.jsonl");
    tool("jsonl-store").arg(format!("file:{}", file.display())).input(&counted.out).run().with_code(0);
    let all = expected(&fs::read_to_string(&file).expect("rows"));
    let args = ["--batch", "20", "--retry-max", "inf", "--connect-timeout", "1s"];
    for after in [1, 5] {
        let mut run = base.store(&args).start();
        let mut input = run.take_input();
        let rows = counted.out.clone();
        std::thread::spawn(move || drop(std::io::Write::write_all(&mut input, &rows)));
        let until = Instant::now() + PATIENCE;
        while base.documents("windows").len() < 10 * after {
            assert!(Instant::now() < until, "nothing is stored");
        }
        run.child.kill().expect("it runs");
        run.child.wait().expect("it ran");
    }
    let mut run = base.store(&args).start();
    run.send(&counted.out[..counted.out.len() / 2]);
    base.peer = None;
    run.send(&counted.out[counted.out.len() / 2..]);
    run.close_input();
    while !run.said().contains("trying again") {}
    base.start();
    let (code, said) = run.end();
    assert!(code == 0 && said.contains("it works again"), "{code}: {said}");
    assert_eq!(base.documents("windows"), all);
}

const HOSTILE: [&str; 8] = [
    "it's \"quoted\" \\",
    "a\0b\u{1}",
    "\u{202e}right\u{200f} to left",
    "😀👩‍👩‍👧 e\u{301}",
    "$where",
    "a.b.$c",
    "",
    "2018-11-12T19:00:00Z",
];

#[test]
fn hostile_names_and_texts_come_back_and_what_cannot_be_is_refused() {
    let Some(base) = Base::new() else { return };
    let record = |text: &str| {
        let mut record = json!({"key": text, "text": format!("{text}.\\"), "n": 1.5, "large": i64::MIN, "yes": true, "list": [{"x": text}], "none": null});
        if !text.contains('\0') {
            record[format!("name {text}")] = text.into();
        }
        record.to_string() + "\n"
    };
    let long = "é\"".repeat(800);
    let records: String = HOSTILE.iter().copied().chain([long.as_str()]).map(record).collect();
    let args = ["--table", "t", "--key-columns", "key"];
    for _ in 0..2 {
        base.store(&args).input(&records).run().quietly();
        assert_eq!(base.documents("t"), expected(&records));
    }
    let wrong = concat!(
        "{\"key\":1,\"_id\":7}\n",
        "{\"key\":2,\"$set\":7}\n",
        "{\"key\":3,\"a\\u0000b\":7}\n",
        "{\"key\":4,\"n\":9223372036854775808}\n",
        "{\"key\":5,\"n\":-99999999999999999999}\n",
        "{\"key\":null}\n",
    );
    let letters = base.folder.path().join("letters");
    let ran = base
        .store(&args)
        .args(["--dead-letter", letters.to_str().expect("UTF-8")])
        .input([wrong, "{\"key\":9}\n"].concat())
        .run()
        .with_code(0);
    assert_eq!(fs::read_to_string(&letters).expect("letters"), wrong, "{}", ran.err);
    assert_eq!(base.documents("t").len(), HOSTILE.len() + 2);
    for (target, says) in [
        ("mongodb://127.0.0.1:1", "names no database"),
        ("mongodb://me:hush@127.0.0.1:1/t", "MONGODB_USERNAME"),
        ("mongodb+srv://127.0.0.1/t", "there is no store"),
    ] {
        let ran = tool("jsonl-store")
            .args([target, "--key-columns", "key"])
            .input("{\"key\":1}\n")
            .run()
            .with_code(2);
        assert!(ran.err.contains(says) && !ran.err.contains("hush"), "{target}: {}", ran.err);
    }
    let dry = base.store(&args).arg("--dry-run").input("{\"key\":\"a\",\"n\":1}\n").run().quietly();
    assert!(
        dry.text().starts_with("{ \"update\": \"t\"") && dry.text().contains("\"upsert\": true"),
        "{}",
        dry.text()
    );
}

#[test]
fn pymongo_drives_the_double() {
    let Some(base) = Base::new() else { return };
    let script = r#"
t = base.t
assert client.admin.command("ping")["ok"] == 1 and client.server_info()["version"] == "7.0.0"
assert len(t.insert_many([{"_id": n, "n": n, "text": "it's \u202e \U0001f600"} for n in range(500)]).inserted_ids) == 500
assert t.count_documents({}) == 500 and t.count_documents({"n": {"$lt": 10}}) == 10
assert sorted(row["n"] for row in t.find({}, batch_size=33)) == list(range(500))
assert t.find_one({"_id": 7}) == {"_id": 7, "n": 7, "text": "it's \u202e \U0001f600"}
assert t.find_one({"_id": 7}, {"n": 1}) == {"_id": 7, "n": 7} and t.find_one({"_id": True}) is None
guard = lambda rev: {"_id": "a", "$or": [{"rev": {"$lte": rev}}, {"rev": {"$exists": False}}]}
assert t.replace_one(guard(2), {"rev": 2}, upsert=True).upserted_id == "a"
assert t.replace_one(guard(3), {"rev": 3}, upsert=True).modified_count == 1
def code(what):
    try:
        what()
    except PyMongoError as error:
        return error.details["writeErrors"][0]["code"] if isinstance(error, BulkWriteError) else error.code
assert code(lambda: t.replace_one(guard(1), {"rev": 1}, upsert=True)) == 11000
assert code(lambda: t.insert_one({"_id": "a"})) == 11000
done = t.bulk_write([ReplaceOne({"_id": "b"}, {"n": 1}, upsert=True), ReplaceOne({"_id": "c"}, {"n": 2}, upsert=True), DeleteOne({"_id": "b"})], ordered=False)
assert (done.upserted_count, done.deleted_count) == (2, 1)
assert code(lambda: base.command({"update": "t", "updates": [], "no": 1})) in (40415, 16)
assert code(lambda: base.command("mapReduce", "t")) == 59
assert code(lambda: t.update_one({"_id": "c"}, {"$inc": {"n": 1}})) == 52
client.admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data={"failCommands": ["delete"], "errorCode": 13})
assert code(lambda: t.delete_many({})) == 13
assert t.delete_many({"n": {"$gte": 2}}).deleted_count == 499
t.drop()
assert t.count_documents({}) == 0
print("driven")
"#;
    assert_eq!(base.python(script), "driven\n");
}

/// The recipe that harvests stores there, too.
#[test]
fn harvest_stores_documents() {
    let Some(base) = Base::new() else { return };
    let place = common::place::Place::new();
    let target = format!("mongodb://127.0.0.1:{}/trends", base.port);
    place.recipe("harvest", &["--records", "40", "--to", &target]).quietly();
    let files =
        glob::glob(&place.path("out/json/*.jsonl").display().to_string()).expect("a pattern").flatten();
    let kept: usize = files.map(|file| fs::read_to_string(file).expect("a file").lines().count()).sum();
    assert!(kept > 100);
    assert_eq!(base.documents("harvest").len(), kept);
}
