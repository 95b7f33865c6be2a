//! Readers of lines over HTTP: all lines from now on, while they keep up.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::backlog::Next;
use super::feed::Piece;
use super::hub::{Hub, InputState};

/// A reader's place in the backlog; given up when dropped.
pub(super) struct LineReader {
    hub: Arc<Hub>,
    number: u64,
}

impl LineReader {
    pub(super) fn join(hub: &Arc<Hub>, is_awaited: bool) -> LineReader {
        let number = hub.lock().backlog.join(is_awaited);
        LineReader { hub: Arc::clone(hub), number }
    }

    /// The next lines; none at the end of the input.
    ///
    /// # Errors
    ///
    /// Lines were lost: the reader was too slow.
    pub(super) async fn next(&self) -> io::Result<Option<axum::body::Bytes>> {
        let mut news = self.hub.news();
        loop {
            news.borrow_and_update();
            let (next, is_ended) = {
                let mut shared = self.hub.lock();
                (shared.backlog.next(self.number), matches!(shared.figures.state, InputState::Ended(_)))
            };
            match next {
                Next::Lines(lines) => return Ok(Some(lines)),
                Next::Lost => {
                    self.hub.dropped_one();
                    return Err(io::Error::other("too slow: lines were lost"));
                }
                Next::Nothing => {}
            }
            if is_ended || self.hub.is_closed() || news.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}

impl Drop for LineReader {
    fn drop(&mut self) {
        self.hub.lock().backlog.leave(self.number);
    }
}

/// Sends lines until the input ends, the reader goes, or is too slow. Then the body is cut off, so that nobody takes it for
/// whole.
pub(super) async fn serve(reader: LineReader, send: Sender<Piece>) {
    loop {
        match reader.next().await {
            Ok(None) => return,
            Ok(Some(lines)) => {
                if send.send(Ok(lines)).await.is_err() {
                    return;
                }
            }
            Err(lost) => {
                // It is gone already where this cannot be told.
                let _ = send.send(Err(lost)).await;
                return;
            }
        }
    }
}
