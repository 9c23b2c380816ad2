//! The 10-digit code of a facility (医療機関コード).

/// What is said of a code that is none.
pub const NOT_A_FACILITY_CODE: &str = "is not a facility code: 10 digits, first the prefecture (01 to 47), then 1 \
                                       medical, 3 dental, 4 pharmacy, 6 home nursing or 7, then 7 digits";

/// Whether a text looks like a facility's code: ten digits, of which the first two are a prefecture (01 to 47) and the
/// third its 点数表 (1 medical, 3 dental, 4 pharmacy, 6 home nursing, 7 others).
pub fn is_facility_code(text: &str) -> bool {
    let [tens, ones, table, rest @ ..] = text.as_bytes() else { return false };
    let digits = [tens, ones, table].into_iter().chain(rest).all(u8::is_ascii_digit);
    let prefecture = (tens.wrapping_sub(b'0')).wrapping_mul(10).wrapping_add(ones.wrapping_sub(b'0'));
    digits
        && rest.len() == 7
        && (1..=47).contains(&prefecture)
        && matches!(table, b'1' | b'3' | b'4' | b'6' | b'7')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_prefecture_and_a_table() {
        for code in ["3210200024", "0110000000", "4740000009", "3260000001"] {
            assert!(is_facility_code(code), "{code}");
        }
        for text in ["", "321020002", "32102000241", "0010200024", "4810200024", "3200200024", "32102０0024"]
        {
            assert!(!is_facility_code(text), "{text}");
        }
    }
}
