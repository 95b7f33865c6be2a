//! The URLs of a bucket, signed by rusty-s3, and the lists that it reads. [`no_signer.rs`](../no_signer.rs) is its twin in a
//! build without the feature.

use std::fmt;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use super::{Object, StoreOptions};
use crate::net::Error;

/// Of a request that is sent at once, this is plenty.
const SIGNED_FOR: Duration = Duration::from_secs(600);

/// A bucket, and who asks.
#[derive(Clone)]
pub(super) struct Signer {
    bucket: Bucket,
    credentials: Option<Credentials>,
}

impl Signer {
    pub fn new(bucket: &str, store: &StoreOptions) -> Result<Signer, Error> {
        let region = store.region.clone().unwrap_or_else(|| "us-east-1".into());
        let endpoint = match &store.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://s3.{region}.amazonaws.com"),
        };
        // A name with a dot fits no certificate; a store of one's own rarely has a name for each bucket.
        let style = match store.endpoint.is_some() || bucket.contains('.') {
            true => UrlStyle::Path,
            false => UrlStyle::VirtualHost,
        };
        let wrong = |what: &dyn fmt::Display| {
            let hint = "expected http(s)://HOST[:PORT], as in --endpoint http://127.0.0.1:9000";
            Error::usage(format!("{endpoint:?} is no address of a store ({what}); {hint}"))
        };
        let url = endpoint.parse().map_err(|error| wrong(&error))?;
        let bucket = Bucket::new(url, style, bucket.to_owned(), region).map_err(|error| wrong(&error))?;
        let credentials = store.key.as_ref().map(|(key, secret)| match &store.token {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        });
        Ok(Signer { bucket, credentials })
    }

    pub fn name(&self) -> &str {
        self.bucket.name()
    }

    pub fn region(&self) -> &str {
        self.bucket.region()
    }

    /// Whether requests name nobody.
    pub fn is_anonymous(&self) -> bool {
        self.credentials.is_none()
    }

    /// Asks for the objects whose keys begin so; after the first page, with what the page before named.
    pub fn list(&self, prefix: &str, next: Option<&str>) -> String {
        let mut list = self.bucket.list_objects_v2(self.credentials.as_ref());
        list.with_prefix(prefix);
        if let Some(next) = next {
            list.with_continuation_token(next);
        }
        list.sign(SIGNED_FOR).into()
    }

    pub fn get(&self, key: &str) -> String {
        self.bucket.get_object(self.credentials.as_ref(), key).sign(SIGNED_FOR).into()
    }

    pub fn put(&self, key: &str) -> String {
        self.bucket.put_object(self.credentials.as_ref(), key).sign(SIGNED_FOR).into()
    }
}

/// What a store answers [`Signer::list`] with: objects, and what the next page is asked for with.
pub(super) fn page(answer: &str) -> Result<(Vec<Object>, Option<String>), impl fmt::Display> {
    ListObjectsV2::parse_response(answer).map(|page| {
        let objects = page.contents.into_iter().map(|object| Object {
            key: object.key,
            size: object.size.unwrap_or(0),
            etag: object.etag.unwrap_or_default(),
        });
        (objects.collect(), page.next_continuation_token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bucket: &str, endpoint: Option<&str>) -> Result<Signer, Error> {
        Signer::new(
            bucket,
            &StoreOptions { endpoint: endpoint.map(str::to_owned), ..StoreOptions::default() },
        )
    }

    #[test]
    fn the_address_is_checked() {
        let error = at("b", Some("127.0.0.1:9000")).err().expect("no scheme").to_string();
        assert!(error.contains("--endpoint http://"), "{error}");
    }

    #[test]
    fn buckets_of_aws_are_hosts_and_others_paths() {
        let host = |bucket: &str, endpoint: Option<&str>| {
            at(bucket, endpoint).expect("an address").bucket.object_url("k").to_string()
        };
        assert_eq!(host("b", None), "https://b.s3.us-east-1.amazonaws.com/k");
        assert_eq!(host("b.c", None), "https://s3.us-east-1.amazonaws.com/b.c/k");
        assert_eq!(host("b", Some("http://127.0.0.1:9000/")), "http://127.0.0.1:9000/b/k");
    }
}
