//! Whether the program was started without a standard output.
//!
//! A shell's `>&-` does it. Rust's runtime then opens `/dev/null` in its place before `main`, so that no other file gets its
//! number; from there on all that is written is lost without a word, and nothing tells this from `>/dev/null`. So the kernel is
//! asked before the runtime begins.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

ctor::declarative::ctor! {
    // Nothing of the runtime is there yet: one system call, and a store.
    #[ctor(unsafe)]
    fn look() {
        let flags = rustix::io::fcntl_getfd(rustix::stdio::stdout());
        IS_CLOSED.store(flags == Err(rustix::io::Errno::BADF), Ordering::Relaxed);
    }
}

/// Refuses to write to a standard output that was closed when the program began.
///
/// # Errors
///
/// It was.
pub fn open_stdout() -> io::Result<()> {
    if IS_CLOSED.load(Ordering::Relaxed) {
        let why = "cannot write the output: standard output is closed; send it to a file, or to /dev/null where nobody is to read it";
        return Err(io::Error::new(io::ErrorKind::NotConnected, why));
    }
    Ok(())
}
