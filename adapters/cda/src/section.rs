//! The body: sections with their narrative as plain text, and the files that it refers to.

use roxmltree::Node;

use crate::document::{Attachment, ClinicalDocument, Finding, Section};
use crate::header::{attribute, child, code, id, is, organisation, text};

/// Sections of a document that are read.
const SECTIONS_MAX: usize = 500;
/// Bytes of all their texts together.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// References to files that are read.
const ATTACHMENTS_MAX: usize = 1_000;
/// 紹介先情報: to whom a referral goes.
const REFERRED_TO: &str = "910";

/// Adds the body's content to a document; what was left out.
pub(crate) fn read(root: Node<'_, '_>, document: &mut ClinicalDocument) -> Option<Finding> {
    let body = child(root, "component")?;
    let (mut left, mut cut) = (TEXT_BYTES_MAX, false);
    for node in body.descendants().filter(|node| is(*node, "section")) {
        if document.sections.len() >= SECTIONS_MAX {
            cut = true;
            break;
        }
        let section = section(node, left, &mut cut);
        left = left.saturating_sub(section.text.len());
        if section.code.as_ref().is_some_and(|code| code.code == REFERRED_TO) {
            add_recipients(document, &section);
        }
        document.sections.push(section);
    }
    document.attachments = attachments(body);
    cut.then_some(Finding {
        code: "document-cut",
        text: "the document has more text than an event holds: the rest is in its file",
    })
}

fn section(node: Node<'_, '_>, text_max: usize, cut: &mut bool) -> Section {
    let mut narrative = Narrative { text: String::new(), most: text_max, is_cut: false };
    if let Some(text) = child(node, "text") {
        narrative.add(text);
    }
    *cut |= narrative.is_cut;
    Section {
        code: child(node, "code").and_then(code),
        title: child(node, "title").and_then(text),
        text: narrative.text.trim().to_owned(),
        organisations: organisations(node),
    }
}

/// Organisations in the section's own entries and participants.
fn organisations(section: Node<'_, '_>) -> Vec<crate::Party> {
    let own = section.children().filter(|child| child.is_element() && !is(*child, "component"));
    let all = own.flat_map(|child| child.descendants());
    let named = all.filter(|node| node.is_element() && node.tag_name().name().ends_with("Organization"));
    named.map(organisation).filter(|party| !party.is_empty()).take(SECTIONS_MAX).collect()
}

fn add_recipients(document: &mut ClinicalDocument, section: &Section) {
    for party in &section.organisations {
        let is_known = |known: &crate::Party| {
            known == party
                || known.facility().is_some() && known.facility() == party.facility()
                || known.organisation.is_some() && known.organisation == party.organisation
        };
        if !document.recipients.iter().any(is_known) {
            document.recipients.push(party.clone());
        }
    }
}

/// Plain text of a narrative block.
struct Narrative {
    text: String,
    most: usize,
    is_cut: bool,
}

impl Narrative {
    /// The tree is no deeper than the guard let it be.
    fn add(&mut self, node: Node<'_, '_>) {
        if let Some(text) = node.text().filter(|_| node.is_text()) {
            self.words(text);
            return;
        }
        let name = node.tag_name().name();
        for child in node.children() {
            self.add(child);
        }
        match name {
            "br" | "paragraph" | "tr" | "item" | "list" | "table" | "caption" => self.end('\n'),
            "td" | "th" => self.end('\t'),
            _ => {}
        }
    }

    /// Runs of space are one.
    fn words(&mut self, text: &str) {
        for (index, word) in text.split([' ', '\n', '\r', '\t']).enumerate() {
            let has_space = index > 0 && !self.text.is_empty() && !self.text.ends_with([' ', '\n', '\t']);
            if self.text.len() + word.len() + 1 > self.most {
                self.is_cut = true;
                return;
            }
            if has_space {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }

    fn end(&mut self, mark: char) {
        let kept = self.text.trim_end_matches([' ', '\t']).len();
        self.text.truncate(kept);
        if !self.text.is_empty() && !self.text.ends_with('\n') && self.text.len() < self.most {
            self.text.push(mark);
        }
    }
}

/// References of multimedia, of external documents and of a body that is no XML.
fn attachments(body: Node<'_, '_>) -> Vec<Attachment> {
    let references = body.descendants().filter(|node| is(*node, "reference"));
    let references = references.filter_map(|node| {
        let within = node.parent_element()?;
        let media_type = attribute(within, "mediaType");
        let reference = attribute(node, "value").or_else(|| external(node))?;
        (!reference.starts_with('#')).then_some(Attachment { reference, media_type })
    });
    let mut found: Vec<Attachment> = Vec::new();
    for attachment in references.take(ATTACHMENTS_MAX) {
        if !found.contains(&attachment) {
            found.push(attachment);
        }
    }
    found
}

/// `reference/externalDocument/id`.
fn external(node: Node<'_, '_>) -> Option<String> {
    let document = node.children().find(|child| child.is_element())?;
    let id = id(child(document, "id")?);
    let name = if id.extension.is_empty() { id.root } else { id.extension };
    (!name.is_empty()).then_some(name)
}
