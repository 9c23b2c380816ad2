//! Laboratory orders: OML^O33, (SPM (ORC TQ1? OBR OBX*)+)+, and OML^O21, (ORC TQ1? OBR OBX* SPM*)+.

use hl7v2::{Message, Segment};

use super::lab::{specimen, specimens_follow};
use super::observation;
use super::order::{self, Head};
use super::reader::{Reader, id, place};
use crate::canonical::{LabOrders, OrderedTest};

/// The content of the `lab-order` kind. An OBR without its own ORC shares the last one.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> LabOrders<'m> {
    let follow = specimens_follow(message);
    let (mut orc, mut tq1, mut after_result) = (None, None, false);
    let mut orders = LabOrders { specimens: Vec::new(), tests: Vec::new(), observations: Vec::new() };
    for segment in message.segments() {
        match &id(segment) {
            b"SPM" => {
                orders.specimens.push(specimen(segment, reader));
                let number = Some(orders.specimens.len());
                let open = orders.tests.iter_mut().rev().take_while(|test| follow && test.specimen.is_none());
                open.for_each(|test| test.specimen = number);
            }
            b"ORC" => (orc, tq1) = (Some(segment), None),
            b"TQ1" => tq1 = tq1.or(Some(segment)),
            b"OBR" => {
                let mut test = test(segment, orc, tq1, reader);
                test.specimen = Some(orders.specimens.len()).filter(|count| *count > 0 && !follow);
                orders.tests.push(test);
                after_result = false;
            }
            b"OBX" if !orders.tests.is_empty() => {
                let mut result = observation::result(segment, reader);
                result.order = Some(orders.tests.len());
                orders.observations.push(result);
                after_result = true;
            }
            b"NTE" => {
                let result = orders.observations.last_mut().filter(|_| after_result);
                let test = orders.tests.last_mut().map(|test| &mut test.notes);
                if let Some(notes) = result.map(|result| &mut result.notes).or(test) {
                    notes.extend(observation::note(segment, reader));
                }
            }
            _ => {}
        }
    }
    orders
}

fn test<'m>(
    obr: Segment<'m>,
    orc: Option<Segment<'m>>,
    tq1: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> OrderedTest<'m> {
    let Head { number, control, ordered_at, ordered_by, details } = order::head(orc, Some(obr), reader);
    let priority = tq1.and_then(|tq1| reader.priority(tq1, 9, 1));
    OrderedTest {
        at: place(obr, 0),
        specimen: None,
        number,
        control,
        code: reader.coded(obr, 4).map(observation::code),
        priority: priority.or_else(|| reader.priority(obr, 5, 1)).or_else(|| reader.priority(obr, 27, 6)),
        scheduled_at: tq1.and_then(|tq1| reader.time(tq1, 7)),
        collected_at: reader.time(obr, 7),
        ordered_at,
        ordered_by,
        notes: Vec::new(),
        details,
    }
}
