//! `Observation` (JP_Observation_LabResult, JP_Observation_Common) with what it is based on.

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{Code, concept, date_time, instant, quantity, text, text_only, word};
use super::object::{Object, absent};
use super::specimen::Specimens;
use super::{order, service_request, system};
use crate::canonical::{
    Interpretation, LabOrder, LabResult, Observed, PartialTime, PhysiologyResult, ResultStatus, TestResult,
};

pub(super) fn add_lab(bundle: &mut Bundle<'_>, result: &LabResult<'_>) {
    let specimens = Specimens::add(bundle, &result.specimens);
    let orders: Vec<_> = result.orders.iter().map(|order| add_order(bundle, order)).collect();
    for test in &result.results {
        let (specimen, collected) = match specimens.get(test.specimen) {
            Some((specimen, collected)) => (Some(specimen.clone()), collected),
            None => (None, None),
        };
        let based_on = at(&orders, test.order);
        let reported = at(&result.orders, test.order).and_then(|order| order.reported_at.as_ref());
        let resource = Object::resource("Observation", "JP_Observation_LabResult")
            .put("basedOn", based_on.map(|order| json!([order])));
        let resource = observed(bundle, resource, test, "laboratory")
            .require_primitive("effectiveDateTime", effective(test, collected))
            .put("issued", instant(reported))
            .require("specimen", specimen);
        bundle.add(&test.at.to_string(), resource);
    }
}

/// What of a list has that number, from 1.
fn at<T>(list: &[T], number: Option<usize>) -> Option<&T> {
    list.get(number?.checked_sub(1)?)
}

fn effective(test: &TestResult<'_>, otherwise: Option<&PartialTime>) -> Option<Value> {
    date_time(test.observed_at.as_ref().or(otherwise))
}

/// The order of a result: whether it is complete is not said.
fn add_order(bundle: &mut Bundle<'_>, order: &LabOrder<'_>) -> Value {
    let resource = service_request::request(bundle, order.number.as_deref(), "unknown")
        .put("category", service_request::category("laboratory"))
        .put("code", concept(order.panel.as_ref(), bundle.facility(), None));
    bundle.add(&order.at.to_string(), resource)
}

/// Results of physiology have the category that JP Core gives the electrocardiogram.
pub(super) fn add_physiology(bundle: &mut Bundle<'_>, result: &PhysiologyResult<'_>) {
    let requests: Vec<_> = result
        .requests
        .iter()
        .map(|request| order::add_examination(bundle, request, "physiology", None))
        .collect();
    for test in &result.results {
        let performed = at(&result.requests, test.order).and_then(|request| request.performed_at.as_ref());
        let based_on = at(&requests, test.order).map(|request| json!([request]));
        let resource = Object::resource("Observation", "JP_Observation_Common").put("basedOn", based_on);
        let resource = observed(bundle, resource, test, "procedure")
            .put("effectiveDateTime", effective(test, performed));
        bundle.add(&test.at.to_string(), resource);
    }
}

/// What every observation says.
fn observed(bundle: &Bundle<'_>, resource: Object, test: &TestResult<'_>, category: &str) -> Object {
    let facility = bundle.facility();
    let status = if bundle.is_deleted { "entered-in-error" } else { status(test.status) };
    let range = text_only(test.reference_range.as_deref()).map(|range| json!([range]));
    let resource = resource
        .put("status", status)
        .put("category", vec![word(system::OBSERVATION_CATEGORY, category)])
        .put("code", code(test, facility))
        .put("subject", bundle.subject())
        .put("interpretation", interpretations(test))
        .put("referenceRange", range);
    match test.value.as_ref().and_then(|value| value_of(value, test, facility)) {
        Some((key, value)) => resource.put(key, value),
        None => resource.put(
            "dataAbsentReason",
            word("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"),
        ),
    }
}

/// `observation-status`.
const fn status(status: Option<ResultStatus>) -> &'static str {
    match status {
        Some(ResultStatus::Final) => "final",
        Some(ResultStatus::Corrected) => "corrected",
        Some(ResultStatus::Preliminary) => "preliminary",
        Some(ResultStatus::Deleted | ResultStatus::Wrong) => "entered-in-error",
        Some(ResultStatus::Cancelled) => "cancelled",
        Some(ResultStatus::NotAsked) => "registered",
        None => "unknown",
    }
}

/// The test, with coding and text: both are required of a result of a laboratory.
fn code(test: &TestResult<'_>, facility: &str) -> Value {
    let code = test.code.as_ref().map(|code| Code::from(&code.coded));
    let codings = code.as_ref().map(|code| code.codings(facility, None)).unwrap_or_default();
    let first = codings.first().and_then(|coding| coding.get("code")).cloned();
    let display = code.as_ref().and_then(Code::display).or(first);
    let codings = if codings.is_empty() { vec![absent()] } else { codings };
    Object::new().put("coding", codings).require_primitive("text", display).value()
}

fn value_of(value: &Observed<'_>, test: &TestResult<'_>, facility: &str) -> Option<(&'static str, Value)> {
    let coded =
        || concept(value.code.as_ref(), facility, None).map(|concept| ("valueCodeableConcept", concept));
    let number = || quantity(value, test.unit.as_ref(), facility).map(|quantity| ("valueQuantity", quantity));
    coded().or_else(number).or_else(|| text(Some(&value.text)).map(|text| ("valueString", text)))
}

/// `v3-ObservationInterpretation`: what the value says, and the abnormal flag (HL7 table 0078) where it is a code of
/// the same name there.
fn interpretations(test: &TestResult<'_>) -> Vec<Value> {
    let said = test.interpretation.map(|said| match said {
        Interpretation::Positive => "POS",
        Interpretation::Negative => "NEG",
        Interpretation::Indeterminate => "IND",
    });
    let flag = test.abnormal_flag.as_deref();
    let known = flag.filter(|flag| {
        matches!(
            *flag,
            "L" | "H" | "LL" | "HH" | "<" | ">" | "N" | "A" | "AA" | "U" | "D" | "B" | "W" | "S" | "R" | "I"
        )
    });
    let unknown = if known.is_none() { text_only(flag) } else { None };
    let codes = said.into_iter().chain(known).map(|code| word(system::INTERPRETATION, code));
    codes.chain(unknown).collect()
}
