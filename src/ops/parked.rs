//! Parked copies, patient by patient: who waits, since when, and for which answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::search::{self, Query, Row, SearchError, State};
use crate::config::Config;
use crate::store::history::{Decision, What};

/// Parked copies that are looked at: the newest ones.
const MOST: usize = 500;

/// A patient of whom copies are parked for a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Subscriber.
    pub subscriber: String,
    /// 10-digit code of the sending facility.
    pub facility: String,
    /// Stand-in of the patient; none where it is about nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Copies that wait.
    pub copies: u64,
    /// Since when the oldest of them is parked.
    pub since: jiff::Timestamp,
    /// What the subscriber answered, or why the hub lets it wait; none where it waits behind another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Attempts until it was parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Id of the message that is refused, or of the oldest that waits.
    pub message: String,
}

/// Which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Whose copies; all where nobody is named.
    pub subscriber: Option<String>,
    /// Facilities whose messages may be seen; all where nothing is said.
    pub facilities: Option<Vec<String>>,
}

/// Patients of whom copies are parked, those that wait longest first; of the newest copies where there are very many.
///
/// # Errors
/// If the history can't be read.
pub fn list(config: &Config, selection: &Selection) -> Result<Vec<Parked>, SearchError> {
    let query = Query {
        subscriber: selection.subscriber.clone(),
        facilities: selection.facilities.clone(),
        state: Some(State::Parked),
        most: Some(MOST),
        ..Query::default()
    };
    let mut patients = BTreeMap::new();
    for row in search::patiently(config, &query)?.rows {
        let Some((row, steps)) = search::message(config, &row.id)? else { continue };
        let patient = steps.iter().find_map(|step| match &step.what {
            What::Decided(Decision { patient, .. }) => patient.as_ref().map(|patient| patient.0.clone()),
            _ => None,
        });
        for step in steps {
            let What::Parked(fate) = step.what else { continue };
            if is_parked(&row, &fate.subscriber) && selection.means(&fate.subscriber) {
                let parked = Parked {
                    subscriber: fate.subscriber,
                    facility: row.facility.clone(),
                    patient: patient.clone(),
                    copies: 1,
                    since: step.at,
                    code: fate.code,
                    attempts: fate.attempts.filter(|attempts| *attempts > 0),
                    message: row.id.clone(),
                };
                add(&mut patients, parked);
            }
        }
    }
    let mut all: Vec<Parked> = patients.into_values().collect();
    all.sort_by_key(|parked| parked.since);
    Ok(all)
}

impl Selection {
    fn means(&self, subscriber: &str) -> bool {
        self.subscriber.as_deref().is_none_or(|wanted| wanted == subscriber)
    }
}

fn is_parked(row: &Row, subscriber: &str) -> bool {
    row.copies.iter().any(|copy| copy.subscriber == subscriber && copy.state == State::Parked)
}

/// Puts a copy to its patient: the one that is refused says why, the oldest since when.
fn add(patients: &mut BTreeMap<(String, String, Option<String>), Parked>, parked: Parked) {
    let key = (parked.subscriber.clone(), parked.facility.clone(), parked.patient.clone());
    let Some(known) = patients.get_mut(&key) else {
        patients.insert(key, parked);
        return;
    };
    let is_same = known.message == parked.message;
    let tells_why = parked.code.is_some() && (known.code.is_none() || parked.since <= known.since);
    if tells_why {
        (known.code, known.attempts) = (parked.code, parked.attempts);
        known.message = parked.message;
    }
    known.since = known.since.min(parked.since);
    known.copies += u64::from(!is_same);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(second: i64, code: Option<&str>, message: &str) -> Parked {
        Parked {
            subscriber: "lab".to_owned(),
            facility: "3210100018".to_owned(),
            patient: Some("p1".to_owned()),
            copies: 1,
            since: jiff::Timestamp::from_second(second).unwrap(),
            code: code.map(str::to_owned),
            attempts: None,
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_patient_is_one_line_with_the_answer_that_the_first_copy_got() {
        let mut patients = BTreeMap::new();
        for one in [parked(9, None, "c"), parked(5, Some("http-422"), "a"), parked(7, None, "b")] {
            add(&mut patients, one);
        }
        let all: Vec<_> = patients.into_values().collect();
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((one.copies, one.code.as_deref(), one.message.as_str()), (3, Some("http-422"), "a"));
        assert_eq!(one.since.as_second(), 5);
    }
}
