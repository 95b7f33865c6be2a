//! Objects as a whole: read into memory, and replaced. A reader sees the old object or the new one, nothing between them.

use std::io::Read;

use rusty_s3::S3Action;
use ureq::http::StatusCode;

use super::{SIGNED_FOR, Store, again};
use crate::net::{Error, Reason};

impl Store {
    /// All bytes of an object.
    ///
    /// # Errors
    ///
    /// There is none (404), or it cannot be read.
    pub fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        let place = self.place(key);
        let url = self.bucket.get_object(self.credentials.as_ref(), key).sign(SIGNED_FOR);
        again(|| {
            let response = self.ask(url.as_str(), &place, &[])?;
            let mut content = Vec::new();
            let read = response.into_body().into_reader().read_to_end(&mut content);
            read.map_err(|error| self.broken(&place, &error))?;
            Ok(content)
        })
    }

    /// Makes or replaces an object. It is tried once.
    ///
    /// # Errors
    ///
    /// The store has not acknowledged it.
    pub fn put(&self, key: &str, content: &[u8]) -> Result<(), Error> {
        let place = self.place(key);
        let url = self.bucket.put_object(self.credentials.as_ref(), key).sign(SIGNED_FOR);
        let response = self.agent.agent.put(url.as_str()).send(content);
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
