//! The parts of an evidence event that counting reads: what the disclosures of the surveillance routes let through.

use serde::Deserialize;

/// The data of an event of any of the kinds.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Data {
    pub(super) message: Message,
    pub(super) patient: Patient,
    pub(super) visit: Visit,
    // lab-result
    pub(super) specimens: Vec<Specimen>,
    pub(super) results: Vec<TestResult>,
    // diagnosis
    pub(super) snapshot: bool,
    pub(super) problems: Vec<Problem>,
    // prescription, injection
    pub(super) medications: Vec<Medication>,
    pub(super) injections: Vec<Medication>,
    // encounter
    pub(super) event: Option<String>,
    pub(super) occurred_at: Option<String>,
    pub(super) admitted_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub(super) sent_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Patient {
    pub(super) network_id: Option<String>,
    /// A birth date, or the band of years that stands for it.
    pub(super) birth_date: Option<String>,
    pub(super) sex: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Visit {
    pub(super) class: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Specimen {
    pub(super) collected_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TestResult {
    /// Which of the specimens, from 1.
    pub(super) specimen: Option<usize>,
    pub(super) code: TestCode,
    pub(super) value: Value,
    pub(super) interpretation: Option<String>,
    pub(super) status: Option<String>,
    pub(super) observed_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TestCode {
    pub(super) text: Option<String>,
    pub(super) analyte: Option<String>,
    pub(super) identification: Option<String>,
    pub(super) material: Option<String>,
    pub(super) result_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) number: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) action: Option<String>,
    pub(super) disease: Coded,
    pub(super) instance: Option<String>,
    pub(super) icd10: Option<String>,
    pub(super) diagnosed_at: Option<String>,
    pub(super) onset_at: Option<String>,
    pub(super) resolved_at: Option<String>,
    pub(super) outcome: Option<Coded>,
    pub(super) suspected: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Coded {
    pub(super) code: Option<String>,
    pub(super) text: Option<String>,
    pub(super) alternate: Option<OtherCode>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct OtherCode {
    pub(super) code: Option<String>,
}

/// A drug that was ordered, or an injection with the drugs that are mixed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Medication {
    pub(super) control: Option<String>,
    pub(super) drug: Coded,
    pub(super) components: Vec<Component>,
    pub(super) dose: Value,
    pub(super) daily_amount: Value,
    pub(super) usage: Coded,
    pub(super) duration: Option<String>,
    pub(super) starts_at: Option<String>,
    pub(super) ordered_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Component {
    pub(super) drug: Coded,
}
