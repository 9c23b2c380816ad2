//! Catalogue (longer than other files): the codes and coding systems that SS-MIX2 fixes for a field.

/// The HL7 table of a field and its codes (HL7 2.5; value types as far as SS-MIX2 uses them).
pub(super) fn codes(segment: &str, number: usize) -> Option<(&'static str, &'static [&'static str])> {
    Some(match (segment, number) {
        ("PID", 8) => ("0001", &["F", "M", "O", "U", "A", "N"]),
        ("PV1", 2) => ("0004", &["E", "I", "O", "P", "R", "B", "C", "N", "U"]),
        ("OBX", 11) => ("0085", &["C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "W", "X"]),
        ("MSH", 11) => ("0103", &["D", "P", "T"]),
        ("ORC", 1) => ("0119", ORDER_CONTROL),
        ("ORC", 5) => ("0038", &["A", "CA", "CM", "DC", "ER", "HD", "IP", "RP", "SC"]),
        ("OBR", 25) => ("0123", &["A", "C", "F", "I", "O", "P", "R", "S", "X", "Y", "Z"]),
        ("OBX", 2) => ("0125", VALUE_TYPES),
        ("DB1", 4) => ("0136", &["N", "Y"]),
        ("AL1" | "IAM", 2) => ("0127", &["AA", "DA", "EA", "FA", "LA", "MA", "MC", "PA"]),
        ("IAM", 6) => ("0323", &["A", "D", "U", "X"]),
        ("ODS", 1) => ("0159", &["D", "P", "S"]),
        ("RXA", 20) => ("0322", &["CP", "NA", "PA", "RE"]),
        ("RXC", 1) => ("0166", &["A", "B"]),
        ("PRB", 1) => ("0287", &["AD", "CO", "DE", "LI", "UC", "UN", "UP"]),
        ("TQ1", 9) => ("0485", &["A", "C", "P", "PRN", "R", "S", "T"]),
        ("TQ1", 12) => ("0472", &["A", "C", "S"]),
        ("ORC", 29) => ("0482", &["I", "O"]),
        _ => return None,
    })
}

const ORDER_CONTROL: &[&str] = &[
    "AF", "CA", "CH", "CN", "CR", "DC", "DE", "DF", "DR", "FU", "HD", "HR", "LI", "MC", "NA", "NW", "OC",
    "OD", "OE", "OF", "OH", "OK", "OP", "OR", "PA", "PR", "PY", "RE", "RF", "RL", "RO", "RP", "RQ", "RR",
    "RU", "SC", "SN", "SR", "SS", "UA", "UC", "UD", "UF", "UH", "UM", "UN", "UR", "UX", "XO", "XR", "XX",
];

const VALUE_TYPES: &[&str] = &[
    "AD", "CE", "CF", "CK", "CN", "CNE", "CP", "CWE", "CX", "DT", "ED", "EI", "FT", "MO", "NM", "PN", "RP",
    "SN", "ST", "TM", "TN", "TS", "TX", "XAD", "XCN", "XON", "XPN", "XTN", "ZRD",
];

const DRUGS: &[&str] = &["HOT7", "HOT9", "HOT11", "HOT13", "YJ", "MYAK"];
const MERIT9: &[&str] = &["MR9P"];
const ALLERGENS: &[&str] = &["JC10", "HOT*", "YJ", "J-FAGY"];

/// The coding systems of a field beside local ones; one that ends with `*` stands for all that start so.
pub(super) fn systems(segment: &str, number: usize) -> Option<&'static [&'static str]> {
    Some(match (segment, number) {
        ("OBX", 3) => &["JC10", "JC11", "JSHR*", "LN"],
        ("OBX", 6) => &["ISO+", "UCUM"],
        ("OBR", 4) => &["JC10", "JC11", "JJ1017", "LENDO"],
        ("SPM", 4) => &["JC10", "JC11", "HL7*"],
        ("RXE" | "RXC", 2) | ("RXA", 5) => DRUGS,
        ("RXE", 5 | 6 | 11) | ("RXC", 4) | ("RXA", 7 | 8) => MERIT9,
        ("TQ1", 3) => &["JAMISDP01", "HL70335"],
        ("RXR", 1) => &["HL70162"],
        ("RXR", 3) => &["HL70164"],
        ("PRB", 3) => &["MDCDX2"],
        ("IN1", 2) => &["JHSD0001"],
        ("AL1" | "IAM", 3) => ALLERGENS,
        _ => return None,
    })
}
