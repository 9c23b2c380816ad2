//! Japanese in CP932 or EUC-JP where another set is declared in which the bytes are valid too.
//!
//! The declaration stands unless both readings speak against it: what comes out in the Japanese
//! set is mostly kana and JIS level 1 kanji, and what comes out in the declared one is nothing
//! that is written in it.

use super::{Charset, likely};

/// The Japanese set that the bytes are in for all that `declared` says.
pub(super) fn japanese_against(bytes: &[u8], declared: Charset) -> Option<Charset> {
    let better = likely::guess(bytes);
    let plain = match better {
        Charset::Cp932 => cp932_against(bytes, declared),
        Charset::EucJp => euc_against(bytes, declared),
        _ => false,
    };
    plain.then_some(better)
}

fn is_wide(declared: Charset) -> bool {
    matches!(declared, Charset::Gb18030 | Charset::EucKr | Charset::Big5)
}

fn cp932_against(bytes: &[u8], declared: Charset) -> bool {
    let read = Cp932::count(bytes);
    if read.pairs == 0 {
        return half_width_against(bytes, declared);
    }
    // The lead bytes of the usual characters are controls in ISO 8859 and not in use in EUC.
    let usual = read.usual >= 2 && 4 * read.usual >= 3 * read.pairs;
    match declared {
        _ if declared.is_latin() => bytes.iter().any(|b| matches!(b, 0x80..=0x9F)),
        _ if !is_wide(declared) => usual,
        // GBK has characters there, but no text is of those alone.
        Charset::Gb18030 => usual && (read.kana >= 3 || read.usual >= 3 && is_seldom_gb2312(bytes)),
        _ => usual && read.usual >= 3,
    }
}

/// What the bytes are when they are read as CP932.
#[derive(Default)]
struct Cp932 {
    /// Characters of two bytes.
    pairs: usize,
    /// Kana, punctuation and level 1 kanji among them.
    usual: usize,
    /// Kana among them.
    kana: usize,
}

impl Cp932 {
    fn count(bytes: &[u8]) -> Self {
        let (mut read, mut at) = (Self::default(), 0);
        while at < bytes.len() {
            let len = likely::cp932_char(&bytes[at..]).unwrap_or(1);
            if let [lead, trail] = bytes[at..at + len] {
                let kana = matches!((lead, trail), (0x82, 0x9F..=0xF1) | (0x83, 0x40..=0x96));
                read.pairs += 1;
                read.usual += usize::from(kana || matches!(lead, 0x81 | 0x88..=0x97));
                read.kana += usize::from(kana);
            }
            at += len;
        }
        read
    }
}

/// Whether few of the two-byte characters of a GB 18030 text belong to GB 2312.
fn is_seldom_gb2312(bytes: &[u8]) -> bool {
    let (mut inside, mut outside, mut at) = (0_usize, 0_usize, 0);
    while at < bytes.len() {
        at += match bytes[at..] {
            [0xA1..=0xF7, 0xA1..=0xFE, ..] => {
                inside += 1;
                2
            }
            [0x81..=0xFE, 0x30..=0x39, ..] => 4,
            [0x81..=0xFE, _, ..] => {
                outside += 1;
                2
            }
            _ => 1,
        };
    }
    4 * inside <= outside
}

/// Half-width kana alone; their bytes are in use in every set.
fn half_width_against(bytes: &[u8], declared: Charset) -> bool {
    let runs = || bytes.split(u8::is_ascii).filter(|run| !run.is_empty());
    let kana: usize = runs().map(<[u8]>::len).sum();
    let odd = || runs().any(|run| run.len() % 2 == 1);
    kana >= 6
        && match declared {
            // Characters of two bytes come in even runs; in Big5 many have a second byte in ASCII.
            Charset::Gb18030 | Charset::EucKr => odd(),
            Charset::Big5 => false,
            _ if declared.is_latin() => runs().all(|run| run.len() >= 3),
            _ => is_disordered(bytes, declared),
        }
}

fn euc_against(bytes: &[u8], declared: Charset) -> bool {
    let runs = bytes.split(u8::is_ascii);
    let leads = || runs.clone().flat_map(|run| run.chunks_exact(2)).map(|pair| pair[0]);
    let pairs = leads().count();
    let kana = leads().filter(|lead| matches!(lead, 0xA4 | 0xA5)).count();
    let usual = leads().filter(|lead| matches!(lead, 0xA1 | 0xA3..=0xA5 | 0xB0..=0xCF)).count();
    // Chinese and Korean sets have kana too, but texts in those languages do not.
    let written_in_kana = kana >= 3 && 5 * kana >= pairs;
    let plain = 5 * usual >= 4 * pairs;
    match declared {
        _ if declared.is_latin() => pairs > 2,
        Charset::Cyrillic | Charset::Greek => plain && pairs > 2 && is_disordered(bytes, declared),
        Charset::Gb18030 | Charset::EucKr => plain && written_in_kana,
        // Here the bytes of kana are letters in use: more of them have to be there.
        _ => plain && written_in_kana && pairs >= 8,
    }
}

/// Whether capitals follow small letters and signs stand within words, as in no text that is
/// written in the set.
fn is_disordered(bytes: &[u8], declared: Charset) -> bool {
    let text = declared.decode(bytes).unwrap_or_default();
    let (mut letters, mut odd, mut before) = (0_usize, 0_usize, ' ');
    for character in text.chars() {
        let joined = !character.is_ascii() && !before.is_ascii();
        letters += usize::from(!character.is_ascii());
        let capital = before.is_lowercase() && character.is_uppercase();
        let sign = !character.is_alphabetic();
        odd += usize::from(joined && (capital || sign));
        before = character;
    }
    odd >= 2 && 10 * odd >= letters
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: [Charset; 8] = [
        Charset::Cyrillic,
        Charset::Greek,
        Charset::Arabic,
        Charset::Hebrew,
        Charset::Thai,
        Charset::Gb18030,
        Charset::EucKr,
        Charset::Big5,
    ];

    fn bytes(text: &str, set: Charset) -> Vec<u8> {
        let (bytes, _, faulty) = set.encoding().unwrap().encode(text);
        assert!(!faulty, "{text}");
        [b"MSH|^~\\&|A\rPID|1||1||", &bytes[..], b"||1970|M\r"].concat()
    }

    #[test]
    fn japanese_is_known_under_every_other_declaration() {
        let texts = [
            "山本^太郎~ヤマモト^タロウ",
            "山田^花子^^^^^L^I~ヤマダ^ハナコ^^^^^L^P||東京都千代田区",
            "ウイルスによる急性胃腸炎の疑い。脱水あり、経過を観察する。",
        ];
        for text in texts {
            for set in [Charset::Cp932, Charset::EucJp] {
                let bytes = bytes(text, set);
                for declared in FOREIGN.into_iter().filter(|declared| declared.decode(&bytes).is_some()) {
                    assert_eq!(japanese_against(&bytes, declared), Some(set), "{declared}: {text}");
                }
            }
        }
    }

    #[test]
    fn kanji_or_half_width_kana_alone_are_known_where_they_can_be() {
        let sets = [Charset::Cyrillic, Charset::Gb18030, Charset::EucKr];
        for text in ["山本^太郎", "ﾔﾏﾓﾄ^ﾀﾛｳ||ｻｯﾎﾟﾛｼ ﾁｭｳｵｳｸ"] {
            let bytes = bytes(text, Charset::Cp932);
            for declared in sets.into_iter().filter(|declared| declared.decode(&bytes).is_some()) {
                assert_eq!(japanese_against(&bytes, declared), Some(Charset::Cp932), "{declared}: {text}");
            }
        }
    }

    #[test]
    fn rare_kanji_are_enough_where_latin_letters_are_declared() {
        for (text, set) in [("髙﨑^渡邉", Charset::Cp932), ("渡邊^美咲", Charset::EucJp)] {
            assert_eq!(japanese_against(&bytes(text, set), Charset::Latin9), Some(set), "{text}");
        }
    }

    #[test]
    fn texts_that_are_what_they_are_declared_stay() {
        let genuine: [(Charset, &[&str]); 12] = [
            (
                Charset::Cyrillic,
                &[
                    "Иванов^Иван^Иванович",
                    "ИВАНОВ^ИВАН",
                    "ПЕТРОВА^АННА^ПАВЛОВНА||МОСКВА, УЛИЦА АРБАТ",
                    "Острый бронхит, № 5, доза 10 мкЗв; анализ мРНК",
                    "Її здоров'я є добрим. Єва ЄВГЕНІВНА",
                ],
            ),
            (
                Charset::Greek,
                &["Παπαδόπουλος^Γεώργιος", "ΠΑΠΑΔΟΠΟΥΛΟΣ^ΓΕΩΡΓΙΟΣ", "Οξεία βρογχίτιδα· θεραπεία «ναι»"],
            ),
            (Charset::Latin1, &["Müller^Jörg", "ÄÖÜ^Öz", "Übelkeit, Fußschmerzen, Größe 180", "É^À"]),
            (Charset::Latin2, &["Dvořáková^Žofie", "ŁÓDŹ", "Świętosława Źdźbło"]),
            (Charset::Latin5, &["Çağrı^Şükrü", "İĞDIR^ÖĞÜŞ"]),
            (Charset::Arabic, &["محمد^أحمد", "التهاب الشعب الهوائية"]),
            (Charset::Hebrew, &["כהן^דוד", "דלקת ריאות חריפה"]),
            (Charset::Thai, &["สมชาย^ใจดี", "ค^คคค", "ผู้ป่วยมีไข้สูง"]),
            (
                Charset::Gb18030,
                &[
                    "李^明",
                    "王堃^喆",
                    "张伟^北京市朝阳区",
                    "急性支气管炎,建议复查。",
                    "電話號碼^國學",
                    "陳學長",
                ],
            ),
            (Charset::EucKr, &["김^철수", "급성 기관지염, 경과 관찰", "홍길동^서울특별시", "金^哲洙"]),
            (Charset::Big5, &["陳^大文", "王小明^台北市中山區", "急性支氣管炎", "中文文中"]),
            (Charset::Latin9, &["Œuvre^Élodie €"]),
        ];
        for (set, texts) in genuine {
            for text in texts {
                assert_eq!(japanese_against(&bytes(text, set), set), None, "{set}: {text}");
            }
        }
    }
}
