//! One connection: reads a piece, keeps and answers what came to its end, and only then reads on.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hl7v2::mllp::{self, Decoder, FrameError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use super::fault::{Answering, Fault};
use super::folder::Folder;
use super::frame::{Frame, Message, Stamp};
use super::{Received, Settings, Told, told_to_stop};
use crate::clock::Clock;
use crate::telemetry::causes;

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;

/// What the connections share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) folder: Option<Arc<Mutex<Folder>>>,
    /// Seconds since 1970 when it began, so that its control ids differ from those of the run before.
    pub(super) began: i64,
    /// Messages so far.
    pub(super) messages: AtomicU64,
}

/// Serves a connection to its end.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    number: u64,
    tell: mpsc::Sender<Told>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connection = Connection { shared, stream, number, tell };
    let mut decoder = Decoder::new(connection.shared.settings.bytes_max);
    let mut piece = vec![0; PIECE];
    loop {
        let read = tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => return,
            read = connection.stream.read(&mut piece) => read,
        };
        let Ok(read) = read else { return };
        decoder.extend(piece.get(..read).unwrap_or_default());
        if connection.frames(&mut decoder, read == 0).await.is_err() || read == 0 {
            return;
        }
    }
}

struct Connection {
    shared: Arc<Shared>,
    stream: TcpStream,
    number: u64,
    tell: mpsc::Sender<Told>,
}

/// How the answers to a frame go out.
struct Outgoing {
    bytes: Vec<u8>,
    fault: Option<Fault>,
    told: Vec<Received>,
}

impl Connection {
    /// Answers the frames that came to their end. An error ends the connection.
    async fn frames(&mut self, decoder: &mut Decoder, last: bool) -> io::Result<()> {
        loop {
            let next = if last { decoder.finish() } else { decoder.next_frame() };
            let frame = match next {
                Ok(None) => return Ok(()),
                Ok(Some(bytes)) => Frame::open(&bytes),
                Err(error) => {
                    self.say(Told::StreamFault).await;
                    match error {
                        FrameError::TooLarge { .. } => Frame::too_large(decoder.too_large_head()),
                        _ => continue,
                    }
                }
            };
            let outgoing = self.answers(&frame).await;
            let written = self.write(&outgoing).await;
            for received in outgoing.told {
                self.say(Told::Received(Box::new(received))).await;
            }
            written?;
        }
    }

    async fn say(&self, told: Told) {
        // Whoever ran the listener is gone: nobody to be told.
        drop(self.tell.send(told).await);
    }

    async fn answers(&self, frame: &Frame) -> Outgoing {
        let Settings { answering, fault, every, .. } = &self.shared.settings;
        let (mut answers, mut told, mut made) = (Vec::new(), Vec::new(), None);
        for message in &frame.messages {
            let number = self.shared.messages.fetch_add(1, Ordering::Relaxed) + 1;
            let chosen = number.is_multiple_of((*every).max(1));
            let fault = fault.filter(|_| chosen);
            let answering = if chosen { *answering } else { Answering::Accept };
            made = made.or(fault);
            let kept = self.keep(message).await;
            let (codes, problem) = message.codes(answering, kept.is_ok());
            let wrong = fault == Some(Fault::WrongId);
            answers
                .extend(codes.iter().map(|code| message.answer(*code, problem, wrong, &self.stamp(number))));
            let (file, failed) = match kept {
                Ok(file) => (file, None),
                Err(error) => {
                    self.say(Told::NotWritten).await;
                    (None, Some(causes(&error)))
                }
            };
            told.push(Received {
                number,
                at: self.shared.clock.now().to_string(),
                connection: self.number,
                message_type: message.field(9),
                control_id: message.field(10),
                bytes: message.bytes.len(),
                codes: codes.iter().map(|code| code.as_str()).collect(),
                fault: fault.map(Fault::name),
                file,
                why: failed.or(message.refused.map(|problem| problem.text.to_owned())),
            });
        }
        let stamp = self.stamp(self.shared.messages.load(Ordering::Relaxed));
        Outgoing { bytes: frame.framed(&answers, &stamp), fault: made, told }
    }

    /// Writes a message to the folder, if there is one and it can be read.
    async fn keep(&self, message: &Message) -> io::Result<Option<String>> {
        let Some(folder) = self.shared.folder.as_ref().filter(|_| message.refused.is_none()) else {
            return Ok(None);
        };
        let (folder, control_id, bytes) = (folder.clone(), message.field(10), message.bytes.clone());
        let write = move || {
            let mut folder = folder.lock().unwrap_or_else(PoisonError::into_inner);
            folder.write(&control_id, &bytes)
        };
        spawn_blocking(write).await.map_err(io::Error::other)?.map(Some)
    }

    fn stamp(&self, number: u64) -> Stamp {
        let time = self.shared.clock.now().strftime("%Y%m%d%H%M%S+0000").to_string();
        Stamp { control_id: format!("{:08x}{number:012x}", self.shared.began), time }
    }

    /// Sends the answers, or does what the fault says.
    async fn write(&mut self, outgoing: &Outgoing) -> io::Result<()> {
        let bytes = &outgoing.bytes;
        let closed = || Err(io::Error::from(io::ErrorKind::ConnectionAborted));
        match outgoing.fault {
            Some(Fault::NoAnswer) => Ok(()),
            Some(Fault::Close) => closed(),
            Some(Fault::Half) => {
                self.stream.write_all(bytes.get(..bytes.len() / 2).unwrap_or(bytes)).await?;
                closed()
            }
            Some(Fault::Garbage) => self.stream.write_all(&mllp::frame(b"HTTP/1.1 200 OK")).await,
            Some(Fault::Late) => {
                tokio::time::sleep(self.shared.settings.late).await;
                self.stream.write_all(bytes).await
            }
            None | Some(Fault::WrongId) => self.stream.write_all(bytes).await,
        }
    }
}
