//! What an envelope says as attributes of CloudEvents 1.0. Names are lower case, without separators.

use crate::envelope::{
    Change, Claim, Envelope, FHIR, ICALENDAR_CANCEL, ICALENDAR_REQUEST, Identifying, Lane, Routed,
};

/// What stands before an attribute's name in a header of AMQP (CloudEvents AMQP binding 3.1.3.1).
pub(crate) const AMQP_PREFIX: &str = "cloudEvents:";

/// Attributes of a routed event, for whichever format carries them.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    /// `1.0`.
    pub(crate) specversion: &'static str,
    /// The same for the same input.
    pub(crate) id: &'a str,
    /// `urn:musubi:facility:` and the 10-digit code.
    pub(crate) source: String,
    /// `<kind>.<change>.v1`.
    pub(crate) event_type: &'a str,
    /// The patient's id at the facility, or a stand-in.
    pub(crate) subject: &'a Identifying,
    /// When the hub accepted the message.
    pub(crate) time: &'a str,
    /// `urn:musubi:schema:<kind>.v1`, and `:<disclosure>` where only a part of the event leaves; of a FHIR body the
    /// definition of its Bundle.
    pub(crate) dataschema: String,
    /// Media type of the body.
    pub(crate) datacontenttype: &'a str,
    /// Topic of the route.
    pub(crate) topic: &'a str,
    /// Consent basis of this copy.
    pub(crate) basis: &'a str,
    /// Lane.
    pub(crate) lane: Lane,
    /// Place in the lane.
    pub(crate) sequence: u64,
    /// SS-MIX2 data type.
    pub(crate) datatype: Option<&'a str>,
    /// The source's key of the record, or a stand-in.
    pub(crate) recordkey: &'a Identifying,
    /// The source's version of the record.
    pub(crate) recordversion: &'a str,
    /// What happened to the record.
    pub(crate) change: Change,
    /// BLAKE3 of the original bytes.
    pub(crate) originhash: &'a str,
    /// Stands for the body, where that is empty because it is too large for a queue.
    pub(crate) claim: Option<&'a Claim>,
    /// Id of the replay that made this copy again.
    pub(crate) replay: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    /// The attributes of a copy at that place of its queue, or of the place that the copy carries since it left that
    /// queue. `None` where the envelope was never routed.
    pub(crate) fn of(envelope: &'a Envelope, lane: Lane, sequence: u64) -> Option<Self> {
        let routed = envelope.event.as_ref()?;
        let left = routed.place.map(|place| (place.lane, place.sequence));
        let (lane, sequence) = left.unwrap_or((lane, sequence));
        Some(Self {
            specversion: "1.0",
            id: &envelope.id,
            source: format!("urn:musubi:facility:{}", envelope.facility),
            event_type: &routed.event_type,
            subject: &envelope.patient,
            time: &envelope.accepted_at,
            dataschema: schema_of(routed),
            datacontenttype: &routed.media_type,
            topic: &routed.topic,
            basis: &routed.basis,
            lane,
            sequence,
            datatype: envelope.data_type.as_deref(),
            recordkey: &envelope.key,
            recordversion: &envelope.version,
            change: envelope.change,
            originhash: &envelope.origin.hash,
            claim: envelope.claim.as_ref(),
            replay: routed.replay.as_deref(),
        })
    }

    /// Names and values of the attributes that are text, without `datacontenttype`.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("specversion", self.specversion),
            ("id", self.id),
            ("source", &self.source),
            ("type", self.event_type),
            ("subject", &self.subject.0),
            ("time", self.time),
            ("dataschema", &self.dataschema),
            ("topic", self.topic),
            ("basis", self.basis),
            ("recordkey", &self.recordkey.0),
            ("recordversion", self.recordversion),
            ("change", self.change.as_str()),
            ("originhash", self.originhash),
        ]
        .into_iter()
        .chain(self.datatype.map(|data_type| ("datatype", data_type)))
        .chain(self.claim.map(|claim| ("claimhash", claim.hash.as_str())))
        .chain(self.replay.map(|replay| ("replay", replay)))
    }
}

/// What describes a FHIR body.
pub(crate) const FHIR_BUNDLE: &str = "http://hl7.org/fhir/StructureDefinition/Bundle";

/// What describes an iCalendar body.
pub(crate) const ICALENDAR: &str = "urn:ietf:rfc:5545";

/// `lab-result.created.v1` is described by `urn:musubi:schema:lab-result.v1`.
fn schema_of(routed: &Routed) -> String {
    match routed.media_type.as_str() {
        FHIR => return FHIR_BUNDLE.to_owned(),
        ICALENDAR_REQUEST | ICALENDAR_CANCEL => return ICALENDAR.to_owned(),
        _ => {}
    }
    let mut parts = routed.event_type.split('.');
    let (kind, version) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    let part = routed.disclosure.as_ref().map(|name| format!(":{name}")).unwrap_or_default();
    format!("urn:musubi:schema:{kind}.{version}{part}")
}
