//! Objects as a whole: read into memory, and replaced. A reader sees the old object or the new one, nothing between them.

use std::io::Read;

use ureq::http::{StatusCode, header};

use super::{Store, again};
use crate::net::{Error, Reason};

/// An object that was read.
pub struct Whole {
    /// Its bytes.
    pub content: Vec<u8>,
    /// What changes when they do, where the store says it.
    pub tag: Option<String>,
}

impl Store {
    /// All bytes of an object.
    ///
    /// # Errors
    ///
    /// There is none (404), or it cannot be read.
    pub fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        Ok(self.get_unless(key, None)?.map(|whole| whole.content).unwrap_or_default())
    }

    /// All bytes of an object, unless it still has this tag.
    ///
    /// # Errors
    ///
    /// There is none (404), or it cannot be read.
    pub fn get_unless(&self, key: &str, tag: Option<&str>) -> Result<Option<Whole>, Error> {
        let place = self.place(key);
        let url = self.bucket.get(key);
        let headers: Vec<_> = tag.into_iter().map(|tag| (header::IF_NONE_MATCH, tag)).collect();
        again(|| {
            let response = self.ask(&url, &place, &headers)?;
            let of_answer = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
            let of_answer = of_answer.map(str::to_owned);
            // Not every store knows the condition; all send the tag.
            let is_same = response.status() == StatusCode::NOT_MODIFIED
                || (tag.is_some() && of_answer.as_deref() == tag);
            if is_same {
                return Ok(None);
            }
            let mut content = Vec::new();
            let read = response.into_body().into_reader().read_to_end(&mut content);
            read.map_err(|error| self.broken(&place, &error))?;
            Ok(Some(Whole { content, tag: of_answer }))
        })
    }

    /// Makes or replaces an object. It is tried once.
    ///
    /// # Errors
    ///
    /// The store has not acknowledged it.
    pub fn put(&self, key: &str, content: &[u8]) -> Result<(), Error> {
        let place = self.place(key);
        let url = self.bucket.put(key);
        let response = self.agent.agent.put(&url).send(content);
        let response = response.map_err(|error| Error::new(&place, self.agent.reason(error)))?;
        match response.status() {
            StatusCode::OK | StatusCode::CREATED => Ok(()),
            _ => Err(self.refused(&place, response)),
        }
    }
}

impl Error {
    /// Whether it may well go better next time.
    pub fn is_passing(&self) -> bool {
        super::is_passing(self) || matches!(self.reason, Reason::Refused | Reason::NotFound)
    }
}
