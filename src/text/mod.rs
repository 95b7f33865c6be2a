//! What a text says, apart from how it is written.
//!
//! Functions from text to values, without state. The expression language offers them under their own names, and the
//! tools call them where a record's text becomes a key.
//!
//! | file | what it does |
//! | --- | --- |
//! | `fold` | one counting key for all spellings of a word |

mod fold;

pub use fold::fold;
