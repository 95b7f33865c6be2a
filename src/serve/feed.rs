//! A body that grows while its reader takes it, and ends its task when the reader goes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::Frame;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::hub::Seat;

/// What is sent next, or why the stream is cut off: then the reader sees that it is not whole.
pub(super) type Piece = io::Result<Bytes>;

/// The two ends of a stream. One piece waits at most: the next is made of what is new by then.
pub(super) fn feed(seat: Seat) -> (Sender<Piece>, Body) {
    let (send, pieces) = channel(1);
    (send, Body::new(Feed { pieces, _seat: seat }))
}

struct Feed {
    pieces: Receiver<Piece>,
    /// Given back when the connection ends, also where nothing is sent meanwhile.
    _seat: Seat,
}

impl http_body::Body for Feed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.pieces.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
