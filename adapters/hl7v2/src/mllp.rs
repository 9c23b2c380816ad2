//! Minimal Lower Layer Protocol: `0B` message `1C 0D` (HL7 v2 transport specification, MLLP release 1).

use std::mem;

const START: u8 = 0x0B;
const END: u8 = 0x1C;
const CARRIAGE_RETURN: u8 = 0x0D;

/// The bytes with a frame around them.
pub fn frame(bytes: &[u8]) -> Vec<u8> {
    [&[START], bytes, &[END, CARRIAGE_RETURN]].concat()
}

/// What is wrong with a stream; the next frame can be read after each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Bytes other than line ends stand outside of any frame; they were passed over.
    #[error("{bytes} bytes stand outside of a frame")]
    Outside {
        /// How many.
        bytes: usize,
    },
    /// A frame was not ended before the next began or the stream ended; its bytes were dropped.
    #[error("a frame of {bytes} bytes so far has no end")]
    Torn {
        /// How many bytes it held.
        bytes: usize,
    },
    /// A frame is larger than allowed; it is passed over to its end.
    #[error("a frame is larger than {bytes_max} bytes")]
    TooLarge {
        /// What is allowed.
        bytes_max: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    Skipping,
}

/// Takes frames out of a stream that arrives in pieces of any size.
///
/// A frame ends at `1C 0D`, and at a `1C` that a new `0B` or the end of the stream follows.
/// Any other `1C` is content, and so is a `0B` that no `MSH`, `BHS` or `FHS` follows.
#[derive(Debug)]
pub struct Decoder {
    payload_bytes_max: usize,
    buffer: Vec<u8>,
    /// Bytes of the buffer that have been looked at.
    scanned: usize,
    state: State,
}

impl Decoder {
    /// A decoder that refuses messages of more than `payload_bytes_max` bytes.
    pub fn new(payload_bytes_max: usize) -> Self {
        Self { payload_bytes_max, buffer: Vec::new(), scanned: 0, state: State::Outside }
    }

    /// Adds bytes as they came; take all frames with [`next_frame`](Self::next_frame) before the
    /// next call, so that no more than one message is held.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message without its frame, or `None` until more bytes come.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        if self.state == State::Outside && !self.find_start()? {
            return Ok(None);
        }
        while let Some(byte) = self.buffer.get(self.scanned).copied() {
            match (byte, self.buffer.get(self.scanned + 1..).unwrap_or_default()) {
                (END, [CARRIAGE_RETURN, ..]) => return self.close(2).transpose(),
                (END, [START, ..]) => return self.close(1).transpose(),
                (END, []) => return Ok(None),
                (START, after) if self.scanned > 0 && !is_decided(after) => return Ok(None),
                (START, after) if self.scanned > 0 && opens_message(after) => return self.restart(),
                _ => self.scanned += 1,
            }
            if self.scanned > self.payload_bytes_max {
                self.drop_scanned();
                if mem::replace(&mut self.state, State::Skipping) == State::Inside {
                    return Err(FrameError::TooLarge { bytes_max: self.payload_bytes_max });
                }
            }
        }
        Ok(None)
    }

    /// Says that the stream has ended; a last frame that lacks only its `0D` is handed out.
    pub fn finish(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let state = mem::replace(&mut self.state, State::Outside);
        let mut rest = mem::take(&mut self.buffer);
        self.scanned = 0;
        match (state, rest.pop_if(|last| *last == END)) {
            (State::Inside, Some(_)) => Ok(Some(rest)),
            (State::Inside, None) => Err(FrameError::Torn { bytes: rest.len() }),
            _ => Ok(None),
        }
    }

    /// Drops what stands before the next start block; whether there is one.
    fn find_start(&mut self) -> Result<bool, FrameError> {
        let start = self.buffer.iter().position(|b| *b == START);
        let outside = self.buffer.drain(..start.unwrap_or(self.buffer.len()));
        let bytes = outside.filter(|b| !b.is_ascii_whitespace()).count();
        if bytes > 0 {
            return Err(FrameError::Outside { bytes });
        }
        if start.is_some() {
            self.buffer.remove(0);
            self.scanned = 0;
            self.state = State::Inside;
        }
        Ok(start.is_some())
    }

    /// Ends the frame before the end block, whose length is given; `None` if it was being skipped.
    fn close(&mut self, end_bytes: usize) -> Option<Result<Vec<u8>, FrameError>> {
        let rest = self.buffer.split_off(self.scanned + end_bytes);
        let mut payload = mem::replace(&mut self.buffer, rest);
        payload.truncate(self.scanned);
        self.scanned = 0;
        let skipped = mem::replace(&mut self.state, State::Outside) == State::Skipping;
        if skipped { self.next_frame().transpose() } else { Some(Ok(payload)) }
    }

    /// Drops a frame in which a new one starts.
    fn restart(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let bytes = self.scanned;
        self.drop_scanned();
        match mem::replace(&mut self.state, State::Outside) {
            State::Skipping => self.next_frame(),
            _ => Err(FrameError::Torn { bytes }),
        }
    }

    fn drop_scanned(&mut self) {
        self.buffer.drain(..self.scanned);
        self.scanned = 0;
    }
}

/// Whether enough follows a start block to tell whether a message follows.
fn is_decided(after: &[u8]) -> bool {
    after.len() >= 3 || !HEADERS.iter().any(|header| header.starts_with(after))
}

fn opens_message(after: &[u8]) -> bool {
    HEADERS.iter().any(|header| after.starts_with(header))
}

const HEADERS: [&[u8]; 3] = [b"MSH", b"BHS", b"FHS"];
