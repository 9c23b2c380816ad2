//! XML from outside: UTF-8, one root, no document type, no entities but the five, bounded depth. Nothing is kept but
//! what a visitor keeps.

use std::io::BufRead;

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// Longest path of element names, in bytes: `ClinicalDocument/recordTarget/…`.
const PATH_BYTES_MAX: usize = 4_096;

/// Why an XML file can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    /// It could be made to grow, or to fetch something.
    #[error("the XML has a document type declaration")]
    DocumentType,
    /// Not one of `lt`, `gt`, `amp`, `quot`, `apos`.
    #[error("the XML names an entity that is not predefined")]
    Entity,
    /// Not UTF-8.
    #[error("the XML is not UTF-8")]
    Encoding,
    /// More elements within elements than allowed.
    #[error("the XML nests too deeply")]
    Depth,
    /// No root, several, or text beside it.
    #[error("the XML has not exactly one root element")]
    Root,
    /// Anything else.
    #[error("the XML is not well-formed")]
    Malformed,
}

impl XmlError {
    /// Whether it is an attack rather than a mistake.
    pub(crate) const fn is_hostile(self) -> bool {
        matches!(self, Self::DocumentType | Self::Entity | Self::Depth)
    }
}

/// An element as it begins.
pub(crate) struct Element<'e> {
    /// Local names from the root: `index/sender/id`.
    pub(crate) path: &'e str,
    /// Namespace; empty where it has none.
    pub(crate) namespace: &'e str,
    start: &'e BytesStart<'e>,
}

impl Element<'_> {
    /// The value of an attribute without a prefix.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<String>, XmlError> {
        let Some(attribute) = self.start.try_get_attribute(name).map_err(|_| XmlError::Malformed)? else {
            return Ok(None);
        };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlError::Entity)?;
        Ok(Some(value.into_owned()))
    }
}

/// Takes what it needs of an XML file.
pub(crate) trait Visitor {
    /// An element begins.
    fn element(&mut self, element: &Element<'_>) -> Result<(), XmlError>;

    /// A piece of text directly in the element of that path.
    fn text(&mut self, _path: &str, _text: &str) {}

    /// The element of that path ends.
    fn end(&mut self, _path: &str) {}
}

/// Reads an XML file to its end.
pub(crate) fn walk(
    xml: &mut dyn BufRead,
    depth_max: usize,
    visitor: &mut dyn Visitor,
) -> Result<(), XmlError> {
    let mut reader = NsReader::from_reader(xml);
    reader.config_mut().check_end_names = true;
    let (mut path, mut depth, mut roots) = (String::new(), 0_usize, 0_usize);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let (namespace, event) =
            reader.read_resolved_event_into(&mut buffer).map_err(|error| XmlError::of(&error))?;
        let namespace = match &namespace {
            ResolveResult::Bound(namespace) => namespace.as_ref(),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return Err(XmlError::Malformed),
        };
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let length = path.len();
                enter(&mut path, start.local_name().as_ref())?;
                depth += 1;
                if depth > depth_max {
                    return Err(XmlError::Depth);
                }
                roots += usize::from(depth == 1);
                visitor.element(&Element { path: &path, namespace, start })?;
                if matches!(event, Event::Empty(_)) {
                    visitor.end(&path);
                    path.truncate(length);
                    depth -= 1;
                }
            }
            Event::End(_) => {
                visitor.end(&path);
                path.truncate(path.rfind('/').unwrap_or_default());
                depth = depth.checked_sub(1).ok_or(XmlError::Malformed)?;
            }
            Event::Text(text) => said(visitor, &path, depth, &text.xml10_content())?,
            Event::CData(text) => said(visitor, &path, depth, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let text = resolve(reference)?;
                said(visitor, &path, depth, text.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().map_err(|_| XmlError::Malformed)?;
                if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
                    return Err(XmlError::Encoding);
                }
            }
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof if depth == 0 && roots == 1 => return Ok(()),
            Event::Eof if depth == 0 => return Err(XmlError::Root),
            Event::Eof => return Err(XmlError::Malformed),
        }
    }
}

fn enter(path: &mut String, name: &str) -> Result<(), XmlError> {
    if path.len() + name.len() > PATH_BYTES_MAX {
        return Err(XmlError::Depth);
    }
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(name);
    Ok(())
}

fn said(visitor: &mut dyn Visitor, path: &str, depth: usize, text: &str) -> Result<(), XmlError> {
    if depth > 0 {
        visitor.text(path, text);
        return Ok(());
    }
    if text.trim().is_empty() { Ok(()) } else { Err(XmlError::Root) }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, XmlError> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| XmlError::Malformed)? {
        return Ok(character);
    }
    match reference.borrow().into_inner().as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(XmlError::Entity),
    }
}

impl XmlError {
    fn of(error: &quick_xml::Error) -> Self {
        match error {
            quick_xml::Error::Encoding(_) => Self::Encoding,
            _ => Self::Malformed,
        }
    }
}
