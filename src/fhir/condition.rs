//! `Condition` (JP_Condition_Diagnosis).

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{Code, date_time, identifier, word};
use super::object::Object;
use super::system;
use crate::canonical::{Diagnosis, Problem};

const OUTCOME: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Condition_DiseaseOutcome";
const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";

pub(super) fn add(bundle: &mut Bundle<'_>, diagnosis: &Diagnosis<'_>) {
    for problem in &diagnosis.problems {
        let resource = resource(bundle, problem);
        bundle.add(&problem.at.to_string(), resource);
    }
}

fn resource(bundle: &Bundle<'_>, problem: &Problem<'_>) -> Object {
    let facility = bundle.facility();
    let withdrawn = bundle.is_deleted || problem.action.as_deref() == Some("DE");
    let outcome = problem.outcome.as_ref().and_then(|outcome| Code::from(outcome).concept(facility, None));
    let outcome = outcome.map(|outcome| json!([{ "url": OUTCOME, "valueCodeableConcept": outcome }]));
    let id = identifier(&system::local_ids(facility, "problem"), problem.instance.as_deref());
    // con-5: what was entered in error has no clinical status.
    let clinical = (!withdrawn)
        .then(|| word(CLINICAL, if problem.resolved_at.is_some() { "resolved" } else { "active" }));
    let verified = match (withdrawn, problem.suspected) {
        (true, _) => "entered-in-error",
        (false, true) => "provisional",
        (false, false) => "confirmed",
    };
    // con-4: an end is only of what is no more active.
    let ended = problem.resolved_at.as_ref().filter(|_| !withdrawn);
    Object::resource("Condition", "JP_Condition_Diagnosis")
        .put("extension", outcome)
        .put("identifier", id.into_iter().collect::<Vec<_>>())
        .put("clinicalStatus", clinical)
        .put("verificationStatus", word(VERIFICATION, verified))
        .put(
            "category",
            vec![word("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item")],
        )
        .put("code", code(problem, facility))
        .put("subject", bundle.subject())
        .put("onsetDateTime", date_time(problem.onset_at.as_ref()))
        .put("abatementDateTime", date_time(ended))
        .put("recordedDate", date_time(problem.diagnosed_at.as_ref()))
}

/// The disease with its ICD-10 code, which stands in a field of its own.
fn code(problem: &Problem<'_>, facility: &str) -> Option<Value> {
    let disease = problem.disease.as_ref().map(Code::from);
    let mut codings = disease.as_ref().map(|disease| disease.codings(facility, None)).unwrap_or_default();
    if let Some(icd10) = problem.icd10.as_deref() {
        codings.push(json!({ "system": system::ICD10, "code": icd10.trim() }));
    }
    let display = disease.and_then(|disease| disease.display());
    Object::new().put("coding", codings).put("text", display).some()
}
