//! What is done with a part of a field: the class of the field, and what the part looks like.

use super::catalogue::{Class, is_part_code, is_public};
use super::moment::Moment;
use super::report::{Action, Reason};

/// A repetition taken apart: its components' subcomponents.
pub(super) type Parts<'t> = Vec<Vec<&'t str>>;

/// What is done, and why.
type Rule = (Action, Reason);

const fn kept(reason: Reason) -> Rule {
    (Action::Kept, reason)
}

const fn replaced(reason: Reason) -> Rule {
    (Action::Replaced, reason)
}

/// The rule for the subcomponent at `component` and `subcomponent` (from 1); `value_type` is OBX-2 of the segment.
pub(super) fn rule(
    class: Class,
    parts: &Parts<'_>,
    (component, subcomponent): (usize, usize),
    value_type: &str,
) -> Rule {
    let at = |component: usize, subcomponent: usize| {
        let part = component.checked_sub(1).and_then(|at| parts.get(at));
        part.and_then(|part| part.get(subcomponent.checked_sub(1)?)).copied().unwrap_or_default()
    };
    let text = at(component, subcomponent);
    if text == "\"\"" {
        return kept(Reason::Null);
    }
    // From the sixth component on stand the codes that say what kind of a name, number or address it is.
    let part = |first: usize, reason| {
        if component >= first && is_part_code(text) { kept(Reason::Code) } else { replaced(reason) }
    };
    match class {
        Class::Structure if is_word(text, 80) => kept(Reason::Structure),
        Class::Code if is_code(text) => kept(Reason::Code),
        Class::Number if is_number(text) => kept(Reason::Number),
        Class::Quantity if component == 1 && is_number(text) => kept(Reason::Number),
        Class::Moment if Moment::of(text).is_some() => (Action::Shifted, Reason::Moment),
        Class::Coded => coded(&at, component, subcomponent, parts.get(component - 1).map_or(0, Vec::len)),
        Class::Quantity => coded(&at, component, subcomponent, 3),
        Class::Value => rule(of_type(value_type), parts, (component, subcomponent), value_type),
        Class::Id => part(5, Reason::Id),
        Class::Name => part(6, Reason::Name),
        Class::Address => part(6, Reason::Address),
        Class::Phone => part(2, Reason::Phone),
        Class::Staff => part(8, Reason::Staff),
        Class::Place => part(5, Reason::Place),
        Class::Birth => replaced(Reason::Birth),
        Class::Organisation => replaced(Reason::Organisation),
        Class::Text => {
            replaced(if matches!(value_type, "ED" | "RP") { Reason::Document } else { Reason::Text })
        }
        Class::Structure | Class::Code | Class::Number | Class::Moment | Class::Unknown => {
            replaced(Reason::Unknown)
        }
    }
}

/// The class of a value in OBX-5.
fn of_type(value_type: &str) -> Class {
    match value_type {
        "NM" | "SI" | "SN" | "TM" => Class::Number,
        "CE" | "CWE" | "CNE" | "CF" => Class::Coded,
        "DT" | "TS" | "DTM" => Class::Moment,
        "CX" | "CK" | "EI" => Class::Id,
        "XPN" | "PN" => Class::Name,
        "XAD" | "AD" => Class::Address,
        "XTN" | "TN" => Class::Phone,
        "XCN" | "CN" => Class::Staff,
        _ => Class::Text,
    }
}

/// A coded entry: code, text, system, three more of the same, versions, the original text. It may stand in the
/// subcomponents of one component (TQ1-3.1, CQ.2).
fn coded<'t>(
    at: &impl Fn(usize, usize) -> &'t str,
    component: usize,
    subcomponent: usize,
    subcomponents: usize,
) -> Rule {
    let within = subcomponents > 1;
    let text = at(component, subcomponent);
    let number = if within { subcomponent } else { component };
    let system_of = |number: usize| if within { at(component, number) } else { at(number, 1) };
    let fine = match number {
        1 => is_plain(text, 32) && is_public(system_of(3)),
        4 => is_plain(text, 32) && is_public(system_of(6)),
        3 | 6 => {
            is_public(text) || text.strip_prefix("99").is_some_and(|rest| is_plain(rest, 6)) || text == "L"
        }
        _ => false,
    };
    if fine { kept(Reason::Code) } else { replaced(Reason::LocalCode) }
}

/// Graphic ASCII and blanks of at most so many characters: names of character sets have blanks.
fn is_word(text: &str, longest: usize) -> bool {
    text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// Graphic ASCII of at most so many characters.
fn is_plain(text: &str, longest: usize) -> bool {
    text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Long enough for a code of HL7 or of a department, too short for a name of somebody.
fn is_code(text: &str) -> bool {
    text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A number as results and ranges have it: `-1.5`, `<0.5`, `3.5-5.0`. Eight digits are a date or an id.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let dashes = text.bytes().filter(|byte| *byte == b'-').count();
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.,<>=/: ".contains(&byte);
    (1..=7).contains(&digits) && dashes <= 1 && text.len() <= 14 && text.bytes().all(plain)
        || is_comparison(text)
}

/// SN-1 and SN-3.
fn is_comparison(text: &str) -> bool {
    !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| b"<>=+-/:.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(class: Class, repetition: &str, value_type: &str, expected: &str) {
        let parts: Parts<'_> = repetition.split('^').map(|part| part.split('&').collect()).collect();
        let mut found = String::new();
        for (at, part) in parts.iter().enumerate() {
            for n in 0..part.len() {
                let (action, _) = rule(class, &parts, (at + 1, n + 1), value_type);
                found.push(match action {
                    Action::Kept => 'k',
                    Action::Shifted => 's',
                    Action::Replaced => 'r',
                });
            }
        }
        assert_eq!(found, expected, "{repetition}");
    }

    #[test]
    fn only_what_is_known_to_be_harmless_stays() {
        check(Class::Coded, "3A016^ALB^JC10^A1^ｱﾙﾌﾞﾐﾝ^99ZTI", "", "krkrrk");
        check(Class::Coded, "123^山本医師^L", "", "rrk");
        check(Class::Coded, "1013044400000000&内服&JAMISDP01", "", "krk");
        check(Class::Quantity, "1^TAB&錠&MR9P", "", "kkrk");
        check(Class::Name, "山本^花子^^^^^L^I", "", "rrrrrrkk");
        check(Class::Id, "0001^^^^PI", "", "rrrrk");
        check(Class::Code, "SUZUKI", "", "r");
        check(Class::Number, "090-1234-5678", "", "r");
        check(Class::Number, "3.5-5.0", "", "k");
        check(Class::Value, "5.4", "NM", "k");
        check(Class::Value, "12345678", "NM", "r");
        check(Class::Value, "<^0.5", "SN", "kk");
        check(Class::Value, "20261120", "DT", "s");
        check(Class::Value, "山本さん", "TX", "r");
        check(Class::Moment, "小学校低学年の頃", "", "r");
        check(Class::Unknown, "1", "", "r");
        check(Class::Structure, "山", "", "r");
        check(Class::Birth, "\"\"", "", "k");
    }
}
