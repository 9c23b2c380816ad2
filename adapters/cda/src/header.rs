//! The header: what the document is, whom it is about, who wrote it, to whom it goes.

use roxmltree::Node;

use crate::HL7_V3;
use crate::document::{ClinicalDocument, Code, Id, Party, Patient, PersonName, Related};

/// The header of a document; sections are not read.
pub(crate) fn read(root: Node<'_, '_>) -> ClinicalDocument {
    ClinicalDocument {
        id: child(root, "id").map(id),
        code: child(root, "code").and_then(code),
        title: child(root, "title").and_then(text),
        effective_time: child(root, "effectiveTime").and_then(|time| attribute(time, "value")),
        confidentiality: child(root, "confidentialityCode").and_then(|code| attribute(code, "code")),
        set_id: child(root, "setId").map(id),
        version: child(root, "versionNumber").and_then(|version| attribute(version, "value")),
        related: children(root, "relatedDocument").filter_map(related).collect(),
        patient: path(root, &["recordTarget", "patientRole"]).map(patient),
        authors: children(root, "author")
            .filter_map(|author| child(author, "assignedAuthor"))
            .map(party)
            .collect(),
        custodian: path(root, &["custodian", "assignedCustodian", "representedCustodianOrganization"])
            .map(organisation),
        recipients: children(root, "informationRecipient")
            .filter_map(|recipient| child(recipient, "intendedRecipient"))
            .map(party)
            .collect(),
        signed_by: path(root, &["legalAuthenticator", "assignedEntity"]).map(party),
        ..ClinicalDocument::default()
    }
}

fn related(node: Node<'_, '_>) -> Option<Related> {
    let parent = child(node, "parentDocument").and_then(|parent| child(parent, "id"))?;
    Some(Related { relation: attribute(node, "typeCode").unwrap_or_default(), id: id(parent) })
}

fn patient(role: Node<'_, '_>) -> Patient {
    let person = child(role, "patient");
    let of_person = |name: &str| person.and_then(|person| child(person, name));
    Patient {
        ids: children(role, "id").map(id).collect(),
        names: person.into_iter().flat_map(|person| children(person, "name")).map(name).collect(),
        birth: of_person("birthTime").and_then(|time| attribute(time, "value")),
        sex: of_person("administrativeGenderCode").and_then(|code| attribute(code, "code")),
    }
}

fn name(node: Node<'_, '_>) -> PersonName {
    let family = child(node, "family").and_then(text);
    let given = child(node, "given").and_then(text);
    let whole = if family.is_none() && given.is_none() { text(node) } else { None };
    PersonName { uses: attribute(node, "use").unwrap_or_default(), family, given, text: whole }
}

/// A role with a person (`assignedPerson`, `informationRecipient`) and an organisation.
fn party(role: Node<'_, '_>) -> Party {
    let person = ["assignedPerson", "informationRecipient"].into_iter().find_map(|name| child(role, name));
    let of =
        ["representedOrganization", "receivedOrganization"].into_iter().find_map(|name| child(role, name));
    let organisation = of.map(organisation).unwrap_or_default();
    Party {
        ids: children(role, "id").map(id).collect(),
        name: person.and_then(|person| child(person, "name")).and_then(full_name),
        ..organisation
    }
}

/// An organisation with its ids and name.
pub(crate) fn organisation(node: Node<'_, '_>) -> Party {
    Party {
        organisation_ids: children(node, "id").map(id).collect(),
        organisation: child(node, "name").and_then(text),
        ..Party::default()
    }
}

/// Family and given name with a space between, or the whole.
fn full_name(node: Node<'_, '_>) -> Option<String> {
    let PersonName { family, given, text, .. } = name(node);
    match (family, given) {
        (Some(family), Some(given)) => Some(format!("{family} {given}")),
        (family, given) => family.or(given).or(text),
    }
}

pub(crate) fn id(node: Node<'_, '_>) -> Id {
    let part = |name| attribute(node, name).unwrap_or_default();
    Id { root: part("root"), extension: part("extension") }
}

pub(crate) fn code(node: Node<'_, '_>) -> Option<Code> {
    let system = attribute(node, "codeSystem").unwrap_or_default();
    let name = attribute(node, "displayName");
    attribute(node, "code").map(|code| Code { code, system, name })
}

/// The first child of that name.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| is(*child, name))
}

/// The children of that name.
pub(crate) fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| is(*child, name))
}

/// Whether it is an element of CDA of that name.
pub(crate) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(HL7_V3)
}

fn path<'a, 'i>(node: Node<'a, 'i>, names: &[&str]) -> Option<Node<'a, 'i>> {
    names.iter().try_fold(node, |node, name| child(node, name))
}

pub(crate) fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// All text in an element; none where there is only space.
pub(crate) fn text(node: Node<'_, '_>) -> Option<String> {
    let texts = node.descendants().filter(Node::is_text).filter_map(|text| text.text());
    let text: String = texts.collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
