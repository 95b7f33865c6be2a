//! Topics of short texts: learnt from a batch, applied to a stream.
//!
//! A topic is a spread of words; a text is a mixture of topics ([`Lda`]), or of one topic ([`Gsdmm`]). Both are learnt by
//! sampling, on one thread, and a seed gives the same bytes on every machine: the generator is our own, sums have a fixed
//! order, and logarithms come from a portable library. What was learnt is a [`Model`]; its [`Folder`] finds the topics of a
//! text without sampling.
//!
//! | file | what it does |
//! | --- | --- |
//! | `corpus` | texts as sequences of word numbers |
//! | `lda`, `gsdmm` | the two samplers |
//! | `stream` | a text whose tokens are drawn anew |
//! | `lanes` | draws a topic by its weight |
//! | `model`, `fold` | what was learnt, and the topics of a new text |
//! | `reading` | which words of a text are looked at |
//! | `evaluate` | how good a model is |
//! | `file` | the model as a file |

mod corpus;
mod evaluate;
mod file;
mod fold;
mod gsdmm;
mod lanes;
mod lda;
mod model;
mod reading;
mod stream;
#[cfg(test)]
mod tests;

pub use corpus::{Corpus, CorpusBuilder, CorpusError, WordLimits};
pub use evaluate::{Quality, evaluate};
pub use file::ModelError;
pub use fold::Folder;
pub use gsdmm::Gsdmm;
pub use lda::{Lda, Settings, Start};
pub use model::{Kind, Model};
pub use reading::{Reading, UnknownLanguage, WordFilter};

/// The first topic with the largest share.
pub fn likeliest(shares: &[f32]) -> usize {
    shares.iter().enumerate().fold(0, |best, (topic, share)| if *share > shares[best] { topic } else { best })
}
