//! The number, range or titre in a value that is written as text: SS-MIX2 allows no SN.

use super::value::narrow;

/// What a text says as a number. All is absent where it says something else.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Amount {
    /// `<`, `<=`, `>`, `>=` before number or titre.
    pub(super) comparator: Option<&'static str>,
    /// `1.7`
    pub(super) number: Option<f64>,
    /// 1 of `1-5`.
    pub(super) low: Option<f64>,
    /// 5 of `1-5`.
    pub(super) high: Option<f64>,
    /// 64 of `1:64`, `×64`, `64倍`.
    pub(super) titre: Option<f64>,
}

/// Reads `1.7`, ` < 0.5`, `>=100`, `5以上`, `1-5`, `1:64`, `×64`. Full-width digits count: vendors write them where
/// a value is text.
pub(super) fn read(text: &str) -> Amount {
    let narrow = narrow(text);
    let (comparator, rest) = compared(narrow.trim());
    if let Some(number) = number(rest) {
        return Amount { comparator, number: Some(number), ..Amount::default() };
    }
    if let Some(titre) = titre(rest) {
        return Amount { comparator, titre: Some(titre), ..Amount::default() };
    }
    match range(rest) {
        Some((low, high)) if comparator.is_none() => {
            Amount { low: Some(low), high: Some(high), ..Amount::default() }
        }
        _ => Amount::default(),
    }
}

fn compared(text: &str) -> (Option<&'static str>, &str) {
    const SIGNS: [(&str, &str); 8] = [
        ("<=", "<="),
        (">=", ">="),
        ("≦", "<="),
        ("≧", ">="),
        ("≤", "<="),
        ("≥", ">="),
        ("<", "<"),
        (">", ">"),
    ];
    const WORDS: [(&str, &str); 3] = [("以上", ">="), ("以下", "<="), ("未満", "<")];
    let signed = SIGNS.into_iter().find_map(|(sign, meant)| Some((meant, text.strip_prefix(sign)?)));
    let worded = || WORDS.into_iter().find_map(|(word, meant)| Some((meant, text.strip_suffix(word)?)));
    match signed.or_else(worded) {
        Some((meant, rest)) => (Some(meant), rest.trim()),
        None => (None, text),
    }
}

/// A plain decimal number. `+1` is a grade, not a number.
fn number(text: &str) -> Option<f64> {
    unsigned(text.strip_prefix('-').unwrap_or(text)).and_then(|_| text.parse().ok())
}

fn unsigned(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && text.as_bytes().last().is_some_and(u8::is_ascii_digit);
    if is_plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

/// `1-5`, `1 - 5`, `1~5`: the smaller number first.
fn range(text: &str) -> Option<(f64, f64)> {
    let (low, high) = text.split_once(['-', '~', '〜'])?;
    let (low, high) = (unsigned(low.trim_end())?, unsigned(high.trim_start())?);
    (low < high).then_some((low, high))
}

/// `1:64`, `×64`, `x64`, `64倍`.
fn titre(text: &str) -> Option<f64> {
    let dilution = text.strip_prefix("1:").or_else(|| text.strip_prefix(['×', 'x', 'X', '*']));
    unsigned(dilution.or_else(|| text.strip_suffix('倍'))?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let Amount { comparator, number, low, high, titre } = read(text);
        let parts = [("", number), ("low ", low), ("high ", high), ("titre ", titre)];
        let said = parts.into_iter().filter_map(|(name, part)| Some(format!("{name}{}", part?)));
        let said: Vec<_> = comparator.map(str::to_owned).into_iter().chain(said).collect();
        assert_eq!(said.join(" "), expected, "{text}");
    }

    #[test]
    fn numbers_with_and_without_comparator() {
        check("1.7", "1.7");
        check(" < 0.5", "< 0.5");
        check("＜０．５", "< 0.5");
        check("≧100", ">= 100");
        check("5以上", ">= 5");
        check("10未満", "< 10");
        check("-3.2", "-3.2");
    }

    #[test]
    fn ranges_and_titres() {
        check("1-5", "low 1 high 5");
        check("5 ～ 9", "low 5 high 9");
        check("1:64", "titre 64");
        check("×64", "titre 64");
        check("<x8", "< titre 8");
        check("64倍", "titre 64");
    }

    #[test]
    fn what_is_no_amount_is_none() {
        let long = "9".repeat(400);
        for text in ["+1", "1+", "5-1", "2026-11-18", "A-1", "480×10^4", "1.", "", "-", "1:", &long] {
            check(text, "");
        }
    }
}
