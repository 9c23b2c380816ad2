//! OMD^O03: (ORC TQ1* ODS*)+.

use hl7v2::{Message, Segment};

use super::order::{self, Head};
use super::reader::{Reader, id, place};
use crate::canonical::{Diet, DietOrder};

/// The content of the `diet-order` kind. Several ODS may share an order; an order without one (a meal is stopped) is
/// a diet of its own.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> DietOrder<'m> {
    let mut diets: Vec<Diet<'m>> = Vec::new();
    let (mut orc, mut tq1, mut is_empty) = (None, None, false);
    for segment in message.segments() {
        match &id(segment) {
            b"ORC" => {
                close(orc.filter(|_| is_empty), tq1, reader, &mut diets);
                (orc, tq1, is_empty) = (Some(segment), None, true);
            }
            b"TQ1" => tq1 = tq1.or(Some(segment)),
            b"ODS" => {
                let mut diet = diet(segment, orc, tq1, reader);
                served(segment, &mut diet, reader);
                diets.push(diet);
                is_empty = false;
            }
            _ => {}
        }
    }
    close(orc.filter(|_| is_empty), tq1, reader, &mut diets);
    DietOrder { diets }
}

fn close<'m>(
    orc: Option<Segment<'m>>,
    tq1: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
    diets: &mut Vec<Diet<'m>>,
) {
    diets.extend(orc.map(|orc| diet(orc, Some(orc), tq1, reader)));
}

fn diet<'m>(
    at: Segment<'m>,
    orc: Option<Segment<'m>>,
    tq1: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> Diet<'m> {
    let Head { number, control, ordered_at, ordered_by, details } = order::head(orc, None, reader);
    Diet {
        at: place(at, 0),
        number,
        control,
        category: None,
        service_periods: Vec::new(),
        codes: Vec::new(),
        instructions: Vec::new(),
        frequency: tq1.and_then(|tq1| reader.coded(tq1, 3)),
        priority: tq1.and_then(|tq1| reader.priority(tq1, 9, 1)),
        starts_at: tq1.and_then(|tq1| reader.time(tq1, 7)),
        ends_at: tq1.and_then(|tq1| reader.time(tq1, 8)),
        ordered_at,
        ordered_by,
        details,
    }
}

fn served<'m>(ods: Segment<'m>, diet: &mut Diet<'m>, reader: &mut Reader<'m>) {
    diet.category = reader.text(ods, 1);
    diet.service_periods = reader.codeds(ods, 2);
    diet.codes = reader.codeds(ods, 3);
    diet.instructions = reader.texts(ods, 4);
}
