//! Puts the topics of its text on each record.
//!
//! A record gets `topic` (a number, null where no word is known), `topic_words` (what that topic is shown by) and `topics`
//! (those with a share over the threshold, the largest first). Fields of these names are replaced; all other bytes stay.
//!
//! A model that is replaced while records pass is taken up between two chunks of them; which record is the first is then
//! for the clock to say, and nothing is promised about it but that each is labelled by one model.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::text::WordReader;
use super::watch::{Current, Labels, Reload};
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Recipe};
use crate::expr::{Expr, NewField, Program, splice};
use crate::jsonl::{Chunk, Record, Reject};
use crate::topic::{Folder, Model, likeliest};

/// The fields that a record gets.
const FIELDS: [&str; 3] = ["topic", "topic_words", "topics"];

/// What is shown of topics.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The least share of a topic in `topics`.
    pub threshold: f32,
    /// How many words `topic_words` has.
    pub words: usize,
}

/// How records are labelled.
#[derive(Clone, Debug)]
pub struct LabelOptions {
    /// Its strings are the text.
    pub text: Expr,
    /// The model.
    pub model: Arc<Model>,
    /// What is shown.
    pub shown: Shown,
    /// Where to look for a newer model.
    pub reload: Option<Reload>,
}

/// The job.
pub struct Label {
    options: LabelOptions,
    current: Current,
    tally: Tally,
    /// As long as it is there, newer models are looked for.
    _watching: Option<Sender<()>>,
}

/// What was met.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    labelled: u64,
    without_text: u64,
    unknown: u64,
    words: u64,
    known_words: u64,
}

impl Label {
    /// Labels records with the topics of their texts.
    pub fn new(options: LabelOptions) -> Label {
        let current = Current::new(Arc::clone(&options.model), options.shown);
        let watching = options.reload.clone().map(|reload| current.watch(reload, options.shown));
        Label { options, current, tally: Tally::default(), _watching: watching }
    }

    fn say(&self, cx: &mut Context<'_>) {
        self.current.notes().iter().for_each(|note| cx.notes.say(note));
    }
}

/// The pure half.
pub struct LabelMapper {
    program: Program,
    shown: Shown,
    current: Current,
    labels: Arc<Labels>,
    reader: WordReader,
    folder: Folder<Arc<Model>>,
    numbers: Vec<u32>,
    order: Vec<usize>,
}

/// Records with labels.
#[derive(Default)]
pub struct Labelled {
    lines: Vec<u8>,
    tally: Tally,
}

impl LabelMapper {
    fn new(options: &LabelOptions, current: Current) -> anyhow::Result<LabelMapper> {
        let fields: Vec<Expr> =
            FIELDS.iter().map(|field| Expr::parse(&format!(".{field}"))).collect::<Result<_, _>>()?;
        let expressions: Vec<&Expr> = [&options.text].into_iter().chain(&fields).collect();
        let labels = current.labels();
        Ok(LabelMapper {
            program: Program::new(&expressions)?,
            shown: options.shown,
            reader: WordReader::new(0, labels.model.reading()),
            folder: Folder::new(Arc::clone(&labels.model)),
            current,
            labels,
            numbers: Vec::new(),
            order: Vec::new(),
        })
    }

    /// `topic`, `topic_words` and `topics` of the numbers at hand, as JSON.
    fn values(&mut self) -> [Vec<u8>; 3] {
        if self.numbers.is_empty() {
            return [b"null".to_vec(), b"[]".to_vec(), b"[]".to_vec()];
        }
        let shares = self.folder.shares(&self.numbers);
        let topic = likeliest(shares);
        self.order.clear();
        self.order.extend((0..shares.len()).filter(|&topic| shares[topic] >= self.shown.threshold));
        self.order.sort_by(|&left, &right| shares[right].total_cmp(&shares[left]));
        let mut topics = b"[".to_vec();
        for (place, &topic) in self.order.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let share = (f64::from(shares[topic]) * 1e4).round() / 1e4;
            // Memory takes all that is written.
            let _ = write!(topics, "{comma}{{\"topic\":{topic},\"share\":{share}}}");
        }
        topics.push(b']');
        [topic.to_string().into_bytes(), self.labels.words[topic].clone(), topics]
    }
}

impl Mapper for LabelMapper {
    type Batch = Labelled;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        let labels = self.current.labels();
        if !Arc::ptr_eq(&labels, &self.labels) {
            self.reader = WordReader::new(0, labels.model.reading());
            self.folder = Folder::new(Arc::clone(&labels.model));
            self.labels = labels;
        }
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, labelled: &mut Labelled) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        let (model, numbers) = (&self.labels.model, &mut self.numbers);
        numbers.clear();
        let mut words = 0;
        let has_text = self.reader.read(&mut loaded, |word| {
            words += 1;
            numbers.extend(model.number(word));
        })?;
        let mut places = [const { None }; FIELDS.len()];
        for (number, place) in places.iter_mut().enumerate() {
            *place = loaded.place(number + 1).map_err(crate::job::evaluate::failed)?;
        }
        let tally = &mut labelled.tally;
        tally.words += words;
        tally.known_words += numbers.len() as u64;
        tally.without_text += u64::from(!has_text);
        tally.unknown += u64::from(has_text && numbers.is_empty());
        tally.labelled += u64::from(!numbers.is_empty());
        let values = self.values();
        let names: [&[u8]; 3] = [b"\"topic\":", b"\"topic_words\":", b"\"topics\":"];
        let fields: Vec<NewField<'_>> = names
            .into_iter()
            .zip(&values)
            .zip(places)
            .map(|((name, value), place)| (name, value.as_slice(), place))
            .collect();
        splice(record.bytes, &fields, &mut labelled.lines);
        labelled.lines.push(b'\n');
        Ok(())
    }
}

impl Job for Label {
    type Mapper = LabelMapper;

    fn recipe(&self) -> Recipe<LabelMapper> {
        let (options, current) = (self.options.clone(), self.current.clone());
        Arc::new(move || LabelMapper::new(&options, current.clone()))
    }

    fn apply(&mut self, _chunk: &Chunk, labelled: Labelled, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.say(cx);
        let Labelled { lines, tally } = labelled;
        self.tally.labelled += tally.labelled;
        self.tally.without_text += tally.without_text;
        self.tally.unknown += tally.unknown;
        self.tally.words += tally.words;
        self.tally.known_words += tally.known_words;
        if !lines.is_empty() {
            cx.out.records(&lines)?;
        }
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.say(cx);
        let Tally { labelled, without_text, unknown, words, known_words } = self.tally;
        if words > 0 {
            let share = (words - known_words) as f64 * 100.0 / words as f64;
            cx.notes.say(&format!(
                "labelled {labelled} records; {unknown} have no word that the model knows, {without_text} no text; \
                 {share:.1} % of all words are unknown"
            ));
        }
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        let Tally { labelled, without_text, unknown, words, known_words } = self.tally;
        for (name, figure) in [
            ("labelled", labelled),
            ("no_text", without_text),
            ("unknown", unknown),
            ("words", words),
            ("known_words", known_words),
        ] {
            figures.insert(name.into(), figure.into());
        }
    }
}
