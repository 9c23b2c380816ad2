//! The clauses that a route is written with, each with its place, as an explanation names them.

use crate::canonical::Kind;
use crate::envelope::Change;
use crate::registry::Basis;

use super::{Condition, Route};

/// Which ways a clause can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// It can hold and not hold.
    Both,
    /// Only that it holds can be shown: a kind that the route names.
    Holds,
}

/// A clause of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenClause {
    /// Where in the route, without the numbers of elements: `where.any(results).all[1]`. The first part is a key of
    /// the route.
    pub place: String,
    /// The clause in words: `code.analyte is 5F399`. Holds expected values only, never a patient's.
    pub text: String,
    /// Which ways it can go.
    pub sides: Sides,
}

/// A place of an explanation without the numbers of a list's elements: the clause as it is written, not as it was tested.
pub fn static_place(place: &str) -> String {
    let mut parts = place.split(")[");
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        found.push(')');
        found.push_str(part.split_once(']').map_or("", |(_, rest)| rest));
    }
    found
}

impl Route {
    /// The clauses that decide what the route takes and who gets it: its kinds, where it does not take all; its changes,
    /// where they are not the usual three; its facilities; each comparison of its condition; the address; the basis,
    /// where it can be denied; what an invitation needs; and whether it takes what makes no sense.
    pub fn clauses(&self) -> Vec<WrittenClause> {
        let mut found = Vec::new();
        let mut add = |place: &str, text: String, sides| {
            found.push(WrittenClause { place: place.to_owned(), text, sides });
        };
        if self.kinds.len() < Kind::ALL.len() {
            self.kinds
                .iter()
                .for_each(|kind| add("kinds", format!("kind is {}", kind.as_str()), Sides::Holds));
        }
        if self.invalid {
            add("invalid", "a message that makes no sense".to_owned(), Sides::Holds);
        }
        let usual = [Change::Created, Change::Updated, Change::Deleted];
        let all = self.changes.len() > usual.len();
        if !all && !usual.iter().all(|change| self.changes.contains(change)) {
            let words: Vec<_> = self.changes.iter().map(|change| change.as_str()).collect();
            add("change", format!("change in {}", words.join(", ")), Sides::Both);
        }
        if let Some(codes) = &self.facilities {
            add("facilities", format!("facility in {}", codes.join(", ")), Sides::Both);
        }
        if let Some(condition) = &self.condition {
            comparisons(condition, "where", &mut |place, text| add(place, text.to_owned(), Sides::Both));
        }
        if !self.meeting_hosts.is_empty() {
            add("send", "a number, a day and a link to one of the meeting hosts".to_owned(), Sides::Both);
        }
        if let Some(address) = self.address {
            add("address", format!("address {}", address.as_str()), Sides::Both);
        }
        // Nobody asks the registry about the others.
        if !matches!(self.basis, Basis::Addressed | Basis::PublicDuty) {
            add("basis", format!("basis {}", self.basis.as_str()), Sides::Both);
        }
        found
    }
}

/// Every comparison of a condition, in the order of the text.
fn comparisons(condition: &Condition, place: &str, found: &mut dyn FnMut(&str, &str)) {
    let mut parts = |word: &str, parts: &[Condition]| {
        for (index, part) in parts.iter().enumerate() {
            comparisons(part, &format!("{place}.{word}[{}]", index + 1), found);
        }
    };
    match condition {
        Condition::All(all) => parts("all", all),
        Condition::Any(any) => parts("any", any),
        Condition::Not(part) => comparisons(part, &format!("{place}.not"), found),
        Condition::Each(each) => {
            let word = if each.every { "every" } else { "any" };
            let place = format!("{place}.{word}({})", each.name);
            match each.is_presence() {
                true => found(&place, &format!("{} has an element", each.name)),
                false => comparisons(&each.condition, &place, found),
            }
        }
        Condition::Compare(clause) => found(place, &clause.text),
        Condition::Lookup(clause) => found(place, &clause.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_clause_names_no_element() {
        for (tested, written) in [
            ("where", "where"),
            ("where.any(results)[3].all[1]", "where.any(results).all[1]"),
            (
                "where.any[2].all[1].every(a.b)[12].all[3].any(c)[1].not",
                "where.any[2].all[1].every(a.b).all[3].any(c).not",
            ),
            ("where.all[2]", "where.all[2]"),
        ] {
            assert_eq!(static_place(tested), written);
        }
    }
}
