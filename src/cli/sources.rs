//! The arguments that say where lines come from, and at what pace.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::checkpoint::{self, CheckpointArgs};
use super::common::open;
use super::cursor::{self, CursorArgs};
use super::live::LiveArgs;
use super::network::NetworkArgs;
use super::size::parse_count;
use super::spooled;
use super::state::Kept;
use super::{Common, OutputArgs, Tool, duration};
use crate::drive::{Interrupt, Usage};
use crate::job::fetch::Spools;
use crate::jsonl::{Input, Inputs, Meter, later_source};
use crate::net::{Error, StoreOptions};
use crate::source::{self, FollowSource, Pace, Rate, SourceOptions, Speed, Target};
use crate::state::{InputNote, Settings, State};
use crate::time::{Span, TimeReader};

/// Sources and pace.
#[derive(Args, Clone, Debug)]
pub struct SourceArgs {
    /// Files, folders, patterns, `-`, tcp://, http(s)://, ws(s)://, s3://, demo:tweets, demo:rsvps, demo:github or presets (--list), in order
    #[arg(required_unless_present = "list", value_name = "SOURCE")]
    sources: Vec<String>,
    /// List the presets, and what each needs
    #[arg(long)]
    list: bool,
    /// Follow files, folders and patterns: new lines and new files as they come
    #[arg(long, help_heading = "Input")]
    follow: bool,
    /// Where the store of s3:// is, if not at AWS [default: AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL", help_heading = "Network")]
    endpoint: Option<String>,
    /// Replay by the event times: 1x as recorded, 60x an hour in a minute, max without waiting
    #[arg(long, default_value = "max", conflicts_with = "rate", help_heading = "Pace")]
    speed: Speed,
    /// Wait no longer than this for the next line of a replay
    #[arg(long, value_name = "SPAN", value_parser = Span::parse, requires = "speed", help_heading = "Pace")]
    max_gap: Option<Span>,
    /// So many records a second
    #[arg(long, value_name = "N", help_heading = "Pace")]
    rate: Option<Rate>,
    /// End after so many records
    #[arg(long, value_name = "N", value_parser = parse_count, help_heading = "Pace")]
    records: Option<u64>,
    /// Records of a demo stream per second of its event time [default: as --rate, else 50]
    #[arg(long, value_name = "N", conflicts_with = "rate", help_heading = "Demo streams")]
    density: Option<Rate>,
    /// Another seed is another demo stream, or another --disorder [default: 42]
    #[arg(long, value_name = "N", value_parser = parse_count, help_heading = "Demo streams")]
    seed: Option<u64>,
    /// The time of a demo stream's first record [default: 2018-11-12T19:00:00Z]
    #[arg(long, value_name = "TIME", value_parser = parse_start, help_heading = "Demo streams")]
    start: Option<u64>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    cursor: CursorArgs,
    #[command(flatten)]
    checkpoint: CheckpointArgs,
}

/// Sources that are open, and the cursor that follows them, if there is one.
#[derive(Default)]
pub struct Opened {
    /// In order.
    pub inputs: Vec<Input>,
    /// Keeps the places.
    pub kept: Option<Kept>,
    /// Of a stage of a pipeline with marks: how sources that are no files are read again.
    pub spools: Option<Spools>,
}

fn parse_start(text: &str) -> Result<u64, String> {
    let time = TimeReader::auto().string(text).map_err(|error| error.to_string())?;
    u64::try_from(time).map_err(|_| "a demo stream begins after 1970".into())
}

impl SourceArgs {
    /// Opens all sources, in order, and where they were left if there is a cursor, which is for lines of JSON alone.
    pub fn open(&self, common: &Common, tool: &Tool, is_jsonl: bool) -> anyhow::Result<Opened> {
        if self.follow && self.cursor.path().is_some() {
            let hint = "--cursor is for runs that end: without --follow each run, as from cron, reads what is new in the files";
            return Err(Usage(hint.into()).into());
        }
        if self.follow {
            return Ok(Opened { inputs: vec![self.followed(tool)?], kept: None, spools: None });
        }
        let mut options = self.options(common, tool).map_err(explain)?;
        let has_cursor = self.cursor.path().is_some();
        if has_cursor && !is_jsonl {
            return Err(Usage(
                "--cursor counts lines of JSON, and not what --from makes of other forms: keep the input with --record, or \
                 convert it first and read that with --cursor"
                    .into(),
            ).into());
        }
        if let [name, words @ ..] = self.sources.as_slice()
            && speaks(name, words)
        {
            let cursor = self.cursor.open(&self.sources)?;
            options.resume = cursor.as_ref().map(|cursor| cursor.place(0));
            let inputs = source::open_words(name, words, &options).map_err(explain)?;
            return Ok(Opened {
                inputs: inputs.unwrap_or_default(),
                kept: cursor.map(|cursor| cursor.kept),
                spools: None,
            });
        }
        if has_cursor {
            return self.open_kept(&mut options, tool);
        }
        let mut inputs = Vec::new();
        for address in &self.sources {
            match source::open(address, &options).map_err(explain)? {
                Some(opened) => inputs.extend(opened),
                None => {
                    for path in named(address)? {
                        inputs.push(open(&path, inputs.len())?);
                    }
                }
            }
        }
        Ok(Opened { inputs, kept: None, spools: None })
    }

    /// Opens all sources where they were left.
    fn open_kept(&self, options: &mut SourceOptions, tool: &Tool) -> anyhow::Result<Opened> {
        let files: Vec<&String> = self.sources.iter().filter(|address| source::is_file(address)).collect();
        if files.is_empty() {
            let mut inputs = Vec::new();
            let Some(cursor) = self.cursor.open(&self.sources)? else { return Ok(Opened::default()) };
            for (place, address) in self.sources.iter().enumerate() {
                options.resume = Some(cursor.place(place));
                let opened = source::open(address, options).map_err(explain)?.unwrap_or_default();
                if let Some(input) = opened.iter().find(|input| input.trail.is_none()) {
                    return Err(Usage(format!("--cursor: {} has no place to go on from", input.name)).into());
                }
                inputs.extend(opened);
            }
            return Ok(Opened { inputs, kept: Some(cursor.kept), spools: None });
        }
        if files.len() < self.sources.len() {
            return Err(cursor::mixed().into());
        }
        let Some(mut cursor) = self.cursor.open(&["files".into()])? else { return Ok(Opened::default()) };
        let mut paths = Vec::new();
        for address in files {
            paths.extend(named(address)?);
        }
        let inputs = cursor.kept.inputs(&paths, &mut tool.notes())?;
        Ok(Opened { inputs, kept: Some(cursor.kept), spools: None })
    }

    /// Opens all sources where the stage of a pipeline with marks left them, if this is one: files again, and all else through spools.
    ///
    /// # Errors
    ///
    /// A source that has no place to go on from.
    pub fn open_stage(
        &self,
        common: &Common,
        tool: &Tool,
        mut settings: Settings,
        output: &OutputArgs,
        is_jsonl: bool,
    ) -> anyhow::Result<Option<Opened>> {
        if !self.checkpoint.is_given() {
            return Ok(None);
        }
        if !is_jsonl {
            self.checkpoint.refuse(
                "places in the input are counted in lines of JSON: convert the input first, and fetch that",
            )?;
        }
        if self.follow {
            self.checkpoint
                .refuse("--follow has no place to go on from: fetch the files without it, again and again")?;
        }
        let is_file = |address: &&String| *address != "-" && source::is_file(address);
        let files = self.spoken().iter().filter(|(address, _)| is_file(address)).count();
        if files > 0 && files < self.spoken().len() {
            self.checkpoint.refuse("a stage reads files, or other sources, and not both")?;
        }
        let Some(berth) = self.checkpoint.berth(tool)? else { return Ok(None) };
        let stage = berth.source(checkpoint::owns(output)?, self.checkpoint.mark_every())?;
        if files == 0 {
            let sources: Vec<String> = self.sources.iter().map(|source| cursor::shown(source)).collect();
            settings.insert("sources".into(), sources.into());
            let mut options = self.options(common, tool).map_err(explain)?;
            let (root, commits) = (stage.root().to_owned(), stage.commits());
            let kept = Kept::of_stage(State::of_stage(stage, &settings)?, None);
            let (inputs, again) = spooled::open(&root, &self.spoken(), &kept, &mut options)?;
            let spools = Some(Spools::new(again, commits));
            return Ok(Some(Opened { inputs, kept: Some(kept), spools }));
        }
        let mut kept = Kept::of_stage(State::of_stage(stage, &settings)?, None);
        let mut paths = Vec::new();
        for address in &self.sources {
            paths.extend(named(address)?);
        }
        let inputs = kept.inputs(&paths, &mut tool.notes())?;
        Ok(Some(Opened { inputs, kept: Some(kept), spools: None }))
    }

    /// The sources, each with the words that stand behind it.
    fn spoken(&self) -> Vec<(&String, &[String])> {
        match self.sources.as_slice() {
            [name, words @ ..] if speaks(name, words) => vec![(name, words)],
            sources => sources.iter().map(|address| (address, &[][..])).collect(),
        }
    }

    /// Refuses to keep a place that a later run goes on from, for this reason: a cursor, or marks.
    pub fn refuse_places(&self, why: &str) -> Result<(), Usage> {
        match self.cursor.path() {
            Some(_) => Err(Usage(format!("--cursor: {why}"))),
            None => self.checkpoint.refuse(why),
        }
    }

    /// All sources as one that has no end.
    fn followed(&self, tool: &Tool) -> anyhow::Result<Input> {
        let is_elsewhere = |address: &&String| *address == "-" || !source::is_file(address);
        if let Some(address) = self.sources.iter().find(is_elsewhere) {
            return Err(
                Usage(format!("--follow is for files, folders and patterns, and {address} is none")).into()
            );
        }
        let targets = self.sources.iter().map(|address| Target::of(address)).collect();
        let mut notes = tool.notes();
        let voice = move |note: &InputNote| match note {
            InputNote::Say(text) => notes.say(text),
            InputNote::Explain(text) => notes.explain(text),
        };
        let meter = Meter::default();
        let source = FollowSource::new(targets, meter.clone(), Box::new(voice));
        Ok(Input::new(self.sources.join(" "), Box::new(source), meter))
    }

    /// The seed of all that is drawn.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(SourceOptions::default().demo.seed)
    }

    /// Lets files be read again: so often in all, 0 for ever.
    ///
    /// # Errors
    ///
    /// What is no file cannot be.
    pub fn looped(&self, list: Vec<Input>, passes: u64) -> Result<Inputs, Usage> {
        if let Some(once) = list.iter().find(|input| !Path::new(&input.name).is_file()) {
            let name = &once.name;
            return Err(Usage(format!(
                "--loop: {name} can be read once only; record it with --record, and loop the files"
            )));
        }
        let files: Vec<(String, Meter)> =
            list.iter().map(|input| (input.name.clone(), input.meter.clone())).collect();
        let again = move |pass| {
            let open = |(name, meter): &(String, Meter)| {
                Input::new(name.clone(), later_source(Path::new(name), meter.clone()), meter.clone())
            };
            (passes == 0 || pass < passes).then(|| files.iter().map(open).collect())
        };
        Ok(Inputs { list, again: Some(Box::new(again)), side_by_side: false })
    }

    /// What is no URL among them is a file.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.sources.iter().map(PathBuf::from).collect()
    }

    fn options(&self, common: &Common, tool: &Tool) -> Result<SourceOptions, Error> {
        let mut options = SourceOptions::default();
        options.demo.seed = self.seed.unwrap_or(options.demo.seed);
        options.demo.start_ms = self.start.unwrap_or(options.demo.start_ms);
        options.demo.records = self.records;
        if let Some(rate) = self.rate {
            options.demo = options.demo.paced(rate);
        }
        options.demo.density = self.density.unwrap_or(options.demo.density);
        options.store = StoreOptions::from_environment();
        if let Some(endpoint) = &self.endpoint {
            options.store.endpoint = Some(endpoint.clone());
        }
        options.net = self.network.options()?;
        options.live = self.live.options(common.max_line(), tool);
        options.named = self.live.named();
        Ok(options)
    }

    /// Whether files are followed.
    pub fn follows(&self) -> bool {
        self.follow
    }

    /// Whether only the list of presets is wanted.
    pub fn wants_list(&self) -> bool {
        self.list
    }

    /// What ends the run from outside, the time that it is given included.
    pub fn interrupt(&self) -> Interrupt {
        self.live.interrupt()
    }

    /// When lines are due; a demo stream keeps its rate itself.
    pub fn pace(&self) -> Option<Pace> {
        match (self.rate, self.speed) {
            (Some(_), _) if self.is_demo() => None,
            (Some(rate), _) => Some(Pace::per_second(rate)),
            (None, Speed::Max) => None,
            (None, speed) => Some(Pace::new(speed, self.max_gap.as_ref().map(duration))),
        }
    }

    /// After how many records to end; a demo stream ends by itself, after as many that are whole.
    pub fn records(&self) -> Option<u64> {
        if self.is_demo() { None } else { self.records }
    }

    fn is_demo(&self) -> bool {
        self.sources.iter().all(|source| source.to_ascii_lowercase().starts_with("demo:"))
    }
}

/// Whether words stand behind the name of a preset.
fn speaks(name: &str, words: &[String]) -> bool {
    name == "x" && words.first().is_some_and(|word| word == "search" || word == "rules")
}

/// The files that a path, a folder or a pattern stands for. One that is not there is told of when it is opened.
fn named(address: &str) -> anyhow::Result<Vec<PathBuf>> {
    let target = Target::of(address);
    if matches!(target, Target::File(_)) {
        return Ok(vec![address.into()]);
    }
    let files = target.files().with_context(|| format!("cannot read {address}"))?;
    anyhow::ensure!(!files.is_empty(), "{address}: there is no file to read");
    Ok(files)
}

pub(super) fn explain(error: Error) -> anyhow::Error {
    if error.is_usage() { Usage(error.to_string()).into() } else { error.into() }
}
