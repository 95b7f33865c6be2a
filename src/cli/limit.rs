//! The arguments that bound the keys in memory.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};

use crate::job::limit::{KeyLimit, OnFull};

/// How many keys there may be.
#[derive(Args, Clone, Debug)]
pub struct LimitArgs {
    /// The most keys at a time; what happens when there are more says --on-full
    #[arg(long, value_name = "N", help_heading = "Memory")]
    max_keys: Option<NonZeroU32>,
    /// When there are more than --max-keys: end with an error, or estimate the most frequent ones, each with a bound on
    /// its error
    #[arg(long, value_enum, default_value = "error", requires = "max_keys", help_heading = "Memory")]
    on_full: OnFullArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnFullArg {
    Error,
    Sketch,
}

impl LimitArgs {
    /// The limit, if there is one.
    pub fn limit(&self) -> Option<KeyLimit> {
        let keys = usize::try_from(self.max_keys?.get()).unwrap_or(usize::MAX);
        let on_full = match self.on_full {
            OnFullArg::Error => OnFull::Error,
            OnFullArg::Sketch => OnFull::Sketch,
        };
        Some(KeyLimit { keys, on_full })
    }
}
