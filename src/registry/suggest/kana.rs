//! One spelling for a name in kana, however a facility writes it.

/// The half-width kana from U+FF66 to U+FF9D, in full width.
const FULL: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
/// Kana that take a mark for voice; the voiced one is the next character.
const VOICED: &str = "カキクケコサシスセソタチツテトハヒフヘホ";
/// Kana that take a mark for half voice; the half-voiced one is the next but one.
const HALF_VOICED: &str = "ハヒフヘホ";
const HALF_FIRST: u32 = 0xff66;
/// From hiragana to katakana of the same sound.
const HIRAGANA_TO_KATAKANA: u32 = 0x60;

/// Katakana in full width without spaces and dots between names; small kana large, ヂ as ジ, ヅ as ズ, ヲ as オ: systems
/// differ in those.
pub(super) fn normal(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ﾞ' | '゛' | '\u{3099}' => voice(&mut name, 1),
            'ﾟ' | '゜' | '\u{309a}' => voice(&mut name, 2),
            '・' | '･' => {}
            c if c.is_whitespace() => {}
            c => name.push(full(c)),
        }
    }
    name.chars().map(plain).collect()
}

fn full(c: char) -> char {
    let half = u32::from(c).checked_sub(HALF_FIRST).and_then(|place| FULL.chars().nth(place as usize));
    match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + HIRAGANA_TO_KATAKANA).unwrap_or(c),
        'ｦ'..='ﾝ' => half.unwrap_or(c),
        c => c,
    }
}

/// Puts the mark behind a kana into it; one that takes no mark stays as it is.
fn voice(name: &mut String, by: u32) {
    let Some(last) = name.pop() else { return };
    let takes = if by == 1 { VOICED } else { HALF_VOICED }.contains(last);
    name.push(match last {
        'ウ' if by == 1 => 'ヴ',
        last if takes => char::from_u32(u32::from(last) + by).unwrap_or(last),
        last => last,
    });
}

fn plain(c: char) -> char {
    match c {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn however_it_is_written_it_is_one_name() {
        for name in [
            "ミヅシマ　ジュン",
            "ﾐｽﾞｼﾏ ｼﾞｭﾝ",
            "みずしま・ぢゅん",
            "ミズシマ ジユン",
            "ミス\u{3099}シマシ\u{3099}ュン",
        ] {
            assert_eq!(normal(name), "ミズシマジユン", "{name}");
        }
        assert_eq!(normal("ﾊﾟｳｴﾙ ｳﾞｨｸﾄﾘｱ"), "パウエルヴイクトリア");
        assert_eq!(normal("ﾞア゛ﾟ"), "ア");
    }
}
