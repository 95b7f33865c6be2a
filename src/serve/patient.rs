//! Connections that are given up: one whose reader takes nothing for [`PATIENCE`], and one on which nothing happens.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::PATIENCE;
use super::hub::Hub;

/// Connections at a time, whatever they want; more wait until one of these is closed.
const MOST_CONNECTIONS: usize = 256;
/// A connection that neither asks nor takes anything is closed. Streams of events have a pulse.
const IDLE: Duration = Duration::from_secs(75);
/// The system has no room for another connection: it may have in a moment.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts such connections.
pub(super) struct PatientListener {
    listener: TcpListener,
    hub: Arc<Hub>,
    room: Arc<Semaphore>,
}

impl PatientListener {
    pub(super) fn new(listener: TcpListener, hub: Arc<Hub>) -> PatientListener {
        PatientListener { listener, hub, room: Arc::new(Semaphore::new(MOST_CONNECTIONS)) }
    }
}

impl Listener for PatientListener {
    type Io = Patient;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Patient, Self::Addr) {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else { continue };
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // Without it events only come later.
                    let _ = stream.set_nodelay(true);
                    return (Patient::new(stream, Arc::clone(&self.hub), permit), address);
                }
                Err(_) => sleep(BREATH).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// See the head of this file.
pub(super) struct Patient {
    stream: TcpStream,
    hub: Arc<Hub>,
    /// Runs while the other end takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    idle: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Patient {
    fn new(stream: TcpStream, hub: Arc<Hub>, permit: OwnedSemaphorePermit) -> Patient {
        Patient { stream, hub, stalled: None, idle: Box::pin(sleep(IDLE)), _permit: permit }
    }

    fn moved(&mut self) {
        self.idle.as_mut().reset(Instant::now() + IDLE);
    }

    /// What became of a write: one that must wait does so for a while.
    fn written<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            self.moved();
            return outcome;
        }
        let until = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + PATIENCE)));
        if until.as_mut().poll(cx).is_ready() {
            self.hub.dropped_one();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if outcome.is_ready() {
            self.moved();
            return outcome;
        }
        self.idle.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
