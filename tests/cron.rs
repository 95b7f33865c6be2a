//! What cron and systemd call: each line of scripts/crontab.example, in cron's bare environment and under Debian's cron itself, and
//! the units of scripts/systemd.

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::place::root;
use common::{Ran, await_end, demo, json_lines, programs, zstd};
use tempfile::TempDir;

/// A home, the scripts as they are installed, and programs of which one knows no network.
struct Home(TempDir);

/// Named sources are synthetic here, and shorter.
const FETCH: &str = r#"#!/bin/sh
for word; do
  shift
  case $word in bluesky) word=demo:tweets ;; github) word=demo:github ;; 20000) word=400 ;; esac
  set -- "$@" "$word"
done
exec PROGRAM "$@"
"#;

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().expect("a folder"));
        for folder in ["bin", "logs", "trends/topics/raw"] {
            fs::create_dir_all(home.path(folder)).expect("a folder");
        }
        // Behind a link the recipes would find the checkout, and the programs that were built in it.
        let copied =
            Command::new("cp").arg("-r").arg(root().join("scripts")).arg(home.path("scripts")).status();
        assert!(copied.expect("cp").success());
        for entry in fs::read_dir(programs()).expect("a folder").flatten() {
            let is_program = entry.metadata().is_ok_and(|data| data.is_file() && data.mode() & 0o111 != 0);
            if is_program && entry.file_name() != "stream-fetch" {
                symlink(entry.path(), home.path("bin").join(entry.file_name())).expect("a link");
            }
        }
        let program = programs().join("stream-fetch").display().to_string();
        home.script("bin/stream-fetch", &FETCH.replace("PROGRAM", &program));
        let raw = zstd(&demo("demo:tweets", 300));
        fs::write(home.path("trends/topics/raw/2018-11-12T19.jsonl.zst"), raw).expect("a file");
        let log: String =
            (0..100).map(|at| format!("{{\"ts\":{},\"path\":\"/{}\"}}\n", at * 60, at % 3)).collect();
        fs::write(home.path("logs/access-1.jsonl"), log).expect("a file");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("ours");
    }

    /// As the crontab has it, with the programs where somebody installed them.
    fn variables(&self) -> [(&'static str, String); 4] {
        let home = self.0.path().display().to_string();
        [
            ("HOME", home.clone()),
            ("PATH", format!("{home}/bin:/usr/local/bin:/usr/bin:/bin")),
            ("SHELL", "/bin/sh".into()),
            ("TRENDPIPE", format!("{home}/scripts")),
        ]
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env_clear().envs(self.variables()).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, line: &str) -> Ran {
        let done = self.command(line).output().expect("a shell");
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        Ran { out: done.stdout, err, code: done.status.code().unwrap_or(-1) }
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!(".local/state/trendpipe/{name}.log"))).unwrap_or_default()
    }

    /// What the lines of the crontab leave.
    fn check(&self) {
        let found =
            |pattern: &str| glob::glob(&self.path(pattern).display().to_string()).expect("a pattern").count();
        assert_eq!(found("trends/daily/days/2*.csv"), 1);
        assert_eq!(found("trends/daily/today.html"), 1);
        assert_eq!(found("trends/harvest/json/2018-11-12-*.jsonl"), 2);
        assert_eq!(found("trends/harvest/harvest.html"), 1);
        assert_eq!(found("trends/topics/topics.model"), 1);
        let hits = fs::read_to_string(self.path("logs/hits.jsonl")).expect("rows");
        assert_eq!(json_lines(&hits).len(), 3, "an hour is whole, of three paths: {hits}");
        for (name, _) in jobs() {
            assert!(self.log(&name).ends_with(" ended with status 0\n"), "{}", self.log(&name));
        }
    }
}

/// The jobs: their names, and their lines without the times.
fn jobs() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("scripts/crontab.example")).expect("a file");
    let is_job = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '@');
    let jobs = text.lines().filter(is_job).map(|line| {
        assert!(!line.contains('%'), "a % is a newline to cron: {line}");
        let words: Vec<&str> = line.splitn(6, ' ').collect();
        let command = words[5].trim_start().to_owned();
        let name = command.split("from-cron ").nth(1).and_then(|rest| rest.split(' ').next());
        (name.expect("from-cron").to_owned(), command)
    });
    jobs.collect()
}

#[test]
fn each_line_of_the_crontab_runs_in_the_environment_of_cron() {
    let home = Home::new();
    assert_eq!(jobs().len(), 4);
    for (_, line) in jobs() {
        // Twice, as cron does.
        home.run(&line).quietly();
        home.run(&line).quietly();
    }
    home.check();
}

/// Debian's cron, with places of its own for what it reads and whom it sends mail by; `@reboot` is at once.
const CRON: &str = r#"
mount -t tmpfs tmpfs /var/spool/cron && mkdir /var/spool/cron/crontabs || exit 99
mount -t tmpfs tmpfs /etc/cron.d && mount --bind /dev/null /etc/crontab && mount -t tmpfs tmpfs /run || exit 99
cp /usr/sbin/cron sbin/ && mount --bind sbin /usr/sbin || exit 99
install -m 600 tab /var/spool/cron/crontabs/root
cron -f &
pid=$!
while [ "$(cat .local/state/trendpipe/*.log 2>/dev/null | grep -c ' ended with status')" -lt 5 ] || [ ! -s mail ]; do
  kill -0 "$pid" && sleep 0.05 || exit 98
done
kill "$pid"
"#;

#[test]
fn the_crontab_runs_under_cron_and_mails_only_what_is_wrong() {
    let is_there = Path::new("/usr/sbin/cron").exists() && rustix::process::geteuid().is_root();
    if !is_there {
        println!("skipped: the_crontab_runs_under_cron: there is no cron, or this is not root");
        return;
    }
    let home = Home::new();
    fs::create_dir(home.path("sbin")).expect("a folder");
    home.script("sbin/sendmail", &format!("#!/bin/sh\ncat >>'{}'\n", home.path("mail").display()));
    let mut tab: String = home.variables().map(|(name, value)| format!("{name}={value}\n")).concat();
    tab += "MAILTO=you\n";
    for (_, line) in jobs() {
        tab += &format!("@reboot {line}\n");
    }
    tab += "@reboot \"$TRENDPIPE\"/from-cron wrong topn 0 nowhere.jsonl\n";
    fs::write(home.path("tab"), tab).expect("a file");
    let mut cron = Command::new("unshare");
    cron.args(["--mount", "sh", "-c", CRON]).current_dir(home.path("")).env_clear();
    cron.envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")]).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut cron = cron.spawn().expect("unshare is there");
    let code = await_end(&mut cron);
    if code == 99 {
        println!("skipped: the_crontab_runs_under_cron: no file system can be mounted here");
        return;
    }
    assert_eq!(code, 0);
    home.check();
    let mail = fs::read_to_string(home.path("mail")).expect("a mail");
    assert_eq!(mail.matches("Subject: ").count(), 1, "{mail}");
    assert!(
        mail.contains("wrong ended with status 2: topn 0") && mail.contains("the largest 0 are none"),
        "{mail}"
    );
}

#[test]
fn a_run_that_overlaps_ends_with_75_and_a_line_in_the_log() {
    let home = Home::new();
    let from_cron = "\"$TRENDPIPE\"/from-cron slow";
    // It reads a pipe that the test closes.
    assert!(Command::new("mkfifo").arg(home.path("hold")).status().expect("mkfifo").success());
    let mut first =
        home.command(&format!("{from_cron} sh -c 'echo at work; cat <hold'")).spawn().expect("a shell");
    let mut hold = fs::OpenOptions::new().write(true).open(home.path("hold")).expect("it is read");
    let ran = home.run(&format!("{from_cron} touch never"));
    assert_eq!((ran.code, ran.err.as_str(), ran.out.as_slice()), (75, "", &b""[..]));
    assert!(home.log("slow").ends_with("left out: another run is at work\n"), "{}", home.log("slow"));
    assert!(!home.path("never").exists());
    hold.write_all(b"let go\n").expect("it is read");
    drop(hold);
    assert_eq!(await_end(&mut first), 0);
    assert!(home.log("slow").ends_with("ended with status 0\n") && home.log("slow").contains("\nlet go\n"));
    home.run(&format!("{from_cron} touch then")).quietly();
    assert!(home.path("then").exists());

    // The same without from-cron, by the lock on the state.
    let window_count =
        "window-count --window 1h --key .path --state hits.state logs/access-1.jsonl -o hits.jsonl";
    home.run(window_count).with_code(0);
    let ran = home.run(&format!("flock hits.state.lock {from_cron} {window_count}"));
    assert_eq!((ran.code, ran.err.as_str()), (75, ""), "{}", home.log("slow"));
}

#[test]
fn a_run_that_fails_is_told_with_its_status() {
    let home = Home::new();
    let ran = home.run("\"$TRENDPIPE\"/from-cron bad sh -c 'echo why; exit 4'").with_code(4);
    assert_eq!(ran.err, "bad ended with status 4: sh -c echo why; exit 4\nwhy\n");
    assert!(home.log("bad").contains("\nwhy\n"));
    home.run("\"$TRENDPIPE\"/from-cron bad").with_code(2);
    let log = home.path(".local/state/trendpipe/bad.log");
    fs::write(&log, vec![b'x'; 2 << 20]).expect("a file");
    home.run("\"$TRENDPIPE\"/from-cron bad true").quietly();
    assert!(fs::metadata(&log).expect("a new one").len() < 1000);
    assert!(home.path(".local/state/trendpipe/bad.log.1").exists());
    let help = home.run("\"$TRENDPIPE\"/from-cron --help").quietly();
    assert!(help.text().starts_with("from-cron: "), "{}", help.text());
}

#[test]
fn systemd_takes_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let scripts = root().join("scripts").display().to_string();
    let verify = |with: &str| {
        let mut files = Vec::new();
        for entry in fs::read_dir(root().join("scripts/systemd")).expect("units").flatten() {
            let text = fs::read_to_string(entry.path()).expect("a unit");
            let text = text
                .replace("/usr/share/trendpipe/scripts", &scripts)
                .replace("[Unit]", &format!("[Unit]\n{with}"));
            fs::write(folder.path().join(entry.file_name()), text).expect("a file");
            files.push(folder.path().join(entry.file_name()));
        }
        assert_eq!(files.len(), 3);
        Command::new("systemd-analyze").args(["verify", "--man=no"]).args(files).output().ok()
    };
    let Some(done) = verify("") else {
        println!("skipped: systemd_takes_the_units: there is no systemd-analyze");
        return;
    };
    let said = |done: &std::process::Output| String::from_utf8_lossy(&done.stderr).into_owned();
    let wrong = verify("Wnats=x").expect("there is systemd-analyze");
    if !said(&wrong).contains("Wnats") {
        println!("skipped: systemd_takes_the_units: systemd-analyze cannot work here: {}", said(&wrong));
        return;
    }
    assert!(
        done.status.success() && !said(&done).contains(&folder.path().display().to_string()),
        "{}",
        said(&done)
    );
}
