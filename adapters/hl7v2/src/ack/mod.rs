//! Acknowledgements: what an answer says, how it is written, and how one is read (HL7 2.9, 2.9 and 2.13).
//!
//! In the original mode there is one answer, by the application (2.9.2). In the enhanced mode (2.9.3) a commit
//! acknowledgement says that the message is in safe storage, and an application acknowledgement what became of it;
//! which of them is wanted stands in MSH-15 and MSH-16.

mod initiating;
mod read;
mod table;
mod write;

pub use initiating::Initiating;
pub use read::{Answer, AnswerError, read};
pub use table::{AckCode, Condition, Severity};
pub use write::{Acknowledgement, Location, Problem, batch};

/// When an acknowledgement is wanted (table 0155).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `AL`
    Always,
    /// `NE`
    Never,
    /// `ER`: only to tell of an error or a rejection.
    OnError,
    /// `SU`: only to tell of success.
    OnSuccess,
}

impl Wanted {
    /// The table.
    pub const ALL: [Self; 4] = [Self::Always, Self::Never, Self::OnSuccess, Self::OnError];

    /// As it stands in MSH-15 and MSH-16.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "AL",
            Self::Never => "NE",
            Self::OnError => "ER",
            Self::OnSuccess => "SU",
        }
    }

    /// Whether it is wanted for that outcome.
    pub const fn applies(self, success: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::OnError => !success,
            Self::OnSuccess => success,
        }
    }

    /// The meaning of MSH-15 or MSH-16. An empty one beside a valued one asks for nothing; a word that the table
    /// does not have is answered always, because a sender that waits in vain sends again.
    fn of(field: &[u8]) -> Self {
        match field {
            b"" | b"NE" => Self::Never,
            b"ER" => Self::OnError,
            b"SU" => Self::OnSuccess,
            _ => Self::Always,
        }
    }
}

/// How a sender wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// MSH-15 and MSH-16 are both empty: one application acknowledgement, always.
    #[default]
    Original,
    /// At least one of them is not.
    Enhanced {
        /// MSH-15: the commit acknowledgement.
        accept: Wanted,
        /// MSH-16: the application acknowledgement.
        application: Wanted,
    },
}

impl Mode {
    fn of(accept: &[u8], application: &[u8]) -> Self {
        match (accept, application) {
            (b"", b"") => Self::Original,
            _ => Self::Enhanced { accept: Wanted::of(accept), application: Wanted::of(application) },
        }
    }

    /// The answers to a message that was taken, in their order.
    pub fn taken(self) -> Vec<AckCode> {
        match self {
            Self::Original => vec![AckCode::Aa],
            Self::Enhanced { accept, application } => {
                let commit = accept.applies(true).then_some(AckCode::Ca);
                commit.into_iter().chain(application.applies(true).then_some(AckCode::Aa)).collect()
            }
        }
    }

    /// The answer to a message that could not be taken for now; `None` if the sender wants none.
    pub fn error(self) -> Option<AckCode> {
        self.negative(AckCode::Ce, AckCode::Ae)
    }

    /// The answer to a message that will never be taken; `None` if the sender wants none.
    pub fn rejection(self) -> Option<AckCode> {
        self.negative(AckCode::Cr, AckCode::Ar)
    }

    /// What was not committed never reached the application: one answer, by whichever is wanted.
    fn negative(self, commit: AckCode, application: AckCode) -> Option<AckCode> {
        match self {
            Self::Original => Some(application),
            Self::Enhanced { accept, .. } if accept.applies(false) => Some(commit),
            Self::Enhanced { application: wanted, .. } => wanted.applies(false).then_some(application),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(accept: &str, application: &str) -> String {
        let codes = Mode::of(accept.as_bytes(), application.as_bytes()).taken();
        codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_taken_message_is_answered_as_wanted() {
        for (accept, application, codes) in [
            ("", "", "AA"),
            ("AL", "NE", "CA"),
            ("AL", "", "CA"),
            ("AL", "AL", "CA AA"),
            ("SU", "SU", "CA AA"),
            ("NE", "AL", "AA"),
            ("", "AL", "AA"),
            ("ER", "ER", ""),
            ("NE", "NE", ""),
            ("??", "NE", "CA"),
        ] {
            assert_eq!(taken(accept, application), codes, "{accept}|{application}");
        }
    }

    #[test]
    fn what_is_not_taken_is_answered_once() {
        for (accept, application, error, rejection) in [
            ("", "", Some(AckCode::Ae), Some(AckCode::Ar)),
            ("AL", "AL", Some(AckCode::Ce), Some(AckCode::Cr)),
            ("ER", "NE", Some(AckCode::Ce), Some(AckCode::Cr)),
            ("SU", "ER", Some(AckCode::Ae), Some(AckCode::Ar)),
            ("NE", "AL", Some(AckCode::Ae), Some(AckCode::Ar)),
            ("NE", "NE", None, None),
            ("SU", "SU", None, None),
        ] {
            let mode = Mode::of(accept.as_bytes(), application.as_bytes());
            assert_eq!((mode.error(), mode.rejection()), (error, rejection), "{accept}|{application}");
        }
    }
}
