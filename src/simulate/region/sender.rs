//! A facility's system that sends by MLLP: in order, each message until it is answered.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use hl7v2::ack::{self, AckCode};
use hl7v2::mllp::{Decoder, frame};
use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, SystemClock};
use crate::simulate::archive::Put;

/// Longest answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long nobody is asked after nobody listened.
const PAUSE: SignedDuration = SignedDuration::from_millis(500);

/// A sender with what waits, each with the file in which it would be dropped.
pub(super) struct Sender {
    address: SocketAddr,
    stream: Option<TcpStream>,
    queue: VecDeque<(PathBuf, Vec<u8>)>,
    not_before: Timestamp,
}

impl Sender {
    pub(super) fn new(port: u16) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self { address, stream: None, queue: VecDeque::new(), not_before: Timestamp::MIN }
    }

    pub(super) fn send(&mut self, file: PathBuf, bytes: Vec<u8>) {
        self.queue.push_back((file, bytes));
        self.attend();
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Sends what waits, as far as it is taken.
    pub(super) fn attend(&mut self) {
        if SystemClock.now() < self.not_before {
            return;
        }
        while let Some((_, bytes)) = self.queue.front() {
            let frame = frame(bytes);
            match self.exchange(&frame) {
                Ok(AckCode::Aa | AckCode::Ca) => drop(self.queue.pop_front()),
                // Refused for now, or no answer: the same message goes first, later.
                Ok(_) | Err(_) => {
                    self.stream = None;
                    self.not_before = SystemClock.now().saturating_add(PAUSE).unwrap_or(Timestamp::MAX);
                    return;
                }
            }
        }
    }

    fn exchange(&mut self, frame: &[u8]) -> io::Result<AckCode> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect_timeout(&self.address, TIMEOUT)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                none.insert(stream)
            }
        };
        stream.write_all(frame)?;
        let mut decoder = Decoder::new(ANSWER_BYTES_MAX);
        let mut bytes = [0; 4096];
        loop {
            if let Some(answer) = decoder.next_frame().map_err(io::Error::other)? {
                return Ok(ack::read(&answer).map_err(io::Error::other)?.code);
            }
            match stream.read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => decoder.extend(bytes.get(..count).unwrap_or_default()),
            }
        }
    }

    /// Sends what waits once more; what is not taken is dropped as files, so that nothing is lost.
    pub(super) fn finish(&mut self, put: Put) -> io::Result<()> {
        self.not_before = Timestamp::MIN;
        self.attend();
        self.stream = None;
        for (file, bytes) in self.queue.drain(..) {
            put.write(&file, &bytes)?;
        }
        Ok(())
    }
}
