//! The objects of a bucket as one stream, for runs that go on where an earlier one ended.
//!
//! A place is the key of an object and how many bytes of what it holds, decompressed, were read: each line is one. A later run
//! lists the objects again and leaves out those whose keys come before, so keys have to grow, as those of recordings by time do.

use std::collections::VecDeque;
use std::io;

use serde::{Deserialize, Serialize};

use super::objects::ObjectSource;
use crate::jsonl::{ByteSource, Meter, Trail, decoded};
use crate::net::{Object, Store};

/// Where a run has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    key: String,
    /// How large the object is: another one of that name is read from its beginning.
    size: u64,
    /// Bytes of its lines.
    bytes: u64,
    /// There are no more.
    #[serde(default)]
    is_whole: bool,
}

/// The lines of all objects.
pub(super) struct SeriesSource {
    store: Store,
    meter: Meter,
    /// Those to come, in the order of their keys.
    objects: VecDeque<Object>,
    current: Option<(Place, Box<dyn ByteSource>)>,
    /// So many bytes of the next object were read by an earlier run.
    known: u64,
    ends_line: bool,
    /// Bytes handed out.
    handed: u64,
    trail: Trail,
}

impl SeriesSource {
    /// The objects behind the place that `token` stands for.
    pub fn new(
        store: Store,
        objects: Vec<Object>,
        token: Option<&[u8]>,
        trail: Trail,
        meter: Meter,
    ) -> SeriesSource {
        let place: Option<Place> = token.and_then(|token| serde_json::from_slice(token).ok());
        let mut objects: VecDeque<Object> = objects.into();
        let mut known = 0;
        if let Some(place) = place {
            let is_read =
                |object: &Object| place.is_whole && object.key == place.key && object.size == place.size;
            objects.retain(|object| object.key >= place.key && !is_read(object));
            known = match objects.front() {
                Some(first) if first.key == place.key && first.size == place.size => place.bytes,
                _ => 0,
            };
        }
        SeriesSource { store, meter, objects, current: None, known, ends_line: true, handed: 0, trail }
    }

    /// Marks the place behind each line of what is handed out next.
    fn mark(&mut self, bytes: &[u8]) {
        let Some((place, _)) = &mut self.current else { return };
        let before = place.bytes;
        for newline in memchr::memchr_iter(b'\n', bytes) {
            let behind = newline as u64 + 1;
            place.bytes = before + behind;
            if let Ok(token) = serde_json::to_vec(place) {
                self.trail.mark(self.handed + behind, token);
            }
        }
        place.bytes = before + bytes.len() as u64;
    }
}

impl ByteSource for SeriesSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            let Some((place, source)) = &mut self.current else {
                let Some(object) = self.objects.pop_front() else { return Ok(0) };
                let place = Place { key: object.key.clone(), size: object.size, bytes: 0, is_whole: false };
                let source = ObjectSource::new(&self.store, object, self.meter.clone());
                self.current = Some((place, decoded(Box::new(source))));
                continue;
            };
            let most = match self.known {
                0 => buf.len(),
                known => buf.len().min(usize::try_from(known).unwrap_or(usize::MAX)),
            };
            let read = source.read(&mut buf[..most])?;
            if read == 0 {
                self.known = 0;
                // The next object's first line is another one.
                let is_cut = !std::mem::replace(&mut self.ends_line, true);
                buf[0] = b'\n';
                self.handed += u64::from(is_cut);
                place.is_whole = true;
                if let Ok(token) = serde_json::to_vec(place) {
                    self.trail.mark(self.handed, token);
                }
                self.current = None;
                if is_cut {
                    return Ok(1);
                }
                continue;
            }
            if self.known > 0 {
                self.known -= read as u64;
                place.bytes += read as u64;
                continue;
            }
            self.ends_line = buf[read - 1] == b'\n';
            self.mark(&buf[..read]);
            self.handed += read as u64;
            return Ok(read);
        }
    }

    fn would_block(&mut self) -> bool {
        match &mut self.current {
            Some((_, source)) => source.would_block(),
            None => !self.objects.is_empty(),
        }
    }
}
