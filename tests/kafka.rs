//! docs/kafka.md against a broker: the mock cluster of librdkafka, in a kcat that lives as long as the test.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::peer::have;
use common::{Tool, await_end, pages, programs, tool};

/// A broker at work.
struct Broker {
    kcat: Child,
    address: String,
}

impl Broker {
    /// A producer that gets no line, with a cluster of its own, which says where it listens.
    fn start() -> Broker {
        let mut kcat = Command::new("kcat")
            .args(["-b", "none", "-X", "test.mock.num.brokers=1", "-P", "-t", "none"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kcat is there");
        let mut said = BufReader::new(kcat.stderr.take().expect("piped")).lines();
        let address = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("replaced with ")?.1.trim().to_owned()));
        // It may say more, and is not to wait for a reader.
        std::thread::spawn(move || said.for_each(drop));
        Broker { address: address.expect("it says where the cluster is"), kcat }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.kcat.kill());
        drop(self.kcat.wait());
    }
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    if !have(&["kcat", "python3"]) {
        return;
    }
    let broker = Broker::start();
    pages::play(&[Path::new("docs/kafka.md").to_owned()], &[("B", &broker.address)]);
}

/// Records a second apart, each in the partition of its turn.
fn seconds(range: std::ops::Range<u32>, partition: Option<u32>) -> Vec<u8> {
    let is_in = |second: &u32| partition.is_none_or(|partition| second % PARTITIONS == partition);
    let line = |second: u32| format!("{{\"ts\":{},\"tag\":\"t{}\"}}\n", 1_542_016_800 + second, second % 7);
    range.filter(is_in).map(line).collect::<String>().into_bytes()
}

const PARTITIONS: u32 = 3;
const OPTIONS: [&str; 6] = ["--time", ".ts", "--key", ".tag", "--window", "20s/10s"];

/// The reader of one partition: kcat, window-count, kcat.
struct Reader {
    from: Child,
    count: Child,
    to: Child,
}

impl Broker {
    fn kcat(&self, args: &[&str]) -> Command {
        let mut kcat = Command::new("kcat");
        kcat.args(["-b", &self.address]).args(args).stderr(Stdio::null());
        kcat
    }

    fn produce(&self, topic: &str, partition: u32, records: &[u8]) {
        let mut kcat = self.kcat(&["-P", "-t", topic, "-p", &partition.to_string()]);
        let mut kcat = kcat.stdin(Stdio::piped()).spawn().expect("kcat is there");
        kcat.stdin.take().expect("piped").write_all(records).expect("kcat reads");
        assert_eq!(await_end(&mut kcat), 0);
    }

    /// Counts a partition from its beginning, until it is told to end.
    fn reader(&self, partition: u32) -> Reader {
        let number = partition.to_string();
        let mut from = self
            .kcat(&["-C", "-q", "-u", "-t", "ticks", "-p", &number, "-o", "beginning"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kcat is there");
        let mut count = Command::new(programs().join("window-count"))
            .args(["-q", "--partial", "--part", &format!("ticks-{number}")])
            .args(OPTIONS)
            .stdin(from.stdout.take().expect("piped"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("it is built");
        let to = self
            .kcat(&["-P", "-t", "parts", "-p", "0"])
            .stdin(count.stdout.take().expect("piped"))
            .spawn()
            .expect("kcat is there");
        Reader { from, count, to }
    }

    /// What merges the parts that came and, without `-e`, that come.
    fn merge(&self, until: &str) -> Tool {
        let script = format!(
            "kcat -C -q -u -b {} -t parts -p 0 -o beginning {until} | {} --merge --parts {PARTITIONS} --verbose",
            self.address,
            programs().join("window-count").display()
        );
        Tool::of("sh").args(["-c", &script])
    }
}

impl Reader {
    fn kill(&mut self) {
        self.count.kill().expect("it runs");
        drop(self.from.kill());
        await_end(&mut self.count);
        await_end(&mut self.from);
        await_end(&mut self.to);
    }

    /// Ends it as a service is ended: what was read is counted and sent.
    fn end(mut self) {
        let ended = Command::new("kill").arg(self.from.id().to_string()).status();
        assert!(ended.expect("kill is there").success());
        await_end(&mut self.from);
        assert_eq!(await_end(&mut self.count), 0);
        assert_eq!(await_end(&mut self.to), 0);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in [&mut self.from, &mut self.count, &mut self.to] {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

#[test]
fn each_partition_has_a_reader_and_one_that_is_killed_begins_anew() {
    if !have(&["kcat"]) {
        return;
    }
    let broker = Broker::start();
    let whole = tool("window-count").args(OPTIONS).input(seconds(0..600, None)).run().with_code(0);
    let rows: Vec<&str> = whole.text().lines().collect();
    let produce = |range: std::ops::Range<u32>| {
        (0..PARTITIONS).for_each(|partition| {
            broker.produce("ticks", partition, &seconds(range.clone(), Some(partition)));
        });
    };
    produce(0..300);
    let mut readers: Vec<Reader> = (0..PARTITIONS).map(|partition| broker.reader(partition)).collect();
    let mut merge = broker.merge("").start();
    // What the slowest of the partitions has passed is there while all go on. They have read up to 4:57, the watermark waits
    // 10 s, and kcat holds back the last 1,023 bytes of what each part says.
    let upto = |end: &str| rows.iter().position(|row| row.contains(end)).expect("a window");
    let half = upto("\"window_end\":\"2018-11-12T10:04:00Z\"");
    (0..half).for_each(|at| assert_eq!(merge.line(), rows[at]));
    readers[1].kill();
    produce(300..600);
    // The others hold no window open longer than the one that is dead; it comes back and reads all again.
    readers[1] = broker.reader(1);
    let last = upto("\"window_end\":\"2018-11-12T10:09:00Z\"");
    (half..last).for_each(|at| assert_eq!(merge.line(), rows[at]));
    readers.into_iter().for_each(Reader::end);
    // Who merges was killed, too, and reads the parts again.
    drop(merge);
    let again = broker.merge("-e").run().with_code(0);
    assert_eq!(again.text(), whole.text());
    assert!(again.err.contains("rows came again and were not counted twice"), "{}", again.err);
}
