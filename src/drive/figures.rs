//! What a run tells of itself: figures, and how far it is.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::run::Run;
use super::{Figures, Job, Progress};
use crate::jsonl::{Chunk, Meter};

/// How often a job is asked for what a person who watches wants to know.
const STATUS_EVERY: Duration = Duration::from_millis(200);

impl<J: Job> Run<'_, J> {
    pub(super) fn show_progress(&mut self, chunk: Option<&Chunk>) {
        if let Some(progress) = &mut self.progress {
            if let Some(chunk) = chunk
                && self.status.0.is_none_or(|at| at.elapsed() > STATUS_EVERY)
            {
                self.status = (Some(Instant::now()), self.job.status(chunk));
            }
            let bytes = self.meters.iter().map(Meter::bytes).sum();
            progress(Progress { bytes, records: self.counts.records, status: self.status.1.as_deref() });
        }
    }

    pub(super) fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        figures.insert("tool".into(), self.notes.tool().into());
        let rejected =
            self.ledger.counts().iter().map(|(reason, count)| (reason.to_string(), (*count).into()));
        figures.insert("lines".into(), self.counts.lines.into());
        figures.insert("records".into(), self.counts.records.into());
        figures.insert("rejected".into(), Value::Object(rejected.collect()));
        figures.insert("blank".into(), self.counts.blank.into());
        self.job.figures(&mut figures);
        if let Some(saves) = &self.saves {
            figures.insert("saves".into(), saves.count.into());
            figures.insert("longest_pause".into(), saves.longest.as_secs_f64().into());
        }
        figures.insert("bytes".into(), self.meters.iter().map(Meter::bytes).sum::<u64>().into());
        figures.insert("seconds".into(), self.begun.elapsed().as_secs_f64().into());
        figures
    }
}
