//! The commands of `topic-model`.

mod fit;
mod label;
mod show;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Value;

use super::{Status, Tool};
use crate::drive::Usage;
use crate::expr::Expr;
use crate::topic::Model;

/// What is to be done with topics.
#[derive(Subcommand)]
pub enum Command {
    /// Learn topics from texts
    Fit(fit::FitArgs),
    /// Add the topics of its text to each record
    Label(label::LabelArgs),
    /// Show what each topic is about
    TopWords(show::TopWordsArgs),
    /// Judge a model by texts that it has not seen
    Evaluate(show::EvaluateArgs),
    /// Write a model as tables that other programs read
    Export(show::ExportArgs),
}

impl Command {
    /// Does it.
    pub fn run(self, tool: &mut Tool) -> anyhow::Result<Status> {
        match self {
            Command::Fit(args) => args.run(tool),
            Command::Label(args) => args.run(tool),
            Command::TopWords(args) => args.run(tool),
            Command::Evaluate(args) => args.run(tool),
            Command::Export(args) => args.run(),
        }
    }
}

/// The text of a tweet, a Jetstream post or a Mastodon status.
const USUAL_TEXT: &str = "post_text";

/// The expression for the text, or the usual one.
fn text_or_usual(text: Option<Expr>) -> anyhow::Result<Expr> {
    Ok(text.map_or_else(|| Expr::parse(USUAL_TEXT), Ok)?)
}

/// Reads a model, and what stands in it for people.
fn read_model(path: &Path) -> anyhow::Result<(Arc<Model>, Value)> {
    let bytes = fs::read(path).with_context(|| format!("cannot read the model {}", path.display()))?;
    let (model, about) = Model::from_bytes(&bytes).map_err(|error| {
        Usage(format!("{} cannot be used: {error}; make it anew with topic-model fit", path.display()))
    })?;
    Ok((Arc::new(model), about))
}
