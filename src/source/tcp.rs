//! Lines from a TCP server: connect, read, until it closes.
//!
//! An orderly close is the end of the input; a reset is an error. TCP itself never notices a peer that vanished while
//! nothing is sent, so keep-alive probes are on, and `--stall-timeout` bounds the silence.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::jsonl::{ByteSource, Meter};
use crate::net::{Address, Error, Options, Reason, watch_peer};

/// An open connection.
pub struct TcpSource {
    stream: TcpStream,
    address: Address,
    stall_timeout: Option<Duration>,
    meter: Meter,
}

impl TcpSource {
    /// Connects.
    pub fn open(address: Address, options: &Options, meter: Meter) -> Result<Self, Error> {
        let stream = address.connect(options.connect_timeout)?;
        stream
            .set_read_timeout(options.stall_timeout)
            .map_err(|error| Error::new(&address, Reason::of_io(&error, None)))?;
        watch_peer(&stream);
        Ok(TcpSource { stream, address, stall_timeout: options.stall_timeout, meter })
    }
}

impl ByteSource for TcpSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(read) => {
                    self.meter.add(read);
                    return Ok(read);
                }
                Err(error) => {
                    let reason = Reason::of_io(&error, self.stall_timeout);
                    return Err(Error::new(&self.address, reason).into_io());
                }
            }
        }
    }

    fn would_block(&mut self) -> bool {
        let mut waiting = [PollFd::new(&self.stream, PollFlags::IN)];
        // An error of poll shows again in the read that follows.
        matches!(poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }

    /// Always: TCP does not tell the end of the data from the end of the server.
    fn is_live(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{read_all, serve};
    use rustix::net::sockopt;
    use std::io::Write;
    use std::sync::mpsc;
    use std::thread;

    const SECOND: Duration = Duration::from_secs(1);

    fn open(address: &str, options: &Options) -> Result<TcpSource, Error> {
        TcpSource::open(Address::parse(address)?, options, Meter::default())
    }

    #[test]
    fn bytes_come_as_sent_and_a_close_is_the_end() {
        let address = serve(|mut stream| {
            for byte in b"{\"a\":1}\r\n\n{\"a\":" {
                stream.write_all(&[*byte]).unwrap();
            }
        });
        let mut source = open(&address, &Options::default()).unwrap();
        assert!(source.is_live());
        assert_eq!(read_all(&mut source, 7).unwrap(), b"{\"a\":1}\r\n\n{\"a\":");
        assert_eq!(source.meter.bytes(), 15);
    }

    #[test]
    fn it_knows_when_the_next_read_would_wait() {
        let (go, wait) = mpsc::channel::<()>();
        let address = serve(move |mut stream| {
            stream.write_all(b"one\n").unwrap();
            wait.recv().unwrap();
            stream.write_all(b"two\n").unwrap();
        });
        let mut source = open(&address, &Options::default()).unwrap();
        let mut buf = [0; 16];
        assert_eq!(source.read(&mut buf).unwrap(), 4);
        assert!(source.would_block());
        go.send(()).unwrap();
        assert_eq!(source.read(&mut buf).unwrap(), 4);
        // The close is an answer, too.
        assert_eq!(source.read(&mut buf).unwrap(), 0);
        assert!(!source.would_block());
    }

    #[test]
    fn a_reset_is_an_error() {
        let address = serve(|mut stream| {
            stream.write_all(b"{\"a\":1}\n").unwrap();
            // Wait until it was read: a reset throws away what the reader has not fetched.
            stream.read_exact(&mut [0]).unwrap();
            sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
        });
        let mut source = open(&address, &Options::default()).unwrap();
        let mut buf = [0; 16];
        assert_eq!(source.read(&mut buf).unwrap(), 8);
        (&source.stream).write_all(b"x").unwrap();
        let error = source.read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(error.to_string().contains("cut in the middle"), "{error}");
    }

    #[test]
    fn silence_is_bounded_where_asked() {
        let (release, held) = mpsc::channel::<()>();
        let address = serve(move |_stream| held.recv().unwrap_or_default());
        let options = Options { stall_timeout: Some(Duration::from_millis(30)), ..Options::default() };
        let mut source = open(&address, &options).unwrap();
        let error = source.read(&mut [0; 16]).unwrap_err();
        assert_eq!(error.to_string(), format!("{address}: silent for 30 ms; the connection is given up"));
        drop(release);
    }

    #[test]
    fn ipv6_works_where_the_machine_has_it() {
        let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
            return println!("skipped: ipv6_works_where_the_machine_has_it (no ::1)");
        };
        let address = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || listener.accept().unwrap().0.write_all(b"six\n").unwrap());
        let options = Options { connect_timeout: 5 * SECOND, ..Options::default() };
        let mut source = open(&address, &options).unwrap();
        assert_eq!(read_all(&mut source, 64).unwrap(), b"six\n");
        server.join().unwrap();
    }
}
