//! Learns models of a corpus, several at once where several are asked for, and keeps the best.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::topic::{Corpus, Gsdmm, Kind, Lda, Model, Quality, Settings, Start, evaluate};

/// With several candidates, each of so many texts is held back to judge them by.
const HELD_BACK: usize = 10;

/// What is to be learnt.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How the model sees a text.
    pub kind: Kind,
    /// Each of these is tried with each seed.
    pub topics: Vec<usize>,
    /// Seeds, from that of the settings on.
    pub tries: u32,
    /// All but the number of topics.
    pub settings: Settings,
    /// At most so many models at a time.
    pub threads: usize,
}

/// One model that was tried.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its topics.
    pub topics: usize,
    /// Its seed.
    pub seed: u64,
    /// How good it is on the texts that were held back.
    pub quality: Quality,
}

/// What came of it.
pub struct Learnt {
    /// The best model.
    pub model: Model,
    /// Its number of topics and its seed.
    pub topics: usize,
    /// See above.
    pub seed: u64,
    /// All that were tried, in the order of topics and seeds; none where there was no choice.
    pub candidates: Vec<Candidate>,
}

impl Plan {
    /// All sweeps of all candidates.
    pub fn sweeps(&self) -> u64 {
        u64::from(self.settings.iterations) * self.topics.len() as u64 * u64::from(self.tries)
    }

    fn candidates(&self) -> Vec<Settings> {
        let seeds = (0..u64::from(self.tries)).map(|more| self.settings.seed.wrapping_add(more));
        let each =
            |&topics: &usize| seeds.clone().map(move |seed| Settings { topics, seed, ..self.settings });
        self.topics.iter().flat_map(each).collect()
    }
}

/// Learns the plan's models. `done` counts sweeps; once `stop` is set there is no model.
///
/// The threads only share out whole candidates, so their number changes nothing.
pub fn learn(
    corpus: &Corpus,
    plan: &Plan,
    start: Option<&Model>,
    done: &AtomicU64,
    stop: &AtomicBool,
) -> Option<Learnt> {
    let candidates = plan.candidates();
    if let [only] = candidates[..] {
        let model = one(corpus, plan.kind, only, start, done, stop)?;
        return Some(Learnt { model, topics: only.topics, seed: only.seed, candidates: Vec::new() });
    }
    let (held, rest) = corpus.split(HELD_BACK);
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Model, Quality)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..plan.threads.min(candidates.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&settings) = candidates.get(number) else { return };
                    let Some(model) = one(&rest, plan.kind, settings, start, done, stop) else { return };
                    let quality = evaluate(&model, &held, &rest);
                    found.lock().unwrap_or_else(PoisonError::into_inner).push((number, model, quality));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if found.len() < candidates.len() {
        return None;
    }
    found.sort_by_key(|(number, ..)| *number);
    let shown: Vec<Candidate> = found
        .iter()
        .map(|(number, _, quality)| {
            let Settings { topics, seed, .. } = candidates[*number];
            Candidate { topics, seed, quality: *quality }
        })
        .collect();
    let perplexity = |place: usize| shown[place].quality.perplexity.unwrap_or(f64::INFINITY);
    let best = (1..shown.len())
        .fold(0, |best, place| if perplexity(place) < perplexity(best) { place } else { best });
    let (_, model, _) = found.swap_remove(best);
    Some(Learnt { model, topics: shown[best].topics, seed: shown[best].seed, candidates: shown })
}

fn one(
    corpus: &Corpus,
    kind: Kind,
    settings: Settings,
    start: Option<&Model>,
    done: &AtomicU64,
    stop: &AtomicBool,
) -> Option<Model> {
    let start = Start { model: start };
    let all = |sweep: &mut dyn FnMut()| {
        (0..settings.iterations).all(|_| {
            sweep();
            done.fetch_add(1, Ordering::Relaxed);
            !stop.load(Ordering::Relaxed)
        })
    };
    match kind {
        Kind::Lda => {
            let mut sampler = Lda::new(corpus, settings, start);
            all(&mut || sampler.sweep()).then(|| sampler.model())
        }
        Kind::Gsdmm => {
            let mut sampler = Gsdmm::new(corpus, settings, start);
            all(&mut || sampler.sweep()).then(|| sampler.model())
        }
    }
}
