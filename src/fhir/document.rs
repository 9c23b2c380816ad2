//! `DocumentReference` (JP_DocumentReference): documents and referrals.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{Code, identifier, instant, text};
use super::object::{Object, absent};
use super::system;
use crate::canonical::{
    Coded, Document, DocumentCode, DocumentFile, Party, Referral, RelatedDocument, Section,
};

/// LOINC: referral note.
const REFERRAL: &str = "57133-1";

pub(super) fn add(bundle: &mut Bundle<'_>, document: &Document<'_>) {
    let resource = resource(bundle, document, None);
    bundle.add("document", resource);
}

/// The letter; of a referral that came without one its reason and diagnoses.
pub(super) fn add_referral(bundle: &mut Bundle<'_>, referral: &Referral<'_>) {
    let resource = match &referral.document {
        Some(document) => resource(bundle, document, Some(referral)),
        None => {
            let document = Document {
                id: referral.id.clone(),
                created_at: referral.effective_at,
                authors: referral.from.clone().into_iter().collect(),
                sections: sections(referral),
                ..Document::default()
            };
            resource(bundle, &document, Some(referral))
        }
    };
    bundle.add("document", resource);
}

fn sections<'m>(referral: &Referral<'m>) -> Vec<Section<'m>> {
    let reason = referral.reason.clone().map(|text| Section { code: None, title: None, text: Some(text) });
    let name = |coded: &Coded<'m>| coded.text.clone().or_else(|| coded.code.clone());
    let diagnoses = referral.diagnoses.iter().filter_map(name);
    let diagnoses = diagnoses.map(|text| Section { code: None, title: None, text: Some(text) });
    reason.into_iter().chain(diagnoses).collect()
}

fn resource(bundle: &Bundle<'_>, document: &Document<'_>, referral: Option<&Referral<'_>>) -> Object {
    let facility = bundle.facility();
    let id = identifier(&system::local_ids(facility, "document"), document.id.as_deref());
    let authors = document.authors.iter().filter_map(|party| author(party, facility));
    let relates = document.relates_to.iter().filter_map(|other| related(other, facility));
    let written = document.code.as_ref().and_then(|code| kind(code, facility));
    let kind = written
        .or_else(|| referral.map(|_| json!({ "coding": [{ "system": system::LOINC, "code": REFERRAL }] })));
    Object::resource("DocumentReference", "JP_DocumentReference")
        .put("identifier", id.into_iter().collect::<Vec<_>>())
        .put("status", if bundle.is_deleted { "entered-in-error" } else { "current" })
        .put("docStatus", document.status.as_deref().and_then(status))
        .put("type", kind)
        .put("subject", bundle.subject())
        .put("date", instant(document.created_at.as_ref()))
        .put("author", authors.collect::<Vec<_>>())
        .put("custodian", bundle.organisation.clone())
        .put("relatesTo", relates.collect::<Vec<_>>())
        .put("description", text(document.title.as_deref()))
        .put("securityLabel", document.confidentiality.as_deref().and_then(confidentiality))
        .put("content", contents(document))
}

fn kind(code: &DocumentCode<'_>, facility: &str) -> Option<Value> {
    let code = Code {
        code: code.code.as_deref(),
        text: code.text.as_deref(),
        system: code.system.as_deref(),
        others: [code.local.as_ref(), None],
    };
    code.concept(facility, None)
}

/// `composition-status` of a completion status (HL7 table 0271).
fn status(status: &str) -> Option<&'static str> {
    match status {
        "AU" | "LA" => Some("final"),
        "DI" | "DO" | "IN" | "IP" | "PA" => Some("preliminary"),
        _ => None,
    }
}

/// A reference that names somebody, without a resource of their own.
fn author(party: &Party<'_>, facility: &str) -> Option<Value> {
    let id = identifier(&system::doctors(facility), party.id.as_deref());
    let (id, kind) = match id {
        Some(id) => (Some(id), Some("Practitioner")),
        None => (identifier(system::FACILITY, party.facility.as_deref()), Some("Organization")),
    };
    let name = text(party.name.as_deref()).or_else(|| text(party.organisation.as_deref()));
    let kind = kind.filter(|_| id.is_some());
    Object::new().put("type", kind).put("identifier", id).put("display", name).some().filter(is_named)
}

fn is_named(reference: &Value) -> bool {
    reference.get("identifier").is_some() || reference.get("display").is_some()
}

/// `document-relationship-type`.
fn related(other: &RelatedDocument<'_>, facility: &str) -> Option<Value> {
    let code = match other.relation.as_deref()? {
        "RPLC" => "replaces",
        "APND" => "appends",
        "XFRM" => "transforms",
        _ => return None,
    };
    let id = identifier(&system::local_ids(facility, "document"), Some(&other.id))?;
    Some(json!({ "code": code, "target": { "identifier": id } }))
}

/// `v3-Confidentiality`.
fn confidentiality(code: &str) -> Option<Value> {
    let known = matches!(code, "L" | "M" | "N" | "R" | "U" | "V");
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    known.then(|| json!([{ "coding": [{ "system": system, "code": code }] }]))
}

/// Its files, the main one first; of a document without files its text. The bytes of a file are fetched by its hash.
fn contents(document: &Document<'_>) -> Vec<Value> {
    let mut files: Vec<&DocumentFile<'_>> = document.files.iter().collect();
    files.sort_by_key(|file| !file.main);
    let of_folder =
        files.into_iter().map(|file| claimed(&file.media_type, file.bytes, &file.hash, Some(&file.path)));
    let of_message =
        document.attachments.iter().map(|file| claimed(&file.media_type, file.bytes, &file.hash, None));
    let files: Vec<_> = of_folder.chain(of_message).collect();
    if !files.is_empty() {
        return files;
    }
    vec![json!({ "attachment": written(document).unwrap_or_else(absent) })]
}

/// `Attachment` whose bytes lie in the folder of claims.
fn claimed(media_type: &str, bytes: u64, hash: &str, path: Option<&str>) -> Value {
    // `unsignedInt` has 31 bits.
    let size = i32::try_from(bytes).ok().map(Value::from);
    let attachment = Object::new()
        .put("contentType", text(Some(media_type)))
        .put("url", format!("urn:musubi:claim:{hash}"))
        .put("size", size)
        .put("title", text(path));
    json!({ "attachment": attachment.value() })
}

/// `Attachment` with the text of the document's sections.
fn written(document: &Document<'_>) -> Option<Value> {
    let section = |section: &Section<'_>| {
        let parts = [section.title.as_deref(), section.text.as_deref()].into_iter().flatten();
        parts.collect::<Vec<_>>().join("\n")
    };
    let sections: Vec<_> = document.sections.iter().map(section).filter(|text| !text.is_empty()).collect();
    (!sections.is_empty()).then(|| {
        json!({ "contentType": "text/plain; charset=utf-8", "data": STANDARD.encode(sections.join("\n\n")) })
    })
}
