//! What is rare enough to lead to its messages at once.

use crate::store::history::Decision;

/// Something that a message is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key<'k> {
    /// Id of the message.
    Id(&'k str),
    /// Message control id (MSH-10).
    Control(&'k str),
    /// Order number.
    Order(&'k str),
    /// Stand-in of the patient at a facility.
    Patient(&'k str),
    /// Stand-in of the patient's network id.
    Network(&'k str),
    /// Stand-in of the path of the file that it came in.
    File(&'k str),
    /// BLAKE3 of its bytes, hexadecimal.
    Hash(&'k str),
}

impl<'k> Key<'k> {
    /// What a decision is known by, beside the message's id.
    pub(super) fn of(decision: &'k Decision) -> impl Iterator<Item = Self> {
        let Decision { hash, control_id, orders, patient, network, file, .. } = decision;
        let text = |text: &'k Option<_>| text.as_deref();
        [
            (!hash.is_empty()).then_some(Self::Hash(hash)),
            text(control_id).map(Self::Control),
            patient.as_ref().map(|stand_in| Self::Patient(&stand_in.0)),
            network.as_ref().map(|stand_in| Self::Network(&stand_in.0)),
            file.as_ref().map(|stand_in| Self::File(&stand_in.0)),
        ]
        .into_iter()
        .flatten()
        .chain(orders.iter().map(|order| Self::Order(order)))
    }

    /// What stands in the index for it. That two of ten million are the same is one chance in 300,000.
    pub(super) fn stored(self) -> i64 {
        let (what, value) = match self {
            Self::Id(value) => (b'i', value),
            Self::Control(value) => (b'c', value),
            Self::Order(value) => (b'o', value),
            Self::Patient(value) => (b'p', value),
            Self::Network(value) => (b'n', value),
            Self::File(value) => (b'f', value),
            Self::Hash(value) => (b'h', value),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[what]).update(value.as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
        i64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}
