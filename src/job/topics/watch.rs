//! The model at hand, which all workers share, and who looks whether there is a newer one.
//!
//! A thread of its own looks, so that a store that is slow to answer holds no record up. It ends when the job does.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Shown;
use super::place::{ModelPlace, Version};
use crate::topic::Model;

/// Where a newer model may come from.
#[derive(Clone, Debug)]
pub struct Reload {
    /// Where the model is.
    pub place: ModelPlace,
    /// Which one is at hand.
    pub version: Version,
}

/// A model, and the words that its topics are shown by, as JSON.
pub(super) struct Labels {
    pub(super) model: Arc<Model>,
    pub(super) words: Vec<Vec<u8>>,
}

impl Labels {
    fn new(model: Arc<Model>, shown: Shown) -> Labels {
        let words = (0..model.topics())
            .map(|topic| {
                let words: Vec<&str> = model
                    .top_words(topic, shown.words)
                    .iter()
                    .map(|&word| &*model.words()[word as usize])
                    .collect();
                serde_json::to_vec(&words).unwrap_or_default()
            })
            .collect();
        Labels { model, words }
    }
}

/// The model at hand, and what is to be said about it.
struct State {
    labels: Arc<Labels>,
    notes: Vec<String>,
}

/// The model at hand.
#[derive(Clone)]
pub(super) struct Current(Arc<Mutex<State>>);

impl Current {
    pub(super) fn new(model: Arc<Model>, shown: Shown) -> Current {
        let labels = Arc::new(Labels::new(model, shown));
        Current(Arc::new(Mutex::new(State { labels, notes: Vec::new() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn labels(&self) -> Arc<Labels> {
        Arc::clone(&self.state().labels)
    }

    /// What is to be said, once.
    pub(super) fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.state().notes)
    }

    /// Looks for newer models until what is returned is dropped.
    pub(super) fn watch(&self, reload: Reload, shown: Shown) -> Sender<()> {
        let (watching, stopped) = channel();
        let current = self.clone();
        let mut watch = Watch { reload, is_away: false };
        let every = watch.reload.place.look_every();
        thread::spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let Some((model, note)) = watch.look() else { continue };
                let labels = model.map(|model| Arc::new(Labels::new(model, shown)));
                let mut state = current.state();
                state.labels = labels.unwrap_or_else(|| Arc::clone(&state.labels));
                state.notes.push(note);
            }
        });
        watching
    }
}

struct Watch {
    reload: Reload,
    /// That the place cannot be read was said.
    is_away: bool,
}

impl Watch {
    /// A newer model, if it can be used, and what is to be said; nothing if all is as before.
    fn look(&mut self) -> Option<(Option<Arc<Model>>, String)> {
        let place = &self.reload.place;
        let found = match place.read_unless(&self.reload.version) {
            Ok(found) => found,
            Err(error) if !self.is_away => {
                self.is_away = true;
                return Some((None, format!("{error:#}: the model at hand is used on")));
            }
            Err(_) => return None,
        };
        self.is_away = false;
        let (content, version) = found?;
        self.reload.version = version;
        Some(match Model::from_bytes(&content) {
            Ok((model, _)) => {
                let note =
                    format!("{place} was replaced: its {} topics are used from here on", model.topics());
                (Some(Arc::new(model)), note)
            }
            Err(error) => {
                (None, format!("{place} was replaced, but {error}: the model before it is used on"))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::{CorpusBuilder, Gsdmm, Settings, Start, WordLimits};
    use std::fs;

    fn model(topics: usize) -> Vec<u8> {
        let mut texts = CorpusBuilder::default();
        texts.push(["one", "two"]);
        let limits = WordLimits { min_texts: 1, max_part: 1.0, most: 0 };
        let corpus = texts.finish(limits).expect("words");
        let settings = Settings { topics, iterations: 1, alpha: 0.1, beta: 0.1, seed: 1 };
        let mut sampler = Gsdmm::new(&corpus, settings, Start::default());
        sampler.sweep();
        sampler.model().to_bytes(&serde_json::json!({}))
    }

    #[test]
    fn only_what_can_be_used_is_taken_up_and_each_change_is_told_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model");
        fs::write(&path, model(1)).expect("a file");
        let place = ModelPlace::at(&path, None).expect("a place");
        let (_, version) = place.read().expect("a model");
        let mut watch = Watch { reload: Reload { place, version }, is_away: false };
        assert!(watch.look().is_none(), "nothing is new");
        fs::write(&path, model(2)).expect("a file");
        let (newer, note) = watch.look().expect("it is newer");
        assert!(newer.is_some_and(|model| model.topics() == 2) && note.contains("its 2 topics"), "{note}");
        fs::write(&path, &model(3)[1..]).expect("a file");
        let (damaged, note) = watch.look().expect("it is newer");
        assert!(damaged.is_none() && note.contains("the model before it is used on"), "{note}");
        assert!(watch.look().is_none(), "that was told");
        fs::remove_file(&path).expect("it is there");
        let (gone, note) = watch.look().expect("it is gone");
        assert!(gone.is_none() && note.contains("the model at hand is used on"), "{note}");
        assert!(watch.look().is_none(), "that was told");
        fs::write(&path, model(4)).expect("a file");
        assert!(watch.look().is_some_and(|(model, _)| model.is_some()), "it is back");
    }
}
