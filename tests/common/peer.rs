//! Programs of others that a test talks with. Each is started on a port of its own and ends with its test, also with one
//! that fails or is killed.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Whoever started the tests may hold locks by descriptors that a child would hold on to: they are closed. Where `setpriv`
/// is there, the child dies with the thread of its test.
pub(super) const ALONE: &str = "
for at in /proc/self/fd/*; do
  at=${at##*/}
  [ \"$at\" -le 2 ] || eval \"exec $at>&-\"
done
if command -v setpriv >/dev/null; then exec setpriv --pdeathsig KILL \"$@\"; fi
exec \"$@\"";

/// A peer at work.
pub struct Peer {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether all of these programs are there; else a word about the test that is skipped.
pub fn have(programs: &[&str]) -> bool {
    let is_there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|folder| folder.join(program).is_file())
    };
    let missing: Vec<&&str> = programs.iter().filter(|program| !is_there(program)).collect();
    if !missing.is_empty() {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        println!("skipped: {test}: there is no {missing:?}");
    }
    missing.is_empty()
}

/// A Python that has this module: that of scripts/test, or the system's; `None`, and a word, where there is none.
pub fn python_with(module: &str) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin/python");
    let has_it = |python: &PathBuf| {
        let import = format!("import {module}");
        let done = Command::new(python).args(["-c", &import]).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    };
    let found = [ours, "python3".into()].into_iter().find(has_it);
    if found.is_none() {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        println!("skipped: {test}: there is no Python with {module}");
    }
    found
}

/// The call of s3s-fs, which keeps objects as files in this folder, a bucket in each of its folders, and checks signatures: with
/// the key AK and the secret SK.
pub fn s3s_fs(folder: &Path, port: u16) -> Vec<String> {
    let (port, folder) = (port.to_string(), folder.display().to_string());
    let keys = ["--access-key", "AK", "--secret-key", "SK"];
    let call = ["s3s-fs", "--host", "127.0.0.1", "--port", &port].into_iter().chain(keys).chain([&*folder]);
    call.map(str::to_owned).collect()
}

impl Peer {
    /// Starts what `call` says for a port that is free, and waits until it answers there. Another program may take the port
    /// meanwhile: then with another one.
    #[track_caller]
    pub fn start(call: impl Fn(u16) -> Vec<String>) -> Peer {
        Peer::start_at(None, call)
    }

    /// As [`Peer::start`], on a port that another peer had.
    #[track_caller]
    pub fn start_at(port: Option<u16>, call: impl Fn(u16) -> Vec<String>) -> Peer {
        let mut said = String::new();
        for _ in 0..5 {
            let port = port.unwrap_or_else(|| {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                listener.local_addr().expect("bound").port()
            });
            let child = Command::new("bash")
                .args(["-c", ALONE, "peer"])
                .args(call(port))
                .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("bash is there");
            let mut peer = Peer { child, port };
            if peer.comes_up() {
                return peer;
            }
            drop(peer.child.kill());
            let mut stderr = peer.child.stderr.take().expect("piped");
            drop(stderr.read_to_string(&mut said));
        }
        panic!("the peer does not come up: {said}");
    }

    fn comes_up(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            sleep(Duration::from_millis(10));
        }
        false
    }

    /// nginx with these servers, `PORT` and `FOLDER` replaced, as one process that writes nowhere but into the folder.
    #[track_caller]
    pub fn nginx(folder: &Path, servers: &str) -> Peer {
        Peer::nginx_at(None, folder, servers)
    }

    /// As [`Peer::nginx`], on a port that another peer had.
    #[track_caller]
    pub fn nginx_at(port: Option<u16>, folder: &Path, servers: &str) -> Peer {
        Peer::start_at(port, |port| {
            let place = folder.display().to_string();
            let servers = servers.replace("PORT", &port.to_string()).replace("FOLDER", &place);
            let scratch: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
                .concat();
            let text = format!(
                "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log {place}/error.log;\n\
                 events {{ worker_connections 64; }}\nhttp {{ access_log off;\n{scratch}{servers}\n}}\n"
            );
            let config = folder.join("nginx.conf");
            fs::write(&config, text).expect("a file");
            ["nginx", "-e", &format!("{place}/error.log"), "-c", &config.display().to_string()]
                .map(str::to_owned)
                .into()
        })
    }
}

/// Debian's InfluxDB, on ports of its own.
pub fn influx(port: Option<u16>, folder: &Path) -> Option<Peer> {
    have(&["influxd"]).then(|| {
        Peer::start_at(port, |port| {
            let place = folder.display();
            let config = format!(
                "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{place}/meta\"\n[data]\ndir = \"{place}/data\"\n\
                 wal-dir = \"{place}/wal\"\n[monitor]\nstore-enabled = false\n[http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n"
            );
            let file = folder.join("influxd.conf");
            fs::write(&file, config).expect("a file");
            ["influxd", "run", "-config", &file.display().to_string()].map(str::to_owned).into()
        })
    })
}

/// An authority of our own in a folder: `ca.pem`, and `cert.pem` with `key.pem` of a server called localhost that it vouches
/// for.
pub fn authority(folder: &Path) {
    let script = "
exec 2>/dev/null
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $key -keyout ca.key -out ca.pem -days 2 -subj '/CN=an authority of our own'
openssl req $key -keyout key.pem -out request.pem -subj /CN=localhost
echo 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' >names
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem";
    let done = Command::new("sh").args(["-ec", script]).current_dir(folder).status();
    assert!(done.expect("a shell").success(), "openssl makes certificates");
}
