//! The objects of a bucket, one after the other: `s3://BUCKET/PREFIX`.
//!
//! They come in the order of their keys, decompressed as files are. One is asked for when its turn comes, so that nothing
//! waits on an open connection; where the connection breaks, the rest is asked for from the place that was reached.

use std::io::{self, Read};

use ureq::BodyReader;

use super::resume::Resume;
use super::series::SeriesSource;
use crate::jsonl::{ByteSource, Input, Meter, Trail, decoded};
use crate::net::{Error, Object, Options, Reason, Store, StoreOptions};

/// So often in a row a connection may break without a byte in between.
const BREAKS: u32 = 5;

/// The objects below an address, as inputs.
pub fn objects(address: &str, store: &StoreOptions, options: &Options) -> Result<Vec<Input>, Error> {
    let (store, objects) = listed(address, store, options)?;
    Ok(objects.into_iter().map(|object| input(&store, object)).collect())
}

/// The objects below an address as one input, from where an earlier run ended.
pub(super) fn resumed(
    address: &str,
    store: &StoreOptions,
    options: &Options,
    resume: &Resume,
) -> Result<Vec<Input>, Error> {
    let (store, objects) = listed(address, store, options)?;
    let (meter, trail) = (Meter::default(), Trail::kept(resume.token.clone()));
    let source = SeriesSource::new(store, objects, resume.token.as_deref(), trail.clone(), meter.clone());
    Ok(vec![Input { trail: Some(trail), ..Input::new(address.to_owned(), Box::new(source), meter) }])
}

fn listed(address: &str, store: &StoreOptions, options: &Options) -> Result<(Store, Vec<Object>), Error> {
    let rest = address.get("s3://".len()..).unwrap_or_default();
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(Error::usage(format!("{address:?} names no bucket; write s3://BUCKET/PREFIX")));
    }
    let store = Store::open(bucket, store, options)?;
    let objects = store.list(prefix)?;
    // Empty ones that end so are what consoles take for folders; the others are being written.
    let is_content = |object: &Object| !object.key.ends_with('/') && !object.key.ends_with(".part");
    let objects: Vec<Object> = objects.into_iter().filter(is_content).collect();
    if objects.is_empty() {
        let sentence = "there is no object whose key begins so; check the prefix".into();
        return Err(Error::new(store.place(prefix), Reason::Protocol(sentence)));
    }
    Ok((store, objects))
}

fn input(store: &Store, object: Object) -> Input {
    let meter = Meter::default();
    let (name, size) = (store.place(&object.key), Some(object.size));
    let source = ObjectSource::new(store, object, meter.clone());
    Input { size, ..Input::new(name, decoded(Box::new(source)), meter) }
}

/// The bytes of an object.
pub(super) struct ObjectSource {
    store: Store,
    object: Object,
    meter: Meter,
    /// So many bytes were read.
    place: u64,
    body: Option<BodyReader<'static>>,
}

impl ObjectSource {
    /// An object that is asked for when it is read.
    pub fn new(store: &Store, object: Object, meter: Meter) -> ObjectSource {
        ObjectSource { store: store.clone(), object, meter, place: 0, body: None }
    }

    fn try_read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        let body = match &mut self.body {
            Some(body) => body,
            none => none.insert(self.store.read(&self.object, self.place)?),
        };
        let name = || self.store.place(&self.object.key);
        match body.read(buf) {
            Ok(0) => {
                let cut = io::Error::new(io::ErrorKind::UnexpectedEof, "before the object's end");
                Err(self.store.broken(&name(), &cut))
            }
            Ok(read) => Ok(read),
            Err(error) => Err(self.store.broken(&name(), &error)),
        }
    }
}

impl ByteSource for ObjectSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.place >= self.object.size || buf.is_empty() {
            self.body = None;
            return Ok(0);
        }
        let mut breaks = 0;
        loop {
            match self.try_read(buf) {
                Ok(read) => {
                    self.place += read as u64;
                    self.meter.add(read);
                    return Ok(read);
                }
                Err(error) => {
                    let was_open = self.body.take().is_some();
                    breaks += 1;
                    if !was_open || breaks > BREAKS {
                        return Err(error.into_io());
                    }
                }
            }
        }
    }

    /// Unknown while there is more, so true: each read is handed on by itself, in the large pieces that come.
    fn would_block(&mut self) -> bool {
        self.place < self.object.size
    }
}
