//! JSON Schema of each kind, made from the very types that are sent.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{
    Diagnosis, Encounter, Event, Generic, ImagingOrder, ImagingPerformed, Kind, LabResult, PatientUpdate,
    Prescription,
};

/// Version of the canonical model: part of every event type and schema name.
pub const VERSION: u32 = 1;

/// The JSON Schema (2020-12) of the body of an event of that kind.
pub fn schema(kind: Kind) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = match kind {
        Kind::Patient => generator.into_root_schema_for::<Event<'_, PatientUpdate<'_>>>(),
        Kind::Encounter => generator.into_root_schema_for::<Event<'_, Encounter<'_>>>(),
        Kind::Diagnosis => generator.into_root_schema_for::<Event<'_, Diagnosis<'_>>>(),
        Kind::LabResult => generator.into_root_schema_for::<Event<'_, LabResult<'_>>>(),
        Kind::Prescription => generator.into_root_schema_for::<Event<'_, Prescription<'_>>>(),
        Kind::ImagingOrder => generator.into_root_schema_for::<Event<'_, ImagingOrder<'_>>>(),
        Kind::ImagingPerformed => generator.into_root_schema_for::<Event<'_, ImagingPerformed<'_>>>(),
        Kind::Message => generator.into_root_schema_for::<Event<'_, Generic<'_>>>(),
    };
    let name = format!("{}.v{VERSION}", kind.as_str());
    schema.insert("$id".into(), format!("urn:musubi:schema:{name}").into());
    schema.insert("title".into(), name.into());
    schema.to_value()
}
