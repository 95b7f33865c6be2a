//! Synthetic public events, in the shape of GitHub's.

use jiff::Timestamp;

use super::json::{self, raw};
use super::pattern::Pattern;
use super::places::NAMES;
use super::stream::Records;
use super::words::TAIL;
use crate::random::{Random, Weighted};

const REPOSITORIES: usize = 300;
const ACTORS: usize = 900;

/// Of so many ids one is of an event that is not public.
const HIDDEN: u64 = 3;

/// What repositories are written in, and how many of a hundred.
const LANGUAGES: [(&str, u64); 12] = [
    ("JavaScript", 22),
    ("Python", 20),
    ("TypeScript", 12),
    ("Java", 10),
    ("Rust", 8),
    ("Go", 7),
    ("C++", 6),
    ("Shell", 5),
    ("Ruby", 4),
    ("Swift", 3),
    ("Haskell", 2),
    ("Julia", 1),
];

/// What happens, and how many of a thousand.
const KINDS: [(Kind, u64); 6] = [
    (Kind::Push, 540),
    (Kind::Create, 130),
    (Kind::PullRequest, 120),
    (Kind::Watch, 100),
    (Kind::Comment, 70),
    (Kind::Delete, 40),
];

const MESSAGES: [&str; 6] = [
    "{Fix|Find|Test} the {parser|cache|build|clock} {again|on Windows|at midnight}",
    "{Add|Remove|Rename} {a flag|an index|two fields} for {streams|tables|the docs}",
    "Bump {serde|lodash|numpy|spring} from {1.2.3|2.0.0} to {2.0.1|3.1.0}",
    "{Faster|Fewer|Clearer} {windows|allocations|errors}",
    "Merge branch '{main|topic|next}'",
    "{Typo|Oops|WIP|wip, do not read}",
];

#[derive(Clone, Copy)]
enum Kind {
    Push,
    Create,
    PullRequest,
    Watch,
    Comment,
    Delete,
}

/// Generates events.
pub(super) struct Events {
    repositories: Vec<Repository>,
    popularity: Weighted,
    /// The objects `actor`.
    actors: Vec<Vec<u8>>,
    activity: Weighted,
    kinds: Weighted,
    messages: Vec<Pattern>,
    next_id: u64,
    next_push: u64,
}

struct Repository {
    /// The object `repo`.
    json: Vec<u8>,
    language: &'static str,
    /// Of its newest issue or pull request.
    number: u64,
}

impl Events {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 5);
        let languages = Weighted::new(LANGUAGES.iter().map(|(_, share)| *share));
        Events {
            repositories: (0..REPOSITORIES).map(|_| Repository::new(&languages, &mut random)).collect(),
            popularity: Weighted::zipf(REPOSITORIES, 10),
            actors: (0..ACTORS).map(|number| actor(number, &mut random)).collect(),
            activity: Weighted::zipf(ACTORS, 12),
            kinds: Weighted::new(KINDS.iter().map(|(_, share)| *share)),
            messages: MESSAGES.iter().map(|message| Pattern::new(message)).collect(),
            next_id: 8_560_000_000 + random.below(1_000_000),
            next_push: 3_010_000_000 + random.below(1_000_000),
        }
    }

    /// A sentence, as it stands in a string.
    fn sentence(&self, random: &mut Random, out: &mut Vec<u8>) {
        let mut text = String::new();
        random.pick(&self.messages).write(random, &mut text);
        json::utf8(out, &text);
    }

    fn push(&mut self, random: &mut Random, out: &mut Vec<u8>) {
        self.next_push += 1 + random.below(3);
        // Mostly one commit, seldom many.
        let size = 1 + random.exponential(1).min(19);
        raw(
            out,
            &format!(
                r#"{{"push_id":{},"size":{size},"distinct_size":{size},"ref":"refs\/heads\/{}","head":""#,
                self.next_push,
                random.choose(&["main", "master", "master", "topic", "next"])
            ),
        );
        hash(random, out);
        raw(out, r#"","before":""#);
        hash(random, out);
        raw(out, r#"","commits":["#);
        for commit in 0..size {
            raw(out, if commit == 0 { r#"{"sha":""# } else { r#",{"sha":""# });
            hash(random, out);
            raw(out, r#"","author":{"name":""#);
            json::utf8(out, random.choose(&NAMES));
            raw(out, r#""},"message":""#);
            self.sentence(random, out);
            raw(out, r#"","distinct":true}"#);
        }
        raw(out, "]}");
    }

    fn pull_request(&mut self, repository: usize, random: &mut Random, out: &mut Vec<u8>) {
        let of = &mut self.repositories[repository];
        let action = random.choose(&["opened", "opened", "closed", "closed", "reopened"]);
        if action == "opened" || of.number == 0 {
            of.number += 1;
        }
        let (number, language) = (of.number, of.language);
        let is_merged = action == "closed" && random.chance(700_000);
        raw(out, &format!(r#"{{"action":"{action}","number":{number},"pull_request":{{"number":{number},"#));
        raw(out, &format!(r#""state":"{}","title":""#, if action == "closed" { "closed" } else { "open" }));
        self.sentence(random, out);
        raw(out, r#"","labels":["#);
        if random.chance(300_000) {
            raw(
                out,
                &format!(r#"{{"name":"{}"}}"#, random.choose(&["bug", "documentation", "good first issue"])),
            );
        }
        let (added, removed) = (1 << random.below(11), random.below(200));
        raw(
            out,
            &format!(
                r#"],"merged":{is_merged},"additions":{added},"deletions":{removed},"base":{{"repo":{{"language":"{language}"}}}}}}}}"#
            ),
        );
    }

    fn payload(&mut self, kind: Kind, repository: usize, random: &mut Random, out: &mut Vec<u8>) {
        match kind {
            Kind::Push => self.push(random, out),
            Kind::PullRequest => self.pull_request(repository, random, out),
            Kind::Watch => raw(out, r#"{"action":"started"}"#),
            Kind::Create => raw(
                out,
                &format!(
                    r#"{{"ref":"topic-{}","ref_type":"branch","master_branch":"main","description":null,"pusher_type":"user"}}"#,
                    random.below(1000)
                ),
            ),
            Kind::Delete => raw(
                out,
                &format!(
                    r#"{{"ref":"topic-{}","ref_type":"branch","pusher_type":"user"}}"#,
                    random.below(1000)
                ),
            ),
            Kind::Comment => {
                let number = self.repositories[repository].number.max(1);
                raw(out, &format!(r#"{{"action":"created","issue":{{"number":{number},"title":""#));
                self.sentence(random, out);
                raw(out, r#""},"comment":{"body":""#);
                self.sentence(random, out);
                raw(out, r#""}}"#);
            }
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Push => "PushEvent",
            Kind::Create => "CreateEvent",
            Kind::PullRequest => "PullRequestEvent",
            Kind::Watch => "WatchEvent",
            Kind::Comment => "IssueCommentEvent",
            Kind::Delete => "DeleteEvent",
        }
    }
}

impl Records for Events {
    fn record(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>) {
        self.next_id += 1 + random.below(HIDDEN);
        let kind = KINDS[self.kinds.draw(random)].0;
        let repository = self.popularity.draw(random);
        raw(out, &format!(r#"{{"id":"{}","type":"{}","actor":"#, self.next_id, kind.name()));
        let actor = self.activity.draw(random);
        out.extend_from_slice(&self.actors[actor]);
        raw(out, r#","repo":"#);
        out.extend_from_slice(&self.repositories[repository].json);
        raw(out, r#","payload":"#);
        self.payload(kind, repository, random, out);
        // Beyond the calendar's end there is no right answer.
        let time = i64::try_from(time_ms / 1000).ok().and_then(|time| Timestamp::from_second(time).ok());
        raw(out, &format!(r#","public":true,"created_at":"{}"}}"#, time.unwrap_or_default()));
    }
}

impl Repository {
    fn new(languages: &Weighted, random: &mut Random) -> Self {
        let (first, second) = (random.choose(&TAIL.0), random.choose(&TAIL.1));
        let name = format!("{}/{}-{}", login(random), first.to_lowercase(), second.to_lowercase());
        let id = 50_000_000 + random.below(100_000_000);
        let json = format!(
            r#"{{"id":{id},"name":"{name}","url":"https:\/\/api.github.example\/repos\/{}"}}"#,
            name.replace('/', r"\/")
        );
        let language = LANGUAGES[languages.draw(random)].0;
        Repository { json: json.into_bytes(), language, number: random.below(400) }
    }
}

/// A name that GitHub would take: ASCII, and dashes inside.
fn login(random: &mut Random) -> String {
    let ascii = |name: &&&str| name.is_ascii();
    let names: Vec<&&str> = NAMES.iter().filter(ascii).collect();
    let (first, second) = (random.pick(&names).to_lowercase(), random.choose(&TAIL.1).to_lowercase());
    match random.below(3) {
        0 => first + "-" + &second,
        1 => first + &second,
        _ => first + &random.below(100).to_string(),
    }
}

fn actor(number: usize, random: &mut Random) -> Vec<u8> {
    // Among the busiest are some that are no people.
    let shown = if number % 7 == 3 { login(random) + "-bot" } else { login(random) };
    let full = if number % 7 == 3 { format!("{shown}[bot]") } else { shown.clone() };
    let id = 1_000_000 + random.below(80_000_000);
    let url = format!(r"https:\/\/api.github.example\/users\/{full}");
    format!(
        r#"{{"id":{id},"login":"{full}","display_login":"{shown}","gravatar_id":"","url":"{url}","avatar_url":"https:\/\/avatars.example\/u\/{id}?"}}"#
    )
    .into_bytes()
}

/// Twenty bytes in hexadecimal.
fn hash(random: &mut Random, out: &mut Vec<u8>) {
    for _ in 0..20 {
        let byte = random.below(256) as usize;
        out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[digit]));
    }
}
