//! Takes the words of all texts in.

use std::sync::Arc;

use super::text::{TextOptions, WordReader};
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Recipe};
use crate::expr::Program;
use crate::jsonl::{Chunk, Record, Reject};
use crate::topic::{Corpus, CorpusBuilder, Model};

/// What texts are gathered in.
pub trait TakesWords {
    /// Takes one text.
    fn take<'a>(&mut self, words: impl Iterator<Item = &'a str>);
}

impl TakesWords for CorpusBuilder {
    fn take<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.push(words);
    }
}

/// Texts in the numbers of a model.
pub struct Numbers<'m> {
    model: &'m Model,
    texts: Vec<Vec<u32>>,
    /// Words of texts, and those that the model knows.
    pub words: u64,
    /// See above.
    pub known: u64,
}

impl<'m> Numbers<'m> {
    /// No text so far.
    pub fn new(model: &'m Model) -> Numbers<'m> {
        Numbers { model, texts: Vec::new(), words: 0, known: 0 }
    }

    /// All texts.
    pub fn corpus(&self) -> Corpus {
        Corpus::of_numbers(self.model.words().to_vec(), &self.texts)
    }
}

impl TakesWords for Numbers<'_> {
    fn take<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        let mut text = Vec::new();
        for word in words {
            self.words += 1;
            text.extend(self.model.number(word));
        }
        self.known += text.len() as u64;
        self.texts.push(text);
    }
}

/// The job.
pub struct Gather<T> {
    options: TextOptions,
    /// Where the texts are.
    pub texts: T,
    /// Texts so far, and records that have none.
    pub count: u64,
    /// See above.
    pub without_text: u64,
}

impl<T> Gather<T> {
    /// Takes all texts into `texts`.
    pub fn new(options: TextOptions, texts: T) -> Gather<T> {
        Gather { options, texts, count: 0, without_text: 0 }
    }
}

/// The pure half.
pub struct GatherMapper {
    program: Program,
    reader: WordReader,
}

/// The words of a chunk's texts, one behind the other.
#[derive(Default)]
pub struct Words {
    words: String,
    /// Where each word ends.
    ends: Vec<usize>,
    /// How many words there are at the end of each text.
    texts: Vec<usize>,
    without_text: u64,
}

impl Mapper for GatherMapper {
    type Batch = Words;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, words: &mut Words) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        let (length, count) = (words.words.len(), words.ends.len());
        let outcome = self.reader.read(&mut loaded, |word| {
            words.words.push_str(word);
            words.ends.push(words.words.len());
        });
        match outcome {
            Ok(true) => words.texts.push(words.ends.len()),
            Ok(false) => words.without_text += 1,
            Err(reject) => {
                words.words.truncate(length);
                words.ends.truncate(count);
                return Err(reject);
            }
        }
        Ok(())
    }
}

impl<T: TakesWords> Job for Gather<T> {
    type Mapper = GatherMapper;

    fn recipe(&self) -> Recipe<GatherMapper> {
        let options = self.options.clone();
        Arc::new(move || {
            Ok(GatherMapper {
                program: Program::new(&[&options.text])?,
                reader: WordReader::new(0, &options.reading),
            })
        })
    }

    fn apply(&mut self, _chunk: &Chunk, words: Words, _cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let (mut from, mut start) = (0, 0);
        for &to in &words.texts {
            self.texts.take(words.ends[from..to].iter().map(|&end| {
                let word = &words.words[start..end];
                start = end;
                word
            }));
            from = to;
        }
        self.count += words.texts.len() as u64;
        self.without_text += words.without_text;
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("texts".into(), self.count.into());
        figures.insert("no_text".into(), self.without_text.into());
    }
}
