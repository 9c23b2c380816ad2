//! What was given: RAS^O17 of OMP-11 and OMP-12, (ORC [RXE TQ1 RXR RXC*] RXA+ RXR OBX*)+; RDS, RGV and VXU, whose
//! groups have the same parts.

use hl7v2::Message;

use super::medication::{self, Given, Group};
use super::observation;
use super::order::{self, Head};
use super::reader::{Reader, id, place};
use super::visit::location;
use crate::canonical::{AdministeredDrug, Administration, AdministrationStep};

/// The content of the `administration` kind.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Administration<'m> {
    let (mut orders, mut administrations) = (Vec::new(), Vec::new());
    for group in medication::groups(message) {
        let order = group.rxe.and_then(|_| medication::mixed(&group, reader));
        let is_ordered = order.is_some();
        orders.extend(order);
        let number = is_ordered.then_some(orders.len());
        administrations.extend(group.given.iter().map(|given| given_drug(given, &group, number, reader)));
    }
    Administration { orders, administrations }
}

fn given_drug<'m>(
    given: &Given<'m>,
    group: &Group<'m>,
    order: Option<usize>,
    reader: &mut Reader<'m>,
) -> AdministeredDrug<'m> {
    let Head { number, control, ordered_at, ordered_by, details } = order::head(group.orc, None, reader);
    let mut drug = AdministeredDrug {
        order,
        number,
        group: group.orc.and_then(|orc| reader.text(orc, 4)),
        control,
        ordered_at,
        ordered_by,
        details,
        observations: observation::results(&given.observed, reader),
        ..by_step(given, reader)
    };
    if let Some(rxr) = given.route.or(group.route) {
        drug.route = reader.coded(rxr, 1);
        drug.site = reader.coded(rxr, 2);
        drug.device = reader.coded(rxr, 3);
    }
    drug
}

fn by_step<'m>(given: &Given<'m>, reader: &mut Reader<'m>) -> AdministeredDrug<'m> {
    match &id(given.segment) {
        b"RXD" => dispensed(given, reader),
        b"RXG" => to_be_given(given, reader),
        _ => administered(given, reader),
    }
}

fn administered<'m>(given: &Given<'m>, reader: &mut Reader<'m>) -> AdministeredDrug<'m> {
    let rxa = given.segment;
    AdministeredDrug {
        give_counter: reader.text(rxa, 1),
        administration_counter: reader.text(rxa, 2),
        started_at: reader.time(rxa, 3),
        ended_at: reader.time(rxa, 4),
        drug: reader.coded(rxa, 5),
        amount: reader.observed(rxa, 6),
        unit: reader.coded(rxa, 7),
        form: reader.coded(rxa, 8),
        notes: reader.codeds(rxa, 9),
        by: reader.practitioner(rxa, 10),
        location: location(rxa, 11, reader),
        lot: reader.text(rxa, 15),
        expires_at: reader.time(rxa, 16),
        manufacturer: reader.coded(rxa, 17),
        refusal_reasons: reader.codeds(rxa, 18),
        completion: reader.text(rxa, 20),
        action: reader.text(rxa, 21),
        recorded_at: reader.time(rxa, 22),
        ..empty(given, AdministrationStep::Administered)
    }
}

fn dispensed<'m>(given: &Given<'m>, reader: &mut Reader<'m>) -> AdministeredDrug<'m> {
    let rxd = given.segment;
    AdministeredDrug {
        give_counter: reader.text(rxd, 1),
        drug: reader.coded(rxd, 2),
        started_at: reader.time(rxd, 3),
        amount: reader.observed(rxd, 4),
        unit: reader.coded(rxd, 5),
        form: reader.coded(rxd, 6),
        notes: reader.codeds(rxd, 9),
        by: reader.practitioner(rxd, 10),
        lot: reader.text(rxd, 18),
        expires_at: reader.time(rxd, 19),
        manufacturer: reader.coded(rxd, 20),
        ..empty(given, AdministrationStep::Dispensed)
    }
}

fn to_be_given<'m>(given: &Given<'m>, reader: &mut Reader<'m>) -> AdministeredDrug<'m> {
    let rxg = given.segment;
    AdministeredDrug {
        give_counter: reader.text(rxg, 1),
        drug: reader.coded(rxg, 4),
        amount: reader.observed(rxg, 5),
        unit: reader.coded(rxg, 7),
        form: reader.coded(rxg, 8),
        notes: reader.codeds(rxg, 9),
        lot: reader.text(rxg, 19),
        expires_at: reader.time(rxg, 20),
        manufacturer: reader.coded(rxg, 21),
        ..empty(given, AdministrationStep::ToBeGiven)
    }
}

fn empty<'m>(given: &Given<'m>, step: AdministrationStep) -> AdministeredDrug<'m> {
    AdministeredDrug {
        at: place(given.segment, 0),
        step,
        order: None,
        number: None,
        group: None,
        control: None,
        give_counter: None,
        administration_counter: None,
        started_at: None,
        ended_at: None,
        drug: None,
        amount: None,
        unit: None,
        form: None,
        notes: Vec::new(),
        by: None,
        location: None,
        lot: None,
        expires_at: None,
        manufacturer: None,
        refusal_reasons: Vec::new(),
        completion: None,
        action: None,
        recorded_at: None,
        route: None,
        site: None,
        device: None,
        observations: Vec::new(),
        ordered_at: None,
        ordered_by: None,
        details: Default::default(),
    }
}
