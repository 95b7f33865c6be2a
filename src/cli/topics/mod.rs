//! The commands of `topic-model`.

mod fit;
mod label;
mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Status, Tool};
use crate::drive::Usage;
use crate::expr::Expr;
use crate::job::topics::{ModelPlace, Version};
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

/// Where objects are.
#[derive(Args)]
struct ModelStore {
    /// The address of the store of s3:// models, if it is not that of AWS [default: the environment variable AWS_ENDPOINT_URL_S3
    /// or AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

/// The model that topic-model fit made.
#[derive(Args)]
struct ModelArgs {
    /// The model that topic-model fit made, a file or s3://BUCKET/KEY
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    #[command(flatten)]
    store: ModelStore,
}

impl ModelStore {
    fn place(&self, path: &Path) -> anyhow::Result<ModelPlace> {
        ModelPlace::at(path, self.endpoint.as_deref())
    }
}

impl ModelArgs {
    fn read(&self) -> anyhow::Result<Arc<Model>> {
        Ok(read_model(&self.store.place(&self.model)?)?.0)
    }
}

/// Reads a model.
fn read_model(place: &ModelPlace) -> anyhow::Result<(Arc<Model>, Version)> {
    let (bytes, version) = place.read()?;
    let (model, _) = Model::from_bytes(&bytes).map_err(|error| {
        Usage(format!("{place} cannot be used: {error}; make it anew with topic-model fit"))
    })?;
    Ok((Arc::new(model), version))
}
