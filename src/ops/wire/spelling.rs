//! Other spellings of characters that SS-MIX2 forbids: the table that its implementers use (NHO module specification,
//! 1.3.4): half-width kana become full-width, and so on.

/// Half-width kana from U+FF61 on.
const FULL_WIDTH: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";
/// Circled numbers from U+2460 on: (1) to (20).
const CIRCLED: char = '①';
/// Roman numerals from U+2160 on.
const ROMAN: [&str; 10] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"];
/// Squared words and others.
const WORDS: [(char, &str); 24] = [
    ('㈱', "(株)"),
    ('㈲', "(有)"),
    ('㈹', "(代)"),
    ('№', "No."),
    ('℡', "TEL"),
    ('㎜', "mm"),
    ('㎝', "cm"),
    ('㎞', "km"),
    ('㎎', "mg"),
    ('㎏', "kg"),
    ('㏄', "cc"),
    ('㎡', "m2"),
    ('㍉', "ミリ"),
    ('㌔', "キロ"),
    ('㌢', "センチ"),
    ('㍍', "メートル"),
    ('㌘', "グラム"),
    ('㍑', "リットル"),
    ('㌃', "アール"),
    ('㌫', "パーセント"),
    ('µ', "μ"),
    ('髙', "高"),
    ('﨑', "崎"),
    ('¥', "￥"),
];

/// The same in characters of JIS X 0208; `None` where there is nothing of the kind.
pub(super) fn spelling(character: char) -> Option<String> {
    let behind = |first: char| u32::from(character).checked_sub(u32::from(first)).map(|at| at as usize);
    if let Some(text) = WORDS.iter().find(|(known, _)| *known == character).map(|(_, text)| text) {
        return Some((*text).to_owned());
    }
    if let Some(roman) = behind('Ⅰ').and_then(|at| ROMAN.get(at)) {
        return Some((*roman).to_owned());
    }
    if let Some(number) = behind(CIRCLED).filter(|at| *at < 20) {
        return Some(format!("({})", number + 1));
    }
    behind('\u{FF61}').and_then(|at| FULL_WIDTH.chars().nth(at)).map(String::from)
}

/// A half-width kana and a half-width voicing mark as one full-width kana.
pub(super) fn voiced(kana: char, mark: char) -> Option<char> {
    let wide = spelling(kana)?.chars().next()?;
    let behind = match (mark, wide) {
        ('ﾞ', 'ウ') => return Some('ヴ'),
        ('ﾞ', _) if "カキクケコサシスセソタチツテトハヒフヘホ".contains(wide) => 1,
        ('ﾟ', _) if "ハヒフヘホ".contains(wide) => 2,
        _ => return None,
    };
    char::from_u32(u32::from(wide) + behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voicing_mark_joins_its_kana() {
        for (kana, mark, one) in [('ｶ', 'ﾞ', 'ガ'), ('ﾎ', 'ﾟ', 'ポ'), ('ｳ', 'ﾞ', 'ヴ'), ('ﾊ', 'ﾞ', 'バ')]
        {
            assert_eq!(voiced(kana, mark), Some(one));
        }
        for (kana, mark) in [('ｱ', 'ﾞ'), ('ｶ', 'ﾟ'), ('A', 'ﾞ'), ('ｶ', 'ｶ')] {
            assert_eq!(voiced(kana, mark), None);
        }
    }

    #[test]
    fn each_is_spelled_as_the_field_does() {
        let spelled = |character| spelling(character);
        for (character, text) in [
            ('ｱ', "ア"),
            ('ﾟ', "゜"),
            ('｡', "。"),
            ('ﾝ', "ン"),
            ('①', "(1)"),
            ('⑳', "(20)"),
            ('Ⅲ', "III"),
            ('㈱', "(株)"),
        ] {
            assert_eq!(spelled(character).as_deref(), Some(text));
        }
        for character in ['ア', '山', 'Ⅺ', '㉑', '\u{FFA0}', '🏥'] {
            assert_eq!(spelled(character), None, "{character}");
        }
    }
}
