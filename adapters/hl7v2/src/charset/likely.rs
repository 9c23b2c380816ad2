//! Which set 8-bit bytes are in when nothing reliable says so.

use encoding_rs::{EUC_JP, SHIFT_JIS};

use super::Charset;

/// How much of a message letter frequency is taken from; the detector is slow.
const SAMPLE: usize = 1 << 16;

/// The likeliest of CP932, EUC-JP and ISO 8859-1 for bytes that are not UTF-8.
pub(super) fn guess(bytes: &[u8]) -> Charset {
    let cp932 = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).is_some()
        && cp932_score(bytes) > 0;
    let euc =
        EUC_JP.decode_without_bom_handling_and_without_replacement(bytes).is_some() && euc_pairs(bytes) > 1;
    match (cp932, euc) {
        (true, false) => Charset::Cp932,
        (false, true) => Charset::EucJp,
        (true, true) => between_japanese(bytes),
        (false, false) => Charset::Latin1,
    }
}

/// EUC-JP and CP932 overlap where CP932 reads half-width kana.
fn between_japanese(bytes: &[u8]) -> Charset {
    // Rows 48 to 63 hold rare kanji in EUC-JP, and the frequent ﾔ to ﾝ and both voicing marks among
    // the half-width kana.
    let rare = |run: &[u8]| run.chunks(2).any(|pair| matches!(pair[0], 0xD0..=0xDF));
    let full_width_kana = |run: &[u8]| run.chunks(2).any(|pair| matches!(pair[0], 0xA4 | 0xA5));
    let mut runs = bytes.split(u8::is_ascii);
    if runs.clone().any(rare) && !runs.any(full_width_kana) {
        return Charset::Cp932;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes.get(..SAMPLE).unwrap_or(bytes), true);
    let hint = detector.guess(Some(b"jp"), chardetng::Utf8Detection::Deny);
    if hint == EUC_JP { Charset::EucJp } else { Charset::Cp932 }
}

/// Whether most characters beyond ASCII are whole UTF-8 characters of three or four bytes.
pub(super) fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|b| *b >= 0xE0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > 2 * broken
}

/// How many bytes from the start are CP932 characters beyond ASCII.
pub(super) fn cp932_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(len) = cp932_char(&bytes[at..]) {
        at += len;
    }
    at
}

/// The length of the CP932 character beyond ASCII at the start.
pub(super) fn cp932_char(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0xA1..=0xDF, ..] => Some(1),
        [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..] => {
            SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes[..2]).map(|_| 2)
        }
        _ => None,
    }
}

/// Above zero if the bytes look like Japanese in CP932 rather than letters of a Western language.
///
/// Western text has single 8-bit letters beside ASCII letters, and quotation marks; Japanese has
/// kana, and kanji that follow one another.
fn cp932_score(bytes: &[u8]) -> i64 {
    let (mut at, mut score, mut after_letter) = (0, 0, false);
    while let Some(lead) = bytes.get(at).copied() {
        let len = if lead.is_ascii() { 0 } else { cp932_char(&bytes[at..]).unwrap_or(0) };
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        score += match (len, lead) {
            (0, _) => 0,
            (1, _) if after_letter || next.is_ascii_alphabetic() => -1,
            (2, 0x82 | 0x83) => 2,
            // Opening quotation marks, and accented letters at the start of a word.
            (2, 0x91 | 0x93 | 0xE0..) if next.is_ascii_alphabetic() => -1,
            (2, _) if next.is_ascii() && after_letter => -1,
            _ => 1,
        };
        after_letter = lead.is_ascii_alphabetic();
        at += len.max(1);
    }
    score
}

/// The number of two-byte EUC-JP characters, zero if any 8-bit run is of odd length.
fn euc_pairs(bytes: &[u8]) -> usize {
    let runs = bytes.split(u8::is_ascii).filter(|run| !run.is_empty() && !run.contains(&0x8F));
    runs.map(|run| if run.len() % 2 == 0 { Some(run.len() / 2) } else { None })
        .sum::<Option<usize>>()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: Charset, texts: &[&str]) {
        for text in texts {
            let (bytes, _, faulty) = expected.encoding().unwrap().encode(text);
            assert!(!faulty);
            assert_eq!(
                guess(&[b"MSH|^~\\&|A\rPID|1||1||", &bytes[..], b"||1970|M\r"].concat()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn short_texts_are_told_apart() {
        let japanese = [
            "山本^太郎",
            "森本^表",
            "木村^一",
            "鈴木^花子",
            "佐藤",
            "林^明",
            "高橋^健~タカハシ^ケン",
            "渡邊^美咲",
            "医療法人〇〇病院",
            "ウイルス",
            "ソ連",
            "東京都千代田区1-2-3",
            "能^十",
            "中^一",
        ];
        check(Charset::Cp932, &japanese);
        check(Charset::EucJp, &japanese);
        check(Charset::Cp932, &["ﾔﾏﾓﾄ^ﾀﾛｳ", "ｽｽﾞｷ", "ｻﾄｳ^ﾊﾅｺ", "ｱﾊﾟｰﾄA101", "ﾀﾅｶ^ｲﾁﾛｳ"]);
        check(
            Charset::Latin1,
            &["Müller^Jörg", "élan", "“Normal”", "patient’s", "Äpfel^ÖBB", "A – B", "naïve", "Ünal^Ö"],
        );
    }
}
