//! What a receiver can do wrong, to see how a sender behaves.

/// A fault of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The message is taken and never answered.
    NoAnswer,
    /// The answer comes late.
    Late,
    /// The connection is closed instead of an answer.
    Close,
    /// The answer is to another message.
    WrongId,
    /// Half of the answer, then the connection is closed.
    Half,
    /// Something that is no answer, in a frame.
    Garbage,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::NoAnswer, Self::Late, Self::Close, Self::WrongId, Self::Half, Self::Garbage];

    /// As it is asked for and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => "no-answer",
            Self::Late => "late",
            Self::Close => "close",
            Self::WrongId => "wrong-id",
            Self::Half => "half",
            Self::Garbage => "garbage",
        }
    }
}

/// What messages are answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answering {
    /// They are taken.
    #[default]
    Accept,
    /// AE or CE: not now.
    Error,
    /// AR or CR: never.
    Reject,
}

impl Answering {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Error, Self::Reject];

    /// The code of the original mode.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "AA",
            Self::Error => "AE",
            Self::Reject => "AR",
        }
    }
}
