//! Another text of the same shape: a digit for a digit, a kanji for a kanji.

use blake3::{Hasher, OutputReader};

/// Of frequent kanji; they follow from no name.
const KANJI: &str = "愛圧案医育員院運営映英衛益液延応恩化可価加科果花課画解貝快械界絵街覚学額刊幹感慣観館岸願器希旗期機季紀規記起技義議客求球究級給居挙許漁魚競協強教橋業局曲極玉勤均禁銀句具空君軍型形景経敬芸劇結潔件健建権験元減現言限個固湖語護交光公功効厚向幸康校港考航講鉱刻谷黒骨根混査座再才採最材財坂作策昨察参散産算賛残司史士始市志支枝止死氏視試詞";
const HIRAGANA: &str =
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわ";
const KATAKANA: &str =
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ";
const HALF_WIDTH: &str = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜ";

/// Draws of the pool before its neighbours are tried.
const DRAWS: usize = 48;

/// Numbers that follow from a key and a text.
pub(super) struct Draw(OutputReader);

impl Draw {
    /// `salt` tells several of one text apart.
    pub(super) fn new(key: &[u8; 32], salt: u32, text: &str) -> Self {
        let mut hasher = Hasher::new_keyed(key);
        hasher.update(&salt.to_le_bytes()).update(text.as_bytes());
        Self(hasher.finalize_xof())
    }

    /// The next one, below `bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) % bound.max(1)
    }
}

/// Whether a stand-in is put in the place of a character; marks and blanks are shape.
pub(super) fn carries(character: char) -> bool {
    let mark = matches!(character, 'ー' | 'ｰ' | 'ﾞ' | 'ﾟ' | '゛' | '゜' | '■' | '〓');
    !mark && (character.is_alphanumeric() || is_private(character))
}

/// Characters of a facility's own (外字).
fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}')
}

/// Another character of the kind of one that [`carries`], for which `fits` holds.
pub(super) fn character(original: char, draw: &mut Draw, fits: &impl Fn(char) -> bool) -> Option<char> {
    let from =
        |first: char, count: u32| move |draw: &mut Draw| char::from_u32(u32::from(first) + draw.below(count));
    let of = |pool: &'static str| {
        move |draw: &mut Draw| {
            let count = u32::try_from(pool.len() / 3).unwrap_or(1);
            pool.chars().nth(draw.below(count) as usize)
        }
    };
    let mut drawn = |pool: &dyn Fn(&mut Draw) -> Option<char>| {
        (0..DRAWS).find_map(|_| pool(draw).filter(|found| fits(*found)))
    };
    let found = match original {
        '0'..='9' => drawn(&from('0', 10)),
        'A'..='Z' => drawn(&from('A', 26)),
        'a'..='z' => drawn(&from('a', 26)),
        '０'..='９' => drawn(&from('０', 10)),
        'Ａ'..='Ｚ' => drawn(&from('Ａ', 26)),
        'ａ'..='ｚ' => drawn(&from('ａ', 26)),
        'ぁ'..='ん' => drawn(&of(HIRAGANA)),
        'ァ'..='ヶ' => drawn(&of(KATAKANA)),
        'ｦ'..='ﾝ' => drawn(&of(HALF_WIDTH)),
        '々' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
            drawn(&of(KANJI))
        }
        _ => None,
    };
    found.or_else(|| neighbour(original, draw, fits))
}

/// How far neighbours are looked for.
const NEIGHBOURS: u32 = 0x800;

/// One of the same script: near in Unicode, and as much a letter of that case as the original.
fn neighbour(original: char, draw: &mut Draw, fits: &impl Fn(char) -> bool) -> Option<char> {
    let alike = |other: char| {
        other != original
            && !other.is_ascii()
            && other.is_uppercase() == original.is_uppercase()
            && other.is_lowercase() == original.is_lowercase()
            && other.is_numeric() == original.is_numeric()
            && carries(other)
    };
    let start = draw.below(64);
    let steps = (0..NEIGHBOURS).map(|step| step + start + 1);
    let near = steps.flat_map(|step| {
        let code = u32::from(original);
        [code.checked_add(step), code.checked_sub(step)].into_iter().flatten().filter_map(char::from_u32)
    });
    near.into_iter().find(|other| alike(*other) && fits(*other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_in(text: &str, salt: u32) -> String {
        let mut draw = Draw::new(&[7; 32], salt, text);
        let one = |c| if carries(c) { character(c, &mut draw, &|_| true).unwrap() } else { c };
        text.chars().map(one).collect()
    }

    #[test]
    fn shapes_stay() {
        let kind = |c: char| match c {
            '0'..='9' => 'd',
            'A'..='Z' => 'A',
            'a'..='z' => 'a',
            '０'..='９' => 'D',
            'ぁ'..='ん' => 'h',
            'ァ'..='ヶ' => 'k',
            'ｦ'..='ﾝ' => 'ｋ',
            '\u{4E00}'..='\u{9FFF}' => '漢',
            c if c.is_uppercase() => 'É',
            c if c.is_lowercase() => 'é',
            c => c,
        };
        let text = "山本 花子(やまもと) ヤマモト ﾔﾏﾓﾄﾞ No.12-3ａｂｃ４５ Müller ÉCOLE 〆■ー";
        let shape = |text: &str| text.chars().map(kind).filter(|c| !matches!(c, '〆')).collect::<String>();
        let other = stand_in(text, 0);
        assert_eq!(other.chars().count(), text.chars().count());
        let (before, after) = (shape(text), shape(&other));
        assert_eq!(before.chars().take(30).collect::<String>(), after.chars().take(30).collect::<String>());
        assert_eq!(other, stand_in(text, 0), "the same key and text give the same");
        assert_ne!(other, stand_in(text, 1));
    }

    #[test]
    fn every_kanji_of_the_pool_is_of_level_one_and_stands_once() {
        let mut pool: Vec<char> = KANJI.chars().collect();
        let count = pool.len();
        pool.sort_unstable();
        pool.dedup();
        assert_eq!((pool.len(), KANJI.len()), (count, 3 * count));
        for kanji in pool {
            let code =
                hl7v2::charset::encode(&kanji.to_string(), hl7v2::charset::Charset::Iso2022Jp).unwrap();
            assert!((0x30..0x50).contains(&code[3]), "{kanji}");
        }
    }
}
