//! What a sender can do wrong, to see how a receiver behaves.

use std::time::Duration;

use hl7v2::mllp::frame;

/// A fault of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The frame comes in pieces, each of its own.
    Split,
    /// The frame and that of the next message come in one piece.
    Glue,
    /// The frame takes two seconds.
    Slow,
    /// The sender closes its direction before the answer.
    HalfClose,
    /// The frame has no end.
    NoEnd,
    /// Other bytes stand before the frame.
    Garbage,
    /// The frame comes twice; both are to be answered.
    Duplicate,
    /// The message is larger than receivers take.
    Big,
    /// The connection is closed in the middle of the frame.
    Torn,
    /// MSH-10 is that of the message before.
    WrongControlId,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Split,
        Self::Glue,
        Self::Slow,
        Self::HalfClose,
        Self::NoEnd,
        Self::Garbage,
        Self::Duplicate,
        Self::Big,
        Self::Torn,
        Self::WrongControlId,
    ];

    /// As it is asked for and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Glue => "glue",
            Self::Slow => "slow",
            Self::HalfClose => "half-close",
            Self::NoEnd => "no-end",
            Self::Garbage => "garbage",
            Self::Duplicate => "duplicate",
            Self::Big => "big",
            Self::Torn => "torn",
            Self::WrongControlId => "wrong-control-id",
        }
    }
}

/// What a sender does, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Write(Vec<u8>),
    Pause(Duration),
    /// Its own direction of the connection.
    CloseWriting,
    /// The connection, without waiting for an answer.
    Close,
}

/// Pieces of a split frame, and the pause between them: longer than a network needs to put them together.
const SPLIT_PIECES: usize = 7;
const SPLIT_PAUSE: Duration = Duration::from_millis(30);
/// Pieces of a slow frame, two seconds in all.
const SLOW_PIECES: usize = 20;
const SLOW_PAUSE: Duration = Duration::from_millis(100);

/// How messages go out: their frames as they should be, or with a fault.
pub(super) fn steps(messages: &[&[u8]], fault: Option<Fault>) -> Vec<Step> {
    let all: Vec<u8> = messages.iter().flat_map(|message| frame(message)).collect();
    match fault {
        Some(Fault::Split) => pieces(&all, SPLIT_PIECES, SPLIT_PAUSE),
        Some(Fault::Slow) => pieces(&all, SLOW_PIECES, SLOW_PAUSE),
        Some(Fault::HalfClose) => vec![Step::Write(all), Step::CloseWriting],
        Some(Fault::NoEnd) => vec![Step::Write(all.strip_suffix(b"\x1c\r").unwrap_or(&all).to_vec())],
        Some(Fault::Garbage) => vec![Step::Write([b"GET / HTTP/1.1\r\n\r\n", &all[..]].concat())],
        Some(Fault::Duplicate) => vec![Step::Write(all.repeat(2))],
        Some(Fault::Torn) => {
            vec![Step::Write(all.get(..all.len() / 2).unwrap_or(&all).to_vec()), Step::Close]
        }
        None | Some(Fault::Glue | Fault::Big | Fault::WrongControlId) => vec![Step::Write(all)],
    }
}

fn pieces(bytes: &[u8], count: usize, pause: Duration) -> Vec<Step> {
    let pieces = bytes.chunks(bytes.len().div_ceil(count).max(1));
    pieces.flat_map(|piece| [Step::Write(piece.to_vec()), Step::Pause(pause)]).collect()
}

/// The message with a note (NTE) so long that all of it has more than that many bytes.
pub(super) fn enlarged(message: &[u8], bytes: usize) -> Vec<u8> {
    let separator = message.get(3).copied().unwrap_or(b'|');
    let note = [b'N', b'T', b'E', separator, b'1', separator, separator];
    let mut large = message.trim_ascii_end().to_vec();
    large.push(b'\r');
    large.extend(note);
    large.resize(large.len().max(bytes) + 1, b'X');
    large.push(b'\r');
    large
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(steps: &[Step]) -> Vec<u8> {
        let bytes = steps.iter().map(|step| match step {
            Step::Write(bytes) => &bytes[..],
            _ => &[],
        });
        bytes.collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_fault_changes_the_way_and_not_the_message_unless_it_says_so() {
        let message = b"MSH|^~\\&|A\rPID|1\r";
        for fault in [None, Some(Fault::Split), Some(Fault::Slow), Some(Fault::HalfClose)] {
            assert_eq!(written(&steps(&[message], fault)), frame(message), "{fault:?}");
        }
        assert_eq!(written(&steps(&[message, message], Some(Fault::Glue))), frame(message).repeat(2));
        assert_eq!(written(&steps(&[message], Some(Fault::Duplicate))), frame(message).repeat(2));
        assert!(steps(&[message], Some(Fault::Split)).len() > 10);
        assert!(!written(&steps(&[message], Some(Fault::NoEnd))).contains(&0x1C));
        assert_eq!(steps(&[message], Some(Fault::Torn)).last(), Some(&Step::Close));
    }

    #[test]
    fn a_large_message_is_as_large_as_it_should_be() {
        let large = enlarged(b"MSH|^~\\&|A\rPID|1\r", 1_000);
        assert!(large.len() > 1_000 && large.len() < 1_010);
        assert!(large.starts_with(b"MSH|^~\\&|A\rPID|1\rNTE|1||X"));
    }
}
