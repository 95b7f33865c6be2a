//! What a text says, apart from how it is written.
//!
//! Functions from text to values, without state. The expression language offers them under their own names, and the
//! tools call them where a record's text becomes a key.
//!
//! | file | what it does |
//! | --- | --- |
//! | `fold` | one counting key for all spellings of a word |
//! | [`sentiment`] | how positive or negative a text is, by the rules of VADER |
//! | `hashtag`, `mention`, `cashtag`, `url` | what a text points to, by the rules of twitter-text |
//! | `domain`, `tld`, `tail`, `punycode` | the parts of a URL |
//! | `entity`, `letters` | what they share: signs, places, kinds of characters |

mod cashtag;
mod domain;
mod entity;
mod fold;
mod hashtag;
mod letters;
mod mention;
mod punycode;
pub mod sentiment;
mod tail;
#[cfg(test)]
mod tests;
mod tld;
mod url;

pub use cashtag::cashtags;
pub use entity::Entity;
pub use fold::fold;
pub use hashtag::{Hashtags, hashtags};
pub use mention::{Mention, Mentions, mentions, mentions_and_lists, reply_to};
pub use url::{Urls, urls};
