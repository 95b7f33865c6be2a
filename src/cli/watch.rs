//! Watches for what ends a run from outside: signals, and a closed standard output.

use std::io;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, fstat};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::drive::Interrupt;

/// Turns signals into interrupts. The first SIGINT, SIGTERM or SIGHUP lets the run finish; a second ends the process.
pub(super) fn signals(interrupt: Interrupt) -> io::Result<()> {
    let ending = [SIGINT, SIGTERM, SIGHUP];
    for number in ending {
        // In the handler itself: the thread below may get its turn only after the run has ended.
        flag::register_usize(number, interrupt.signal_slot(), number.unsigned_abs() as usize)?;
    }
    let mut signals = Signals::new(ending.into_iter().chain([SIGUSR1]))?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        let mut is_second = false;
        for number in signals.forever() {
            match number {
                SIGUSR1 => interrupt.ask_report(),
                _ if is_second => end_at_once(number),
                _ => {
                    is_second = true;
                    interrupt.wake();
                }
            }
        }
    })?;
    Ok(())
}

/// The run may hang in a write that nobody reads: the user has asked twice.
#[allow(clippy::exit)]
fn end_at_once(number: i32) {
    std::process::exit(128 + number);
}

/// Ends the run as soon as nobody reads standard output any more, even while its input is silent. Only a pipe or a
/// socket can tell.
pub(super) fn closed_stdout(interrupt: Interrupt) -> io::Result<()> {
    let stdout = rustix::io::dup(rustix::stdio::stdout())?;
    let kind = FileType::from_raw_mode(fstat(&stdout)?.st_mode);
    if !matches!(kind, FileType::Fifo | FileType::Socket) {
        return Ok(());
    }
    thread::Builder::new().name("stdout".into()).spawn(move || {
        loop {
            // Asks for nothing: poll still reports an error, which on the writing end means that no reader is left.
            let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut watched, None) {
                Err(error) if error == rustix::io::Errno::INTR => {}
                Err(_) => return,
                Ok(_) => return interrupt.output_closed(),
            }
        }
    })?;
    Ok(())
}
