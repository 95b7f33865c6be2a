//! Sources of a pipeline with marks that cannot send the same bytes again: each is read through a spool.

use std::path::Path;

use anyhow::Context as _;

use super::Usage;
use super::sources::explain;
use super::state::Kept;
use crate::job::fetch::{Again, Fetch};
use crate::jsonl::{self, ByteSource, Input, Meter};
use crate::source::{self, Resume, SourceOptions};
use crate::state::Spool;

/// The folder in that of the pipeline that spools lie in.
const FOLDER: &str = "spool";

/// Opens all sources, each with the words behind it, where the run before left them.
pub(super) fn open(
    root: &Path,
    sources: &[(&String, &[String])],
    kept: &Kept,
    options: &mut SourceOptions,
) -> anyhow::Result<(Vec<Input>, Vec<Again>)> {
    let mut places = Vec::new();
    kept.restore(|packed| {
        places = Fetch::spool_places(packed)?;
        Ok(())
    })?;
    places.resize(sources.len(), 0);
    let opened = sources.iter().zip(places).enumerate();
    opened.map(|(number, (source, place))| open_one(root, number, place, *source, options)).collect()
}

/// Opens the source of this number, by its address and words, to be read on from a place.
fn open_one(
    root: &Path,
    number: usize,
    place: u64,
    (address, words): (&String, &[String]),
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
        return Ok((Input::new(address.clone(), source, Meter::default()), Again::Spooled(spool)));
    }
    let (token, ids) = spool.known();
    options.resume = Some(Resume { token, ids });
    let mut opened = match address.as_str() {
        "-" => vec![jsonl::open_stdin().context("cannot read standard input")?],
        _ => source::open_words(address, words, options).map_err(explain)?.unwrap_or_default(),
    };
    let (Some(mut input), true) = (opened.pop(), opened.is_empty()) else {
        let hint =
            "--checkpoint: this is more than one source, each of which needs a stream-fetch of its own";
        return Err(Usage(format!("{hint}: {address}")).into());
    };
    if begins_anew(address, &input, options) {
        let hint = "has an end, and begins anew with each request: give --id, so that what came before is left out, or --since-param, \
                    or fetch it into a file first, and that with --checkpoint";
        return Err(Usage(format!("--checkpoint: {} {hint}", input.name)).into());
    }
    input.source = spool.source(input.source, input.trail.clone());
    // What of it comes out of the spool is not known beforehand.
    input.size = None;
    Ok((input, Again::Spooled(spool)))
}

/// Whether a response was found to have an end, and nothing tells its records apart or says where to go on. One that is connected to later
/// is not known.
fn begins_anew(address: &str, input: &Input, options: &SourceOptions) -> bool {
    let live = &options.live;
    let is_finite = input.trail.as_ref().is_some_and(|trail| !trail.is_endless());
    let is_connected = live.retries.is_none();
    address.starts_with("http")
        && is_finite
        && is_connected
        && live.sieve.id.is_none()
        && live.since.is_none()
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
