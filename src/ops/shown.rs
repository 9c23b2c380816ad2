//! Characters that do something to whatever shows them, and what is shown in their place.

/// Whether a character moves, rings, recolours or hides: the control characters (C0, DEL, C1).
pub const fn controls(character: char) -> bool {
    matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// Whether a character turns the direction of the text around it (Unicode Standard Annex 9).
pub const fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// What is shown for a character: the symbol of a control character (U+2400 and on), U+FFFD where there is none.
pub fn symbol(character: char) -> char {
    match character {
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        other if controls(other) || turns(other) => '\u{fffd}',
        other => other,
    }
}

/// A text with symbols in the place of what does something; line ends and tabs stay.
pub fn harmless(text: &str) -> String {
    let one = |character| if matches!(character, '\n' | '\r' | '\t') { character } else { symbol(character) };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_something_is_a_symbol_and_the_rest_stays() {
        assert_eq!(
            harmless("a\u{1b}[31m\u{7}\u{7f}\u{9b}\u{202e}\u{2066}b"),
            "a␛[31m␇␡\u{fffd}\u{fffd}\u{fffd}b"
        );
        let plain = "MSH|^~\\&|\r\n\t架空 🏥 e\u{301}";
        assert_eq!(harmless(plain), plain);
    }
}
