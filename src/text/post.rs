//! The post that a record is: its text, and what it points to.
//!
//! Known are tweets (v1.1 of the streaming and the search API; v2, as a stream, as a response, flattened), the events of Jetstream
//! and the posts of Bluesky within, and the statuses of Mastodon, bare or in the envelope of their event. Any other record with a
//! `text` is a post, too.
//!
//! The services find hashtags, mentions and links themselves and send them beside the text. These stand where they are sent, since
//! they are what the reader sees; where they are not, they are found in the text. A retweet that was cut to fit (`RT @ann: …`) is
//! read whole, from the tweet that it repeats.
//!
//! A record is seen through [`Post`] and [`Node`], so that it may be a parsed value or bytes in which nothing was parsed but what
//! is asked for.

use super::track::Search;
use super::{Entity, Track, cashtags, hashtags, html, language, mentions, urls};
use std::borrow::Cow;

/// A value within a record.
pub trait Node<'r>: Copy {
    /// The member of an object.
    fn member(self, name: &str) -> Option<Self>;
    /// The elements of an array, in order; none of what is no array.
    fn elements(self, each: &mut dyn FnMut(Self));
    /// It is an array.
    fn is_array(self) -> bool;
    /// It is an object.
    fn is_object(self) -> bool;
    /// It is a string.
    fn is_string(self) -> bool;
    /// What a string says.
    fn string(self) -> Option<Cow<'r, str>>;
    /// It is a string with this at its end. Worth an answer of its own where a string is dear.
    fn ends_with(self, end: char) -> bool {
        self.string().is_some_and(|string| string.ends_with(end))
    }
    /// A number that counts something: an integer from 0 on.
    fn index(self) -> Option<usize>;
}

/// A record, of which nothing but the [`FIELDS`] is looked at.
pub trait Post<'r> {
    /// Its values.
    type Node: Node<'r>;
    /// The value of a field, by its place in [`FIELDS`].
    fn field(&self, field: usize) -> Option<Self::Node>;
}

/// Where a record may have its post: paths of members from the record on. From [`OF_LANGUAGE`] on, what it says of its language.
pub const FIELDS: [&[&str]; 19] = [
    &["extended_tweet"],
    &["full_text"],
    &["text"],
    &["entities"],
    &["retweeted_status"],
    &["note_tweet"],
    &["referenced_tweets"],
    &["includes", "tweets"],
    &["data"],
    &["commit", "record"],
    &["record"],
    &["content"],
    &["tags"],
    &["mentions"],
    &["reblog"],
    &["facets"],
    &["lang"],
    &["language"],
    &["langs"],
];

/// The first of the [`FIELDS`] that only [`post_language`] looks at.
pub const OF_LANGUAGE: usize = 16;

/// What the end of a text is that was cut.
const CUT: char = '…';

/// What a post points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointers {
    /// `#rust`
    Hashtags,
    /// `@ann`
    Mentions,
    /// `https://example.com`
    Urls,
    /// `$TWTR`
    Cashtags,
}

impl Pointers {
    /// Hands each that stands in a text to `each`, without its sign.
    pub fn in_text(self, text: &str, each: &mut dyn FnMut(&str)) {
        fn all<'t>(found: impl Iterator<Item = Entity<'t>>, each: &mut dyn FnMut(&str)) {
            found.for_each(|entity| each(entity.value));
        }
        match self {
            Pointers::Hashtags => all(hashtags(text), each),
            Pointers::Mentions => all(mentions(text), each),
            Pointers::Urls => all(urls(text), each),
            Pointers::Cashtags => all(cashtags(text), each),
        }
    }

    /// Hands each that a record has to `each`, without its sign.
    pub fn in_record<'r, P: Post<'r>>(self, record: &P, each: &mut dyn FnMut(&str)) {
        let Some(body) = body(&Members(record)) else { return };
        if !body.own(self, each)
            && let Some(text) = body.text()
        {
            self.in_text(&text, each);
        }
    }

    /// The names that tweets have for the list, and for what counts of an element: the first that is there.
    fn of_tweets(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Pointers::Hashtags => (&["hashtags"], &["text", "tag"]),
            Pointers::Mentions => (&["user_mentions", "mentions"], &["screen_name", "username"]),
            Pointers::Urls => (&["urls"], &["expanded_url", "url"]),
            Pointers::Cashtags => (&["symbols", "cashtags"], &["text", "tag"]),
        }
    }
}

/// The text of the post that a record is, if it is one.
pub fn post_text<'r, P: Post<'r>>(record: &P) -> Option<Cow<'r, str>> {
    body(&Members(record))?.text()
}

/// The language of the post that a record is: the one that it names itself, as it names it, else that of its text.
pub fn post_language<'r, P: Post<'r>>(record: &P) -> Option<Cow<'r, str>> {
    let record_itself = Members(record);
    let within =
        |field: &[&str]| record_itself.elsewhere(field).and_then(|node| named_language(&Inner(node)));
    named_language(&record_itself)
        .or_else(|| within(&["data"]))
        .or_else(|| within(&["commit", "record"]))
        .or_else(|| within(&["record"]))
        .or_else(|| Some(Cow::Borrowed(language(&post_text(record)?))))
}

/// `lang`, `language` or `langs[0]`, if it says something.
fn named_language<'r, N: Node<'r>>(holder: &dyn Holder<'r, N>) -> Option<Cow<'r, str>> {
    let code = |node: Option<N>| node.and_then(Node::string).filter(|code| !code.is_empty());
    code(holder.get("lang"))
        .or_else(|| code(holder.get("language")))
        .or_else(|| code(holder.get("langs").and_then(|langs| first(langs, &|_| true))))
}

impl Track {
    /// Whether a phrase is in a post: in its text, its hashtags, mentions and links.
    pub fn is_in_record<'r, P: Post<'r>>(&self, record: &P) -> bool {
        let Some(body) = body(&Members(record)) else { return false };
        let mut search = Search::new(self);
        body.own(Pointers::Hashtags, &mut |name| search.signed('#', name));
        body.own(Pointers::Mentions, &mut |name| search.signed('@', name));
        body.own(Pointers::Cashtags, &mut |name| search.signed('$', name));
        body.own(Pointers::Urls, &mut |url| search.url(url));
        body.shown_urls(&mut |url| search.url(url));
        if let Some(text) = body.text() {
            search.text(&text);
        }
        search.is_found()
    }
}

/// An object that may be a post: the record itself, or a value within.
trait Holder<'r, N> {
    fn get(&self, name: &'static str) -> Option<N>;
    fn elsewhere(&self, field: &[&str]) -> Option<N>;
}

/// The record.
struct Members<'p, P>(&'p P);

impl<'r, P: Post<'r>> Holder<'r, P::Node> for Members<'_, P> {
    fn get(&self, name: &'static str) -> Option<P::Node> {
        self.elsewhere(&[name])
    }

    fn elsewhere(&self, field: &[&str]) -> Option<P::Node> {
        self.0.field(FIELDS.iter().position(|known| *known == field)?)
    }
}

/// A value within.
struct Inner<N>(N);

impl<'r, N: Node<'r>> Holder<'r, N> for Inner<N> {
    fn get(&self, name: &'static str) -> Option<N> {
        self.0.member(name)
    }

    fn elsewhere(&self, _: &[&str]) -> Option<N> {
        None
    }
}

/// A post, by its kind. The texts are read when they are needed.
enum Body<N> {
    Tweet {
        words: Words<N>,
        /// Of a retweet that was cut: what it repeats.
        whole: Option<Words<N>>,
    },
    /// Of Bluesky. The facets say what stands where in the text, in bytes; tags may be beside the text.
    Skeet { text: N, facets: Option<N>, tags: Option<N> },
    /// Of Mastodon.
    Status { html: N, tags: Option<N>, mentions: Option<N> },
}

/// The text of a tweet, and what it points to.
struct Words<N> {
    text: N,
    entities: Option<N>,
}

/// Finds the post.
fn body<'r, N: Node<'r>>(record: &dyn Holder<'r, N>) -> Option<Body<N>> {
    let data = record.get("data").filter(|data| data.is_object());
    let within = |node: Option<N>| node.and_then(|node| at(&Inner(node), None));
    at(record, record.elsewhere(&["includes", "tweets"]))
        .or_else(|| data.and_then(|data| at(&Inner(data), record.elsewhere(&["includes", "tweets"]))))
        .or_else(|| within(record.elsewhere(&["commit", "record"])))
        .or_else(|| within(record.get("record")))
}

/// The post that an object is itself.
fn at<'r, N: Node<'r>>(holder: &dyn Holder<'r, N>, others: Option<N>) -> Option<Body<N>> {
    if let Some(words) = tweet(holder) {
        let facets = holder.get("facets").filter(|facets| facets.is_array());
        let tags = holder.get("tags").filter(|tags| tags.is_array());
        if facets.is_some() || (tags.is_some() && words.entities.is_none()) {
            return Some(Body::Skeet { text: words.text, facets, tags });
        }
        let whole = if words.text.ends_with(CUT) { repeated(holder, others) } else { None };
        return Some(Body::Tweet { words, whole });
    }
    let status = |holder: &dyn Holder<'r, N>, html: N| Body::Status {
        html,
        tags: holder.get("tags").filter(|tags| tags.is_array()),
        mentions: holder.get("mentions").filter(|mentions| mentions.is_array()),
    };
    let html = holder.get("content").filter(|html| html.is_string())?;
    // a boost has no content of its own
    let boosted = holder.get("reblog").filter(|boosted| boosted.is_object() && is(Some(html), "")).map(Inner);
    match boosted
        .as_ref()
        .and_then(|boosted| Some((boosted, boosted.get("content").filter(|html| html.is_string())?)))
    {
        Some((boosted, html)) => Some(status(boosted, html)),
        None => Some(status(holder, html)),
    }
}

/// The whole text of a tweet, and what it points to.
fn tweet<'r, N: Node<'r>>(holder: &dyn Holder<'r, N>) -> Option<Words<N>> {
    let words = |text: Option<N>, entities: Option<N>| {
        let text = text.filter(|text| text.is_string())?;
        Some(Words { text, entities: entities.filter(|entities| entities.is_object()) })
    };
    let of = |longer: Option<N>, name: &str| {
        let longer = longer?;
        words(longer.member(name), longer.member("entities"))
    };
    of(holder.get("extended_tweet"), "full_text")
        .or_else(|| of(holder.get("note_tweet"), "text"))
        .or_else(|| words(holder.get("full_text"), holder.get("entities")))
        .or_else(|| words(holder.get("text"), holder.get("entities")))
}

/// The tweet that a retweet repeats: within it, or among the others that came with it.
fn repeated<'r, N: Node<'r>>(holder: &dyn Holder<'r, N>, others: Option<N>) -> Option<Words<N>> {
    let original = holder.get("retweeted_status").or_else(|| {
        let retweeted =
            first(holder.get("referenced_tweets")?, &|reference| is(reference.member("type"), "retweeted"))?;
        if retweeted.member("text").is_some() {
            return Some(retweeted);
        }
        let id = retweeted.member("id")?.string()?;
        first(others?, &|other| is(other.member("id"), &id))
    })?;
    tweet(&Inner(original))
}

fn is<'r, N: Node<'r>>(node: Option<N>, text: &str) -> bool {
    node.and_then(Node::string).is_some_and(|string| string == text)
}

fn first<'r, N: Node<'r>>(array: N, is_it: &dyn Fn(N) -> bool) -> Option<N> {
    let mut found = None;
    array.elements(&mut |element| {
        if found.is_none() && is_it(element) {
            found = Some(element);
        }
    });
    found
}

impl<'r, N: Node<'r>> Body<N> {
    fn text(&self) -> Option<Cow<'r, str>> {
        match self {
            Body::Tweet { words, whole: None } => words.text.string(),
            Body::Tweet { words, whole: Some(whole) } => {
                let (cut, whole) = (words.text.string()?, whole.text.string()?);
                Some(match retweeter(&cut) {
                    Some(name) => Cow::Owned(format!("RT @{name}: {whole}")),
                    None => whole,
                })
            }
            Body::Skeet { text, .. } => text.string(),
            Body::Status { html, .. } => Some(Cow::Owned(html::text_of(&html.string()?))),
        }
    }

    /// The entities that count, of a tweet.
    fn entities(&self) -> Option<N> {
        match self {
            Body::Tweet { words, whole } => whole.as_ref().unwrap_or(words).entities,
            _ => None,
        }
    }

    /// The links of a tweet as they are shown.
    fn shown_urls(&self, each: &mut dyn FnMut(&str)) {
        if let Some(urls) = self.entities().and_then(|entities| entities.member("urls")) {
            named(urls, &["display_url"], each);
        }
    }

    /// Hands what the service found to `each`. `false`: it did not look.
    fn own(&self, what: Pointers, each: &mut dyn FnMut(&str)) -> bool {
        match self {
            Body::Tweet { words, whole } => {
                let Some(entities) = self.entities() else { return false };
                if what == Pointers::Mentions
                    && whole.is_some()
                    && let Some(cut) = words.text.string()
                    && let Some(name) = retweeter(&cut)
                {
                    each(name);
                }
                listed(entities, what, each);
            }
            Body::Skeet { text, facets, tags } => return skeet(*text, *facets, *tags, what, each),
            Body::Status { tags: Some(tags), .. } if what == Pointers::Hashtags => {
                named(*tags, &["name"], each);
            }
            Body::Status { mentions: Some(mentions), .. } if what == Pointers::Mentions => {
                named(*mentions, &["acct", "username"], each);
            }
            _ => return false,
        }
        true
    }
}

/// Whom a retweet repeats.
fn retweeter(text: &str) -> Option<&str> {
    text.strip_prefix("RT @")?.split_once(": ").map(|(name, _)| name)
}

/// What a tweet's entities list.
fn listed<'r, N: Node<'r>>(entities: N, what: Pointers, each: &mut dyn FnMut(&str)) {
    let (lists, names) = what.of_tweets();
    if let Some(list) = lists.iter().find_map(|list| entities.member(list)) {
        named(list, names, each);
    }
}

/// Of each element the first of some members that is a string.
fn named<'r, N: Node<'r>>(list: N, names: &[&str], each: &mut dyn FnMut(&str)) {
    list.elements(&mut |element| {
        if let Some(name) = names.iter().find_map(|name| element.member(name)?.string()) {
            each(&name);
        }
    });
}

/// What a post of Bluesky points to.
fn skeet<'r, N: Node<'r>>(
    text: N,
    facets: Option<N>,
    tags: Option<N>,
    what: Pointers,
    each: &mut dyn FnMut(&str),
) -> bool {
    if what == Pointers::Cashtags {
        return false;
    }
    // names of mentions stand in the text alone
    let is_in_text = facets.is_none() || what == Pointers::Mentions;
    let text = if is_in_text { text.string().unwrap_or_default() } else { Cow::Borrowed("") };
    match facets {
        Some(facets) => facets.elements(&mut |facet| {
            if let Some(features) = facet.member("features") {
                features.elements(&mut |feature| {
                    if let Some(found) = feature_of(feature, facet, &text, what) {
                        each(&found);
                    }
                });
            }
        }),
        None => what.in_text(&text, each),
    }
    if let (Pointers::Hashtags, Some(tags)) = (what, tags) {
        tags.elements(&mut |tag| {
            if let Some(tag) = tag.string().or_else(|| tag.member("name")?.string()) {
                each(&tag);
            }
        });
    }
    true
}

/// What one feature of a facet says. Of a mention it has the identifier alone; the name stands in the text.
fn feature_of<'r, N: Node<'r>>(feature: N, facet: N, text: &str, what: Pointers) -> Option<Cow<'r, str>> {
    match what {
        Pointers::Hashtags => feature.member("tag")?.string(),
        Pointers::Urls => feature.member("uri")?.string(),
        Pointers::Mentions => {
            let identifier = feature.member("did")?.string();
            let index = facet.member("index");
            let place = |name: &str| index?.member(name)?.index();
            let name = place("byteStart").zip(place("byteEnd")).and_then(|(start, end)| text.get(start..end));
            match name.and_then(|name| name.strip_prefix('@')).filter(|name| !name.is_empty()) {
                Some(name) => Some(Cow::Owned(name.to_owned())),
                None => identifier,
            }
        }
        Pointers::Cashtags => None,
    }
}
