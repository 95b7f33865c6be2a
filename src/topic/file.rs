//! The model as a file.
//!
//! A [`Form`] whose line tells a person what it is, and whose body is packed: kind, beta, samples, alpha; the words, each
//! followed by the topics that it had (how many, then the distance to the one before and the count); the words that were left
//! out from the start, and the least length of a word. Counts are whole, so what is read is what was written.

use serde_json::{Value, json};

use super::{Kind, Model, Reading};
use crate::pack::{Form, Packer, Unpackable, Unpacker};

const FORM: Form = Form { magic: b"trendpipe topic\n", version: 1, name: "topic model" };

impl Model {
    /// The file of this model. `about` is a JSON object for people: how it was made.
    pub fn to_bytes(&self, about: &Value) -> Vec<u8> {
        let mut packer = Packer::default();
        packer.tag(match self.kind() {
            Kind::Lda => 0,
            Kind::Gsdmm => 1,
        });
        packer.f64(self.beta());
        packer.u64(self.samples().into());
        packer.length(self.topics());
        self.alpha().iter().for_each(|&alpha| packer.f64(alpha));
        packer.length(self.words().len());
        for (word, counts) in self.words().iter().zip(self.counts().chunks_exact(self.topics())) {
            packer.string(word.as_bytes());
            packer.u64(counts.iter().filter(|&&count| count > 0).count() as u64);
            let mut next = 0;
            for (topic, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
                packer.u64((topic - next) as u64);
                packer.u64(count.into());
                next = topic + 1;
            }
        }
        packer.length(self.reading().stop_words.len());
        self.reading().stop_words.iter().for_each(|word| packer.string(word.as_bytes()));
        packer.u64(self.reading().least_length as u64);
        let body = packer.into_bytes();
        let line = format!("{}\n", json!({"model": about}));
        [FORM.head(line.as_bytes(), &[&body]).as_slice(), line.as_bytes(), &body].concat()
    }

    /// The model of a file, and what stands in it for people.
    ///
    /// # Errors
    ///
    /// The file is something else, or damaged; what to do is for the caller to say.
    pub fn from_bytes(file: &[u8]) -> Result<(Model, Value), ModelError> {
        let (line, body) = FORM.parts(file).map_err(|damage| ModelError(damage.to_string()))?;
        let about: Value = serde_json::from_slice(line).map_err(|error| ModelError(error.to_string()))?;
        let mut unpacker = Unpacker::new(body);
        let model = read(&mut unpacker).map_err(|error| ModelError(error.to_string()))?;
        Ok((model, about["model"].clone()))
    }
}

/// A checksum holds the bytes, but not the program that wrote them: what a model relies on is looked at again.
fn read(unpacker: &mut Unpacker<'_>) -> Result<Model, Unpackable> {
    let kind = match unpacker.tag()? {
        0 => Kind::Lda,
        1 => Kind::Gsdmm,
        _ => return Err(Unpackable),
    };
    let beta = unpacker.f64()?;
    let samples = unpacker.u32()?;
    let topics = unpacker.length()?;
    let alpha: Vec<f64> = (0..topics).map(|_| unpacker.f64()).collect::<Result<_, _>>()?;
    let is_positive = |number: &f64| number.is_finite() && *number > 0.0;
    let is_sound = topics > 0 && topics <= usize::from(u16::MAX) && samples > 0;
    if !is_sound || !is_positive(&beta) || !alpha.iter().all(is_positive) {
        return Err(Unpackable);
    }
    let length = unpacker.length()?;
    if length.saturating_mul(topics) > Model::MOST_COUNTS {
        return Err(Unpackable);
    }
    let mut words: Vec<Box<str>> = Vec::new();
    let mut counts = Vec::new();
    for _ in 0..length {
        words.push(string(unpacker)?);
        let start = counts.len();
        counts.resize(start + topics, 0);
        let mut topic = 0;
        for _ in 0..unpacker.u64()? {
            topic += unpacker.u32()? as usize;
            *counts[start..].get_mut(topic).ok_or(Unpackable)? = unpacker.u32()?;
            topic += 1;
        }
    }
    let stop_words = (0..unpacker.length()?).map(|_| string(unpacker)).collect::<Result<_, _>>()?;
    let reading = Reading { stop_words, least_length: unpacker.u32()? as usize };
    unpacker.end()?;
    if words.is_empty() {
        return Err(Unpackable);
    }
    Ok(Model::new(kind, words, alpha, beta, counts, samples).with_reading(reading))
}

fn string(unpacker: &mut Unpacker<'_>) -> Result<Box<str>, Unpackable> {
    let bytes = unpacker.string()?;
    Ok(std::str::from_utf8(bytes).map_err(|_| Unpackable)?.into())
}

/// Why a file is no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError(String);

impl std::error::Error for ModelError {}

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
