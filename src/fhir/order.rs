//! Orders of tests and examinations, as `ServiceRequest`s.

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{concept, date_time, text_only};
use super::service_request::{category, priority, request, status};
use super::specimen::Specimens;
use crate::canonical::{ExaminationOrder, ExaminationRequest, LabOrders, OrderedTest};

pub(super) fn add_tests(bundle: &mut Bundle<'_>, orders: &LabOrders<'_>) {
    let specimens = Specimens::add(bundle, &orders.specimens);
    for test in &orders.tests {
        add_test(bundle, test, &specimens);
    }
}

fn add_test(bundle: &mut Bundle<'_>, test: &OrderedTest<'_>, specimens: &Specimens) {
    let requester = bundle.practitioner(test.ordered_by.as_ref());
    let specimen = specimens.get(test.specimen).map(|(reference, _)| json!([reference]));
    let code = test.code.as_ref().map(|code| &code.coded);
    let resource = request(bundle, test.number.as_deref(), status(test.control.as_deref()))
        .put("category", category("laboratory"))
        .put("priority", test.priority.map(priority))
        .put("code", concept(code, bundle.facility(), None))
        .put("occurrenceDateTime", date_time(test.scheduled_at.as_ref()))
        .put("authoredOn", date_time(test.ordered_at.as_ref()))
        .put("requester", requester)
        .put("specimen", specimen);
    bundle.add(&test.at.to_string(), resource);
}

/// Requests of examinations: a parent comes before its children.
pub(super) fn add_examinations(bundle: &mut Bundle<'_>, order: &ExaminationOrder<'_>, sort: &str) {
    let mut added: Vec<(Option<&str>, Value)> = Vec::new();
    for examination in &order.requests {
        let parent = examination.parent.as_deref();
        let parent = parent.and_then(|parent| added.iter().find(|(number, _)| *number == Some(parent)));
        let parent = parent.map(|(_, reference)| json!([reference]));
        let reference = add_examination(bundle, examination, sort, parent);
        added.push((examination.number.as_deref(), reference));
    }
}

/// One request; also of an examination that was done.
pub(super) fn add_examination(
    bundle: &mut Bundle<'_>,
    examination: &ExaminationRequest<'_>,
    sort: &str,
    parent: Option<Value>,
) -> Value {
    let requester = bundle.practitioner(examination.ordered_by.as_ref());
    let when = examination.scheduled_at.or(examination.performed_at);
    let resource = request(bundle, examination.number.as_deref(), status(examination.control.as_deref()))
        .put("basedOn", parent)
        .put("category", category(sort))
        .put("priority", examination.priority.map(priority))
        .put("code", concept(examination.procedure.as_ref(), bundle.facility(), None))
        .put("occurrenceDateTime", date_time(when.as_ref()))
        .put("authoredOn", date_time(examination.ordered_at.as_ref()))
        .put("requester", requester)
        .put("reasonCode", text_only(examination.reason.as_deref()).map(|reason| json!([reason])));
    bundle.add(&examination.at.to_string(), resource)
}
