//! `MedicationRequest` (JP_MedicationRequest).

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{concept, date_time, identifier, quantity, text};
use super::object::Object;
use super::service_request::number_of_order;
use super::system;
use crate::canonical::{MedicationOrder, Prescription};

const PERIOD_OF_USE: &str =
    "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse";

pub(super) fn add(bundle: &mut Bundle<'_>, prescription: &Prescription<'_>) {
    let numbers = numbers(prescription.medications.iter().map(|order| order.group.as_deref()));
    for (order, (rp, in_rp)) in prescription.medications.iter().zip(numbers) {
        let requester = bundle.practitioner(order.ordered_by.as_ref());
        let resource = resource(bundle, order, &rp, &in_rp, requester);
        bundle.add(&order.at.to_string(), resource);
    }
}

/// For each drug the number of its group (Rp) and its number within it. SS-MIX2 writes both at the end of the group
/// number (`<order>_<Rp>_<number>`); where they are not there, groups and their drugs are counted.
fn numbers<'m>(of_drugs: impl Iterator<Item = Option<&'m str>>) -> Vec<(String, String)> {
    let mut groups: Vec<(Option<&str>, usize)> = Vec::new();
    let mut numbers = Vec::new();
    for group in of_drugs {
        if let Some(written) = group.and_then(written) {
            numbers.push(written);
            continue;
        }
        // A drug without a group is one of its own.
        let known = groups.iter().position(|(name, _)| group.is_some() && *name == group);
        let index = known.unwrap_or_else(|| {
            groups.push((group, 0));
            groups.len() - 1
        });
        groups[index].1 += 1;
        numbers.push(((index + 1).to_string(), groups[index].1.to_string()));
    }
    numbers
}

fn written(group: &str) -> Option<(String, String)> {
    let mut parts = group.rsplit('_');
    let (in_rp, rp) = (parts.next()?, parts.next()?);
    parts.next()?;
    let number = |part: &str| part.parse::<u32>().ok().map(|number| number.to_string());
    Some((number(rp)?, number(in_rp)?))
}

fn resource(
    bundle: &Bundle<'_>,
    order: &MedicationOrder<'_>,
    rp: &str,
    in_rp: &str,
    requester: Option<Value>,
) -> Object {
    let facility = bundle.facility();
    let numbers = [identifier(system::RP_NUMBER, Some(rp)), identifier(system::ORDER_IN_RP, Some(in_rp))];
    let numbers = numbers.into_iter().flatten().chain(number_of_order(facility, order.number.as_deref()));
    let category = concept(order.setting.as_ref(), facility, Some(system::MERIT9_CATEGORY));
    Object::resource("MedicationRequest", "JP_MedicationRequest")
        .put("identifier", numbers.collect::<Vec<_>>())
        .put("status", status(order.control.as_deref(), bundle.is_deleted))
        .put("intent", "order")
        .put("category", category.into_iter().collect::<Vec<_>>())
        .require("medicationCodeableConcept", concept(order.drug.as_ref(), facility, None))
        .put("subject", bundle.subject())
        .require_primitive("authoredOn", date_time(order.ordered_at.as_ref()))
        .put("requester", requester)
        .put("dosageInstruction", dosage(order, facility).into_iter().collect::<Vec<_>>())
        .put("dispenseRequest", dispense(order, facility))
}

/// `medicationrequest-status` of an order control code (HL7 table 0119).
fn status(control: Option<&str>, is_deleted: bool) -> &'static str {
    match control {
        _ if is_deleted => "entered-in-error",
        Some("CA" | "OC" | "CR") => "cancelled",
        Some("DC" | "OD" | "DR") => "stopped",
        Some("HD" | "OH" | "HR") => "on-hold",
        _ => "active",
    }
}

/// `Dosage`. Whether the amount is for a dose or a day is not told by the message, so it stands in the text only.
fn dosage(order: &MedicationOrder<'_>, facility: &str) -> Option<Value> {
    let unit = order.dose_unit.as_ref().and_then(|unit| unit.text.as_deref().or(unit.code.as_deref()));
    let amount = order.dose.as_ref().map(|dose| format!("{}{}", dose.text, unit.unwrap_or_default()));
    let usage = order.usage.as_ref().and_then(|usage| usage.text.as_deref().or(usage.code.as_deref()));
    let parts = [usage, amount.as_deref(), order.duration.as_deref()];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let start = date_time(order.starts_at.as_ref());
    let period = start.map(|start| json!([{ "url": PERIOD_OF_USE, "valuePeriod": { "start": start } }]));
    Object::new()
        .put("extension", period)
        .put("text", text(Some(&said)))
        .put("timing", concept(order.usage.as_ref(), facility, None).map(|code| json!({ "code": code })))
        .put("route", concept(order.route.as_ref(), facility, None))
        .some()
}

/// The amount to dispense, where its unit has a code: JP Core requires one.
fn dispense(order: &MedicationOrder<'_>, facility: &str) -> Option<Value> {
    let quantity = quantity(order.dispense.as_ref()?, order.dispense_unit.as_ref(), facility);
    let coded = quantity.filter(|quantity| quantity.get("code").is_some())?;
    Some(json!({ "quantity": coded }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_as_sent_or_counted() {
        let check = |groups: &[Option<&str>], expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(numbers(groups.iter().copied()), expected);
        };
        check(&[Some("900001_01_001"), Some("900001_02_003")], &[("1", "1"), ("2", "3")]);
        check(&[Some("a"), Some("b"), Some("a")], &[("1", "1"), ("2", "1"), ("1", "2")]);
        check(&[None, None], &[("1", "1"), ("2", "1")]);
    }
}
