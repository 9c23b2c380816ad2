//! Which service of a hospital an order or a result belongs to.

use hl7v2::{Message, Segment};

use super::reader::id;

/// A diagnostic service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Imaging,
    Endoscopy,
    Physiology,
    Laboratory,
    Pathology,
}

/// The service of the first OBR that tells one.
pub(super) fn of(message: &Message) -> Option<Service> {
    segments(message, *b"OBR").find_map(of_request)
}

fn segments(message: &Message, name: [u8; 3]) -> impl Iterator<Item = Segment<'_>> {
    message.segments().filter(move |segment| id(*segment) == name)
}

/// OBR-24 (HL7 table 0074, or a DICOM modality, as IHE has it), else OBR-4 by its coding systems.
fn of_request(obr: Segment<'_>) -> Option<Service> {
    let section = obr.field(24).value();
    of_section(&section).or_else(|| of_code(obr, 4))
}

/// `PT` and `RT` are physical and radiation therapy in the one table and something else in the other: they tell
/// nothing.
fn of_section(section: &str) -> Option<Service> {
    match section {
        "RAD" | "RX" | "CT" | "NMR" | "NMS" | "RUS" | "OUS" | "VUS" | "CUS" | "XRC" | "CTH" | "CR" | "DX"
        | "MG" | "MR" | "NM" | "RF" | "US" | "XA" => Some(Service::Imaging),
        "ES" => Some(Service::Endoscopy),
        "EC" | "ECG" | "EN" | "PF" | "AU" => Some(Service::Physiology),
        "LAB" | "CH" | "HM" | "MB" | "MCB" | "MYC" | "IMM" | "SR" | "BG" | "BLB" | "CG" | "GE" | "TX"
        | "VR" | "OSL" => Some(Service::Laboratory),
        "SP" | "CP" => Some(Service::Pathology),
        _ => None,
    }
}

/// By a coded field: what its coding system is used for.
fn of_code(segment: Segment<'_>, field: usize) -> Option<Service> {
    let part = |n| segment.field(field).component(n).value();
    [(1, 2, 3), (4, 5, 6)].into_iter().find_map(|(code, text, system)| {
        let (code, system) = (part(code), part(system));
        match system.as_ref() {
            "LENDO" => Some(Service::Endoscopy),
            "JC10" | "JLAC10" | "JC11" | "JLAC11" => Some(Service::Laboratory),
            "LN" => of_loinc(&code, &part(text)).or(Some(Service::Laboratory)),
            "C4" | "CPT" | "CPT4" | "CPT-4" => of_cpt(&code),
            system => system.starts_with("JJ1017").then_some(Service::Imaging),
        }
    })
}

/// LOINC: the codes of whole readings, and the names of imaging procedures, which begin with the modality.
fn of_loinc(code: &str, name: &str) -> Option<Service> {
    match code {
        "18748-4" | "18726-0" | "68604-8" => Some(Service::Imaging),
        "18751-8" | "18746-8" => Some(Service::Endoscopy),
        "11524-6" => Some(Service::Physiology),
        "11526-1" | "11529-5" => Some(Service::Pathology),
        _ => {
            let modality = name.split_once(' ').map(|(modality, _)| modality);
            let is_imaging =
                matches!(modality, Some("CT" | "MR" | "MRI" | "XR" | "US" | "MG" | "NM" | "PET"));
            is_imaging.then_some(Service::Imaging)
        }
    }
}

/// CPT: 70010 to 79999 are radiology, 80047 to 89398 pathology and laboratory.
fn of_cpt(code: &str) -> Option<Service> {
    match code.as_bytes() {
        [b'7', _, _, _, _] => Some(Service::Imaging),
        [b'8', _, _, _, _] => Some(Service::Laboratory),
        _ => None,
    }
}

/// Whether results are what somebody read in images, tissue or curves: every OBR that tells its service tells one
/// of those, and words or a file came of it. Curves that were only measured are results.
pub(super) fn is_reading(message: &Message) -> bool {
    let mut services = segments(message, *b"OBR").filter_map(of_request).peekable();
    let Some(first) = services.peek().copied() else {
        return false;
    };
    let types = || segments(message, *b"OBX").map(|obx| obx.field(2).value());
    let has_words = types().any(|value| matches!(value.as_ref(), "TX" | "FT" | "ST" | "ED" | "RP"));
    let has_numbers = types().any(|value| matches!(value.as_ref(), "NM" | "SN"));
    services.all(|service| service != Service::Laboratory)
        && has_words
        && !(first == Service::Physiology && has_numbers)
}

/// Whether a document (TXA) is a reading: by TXA-2 (HL7 table 0270: diagnostic imaging, surgical pathology,
/// cardiodiagnostics; or LOINC), else by its OBR.
pub(super) fn is_document_of_reading(message: &Message) -> bool {
    let by_type = message.segment("TXA").and_then(|txa| {
        let code = txa.field(2).value();
        let by_loinc = || [1, 4].into_iter().find_map(|n| of_loinc(&txa.field(2).component(n).value(), ""));
        match code.as_ref() {
            "DI" => Some(Service::Imaging),
            "SP" => Some(Service::Pathology),
            "CD" => Some(Service::Physiology),
            _ => by_loinc(),
        }
    });
    by_type.or_else(|| of(message)).is_some_and(|service| service != Service::Laboratory)
}
