//! `generalise`, `pseudonym` and `redact` of a `[[disclosure]]`: what becomes of a field that is not to leave as it is.

use std::sync::Arc;

use super::fields::Shape;
use super::node::{Node, Section};
use super::tables::Tables;
use crate::route::{Areas, Bands, Transform, Unit};

/// The table that knows which municipality lies in which area.
const AREAS: &str = "areas";

/// How a field is changed, before its table is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    AgeBand(Bands),
    Time(Unit),
    Area,
    Municipality,
    PostalArea,
    Pseudonym,
    Redact,
}

/// The words of `generalise`, in the order of the documentation.
pub(super) const WORDS: [(&str, Rule); 9] = [
    ("age-band", Rule::AgeBand(Bands::SENTINEL)),
    ("age-band-hospital", Rule::AgeBand(Bands::HOSPITAL)),
    ("age-band-5", Rule::AgeBand(Bands::FIVE_YEARS)),
    ("year", Rule::Time(Unit::Year)),
    ("month", Rule::Time(Unit::Month)),
    ("date", Rule::Time(Unit::Day)),
    ("area", Rule::Area),
    ("municipality", Rule::Municipality),
    ("postal-area", Rule::PostalArea),
];

/// The changes of a disclosure: field, rule, and where that stands.
pub(super) fn read<'d>(section: &mut Section<'d>) -> Option<Vec<(&'d str, Rule, Node<'d>)>> {
    let mut changes = Vec::new();
    let mut sound = true;
    if let Some(node) = section.take("generalise") {
        for (field, node) in node.section()?.entries() {
            match node.word(&WORDS) {
                Some(rule) => changes.push((field, rule, node)),
                None => sound = false,
            }
        }
    }
    for (key, rule) in [("pseudonym", Rule::Pseudonym), ("redact", Rule::Redact)] {
        let Some(node) = section.take(key) else { continue };
        for node in node.full_list()? {
            match node.text() {
                Some(field) => changes.push((field, rule, node)),
                None => sound = false,
            }
        }
    }
    sound.then_some(changes)
}

impl Rule {
    /// What is done with the field; nothing where the table of areas is missing or is none, which is reported.
    pub(super) fn transform(self, field: &str, node: &Node<'_>, tables: &Tables) -> Option<Transform> {
        let areas = || {
            let Some(table) = tables.get(AREAS) else {
                return node
                    .refuse(format!("this needs tables/{AREAS}.tsv: which municipality lies in which area"));
            };
            let areas = Areas::new(Arc::clone(table)).map(Arc::new);
            areas.or_else(|| {
                node.refuse(format!("tables/{AREAS}.tsv needs the columns {}", Areas::COLUMNS.join(", ")))
            })
        };
        Some(match self {
            Self::AgeBand(bands) => Transform::AgeBand(bands),
            Self::Time(unit) => Transform::Time(unit),
            Self::Area => Transform::Area(areas()?),
            Self::Municipality => Transform::Municipality(areas()?),
            Self::PostalArea => Transform::PostalArea,
            Self::Pseudonym => Transform::Pseudonym(field.into()),
            Self::Redact => Transform::Redact,
        })
    }

    /// Why the rule is not about such a field.
    pub(super) fn misfit(self, path: &str, shape: &Shape<'_>) -> Option<String> {
        let needs = match self {
            Self::AgeBand(_) if path.rsplit('.').next() != Some("birth_date") => {
                return Some(format!("an age band is told of a birth_date: \"{path}\" is none"));
            }
            Self::AgeBand(_) | Self::Time(_) => Shape::Time,
            Self::Area | Self::Municipality | Self::PostalArea | Self::Pseudonym | Self::Redact => {
                Shape::Text
            }
        };
        let found = shape.describe();
        (*shape != needs)
            .then(|| format!("this is possible for {} only: \"{path}\" is {found}", needs.describe()))
    }
}
