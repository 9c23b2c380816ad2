//! HL7 tables 0008, 0357 and 0516.

/// Acknowledgement code (table 0008).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// Application accept.
    Aa,
    /// Application error.
    Ae,
    /// Application reject.
    Ar,
    /// Commit accept.
    Ca,
    /// Commit error.
    Ce,
    /// Commit reject.
    Cr,
}

impl AckCode {
    const ALL: [Self; 6] = [Self::Aa, Self::Ae, Self::Ar, Self::Ca, Self::Ce, Self::Cr];

    /// As it stands in MSA-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aa => "AA",
            Self::Ae => "AE",
            Self::Ar => "AR",
            Self::Ca => "CA",
            Self::Ce => "CE",
            Self::Cr => "CR",
        }
    }

    /// The code of an MSA-1.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether it is a commit acknowledgement: of safe storage only.
    pub const fn is_commit(self) -> bool {
        matches!(self, Self::Ca | Self::Ce | Self::Cr)
    }

    /// Whether the message was taken.
    pub const fn is_accept(self) -> bool {
        matches!(self, Self::Aa | Self::Ca)
    }

    /// Whether sending the message again unchanged is of no use.
    pub const fn is_reject(self) -> bool {
        matches!(self, Self::Ar | Self::Cr)
    }
}

/// Message error condition (table 0357).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Condition {
    /// 0
    Accepted = 0,
    /// 100
    SegmentSequence = 100,
    /// 101
    RequiredFieldMissing = 101,
    /// 102
    DataType = 102,
    /// 103
    TableValueNotFound = 103,
    /// 104
    ValueTooLong = 104,
    /// 198
    NonConformantCardinality = 198,
    /// 199
    Other = 199,
    /// 200
    UnsupportedMessageType = 200,
    /// 201
    UnsupportedEventCode = 201,
    /// 202
    UnsupportedProcessingId = 202,
    /// 203
    UnsupportedVersionId = 203,
    /// 204
    UnknownKeyIdentifier = 204,
    /// 205
    DuplicateKeyIdentifier = 205,
    /// 206
    ApplicationRecordLocked = 206,
    /// 207
    ApplicationInternal = 207,
}

impl Condition {
    /// The number.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The table's words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Accepted => "Message accepted",
            Self::SegmentSequence => "Segment sequence error",
            Self::RequiredFieldMissing => "Required field missing",
            Self::DataType => "Data type error",
            Self::TableValueNotFound => "Table value not found",
            Self::ValueTooLong => "Value too long",
            Self::NonConformantCardinality => "Non-Conformant Cardinality",
            Self::Other => "Other HL7 Error",
            Self::UnsupportedMessageType => "Unsupported message type",
            Self::UnsupportedEventCode => "Unsupported event code",
            Self::UnsupportedProcessingId => "Unsupported processing id",
            Self::UnsupportedVersionId => "Unsupported version id",
            Self::UnknownKeyIdentifier => "Unknown key identifier",
            Self::DuplicateKeyIdentifier => "Duplicate key identifier",
            Self::ApplicationRecordLocked => "Application record locked",
            Self::ApplicationInternal => "Application internal error",
        }
    }
}

/// Error severity (table 0516).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The message was not taken.
    Error,
    /// The message was not taken and never will be: it can't be read.
    Fatal,
    /// Taken; something is told.
    Information,
    /// Taken; something should be looked at.
    Warning,
}

impl Severity {
    /// As it stands in ERR-4.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "E",
            Self::Fatal => "F",
            Self::Information => "I",
            Self::Warning => "W",
        }
    }
}
