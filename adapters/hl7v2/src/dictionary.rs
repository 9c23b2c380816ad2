//! Names of segments, fields and components, in English and Japanese.
//!
//! HL7 v2.5 as SS-MIX2 uses it, with the local segments of SS-MIX2 and JAHIS. The Japanese names are those that the
//! guidelines of JAHIS and SS-MIX2 use. The type CE is given as CWE, which has the same components and more.

use std::collections::HashMap;
use std::sync::LazyLock;

/// English and Japanese.
pub type Name = [&'static str; 2];

/// What a name says beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Kept for backward compatibility only.
    Deprecated,
    /// Must not be used.
    Withdrawn,
    /// Added after v2.5.
    Later,
    /// Defined by SS-MIX2 or JAHIS, not by HL7.
    Local,
}

impl Note {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "deprecated" => Self::Deprecated,
            "withdrawn" => Self::Withdrawn,
            "later" => Self::Later,
            "local" => Self::Local,
            _ => return None,
        })
    }

    /// A stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deprecated => "deprecated",
            Self::Withdrawn => "withdrawn",
            Self::Later => "later",
            Self::Local => "local",
        }
    }
}

/// A segment, a field or a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Data type; empty for a segment, `*` for OBX-5, whose type stands in OBX-2.
    pub hl7_type: &'static str,
    /// Its name.
    pub name: Name,
    /// What is to be said of it.
    pub note: Option<Note>,
}

type Parts = HashMap<&'static str, Vec<Entry>>;

static SEGMENTS: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let entry = |line: &'static str| {
        let mut cells = line.split('\t');
        let (id, en, ja) = (cells.next()?, cells.next()?, cells.next()?);
        let note = cells.next().and_then(Note::read);
        Some((id, Entry { hl7_type: "", name: [en, ja], note }))
    };
    rows(include_str!("dictionary/segments.tsv")).filter_map(entry).collect()
});
static FIELDS: LazyLock<Parts> = LazyLock::new(|| parts(include_str!("dictionary/fields.tsv")));
static COMPONENTS: LazyLock<Parts> = LazyLock::new(|| parts(include_str!("dictionary/components.tsv")));

/// The segment of that id, such as `PID`.
pub fn segment(id: &str) -> Option<&'static Entry> {
    SEGMENTS.get(id)
}

/// Field `number` of a segment, counted from 1.
pub fn field(segment: &str, number: usize) -> Option<&'static Entry> {
    part(&FIELDS, segment, number)
}

/// Component `number` of a data type, counted from 1. Types of one component have none.
pub fn component(hl7_type: &str, number: usize) -> Option<&'static Entry> {
    part(&COMPONENTS, if hl7_type == "CE" { "CWE" } else { hl7_type }, number)
}

fn part(parts: &'static Parts, whole: &str, number: usize) -> Option<&'static Entry> {
    parts.get(whole)?.get(number.checked_sub(1)?)
}

/// The lines below the heading.
fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// The rows of a table whose numbers are 1, 2, 3 … for each whole, which a test holds.
fn parts(table: &'static str) -> Parts {
    let mut parts = Parts::new();
    for line in rows(table) {
        if let [whole, _, hl7_type, en, ja, note] = line.split('\t').collect::<Vec<_>>()[..] {
            let entry = Entry { hl7_type, name: [en, ja], note: Note::read(note) };
            parts.entry(whole).or_default().push(entry);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_numbers_follow_each_other() {
        for (table, parts) in [
            (include_str!("dictionary/fields.tsv"), &FIELDS),
            (include_str!("dictionary/components.tsv"), &COMPONENTS),
        ] {
            let mut expected: HashMap<&str, usize> = HashMap::new();
            for row in rows(table) {
                let cells: Vec<_> = row.split('\t').collect();
                assert_eq!(cells.len(), 6, "{row}");
                assert!(cells[..5].iter().all(|cell| !cell.trim().is_empty()), "{row}");
                let number = expected.entry(cells[0]).or_default();
                *number += 1;
                assert_eq!(cells[1].parse(), Ok(*number), "{row}");
                assert!(cells[5].is_empty() || Note::read(cells[5]).is_some(), "{row}");
            }
            for (whole, count) in expected {
                assert_eq!(parts[whole].len(), count, "{whole}");
            }
        }
    }

    #[test]
    fn segments_and_fields_name_each_other() {
        let heads = rows(include_str!("dictionary/segments.tsv")).count();
        assert_eq!(SEGMENTS.len(), heads, "no segment stands there twice");
        assert_eq!(FIELDS.len(), heads);
        assert!(FIELDS.keys().all(|id| segment(id).is_some()));
    }

    #[test]
    fn types_are_simple_or_have_components() {
        let simple = ["*", "ST", "TX", "FT", "NM", "SI", "IS", "ID", "DT", "TM", "DTM", "GTS", "NA"];
        // Types of a single field each that no Japanese guideline uses.
        let unused = ["RMC", "PTA", "DDI", "OSD"];
        for entry in FIELDS.values().chain(COMPONENTS.values()).flatten() {
            let hl7_type = entry.hl7_type;
            let known = simple.contains(&hl7_type) || unused.contains(&hl7_type);
            assert!(known || component(hl7_type, 1).is_some(), "{hl7_type}");
        }
    }

    #[test]
    fn names_are_found_by_place() {
        let name = |segment, number| field(segment, number).map(|entry| (entry.hl7_type, entry.name));
        assert_eq!(name("PID", 5), Some(("XPN", ["Patient Name", "患者氏名"])));
        assert_eq!(name("OBX", 5), Some(("*", ["Observation Value", "検査値"])));
        assert_eq!(name("PID", 0), None);
        assert_eq!(name("PID", 99), None);
        assert_eq!(component("XPN", 1).map(|entry| entry.name), Some(["Family Name", "姓"]));
        assert_eq!(component("CE", 1), component("CWE", 1));
        assert_eq!(component("ST", 1), None);
        assert_eq!(field("PID", 2).and_then(|entry| entry.note), Some(Note::Deprecated));
        assert_eq!(field("MSA", 5).and_then(|entry| entry.note), Some(Note::Withdrawn));
        assert_eq!(field("OBX", 20).and_then(|entry| entry.note), Some(Note::Later));
        assert_eq!(segment("ZPR").and_then(|entry| entry.note), Some(Note::Local));
    }
}
