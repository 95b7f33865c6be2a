//! What a text says, apart from how it is written.
//!
//! Functions from text to values, without state. The expression language offers them under their own names, and the
//! tools call them where a record's text becomes a key.
//!
//! | file | what it does |
//! | --- | --- |
//! | `fold` | one counting key for all spellings of a word |
//! | [`sentiment`] | how positive or negative a text is, by the rules of VADER |

mod fold;
pub mod sentiment;

pub use fold::fold;
