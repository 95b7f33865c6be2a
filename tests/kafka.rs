//! docs/kafka.md against a broker: the mock cluster of librdkafka, in a kcat that lives as long as the test.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::pages;
use common::peer::have;

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
