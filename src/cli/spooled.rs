//! Sources of a pipeline with marks that cannot send the same bytes again: each is read through a spool.

use std::path::Path;

use anyhow::Context as _;

use super::Usage;
use crate::job::fetch::Again;
use crate::jsonl::{self, ByteSource, Input, Meter};
use crate::net::Error;
use crate::source::{self, Resume, SourceOptions};
use crate::state::Spool;

/// The folder in that of the pipeline that spools lie in.
const FOLDER: &str = "spool";

/// Opens the source of this number, by its address and words, to be read on from a place.
pub(super) fn open(
    root: &Path,
    number: usize,
    place: u64,
    (address, words): (&str, &[String]),
    options: &mut SourceOptions,
) -> anyhow::Result<(Input, Again)> {
    if address.to_ascii_lowercase().starts_with("demo:") {
        options.demo.behind = place;
        let opened = source::open(address, options).map_err(explain)?.and_then(|mut opened| opened.pop());
        let input = opened.with_context(|| format!("cannot open {address}"))?;
        return Ok((input, Again::Same(place)));
    }
    let spool = Spool::open(&root.join(FOLDER).join((number + 1).to_string()), place)?;
    if spool.is_ended() {
        let nothing = Box::new(Nothing);
        let source = spool.source(nothing, None);
        return Ok((Input::new(address.to_owned(), source, Meter::default()), Again::Spooled(spool)));
    }
    let (token, ids) = spool.known();
    options.resume = Some(Resume { token, ids });
    let mut opened = match address {
        "-" => vec![jsonl::open_stdin().context("cannot read standard input")?],
        _ => source::open_words(address, words, options).map_err(explain)?.unwrap_or_default(),
    };
    let (Some(mut input), true) = (opened.pop(), opened.is_empty()) else {
        let hint = "--checkpoint: this is more than one source, each of which needs a stream-fetch of its own";
        return Err(Usage(format!("{hint}: {address}")).into());
    };
    input.source = spool.source(input.source, input.trail.clone());
    // What of it comes out of the spool is not known beforehand.
    input.size = None;
    Ok((input, Again::Spooled(spool)))
}

fn explain(error: Error) -> anyhow::Error {
    if error.is_usage() { Usage(error.to_string()).into() } else { error.into() }
}

/// A source that is at its end.
struct Nothing;

impl ByteSource for Nothing {
    fn read(&mut self, _buf: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }

    fn would_block(&mut self) -> bool {
        false
    }
}
