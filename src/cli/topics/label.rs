//! `topic-model label`.

use std::path::PathBuf;

use clap::Args;

use super::{ModelArgs, read_model, text_or_usual};
use crate::cli::checkpoint::CheckpointArgs;
use crate::cli::{Common, OutputArgs, Status, Tool};
use crate::expr::Expr;
use crate::job::topics::{Label, LabelOptions, Reload, Shown};
use crate::state::Settings;

/// Arguments of `topic-model label`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct LabelArgs {
    /// Files in order [default: standard input]
    files: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// The text of a record; several strings are one text [default: post_text, the text of a post]
    #[arg(long, value_name = "EXPR")]
    text: Option<Expr>,
    /// The least share of a topic in `topics`
    #[arg(long, value_name = "P%", default_value = "10%", value_parser = super::fit::parse_percent)]
    threshold: f64,
    /// How many words `topic_words` has
    #[arg(long, value_name = "N", default_value_t = 5)]
    words: usize,
    /// Use a newer model as soon as it has replaced this one
    #[arg(long)]
    reload: bool,
    #[command(flatten)]
    checkpoint: CheckpointArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  topic-model label --model topics.model tweets.jsonl
  topic-model label --model topics.model tweets.jsonl | window-count --key .topic --window 1h/10m
  topic-model label --model topics.model tweets.jsonl | jsonl-filter --select .id,.topic

Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed, \
5 a checkpoint that cannot be used, 75 another run holds it, 128 + n a signal.";

impl LabelArgs {
    pub(super) fn run(mut self, tool: &mut Tool) -> anyhow::Result<Status> {
        self.common.prepare(tool)?;
        self.common.check_for(&self.output);
        let place = self.model.store.place(&self.model.model)?;
        let (model, version) = read_model(&place)?;
        let text = text_or_usual(self.text)?;
        // The model may be a newer one in each run.
        let mut settings = Settings::new();
        settings.insert("text".into(), text.source().into());
        settings.insert("threshold".into(), self.threshold.into());
        settings.insert("words".into(), self.words.into());
        let settings = self.common.settings(tool, None, settings);
        let kept = self.checkpoint.open(tool, &settings, &self.files, &self.output)?;
        let options = LabelOptions {
            text,
            model,
            shown: Shown { threshold: self.threshold as f32, words: self.words },
            reload: self.reload.then_some(Reload { place, version }),
        };
        let (status, _) =
            self.common.run_kept(tool, &mut Label::new(options), &self.files, &self.output, kept)?;
        Ok(status)
    }
}
