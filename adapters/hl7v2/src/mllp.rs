//! Minimal Lower Layer Protocol: `0B` message `1C 0D` (HL7 v2 transport specification, MLLP release 1).

use std::mem;

const START: u8 = 0x0B;
const END: u8 = 0x1C;
const CARRIAGE_RETURN: u8 = 0x0D;
/// What is kept of a frame that is too large: enough for the header that an answer needs.
const HEAD_BYTES: usize = 4 << 10;
/// An empty buffer keeps no more than this.
const SPARE_BYTES: usize = 64 << 10;

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
    /// Where in the buffer the current frame's payload, or what has not been looked at, starts.
    start: usize,
    /// Where in the buffer looking goes on.
    at: usize,
    state: State,
    head: Vec<u8>,
}

impl Decoder {
    /// A decoder that refuses messages of more than `payload_bytes_max` bytes.
    pub fn new(payload_bytes_max: usize) -> Self {
        let (buffer, head) = (Vec::new(), Vec::new());
        Self { payload_bytes_max, buffer, start: 0, at: 0, state: State::Outside, head }
    }

    /// Bytes that wait for the rest of their message.
    pub fn held(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Whether a frame has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.state != State::Outside
    }

    /// The first bytes of the last frame that was too large.
    pub fn too_large_head(&self) -> &[u8] {
        &self.head
    }

    /// Adds bytes as they came; take all frames with [`next_frame`](Self::next_frame) before the
    /// next call, so that no more than one message is held.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.at -= self.start;
        self.start = 0;
        if self.buffer.is_empty() {
            self.buffer.shrink_to(SPARE_BYTES);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message without its frame, or `None` until more bytes come.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        if self.state == State::Outside && !self.find_start()? {
            return Ok(None);
        }
        while let [byte, after @ ..] = &self.buffer[self.at..] {
            match (*byte, after) {
                (END, [CARRIAGE_RETURN, ..]) => return self.close(2),
                (END, [START, ..]) => return self.close(1),
                (END, []) => return Ok(None),
                (START, after) if self.at > self.start && !is_decided(after) => return Ok(None),
                (START, after) if self.at > self.start && opens_message(after) => return self.restart(),
                _ => self.at += 1,
            }
            if self.at - self.start > self.payload_bytes_max {
                if self.state == State::Inside {
                    let frame = &self.buffer[self.start..self.at];
                    self.head = frame[..frame.len().min(HEAD_BYTES)].to_vec();
                }
                self.start = self.at;
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
        rest.drain(..self.start);
        (self.start, self.at) = (0, 0);
        match (state, rest.pop_if(|last| *last == END)) {
            (State::Inside, Some(_)) => Ok(Some(rest)),
            (State::Inside, None) => Err(FrameError::Torn { bytes: rest.len() }),
            _ => Ok(None),
        }
    }

    /// Passes over what stands before the next start block; whether there is one.
    fn find_start(&mut self) -> Result<bool, FrameError> {
        let rest = &self.buffer[self.start..];
        let start = rest.iter().position(|b| *b == START);
        let outside = &rest[..start.unwrap_or(rest.len())];
        let bytes = outside.iter().filter(|b| !b.is_ascii_whitespace()).count();
        self.start += outside.len();
        if bytes == 0 && start.is_some() {
            self.start += 1;
            self.state = State::Inside;
        }
        self.at = self.start;
        if bytes > 0 { Err(FrameError::Outside { bytes }) } else { Ok(start.is_some()) }
    }

    /// Ends the frame before the end block, whose length is given, and hands it out unless it was
    /// being skipped.
    fn close(&mut self, end_bytes: usize) -> Result<Option<Vec<u8>>, FrameError> {
        let payload = self.buffer[self.start..self.at].to_vec();
        self.at += end_bytes;
        self.start = self.at;
        match mem::replace(&mut self.state, State::Outside) {
            State::Skipping => self.next_frame(),
            _ => Ok(Some(payload)),
        }
    }

    /// Drops a frame in which a new one starts.
    fn restart(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let bytes = self.at - self.start;
        self.start = self.at;
        match mem::replace(&mut self.state, State::Outside) {
            State::Skipping => self.next_frame(),
            _ => Err(FrameError::Torn { bytes }),
        }
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
