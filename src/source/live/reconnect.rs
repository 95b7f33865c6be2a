//! When to connect again, and when to give up: a pure state machine, of which the clock is no part.
//!
//! It is told how each connection ended and answers with the next [`Step`]. What it tells apart:
//!
//! | what happened | the wait before the next attempt |
//! | --- | --- |
//! | an orderly end after something came (a server that restarts, a connection of limited age) | none, but the second in a row waits as below |
//! | no connection, a broken or a silent one | one base step (250 ms), two, three … up to 64 (16 s) |
//! | the server's own failure: 5xx, 408, 409, 425 | 20 steps (5 s), doubling up to 64 times that (320 s) |
//! | too many requests: 420, 429, and 403 that says so | as the server says; else 240 steps (60 s), doubling up to 15 times that |
//! | 503 that says when | as the server says |
//! | any other refusal, and what is no stream | none: it is fatal |
//!
//! **Invariant**: waits shrink only after a connection that was healthy, which is one that brought something and lasted 40
//! steps (10 s). A server that accepts and hangs up is not hammered, whatever it sends. Waits that double are multiplied by a
//! random number between one half and one, so that many clients do not come back together.

use std::time::Duration;

use super::Ended;
use crate::net::{Chance, Reason, RetryTime, doubled};

/// How waits are reckoned.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// One step; all waits but those that a server asks for are multiples of it.
    pub base: Duration,
    /// So many attempts may fail in a row; `None`: any number.
    pub retry_max: Option<u32>,
    /// Failures before the first connection end the source.
    pub must_begin: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { base: Duration::from_millis(250), retry_max: None, must_begin: true }
    }
}

/// The longest wait that a server may ask for: then it is asked again.
pub(super) const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connect after this wait.
    ConnectIn(Duration),
    /// The source is at its end.
    End,
    /// It failed: what happened last is the reason.
    GiveUp,
}

/// The machine.
#[derive(Debug)]
pub struct Reconnect {
    policy: Policy,
    chance: Chance,
    /// A connection was up at least once.
    has_begun: bool,
    /// Failures in a row, since something healthy.
    failures: u32,
    /// Steps of each kind of wait, since something healthy.
    linear: u32,
    doubled: u32,
    limited: u32,
    /// What is known of the connection that is up.
    up: Option<Up>,
}

#[derive(Clone, Copy, Debug)]
struct Up {
    since: Duration,
    /// When something came last: a record, or a sign of life.
    alive: Option<Duration>,
}

/// How a failure is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Linear,
    Busy,
    Limited(Option<Duration>),
    Fatal,
}

impl Reconnect {
    /// A machine; the seed rules its random numbers.
    pub fn new(policy: Policy, seed: u64) -> Reconnect {
        let chance = Chance::new(seed);
        Reconnect {
            policy,
            chance,
            has_begun: false,
            failures: 0,
            linear: 0,
            doubled: 0,
            limited: 0,
            up: None,
        }
    }

    /// A connection is up. Times are counted from any one moment on.
    pub fn connected(&mut self, now: Duration) {
        self.has_begun = true;
        self.up = Some(Up { since: now, alive: None });
    }

    /// Something came over it.
    pub fn alive(&mut self, now: Duration) {
        if let Some(up) = &mut self.up {
            up.alive = Some(now);
            if now.saturating_sub(up.since) >= self.policy.base * 40 {
                (self.failures, self.linear, self.doubled, self.limited) = (0, 0, 0, 0);
            }
        }
    }

    /// The connection came to an orderly end.
    pub fn ended(&mut self, how: Ended) -> Step {
        let was_alive = self.up.take().is_some_and(|up| up.alive.is_some());
        if how == Ended::Finished {
            return Step::End;
        }
        if !was_alive {
            return self.failed(Class::Linear);
        }
        Step::ConnectIn(self.next_linear())
    }

    /// An attempt failed, or a connection did. `wall` is the time since 1970, by which servers say when to come back.
    pub fn broke(&mut self, reason: &Reason, wall: Duration) -> Step {
        let was_up = self.up.take().is_some();
        let class = classify(reason, was_up, wall);
        if class == Class::Fatal || !self.has_begun && self.policy.must_begin {
            return Step::GiveUp;
        }
        self.failed(class)
    }

    fn failed(&mut self, class: Class) -> Step {
        self.failures += 1;
        if self.policy.retry_max.is_some_and(|most| self.failures > most) {
            return Step::GiveUp;
        }
        let base = self.policy.base;
        Step::ConnectIn(match class {
            Class::Fatal => return Step::GiveUp,
            Class::Linear => {
                self.linear = self.linear.max(1);
                self.next_linear()
            }
            Class::Busy => {
                self.doubled += 1;
                self.chance.part_of(doubled(base * 20, self.doubled, 64))
            }
            Class::Limited(Some(asked)) => asked.min(LONGEST_ASKED),
            Class::Limited(None) => {
                self.limited += 1;
                self.chance.part_of(doubled(base * 240, self.limited, 15))
            }
        })
    }

    fn next_linear(&mut self) -> Duration {
        let steps = self.linear.min(64);
        self.linear += 1;
        self.policy.base * steps
    }
}

fn classify(reason: &Reason, was_up: bool, wall: Duration) -> Class {
    let asked = |retry: &RetryTime| retry.wait(wall);
    match reason {
        Reason::Status { code: 420 | 429, retry, .. } => Class::Limited(asked(retry)),
        Reason::Status { code: 403, retry, .. } if retry.is_limit() => Class::Limited(asked(retry)),
        Reason::Status { code: 503, retry, .. } if asked(retry).is_some() => Class::Limited(asked(retry)),
        Reason::Status { code: 408 | 409 | 425 | 500.., .. } => Class::Busy,
        Reason::Status { .. } | Reason::Usage(_) | Reason::Refusal(_) => Class::Fatal,
        // Before anything came it is the wrong address or certificate; in the middle, a server that stumbled.
        Reason::Protocol(_) if !was_up => Class::Fatal,
        _ => Class::Linear,
    }
}

#[cfg(test)]
mod tests;
