//! OBX of a reading or a document: words and files, rather than values.

use std::borrow::Cow;

use hl7v2::Segment;

use super::coverage::Read;
use super::reader::Reader;
use crate::canonical::{Party, Practitioner, Section, Text};

/// Whether an OBX holds words.
pub(super) fn is_text(obx: Segment<'_>) -> bool {
    matches!(obx.field(2).value().as_ref(), "TX" | "FT" | "ST" | "")
}

/// The section that an OBX makes, unless it is an empty line. Of a code only its text has a place.
pub(super) fn section<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Section<'m>> {
    reader.mark(obx, 2, Read::FIRST);
    let text = match obx.field(2).value().as_ref() {
        "CE" | "CWE" | "CNE" | "CF" => reader.component(obx, 5, 2).or_else(|| reader.component(obx, 5, 1)),
        "RP" | "HD" | "EI" | "CX" | "XCN" | "XPN" | "XON" | "XAD" | "XTN" => reader.text(obx, 5),
        _ => reader.whole(obx, 5),
    };
    let (code, title) = (reader.component(obx, 3, 1), reader.component(obx, 3, 2));
    (code.is_some() || title.is_some() || text.is_some()).then_some(Section { code, title, text })
}

/// A practitioner as a party.
pub(super) fn party(practitioner: Practitioner<'_>) -> Party<'_> {
    let Practitioner { id, family, given, .. } = practitioner;
    Party { id, name: name(family, given), ..Party::default() }
}

/// Family and given name as one text.
pub(super) fn name<'m>(family: Option<Text<'m>>, given: Option<Text<'m>>) -> Option<Text<'m>> {
    match (family, given) {
        (Some(family), Some(given)) => Some(Cow::Owned(format!("{family} {given}"))),
        (family, given) => family.or(given),
    }
}
