//! Laboratory results: OUL^R22 (SPM, OBR, ORC, OBX) and ORU^R01 (ORC, OBR, OBX, SPM).

use hl7v2::{Message, Segment};

use super::observation;
use super::reader::{Reader, id, place};
use crate::canonical::{LabOrder, LabResult, Specimen, Text};

/// The content of the `lab-result` kind. ORC stands after OBR in SS-MIX2's OUL^R22 and before it elsewhere: an ORC
/// belongs to the OBR before it unless that has one already or results came between.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> LabResult<'m> {
    // A result is a large value: growing the list piecemeal would copy every one of them several times.
    let results = Vec::with_capacity(message.segments().filter(|segment| id(*segment) == *b"OBX").count());
    let mut lab = LabResult { specimens: Vec::new(), orders: Vec::new(), results };
    let mut waiting: Option<Text<'m>> = None;
    let (mut order_open, mut obr) = (false, None);
    for segment in message.segments() {
        match &id(segment) {
            b"SPM" => {
                lab.specimens.push(specimen(segment, reader));
                order_open = false;
            }
            b"OBR" => {
                order_open = waiting.is_none();
                lab.orders.push(order(segment, waiting.take(), reader));
                obr = Some(segment);
            }
            b"ORC" => match lab.orders.last_mut() {
                Some(order) if order_open => {
                    if let Some(number) = reader.text(segment, 2) {
                        obr.into_iter()
                            .filter(|_| order.number.as_ref() != Some(&number))
                            .for_each(|obr| reader.unmark(obr, 2));
                        order.number = Some(number);
                    }
                    order_open = false;
                }
                _ => waiting = reader.text(segment, 2),
            },
            b"OBX" => {
                order_open = false;
                let mut result = observation::result(segment, reader);
                result.specimen = last(lab.specimens.len());
                result.order = last(lab.orders.len());
                lab.results.push(result);
            }
            _ => {}
        }
    }
    lab
}

fn last(count: usize) -> Option<usize> {
    (count > 0).then_some(count)
}

fn specimen<'m>(spm: Segment<'m>, reader: &mut Reader<'m>) -> Specimen<'m> {
    Specimen {
        at: place(spm, 0),
        id: reader.text(spm, 2),
        material: reader.coded(spm, 4),
        collected_at: reader.time(spm, 17),
    }
}

fn order<'m>(obr: Segment<'m>, number: Option<Text<'m>>, reader: &mut Reader<'m>) -> LabOrder<'m> {
    LabOrder {
        at: place(obr, 0),
        number: reader.text_unless(number, obr, 2),
        panel: reader.coded(obr, 4),
        reported_at: reader.time(obr, 22),
    }
}
