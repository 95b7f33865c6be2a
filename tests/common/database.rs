//! Servers of databases, each with its data in a folder of its own. Tests of one program share one, which ends with the last of them.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::peer::{ALONE, authority, have};

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Mariadb,
}

/// A server at work. Its process dies with the thread that started it, so that one waits until it is to end.
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    folder: tempfile::TempDir,
    /// It takes no connection but by TLS.
    is_secure: bool,
    running: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

/// Those that tests of this program share.
static SHARED: [Mutex<Weak<Server>>; 2] = [Mutex::new(Weak::new()), Mutex::new(Weak::new())];

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The programs of PostgreSQL, which Debian keeps in a folder for each version.
fn program(name: &str) -> PathBuf {
    let versions = glob::glob(&format!("/usr/lib/postgresql/*/bin/{name}")).expect("a pattern");
    versions.flatten().last().unwrap_or_else(|| name.into())
}

/// A database does not run as root.
fn as_somebody(user: &str) -> Vec<String> {
    if !rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    let words = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--pdeathsig", "KILL"];
    words.map(str::to_owned).into()
}

fn done(words: &[String]) {
    let ran = Command::new(&words[0]).args(&words[1..]).output().expect("the program is there");
    assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

impl Server {
    /// The one that tests of this program share; none, and a word, where there is no such server.
    pub fn shared(kind: Kind) -> Option<Arc<Server>> {
        let mut shared = SHARED[kind as usize].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Server::new(kind)?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// One of its own.
    pub fn new(kind: Kind) -> Option<Server> {
        let is_there = match kind {
            Kind::Postgres => program("initdb").is_absolute() && have(&["psql"]),
            Kind::Mariadb => have(&["mariadbd", "mariadb-install-db", "mariadb"]),
        };
        if !is_there {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            println!("skipped: {test}: there is no server of {kind:?}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data").display().to_string();
        let user = kind.user();
        let own = as_somebody(user);
        if !own.is_empty() {
            done(&["chown".into(), user.into(), folder.path().display().to_string()]);
        }
        let words: Vec<String> = match kind {
            Kind::Postgres => [
                &program("initdb").display().to_string(),
                "--pgdata",
                &data,
                "--auth=trust",
                "--username=t",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ]
            .map(str::to_owned)
            .into(),
            Kind::Mariadb => [
                "mariadb-install-db",
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                &format!("--datadir={data}"),
                // A server that starts removes what others have for the moment in the same place.
                &format!("--tmpdir={}", folder.path().display()),
            ]
            .map(str::to_owned)
            .into(),
        };
        done(&[own, words].concat());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let server = Server { kind, port, folder, is_secure: false, running: Mutex::new(None) };
        server.start();
        Some(server)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it anew, for TLS alone, with a certificate of an authority of its own: `ca.pem` in its folder.
    pub fn secured(mut self) -> Server {
        self.stop();
        let place = self.folder.path().to_owned();
        authority(&place);
        let of_server = ["cert.pem", "key.pem"].map(|name| place.join(name).display().to_string());
        if !as_somebody(self.kind.user()).is_empty() {
            done(&[vec!["chown".into(), self.kind.user().into()], of_server.to_vec()].concat());
        }
        if self.kind == Kind::Postgres {
            let rule = "hostssl all all 127.0.0.1/32 trust\n";
            std::fs::write(place.join("data/pg_hba.conf"), rule).expect("a file");
        }
        self.is_secure = true;
        self.start();
        self
    }

    /// Starts it, where it was before.
    #[track_caller]
    pub fn start(&self) {
        let place = self.folder.path().display();
        let port = self.port;
        let words: Vec<String> = match self.kind {
            Kind::Postgres => vec![
                program("postgres").display().to_string(),
                "-D".into(),
                format!("{place}/data"),
                "-h127.0.0.1".into(),
                format!("-p{port}"),
                "-k".into(),
                place.to_string(),
                "-cfsync=off".into(),
            ],
            Kind::Mariadb => vec![
                "mariadbd".into(),
                "--no-defaults".into(),
                format!("--datadir={place}/data"),
                format!("--tmpdir={place}"),
                format!("--socket={place}/s.sock"),
                format!("--pid-file={place}/pid"),
                "--bind-address=127.0.0.1".into(),
                format!("--port={port}"),
                "--innodb-buffer-pool-size=32M".into(),
                "--innodb-flush-log-at-trx-commit=2".into(),
            ],
        };
        let of_tls: &[&str] = match self.kind {
            Kind::Postgres => &["-cssl=on", "-cssl_cert_file=", "-cssl_key_file="],
            Kind::Mariadb => &["--require-secure-transport=ON", "--ssl-cert=", "--ssl-key="],
        };
        let files = ["", &format!("{place}/cert.pem"), &format!("{place}/key.pem")];
        let of_tls = of_tls.iter().zip(files).map(|(option, file)| format!("{option}{file}"));
        let of_tls: Vec<String> = of_tls.filter(|_| self.is_secure).collect();
        let words = [as_somebody(self.kind.user()), words, of_tls].concat();
        let (stop, stopped) = channel();
        let signal = self.kind.signal();
        let keeper = std::thread::spawn(move || keep(&words, &stopped, signal));
        let begun = Instant::now();
        while self.query_in(None, "SELECT 1").is_err() {
            assert!(
                begun.elapsed() < 2 * PATIENCE && !keeper.is_finished(),
                "{:?} does not come up",
                self.kind
            );
            sleep(Duration::from_millis(20));
        }
        *self.running.lock().expect("no panic") = Some((stop, keeper));
    }

    /// Ends it, at once.
    pub fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some((stop, keeper)) = running {
            drop(stop);
            drop(keeper.join());
        }
    }

    /// Whether it can be reached.
    pub fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// What a query gives, by the server's own program: a line a row, `|` between columns.
    pub fn query_in(&self, base: Option<&str>, query: &str) -> Result<String, String> {
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-h127.0.0.1", "-Ut", "-AtqX", "-vON_ERROR_STOP=1", "-F|", "-P", "null=null"]);
                command.arg(format!("-p{}", self.port)).args(["-d", base.unwrap_or("postgres"), "-f-"]);
                command
            }
            Kind::Mariadb => {
                let mut command = Command::new("mariadb");
                command.args([
                    "--no-defaults",
                    "-h127.0.0.1",
                    "-uroot",
                    "-NB",
                    "--default-character-set=utf8mb4",
                ]);
                command.arg(format!("-P{}", self.port)).args(self.is_secure.then_some("--ssl")).args(base);
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut input = child.stdin.take().expect("piped");
        let text = query.to_owned();
        let feeder = std::thread::spawn(move || drop(std::io::Write::write_all(&mut input, text.as_bytes())));
        let ran = child.wait_with_output().map_err(|error| error.to_string())?;
        drop(feeder.join());
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
        }
        let text = String::from_utf8(ran.stdout).map_err(|error| error.to_string())?;
        Ok(match self.kind {
            Kind::Postgres => text,
            Kind::Mariadb => text.replace('\t', "|").replace("NULL", "null"),
        })
    }
}

impl Kind {
    fn user(self) -> &'static str {
        match self {
            Kind::Postgres => "postgres",
            Kind::Mariadb => "mysql",
        }
    }

    /// PostgreSQL has many processes, and ends all of them by this one; the other server has one.
    fn signal(self) -> &'static str {
        match self {
            Kind::Postgres => "-QUIT",
            Kind::Mariadb => "-KILL",
        }
    }
}

/// Has the server run until nobody holds the other end any more.
fn keep(words: &[String], stopped: &Receiver<()>, signal: &str) {
    let child = Command::new("bash")
        .args(["-c", ALONE, "server"])
        .args(words)
        .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.expect("bash is there");
    while stopped.recv_timeout(Duration::from_millis(100)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
    {
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
    }
    drop(Command::new("kill").args([signal, &child.id().to_string()]).status());
    drop(child.wait());
}

/// A database of a test.
pub struct Base {
    pub server: Arc<Server>,
    pub name: String,
}

impl Base {
    /// A new one on the server that tests share.
    pub fn new(kind: Kind) -> Option<Base> {
        Some(Base::on(Server::shared(kind)?))
    }

    /// A new one on this server.
    pub fn on(server: Arc<Server>) -> Base {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("base{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.query_in(None, &format!("CREATE DATABASE {name}")).expect("a database");
        Base { server, name }
    }

    /// Its address for jsonl-store.
    pub fn address(&self) -> String {
        let (port, name) = (self.server.port, &self.name);
        match self.server.kind {
            Kind::Postgres => format!("postgres://t@127.0.0.1:{port}/{name}"),
            Kind::Mariadb => format!("mysql://root@127.0.0.1:{port}/{name}"),
        }
    }

    pub fn store(&self, args: &[&str]) -> super::Tool {
        super::tool("jsonl-store").arg(self.address()).args(args).args(["--retry-delay", "10ms"])
    }

    /// What queries give, as lines.
    #[track_caller]
    pub fn lines(&self, query: &str) -> Vec<String> {
        let text = self.server.query_in(Some(&self.name), query).expect("an answer");
        text.lines().map(str::to_owned).collect()
    }

    pub fn quote(&self, name: &str) -> String {
        match self.server.kind {
            Kind::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
            Kind::Mariadb => format!("`{}`", name.replace('`', "``")),
        }
    }
}
