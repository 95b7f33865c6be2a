//! Lines in and out.
//!
//! Bytes come from a [`ByteSource`] (a file, a pipe, a connection), are decompressed by magic number (`decode`), cut
//! into [`Chunk`]s of whole lines by the reader (in `drive`), and taken apart by [`Chunk::records`]. What is no record
//! becomes a [`Reject`], which the [`Ledger`] counts, shows and keeps. What a tool writes goes through [`Output`],
//! in one of the forms of [`format`](mod@format).

mod beside;
mod buffer;
mod chunk;
mod closed;
mod decode;
mod escape;
mod form;
pub mod format;
mod head;
mod input;
mod inputs;
mod later;
mod output;
mod queue;
mod reject;
mod slow;
mod trail;

pub use beside::{can_replace, replace_file};
pub use buffer::Buffer;
pub(crate) use chunk::BYTE_ORDER_MARK;
pub use chunk::{Chunk, ChunkKind, Record};
pub use closed::open_stdout;
pub use decode::{decoded, is_compressed};
pub use escape::{demands_escape, write_string, write_string_with};
pub use form::{Form, is_refused};
pub use head::behind_head;
pub use input::{ByteSource, Input, Meter, StreamSource, open_file, open_stdin, open_unawaited, read_whole};
pub use inputs::{Again, Inputs};
pub use later::{later_source, later_source_from, open_later};
pub use output::Output;
pub use queue::{Backlog, OnFull};
pub use reject::{Ledger, Place, Reject, RejectLimit, RejectPolicy};
pub use trail::Trail;
