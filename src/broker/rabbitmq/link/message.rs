//! Messages of the hub as AMQP messages.
//!
//! The envelope is one header of JSON. Events carry in addition what CloudEvents' AMQP binding (binary mode) says, so
//! that any client can read them: `content-type` and an attribute a header, its name after `cloudEvents:`.

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};

use crate::broker::BrokerError;
use crate::broker::rabbitmq::amqp::{Header, Incoming, Number};
use crate::cloud_event::{AMQP_PREFIX, Attributes};
use crate::envelope::Lane;

const ENVELOPE: &str = "musubi-envelope";
const LANE: &str = "musubi-lane";
const SERIES: &str = "musubi-series";
const SEQUENCE: &str = "musubi-sequence";

/// On disk before it is confirmed.
const PERSISTENT: u8 = 2;

/// Properties of a message with this header.
///
/// # Errors
/// [`BrokerError::Refused`] where the envelope is no JSON, or an id or type is longer than AMQP takes.
pub(super) fn properties(header: Option<&Header>) -> Result<BasicProperties, BrokerError> {
    let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    let Some(Header { envelope, lane, number }) = header else { return Ok(properties) };
    let json = serde_json::to_string(envelope)
        .map_err(|error| BrokerError::Refused { what: format!("an envelope: {error}") })?;
    let mut headers = FieldTable::default();
    headers.insert(ENVELOPE.into(), text(&json));
    headers.insert(LANE.into(), AMQPValue::LongLongInt(lane.0.into()));
    // Bit for bit: AMQP has no unsigned 64 bits.
    headers.insert(SERIES.into(), AMQPValue::LongLongInt(number.series.cast_signed()));
    headers.insert(SEQUENCE.into(), AMQPValue::LongLongInt(number.sequence.cast_signed()));
    let mut properties = properties.with_message_id(short(&envelope.id)?);
    if let Some(attributes) = Attributes::of(envelope, *lane, number.sequence) {
        properties = properties
            .with_type(short(attributes.event_type)?)
            .with_content_type(short(attributes.datacontenttype)?);
        add(&mut headers, &attributes);
    }
    Ok(properties.with_headers(headers))
}

fn add(headers: &mut FieldTable, attributes: &Attributes<'_>) {
    let mut insert = |name: &str, value| {
        headers.insert(ShortString::from(format!("{AMQP_PREFIX}{name}")), value);
    };
    for (name, value) in attributes.texts() {
        insert(name, text(value));
    }
    if let Some(claim) = attributes.claim {
        insert("claimbytes", AMQPValue::LongLongInt(i64::try_from(claim.bytes).unwrap_or(i64::MAX)));
    }
    insert("lane", AMQPValue::LongLongInt(attributes.lane.0.into()));
    insert("sequence", AMQPValue::LongLongInt(attributes.sequence.cast_signed()));
}

/// A message that came.
pub(super) fn incoming(delivery: Delivery) -> Incoming {
    Incoming {
        tag: delivery.delivery_tag,
        redelivered: delivery.redelivered,
        header: header(&delivery.properties),
        body: Bytes::from(delivery.data),
    }
}

fn header(properties: &BasicProperties) -> Option<Header> {
    let headers = properties.headers().as_ref()?.inner();
    let number = |name| headers.get(name).and_then(integer);
    Some(Header {
        envelope: serde_json::from_slice(headers.get(ENVELOPE)?.as_long_string()?.as_bytes()).ok()?,
        lane: Lane(u16::try_from(number(LANE)?).ok()?),
        number: Number {
            series: number(SERIES)?.cast_unsigned(),
            sequence: number(SEQUENCE)?.cast_unsigned(),
        },
    })
}

/// A server may hand an integer back in another width.
fn integer(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::LongLongInt(number) => Some(*number),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        _ => None,
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value.as_bytes()))
}

/// A name as AMQP takes it: at most 255 bytes.
pub(super) fn short(value: &str) -> Result<ShortString, BrokerError> {
    ShortString::try_new(value).map_err(|error| BrokerError::Refused { what: format!("a name: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::rabbitmq::amqp::Number;
    use crate::envelope::{Claim, Envelope};

    #[test]
    fn a_claimed_copy_says_where_its_bytes_are() {
        let text = r#"{"id":"1","facility":"3210100018","patient":"1","change":"created","key":"k","version":"1","origin":{"feed":"f","file":"f","offset":0,"hash":"h"},"accepted_at":"2026-11-22T00:00:00Z","format":"document","event":{"type":"document.created.v1","topic":"t","route":"r","basis":"addressed","media_type":"application/zip"}}"#;
        let envelope: Envelope = serde_json::from_str(text).unwrap();
        let claim = Claim { hash: "a".repeat(64), bytes: 7, media_type: "application/zip".to_owned() };
        let envelope = Envelope { claim: Some(claim), ..envelope };
        let header = Header { envelope, lane: Lane(3), number: Number { series: 1, sequence: 2 } };
        let properties = properties(Some(&header)).unwrap();
        let headers = properties.headers().as_ref().unwrap().inner();
        assert_eq!(headers.get("cloudEvents:claimhash"), Some(&self::text(&"a".repeat(64))));
        assert_eq!(headers.get("cloudEvents:claimbytes").and_then(integer), Some(7));
        assert_eq!(super::header(&properties).unwrap().envelope, header.envelope);
    }
}
