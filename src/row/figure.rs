//! The number columns of a row, whoever made them: the window, `window-count`'s aggregates, `topn`, a table of some other tool.

use super::{Number, Row, Scalar};

impl Row {
    /// The names of its number columns.
    pub fn figures(&self) -> impl Iterator<Item = &str> {
        let own = ["count", "total", "distinct", "share", "rank", "error"].into_iter();
        own.chain(self.extra.iter().map(|(name, _)| name.as_str())).filter(|name| self.figure(name).is_some())
    }

    /// A number column by its name, with or without a leading dot: `count`, an aggregate, `total`, `share`.
    pub fn figure(&self, column: &str) -> Option<Number> {
        let column = column.strip_prefix('.').unwrap_or(column);
        match column {
            "count" => Some(self.count),
            "error" => self.bound.map(|bound| bound.error.into()),
            "total" => self.total,
            "distinct" => self.distinct.map(Number::from),
            "rows" => self.rows.map(Number::from),
            "late" => self.late.map(Number::from),
            "rev" => Some(self.rev.into()),
            "rank" => self.rank.map(Number::from),
            "prev_rank" => self.prev_rank.flatten().map(Number::from),
            "share" => self.share.map(Number::Float),
            _ => {
                let aggregate =
                    self.extra.iter().find(|(name, _)| name == column).map(|(_, json)| json.as_str());
                let key = || self.keys.iter().find(|(name, _)| name == column).map(|(_, value)| value);
                match (aggregate, key()) {
                    (Some(json), _) => Number::parse(json),
                    (None, Some(Scalar::Other(json))) => Number::parse(json),
                    _ => None,
                }
            }
        }
    }
}
