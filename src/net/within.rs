//! Limits for what has none of its own: a name look-up, a connect.

use std::panic;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs `work`, which cannot be interrupted, on a thread that is left alone when it takes longer than `limit`; then `None`.
pub fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = mpsc::channel();
    // Nobody listens any more when it took too long.
    let worker = thread::spawn(move || done.send(work()).unwrap_or_default());
    match result.recv_timeout(limit) {
        Ok(result) => Some(result),
        Err(mpsc::RecvTimeoutError::Timeout) => None,
        Err(mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panicked) => panic::resume_unwind(panicked),
            Ok(()) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_left_alone_when_it_takes_too_long() {
        let long = Duration::from_secs(60);
        assert_eq!(within(long, || 7), Some(7));
        let (release, held) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(5), move || held.recv().is_ok()), None);
        drop(release);
        assert!(panic::catch_unwind(|| within(long, || panic!("the work's own"))).is_err());
    }
}
