//! Facilities that a message names by their code.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Place, Text};

/// A facility that a message names, and where.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FacilityCode<'m> {
    /// Where it stood.
    pub at: Place,
    /// 10-digit code: prefecture, 点数表, and seven digits.
    pub code: Text<'m>,
}

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
