//! In place of [`signer.rs`](../signer.rs) where the feature `s3` is off: a type that has no value, and the sentence that says why.

use std::convert::Infallible;

use super::{Object, StoreOptions};
use crate::net::Error;

const ABSENT: &str =
    "s3:// is not in this build: one with the cargo feature `s3` has it, as `cargo install --path .` does";

#[derive(Clone)]
pub(super) struct Signer(Infallible);

impl Signer {
    pub fn new(_bucket: &str, store: &StoreOptions) -> Result<Signer, Error> {
        // Secrets that nobody else reads.
        let _ = (&store.key, &store.token);
        Err(Error::usage(ABSENT))
    }

    pub fn name(&self) -> &str {
        match self.0 {}
    }

    pub fn region(&self) -> &str {
        match self.0 {}
    }

    pub fn is_anonymous(&self) -> bool {
        match self.0 {}
    }

    pub fn list(&self, _prefix: &str, _next: Option<&str>) -> String {
        match self.0 {}
    }

    pub fn get(&self, _key: &str) -> String {
        match self.0 {}
    }

    pub fn put(&self, _key: &str) -> String {
        match self.0 {}
    }
}

pub(super) fn page(_answer: &str) -> Result<(Vec<Object>, Option<String>), &'static str> {
    Err(ABSENT)
}
