//! Catalogue (longer than other files): how many parts segments and types have in HL7 2.5.

/// The number of a segment's last field (HL7 2.5; ZPR, ZPD, ZE1 and ZE2 of SS-MIX2).
pub(super) fn last_field(segment: &str) -> Option<usize> {
    Some(match segment {
        "MSH" => 21,
        "SFT" | "VAR" | "RXR" | "PTH" | "AL1" => 6,
        "EVN" | "CTD" | "ZPR" | "ZE2" => 7,
        "PID" => 39,
        "PD1" => 21,
        "ROL" | "ZE1" => 12,
        "NK1" => 37,
        "PV1" => 52,
        "PV2" | "OBR" => 49,
        "DB1" | "TCD" => 8,
        "OBX" => 19,
        "DG1" | "GOL" => 21,
        "DRG" | "ACC" => 11,
        "PR1" | "IAM" | "INV" => 20,
        "GT1" => 57,
        "IN1" | "ZI1" => 53,
        "IN2" => 72,
        "IN3" | "PRB" => 25,
        "UB1" => 23,
        "UB2" => 17,
        "PDA" | "IPC" | "RXC" => 9,
        "NTE" | "ODS" | "SID" => 4,
        "ORC" => 30,
        "TQ1" => 14,
        "TQ2" => 10,
        "ODT" | "CTI" | "BLG" => 3,
        "SPM" => 29,
        "SAC" | "RXE" => 44,
        "FT1" => 31,
        "RXO" => 28,
        "RXA" => 26,
        "DSC" | "ZPD" => 2,
        _ => return None,
    })
}

/// How many components a type has (HL7 2.5, chapter 2A; ZRD of SS-MIX2); `None` for a type that is not known.
pub(super) fn components(hl7_type: &str) -> Option<usize> {
    Some(match hl7_type {
        "ST" | "TX" | "FT" | "NM" | "SI" | "IS" | "ID" | "DT" | "TM" => 1,
        "TS" | "CQ" | "DR" | "EIP" | "PT" => 2,
        "HD" | "MSG" | "VID" | "JCC" | "PRL" => 3,
        "EI" => 4,
        "CE" | "ZRD" => 6,
        "CWE" | "CNE" => 9,
        "CX" | "XON" => 10,
        "PL" | "RPT" => 11,
        "XTN" => 12,
        "XAD" | "XPN" => 14,
        "LA2" => 16,
        "XCN" => 23,
        _ => return None,
    })
}

/// How many subcomponents a component of a type has.
pub(super) fn subcomponents(hl7_type: &str, component: usize) -> usize {
    match (hl7_type, component) {
        ("XPN", 1) | ("XCN", 2) => 5,
        ("XAD", 1) => 3,
        ("XPN" | "XAD", 10 | 12) | ("XCN", 17) | ("DR", 1 | 2) => 2,
        ("CX", 4 | 6) | ("XCN", 9 | 14) | ("XON", 6 | 8) | ("PL", 4 | 11) | ("LA2", 4) => 3,
        ("EIP", 1 | 2) | ("PL", 10) => 4,
        ("CX", 9 | 10) | ("XPN", 9) | ("XCN", 16 | 22 | 23) | ("CQ", 2) | ("RPT", 1) | ("ZRD", 5) => 9,
        ("VID", 2 | 3) | ("PRL", 1) => 9,
        _ => 1,
    }
}

/// The lengths of components that the National Hospital Organization gives beside those of fields.
pub(super) fn component_length(hl7_type: &str, component: usize) -> Option<usize> {
    match (hl7_type, component) {
        ("CX", 1) => Some(30),
        ("XAD", 8) => Some(100),
        _ => None,
    }
}

/// Types of one component, whose fields repeat only where [`may_repeat`] says so.
pub(super) fn is_single(hl7_type: &str) -> bool {
    matches!(hl7_type, "ST" | "NM" | "SI" | "IS" | "ID" | "DT" | "TS")
}

/// Fields of these types that do repeat (HL7 2.5), or of which nothing is known (local segments).
pub(super) fn may_repeat(segment: &str, number: usize) -> bool {
    segment.starts_with('Z')
        || matches!(
            (segment, number),
            ("MSH", 18) | ("OBX", 5) | ("IAM", 5) | ("RXA", 15 | 16) | ("ODS", 4) | ("OBX", 8)
        )
}

/// MSH-9.3 of a message (HL7 table 0354, the data type table of SS-MIX2).
pub(super) fn structure(message: &str) -> Option<&'static str> {
    Some(match message {
        "ADT^A01" | "ADT^A04" | "ADT^A08" | "ADT^A13" => "ADT_A01",
        "ADT^A02" => "ADT_A02",
        "ADT^A03" => "ADT_A03",
        "ADT^A14" => "ADT_A05",
        "ADT^A11" | "ADT^A12" => "ADT_A09",
        "ADT^A15" => "ADT_A15",
        "ADT^A16" => "ADT_A16",
        "ADT^A21" | "ADT^A22" | "ADT^A23" | "ADT^A25" | "ADT^A26" | "ADT^A27" => "ADT_A21",
        "ADT^A52" | "ADT^A53" | "ADT^A55" => "ADT_A52",
        "ADT^A54" => "ADT_A54",
        "ADT^A60" => "ADT_A60",
        "PPR^ZD1" => "PPR_ZD1",
        "OMD^O03" => "OMD_O03",
        "RDE^O11" => "RDE_O11",
        "RAS^O17" => "RAS_O17",
        "OML^O33" => "OML_O33",
        "OUL^R22" => "OUL_R22",
        "OMG^O19" => "OMG_O19",
        "OMI^Z23" => "OMI_Z23",
        "ORU^R01" => "ORU_R01",
        _ => return None,
    })
}
