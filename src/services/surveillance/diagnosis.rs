//! Evidence from diagnoses. A list of diagnoses is a snapshot: what is new is told by comparing it with the list before.

use super::disease::Needs;
use super::event::{Data, Problem};
use super::evidence::{Calendar, Evidence, Sort};
use super::table::{Tables, fits};

/// A diagnosis that began or was made so many days before the list was sent may be a new one.
pub(super) const NEW_WITHIN_DAYS: i32 = 28;

/// A diagnosis of a list.
pub(super) struct Listed {
    /// What tells it from others of the patient, from list to list.
    pub(super) identity: String,
    /// Whether it is so recent that it counts, if it was not on the list before.
    pub(super) is_recent: bool,
    /// Whether this list takes it back.
    pub(super) is_deleted: bool,
    /// Whether the illness has ended: it may leave the list without being wrong.
    pub(super) has_ended: bool,
    pub(super) evidence: Vec<Evidence>,
    /// Whether its code is known, but not what else it needs.
    pub(super) is_undecided: bool,
}

/// The diagnoses of an event that the table knows.
pub(super) fn read(data: &Data, facility: usize, calendar: &Calendar, tables: &Tables) -> Vec<Listed> {
    data.problems.iter().map(|problem| one(data, problem, facility, calendar, tables)).collect()
}

fn one(data: &Data, problem: &Problem, facility: usize, calendar: &Calendar, tables: &Tables) -> Listed {
    let (diagnosed, onset) =
        (calendar.day(problem.diagnosed_at.as_ref()), calendar.day(problem.onset_at.as_ref()));
    let is_added = problem.action.as_deref() == Some("AD");
    let date = diagnosed.or(onset).or(is_added.then_some(calendar.sent));
    let is_recent =
        [diagnosed, onset].into_iter().flatten().any(|day| calendar.is_within(NEW_WITHIN_DAYS, day));
    let undated = diagnosed.is_none() && onset.is_none();
    let evidence = |disease| Evidence {
        disease,
        sort: Sort::Diagnosis,
        confirms: !problem.suspected,
        onset,
        date: date.unwrap_or(calendar.sent),
        facility,
    };
    let icd10 = problem.icd10.as_deref().unwrap_or_default();
    let rows = tables.icd10.iter().filter(|row| row.patterns.iter().any(|cell| fits(cell, icd10)));
    let diseases: Vec<_> = rows.flat_map(|row| row.diseases.iter().copied()).collect();
    let (sure, unsure): (Vec<_>, Vec<_>) =
        diseases.into_iter().partition(|disease| fulfils(&tables.diseases.of(*disease).needs, problem, data));
    let is_named = |needs: &Needs| matches!(needs, Needs::Name(_));
    Listed {
        identity: identity(problem),
        is_recent: is_recent || (undated && is_added),
        is_deleted: problem.action.as_deref() == Some("DE"),
        has_ended: problem.resolved_at.is_some() || problem.outcome.is_some(),
        is_undecided: unsure.iter().any(|disease| is_named(&tables.diseases.of(*disease).needs)),
        evidence: sure.into_iter().map(evidence).collect(),
    }
}

/// PRB-4; where it is missing, what the diagnosis is and when it was made.
fn identity(problem: &Problem) -> String {
    problem.instance.clone().unwrap_or_else(|| {
        let parts = [&problem.icd10, &problem.disease.code, &problem.diagnosed_at];
        parts.map(|part| part.as_deref().unwrap_or_default()).join("\u{1f}")
    })
}

fn fulfils(needs: &Needs, problem: &Problem, data: &Data) -> bool {
    match needs {
        Needs::Nothing => true,
        Needs::Inpatient => data.visit.class.as_deref() == Some("inpatient"),
        Needs::Name(names) => {
            let name = problem.disease.text.as_deref().unwrap_or_default();
            names.iter().any(|one| name.contains(one.as_str()))
        }
    }
}
