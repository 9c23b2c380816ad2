//! Whether one rule lets more through than another, as far as their form alone shows it. What can't be shown counts as
//! wider.

use super::condition::Condition;
use super::disclose::Disclosure;
use super::filter::{Node, Part};
use super::transform::Transform;

impl Condition {
    /// Whether it is certain that whatever fulfils this condition fulfils the other one too. Tables are taken to be the
    /// same where they have the same name.
    pub fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            _ if self.is_same(other) => true,
            (_, Self::All(parts)) => parts.iter().all(|part| self.implies(part)),
            (Self::Any(parts), _) => parts.iter().all(|part| part.implies(other)),
            (Self::All(parts), _) if parts.iter().any(|part| part.implies(other)) => true,
            (_, Self::Any(parts)) => parts.iter().any(|part| self.implies(part)),
            (Self::Each(one), Self::Each(each)) => {
                one.name == each.name && one.every == each.every && one.condition.implies(&each.condition)
            }
            (Self::Not(one), Self::Not(part)) => part.implies(one),
            _ => false,
        }
    }

    /// Whether both are written alike.
    pub fn is_same(&self, other: &Self) -> bool {
        let alike = |one: &[Self], other: &[Self]| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same(other))
        };
        match (self, other) {
            (Self::All(one), Self::All(other)) | (Self::Any(one), Self::Any(other)) => alike(one, other),
            (Self::Not(one), Self::Not(other)) => one.is_same(other),
            (Self::Each(one), Self::Each(other)) => {
                one.name == other.name && one.every == other.every && one.condition.is_same(&other.condition)
            }
            (Self::Compare(one), Self::Compare(other)) => one.text == other.text && one.test == other.test,
            (Self::Lookup(one), Self::Lookup(other)) => one.text == other.text,
            _ => false,
        }
    }
}

impl Disclosure {
    /// The paths of what this disclosure lets out and the other one does not, or not as plainly.
    pub fn beyond(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        self.part.beyond(&other.part, "", &mut found);
        found
    }
}

impl Part {
    fn beyond(&self, other: &Self, path: &str, found: &mut Vec<String>) {
        if self.rest && !other.rest {
            found.push(below(path, "*"));
        }
        let fulfils = match (&self.only, &other.only) {
            (_, None) => true,
            (Some(one), Some(other)) => one.implies(other),
            (None, Some(_)) => false,
        };
        if !fulfils {
            found.push(below(path, "[]"));
        }
        let keys =
            self.fields.keys().chain(other.fields.keys().filter(|key| !self.fields.contains_key(*key)));
        for key in keys {
            if let Some(node) = self.allowed(key) {
                beyond(node, other.allowed(key), &below(path, key), found);
            }
        }
    }
}

fn beyond(node: &Node, other: Option<&Node>, path: &str, found: &mut Vec<String>) {
    match (node, other) {
        (_, Some(Node::All)) => {}
        (Node::Part(part), Some(Node::Part(other))) => part.beyond(other, path, found),
        (Node::All, Some(Node::Part(other))) => {
            Part { rest: true, ..Part::default() }.beyond(other, path, found);
        }
        (Node::Changed(one), Some(Node::Changed(other))) if !one.tells_more_than(other) => {}
        (Node::All | Node::Part(_) | Node::Changed(_), _) => found.push(path.to_owned()),
    }
}

impl Transform {
    fn tells_more_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Redact, _) | (Self::PostalArea, Self::PostalArea) => false,
            (Self::AgeBand(one), Self::AgeBand(other)) => one != other,
            (Self::Time(one), Self::Time(other)) => one.length() > other.length(),
            (Self::Area(one), Self::Area(other)) | (Self::Municipality(one), Self::Municipality(other)) => {
                one.table != other.table
            }
            (Self::Area(one), Self::Municipality(other)) => one.table != other.table,
            (Self::Pseudonym(one), Self::Pseudonym(other)) => one != other,
            _ => true,
        }
    }
}

fn below(path: &str, key: &str) -> String {
    match key {
        _ if path.is_empty() => key.to_owned(),
        "[]" => format!("{path}[]"),
        _ => format!("{path}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Clause, Each, Operator, Test, Unit, keys};
    use super::*;

    fn is(field: &str, present: bool) -> Condition {
        let test =
            Test { field: keys(field).map(Into::into).collect(), operator: Operator::Present(present) };
        Condition::Compare(Clause { text: format!("{field} present {present}"), test })
    }

    #[test]
    fn a_tighter_condition_implies_the_looser_one() {
        let (a, b) = (|| is("a", true), || is("b", true));
        let each = |condition| {
            let (name, list) = ("r".to_owned(), keys("r").map(Into::into).collect());
            Condition::Each(Each { name, list, every: false, condition: Box::new(condition) })
        };
        let both = || Condition::All(vec![a(), b()]);
        let either = || Condition::Any(vec![a(), b()]);
        for (tight, loose) in [
            (both(), a()),
            (a(), either()),
            (both(), either()),
            (each(both()), each(a())),
            (Condition::Not(Box::new(either())), Condition::Not(Box::new(a()))),
            (Condition::Any(vec![both(), both()]), b()),
        ] {
            assert!(tight.implies(&loose) && !loose.implies(&tight), "{tight:?} {loose:?}");
            assert!(tight.implies(&tight) && loose.implies(&loose));
        }
        assert!(!a().implies(&b()) && !a().implies(&is("a", false)));
    }

    #[test]
    fn what_one_disclosure_lets_out_beyond_another() {
        let of = |fields: &[&str]| Disclosure::new("d", fields.iter().copied());
        let check = |new: &Disclosure, old: &Disclosure, expected: &[&str]| {
            assert_eq!(new.beyond(old), expected);
        };
        let old = of(&["patient.id", "results.code"]);
        check(&old, &old, &[]);
        check(&of(&["patient.id"]), &old, &[]);
        check(&of(&["patient", "results.code"]), &old, &["patient.*"]);
        check(
            &of(&["patient.name", "results", "specimens"]),
            &old,
            &["patient.name", "results.*", "specimens"],
        );
        let year = of(&["patient.birth_date"]).changing("patient.birth_date", Transform::Time(Unit::Year));
        let month = of(&["patient.birth_date"]).changing("patient.birth_date", Transform::Time(Unit::Month));
        check(&of(&["patient.birth_date"]), &year, &["patient.birth_date"]);
        check(&month, &year, &["patient.birth_date"]);
        check(&year, &month, &[]);
        check(&of(&["patient"]), &month, &["patient.*", "patient.birth_date"]);
        let some = || of(&["results.code"]).only("results", is("a", true));
        check(&of(&["results.code"]), &some(), &["results[]"]);
        check(&some(), &of(&["results.code"]), &[]);
    }
}
