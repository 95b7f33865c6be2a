//! The arguments that make columns: keys and aggregates.

use std::str::FromStr;

use clap::Args;

use crate::drive::Usage;
use crate::expr::{Expr, ExprError};
use crate::job::values::NamedAggregate;
use crate::row::RESERVED;
use crate::window::Aggregate;

/// What is computed beside the count.
#[derive(Args, Clone, Debug)]
pub struct AggregateArgs {
    /// Count this number of each record instead of one
    #[arg(long, value_name = "EXPR", help_heading = "Aggregates")]
    weight: Option<Expr>,
    /// The sum of these numbers; integers exactly, floats whatever their order
    #[arg(long, value_name = "[NAME=]EXPR", help_heading = "Aggregates")]
    sum: Vec<Column>,
    /// The smallest of these numbers
    #[arg(long, value_name = "[NAME=]EXPR", help_heading = "Aggregates")]
    min: Vec<Column>,
    /// The largest of these numbers
    #[arg(long, value_name = "[NAME=]EXPR", help_heading = "Aggregates")]
    max: Vec<Column>,
    /// The mean of these numbers
    #[arg(long, value_name = "[NAME=]EXPR", help_heading = "Aggregates")]
    mean: Vec<Column>,
    /// How many different values there are; see --approx
    #[arg(long, value_name = "[NAME=]EXPR", help_heading = "Aggregates")]
    distinct: Vec<Column>,
    /// Estimate --distinct in bounded memory (HyperLogLog, standard error 1.6 %)
    #[arg(long, requires = "distinct", help_heading = "Aggregates")]
    approx: bool,
    /// A quantile of these numbers, such as p95=0.95:.ms (DDSketch, at most 0.4 % off)
    #[arg(long, value_name = "[NAME=]Q:EXPR", help_heading = "Aggregates")]
    quantile: Vec<Quantile>,
}

/// A named expression.
#[derive(Clone, Debug)]
struct Column {
    /// As given; without it the aggregate's name stands before the field's.
    name: Option<String>,
    field: String,
    values: Expr,
}

impl FromStr for Column {
    type Err = ExprError;

    fn from_str(text: &str) -> Result<Column, ExprError> {
        let (name, values) = Expr::parse_named(text)?;
        let is_given = values.source().len() < text.trim().len();
        Ok(Column { field: values.default_name(), name: is_given.then_some(name), values })
    }
}

impl Column {
    fn named(&self, prefix: &str, aggregate: Aggregate) -> NamedAggregate {
        let name = self.name.clone().unwrap_or_else(|| format!("{prefix}_{}", self.field));
        NamedAggregate { name, aggregate, values: self.values.clone() }
    }
}

#[derive(Clone, Debug)]
struct Quantile {
    fraction: f64,
    column: Column,
}

impl FromStr for Quantile {
    type Err = String;

    fn from_str(text: &str) -> Result<Quantile, String> {
        let wrong = || format!("{text:?} is no quantile: write one such as 0.95:.ms or p95=0.95:.ms");
        let (head, expression) = text.split_once(':').ok_or_else(wrong)?;
        let (name, fraction) = match head.split_once('=') {
            Some((name, fraction)) => (Some(name.to_owned()), fraction),
            None => (None, head),
        };
        let fraction: f64 = fraction.parse().map_err(|_| wrong())?;
        let values = Expr::parse(expression).map_err(|error| error.to_string())?;
        Ok(Quantile { fraction, column: Column { name, field: values.default_name(), values } })
    }
}

impl AggregateArgs {
    /// What a record counts.
    pub fn weight(&self) -> Option<Expr> {
        self.weight.clone()
    }

    /// The aggregates: sums, then minima, maxima, means, distinct counts, quantiles, each as given.
    pub fn aggregates(&self) -> Vec<NamedAggregate> {
        let distinct = if self.approx { Aggregate::DistinctApproximate } else { Aggregate::Distinct };
        let all = [
            (&self.sum, "sum", Aggregate::Sum),
            (&self.min, "min", Aggregate::Min),
            (&self.max, "max", Aggregate::Max),
            (&self.mean, "mean", Aggregate::Mean),
            (&self.distinct, "distinct", distinct),
        ];
        let plain = all.into_iter().flat_map(|(columns, prefix, aggregate)| {
            columns.iter().map(move |column| column.named(prefix, aggregate))
        });
        let quantiles = self.quantile.iter().map(|Quantile { fraction, column }| {
            column.named(&format!("p{}", 100.0 * fraction), Aggregate::Quantile(*fraction))
        });
        plain.chain(quantiles).collect()
    }
}

/// Reads `[NAME=]EXPR`.
pub fn parse_key(text: &str) -> Result<(String, Expr), ExprError> {
    Expr::parse_named(text)
}

/// Columns need names of their own.
pub fn check_names<'n>(names: impl Iterator<Item = &'n String>) -> Result<(), Usage> {
    let mut seen = Vec::new();
    for name in names {
        if RESERVED.contains(&name.as_str()) {
            return Err(Usage(format!(
                "the column name `{name}` is taken by the window itself: write my_{name}=EXPR"
            )));
        }
        if seen.contains(&name) {
            return Err(Usage(format!(
                "two columns are named `{name}`: write other_{name}=EXPR for one of them"
            )));
        }
        seen.push(name);
    }
    Ok(())
}
