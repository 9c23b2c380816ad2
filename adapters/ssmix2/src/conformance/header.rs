//! MSH: what the message says of itself.

use hl7v2::{Field, Message};

use super::Expected;
use super::findings::Findings;
use super::place::Place;
use super::rule::{self, Rule};
use super::shape;

/// MSH-9.2.
pub(super) fn event(message: &Message) -> String {
    message.segment("MSH").map(|msh| msh.field(9).component(2).value().into_owned()).unwrap_or_default()
}

/// MSH-9.1 and 9.2, such as `ADT^A08`.
pub(super) fn code(message: &Message) -> String {
    let code = message.segment("MSH").map(|msh| msh.field(9).component(1).value().into_owned());
    format!("{}^{}", code.unwrap_or_default(), event(message))
}

pub(super) fn check(message: &Message, expected: &Expected<'_>, findings: &mut Findings) {
    let Some(msh) = message.segment("MSH") else { return };
    let mut tell = |rule: &'static Rule, number: usize, detail: &str| {
        findings.add(rule, Place::segment(&msh).field(number), 1, detail.to_owned());
    };
    let code = code(message);
    if let Some(entry) = expected.entry {
        let (family, event) = entry.message;
        let wanted: Vec<_> = [Some(event), entry.cancel]
            .into_iter()
            .flatten()
            .map(|event| format!("{family}^{event}"))
            .collect();
        if !wanted.contains(&code) {
            // Only a code that the specification knows is told: anything else may be anything.
            let found = super::catalogue::message(&code).map_or("?", |_| code.as_str());
            tell(&rule::MESSAGE_TYPE, 9, &format!("{found} ≠ {}", wanted.join(", ")));
        }
    }
    if let Some(wanted) = shape::structure(&code) {
        let found = msh.field(9).component(3);
        if found.value() != wanted {
            tell(&rule::MESSAGE_STRUCTURE, 9, wanted);
        }
    }
    let differs = |field: Field<'_>, wanted: &str| !field.is_empty() && field.raw() != wanted;
    if differs(msh.field(18), "~ISO IR87") {
        tell(&rule::CHARSET_DECLARED, 18, "~ISO IR87");
    }
    if differs(msh.field(20), "ISO 2022-1994") {
        tell(&rule::CHARSET_HANDLING, 20, "ISO 2022-1994");
    }
    let version = msh.field(12).component(1);
    if !version.is_empty() && version.raw() != "2.5" {
        tell(&rule::VERSION, 12, "2.5");
    }
}
