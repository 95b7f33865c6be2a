//! Sources without an end: whatever is spoken, connections that break are made again, and their lines joined to one stream.
//!
//! | file | what it does |
//! | --- | --- |
//! | `reconnect` | the one machine that decides when to connect again, and when to give up |
//! | `joined` | joins connections to one stream of whole lines, and marks places to resume from |
//! | `sieve` | leaves out records that are not wanted, or came before |
//! | `lines` | lines over HTTP and TCP |
//! | `sse`, `events` | server-sent events: the parser, and the connection |
//! | `websocket` | messages |
//! | `poll`, `numbered` | pages that are asked for again and again, and items by their numbers |
//!
//! A [`Transport`] makes a [`Connection`], which hands out bytes of lines until it ends or fails. Neither waits before it
//! connects again, nor knows what came before: that is the machine's matter, and the joiner's.

mod events;
mod joined;
mod lines;
mod numbered;
mod poll;
mod reconnect;
mod sieve;
mod sse;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

pub use joined::{LiveSource, Plan};
pub use lines::{HttpTransport, SinceParam, TcpTransport};
pub use numbered::NumberedTransport;
pub use poll::{Items, PollOptions, PollTransport};
pub use reconnect::{Policy, Reconnect, Step};
pub use sieve::{Sieve, SieveOptions};
pub use sse::{Event, EventOptions, EventParser};
pub use websocket::{Unwrap, WebSocketTransport};

use crate::jsonl::Meter;
use crate::net::Error;

/// Makes connections.
pub trait Transport: Send {
    /// Connects once, to go on behind what `token` stands for, where this can be told to the server. What comes is metered.
    fn connect(&mut self, token: Option<&[u8]>, meter: &Meter) -> Result<Box<dyn Connection>, Error>;
}

/// One connection, until it ends.
pub trait Connection: Send {
    /// Reads what there is. May block, but no longer than the stall time-out.
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error>;

    /// Whether the next read would wait for the server. True when unknown.
    fn would_block(&mut self) -> bool;

    /// The place behind all lines that were handed out, where the server names places and the last of them was whole.
    fn token(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// The wait before the next connection that the server wishes.
    fn wished_wait(&self) -> Option<Duration> {
        None
    }

    /// Whether it is read once, whatever ends it: nothing would go on where it broke.
    fn is_finite(&self) -> bool {
        false
    }

    /// Whether a read takes all that has come, as far as there is room.
    fn takes_all(&self) -> bool {
        false
    }

    /// Whether something may have been missed since this was asked last.
    fn has_gap(&mut self) -> bool {
        false
    }

    /// The length of all that will come, where it is known.
    fn size(&self) -> Option<u64> {
        None
    }
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// So many bytes of lines.
    Bytes(usize),
    /// No line, but a sign of life: a keep-alive.
    Life,
    /// Bytes of which nothing has come yet.
    Nothing,
    /// The end.
    End(Ended),
}

/// How a connection ends without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no more to come: the body had a length, or the server says so.
    Finished,
    /// The server hung up as one does.
    Orderly,
}

/// How loud a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Something went wrong.
    Warning,
    /// How it goes about its work.
    Detail,
}

/// Takes what a live source has to say to a person.
pub type Voice = Arc<dyn Fn(NoteKind, &str) + Send + Sync>;
