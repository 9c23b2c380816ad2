//! One connection: reads a piece of the stream, has its messages taken, answers them, and only then reads on.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hl7v2::mllp::{Decoder, FrameError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::answer::Answerer;
use super::frame::Frame;
use super::taker::{Arrival, Request};
use super::{GRACE, ListenerCounts, SMALL, count, told};
use crate::ingest::context::Context;
use crate::ingest::settings::ListenerSettings;

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;
/// How long a message may stand still in the middle.
const STALL: Duration = Duration::from_secs(30);
/// How long a sender may leave its answers unread.
const UNREAD: Duration = Duration::from_secs(30);

/// What the connections of a listener share.
pub(super) struct Shared {
    pub(super) context: Arc<Context>,
    pub(super) label: String,
    pub(super) settings: ListenerSettings,
    pub(super) answerer: Answerer,
    pub(super) counts: Arc<ListenerCounts>,
    /// Permits to hold more than a small part of an unfinished message.
    pub(super) large: Arc<Semaphore>,
}

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// The sender closed it.
    Closed,
    /// The listener stops.
    Stopped,
    /// The sender was silent for too long, or let a message stand still in the middle.
    Silent,
    /// The sender did not read its answers.
    Unread,
    /// A message was not taken and its sender wants no negative answer.
    Untold,
    /// A message could not be taken apart: a fault of the hub.
    Failed,
    /// The network.
    Io(io::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the sender closed it",
            Self::Stopped => "the hub stops",
            Self::Silent => "the sender was silent for too long",
            Self::Unread => "the sender does not read its answers",
            Self::Untold => "a message was not taken, and the sender wants no negative answer",
            Self::Failed => "a message could not be taken apart: a fault of the hub, please report it",
            Self::Io(_) => "the network failed",
        })
    }
}

/// One connection.
pub(super) struct Connection {
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    decoder: Decoder,
    large: Option<OwnedSemaphorePermit>,
    /// A defect of the stream has been told.
    warned: bool,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr) -> Self {
        let bytes_max = usize::try_from(shared.context.bytes_max).unwrap_or(usize::MAX);
        Self { shared, stream, peer, decoder: Decoder::new(bytes_max), large: None, warned: false }
    }

    /// Works until it ends, for whichever reason.
    pub(super) async fn run(mut self, requests: mpsc::Sender<Request>, mut stop: watch::Receiver<bool>) {
        let mut piece = vec![0; PIECE];
        let end = loop {
            if let Err(end) = self.turn(&mut piece, &requests, &mut stop).await {
                break end;
            }
        };
        let (feed, peer) = (&self.shared.context.feed, self.peer);
        match end {
            End::Closed | End::Stopped | End::Silent => {
                tracing::debug!(%feed, %peer, %end, "connection ended")
            }
            End::Io(error) => {
                tracing::debug!(%feed, %peer, error = &error as &dyn std::error::Error, "connection lost");
            }
            End::Unread | End::Untold | End::Failed => {
                tracing::warn!(%feed, %peer, %end, "connection closed")
            }
        }
    }

    /// Reads once, and answers what came to its end with it.
    async fn turn(
        &mut self,
        piece: &mut [u8],
        requests: &mpsc::Sender<Request>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), End> {
        let idle = self.shared.settings.idle_timeout;
        let patience = if self.decoder.is_inside() { idle.min(STALL) } else { idle };
        let read = tokio::select! {
            biased;
            () = told(stop) => return Err(End::Stopped),
            read = timeout(patience, self.read(piece)) => read.map_err(|_| End::Silent)?.map_err(End::Io)?,
        };
        let (frames, arrivals) = self.frames(piece.get(..read).unwrap_or_default()).await?;
        let taken = arrivals.is_empty() || self.take(arrivals, requests, stop.clone()).await;
        self.answer(&frames, taken).await?;
        if self.decoder.held() <= SMALL {
            self.large = None;
        }
        if read == 0 { Err(End::Closed) } else { Ok(()) }
    }

    /// Reads a piece. More of a large message is read only with a permit for it.
    async fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        if self.decoder.held() > SMALL && self.large.is_none() {
            let permit = self.shared.large.clone().acquire_owned().await;
            self.large = Some(permit.map_err(io::Error::other)?);
        }
        self.stream.read(piece).await
    }

    /// The frames that a piece brings to their end, an empty one being the end of the stream.
    async fn frames(&mut self, piece: &[u8]) -> Result<(Vec<Frame>, Vec<Arrival>), End> {
        let (mut frames, mut arrivals) = (Vec::new(), Vec::new());
        self.decoder.extend(piece);
        loop {
            let next = if piece.is_empty() { self.decoder.finish() } else { self.decoder.next_frame() };
            match next {
                Ok(None) => return Ok((frames, arrivals)),
                Ok(Some(bytes)) => {
                    let (frame, more) = self.open(bytes.into()).await?;
                    frames.push(frame);
                    arrivals.extend(more);
                }
                Err(error) => {
                    self.warn(&error);
                    if matches!(error, FrameError::TooLarge { .. }) {
                        frames.push(Frame::too_large(self.decoder.too_large_head()));
                    }
                }
            }
        }
    }

    async fn open(&self, bytes: Bytes) -> Result<(Frame, Vec<Arrival>), End> {
        let (shared, bytes_len) = (self.shared.clone(), bytes.len());
        let open = move || Frame::open(&shared.context, &shared.label, bytes);
        // Reading a large message takes time that the other connections need.
        let opened =
            if bytes_len > PIECE { spawn_blocking(open).await.map_err(|_| End::Failed)? } else { open() };
        Ok(opened)
    }

    /// Whether the messages are durable. Waits while they can't be stored, which keeps the sender waiting too.
    async fn take(
        &self,
        arrivals: Vec<Arrival>,
        requests: &mpsc::Sender<Request>,
        mut stop: watch::Receiver<bool>,
    ) -> bool {
        let (taken, outcome) = oneshot::channel();
        let taking = async {
            match requests.send(Request { arrivals, taken }).await {
                Ok(()) => outcome.await.is_ok(),
                Err(_) => false,
            }
        };
        let stopping = async {
            told(&mut stop).await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            taken = taking => taken,
            () = tokio::time::sleep(self.shared.settings.refuse_after) => false,
            () = stopping => false,
        }
    }

    async fn answer(&mut self, frames: &[Frame], taken: bool) -> Result<(), End> {
        let mut bytes = Vec::new();
        let mut all_told = true;
        for frame in frames {
            all_told &= self.shared.answerer.write(frame, taken, &mut bytes);
            let rejected = frame.rejected();
            count(&self.shared.counts.rejected, rejected);
            if !taken {
                count(&self.shared.counts.refused, frame.parts.len() - rejected);
            }
            if rejected > 0 && !std::mem::replace(&mut self.warned, true) {
                tracing::warn!(feed = %self.shared.context.feed, peer = %self.peer, "a message was rejected: it can't be read or is too large");
            }
        }
        let written = timeout(UNREAD, self.stream.write_all(&bytes)).await;
        written.map_err(|_| End::Unread)?.map_err(End::Io)?;
        if all_told { Ok(()) } else { Err(End::Untold) }
    }

    /// Tells of the first defect of the stream.
    fn warn(&mut self, error: &FrameError) {
        if !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(feed = %self.shared.context.feed, peer = %self.peer, error = error as &dyn std::error::Error, "the stream has a defect");
        }
    }
}
