//! Lengths and forms of texts, as the specification counts them.

/// Bytes of a text where a full-width character is two: ASCII and half-width katakana are one.
pub(crate) fn bytes(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() || ('\u{FF61}'..='\u{FF9F}').contains(&c) { 1 } else { 2 }).sum()
}

/// `###-####`
pub(crate) fn is_postcode(text: &str) -> bool {
    let [first @ .., b'-', a, b, c, d] = text.as_bytes() else { return false };
    first.len() == 3 && first.iter().chain([a, b, c, d]).all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_is_two_bytes() {
        assert_eq!(bytes("架空市1-2ｶﾀ"), 11);
        assert_eq!(bytes(""), 0);
    }

    #[test]
    fn postcodes() {
        assert!(is_postcode("690-0887"));
        for wrong in ["", "-", "6900887", "690-088", "690-08877", "６９０-0887", "69-00887"] {
            assert!(!is_postcode(wrong), "{wrong}");
        }
    }
}
