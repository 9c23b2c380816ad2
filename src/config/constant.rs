//! Refuses conditions that are the same for every event.

use super::condition::Context;
use super::node::Node;
use super::reach::{About, Want, are_possible, is_possible};
use crate::route::{Condition, Operator};

/// Hands the condition back, unless no event or every event of all its kinds fulfils it: that is reported.
pub(super) fn check(condition: Condition, node: &Node<'_>, context: &Context<'_>) -> Option<Condition> {
    let about = |want: Want| context.about().any(|about| is_possible(&condition, want, about));
    if !about(Want::True) {
        return node.refuse(format!("this never holds{}", why_never(&condition, context)));
    }
    if !about(Want::NotTrue) && !is_presence(&condition, context) {
        return node
            .refuse(format!("this always holds{}: leave it out, or say more", why_always(&condition)));
    }
    Some(condition)
}

/// `{ any = "results", all = [{ field = "at", present = true }] }` is how a list that has an element is told.
fn is_presence(condition: &Condition, context: &Context<'_>) -> bool {
    let Condition::Compare(clause) = condition else { return false };
    context.is_element && clause.test.operator == Operator::Present(true)
}

fn why_never(condition: &Condition, context: &Context<'_>) -> String {
    match condition {
        Condition::All(parts) => {
            excluding(parts, context).unwrap_or_else(|| ": its parts exclude each other".into())
        }
        Condition::Any(_) => ": none of its parts can".into(),
        Condition::Not(_) => ": its part is never false".into(),
        Condition::Each(each) => {
            let Condition::All(parts) = &*each.condition else { return String::new() };
            let inner = context.of_elements(&each.list);
            let why = inner.and_then(|inner| excluding(parts, &inner));
            format!(" of any element of {}{}", each.name, why.unwrap_or_default())
        }
        Condition::Compare(clause) => {
            format!(": no value that the field can have fulfils \"{}\"", clause.text)
        }
        Condition::Lookup(clause) => {
            format!(": no row of table {} can match \"{}\"", clause.test.table().name, clause.text)
        }
    }
}

/// The first two parts that can't hold together.
fn excluding(parts: &[Condition], context: &Context<'_>) -> Option<String> {
    let excludes = |one: &Condition, other: &Condition| {
        !context.about().any(|about: About<'_>| are_possible([one, other], Want::True, about))
    };
    parts.iter().enumerate().find_map(|(at, part)| {
        let earlier = parts.iter().take(at).position(|earlier| excludes(earlier, part))?;
        let other = parts.get(earlier)?;
        Some(format!(": {} and {} exclude each other", told(other, earlier), told(part, at)))
    })
}

fn why_always(condition: &Condition) -> &'static str {
    match condition {
        Condition::Any(_) => ", as one of its parts always does",
        Condition::Not(_) => ", as its part is always false",
        Condition::Compare(_) | Condition::Lookup(_) => ", as the field always has such a value",
        Condition::All(_) | Condition::Each(_) => "",
    }
}

/// A part in words, or its place.
fn told(part: &Condition, at: usize) -> String {
    match part {
        Condition::Compare(clause) => format!("\"{}\"", clause.text),
        Condition::Lookup(clause) => format!("\"{}\"", clause.text),
        _ => format!("all[{}]", at + 1),
    }
}
