//! What a text says, apart from how it is written.
//!
//! Functions from text to values, without state. The expression language offers them under their own names, and the
//! tools call them where a record's text becomes a key.
//!
//! | file | what it does |
//! | --- | --- |
//! | `fold`, `ascii` | one counting key for all spellings of a word |
//! | `words`, `language` | the words of a text, and the language that they are in |
//! | `piece` | a text without what only points somewhere |
//! | [`sentiment`] | how positive or negative a text is, by the rules of VADER |
//! | `hashtag`, `mention`, `cashtag`, `url` | what a text points to, by the rules of twitter-text |
//! | `domain`, `tld`, `tail`, `punycode` | the parts of a URL |
//! | `post`, `html` | the post that a record is: its text, and what it points to |
//! | `track` | the filter of Twitter's streams |
//! | `entity`, `letters` | what they share: signs, places, kinds of characters |

mod ascii;
mod cashtag;
mod domain;
mod entity;
mod fold;
mod hashtag;
mod html;
mod language;
mod letters;
mod mention;
mod piece;
mod post;
mod punycode;
pub mod sentiment;
mod tail;
#[cfg(test)]
mod tests;
mod tld;
mod track;
mod url;
mod words;

pub use ascii::fold_ascii;
pub use cashtag::cashtags;
pub use entity::Entity;
pub use fold::fold;
pub use hashtag::{Hashtags, hashtags};
pub use language::{UNDETERMINED, language};
pub use mention::{Mention, Mentions, mentions, mentions_and_lists, reply_to};
pub use post::{FIELDS, Node, OF_LANGUAGE, Pointers, Post, post_language, post_text};
pub use track::Track;
pub use url::{Urls, urls};
pub use words::words;
