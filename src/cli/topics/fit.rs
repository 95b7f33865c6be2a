//! `topic-model fit`.

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{ModelStore, read_model, text_or_usual};
use crate::cli::{Common, Status, Tool};
use crate::drive::{Interrupt, Notes, Usage};
use crate::expr::Expr;
use crate::job::topics::{Gather, Learnt, Plan, TextOptions, learn};
use crate::jsonl::Output;
use crate::topic::{Corpus, CorpusBuilder, Kind, Model, Reading, Settings, WordLimits};

/// How often progress is shown, and a signal is looked for.
const TICK: Duration = Duration::from_millis(50);
/// Sweeps where none are asked for.
const LDA_ITERATIONS: u32 = 300;
const GSDMM_ITERATIONS: u32 = 30;

/// Arguments of `topic-model fit`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct FitArgs {
    /// Files in order [default: standard input]
    files: Vec<PathBuf>,
    /// Write the model to FILE or s3://BUCKET/KEY, which is replaced as a whole
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The text of a record; several strings are one text [default: post_text, the text of a post]
    #[arg(long, value_name = "EXPR")]
    text: Option<Expr>,
    /// How many topics; of several numbers the best on held-out texts is kept
    #[arg(short = 'k', long, value_name = "N,…", value_delimiter = ',', default_value = "20", value_parser = clap::value_parser!(u16).range(1..=5000))]
    topics: Vec<u16>,
    /// lda: a text is a mixture of topics; gsdmm: it has one, for the shortest texts, and much faster
    #[arg(long, value_enum, default_value = "lda")]
    model: KindArg,
    /// How often all texts are gone through [default: 300 for lda, 30 for gsdmm]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    iterations: Option<u32>,
    /// Another seed is another model; the same seed and texts are the same bytes on any machine
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Try so many seeds from --seed on, and keep the best on held-out texts
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    tries: u32,
    /// Go on from this model: its topics keep their numbers
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    #[command(flatten)]
    store: ModelStore,
    /// What a text holds of each topic before it is read, in words; lda fits it
    #[arg(long, value_name = "X", default_value = "0.1", value_parser = parse_prior)]
    alpha: f64,
    /// What a topic holds of each word before any text is read, in words
    #[arg(long, value_name = "X", default_value = "0.01", value_parser = parse_prior)]
    beta: f64,
    /// Leave out the stop words of these languages, by their codes; `none`: of no language
    #[arg(long, value_name = "LANG,…", value_delimiter = ',', default_value = "en", help_heading = "Words")]
    stop_words: Vec<String>,
    /// Leave out these words, too: one a line
    #[arg(long, value_name = "FILE", help_heading = "Words")]
    stop_file: Vec<PathBuf>,
    /// Leave out shorter words
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Words")]
    min_length: usize,
    /// Leave out words that fewer texts have
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Words")]
    min_df: u64,
    /// Leave out words that a larger part of the texts has
    #[arg(long, value_name = "P%", default_value = "50%", value_parser = parse_percent, help_heading = "Words")]
    max_df: f64,
    /// Of the words that are left, take the N that most texts have
    #[arg(long, value_name = "N", help_heading = "Words")]
    max_words: Option<usize>,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  topic-model fit -k 20 -o topics.model tweets.jsonl
  topic-model fit --text .text --model gsdmm -k 40 -o short.model tweets.jsonl
  topic-model fit -k 10,20,40 --tries 3 -o best.model tweets.jsonl
  topic-model fit -k 20 --init topics.model -o topics.model tweets.jsonl

Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed, 128 + n a signal.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KindArg {
    /// A mixture of topics
    Lda,
    /// One topic
    Gsdmm,
}

/// Beyond these the weights of topics leave the range of the floats that they are computed in.
const PRIORS: RangeInclusive<f64> = 1e-6..=1e6;

fn parse_prior(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| PRIORS.contains(number))
        .ok_or_else(|| "expected a number from 0.000001 to 1000000".into())
}

/// A part of 1, from percent.
pub(super) fn parse_percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.strip_suffix('%').and_then(|digits| digits.parse().ok());
    number
        .filter(|percent| *percent > 0.0 && *percent <= 100.0)
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "expected a part such as 50%".into())
}

impl FitArgs {
    pub(super) fn run(mut self, tool: &mut Tool) -> anyhow::Result<Status> {
        self.common.prepare(tool)?;
        let target = self.store.place(&self.output)?;
        target.check()?;
        let init = match &self.init {
            Some(path) => Some(read_model(&self.store.place(path)?)?.0),
            None => None,
        };
        let plan = self.plan(self.topics(init.as_ref().map(|model| model.topics()))?);
        let reading = self.reading()?;
        let options = TextOptions { text: text_or_usual(self.text.take())?, reading: reading.clone() };
        let interrupt = Interrupt::default();
        let mut job = Gather::new(options, CorpusBuilder::default());
        let nothing = Output::to(Box::new(std::io::sink()));
        let (status, _) = self.common.run_until(tool, &mut job, &self.files, nothing, interrupt.clone())?;
        if status != Status::Done {
            return Ok(status);
        }
        let without_text = job.without_text;
        let corpus = self.corpus(job)?;
        check_size(corpus.words().len(), plan.topics.iter().copied().max().unwrap_or_default())?;
        tool.notes().explain(&format!("{} sweeps begin", plan.sweeps()));
        let signal = interrupt.signal_slot();
        let learnt = watched(
            tool,
            &plan,
            || signal.load(Ordering::SeqCst) != 0,
            |done, stop| learn(&corpus, &plan, init.as_deref(), done, stop),
        );
        let Some(learnt) = learnt else {
            return Ok(Status::Signal(i32::try_from(signal.load(Ordering::SeqCst)).unwrap_or_default()));
        };
        let mut notes = tool.notes();
        say_candidates(&learnt, &mut notes);
        let topics = learnt.topics;
        let about = about(&plan, &learnt, &corpus);
        target.write(&learnt.model.with_reading(reading).to_bytes(&about))?;
        notes.say(&format!(
            "learnt {topics} topics from {} texts with {} words, {} of them different; {} texts have none of these, \
             {without_text} records no text",
            corpus.len(),
            corpus.tokens().len(),
            corpus.words().len(),
            corpus.wordless()
        ));
        Ok(Status::Done)
    }

    /// What is to be learnt, with each of these numbers of topics.
    fn plan(&self, topics: Vec<usize>) -> Plan {
        let (kind, usual) = match self.model {
            KindArg::Lda => (Kind::Lda, LDA_ITERATIONS),
            KindArg::Gsdmm => (Kind::Gsdmm, GSDMM_ITERATIONS),
        };
        let settings = Settings {
            topics: topics[0],
            iterations: self.iterations.unwrap_or(usual),
            alpha: self.alpha,
            beta: self.beta,
            seed: self.seed,
        };
        Plan { kind, topics, tries: self.tries, settings, threads: self.common.threads() }
    }

    /// The texts that were gathered, with the words that tell topics apart.
    fn corpus(&self, job: Gather<CorpusBuilder>) -> Result<Corpus, Usage> {
        let limits =
            WordLimits { min_texts: self.min_df, max_part: self.max_df, most: self.max_words.unwrap_or(0) };
        let (texts, without_text) = (job.count, job.without_text);
        job.texts.finish(limits).map_err(|error| match texts {
            0 => Usage(format!("{error}: {without_text} records have no string there; see --text")),
            _ => Usage(error.to_string()),
        })
    }

    /// The numbers of topics to try: those that were asked for, or that of the model to go on from.
    fn topics(&self, init: Option<usize>) -> Result<Vec<usize>, Usage> {
        let topics: BTreeSet<usize> = self.topics.iter().map(|&topics| topics.into()).collect();
        match init {
            Some(of_model) if !topics.iter().eq([&of_model]) => Err(Usage(format!(
                "the model of --init has {of_model} topics: give -k {of_model}, or learn without --init"
            ))),
            _ => Ok(topics.into_iter().collect()),
        }
    }

    /// What is left out of all texts.
    fn reading(&self) -> anyhow::Result<Reading> {
        let mut own = Vec::new();
        for path in &self.stop_file {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            for line in text.lines() {
                crate::text::words(line, |word| own.push(word.to_owned()));
            }
        }
        let languages: Vec<String> = match &self.stop_words[..] {
            [none] if none == "none" => Vec::new(),
            languages => languages.to_vec(),
        };
        Ok(Reading::new(&languages, own, self.min_length).map_err(|error| Usage(error.to_string()))?)
    }
}

/// What is learnt has to be a model.
fn check_size(words: usize, topics: usize) -> Result<(), Usage> {
    if words.saturating_mul(topics) <= Model::MOST_COUNTS {
        return Ok(());
    }
    Err(Usage(format!(
        "{words} different words in {topics} topics are more counts than a model holds ({}): give fewer topics with -k, or leave out \
         rare words with --min-df or --max-words",
        Model::MOST_COUNTS
    )))
}

/// How good each candidate is, where there was a choice.
fn say_candidates(learnt: &Learnt, notes: &mut Notes) {
    for candidate in &learnt.candidates {
        let quality = candidate.quality;
        let perplexity = quality.perplexity.unwrap_or(f64::NAN);
        let is_kept = (candidate.topics, candidate.seed) == (learnt.topics, learnt.seed);
        notes.say(&format!(
            "{} topics, seed {}: perplexity {perplexity:.1}, NPMI {:.3}{}",
            candidate.topics,
            candidate.seed,
            quality.npmi,
            if is_kept { " (kept)" } else { "" }
        ));
    }
}

/// How the model was made, for people.
fn about(plan: &Plan, learnt: &Learnt, corpus: &Corpus) -> Value {
    json!({
        "kind": match plan.kind { Kind::Lda => "lda", Kind::Gsdmm => "gsdmm" },
        "topics": learnt.topics, "iterations": plan.settings.iterations, "seed": learnt.seed,
        "texts": corpus.len(), "tokens": corpus.tokens().len(), "words": corpus.words().len(),
    })
}

/// Runs `work` while progress is shown and a signal stops it.
fn watched<T: Send>(
    tool: &Tool,
    plan: &Plan,
    is_signalled: impl Fn() -> bool,
    work: impl FnOnce(&AtomicU64, &AtomicBool) -> T + Send,
) -> T {
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut show = tool.steps(plan.sweeps());
    thread::scope(|scope| {
        let (finished, ended) = channel::<()>();
        let worker = scope.spawn(|| {
            let _finished = finished;
            work(&done, &stop)
        });
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            show(done.load(Ordering::Relaxed));
            if is_signalled() {
                stop.store(true, Ordering::Relaxed);
            }
        }
        tool.clear();
        match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_has_to_be_a_model() {
        assert!(check_size(100_000, 5000).is_ok() && check_size(Model::MOST_COUNTS, 1).is_ok());
        for (words, topics) in [(215_000, 5000), (Model::MOST_COUNTS + 1, 1), (usize::MAX, 2)] {
            assert!(check_size(words, topics).unwrap_err().to_string().contains("fewer topics with -k"));
        }
    }
}
