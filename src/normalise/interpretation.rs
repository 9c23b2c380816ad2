//! Positive, negative or neither: the rules for qualitative values (NHO's conventions for SS-MIX2).

use super::value::narrow;
use crate::canonical::Interpretation::{self, Indeterminate, Negative, Positive};

/// Reads a qualitative value. `None` where the value is none (a number, a titre, free text).
///
/// A split kit reports several analytes in one value (`A(+)B(-)`): it is positive when one part is.
pub(super) fn of_value(value: &str) -> Option<Interpretation> {
    let value = narrow(value);
    let value: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    of_word(&value).or_else(|| of_split_kit(&value))
}

/// Reads an abnormal flag (HL7 table 0078).
pub(super) fn of_flag(flag: &str) -> Option<Interpretation> {
    match flag {
        "POS" => Some(Positive),
        "NEG" => Some(Negative),
        "IND" | "E" => Some(Indeterminate),
        _ => None,
    }
}

fn of_word(word: &str) -> Option<Interpretation> {
    let inner = word.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(word);
    match inner {
        "+" | "1+" | "2+" | "3+" | "4+" | "++" | "+++" | "++++" | "+1" | "+2" | "+3" | "+4" | "陽性"
        | "POS" | "POSITIVE" | "^+" | "検出" => Some(Positive),
        "-" | "陰性" | "NEG" | "NEGATIVE" | "^-" | "検出せず" | "ー" => Some(Negative),
        "±" | "+-" | "+/-" | "-+" | "疑陽性" | "擬陽性" | "判定保留" | "保留" | "再検" | "検体不良"
        | "判定不能" => Some(Indeterminate),
        _ => None,
    }
}

/// `A(+)B(-)`: parts in brackets, each after a name of its own.
fn of_split_kit(value: &str) -> Option<Interpretation> {
    let mut found = None;
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('(') {
        let (inner, after) = after.split_once(')')?;
        found = strongest(found, of_word(inner)?);
        rest = after;
    }
    found
}

fn strongest(found: Option<Interpretation>, next: Interpretation) -> Option<Interpretation> {
    match (found, next) {
        (Some(Positive), _) | (_, Positive) => Some(Positive),
        (Some(Indeterminate), _) | (_, Indeterminate) => Some(Indeterminate),
        _ => Some(Negative),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Option<Interpretation>) {
        for value in values {
            assert_eq!(of_value(value), expected, "{value}");
        }
    }

    #[test]
    fn positive_negative_and_neither() {
        check(&["+", "(+)", "（＋）", "陽性", "1+", " 2 +", "4＋", "POS", "^+", "陽性(+)"], Some(Positive));
        check(&["-", "(-)", "（－）", "陰性", "NEG", "−"], Some(Negative));
        check(&["±", "+-", "(±)", "判定保留", "再検", "検体不良"], Some(Indeterminate));
        check(&["1.7", "< 0.5", "x8", "", "コメント参照", "溶血(軽度)"], None);
    }

    #[test]
    fn a_split_kit_is_positive_when_one_part_is() {
        check(&["A(+)B(-)", "A（－）B（＋）", "A(+)B(±)"], Some(Positive));
        check(&["A(-)B(-)"], Some(Negative));
        check(&["A(-)B(±)"], Some(Indeterminate));
    }
}
