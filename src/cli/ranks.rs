//! The arguments that say what a list is ordered by, and what is in it.

use clap::{Args, ValueEnum};

use crate::rank::RankOptions;

/// How a list is made.
#[derive(Args, Clone, Debug)]
pub struct RankArgs {
    /// Rank by this number column of the rows
    #[arg(long, value_name = "COLUMN", default_value = "count", conflicts_with = "keys")]
    by: String,
    /// Rank by a score, which is added to the rows. trend: what rises against its own recent mean, (count - mean) /
    /// sqrt(mean + 1), the mean being that of the six windows of the same length before
    #[arg(long, value_enum, conflicts_with_all = ["by", "keys", "state", "checkpoint"])]
    score: Option<Score>,
    /// A list for each value of this key column of the rows
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["keys", "other"])]
    group: Option<String>,
    /// Rows that are equal to the n-th: cut them by their keys, or list them all
    #[arg(long, value_enum, default_value = "cut")]
    ties: Ties,
    /// The smallest first
    #[arg(long)]
    asc: bool,
    /// Add a row for all the others
    #[arg(long)]
    other: bool,
}

/// What is computed of a row and the windows before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Score {
    /// Rising against its own recent mean
    Trend,
}

/// Rows that are equal to the n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ties {
    /// The list has n rows; keys decide
    Cut,
    /// The list is as long as it takes
    All,
}

impl RankArgs {
    /// The list of n rows.
    pub fn options(&self, n: usize) -> RankOptions {
        RankOptions {
            n,
            by: self.by.clone(),
            ascending: self.asc,
            remainder: self.other,
            ties: self.ties == Ties::All,
            group: self.group.as_deref().map(|column| column.strip_prefix('.').unwrap_or(column).to_owned()),
            trend: self.score == Some(Score::Trend),
        }
    }
}
