//! What to do about a finding, a refusal or an odd byte.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::Inspection;

/// English and Japanese.
pub type Hint = [&'static str; 2];

static HINTS: LazyLock<HashMap<&'static str, Hint>> = LazyLock::new(|| {
    let rows = include_str!("hints.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
    let hint = |line: &'static str| {
        let mut cells = line.split('\t');
        Some((cells.next()?, [cells.next()?, cells.next()?]))
    };
    rows.filter_map(hint).collect()
});

/// What to do about that code.
pub fn hint(code: &str) -> Option<Hint> {
    HINTS.get(code).copied()
}

/// The hints to all codes of an inspection.
pub(super) fn hints(seen: &Inspection) -> BTreeMap<String, Hint> {
    let messages = || seen.messages.iter();
    let findings = messages().flat_map(|message| &message.findings).chain(&seen.findings);
    let refused = messages().filter_map(|message| message.refused.as_ref()).chain(&seen.refused);
    let odd = messages().filter_map(|message| message.charset.as_ref()).flat_map(|charset| &charset.odd);
    let codes = findings
        .map(|finding| finding.code.as_ref())
        .chain(refused.map(|fault| fault.code.as_str()))
        .chain(odd.map(|odd| odd.code));
    codes.filter_map(|code| Some((code.to_owned(), hint(code)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_hint_in_both_languages() {
        let rows = include_str!("hints.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
        for row in rows.clone() {
            let cells: Vec<_> = row.split('\t').collect();
            assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        }
        assert_eq!(HINTS.len(), rows.count(), "no code stands there twice");
    }

    /// Whatever the page on findings lists.
    #[test]
    fn every_documented_code_has_a_hint() {
        let page = include_str!("../../../docs/integrate/characters.md");
        let (_, findings) = page.split_once("## Findings").unwrap();
        let rows = findings.lines().filter(|line| line.starts_with("| `"));
        let codes = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(", "));
        let codes: Vec<_> = codes.map(|code| code.trim().trim_matches('`')).collect();
        assert!(codes.len() > 40, "{codes:?}");
        let without: Vec<_> = codes.iter().filter(|code| hint(code).is_none()).collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn every_oddity_has_a_hint() {
        for oddity in hl7v2::charset::Oddity::ALL {
            assert!(hint(oddity.as_str()).is_some(), "{}", oddity.as_str());
        }
    }
}
