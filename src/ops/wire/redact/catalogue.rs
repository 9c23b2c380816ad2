//! Catalogue of what stands in which field: what is not listed is not known to be harmless. Numbers, names and types
//! are those of HL7 2.5 (2.9 where a field is newer) and of SS-MIX2.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a field is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// What holds the message together: message type, version, character set, type of a value.
    Structure,
    /// A code of a table of HL7 or of the user (ID, IS).
    Code,
    /// A coded entry (CE, CWE, CNE).
    Coded,
    /// A number (NM, SI), alone or with a comparison.
    Number,
    /// A number and its unit (CQ).
    Quantity,
    /// When something happened (TS, DT, DTM).
    Moment,
    /// A date of birth.
    Birth,
    /// A value whose type stands in OBX-2.
    Value,
    /// A number or name of a person, an order, a document (CX, EI, ST).
    Id,
    /// A person's name (XPN).
    Name,
    /// An address (XAD).
    Address,
    /// A phone number or the like (XTN).
    Phone,
    /// A member of the staff (XCN).
    Staff,
    /// A facility or organisation (HD, XON).
    Organisation,
    /// A ward, room, bed (PL).
    Place,
    /// Words.
    Text,
    /// Not listed.
    Unknown,
}

impl Class {
    fn of(letter: &str) -> Self {
        match letter {
            "s" => Self::Structure,
            "c" => Self::Code,
            "ce" => Self::Coded,
            "n" => Self::Number,
            "q" => Self::Quantity,
            "t" => Self::Moment,
            "birth" => Self::Birth,
            "value" => Self::Value,
            "id" => Self::Id,
            "name" => Self::Name,
            "addr" => Self::Address,
            "tel" => Self::Phone,
            "staff" => Self::Staff,
            "org" => Self::Organisation,
            "pl" => Self::Place,
            "text" => Self::Text,
            _ => Self::Unknown,
        }
    }

    /// The class of a field.
    pub(super) fn of_field(segment: &str, field: usize) -> Self {
        let fields = FIELDS.get(segment.to_ascii_uppercase().as_str());
        fields.and_then(|fields| fields.get(&field)).copied().unwrap_or(Self::Unknown)
    }
}

/// Segment: class letters with their fields.
const SEGMENTS: [(&str, &str); 52] = [
    ("MSH", "s 1 2 9 12 18 20 21; org 3 4 5 6; t 7; id 10; c 11 15 16 17; n 13; ce 19"),
    ("FHS", "s 1 2; org 3 4 5 6; t 7; text 8 9 10; id 11 12"),
    ("BHS", "s 1 2; org 3 4 5 6; t 7; text 8 9 10; id 11 12"),
    ("FTS", "n 1; text 2"),
    ("BTS", "n 1; text 2"),
    ("MSA", "s 1; id 2; text 3; ce 6"),
    ("ERR", "text 1 5 6 7 8; s 2; ce 3; c 4"),
    ("EVN", "c 1 4; t 2 3 6; staff 5; org 7"),
    (
        "PID",
        "n 1 25; id 2 3 4 18 19 20 21; name 5 6 9; birth 7; c 8 24 30; ce 10 15 16; addr 11 23; tel 13 14; t 29 33",
    ),
    ("PD1", "org 3; staff 4"),
    ("NK1", "n 1; name 2 30; ce 3 7; addr 4 32; tel 5 6 31; t 8 9; org 13; birth 16; c 15; id 33"),
    ("PV1", "n 1; c 2 4 10 14 18 36; pl 3 6 11 42 43; id 5 19 50; staff 7 8 9 17 52; t 44 45"),
    ("PV2", "pl 1; ce 3; t 8 9 47; c 22"),
    ("DB1", "n 1; c 2 4; id 3; t 5 6"),
    ("MRG", "id 1 2 3 4 5 6; name 7"),
    ("AL1", "n 1; ce 2 3 4; text 5; t 6"),
    ("IAM", "n 1; ce 2 3 4 6 9; text 5 8; id 7; t 11 13; staff 14; addr 15"),
    ("IN1", "n 1; ce 2 17; id 3 8 10 36 49; org 4 9 11; addr 5 19; name 6 16; tel 7; t 12 13; birth 18"),
    ("IN2", "id 1 2 6 8 10 61; name 9 40"),
    ("GT1", "n 1; id 2 12 19; name 3 4; addr 5; tel 6 7; birth 8; c 9"),
    (
        "ORC",
        "c 1 5 6; id 2 3 4; t 9 15 27; staff 10 11 12 19; pl 13; tel 14 23; ce 16 17 29; org 21; addr 22 24",
    ),
    (
        "OBR",
        "n 1; id 2 3 18 19 20 21 29; ce 4 12 31 44 45; c 5 11 24 25 30; t 6 7 8 14 22 36; q 9; staff 10 16 28 32 33 34 35; \
         text 13; tel 17",
    ),
    ("OBX", "n 1 4 7; s 2; ce 3 6 17; value 5; c 8 10 11; t 12 14 19; org 15 23; staff 16 25"),
    ("NTE", "n 1; c 2; text 3; ce 4"),
    ("SPM", "n 1; id 2 3; ce 4 5 6 7 8 9 10 11 21 22 23 24 27; q 12; text 14; t 17 18; c 20"),
    ("SAC", "id 1 2 3 4; ce 6; t 7"),
    ("TQ1", "n 1 4 14; q 2 6; ce 3 9; t 7 8; text 10 11; c 12"),
    ("TQ2", "n 1; c 2; id 3 4 5"),
    (
        "RXE",
        "ce 2 5 6 7 11 21 24 25 26 27 31; n 3 4 10 12 16 17 23 28; c 9 20; staff 13 14; id 15; t 18 32; q 19",
    ),
    ("RXO", "ce 1 4 5 6 7 10 12; n 2 3 11 13; staff 14 15; c 9"),
    ("RXD", "n 1 4 8; ce 2 5 6; t 3; id 7; staff 10"),
    ("RXR", "ce 1 2 3 4 6"),
    ("RXC", "c 1; ce 2 4 6; n 3 5"),
    ("RXA", "n 1 2 6 13; t 3 4 16 22; ce 5 7 8 9 14 17 18 19; staff 10; pl 11; text 12; id 15; c 20 21"),
    ("ODS", "c 1; ce 2 3; text 4"),
    ("PRB", "c 1; t 2 7 8 9 15 16; ce 3 10 11 12 13 14; id 4 5; n 6; text 17"),
    ("DG1", "n 1 15; ce 2 3; text 4; t 5; c 6; staff 16"),
    ("PR1", "n 1; c 2; ce 3; text 4; t 5; staff 8 11 12"),
    ("CTI", "id 1; ce 2 3"),
    ("IPC", "id 1 2 3 4; ce 5 6; text 7"),
    ("TXA", "n 1; c 2 3 17 18 19; t 4 6 7 8; staff 5 9 10 11 22; id 12 13 14 15; text 16 20 21"),
    ("SCH", "id 1 2 3 4; n 9; ce 6 7 8 10 25; staff 12 16 20; tel 13 17; addr 14 18; pl 15 19; id 26 27"),
    ("RGS", "n 1; c 2; ce 3"),
    ("AIS", "n 1 6; c 2; ce 3 7 10; t 4; n 5"),
    ("AIP", "n 1; c 2; staff 3; ce 4; t 6"),
    ("AIL", "n 1; c 2; pl 3; ce 4; t 6"),
    ("AIG", "n 1; c 2; ce 3 4; t 8"),
    ("RF1", "ce 1 2 3 4 5; id 6 11; t 7 8 9"),
    ("PRD", "ce 1 6; name 2; addr 3; pl 4; tel 5; id 7; t 8 9"),
    ("CTD", "ce 1; name 2; addr 3; pl 4; tel 5; id 7"),
    ("FT1", "n 1 10; id 2 3; t 4 5; c 6; ce 7; text 8 9; staff 20 21"),
    ("DSC", "id 1; c 2"),
];

static FIELDS: LazyLock<BTreeMap<&str, BTreeMap<usize, Class>>> = LazyLock::new(|| {
    let fields = |text: &str| {
        let groups = text.split(';').flat_map(|group| {
            let mut words = group.split_whitespace();
            let class = words.next().map_or(Class::Unknown, Class::of);
            words
                .filter_map(|number| number.parse().ok())
                .map(move |number| (number, class))
                .collect::<Vec<_>>()
        });
        groups.collect()
    };
    SEGMENTS.iter().map(|(segment, text)| (*segment, fields(text))).collect()
});

/// Coding systems whose codes are public: of them a code is known to be one. Those of HL7, of Japan's terminology
/// centres (MEDIS-DC, JAMI, JCCLS), of WHO, Regenstrief, SNOMED and NEMA.
const SYSTEMS: [&str; 28] = [
    "JC10",
    "JC11",
    "JLAC10",
    "JLAC11",
    "HOT7",
    "HOT9",
    "HOT11",
    "HOT13",
    "YJ",
    "MYAK",
    "MDCDX2",
    "I10",
    "I10P",
    "I9",
    "I9C",
    "ICD10",
    "ISO+",
    "UCUM",
    "LN",
    "SCT",
    "DCM",
    "JAMISDP01",
    "MR9P",
    "JJ1017",
    "LENDO",
    "JANIS",
    "J-FAGY",
    "C4",
];

/// Whether the codes of a coding system are public.
pub(super) fn is_public(system: &str) -> bool {
    let table = |prefix: &str| {
        let number = system.strip_prefix(prefix).unwrap_or_default();
        number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    SYSTEMS.contains(&system) || table("HL7") || table("JHSD") || table("UDT")
}

/// Codes within names, addresses, phone numbers and ids: HL7 tables 0190, 0200, 0201, 0202, 0203 and 0465.
const PARTS: [&str; 45] = [
    "L", "I", "P", "A", "N", "D", "M", "B", "C", "F", "H", "O", "S", "T", "U", "R", "BA", "BDL", "BR", "RH",
    "BI", "V", "SH", "PRN", "ORN", "WPN", "VHN", "ASN", "EMR", "NET", "BPN", "PRS", "PH", "FX", "MD", "CP",
    "BP", "Internet", "JPN", "PI", "MR", "PT", "VN", "AN", "DN",
];

/// Whether a part of a composite is one of those codes.
pub(super) fn is_part_code(text: &str) -> bool {
    PARTS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood_and_no_field_stands_twice() {
        for (segment, text) in SEGMENTS {
            let mut seen = Vec::new();
            for group in text.split(';') {
                let (class, numbers) = group.trim().split_once(' ').unwrap();
                assert_ne!(Class::of(class), Class::Unknown, "{segment}: {class}");
                for number in numbers.split_whitespace() {
                    assert!(!seen.contains(&number), "{segment}-{number}");
                    seen.push(number);
                }
            }
            assert_eq!(FIELDS[segment].len(), seen.len(), "{segment}");
        }
        assert_eq!(Class::of_field("PID", 5), Class::Name);
        assert_eq!(Class::of_field("pid", 7), Class::Birth);
        assert_eq!(Class::of_field("PID", 99), Class::Unknown);
        assert_eq!(Class::of_field("ZZ1", 1), Class::Unknown);
    }

    #[test]
    fn local_systems_are_not_public() {
        for system in ["JC10", "HL70162", "JHSD0004", "UDT0069", "ISO+"] {
            assert!(is_public(system), "{system}");
        }
        for system in ["99ZTI", "L", "", "HL7", "HL7ABCD", "山"] {
            assert!(!is_public(system), "{system}");
        }
    }
}
