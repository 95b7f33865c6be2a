//! Where a model is kept: in a file, or in an object of a store that speaks S3.

use std::fmt;
use std::fs;
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use foldhash::fast::FixedState;

use crate::drive::Usage;
use crate::jsonl::{can_replace, replace_file};
use crate::net::{Options, Reason, Store, StoreOptions};

/// A place for a model. It is replaced as a whole: a reader sees the old one or the new one.
#[derive(Clone)]
pub enum ModelPlace {
    /// A file.
    File(PathBuf),
    /// An object, by the bucket and its key.
    Object(Box<Store>, String),
}

/// What tells a model from the one that was there before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// When the file was written, and its length.
    Written(SystemTime, u64),
    /// The tag that the store gave the object.
    Tag(String),
    /// A hash of the content, where the store gave no tag.
    Hash(u64),
    /// There is nothing, or nothing is known of it.
    Unknown,
}

impl ModelPlace {
    /// The place of a path, or of `s3://BUCKET/KEY`, in the store at `endpoint` if it is not that of AWS.
    ///
    /// # Errors
    ///
    /// It is no place.
    pub fn at(path: &Path, endpoint: Option<&str>) -> anyhow::Result<ModelPlace> {
        let Some(rest) = path.to_str().and_then(|text| text.strip_prefix("s3://")) else {
            return Ok(ModelPlace::File(path.to_owned()));
        };
        let (bucket, key) = rest
            .split_once('/')
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty() && !key.ends_with('/'))
            .ok_or_else(|| Usage(format!("{} names no object: write s3://BUCKET/KEY", path.display())))?;
        let mut store = StoreOptions::from_environment();
        store.endpoint = endpoint.map(str::to_owned).or(store.endpoint);
        let store = Store::open(bucket, &store, &Options::default()).map_err(|error| match error.reason {
            Reason::Usage(text) => anyhow::Error::new(Usage(text)),
            _ => error.into(),
        })?;
        Ok(ModelPlace::Object(Box::new(store), key.to_owned()))
    }

    /// What is there, and its version.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(&self) -> anyhow::Result<(Vec<u8>, Version)> {
        let read = self.read_unless(&Version::Unknown)?;
        read.with_context(|| format!("cannot read the model {self}: it is not there"))
    }

    /// What is there, unless it is of this version.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read_unless(&self, version: &Version) -> anyhow::Result<Option<(Vec<u8>, Version)>> {
        let cannot = || format!("cannot read the model {self}");
        match self {
            ModelPlace::File(path) => {
                // Before the bytes: what is written between the two is then read once more, and not missed.
                let found = fs::metadata(path)
                    .and_then(|found| Ok(Version::Written(found.modified()?, found.len())))
                    .with_context(cannot)?;
                match found == *version {
                    true => Ok(None),
                    false => Ok(Some((fs::read(path).with_context(cannot)?, found))),
                }
            }
            ModelPlace::Object(store, key) => {
                let tag = match version {
                    Version::Tag(tag) => Some(tag.as_str()),
                    _ => None,
                };
                let Some(whole) = store.get_unless(key, tag).context("cannot read the model")? else {
                    return Ok(None);
                };
                let found = match whole.tag {
                    Some(tag) => Version::Tag(tag),
                    None => Version::Hash(FixedState::default().hash_one(&whole.content)),
                };
                Ok((found != *version).then_some((whole.content, found)))
            }
        }
    }

    /// Whether a model may be put there, asked before it is learnt for hours. Of a store only the attempt tells.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn check(&self) -> anyhow::Result<()> {
        match self {
            ModelPlace::File(path) => can_replace(path).with_context(|| format!("cannot write {self}")),
            ModelPlace::Object(..) => Ok(()),
        }
    }

    /// Puts a model there.
    ///
    /// # Errors
    ///
    /// It cannot be written; what was there before stays.
    pub fn write(&self, content: &[u8]) -> anyhow::Result<()> {
        match self {
            ModelPlace::File(path) => {
                replace_file(path, content).with_context(|| format!("cannot write {self}"))
            }
            ModelPlace::Object(store, key) => store.put(key, content).context("cannot write the model"),
        }
    }

    /// How often it is worth looking for a newer one.
    pub(super) fn look_every(&self) -> Duration {
        match self {
            ModelPlace::File(_) => Duration::from_secs(1),
            ModelPlace::Object(..) => Duration::from_secs(2),
        }
    }
}

impl fmt::Display for ModelPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelPlace::File(path) => path.display().fmt(f),
            ModelPlace::Object(store, key) => f.write_str(&store.place(key)),
        }
    }
}

impl fmt::Debug for ModelPlace {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelPlace({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_object_is_refused() {
        for path in ["s3://", "s3://bucket", "s3://bucket/", "s3:///key", "s3://bucket/folder/"] {
            let error = ModelPlace::at(Path::new(path), None).expect_err(path).to_string();
            assert!(error.contains("s3://BUCKET/KEY"), "{error}");
        }
        let place =
            ModelPlace::at(Path::new("s3://bucket/a/b.model"), Some("http://127.0.0.1:1")).expect("a place");
        assert_eq!(place.to_string(), "s3://bucket/a/b.model");
        assert_eq!(ModelPlace::at(Path::new("s3.model"), None).expect("a file").to_string(), "s3.model");
    }
}
