//! JSON Schema of each kind, made from the very types that are sent.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::*;

/// Version of the canonical model: part of every event type and schema name.
pub const VERSION: u32 = 1;

/// The JSON Schema (2020-12) of the body of an event of that kind.
pub fn schema(kind: Kind) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = match kind {
        Kind::Patient => generator.into_root_schema_for::<Event<'_, PatientUpdate<'_>>>(),
        Kind::Merge => generator.into_root_schema_for::<Event<'_, Merge<'_>>>(),
        Kind::Encounter => generator.into_root_schema_for::<Event<'_, Encounter<'_>>>(),
        Kind::Allergy => generator.into_root_schema_for::<Event<'_, Allergy<'_>>>(),
        Kind::Diagnosis => generator.into_root_schema_for::<Event<'_, Diagnosis<'_>>>(),
        Kind::Prescription => generator.into_root_schema_for::<Event<'_, Prescription<'_>>>(),
        Kind::Injection => generator.into_root_schema_for::<Event<'_, Injection<'_>>>(),
        Kind::Administration => generator.into_root_schema_for::<Event<'_, Administration<'_>>>(),
        Kind::DietOrder => generator.into_root_schema_for::<Event<'_, DietOrder<'_>>>(),
        Kind::LabOrder => generator.into_root_schema_for::<Event<'_, LabOrders<'_>>>(),
        Kind::LabResult => generator.into_root_schema_for::<Event<'_, LabResult<'_>>>(),
        Kind::ImagingOrder => generator.into_root_schema_for::<Event<'_, ExaminationOrder<'_>>>(),
        Kind::ImagingPerformed => generator.into_root_schema_for::<Event<'_, ExaminationPerformed<'_>>>(),
        Kind::EndoscopyOrder => generator.into_root_schema_for::<Event<'_, ExaminationOrder<'_>>>(),
        Kind::EndoscopyPerformed => generator.into_root_schema_for::<Event<'_, ExaminationPerformed<'_>>>(),
        Kind::PhysiologyOrder => generator.into_root_schema_for::<Event<'_, ExaminationOrder<'_>>>(),
        Kind::PhysiologyResult => generator.into_root_schema_for::<Event<'_, PhysiologyResult<'_>>>(),
        Kind::Referral => generator.into_root_schema_for::<Event<'_, Referral<'_>>>(),
        Kind::ReferralReply => generator.into_root_schema_for::<Event<'_, Referral<'_>>>(),
        Kind::Report => generator.into_root_schema_for::<Event<'_, Report<'_>>>(),
        Kind::Appointment => generator.into_root_schema_for::<Event<'_, Appointment<'_>>>(),
        Kind::Document => generator.into_root_schema_for::<Event<'_, Document<'_>>>(),
        Kind::Checkup => generator.into_root_schema_for::<Event<'_, Checkup<'_>>>(),
        Kind::Message => generator.into_root_schema_for::<Event<'_, Generic<'_>>>(),
    };
    let name = format!("{}.v{VERSION}", kind.as_str());
    schema.insert("$id".into(), format!("urn:musubi:schema:{name}").into());
    schema.insert("title".into(), name.into());
    schema.to_value()
}
