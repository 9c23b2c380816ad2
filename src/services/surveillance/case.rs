//! Cases: the evidence of one person for one disease, cut into episodes.

use jiff::civil::Date;

use super::evidence::{Evidence, Sort, days_between};

/// A case: one person, one disease, one episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    /// When it happened: onset, else specimen, else diagnosis, else drug.
    pub(super) date: Date,
    /// Whether a test or an unsuspected diagnosis confirms it.
    pub(super) confirmed: bool,
    /// Which facility told it first.
    pub(super) facility: usize,
    /// Whether there is evidence of each sort: test, diagnosis, drug.
    pub(super) mix: [bool; 3],
}

/// Cuts evidence into episodes: evidence begins a new case only if more than `window_days` lie between it and the last
/// evidence before.
pub(super) fn episodes(mut evidence: Vec<Evidence>, window_days: u32) -> Vec<Case> {
    let window = i32::try_from(window_days).unwrap_or(i32::MAX);
    evidence.sort_by_key(|one| (one.date, one.sort, one.facility, one.onset, one.confirms));
    let mut episodes: Vec<Vec<Evidence>> = Vec::new();
    for one in evidence {
        let last = episodes.last_mut().filter(|episode| {
            episode.last().is_some_and(|before| days_between(before.date, one.date) <= window)
        });
        match last {
            Some(episode) => episode.push(one),
            None => episodes.push(vec![one]),
        }
    }
    episodes.iter().filter_map(|episode| case(episode)).collect()
}

fn case(episode: &[Evidence]) -> Option<Case> {
    let first = |sort| episode.iter().filter(|one| one.sort == sort).map(|one| one.date).min();
    let onset = episode.iter().filter_map(|one| one.onset).min();
    let date = onset.or_else(|| [Sort::Lab, Sort::Diagnosis, Sort::Drug].into_iter().find_map(first))?;
    let has = |sort| episode.iter().any(|one| one.sort == sort);
    Some(Case {
        date,
        confirmed: episode.iter().any(|one| one.confirms),
        facility: episode.first()?.facility,
        mix: [has(Sort::Lab), has(Sort::Diagnosis), has(Sort::Drug)],
    })
}
