//! Catalogue (longer than other files): the 26 data types of the standardised storage with their messages.
//!
//! MSH-9 can't tell them apart (RDE^O11 is OMP-01 or OMP-02, OMG^O19 is OMG-01, 02 or 03), so the data type
//! travels beside the message. Types that are not listed occur in real storages and are carried as text.

/// A data type of the standardised storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataType {
    /// データ種別, as in the folder's name.
    pub code: &'static str,
    /// Name in Japanese.
    pub ja: &'static str,
    /// Name in English.
    pub en: &'static str,
    /// MSH-9.1 and 9.2 of the message.
    pub message: (&'static str, &'static str),
    /// MSH-9.2 of the message that cancels it; the others say so in a field or by the flag alone.
    pub cancel: Option<&'static str>,
}

impl DataType {
    /// The entry of a code.
    pub fn find(code: &str) -> Option<&'static Self> {
        ALL.iter().find(|entry| entry.code == code)
    }
}

const fn entry(
    code: &'static str,
    ja: &'static str,
    en: &'static str,
    message: (&'static str, &'static str),
    cancel: Option<&'static str>,
) -> DataType {
    DataType { code, ja, en, message, cancel }
}

/// All of them, in the order of the specification.
pub const ALL: &[DataType] = &[
    entry("ADT-00", "患者基本情報", "patient demographics", ("ADT", "A08"), Some("A23")),
    entry("ADT-01", "担当医の変更", "change of attending doctor", ("ADT", "A54"), Some("A55")),
    entry("ADT-12", "外来診察の受付", "outpatient registration", ("ADT", "A04"), None),
    entry("ADT-21", "入院予定", "planned admission", ("ADT", "A14"), Some("A27")),
    entry("ADT-22", "入院実施", "admission", ("ADT", "A01"), Some("A11")),
    entry("ADT-31", "外出泊実施", "leave of absence", ("ADT", "A21"), Some("A52")),
    entry("ADT-32", "外出泊帰院実施", "return from leave", ("ADT", "A22"), Some("A53")),
    entry("ADT-41", "転科・転棟予定", "planned transfer", ("ADT", "A15"), Some("A26")),
    entry("ADT-42", "転科・転棟実施", "transfer", ("ADT", "A02"), Some("A12")),
    entry("ADT-51", "退院予定", "planned discharge", ("ADT", "A16"), Some("A25")),
    entry("ADT-52", "退院実施", "discharge", ("ADT", "A03"), Some("A13")),
    entry("ADT-61", "アレルギー情報", "allergies", ("ADT", "A60"), None),
    entry("PPR-01", "病名(歴)情報", "diagnoses", ("PPR", "ZD1"), None),
    entry("OMD", "食事オーダ", "diet order", ("OMD", "O03"), None),
    entry("OMP-01", "処方オーダ", "prescription order", ("RDE", "O11"), None),
    entry("OMP-11", "処方実施通知", "prescription administered", ("RAS", "O17"), None),
    entry("OMP-02", "注射オーダ", "injection order", ("RDE", "O11"), None),
    entry("OMP-12", "注射実施通知", "injection administered", ("RAS", "O17"), None),
    entry("OML-01", "検体検査オーダ", "laboratory order", ("OML", "O33"), None),
    entry("OML-11", "検体検査結果通知", "laboratory result", ("OUL", "R22"), None),
    entry("OMG-01", "放射線検査オーダ", "radiology order", ("OMG", "O19"), None),
    entry("OMG-11", "放射線検査の実施通知", "radiology performed", ("OMI", "Z23"), None),
    entry("OMG-02", "内視鏡検査オーダ", "endoscopy order", ("OMG", "O19"), None),
    entry("OMG-12", "内視鏡検査の実施通知", "endoscopy performed", ("OMI", "Z23"), None),
    entry("OMG-03", "生理検査オーダ", "physiology order", ("OMG", "O19"), None),
    entry("OMG-13", "生理検査結果通知", "physiology result", ("ORU", "R01"), None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_six_types_with_their_own_codes() {
        let codes: std::collections::BTreeSet<_> = ALL.iter().map(|entry| entry.code).collect();
        assert_eq!((ALL.len(), codes.len()), (26, 26));
    }

    #[test]
    fn with_their_cancels_there_are_36_messages() {
        assert_eq!(ALL.len() + ALL.iter().filter(|entry| entry.cancel.is_some()).count(), 36);
    }

    #[test]
    fn found_by_code() {
        assert_eq!(DataType::find("OML-11").map(|entry| entry.message), Some(("OUL", "R22")));
        assert_eq!(DataType::find("OML-12"), None);
    }
}
