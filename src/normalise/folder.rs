//! Documents of an extension storage: the `document` kind, and `referral` for letters of referral (診療情報提供書).
//!
//! What the folder's names say decides; what the main file says fills in. The files are told by their hashes.

use std::borrow::Cow;

use cda::ClinicalDocument;
use jiff::tz::TimeZone;
use ssmix2::{ContentFolder, DataTypeFolder};

use super::reader::{Reader, Rest, id};
use super::{SEGMENTS_MAX, Source, allergy, decoded, header, observation, patient, time, visit};
use crate::canonical::{
    CanonicalEvent, Content, Document, DocumentCode, DocumentFile, Event, Finding, Kind, MessageHeader,
    OtherCode, PartialTime, Party, Patient, PersonName, Place, Referral, RelatedDocument, Script, Section,
    Sex, Text, Unmapped,
};
use crate::decode::{DocumentFolder, Main};
use crate::envelope::Fault;

/// LOINC of a letter of referral.
const REFERRAL: &str = "57133-1";
/// The same in the codes of JMIX, which CDA uses.
const REFERRAL_JMIX: &str = "MD0020730";
/// OID of LOINC.
const LOINC: &str = "2.16.840.1.113883.6.1";
/// 紹介目的: why the patient is referred.
const PURPOSE: &str = "950";
const PLACE: &str = "main document";

/// The event of a content folder.
pub(super) fn event<'m>(
    folder: &'m DocumentFolder,
    source: &Source<'m>,
) -> Result<CanonicalEvent<'m>, Fault> {
    let names = Names::of(folder);
    let mut findings = folder.findings.clone();
    let mut rest = Rest { findings: Vec::new(), unmapped: Unmapped::default(), attached: Vec::new() };
    let mut document = document(folder, &names, source);
    let (mut visit, mut known_allergies) = (None, Vec::new());
    let (message, patient) = match &folder.main {
        Main::None => (plain_header("document"), by_path(source)),
        Main::Cda(cda) => {
            fill(&mut document, cda, source.zone, &mut findings);
            missing_files(folder, cda, &mut findings);
            (plain_header("CDA"), cda_patient(cda, source, &mut findings))
        }
        Main::Hl7v2(message) if message.len() > SEGMENTS_MAX => {
            note(&mut findings, "too-many-segments", "the main document has too many segments to be read");
            (plain_header("document"), by_path(source))
        }
        Main::Hl7v2(message) => {
            let mut reader = Reader::new(message, source.facility, source.zone);
            let header = header(message, &mut reader);
            let patient = patient::read(message, source.patient, &mut reader);
            let results = message.segments().filter(|segment| id(*segment) == *b"OBX");
            document.observations = results.map(|obx| observation::result(obx, &mut reader)).collect();
            visit = visit::around(Kind::Document, message, &mut reader);
            known_allergies = allergy::known(message, &mut reader);
            findings.extend(decoded(message));
            match reader.rest(message) {
                Some(left) => rest = left,
                None => note(&mut findings, "too-many-values", "more values than an event can carry"),
            }
            (header, patient)
        }
    };
    let Some(patient) = patient.filter(|patient| !patient.id.is_empty()) else {
        return Err(Fault {
            code: "no-patient-id".to_owned(),
            reason: "neither path nor document say which patient it is about".to_owned(),
            place: "path".to_owned(),
        });
    };
    let content = match is_referral(&document, folder) {
        true => Content::Referral(referral(document, folder)),
        false => Content::Document(document),
    };
    findings.extend(rest.findings);
    let Rest { unmapped, attached, .. } = rest;
    Ok(Event {
        change: source.change,
        message,
        patient: Some(patient),
        visit,
        known_allergies,
        content,
        unmapped,
        findings,
        attached,
    })
}

/// What the folders' names say.
struct Names<'m> {
    data_type: DataTypeFolder<'m>,
    /// 特定キー and 発生日時; none where the name can't be read.
    key: Option<&'m str>,
    time: Option<&'m str>,
}

impl<'m> Names<'m> {
    fn of(folder: &'m DocumentFolder) -> Self {
        let data_type = DataTypeFolder::parse(&folder.manifest.data_type);
        let content = ContentFolder::parse(&folder.manifest.folder.0).ok();
        let key = content.map(|content| content.split(&data_type).1);
        Self { data_type, key, time: content.map(|content| content.time) }
    }
}

fn document<'m>(folder: &'m DocumentFolder, names: &Names<'m>, source: &Source<'m>) -> Document<'m> {
    let main = folder.manifest.main();
    let files = folder.manifest.files.iter().map(|file| DocumentFile {
        path: Cow::Borrowed(&file.path.0),
        media_type: Cow::Borrowed(&file.media_type),
        bytes: file.bytes,
        hash: Cow::Borrowed(&file.hash),
        main: main.is_some_and(|main| main.path == file.path),
    });
    let DataTypeFolder { local, standard, .. } = names.data_type;
    Document {
        id: names.key.and_then(present),
        code: Some(code(folder, names, source)),
        title: present(standard.name).or_else(|| present(local.name)),
        // 17 digits by the book: that a fraction has no dot is no oddity here.
        created_at: names.time.and_then(|text| time::parse(text, source.zone).ok()).map(|parsed| parsed.time),
        files: files.collect(),
        ..Document::default()
    }
}

/// The standard's code of the folder's name, or the one that the facility's configuration gives for its own.
fn code<'m>(folder: &'m DocumentFolder, names: &Names<'m>, source: &Source<'m>) -> DocumentCode<'m> {
    let DataTypeFolder { local, standard, .. } = names.data_type;
    let mapped = folder.manifest.mapped_code.as_deref();
    let code = present(standard.code).or_else(|| mapped.and_then(present));
    let loinc = code.as_deref().filter(|code| is_loinc(code)).map(|_| Cow::Borrowed("LN"));
    let own = OtherCode {
        code: present(local.code),
        text: present(local.name),
        system: present(local.system),
        facility: present(source.facility),
    };
    DocumentCode {
        system: present(standard.system).or(loinc),
        text: present(standard.name),
        local: (own.code.is_some() || own.text.is_some()).then_some(own),
        code,
    }
}

/// `11506-3`: digits and a check digit.
fn is_loinc(code: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    code.split_once('-').is_some_and(|(number, check)| digits(number) && digits(check) && check.len() == 1)
}

/// What a CDA document says of itself.
fn fill<'m>(
    document: &mut Document<'m>,
    cda: &'m ClinicalDocument,
    zone: &TimeZone,
    findings: &mut Vec<Finding>,
) {
    document.id = cda.id.as_ref().and_then(identifier).or_else(|| document.id.take());
    document.set_id = cda.set_id.as_ref().and_then(identifier);
    document.version = text(&cda.version);
    document.title = text(&cda.title).or_else(|| document.title.take());
    document.confidentiality = text(&cda.confidentiality);
    document.created_at =
        cda_time(&cda.effective_time, "effectiveTime", zone, findings).or(document.created_at);
    if let (Some(known), Some(code)) = (&mut document.code, &cda.code)
        && known.code.is_none()
    {
        known.code = present(&code.code);
        known.system = if code.system == LOINC { Some(Cow::Borrowed("LN")) } else { present(&code.system) };
        known.text = text(&code.name);
    }
    document.authors = cda.authors.iter().map(|author| party(author, None)).collect();
    document.signed_by = cda.signed_by.as_ref().map(|party| self::party(party, None));
    document.recipients = cda.recipients.iter().map(|recipient| party(recipient, None)).collect();
    let related = cda.related.iter().filter_map(|related| {
        Some(RelatedDocument { relation: present(&related.relation), id: identifier(&related.id)? })
    });
    document.relates_to = related.collect();
    let sections = cda.sections.iter().map(|section| Section {
        code: section.code.as_ref().and_then(|code| present(&code.code)),
        title: text(&section.title),
        text: present(&section.text),
    });
    document.sections = sections.collect();
}

/// Files that the document refers to and that do not lie beside it.
fn missing_files(folder: &DocumentFolder, cda: &ClinicalDocument, findings: &mut Vec<Finding>) {
    let is_there = |reference: &str| {
        let path = reference.trim_start_matches("./");
        folder
            .manifest
            .files
            .iter()
            .any(|file| file.path.0 == path || file.path.0.ends_with(&format!("/{path}")))
    };
    let is_file = |reference: &str| reference.contains('.') && !reference.contains(':');
    let mut references = cda.attachments.iter().map(|attachment| attachment.reference.as_str());
    if references.any(|reference| is_file(reference) && !is_there(reference)) {
        note(findings, "attachment-missing", "the document refers to a file that is not in its folder");
    }
}

fn is_referral(document: &Document<'_>, folder: &DocumentFolder) -> bool {
    let of_folder = document.code.as_ref().and_then(|code| code.code.as_deref());
    let of_cda = match &folder.main {
        Main::Cda(cda) => cda.code.as_ref().map(|code| code.code.as_str()),
        Main::None | Main::Hl7v2(_) => None,
    };
    [of_folder, of_cda].into_iter().flatten().any(|code| matches!(code, REFERRAL | REFERRAL_JMIX))
}

fn referral<'m>(document: Document<'m>, folder: &'m DocumentFolder) -> Referral<'m> {
    let cda = match &folder.main {
        Main::Cda(cda) => Some(cda),
        Main::None | Main::Hl7v2(_) => None,
    };
    let from = cda.and_then(|cda| cda.authors.first().or(cda.custodian.as_ref()));
    let is_purpose = |section: &&Section<'_>| section.code.as_deref() == Some(PURPOSE);
    let to = cda.map_or(&[][..], |cda| &cda.recipients).iter();
    Referral {
        id: document.id.clone(),
        reason: document.sections.iter().find(is_purpose).and_then(|section| section.text.clone()),
        effective_at: document.created_at,
        from: from.map(|from| party(from, Some("RP"))),
        to: to.map(|to| party(to, Some("RT"))).collect(),
        document: Some(document),
        ..Referral::default()
    }
}

fn party<'m>(party: &'m cda::Party, role: Option<&'static str>) -> Party<'m> {
    Party {
        role: role.map(Cow::Borrowed),
        id: party.ids.first().and_then(identifier),
        name: text(&party.name),
        facility: party.facility().map(Cow::Borrowed),
        organisation: text(&party.organisation),
        department: None,
    }
}

fn plain_header(what: &'static str) -> MessageHeader<'static> {
    MessageHeader { message_type: Cow::Borrowed(what), control_id: None, sent_at: None, version: None }
}

/// `DIR` stands for the folder, `CDA` for the header of its document.
fn by_path<'m>(source: &Source<'m>) -> Option<Patient<'m>> {
    let at = Place::segment(*b"DIR", 0);
    let id = present(source.patient)?;
    Some(Patient { at, id, network_id: None, names: Vec::new(), birth_date: None, sex: None })
}

/// The patient of the path, with what the document says about them. The path decides.
fn cda_patient<'m>(
    cda: &'m ClinicalDocument,
    source: &Source<'m>,
    findings: &mut Vec<Finding>,
) -> Option<Patient<'m>> {
    let Some(patient) = &cda.patient else { return by_path(source) };
    let ids = || patient.ids.iter().map(|id| id.extension.as_str());
    let zeros = |id: &str| id.trim_start_matches('0').to_owned();
    if !source.patient.is_empty() && !ids().any(|id| zeros(id) == zeros(source.patient)) {
        note(
            findings,
            "patient-id-differs",
            "the document's patient id is not the one of the path; the path decides",
        );
    }
    let at = Place::segment(*b"CDA", 0);
    let names = patient.names.iter().map(|name| PersonName {
        at,
        family: text(&name.family).or_else(|| text(&name.text)),
        given: text(&name.given),
        script: script(&name.uses),
    });
    Some(Patient {
        at,
        id: present(source.patient).or_else(|| ids().find_map(present))?,
        network_id: None,
        names: names.collect(),
        birth_date: cda_time(&patient.birth, "birthTime", source.zone, findings),
        sex: patient.sex.as_deref().map(|sex| match sex {
            "M" => Sex::Male,
            "F" => Sex::Female,
            "UN" | "O" => Sex::Other,
            _ => Sex::Unknown,
        }),
    })
}

fn script(uses: &str) -> Option<Script> {
    uses.split_ascii_whitespace().find_map(|word| match word {
        "IDE" => Some(Script::Ideographic),
        "SYL" => Some(Script::Phonetic),
        "ABC" => Some(Script::Alphabetic),
        _ => None,
    })
}

fn cda_time(
    value: &Option<String>,
    element: &str,
    zone: &TimeZone,
    findings: &mut Vec<Finding>,
) -> Option<PartialTime> {
    let parsed = time::parse(value.as_deref()?, zone);
    let odd = match &parsed {
        Ok(parsed) => parsed.oddity.map(|oddity| ("time-unusual", oddity)),
        Err(reason) => Some(("time-unreadable", *reason)),
    };
    if let Some((code, text)) = odd {
        note(findings, code, &format!("{element}: {text}"));
    }
    parsed.ok().map(|parsed| parsed.time)
}

/// What an id is within its root, or the root itself.
fn identifier(id: &cda::Id) -> Option<Text<'_>> {
    present(&id.extension).or_else(|| present(&id.root))
}

fn text(value: &Option<String>) -> Option<Text<'_>> {
    value.as_deref().and_then(present)
}

fn present(text: &str) -> Option<Text<'_>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

fn note(findings: &mut Vec<Finding>, code: &'static str, text: &str) {
    findings.push(Finding { code: code.into(), place: PLACE.to_owned(), text: text.to_owned() });
}

#[cfg(test)]
mod tests;
