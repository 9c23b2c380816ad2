//! ORC: what every order says of itself, and whether it is the order that the storage files it under.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use super::requester;
use crate::canonical::{OrderDetails, PartialTime, Practitioner, Text};

/// The head of an order, as all kinds with orders have it.
pub(super) struct Head<'m> {
    pub(super) number: Option<Text<'m>>,
    pub(super) control: Option<Text<'m>>,
    pub(super) ordered_at: Option<PartialTime>,
    pub(super) ordered_by: Option<Practitioner<'m>>,
    pub(super) details: OrderDetails<'m>,
}

/// Reads an ORC. Where there is none, its OBR says number and orderer; where there are both, an OBR that says the
/// same again is read as well.
pub(super) fn head<'m>(
    orc: Option<Segment<'m>>,
    obr: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> Head<'m> {
    let mut head = match orc {
        Some(orc) => ordered(orc, reader),
        None => empty(),
    };
    if let Some(obr) = obr {
        head.number = or_again(head.number, obr, 2, reader, Reader::text, Text::eq);
        head.ordered_by = or_again(head.ordered_by, obr, 16, reader, Reader::practitioner, is_same_person);
        let filler_number = head.details.filler_number;
        head.details.filler_number = or_again(filler_number, obr, 3, reader, Reader::text, Text::eq);
    }
    head.details.requesters = requester::of(orc, obr, reader);
    head
}

fn is_same_person(one: &Practitioner<'_>, other: &Practitioner<'_>) -> bool {
    (&one.id, &one.family, &one.given) == (&other.id, &other.family, &other.given)
}

fn empty<'m>() -> Head<'m> {
    let details = OrderDetails::default();
    Head { number: None, control: None, ordered_at: None, ordered_by: None, details }
}

fn ordered<'m>(orc: Segment<'m>, reader: &mut Reader<'m>) -> Head<'m> {
    Head {
        number: reader.text(orc, 2),
        control: reader.text(orc, 1),
        ordered_at: reader.time(orc, 9),
        ordered_by: reader.practitioner(orc, 12),
        details: OrderDetails {
            filler_number: reader.text(orc, 3),
            order_status: reader.text(orc, 5),
            entered_by: reader.practitioner(orc, 10),
            effective_at: reader.time(orc, 15),
            control_reason: reader.coded(orc, 16),
            department: reader.coded(orc, 17),
            order_type: reader.coded(orc, 29),
            requesters: Vec::new(),
        },
    }
}

/// The value of ORC, else that of OBR. An OBR that says the same again has its place in the event too; one that says
/// something else keeps it.
fn or_again<'m, T>(
    value: Option<T>,
    obr: Segment<'m>,
    field: usize,
    reader: &mut Reader<'m>,
    read: impl Fn(&mut Reader<'m>, Segment<'m>, usize) -> Option<T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Option<T> {
    let again = read(reader, obr, field);
    match (value, again) {
        (Some(value), Some(again)) => {
            if !is_same(&value, &again) {
                reader.unmark(obr, field);
            }
            Some(value)
        }
        (value, again) => value.or(again),
    }
}

/// Whether one of the orders is the one that the storage names the file after. What has no order is filed under
/// nines; leading zeros only fill up the name.
pub(super) fn check(message: &Message, filed_under: Option<&str>, reader: &mut Reader<'_>) {
    let Some(filed_under) = filed_under.map(unpadded).filter(|order| !is_none(order)) else { return };
    let mut first = None;
    for orc in message.segments().filter(|segment| id(*segment) == *b"ORC") {
        let number = orc.field(2).value();
        if unpadded(&number) == filed_under {
            return;
        }
        if first.is_none() && !number.is_empty() {
            first = Some(orc);
        }
    }
    if let Some(orc) = first {
        let text = "no order of the message has the number that the storage files it under";
        reader.note("order-differs", place(orc, 2), text);
    }
}

fn unpadded(order: &str) -> &str {
    order.trim().trim_start_matches('0')
}

fn is_none(order: &str) -> bool {
    order.is_empty() || order == "-" || order.bytes().all(|digit| digit == b'9')
}
