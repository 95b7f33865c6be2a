//! What a user is told about a line that is no record.

use super::Fault;
use std::{error, fmt};

impl Fault {
    /// One word, for counts by reason.
    pub fn reason(self) -> &'static str {
        match self {
            Fault::Utf8 => "utf8",
            Fault::NotObject => "not-object",
            Fault::OpenString | Fault::OpenBracket => "cut",
            Fault::Mismatched => "brackets",
            Fault::Trailing => "trailing",
            Fault::TooLong => "too-long",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Fault::Utf8 => "not valid UTF-8",
            Fault::NotObject => "not a JSON object",
            Fault::OpenString => "ends inside a string: the line is cut, or a quote is missing",
            Fault::OpenBracket => "ends inside an object or array: the line is cut, or a bracket is missing",
            Fault::Mismatched => "brackets do not match: { closed by ], or [ by }",
            Fault::Trailing => "something follows the object; expected one object per line",
            Fault::TooLong => "longer than 4 GiB",
        })
    }
}

impl error::Error for Fault {}
