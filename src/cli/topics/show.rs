//! `topic-model top-words`, `evaluate` and `export`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::{ModelArgs, text_or_usual};
use crate::cli::{Common, OutputArgs, Status, Tool};
use crate::drive::Usage;
use crate::expr::Expr;
use crate::job::topics::{Gather, Numbers, TextOptions};
use crate::jsonl::{Output, replace_file};
use crate::topic::{Kind, Model, evaluate};

/// The prior of a mixture that a model of one topic a text is written with, a mean over topics: where shares of several topics are
/// asked of it, these fit short texts best.
const MIXED: f64 = 0.2;

/// Arguments of `topic-model top-words`.
#[derive(Args)]
pub struct TopWordsArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// How many words of each topic
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    words: usize,
    /// The most probable words, instead of those that tell the topic from others, too
    #[arg(long)]
    by_probability: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Arguments of `topic-model evaluate`.
#[derive(Args)]
pub struct EvaluateArgs {
    /// Files with texts that the model has not seen, in order [default: standard input]
    files: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// The text of a record; several strings are one text [default: post_text, the text of a post]
    #[arg(long, value_name = "EXPR")]
    text: Option<Expr>,
    /// Look in these texts for which words come together [default: the texts themselves]
    #[arg(long, value_name = "FILE")]
    reference: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    common: Common,
}

/// Arguments of `topic-model export`.
#[derive(Args)]
pub struct ExportArgs {
    /// The folder for phi.tsv, vocab.txt and alpha.txt; made if it is not there
    folder: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
}

/// Writes records as they are asked for.
fn write(output: &OutputArgs, records: &[Value]) -> anyhow::Result<Status> {
    let mut output = output.open()?;
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    output.records(&lines)?;
    output.close()?;
    Ok(Status::Done)
}

impl TopWordsArgs {
    pub(super) fn run(self, _tool: &mut Tool) -> anyhow::Result<Status> {
        let model = self.model.read()?;
        let all: f64 = (0..model.topics()).map(|topic| model.size(topic)).sum();
        let records: Vec<Value> = (0..model.topics())
            .map(|topic| {
                let words = match self.by_probability {
                    true => model.frequent_words(topic, self.words),
                    false => model.top_words(topic, self.words),
                };
                let words: Vec<&str> = words.iter().map(|&word| &*model.words()[word as usize]).collect();
                let share = (model.size(topic) / all * 1e4).round() / 1e4;
                json!({"topic": topic, "share": share, "words": words})
            })
            .collect();
        write(&self.output, &records)
    }
}

impl EvaluateArgs {
    pub(super) fn run(mut self, tool: &mut Tool) -> anyhow::Result<Status> {
        self.common.prepare(tool)?;
        let model = self.model.read()?;
        let text = text_or_usual(self.text.take())?;
        let (held, status) = self.gather(tool, &model, text.clone(), &self.files)?;
        if status != Status::Done {
            return Ok(status);
        }
        let corpus = held.texts.corpus();
        let reference = match &self.reference[..] {
            [] => None,
            files => {
                let (reference, status) = self.gather(tool, &model, text, files)?;
                if status != Status::Done {
                    return Ok(status);
                }
                Some(reference.texts.corpus()).filter(|reference| !reference.is_empty())
            }
        };
        if reference.is_none() && !self.reference.is_empty() {
            return Err(Usage("no record of --reference has a text: see --text".into()).into());
        }
        let quality = evaluate(&model, &corpus, reference.as_ref().unwrap_or(&corpus));
        let Some(perplexity) = quality.perplexity else {
            let hint = "no text has two words that the model knows, so nothing can be predicted: see --text";
            return Err(Usage(hint.into()).into());
        };
        let unknown = 1.0 - held.texts.known as f64 / held.texts.words as f64;
        write(
            &self.output,
            &[json!({
                "topics": model.topics(),
                "texts": corpus.len(),
                "predicted_words": quality.tokens,
                "unknown_words": (unknown * 1e4).round() / 1e4,
                "perplexity": (perplexity * 10.0).round() / 10.0,
                "npmi": (quality.npmi * 1e4).round() / 1e4,
                "unique_top_words": (quality.unique_top_words * 1e4).round() / 1e4,
            })],
        )
    }

    fn gather<'m>(
        &self,
        tool: &Tool,
        model: &'m Model,
        text: Expr,
        files: &[PathBuf],
    ) -> anyhow::Result<(Gather<Numbers<'m>>, Status)> {
        let options = TextOptions { text, reading: model.reading().clone() };
        let mut job = Gather::new(options, Numbers::new(model));
        let nothing = Output::to(Box::new(std::io::sink()));
        let (status, _) = self.common.run(tool, &mut job, files, nothing)?;
        Ok((job, status))
    }
}

impl ExportArgs {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let model = self.model.read()?;
        let (mut phi, mut words, mut alpha) = (String::new(), String::new(), String::new());
        for topic in 0..model.topics() {
            for word in 0..model.words().len() {
                let tab = if word > 0 { "\t" } else { "" };
                write!(phi, "{tab}{:e}", model.probability(word, topic))?;
            }
            phi.push('\n');
        }
        for word in model.words() {
            writeln!(words, "{word}")?;
        }
        let scale = match model.kind() {
            Kind::Lda => 1.0,
            Kind::Gsdmm => MIXED * model.topics() as f64 / model.alpha().iter().sum::<f64>(),
        };
        for prior in model.alpha() {
            writeln!(alpha, "{}", prior * scale)?;
        }
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder {}", self.folder.display()))?;
        for (name, content) in [("phi.tsv", phi), ("vocab.txt", words), ("alpha.txt", alpha)] {
            let path = self.folder.join(name);
            replace_file(&path, content.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(Status::Done)
    }
}
