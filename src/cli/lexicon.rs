//! The lexicon of `sentiment`, for tools that take expressions.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::drive::Usage;
use crate::expr;
use crate::text::sentiment::Lexicon;

/// What the functions of expressions look up.
#[derive(Args, Clone, Debug)]
pub struct LexiconArg {
    /// Score words by FILE in `sentiment`: lines of a word, a tab, and its score [default: VADER's]
    #[arg(long, value_name = "FILE", help_heading = "Expressions")]
    lexicon: Option<PathBuf>,
}

impl LexiconArg {
    /// Reads the file, if there is one; to be called before the first record. Tells its content from that of others.
    pub fn prepare(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.lexicon else { return Ok(None) };
        let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let lexicon = Lexicon::parse(&String::from_utf8_lossy(&text))
            .map_err(|error| Usage(format!("--lexicon {}: {error}", path.display())))?;
        expr::use_lexicon(lexicon);
        Ok(Some(format!("{} bytes, CRC-32 {:08x}", text.len(), crc32fast::hash(&text))))
    }
}
