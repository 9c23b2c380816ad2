//! The fields and messages of SS-MIX2, from two tables beside this file.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What SS-MIX2 says of a field for a data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// R
    Required,
    /// N
    NotUsed,
    /// RE, C and O: its absence tells nothing by itself.
    Other,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    /// Its Japanese name.
    pub(super) name: &'static str,
    /// HL7 data type; `*` for OBX-5, whose type stands in OBX-2.
    pub(super) hl7_type: &'static str,
    /// Longest length of one repetition, in characters.
    pub(super) length: usize,
    /// Data types that the table names.
    usages: Vec<(&'static str, Usage)>,
    /// All others.
    default: Usage,
}

impl Field {
    /// What holds for a data type. "Not used" holds only where the table names the data type: of others it knows
    /// nothing (OBX stands in the guideline's own sample of ADT-00).
    pub(super) fn usage(&self, data_type: &str) -> Usage {
        let named = self.usages.iter().find(|(named, _)| *named == data_type).map(|(_, usage)| *usage);
        named.unwrap_or(match self.default {
            Usage::NotUsed => Usage::Other,
            known => known,
        })
    }
}

/// A message.
#[derive(Debug)]
pub(super) struct MessageEntry {
    /// Where 診療日 comes from: segment and field; nothing where the folder is `-`.
    pub(super) care_date: Option<(&'static str, usize)>,
    /// The order of segments, a regular expression over their ids.
    pub(super) segments: &'static str,
}

static FIELDS: LazyLock<HashMap<&'static str, Vec<(usize, Field)>>> = LazyLock::new(|| {
    let mut fields: HashMap<_, Vec<_>> = HashMap::new();
    for line in rows(include_str!("fields.tsv")) {
        if let Some((segment, number, field)) = field(line) {
            fields.entry(segment).or_default().push((number, field));
        }
    }
    fields
});

static MESSAGES: LazyLock<HashMap<&'static str, MessageEntry>> = LazyLock::new(|| {
    let rows = rows(include_str!("messages.tsv"));
    let entry = |line: &'static str| {
        let mut cells = line.split('\t');
        let (message, date, segments) = (cells.next()?, cells.next()?, cells.next()?);
        Some((message, MessageEntry { care_date: address(date), segments }))
    };
    rows.filter_map(entry).collect()
});

/// The fields of a segment that SS-MIX2 describes, with their numbers.
pub(super) fn fields(segment: &str) -> &'static [(usize, Field)] {
    FIELDS.get(segment).map_or(&[], Vec::as_slice)
}

/// The entry of a message such as `ADT^A08`.
pub(super) fn message(code: &str) -> Option<&'static MessageEntry> {
    MESSAGES.get(code)
}

/// All messages.
#[cfg(test)]
pub(super) fn messages() -> impl Iterator<Item = (&'static str, &'static MessageEntry)> {
    MESSAGES.iter().map(|(code, entry)| (*code, entry))
}

/// The Japanese name of a field that SS-MIX2 describes.
pub fn field_name(segment: &str, number: usize) -> Option<&'static str> {
    fields(segment).iter().find(|(field, _)| *field == number).map(|(_, field)| field.name)
}

/// The lines below the heading.
fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#')).skip(1)
}

fn address(text: &'static str) -> Option<(&'static str, usize)> {
    let (segment, number) = text.split_once('-')?;
    Some((segment, number.parse().ok()?))
}

fn field(line: &'static str) -> Option<(&'static str, usize, Field)> {
    let cells: Vec<_> = line.split('\t').collect();
    let [at, name, hl7_type, length, options] = cells[..] else { return None };
    let (segment, number) = address(at)?;
    let mut usages: Vec<_> =
        options.split(';').filter_map(|option| option.split_once('=')).map(usage).collect();
    let default = usages.iter().position(|(data_type, _)| *data_type == "*").map(|at| usages.remove(at).1);
    let field = Field {
        name,
        hl7_type,
        length: length.parse().ok()?,
        usages,
        default: default.unwrap_or(Usage::Other),
    };
    Some((segment, number, field))
}

fn usage((data_type, option): (&'static str, &'static str)) -> (&'static str, Usage) {
    let usage = match option {
        "R" => Usage::Required,
        "N" => Usage::NotUsed,
        _ => Usage::Other,
    };
    (data_type, usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_tables_is_lost() {
        let fields: usize = FIELDS.values().map(Vec::len).sum();
        assert_eq!((fields, MESSAGES.len()), (rows(include_str!("fields.tsv")).count(), 31));
    }

    #[test]
    fn what_the_table_does_not_name_is_not_forbidden() {
        let field = |number| &fields("OBX").iter().find(|(at, _)| *at == number).unwrap().1;
        assert_eq!(field(11).usage("OML-11"), Usage::Required);
        assert_eq!(field(14).usage("OML-11"), Usage::NotUsed);
        assert_eq!(field(14).usage("ADT-00"), Usage::Other);
        assert_eq!(field_name("PID", 33), Some("最終更新日時"));
    }

    #[test]
    fn every_data_type_has_its_messages() {
        for entry in crate::data_type::ALL {
            for event in [Some(entry.message.1), entry.cancel].into_iter().flatten() {
                let code = format!("{}^{event}", entry.message.0);
                assert!(message(&code).is_some(), "{code}");
            }
        }
    }

    /// Two tables of different origin say the same.
    #[test]
    fn the_dictionary_agrees_with_the_table() {
        for (segment, fields) in FIELDS.iter() {
            for (number, field) in fields {
                let known = hl7v2::dictionary::field(segment, *number).map(|known| known.hl7_type);
                assert_eq!(known, Some(field.hl7_type), "{segment}-{number}");
            }
            let later =
                |entry: &&hl7v2::dictionary::Entry| entry.note != Some(hl7v2::dictionary::Note::Later);
            let named = (1..).map_while(|number| hl7v2::dictionary::field(segment, number)).filter(later);
            assert_eq!(Some(named.count()), super::super::shape::last_field(segment), "{segment}");
        }
        for hl7_type in ["TS", "CQ", "HD", "EI", "CWE", "CX", "XON", "PL", "RPT", "XTN", "XAD", "XPN", "XCN"]
        {
            let named = (1..).map_while(|number| hl7v2::dictionary::component(hl7_type, number));
            assert_eq!(Some(named.count()), super::super::shape::components(hl7_type), "{hl7_type}");
        }
    }
}
