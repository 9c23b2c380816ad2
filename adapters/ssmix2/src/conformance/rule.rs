//! Catalogue (longer than other files): the rules, with stable codes, severity, source and words.

/// How grave a broken rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The specification is broken: something is lost, missing, or says something else than meant.
    Error,
    /// Against the letter, or against a rule that official samples break too.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable name in kebab-case.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// Where it is written.
    pub source: &'static str,
    /// What is wrong, in English.
    pub en: &'static str,
    /// What is wrong, in Japanese.
    pub ja: &'static str,
}

const SPEC: &str = "SS-MIX2 標準化ストレージ仕様書";
const LAYOUT: &str = "SS-MIX2 標準化ストレージ仕様書 1.2i, 表53";
const CHARACTERS: &str = "SS-MIX2 標準化ストレージ仕様書, 文字コード (ISO IR-6, ISO IR87)";
const ER7: &str = "HL7 2.5, 2.5, 2.7";

macro_rules! rules {
    ($($name:ident, $code:literal, $severity:ident, $source:expr, $en:literal, $ja:literal;)*) => {
        $(
            #[doc = $en]
            pub static $name: Rule =
                Rule { code: $code, severity: Severity::$severity, source: $source, en: $en, ja: $ja };
        )*
        /// All of them.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    STRAY_FILE, "stray-file", Warning, LAYOUT,
        "the file lies where no file of a standardised storage lies, or its name can't be read",
        "標準化ストレージのファイルの位置にない、またはファイル名を解釈できない";
    FILE_UNREADABLE, "file-unreadable", Error, SPEC,
        "the file can't be read, or is too large for a message",
        "ファイルを読み取れない、またはメッセージとして大きすぎる";
    PATH_PREFIX, "path-prefix", Error, LAYOUT,
        "the first two folders are not the first six characters of the patient id",
        "上位2階層のフォルダが患者IDの先頭6文字と一致しない";
    PATH_PATIENT, "path-patient", Error, LAYOUT,
        "the file name holds another patient id than its path",
        "ファイル名の患者IDがフォルダと一致しない";
    PATH_DATE, "path-date", Error, LAYOUT,
        "the file name holds another date than its path",
        "ファイル名の診療日がフォルダと一致しない";
    PATH_DATA_TYPE, "path-data-type", Error, LAYOUT,
        "the file name holds another data type than its path",
        "ファイル名のデータ種別がフォルダと一致しない";
    DATA_TYPE_UNKNOWN, "data-type-unknown", Info, SPEC,
        "the specification knows no such data type",
        "仕様書にないデータ種別";
    NAME_ORDER, "name-order", Warning, LAYOUT,
        "the order number in the file name does not have 15 characters",
        "ファイル名のオーダNoが15桁でない";
    NAME_TIME, "name-time", Warning, LAYOUT,
        "the time in the file name does not have 17 digits",
        "ファイル名の発生日時が17桁でない";
    NAME_DEPARTMENT, "name-department", Warning, LAYOUT,
        "the department in the file name is missing, or is neither 1 to 3 letters and digits nor -",
        "ファイル名の診療科コードがない、または英数1～3桁か「-」でない";
    NAME_PATIENT, "name-patient", Warning, LAYOUT,
        "the patient id in the file name has more than 15 characters",
        "ファイル名の患者IDが15桁を超える";
    DATE_FOLDER, "date-folder", Warning, LAYOUT,
        "the date folder is - for a data type that has a date, or a date for one that has none",
        "診療日フォルダが、日付のあるデータ種別で「-」、または日付のないデータ種別で日付になっている";
    CANCEL_FLAG, "cancel-flag", Warning, "NHO トランザクションストレージ (2021-12-28)",
        "a message that cancels lies in a file with condition flag 1",
        "取消メッセージのファイルのコンディションフラグが1である";
    FILE_TORN, "file-torn", Error, "HL7 2.5, 2.5.2",
        "the file is empty or ends in the middle",
        "ファイルが空、または途中で終わっている";
    FILE_MESSAGES, "file-messages", Error, SPEC,
        "the file does not hold exactly one message",
        "1ファイルに1メッセージでない";
    FILE_FRAME, "file-frame", Warning, "HL7 MLLP",
        "a byte of a connection's frame (0x0B, 0x1C) stands in the file",
        "通信用のフレーム文字 (0x0B, 0x1C) がファイルに含まれている";
    MESSAGE_UNREADABLE, "message-unreadable", Error, "HL7 2.5, 2.5.4",
        "the message can't be read: no MSH, or no delimiters",
        "メッセージを解釈できない (MSHまたは区切り文字がない)";
    DELIMITERS, "delimiters", Error, SPEC,
        "the delimiters are not |^~\\&",
        "区切り文字が |^~\\& でない";
    TERMINATOR, "terminator", Warning, "HL7 2.5, 2.5.4",
        "segments end with something else than CR",
        "セグメントの終端がCRでない";
    TERMINATOR_LAST, "terminator-last", Info, "HL7 2.5, 2.5.4",
        "the last segment has no terminator",
        "最後のセグメントに終端文字がない";
    CHARSET, "charset", Error, CHARACTERS,
        "the text is in another character set than ASCII with JIS X 0208",
        "ASCIIとJIS X 0208以外の文字コードで書かれている";
    CHARSET_REPERTOIRE, "charset-repertoire", Error, CHARACTERS,
        "a character is not in JIS X 0208: half-width kana, NEC or IBM extensions, JIS X 0212",
        "JIS X 0208にない文字がある (半角カナ、機種依存文字、補助漢字など)";
    CHARSET_BYTES, "charset-bytes", Error, CHARACTERS,
        "bytes or escape sequences make no sense, or kanji do not end before the segment does",
        "文字として解釈できないバイト列、または漢字モードのままのセグメント終端がある";
    CHARSET_DECLARED, "charset-declared", Warning, "HL7 0211; SS-MIX2 MSH-18",
        "MSH-18 is not ~ISO IR87",
        "MSH-18が「~ISO IR87」でない";
    CHARSET_HANDLING, "charset-handling", Info, "HL7 0356; SS-MIX2 MSH-20",
        "MSH-20 is not ISO 2022-1994",
        "MSH-20が「ISO 2022-1994」でない";
    MESSAGE_TYPE, "message-type", Error, "SS-MIX2 データ種別表, MSH-9",
        "the message type is not that of the data type",
        "メッセージ型がデータ種別と合わない";
    MESSAGE_STRUCTURE, "message-structure", Warning, "HL7 0354; SS-MIX2 データ種別表, MSH-9",
        "the message structure in MSH-9.3 is not that of the message type",
        "MSH-9.3のメッセージ構造がメッセージ型と合わない";
    VERSION, "version", Warning, "SS-MIX2 MSH-12",
        "the version is not 2.5",
        "バージョンIDが2.5でない";
    SEGMENT_UNEXPECTED, "segment-unexpected", Error, "SS-MIX2 メッセージ構文; HL7 2.5",
        "the segment can't stand where it does; what could is named",
        "この位置には置けないセグメントである (置けるものを示す)";
    SEGMENT_MISSING, "segment-missing", Error, "SS-MIX2 メッセージ構文; HL7 2.5",
        "the message ends before a segment that it needs; what could follow is named",
        "必要なセグメントの前でメッセージが終わっている (続けられるものを示す)";
    SEGMENT_LOCAL, "segment-local", Info, "HL7 2.5, 2.11",
        "a local Z segment that the specification does not know",
        "仕様書にないローカルのZセグメントである";
    FIELD_MISSING, "field-missing", Error, "SS-MIX2 セグメント定義 (R)",
        "a required field is empty",
        "必須項目が空である";
    FIELD_CONDITIONAL, "field-conditional", Warning, "SS-MIX2 セグメント定義 (C)",
        "a conditional field is empty although its condition holds",
        "条件に該当する条件付き必須項目が空である";
    FIELD_NOT_USED, "field-not-used", Info, "SS-MIX2 セグメント定義 (N)",
        "a field holds a value that is not used for this data type",
        "このデータ種別で使用しない項目に値がある";
    FIELD_LENGTH, "field-length", Warning, "SS-MIX2 セグメント定義 (LEN); NHO モジュール仕様",
        "a value is longer than the field may be",
        "項目の最大長を超えている";
    FIELD_SURPLUS, "field-surplus", Error, ER7,
        "there is text behind the segment's last field: an unescaped | splits a value",
        "セグメントの最終項目の後に値がある (エスケープされていない | による分割)";
    REPETITION_SURPLUS, "repetition-surplus", Error, ER7,
        "a field that does not repeat has several repetitions: an unescaped ~ splits a value",
        "繰り返しのない項目が繰り返されている (エスケープされていない ~ による分割)";
    COMPONENT_SURPLUS, "component-surplus", Error, ER7,
        "a value has more components than its type: an unescaped ^ splits it",
        "データ型より成分が多い (エスケープされていない ^ による分割)";
    SUBCOMPONENT_SURPLUS, "subcomponent-surplus", Error, ER7,
        "a component has more subcomponents than its type: an unescaped & splits it",
        "データ型より副成分が多い (エスケープされていない & による分割)";
    ESCAPE, "escape", Error, "HL7 2.5, 2.7",
        "a \\ that is not part of an escape sequence",
        "エスケープシーケンスでない \\ がある";
    NAME_SHIFTED, "name-shifted", Error, "HL7 2.5, 2A.88 XPN, 2A.86 XCN",
        "the name type code stands one component beside its place: one ^ too few or too many",
        "名前タイプコードの成分位置が1つずれている (^ の過不足)";
    VALUE_FORM, "value-form", Warning, "HL7 2.5, 2A (NM, SI, DT, TM, TS)",
        "a number, date or time is not written as its type demands",
        "数値・日付・時刻の書式がデータ型と合わない";
    CODE_UNKNOWN, "code-unknown", Warning, "HL7 tables",
        "a code is not in its HL7 table",
        "HL7表にないコードである";
    CODING_SYSTEM, "coding-system", Warning, "SS-MIX2 コード表",
        "a coding system is neither that of the field nor a local one (99…)",
        "コード体系が項目に定められたものでも、ローカルコード (99…) でもない";
    CODING_SYSTEM_MISSING, "coding-system-missing", Info, "HL7 2.5, 2A (CWE)",
        "a code has no coding system",
        "コードにコード体系名がない";
    PATIENT_ID, "patient-id", Error, "SS-MIX2 PID-3; 表53",
        "PID-3 is another patient than the path",
        "PID-3がフォルダの患者IDと一致しない";
    ORDER_NUMBER, "order-number", Error, "SS-MIX2 ORC-2; 表53",
        "ORC-2 is another order than the file name",
        "ORC-2がファイル名のオーダNoと一致しない";
    CARE_DATE, "care-date", Warning, "SS-MIX2 診療日の定義",
        "the date is another than that of the folder",
        "日付がフォルダの診療日と一致しない";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_names_and_told_once() {
        let codes: std::collections::BTreeSet<_> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b == b'-' || b.is_ascii_lowercase())));
    }
}
