//! Files that are opened when their turn comes: a process may hold some hundred open at a time, and a folder of logs has more.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{ByteSource, Input, Meter, StreamSource, decoded, open_file};

/// Like [`open_file`], but a regular file is only looked at: it is opened by the first read.
pub fn open_later(path: &Path) -> io::Result<Input> {
    let input = open_file(path)?;
    // What has no size is no regular file, and can be opened once only.
    if input.size.is_none() {
        return Ok(input);
    }
    Ok(Input { source: later_source(path, input.meter.clone()), ..input })
}

/// The bytes of a regular file, decompressed, that is opened by the first read.
pub fn later_source(path: &Path, meter: Meter) -> Box<dyn ByteSource> {
    decoded(Box::new(Later { path: path.to_owned(), begin: 0, meter, file: None }))
}

/// The bytes of a regular file as they are from the `begin`-th on. It is opened by the first read.
pub fn later_source_from(path: &Path, begin: u64, meter: Meter) -> Box<dyn ByteSource> {
    Box::new(Later { path: path.to_owned(), begin, meter, file: None })
}

struct Later {
    path: PathBuf,
    begin: u64,
    meter: Meter,
    file: Option<StreamSource<File>>,
}

impl ByteSource for Later {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.read(buf),
            closed => {
                let mut file = File::open(&self.path)?;
                file.seek(SeekFrom::Start(self.begin))?;
                closed.insert(StreamSource::new(file, self.meter.clone())).read(buf)
            }
        }
    }

    fn would_block(&mut self) -> bool {
        false
    }

    fn is_prompt(&self) -> bool {
        true
    }
}
