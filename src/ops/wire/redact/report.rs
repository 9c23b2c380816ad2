//! What was done with each field, and why. Values are never told.

use serde::Serialize;

/// What is done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It stays.
    Kept,
    /// A date becomes an earlier one.
    Shifted,
    /// A stand-in of the same shape takes its place.
    Replaced,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It holds the message together.
    Structure,
    /// `""`: nothing on purpose.
    Null,
    /// A code of a table.
    Code,
    /// A number.
    Number,
    /// When something happened.
    Moment,
    /// A date of birth.
    Birth,
    /// An identifier.
    Id,
    /// A person's name.
    Name,
    /// An address.
    Address,
    /// A phone number.
    Phone,
    /// A member of the staff.
    Staff,
    /// A facility.
    Organisation,
    /// A ward, room or bed.
    Place,
    /// Words.
    Text,
    /// A document within the message.
    Document,
    /// The code of a coding system that is not public.
    LocalCode,
    /// It repeats what identifies somebody elsewhere in the message.
    Elsewhere,
    /// Nothing says that it is harmless.
    Unknown,
}

impl Reason {
    /// Whether what it stands for tells who somebody is, wherever it is repeated.
    pub(super) const fn identifies(self) -> bool {
        matches!(self, Self::Id | Self::Name | Self::Address | Self::Phone | Self::Staff | Self::Birth)
    }

    /// For people: English and Japanese.
    pub const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Structure => ["structure of the message", "電文の構造"],
            Self::Null => ["explicitly empty", "明示的な空値"],
            Self::Code => ["code of a public table", "公開された表のコード"],
            Self::Number => ["number", "数値"],
            Self::Moment => {
                ["date of an event, moved by the patient's offset", "事象の日時（患者ごとに一定日数ずらす）"]
            }
            Self::Birth => ["date of birth", "生年月日"],
            Self::Id => ["identifier", "識別番号"],
            Self::Name => ["person's name", "氏名"],
            Self::Address => ["address", "住所"],
            Self::Phone => ["phone number", "電話番号"],
            Self::Staff => ["member of the staff", "職員"],
            Self::Organisation => ["facility or organisation", "施設・組織"],
            Self::Place => ["ward, room or bed", "病棟・病室・病床"],
            Self::Text => ["free text", "自由記載"],
            Self::Document => ["document within the message", "埋め込み文書"],
            Self::LocalCode => ["text, or code of a local table", "名称または施設独自のコード"],
            Self::Elsewhere => {
                ["repeats an identifying value of another field", "他の項目の識別情報と同じ値"]
            }
            Self::Unknown => ["not known to be harmless", "無害と確認できない項目"],
        }
    }
}

/// What was done in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Which message of the file, from 1; 0 is what stands around them.
    pub message: usize,
    /// `PID-5`, or `OBX[2]-3.1` where the components of a field differ.
    pub place: String,
    /// What was done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What was decided for one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    /// Segment with its occurrence, and field.
    pub(super) field: String,
    pub(super) component: usize,
    pub(super) action: Action,
    pub(super) reason: Reason,
}

/// One row for a field of which all parts were treated alike, else one for each component.
pub(super) fn rows(message: usize, decided: &[Decided]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for field in decided.chunk_by(|one, next| one.field == next.field) {
        let same = |one: &Decided| (one.action, one.reason) == (field[0].action, field[0].reason);
        let whole = field.iter().all(same);
        for Decided { field, component, action, reason } in field {
            let place = if whole { field.clone() } else { format!("{field}.{component}") };
            let row = Row { message, place, action: *action, reason: *reason };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows
}
