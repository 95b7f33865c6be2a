//! The arguments that say how inputs are written, and which files are read.

use clap::{Args, ValueEnum};

use super::Common;
use crate::jsonl::{Form, Input};

/// How inputs are written.
#[derive(Args, Clone, Debug)]
pub struct FormArgs {
    /// How the sources are written: jsonl; text makes each line {"text": line}; csv makes each row an object by its header
    #[arg(long, value_enum, value_name = "FORM", default_value = "jsonl", help_heading = "Input")]
    from: From,
    /// Of CSV, write numbers, true and false as such, and empty fields as null [default: all are strings]
    #[arg(long, help_heading = "Input")]
    csv_types: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    Jsonl,
    Text,
    Csv,
}

impl FormArgs {
    /// The form.
    ///
    /// # Errors
    ///
    /// An option of one form was given with another.
    pub fn form(&self) -> Result<Form, super::Usage> {
        match self.from {
            _ if self.csv_types && self.from != From::Csv => {
                Err(super::Usage("--csv-types goes with --from csv".into()))
            }
            From::Jsonl => Ok(Form::Jsonl),
            From::Text => Ok(Form::Text),
            From::Csv => Ok(Form::Csv { types: self.csv_types }),
        }
    }

    /// The inputs, as lines of JSON.
    pub fn read(form: Form, inputs: Vec<Input>, common: &Common) -> Vec<Input> {
        let read = |input: Input| Input { source: form.read(input.source, common.max_line()), ..input };
        inputs.into_iter().map(read).collect()
    }
}
