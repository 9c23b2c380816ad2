//! One connection to a receiver of MLLP: bytes out, frames in.

use std::io;

use hl7v2::mllp::{Decoder, FrameError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Why a connection gives no answer. It is of no use afterwards.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The network.
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    /// By the receiver.
    #[error("the connection was closed before the answer")]
    Closed,
    /// What came is in no frame, or in one without an end.
    #[error("the answer is not framed")]
    Frame(#[from] FrameError),
}

/// A connection.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    decoder: Decoder,
}

impl Link {
    /// Connects to `host:port`.
    pub async fn open(address: &str) -> Result<Self, LinkError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, decoder: Decoder::new(ANSWER_BYTES_MAX) })
    }

    /// Writes bytes as they are: the frame is the caller's.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Says that nothing more will be written; answers can still come.
    pub async fn close_writing(&mut self) -> Result<(), LinkError> {
        Ok(self.stream.shutdown().await?)
    }

    /// The next frame without its frame bytes. The last one before the receiver closes may lack its last byte.
    pub async fn next(&mut self) -> Result<Vec<u8>, LinkError> {
        let mut bytes = [0; 4096];
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                return Ok(frame);
            }
            match self.stream.read(&mut bytes).await? {
                0 => return self.decoder.finish()?.ok_or(LinkError::Closed),
                count => self.decoder.extend(bytes.get(..count).unwrap_or_default()),
            }
        }
    }

    /// Whether the receiver has not closed it; passes over what came since the last answer.
    pub fn is_open(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.try_read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) => self.decoder.extend(bytes.get(..count).unwrap_or_default()),
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            while let Ok(Some(_)) = self.decoder.next_frame() {}
        }
    }
}
