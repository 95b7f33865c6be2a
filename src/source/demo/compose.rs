//! What a synthetic tweet says: language, sentences, tags, mentions, links. Indices count code points, as Twitter's do.

use super::json::{self, raw};
use super::pattern::Pattern;
use super::people::Person;
use super::script::{EMOJI, EVENTS, PAGES};
use super::trend::{Burst, Trends};
use super::words::{LANGUAGES, Language, TAIL};
use crate::random::{Random, Weighted};

/// How many users there are.
const CROWD: usize = 1500;

/// A new tweet is at most this long.
const LIMIT: usize = 280;

/// A link is this long, whatever it links to.
const LINK: usize = 23;

/// Rank r of a language's tags has the weight 1 / (r + 2): Zipf's law with exponent 1, its head a little flattened.
const ZIPF_SHIFT: u64 = 2;

/// A text that grows, with its entities.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) text: String,
    /// In code points.
    pub(super) length: usize,
    pub(super) language: usize,
    pub(super) person: usize,
    pub(super) reply_to: Option<usize>,
    /// Where the text begins after the mention of whom it answers.
    pub(super) shown_from: usize,
    /// Where the link stands, its code, its page.
    pub(super) link: Option<(usize, String, usize)>,
    tags: Vec<Tagged>,
    mentions: Vec<Mention>,
}

#[derive(Clone)]
struct Tagged {
    start: usize,
    end: usize,
    text: String,
}

#[derive(Clone)]
struct Mention {
    start: usize,
    end: usize,
    /// The entity up to its indices.
    json: Vec<u8>,
}

/// Composes tweets.
pub(super) struct Composer {
    start_ms: u64,
    voices: Vec<Voice>,
    shares: Weighted,
    people: Vec<Person>,
    events: Vec<Happening>,
    trends: Trends,
}

/// A language, ready to be spoken.
struct Voice {
    code: &'static str,
    topics: Vec<Vec<Pattern>>,
    tags: Vec<Tag>,
    ranks: Weighted,
    /// Its users are these.
    people: std::ops::Range<usize>,
}

/// A tag as it is mostly written, and its topic.
struct Tag {
    text: &'static str,
    tail: &'static str,
    topic: Option<usize>,
}

struct Happening {
    tag: Tag,
    sentences: Vec<(usize, Vec<Pattern>)>,
}

impl Composer {
    pub(super) fn new(random: &mut Random, start_ms: u64) -> Self {
        let mut people = Vec::with_capacity(CROWD);
        let voices: Vec<Voice> =
            LANGUAGES.iter().map(|language| Voice::new(language, &mut people, random)).collect();
        let index_of = |code: &str| LANGUAGES.iter().position(|language| language.code == code).unwrap_or(0);
        let events = EVENTS.iter().map(|event| Happening {
            tag: Tag { text: event.tag, tail: "", topic: None },
            sentences: event
                .sentences
                .iter()
                .map(|(code, sentences)| {
                    (index_of(code), sentences.iter().map(|text| Pattern::new(text)).collect())
                })
                .collect(),
        });
        Composer {
            start_ms,
            voices,
            shares: Weighted::new(LANGUAGES.iter().map(|language| language.share)),
            people,
            events: events.collect(),
            trends: Trends::new(EVENTS.iter().map(|event| Burst::from_shape(event.shape))),
        }
    }

    pub(super) fn code(&self, language: usize) -> &'static str {
        self.voices[language].code
    }

    pub(super) fn person(&self, person: usize) -> &Person {
        &self.people[person]
    }

    pub(super) fn anyone(&self, random: &mut Random) -> &Person {
        random.pick(&self.people)
    }

    /// A user of a language; some write far more than others.
    pub(super) fn someone(&self, language: usize, random: &mut Random) -> usize {
        let people = &self.voices[language].people;
        people.start + random.index(people.len()).min(random.index(people.len()))
    }

    /// Writes a new text into `draft`.
    pub(super) fn compose(&mut self, time_ms: u64, random: &mut Random, draft: &mut Draft) {
        draft.clear();
        let second = time_ms.saturating_sub(self.start_ms) / 1000;
        let event = self.trends.choose(second, random.below(1_000_000)).map(|event| &self.events[event]);
        let event = event.map(|event| (event, random.pick(&event.sentences)));
        draft.language = event.map_or_else(|| self.shares.draw(random), |(_, (language, _))| *language);
        draft.person = self.someone(draft.language, random);
        let voice = &self.voices[draft.language];
        let tags = voice.choose_tags(event.map(|(event, _)| &event.tag), random);
        let topic = tags.iter().find_map(|tag| tag.topic).unwrap_or_else(|| random.index(voice.topics.len()));
        let topic = &voice.topics[topic];

        if random.chance(120_000) {
            let other = self.someone(draft.language, random);
            draft.mention(&self.people[other]);
            draft.push(" ");
            draft.reply_to = Some(other);
            draft.shown_from = draft.length;
        }
        let leads = !tags.is_empty() && random.chance(150_000);
        if leads {
            draft.tag(&tags[0].spelled(random));
            draft.push(" ");
        }
        draft.sentences(event.map(|(_, (_, sentences))| &sentences[..]), topic, random);
        if random.chance(220_000) {
            let emoji = random.choose(&EMOJI);
            for _ in 0..1 + random.index(3) {
                draft.push(emoji);
            }
        }
        for tag in tags.iter().skip(usize::from(leads)) {
            if draft.length < LIMIT - 60 {
                draft.push(" ");
                draft.tag(&tag.spelled(random));
            }
        }
        if random.chance(180_000) && draft.length + LINK < LIMIT {
            draft.push(" ");
            let (start, code) = (draft.length, link_code(random));
            draft.push("https://t.co/");
            draft.push(&code);
            draft.link = Some((start, code, random.index(PAGES.len())));
        }
    }
}

impl Voice {
    fn new(language: &'static Language, people: &mut Vec<Person>, random: &mut Random) -> Self {
        let topics: Vec<Vec<Pattern>> = language
            .topics
            .iter()
            .map(|topic| topic.sentences.iter().map(|text| Pattern::new(text)).collect())
            .collect();
        // Commonest first: the first of each topic, then the second of each.
        let longest = language.topics.iter().map(|topic| topic.tags.len()).max().unwrap_or(0);
        let mut tags = Vec::new();
        for rank in 0..longest {
            for (topic, of_topic) in language.topics.iter().enumerate() {
                tags.extend(of_topic.tags.get(rank).map(|text| Tag { text, tail: "", topic: Some(topic) }));
            }
        }
        if language.code == "en" {
            let (first, second) = TAIL;
            // Neighbours in rank shall not look alike: 7 and 11 have no divisor in common with 40.
            tags.extend((0..first.len() * second.len()).map(|index| Tag {
                text: first[(index * 7 + index / 40) % 40],
                tail: second[(index * 11) % 40],
                topic: None,
            }));
        }
        let start = people.len();
        let count = 8 + CROWD * language.share as usize / 1000;
        for _ in 0..count {
            let sentences = random.pick(&topics);
            people.push(Person::new(language, sentences, random));
        }
        Voice {
            code: language.code,
            topics,
            ranks: Weighted::zipf(tags.len(), ZIPF_SHIFT),
            tags,
            people: start..people.len(),
        }
    }

    /// The tags of one tweet: none for most, else one or some.
    fn choose_tags<'a>(&'a self, event: Option<&'a Tag>, random: &mut Random) -> Vec<&'a Tag> {
        let mut tags: Vec<&Tag> = Vec::new();
        tags.extend(event.filter(|_| random.chance(880_000)));
        let mut share = if event.is_some() { 150_000 } else { 400_000 };
        while tags.len() < 4 && random.chance(share) {
            share = 300_000;
            let tag = &self.tags[self.ranks.draw(random)];
            if !tags.iter().any(|other| std::ptr::eq(*other, tag)) {
                tags.push(tag);
            }
        }
        tags
    }
}

impl Tag {
    /// Mostly as it is, else in lower or upper case.
    fn spelled(&self, random: &mut Random) -> String {
        let tag = [self.text, self.tail].concat();
        match random.below(100) {
            0..86 => tag,
            86..95 => tag.to_lowercase(),
            _ => tag.to_uppercase(),
        }
    }
}

impl Draft {
    fn clear(&mut self) {
        self.text.clear();
        self.tags.clear();
        self.mentions.clear();
        *self = Draft {
            text: std::mem::take(&mut self.text),
            tags: std::mem::take(&mut self.tags),
            mentions: std::mem::take(&mut self.mentions),
            ..Draft::default()
        };
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.length += text.chars().count();
    }

    fn sentence(&mut self, pattern: &Pattern, random: &mut Random) {
        let before = self.text.len();
        pattern.write(random, &mut self.text);
        self.length += self.text[before..].chars().count();
    }

    /// One sentence of an event or of the topic, and for some a few more of the topic, in turn, so that none comes twice.
    fn sentences(&mut self, event: Option<&[Pattern]>, topic: &[Pattern], random: &mut Random) {
        let mut turn = random.index(topic.len());
        let mut unsaid = topic.len();
        match event {
            Some(sentences) => self.sentence(random.pick(sentences), random),
            None => {
                self.sentence(&topic[turn], random);
                unsaid -= 1;
            }
        }
        let more = [0, 0, 0, 0, 0, 1, 1, 1, 2, 4][random.index(10)];
        for _ in 0..unsaid.min(more) {
            if self.length < LIMIT - 120 {
                let is_open = self.text.ends_with(|last: char| last.is_alphanumeric() && last < '\u{250}');
                self.push(if is_open { "." } else { "" });
                self.push(if random.chance(40_000) { "\n" } else { " " });
                turn = (turn + 1) % topic.len();
                self.sentence(&topic[turn], random);
            }
        }
    }

    fn tag(&mut self, tag: &str) {
        let start = self.length;
        self.push("#");
        self.push(tag);
        self.tags.push(Tagged { start, end: self.length, text: tag.to_string() });
    }

    /// Appends `@screen_name`.
    pub(super) fn mention(&mut self, other: &Person) {
        let start = self.length;
        self.push("@");
        self.push(&other.screen_name);
        let mut json = br#"{"screen_name":""#.to_vec();
        json::ascii(&mut json, &other.screen_name);
        json.extend_from_slice(br#"","name":""#);
        json::ascii(&mut json, &other.name);
        json.extend_from_slice(br#"","id":"#);
        json::number(&mut json, other.id);
        json.extend_from_slice(br#","id_str":""#);
        json::number(&mut json, other.id);
        json.push(b'"');
        self.mentions.push(Mention { start, end: self.length, json });
    }

    /// Cuts the text to `limit` code points, the last an ellipsis.
    pub(super) fn cut(&mut self, limit: usize) {
        if self.length > limit {
            let end = self.text.char_indices().nth(limit - 1).map_or(self.text.len(), |(end, _)| end);
            self.text.truncate(end);
            self.text.push('…');
            self.length = limit;
        }
    }

    /// Takes over the entities of a text that was appended at `shift`, as far as they end by `fits`.
    pub(super) fn adopt(&mut self, other: &Draft, shift: usize, fits: usize) {
        for tag in other.tags.iter().filter(|tag| tag.end + shift <= fits) {
            self.tags.push(Tagged { start: tag.start + shift, end: tag.end + shift, text: tag.text.clone() });
        }
        for mention in other.mentions.iter().filter(|mention| mention.end + shift <= fits) {
            self.mentions.push(Mention {
                start: mention.start + shift,
                end: mention.end + shift,
                json: mention.json.clone(),
            });
        }
        self.link = other.link.clone().map(|(start, code, page)| (start + shift, code, page));
        self.link.take_if(|(start, _, _)| *start + LINK > fits);
    }

    /// The link from a cut text to the whole.
    pub(super) fn short_link(&self, random: &mut Random) -> String {
        format!("https://t.co/{}", link_code(random))
    }

    /// Writes the entities that end by `fits`; in a cut text the only link is the one to the whole.
    pub(super) fn entities(&self, out: &mut Vec<u8>, fits: usize, whole: Option<(&str, u64)>) {
        raw(out, r#"{"hashtags":["#);
        let mut comma = "";
        for tag in self.tags.iter().filter(|tag| tag.end <= fits) {
            raw(out, comma);
            comma = ",";
            raw(out, r#"{"text":""#);
            json::ascii(out, &tag.text);
            raw(out, "\"");
            indices(out, tag.start, tag.end);
        }
        raw(out, r#"],"urls":["#);
        if let Some((link, id)) = whole {
            raw(out, r#"{"url":""#);
            json::ascii(out, link);
            raw(out, r#"","expanded_url":"https:\/\/twitter.com\/i\/web\/status\/"#);
            json::number(out, id);
            raw(out, r#"","display_url":"twitter.com\/i\/web\/status\/9\u2026""#);
            indices(out, 140 - LINK, 140);
        } else if let Some((start, code, page)) = &self.link {
            raw(out, r#"{"url":"https:\/\/t.co\/"#);
            raw(out, code);
            raw(out, r#"","expanded_url":"https:\/\/www.example.com\/"#);
            json::ascii(out, PAGES[*page]);
            raw(out, r#"","display_url":"example.com\/"#);
            json::ascii(out, PAGES[*page]);
            raw(out, "\"");
            indices(out, *start, start + LINK);
        }
        raw(out, r#"],"user_mentions":["#);
        comma = "";
        for mention in self.mentions.iter().filter(|mention| mention.end <= fits) {
            raw(out, comma);
            comma = ",";
            out.extend_from_slice(&mention.json);
            indices(out, mention.start, mention.end);
        }
        raw(out, r#"],"symbols":[]}"#);
    }
}

/// Ends an entity.
fn indices(out: &mut Vec<u8>, start: usize, end: usize) {
    out.extend_from_slice(br#","indices":["#);
    json::number(out, start as u64);
    out.push(b',');
    json::number(out, end as u64);
    out.extend_from_slice(b"]}");
}

fn link_code(random: &mut Random) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (0..10).map(|_| char::from(random.choose(DIGITS))).collect()
}
