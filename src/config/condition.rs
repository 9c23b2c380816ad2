//! `where`: conditions, checked against the schema of every kind that the route takes.

use super::constant;
use super::fields::{Lists, Scope, Shape, keys};
use super::node::{Node, Section};
use super::operator;
use super::reach::About;
use super::said::Said;
use super::tables::Tables;
use crate::envelope::Change;
use crate::route::{Condition, Each};

/// How deep conditions may lie in each other: more can't be read by people.
const DEPTH_MAX: usize = 16;

/// What the fields of a condition belong to.
#[derive(Clone)]
pub(super) struct Context<'s> {
    /// The object in the schema of each kind.
    pub(super) scopes: Vec<Scope<'s>>,
    /// The same of all kinds that have it, also of those that are not taken.
    pub(super) all: Vec<Scope<'s>>,
    pub(super) tables: &'s Tables,
    pub(super) depth: usize,
    /// Whether the object is an element of a list.
    pub(super) is_element: bool,
    /// The changes that the route takes; nothing where that is not known.
    pub(super) changes: Option<&'s [Change]>,
}

impl<'s> Context<'s> {
    /// What the field holds in each kind; nothing when a kind lacks it, which is reported.
    pub(super) fn shapes(&self, node: &Node<'_>) -> Option<Vec<Shape<'s>>> {
        let path = node.text()?;
        self.of_every_kind(node, |scope| scope.find(path, Lists::Stop).map(|field| field.shape))
    }

    /// The elements of a list, in each kind.
    fn elements(&self, node: &Node<'_>) -> Option<Self> {
        let path = node.text()?;
        let scopes = self.of_every_kind(node, |scope| {
            let field = scope.find(path, Lists::Stop)?;
            if field.shape != Shape::List {
                let (kind, found) = (scope.kind.as_str(), field.shape.describe());
                return Err(format!("\"{path}\" of {kind} is {found}, not a list").into());
            }
            field.inner.ok_or_else(|| format!("the elements of \"{path}\" have no fields").into())
        })?;
        Some(Self { scopes, all: self.elements_of_all(path), is_element: true, ..self.clone() })
    }

    fn elements_of_all(&self, path: &str) -> Vec<Scope<'s>> {
        self.all.iter().filter_map(|scope| scope.find(path, Lists::Stop).ok()?.inner).collect()
    }

    /// The same of a list that every kind is known to have.
    pub(super) fn of_elements(&self, list: &[Box<str>]) -> Option<Self> {
        let path = list.join(".");
        let scopes: Option<_> =
            self.scopes.iter().map(|scope| scope.find(&path, Lists::Stop).ok()?.inner).collect();
        Some(Self { scopes: scopes?, all: self.elements_of_all(&path), is_element: true, ..self.clone() })
    }

    /// The object of each kind.
    pub(super) fn about(&self) -> impl Iterator<Item = About<'s>> {
        let changes = self.changes.filter(|_| !self.is_element);
        self.scopes.iter().map(move |scope| About { scope: *scope, changes })
    }

    /// What is found in every kind. Where some have it not, the first says why, and the others are named.
    fn of_every_kind<T>(
        &self,
        node: &Node<'_>,
        find: impl Fn(Scope<'s>) -> Result<T, Said>,
    ) -> Option<Vec<T>> {
        let (mut found, mut fault, mut others) = (Vec::new(), None, Vec::new());
        for scope in &self.scopes {
            match find(*scope) {
                Ok(field) => found.push(field),
                Err(message) if fault.is_none() => fault = Some(message),
                Err(_) => others.push(scope.kind.as_str()),
            }
        }
        let Some(fault) = fault else { return Some(found) };
        let also = others.join(", ");
        let fault = if others.is_empty() {
            fault
        } else {
            fault.and(&format!("; nor is it in {also}"), &format!("。{also} にもありません"))
        };
        let elsewhere: Vec<_> = self.all.iter().filter(|scope| find(**scope).is_ok()).collect();
        node.refuse(self.pointing(fault, &elsewhere))
    }

    /// The fault, and of which kinds it is a field instead.
    fn pointing(&self, fault: Said, elsewhere: &[&Scope<'_>]) -> Said {
        let having: Vec<_> = elsewhere.iter().map(|scope| scope.kind.as_str()).collect();
        let mut asked = self.scopes.iter().map(|scope| scope.kind.as_str());
        let lacking = asked.find(|kind| !having.contains(kind)).filter(|_| !having.is_empty());
        let Some(lacking) = lacking else { return fault };
        let kinds = having.join(", ");
        let quoted = having.iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(", ");
        let page = format!("docs/subscribe/kinds/{lacking}.md");
        fault.and(&format!("; it is a field of {kinds}"), &format!("。{kinds} のフィールドです")).help(
            format!("ask for it in a route of its own, kinds = [{quoted}]; what {lacking} has: {page}"),
            format!("kinds = [{quoted}] の別の経路で使ってください。{lacking} のフィールド: {page}"),
        )
    }
}

/// Reads one condition.
pub(super) fn read(node: &Node<'_>, context: &Context<'_>) -> Option<Condition> {
    if context.depth > DEPTH_MAX {
        return node.refuse(format!("conditions lie more than {DEPTH_MAX} deep"));
    }
    let context = &Context { depth: context.depth + 1, ..context.clone() };
    let mut section = node.section()?;
    let condition = if section.has("field") {
        operator::read(&mut section, context)
    } else if section.has("every") {
        each(&mut section, "every", context)
    } else if section.has("any") {
        match section.take("any") {
            Some(list) if list.is_text() => each(&mut section, "any", context),
            Some(list) => parts(&list, context).map(Condition::Any),
            None => None,
        }
    } else if section.has("all") {
        section.take("all").and_then(|list| parts(&list, context)).map(Condition::All)
    } else if section.has("not") {
        let part = section.take("not").and_then(|part| read(&part, context));
        part.map(|part| Condition::Not(Box::new(part)))
    } else {
        forms(&mut section)
    };
    section.finish();
    constant::check(condition?, node, context)
}

/// Says what a condition may look like.
fn forms(section: &mut Section<'_>) -> Option<Condition> {
    for key in ["field", "all", "any", "every", "not"] {
        section.take(key);
    }
    section.node.refuse("a condition needs one of: field, all, any, every, not")
}

fn parts(node: &Node<'_>, context: &Context<'_>) -> Option<Vec<Condition>> {
    let parts: Vec<_> = node.full_list()?.iter().map(|part| read(part, context)).collect();
    parts.into_iter().collect()
}

/// `{ any = "results", all = [...] }`: about the elements of a list.
fn each(section: &mut Section<'_>, quantifier: &'static str, context: &Context<'_>) -> Option<Condition> {
    let list = section.take(quantifier)?;
    let elements = context.elements(&list);
    let conditions = section.require("all")?;
    let parts = parts(&conditions, &elements?)?;
    let name = list.text()?;
    let condition = Box::new(Condition::All(parts));
    Some(Condition::Each(Each {
        name: name.into(),
        list: keys(name),
        every: quantifier == "every",
        condition,
    }))
}
