//! Lines over TCP, as `nc -lk` would send them to everybody: each reader gets all lines from now on, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::PATIENCE;
use super::hub::Hub;
use super::lines::LineReader;

/// The system has no room for another connection: it may have in a moment.
const BREATH: Duration = Duration::from_millis(100);

/// Takes connections for ever.
pub(super) async fn listen(hub: Arc<Hub>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let Some(seat) = hub.seat() else { continue };
                let reader = LineReader::join(&hub, true);
                let hub = Arc::clone(&hub);
                tokio::spawn(async move {
                    serve(&hub, &reader, stream).await;
                    drop(seat);
                });
            }
            Err(_) => sleep(BREATH).await,
        }
    }
}

async fn serve(hub: &Hub, reader: &LineReader, mut stream: TcpStream) {
    // Without it lines only come later.
    let _ = stream.set_nodelay(true);
    loop {
        let gone = async {
            // What a reader sends is nobody's business, and one that will send nothing more still reads.
            let mut byte = [0; 64];
            loop {
                if stream.readable().await.is_err() {
                    return;
                }
                match stream.try_read(&mut byte) {
                    Ok(0) => std::future::pending().await,
                    Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                    _ => {}
                }
            }
        };
        let lines = match either(reader.next(), gone).await {
            Some(Ok(Some(lines))) => lines,
            Some(Ok(None)) => {
                let _ = timeout(PATIENCE, stream.shutdown()).await;
                return;
            }
            Some(Err(_)) | None => return,
        };
        if let Err(slow) = send(&mut stream, &lines).await {
            if slow {
                hub.dropped_one();
            }
            return;
        }
    }
}

/// Sends all; true where the reader took nothing for long, false where it went.
async fn send(stream: &mut TcpStream, mut bytes: &[u8]) -> Result<(), bool> {
    while !bytes.is_empty() {
        match timeout(PATIENCE, stream.write(bytes)).await {
            Ok(Ok(0) | Err(_)) => return Err(false),
            Ok(Ok(sent)) => bytes = &bytes[sent..],
            Err(_) => return Err(true),
        }
    }
    Ok(())
}

/// What the first gives; none where the second is over before.
async fn either<T>(first: impl Future<Output = T>, second: impl Future<Output = ()>) -> Option<T> {
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    std::future::poll_fn(|cx| match first.as_mut().poll(cx) {
        std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
        std::task::Poll::Pending => second.as_mut().poll(cx).map(|()| None),
    })
    .await
}
