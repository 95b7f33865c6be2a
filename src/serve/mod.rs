//! Hands a stream to many readers: lines over TCP and HTTP, events for pages, and the page itself.
//!
//! The [`Hub`] stands between the run and the readers. The run publishes and never waits for a page; a reader has a
//! place in what was published, and no queue of its own. So memory is bounded by the history, whatever the readers do: one
//! that falls behind is given the newest state as a whole, and one that takes nothing for [`PATIENCE`] is dropped. Readers
//! of lines over TCP want every line, so they alone may hold the input back, and not for longer than that either.
//!
//! | file | what it does |
//! | --- | --- |
//! | `hub`, `history`, `backlog`, `log` | what was published: windows, lines, figures, what went wrong |
//! | `window` | a whole window as the page reads it |
//! | `events`, `lines`, `tcp` | the three kinds of readers |
//! | `site`, `access`, `assets`, `metrics` | the answers of HTTP, who gets one, and what is fixed in them |
//! | `patient` | connections that are given up |

mod access;
mod assets;
mod backlog;
mod events;
mod feed;
mod history;
mod hub;
mod lines;
mod log;
mod metrics;
mod patient;
mod server;
mod site;
mod tcp;
mod window;

use std::time::Duration;

pub use access::{Access, Token};
pub use hub::{Batch, Hub, HubOptions};
pub use server::{Ports, Server};

/// Readers of streams at a time.
pub const MOST_READERS: usize = 64;
/// A reader that takes nothing for so long is dropped.
pub const PATIENCE: Duration = Duration::from_secs(10);
