//! A message of an invented patient (架空) for the first route test: no file of the sample is copied into a
//! configuration.

use crate::ops::survey::{Part, Survey};
use crate::simulate;

/// A case of the simulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its name.
    pub name: &'static str,
    /// The data type that it lies under in a storage.
    pub data_type: Option<&'static str>,
    /// How its file would be called where the name says what it is.
    pub file: Option<&'static str>,
    /// The kind of event that it makes.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Cases by the data type that they lie under.
const BY_DATA_TYPE: [(&str, &str, &str); 7] = [
    ("OML-11", "oul_r22_flu_positive", "lab-result"),
    ("ADT-00", "adt_a08_yamamoto", "patient"),
    ("OMP-01", "rde_o11_oseltamivir", "prescription"),
    ("PPR-01", "ppr_zd1_tuberculosis", "diagnosis"),
    ("ADT-22", "adt_a01_admit", "encounter"),
    ("OMG-01", "omg_o19_ct", "imaging-order"),
    ("OMG-11", "omi_z23_ct_performed", "imaging-performed"),
];

/// A message like one that the sample holds.
///
/// # Errors
/// The case can't be made.
pub fn example(survey: &Survey) -> std::io::Result<Option<Example>> {
    let standard = || survey.parts.iter().filter(|part| part.part == Part::Standard);
    let has = |code: &str| standard().any(|part| part.data_types.iter().any(|seen| seen.code == code));
    let fitting = BY_DATA_TYPE.into_iter().find(|(code, ..)| has(code));
    let (name, data_type, file, kind) = match fitting {
        Some((code, name, kind)) => (name, Some(code), None, kind),
        None if standard().next().is_some() => ("adt_a08_yamamoto", Some("ADT-00"), None, "patient"),
        None if survey.parts.iter().any(|part| part.part == Part::Hl7Files) => {
            ("oru_r01_shift_jis", None, None, "lab-result")
        }
        None => ("checkup_archive", None, Some("3210500033_06320011_202611180_1.zip"), "checkup"),
    };
    let bytes = simulate::case(name)?;
    Ok(bytes.map(|bytes| Example { name, data_type, file, kind, bytes }))
}
