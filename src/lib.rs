//! Trends from live JSON streams, as small programs on a pipe.
//!
//! The rooms, from the ground up (arrows point down only):
//!
//! | room | what it does |
//! | --- | --- |
//! | [`pack`] | numbers and byte strings in few bytes |
//! | [`brief`] | the beginning of a long text |
//! | [`near`] | which of the known names a mistyped one means |
//! | [`random`] | random numbers that are the same everywhere |
//! | [`scan`] | finds fields in the raw bytes of a record, and checks that it is whole |
//! | [`time`] | timestamps, durations, calendars |
//! | [`jsonl`] | lines in and out: chunks, compression, rejects, formats |
//! | [`text`] | what a text says: its words and entities, its counting key, its language, its sentiment |
//! | [`expr`] | expressions: jq, compiled to the scanner where that is possible |
//! | [`row`] | the window row, the contract between the tools |
//! | [`net`] | the HTTP agent |
//! | [`state`] | what a run leaves to the next: places in files, outputs, locks, a file that is never half written |
//! | [`archive`] | recordings: files that are whole once they have their names |
//! | [`drive`] | the reader, the workers, the ordered writer, the flush rule |
//! | [`window`], [`rank`], [`chart`], [`record`], [`topic`] | what is computed: windows, the largest, pictures, records sent again, topics |
//! | [`source`] | the ways in: networks, object stores, live sources by name, the demo streams, replay |
//! | [`sink`] | the ways out: databases, files and objects that records are stored in |
//! | `serve` | hands a stream to many readers: lines, events, the page (a feature, on by default) |
//! | [`job`] | what each tool does with one record, and what it does in order |
//! | [`cli`] | shared arguments, exit status, signals, progress, statistics |
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, clippy::exit))]

pub mod archive;
pub mod brief;
pub mod chart;
pub mod cli;
pub mod drive;
pub mod expr;
pub mod job;
pub mod jsonl;
pub mod near;
pub mod net;
pub mod pack;
pub mod random;
pub mod rank;
pub mod record;
pub mod row;
pub mod scan;
#[cfg(feature = "serve")]
pub mod serve;
pub mod sink;
pub mod source;
pub mod state;
pub mod text;
pub mod time;
pub mod topic;
pub mod window;
