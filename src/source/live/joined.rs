//! Connections joined to one stream of whole lines.
//!
//! What a broken connection leaves of a line is never glued to the next one: a whole record that only lacks its newline is
//! kept, anything else is handed on as cut, which makes it a reject. Places to resume from are marked behind whole lines
//! only. In the common case lines are read into the caller's own buffer, and only what stands behind the last newline is
//! copied.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use memchr::memrchr;

use super::reconnect::{Policy, Reconnect, Step};
use super::{Connection, Ended, Got, NoteKind, Sieve, Transport, Voice};
use crate::expr::{Expr, Program};
use crate::jsonl::{ByteSource, Meter, Trail};
use crate::net::{Error, Reason};
use crate::scan;

/// A line that is longer is handed on in parts.
const LONG: usize = 1 << 20;
/// Less room in the caller's buffer is not worth a read into it.
const ROOM: usize = 64 << 10;

/// A busy source that brings less at a time is read once in [`MOMENT`], if a read takes all that has come: then what it sends is
/// taken in heaps, and not line by line by every thread and program on the way. A source that hands out piece by piece what it
/// has (TLS records, messages) would only be held up.
const LITTLE: usize = 8 << 10;
const MOMENT: Duration = Duration::from_millis(1);

/// How a live source goes about it.
pub struct Plan {
    /// When to connect again.
    pub policy: Policy,
    /// A silence, or bytes without a line, for so long is a failure.
    pub stall_timeout: Option<Duration>,
    /// Leaves out records that are not wanted or came before. Shared with a transport that looks for what it knows.
    pub sieve: Option<Arc<Mutex<Sieve>>>,
    /// Gives the place of a record, to resume behind it.
    pub place_of: Option<Expr>,
    /// Where to go on.
    pub token: Option<Vec<u8>>,
    /// What is said to a person.
    pub voice: Voice,
    /// Rules the chance in waits.
    pub seed: u64,
}

/// A source that connects again.
pub struct LiveSource {
    name: String,
    transport: Box<dyn Transport>,
    machine: Reconnect,
    plan: Plan,
    state: State,
    /// What was read and not handed out: `ready` bytes of whole lines, and the beginning of the next.
    held: Vec<u8>,
    ready: usize,
    /// A part of the line that `held` goes on with was handed out.
    is_inside: bool,
    /// What is held is a line that was cut, or its last part.
    is_cut: bool,
    was_cut: bool,
    /// Bytes handed out.
    place: u64,
    /// The place to resume from behind what is ready.
    next_token: Option<Vec<u8>>,
    /// The server's word that the connection is over.
    over: Vec<u8>,
    trail: Trail,
    meter: Meter,
    begun: Instant,
    alive: Instant,
    /// The last read brought little, and did not wait for it.
    is_busy: bool,
}

enum State {
    Waiting(Instant),
    Up(Box<dyn Connection>),
    /// At its end, or failed; the error is told once.
    Over(Option<Error>),
}

impl LiveSource {
    /// A source that is connected, if its plan demands that; else it connects when it is read.
    pub fn open(
        name: String,
        mut transport: Box<dyn Transport>,
        plan: Plan,
        trail: Trail,
        meter: Meter,
    ) -> Result<LiveSource, Error> {
        let begun = Instant::now();
        let mut machine = Reconnect::new(plan.policy, plan.seed);
        let state = if plan.policy.must_begin {
            let connection = transport.connect(plan.token.as_deref(), &meter)?;
            machine.connected(Duration::ZERO);
            note_connection(&trail, connection.as_ref());
            State::Up(connection)
        } else {
            State::Waiting(begun)
        };
        Ok(LiveSource {
            name,
            transport,
            machine,
            plan,
            state,
            held: Vec::new(),
            ready: 0,
            is_inside: false,
            is_cut: false,
            was_cut: false,
            place: 0,
            next_token: None,
            over: Vec::new(),
            trail,
            meter,
            begun,
            alive: Instant::now(),
            is_busy: false,
        })
    }

    /// The length of all that will come, where it is known.
    pub fn size(&self) -> Option<u64> {
        match &self.state {
            State::Up(connection) => connection.size(),
            _ => None,
        }
    }

    fn connect(&mut self) {
        match self.transport.connect(self.plan.token.as_deref(), &self.meter) {
            Ok(connection) => {
                self.machine.connected(self.begun.elapsed());
                note_connection(&self.trail, connection.as_ref());
                // What came in between is lost, where nobody can be asked for it.
                if self.trail.reconnects() > 0 && self.plan.token.is_none() {
                    self.trail.gap();
                }
                self.state = State::Up(connection);
                self.alive = Instant::now();
                self.say(NoteKind::Detail, "connected");
            }
            Err(error) => self.broke(error),
        }
    }

    /// Reads once from the connection, into `buf` or to what is held; tells how many bytes of `buf` are whole lines.
    fn receive(&mut self, buf: &mut [u8]) -> usize {
        let State::Up(connection) = &mut self.state else { return 0 };
        if self.is_busy {
            thread::sleep(MOMENT);
        }
        let held = self.held.len();
        let is_direct = buf.len() >= held + ROOM;
        let asked = Instant::now();
        let got = if is_direct {
            connection.read(&mut buf[held..])
        } else {
            self.held.resize(held + ROOM, 0);
            let got = connection.read(&mut self.held[held..]);
            self.held.truncate(held + if let Ok(Got::Bytes(read)) = got { read } else { 0 });
            got
        };
        self.is_busy = matches!(got, Ok(Got::Bytes(read)) if read < LITTLE)
            && connection.takes_all()
            && asked.elapsed() < MOMENT;
        let read = match got {
            Ok(Got::Bytes(read)) => read,
            Ok(Got::Life) => {
                self.is_alive();
                return 0;
            }
            Ok(Got::Nothing) => {
                self.check_stall();
                return 0;
            }
            Ok(Got::End(how)) => {
                self.ended(how);
                return 0;
            }
            Err(error) => {
                self.broke(error);
                return 0;
            }
        };
        if connection.has_gap() {
            self.trail.gap();
        }
        let token = connection.token();
        if token.is_some() {
            self.next_token = token;
        }
        let out = if is_direct { self.take_direct(buf, held, read) } else { self.take_held(held) };
        if !self.over.is_empty() {
            let said = String::from_utf8_lossy(&std::mem::take(&mut self.over)).trim().to_owned();
            let said: String = said.chars().take(500).collect();
            // What came behind that is no line any more.
            self.held.truncate(self.ready);
            self.broke(Error::new(&self.name, Reason::Dropped(format!("the server says {said}"))));
        }
        out
    }

    /// `read` bytes came into the caller's buffer, behind the room for what is held.
    fn take_direct(&mut self, buf: &mut [u8], held: usize, read: usize) -> usize {
        let filled = held + read;
        let Some(newline) = memrchr(b'\n', &buf[held..filled]) else {
            self.held.extend_from_slice(&buf[held..filled]);
            self.without_newline();
            return 0;
        };
        let whole = held + newline + 1;
        buf[..held].copy_from_slice(&self.held);
        self.held.clear();
        self.held.extend_from_slice(&buf[whole..filled]);
        self.is_alive();
        let whole = self.sift(&mut buf[..whole]);
        self.note_place(&buf[..whole]);
        self.is_inside = false;
        self.hand_out(whole)
    }

    /// Bytes came to what is held, behind so many.
    fn take_held(&mut self, held: usize) -> usize {
        let Some(newline) = memrchr(b'\n', &self.held[held..]) else {
            self.without_newline();
            return 0;
        };
        self.is_alive();
        let whole = held + newline + 1;
        let mut lines = std::mem::take(&mut self.held);
        let rest = lines.split_off(whole);
        let whole = self.sift(&mut lines);
        lines.truncate(whole);
        self.note_place(&lines);
        lines.extend_from_slice(&rest);
        (self.held, self.ready, self.is_inside) = (lines, whole, false);
        0
    }

    fn without_newline(&mut self) {
        if self.held.len() > LONG {
            // One byte stays, so that what is cut has something to be told with.
            self.ready = self.held.len() - 1;
            self.is_inside = true;
        }
        self.check_stall();
    }

    /// Leaves out lines that came before; how many bytes stay.
    fn sift(&mut self, lines: &mut [u8]) -> usize {
        let Some(sieve) = &self.plan.sieve else { return lines.len() };
        // The end of a line whose beginning is out already stays.
        if self.is_inside {
            return lines.len();
        }
        // Every change of it is whole.
        let mut sieve = sieve.lock().unwrap_or_else(PoisonError::into_inner);
        sieve.sift(lines, self.place, &self.trail, &mut self.over)
    }

    /// Finds the place behind the last of these lines that has one.
    fn note_place(&mut self, lines: &[u8]) {
        let Some(expression) = &self.plan.place_of else { return };
        let Ok(mut program) = Program::new(&[expression]) else { return };
        if !self.trail.is_kept() {
            let mut last = lines.rsplit(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            // Without a place the record before it counts.
            if let Some(place) = last.find_map(|line| super::sieve::first(&mut program, line)) {
                self.next_token = Some(place);
            }
            return;
        }
        let mut end = self.place;
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            end += line.len() as u64;
            if let Some(place) = super::sieve::first(&mut program, line) {
                // The run may end between the lines of one read.
                self.trail.mark(end, place.clone());
                self.next_token = Some(place);
            }
        }
    }

    /// So many bytes go to the caller; where nothing more is ready, the place behind them is marked.
    fn hand_out(&mut self, bytes: usize) -> usize {
        self.place += bytes as u64;
        if self.ready == 0
            && !self.is_inside
            && let Some(token) = self.next_token.take()
        {
            self.plan.token = Some(token.clone());
            self.trail.mark(self.place, token);
        }
        bytes
    }

    fn is_alive(&mut self) {
        self.alive = Instant::now();
        self.machine.alive(self.begun.elapsed());
    }

    /// Bytes without a line are no sign of life.
    fn check_stall(&mut self) {
        if let Some(limit) = self.plan.stall_timeout
            && self.alive.elapsed() > limit
        {
            self.broke(Error::new(&self.name, Reason::Stalled(limit)));
        }
    }

    fn ended(&mut self, how: Ended) {
        let wished = self.wished_wait();
        match self.machine.ended(how) {
            Step::ConnectIn(wait) => {
                let wait = wait.max(wished);
                self.say(
                    NoteKind::Detail,
                    &format!("the server hung up; connecting again in {}", shown(wait)),
                );
                self.let_go(State::Waiting(Instant::now() + wait));
            }
            Step::End => {
                self.trail.endless(false);
                // What is held is the end of the input: whether it is whole is judged there.
                self.ready = self.held.len();
                self.state = State::Over(None);
            }
            Step::GiveUp => {
                let why =
                    "the server hangs up again and again without sending anything; --retry-max allows more";
                let error = Error::new(&self.name, Reason::Dropped(why.into()));
                self.let_go(State::Over(Some(error)));
            }
        }
    }

    fn broke(&mut self, error: Error) {
        let wished = self.wished_wait();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let is_finite = matches!(&self.state, State::Up(connection) if connection.is_finite());
        let state = match self.machine.broke(&error.reason, wall) {
            _ if is_finite => State::Over(Some(error)),
            Step::ConnectIn(wait) => {
                let wait = wait.max(wished);
                (self.plan.voice)(
                    NoteKind::Warning,
                    &format!("{error}; connecting again in {}", shown(wait)),
                );
                State::Waiting(Instant::now() + wait)
            }
            Step::End | Step::GiveUp => State::Over(Some(error)),
        };
        self.let_go(state);
    }

    fn wished_wait(&self) -> Duration {
        match &self.state {
            State::Up(connection) => connection.wished_wait().unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }

    /// The connection is gone: what it left of a line is a whole record without its newline, or cut.
    fn let_go(&mut self, state: State) {
        self.state = state;
        if self.held.len() == self.ready {
            return;
        }
        let line = self.held[self.ready..].trim_ascii();
        if line.is_empty() && !self.is_inside {
            self.held.truncate(self.ready);
        } else if !self.is_inside && scan::check(line).is_ok() {
            self.held.push(b'\n');
        } else {
            self.is_cut = true;
        }
        self.ready = self.held.len();
        self.is_inside = false;
    }

    fn say(&self, kind: NoteKind, text: &str) {
        (self.plan.voice)(kind, &format!("{}: {text}", self.name));
    }
}

impl ByteSource for LiveSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.was_cut = false;
        loop {
            if self.ready > 0 {
                let taken = self.ready.min(buf.len());
                buf[..taken].copy_from_slice(&self.held[..taken]);
                self.held.drain(..taken);
                self.ready -= taken;
                self.was_cut = self.is_cut && self.ready == 0;
                self.is_cut &= self.ready > 0;
                return Ok(self.hand_out(taken));
            }
            match &mut self.state {
                State::Waiting(until) => {
                    thread::sleep(until.saturating_duration_since(Instant::now()));
                    self.connect();
                }
                State::Over(error) => return error.take().map_or(Ok(0), |error| Err(error.into_io())),
                State::Up(_) => {
                    let read = self.receive(buf);
                    if read > 0 {
                        return Ok(read);
                    }
                    // The next attempt may wait: whoever reads is to hand on first what he has.
                    if self.ready == 0 && !matches!(self.state, State::Over(_)) {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                }
            }
        }
    }

    fn would_block(&mut self) -> bool {
        match &mut self.state {
            _ if self.ready > 0 => false,
            State::Waiting(_) => true,
            State::Up(connection) => connection.would_block(),
            State::Over(_) => false,
        }
    }

    fn is_live(&self) -> bool {
        !matches!(self.state, State::Over(None))
    }

    fn was_cut(&self) -> bool {
        self.was_cut
    }
}

fn note_connection(trail: &Trail, connection: &dyn Connection) {
    trail.connected();
    trail.endless(!connection.is_finite());
}

/// A wait as a person reads it.
fn shown(wait: Duration) -> String {
    match wait.as_millis() {
        0 => "no time".into(),
        millis if millis % 1000 == 0 || millis > 10_000 => format!("{} s", millis / 1000),
        millis => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests;
