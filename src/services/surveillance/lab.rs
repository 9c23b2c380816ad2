//! Evidence from laboratories: the traps of qualitative values.
//!
//! A result is known by test and moment of the specimen, not by its order: a correction that comes as a message of its
//! own still finds what it corrects.

use super::disease::DiseaseId;
use super::event::{Data, TestResult};
use super::evidence::{Calendar, Evidence, Sort};
use super::table::{CodeRow, Tables, fits};

/// What a result says about the case that it is, or was, evidence of.
#[derive(Debug, PartialEq)]
pub(super) enum Finding {
    /// It is evidence of these diseases.
    Positive(Vec<Evidence>),
    /// It is none (any more).
    Withdrawn,
    /// It says nothing yet.
    Pending,
    /// It is positive, but does not say for which of several diseases.
    Undecided,
}

/// A result with what tells it from others of the patient.
pub(super) struct Result {
    pub(super) identity: String,
    pub(super) finding: Finding,
}

/// The results of an event that the table knows.
pub(super) fn read(data: &Data, facility: usize, calendar: &Calendar, tables: &Tables) -> Vec<Result> {
    let known = data.results.iter().filter_map(|result| Some((result, row(result, &tables.tests)?)));
    known.map(|(result, row)| one(data, result, row, (facility, calendar, tables))).collect()
}

fn row<'t>(result: &TestResult, rows: &'t [CodeRow]) -> Option<&'t CodeRow> {
    let code = &result.code;
    let parts = [&code.analyte, &code.identification, &code.material];
    let fit = |row: &&CodeRow| {
        let mut cells = row.patterns.iter().zip(parts);
        cells.all(|(cell, part)| fits(cell, part.as_deref().unwrap_or_default()))
    };
    rows.iter().find(fit)
}

fn one(
    data: &Data,
    result: &TestResult,
    row: &CodeRow,
    (facility, calendar, tables): (usize, &Calendar, &Tables),
) -> Result {
    let specimen = result.specimen.and_then(|number| data.specimens.get(number.checked_sub(1)?));
    let taken = specimen.and_then(|specimen| specimen.collected_at.as_ref()).or(result.observed_at.as_ref());
    let code = &result.code;
    let parts = [&code.analyte, &code.identification, &code.material, &code.result_id, &taken.cloned()];
    let identity = parts.map(|part| part.as_deref().unwrap_or_default()).join("\u{1f}");
    let finding = match (result.status.as_deref(), result.interpretation.as_deref()) {
        (Some("deleted" | "cancelled" | "wrong"), _) => Finding::Withdrawn,
        (Some("final" | "corrected"), Some("positive")) => {
            let date = calendar.day(taken).unwrap_or(calendar.sent);
            let evidence =
                |disease| Evidence { disease, sort: Sort::Lab, confirms: true, onset: None, date, facility };
            let diseases = diseases(result, row, tables);
            if diseases.is_empty() {
                Finding::Undecided
            } else {
                Finding::Positive(diseases.into_iter().map(evidence).collect())
            }
        }
        (Some("final" | "corrected"), _) => Finding::Withdrawn,
        _ => Finding::Pending,
    };
    Result { identity, finding }
}

/// What the result is evidence of. A kit for several diseases says in its value which is positive: `SARS(-)A(+)B(-)`;
/// or each has a result of its own, and the test's name tells.
fn diseases(result: &TestResult, row: &CodeRow, tables: &Tables) -> Vec<DiseaseId> {
    if !row.value_tells {
        return row.diseases.clone();
    }
    let parts = parts(&result.value.text);
    let named = |name: &str| {
        let mut among = row.diseases.iter().filter(|id| names(&tables.diseases.of(**id).word, name));
        among.next().copied().filter(|_| among.next().is_none())
    };
    if parts.is_empty() {
        return result.code.text.as_deref().and_then(named).into_iter().collect();
    }
    let mut found: Vec<_> =
        parts.iter().filter(|(_, positive)| *positive).filter_map(|(name, _)| named(name)).collect();
    found.dedup();
    found
}

/// Whether a part of a kit, or a test's name, names that disease.
fn names(disease: &str, name: &str) -> bool {
    let name = name.to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match disease {
        "covid19" => has(&["COV", "SARS", "コロナ", "ＳＡＲＳ", "ＣＯＶ"]),
        "influenza" => {
            has(&["FLU", "インフル", "ＦＬＵ"]) || matches!(name.as_str(), "A" | "B" | "Ａ" | "Ｂ")
        }
        _ => false,
    }
}

/// `A(+)B(-)`: names, and whether they are positive.
fn parts(value: &str) -> Vec<(String, bool)> {
    let narrow = value.replace('（', "(").replace('）', ")").replace('＋', "+");
    let mut parts = Vec::new();
    let mut rest = narrow.as_str();
    while let Some((name, after)) = rest.split_once('(') {
        let Some((inner, after)) = after.split_once(')') else { break };
        let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '、' | ':' | '/'));
        if !name.is_empty() {
            parts.push((name.to_owned(), matches!(inner.trim(), "+" | "1+" | "2+" | "3+" | "4+" | "陽性")));
        }
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_kit() {
        let told =
            |value| parts(value).into_iter().map(|(name, is)| format!("{name}{is}")).collect::<Vec<_>>();
        assert_eq!(told("SARS-CoV-2(-) A(+)B(-)"), ["SARS-CoV-2false", "Atrue", "Bfalse"]);
        assert_eq!(told("コロナ（＋）、インフル（－）"), ["コロナtrue", "インフルfalse"]);
        assert!(told("(+)").is_empty() && told("陽性").is_empty());
        assert!(names("influenza", "Flu A") && names("covid19", "SARS-CoV-2") && !names("covid19", "A"));
    }
}
