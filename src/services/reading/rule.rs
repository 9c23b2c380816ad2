//! What counts as remote reading: SS-MIX2 does not say it, so each facility has its rule.
//!
//! ```toml
//! version = 1
//! [sla_minutes]
//! stat = 60
//! [[facility]]
//! code        = "3210700019"
//! departments = ["50"]
//! places      = { "ORC-4" = ["REMOTE"] }
//! retrieve    = "https://pacs.example.jp/wado/studies/{study_uid}"
//! ```

use std::collections::BTreeMap;

use jiff::civil::Time;
use serde::Deserialize;

use super::content::Content;
use super::worklist::Priority;

/// The file of rules can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It is no TOML, or a key is unknown.
    #[error("the rules can't be read")]
    Syntax(#[from] toml::de::Error),
    /// Written for another version of the hub.
    #[error("the rules are of version {0}; this hub reads version 1")]
    Version(u32),
    /// Two rules for one facility.
    #[error("there are two rules for facility {0}")]
    Twice(String),
}

/// The rules of all facilities, and the times of the desk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    version: u32,
    /// After how many minutes a request that nobody reported is late.
    #[serde(default)]
    pub(super) sla_minutes: Sla,
    /// When it is night.
    #[serde(default)]
    night: Night,
    #[serde(default)]
    facility: Vec<Rule>,
    /// Without a file of rules all that reaches the desk is to be read: the route is the rule.
    #[serde(skip)]
    takes_all: bool,
}

/// Minutes by priority.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sla {
    stat: u32,
    asap: u32,
    routine: u32,
}

impl Default for Sla {
    fn default() -> Self {
        Self { stat: 60, asap: 4 * 60, routine: 24 * 60 }
    }
}

impl Sla {
    pub(super) const fn of(self, priority: Priority) -> u32 {
        match priority {
            Priority::Stat => self.stat,
            Priority::Asap => self.asap,
            Priority::Routine => self.routine,
        }
    }
}

/// From when until when it is night.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Night {
    from: Time,
    until: Time,
}

impl Default for Night {
    fn default() -> Self {
        Self { from: Time::constant(18, 0, 0, 0), until: Time::constant(8, 0, 0, 0) }
    }
}

/// A facility's rule: all that it says must hold. One that says nothing takes all examinations of the facility.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// 10-digit code.
    code: String,
    /// Departments that send to remote reading: ORC-17, or PV1-10.
    departments: Option<Vec<String>>,
    /// Beginnings of examination codes: OBR-4, the standard's or the facility's own.
    procedures: Option<Vec<String>>,
    /// Values at places that the event holds unmapped, such as ORC-4 (placer group) or OBR-24.
    #[serde(default)]
    places: BTreeMap<String, Vec<String>>,
    /// Where the images are had from; `{study_uid}` and `{accession}` stand for theirs.
    retrieve: Option<String>,
}

impl Rules {
    /// The rules of a file.
    ///
    /// # Errors
    /// Where it can't be used.
    pub fn read(text: &str) -> Result<Self, RulesError> {
        let rules: Self = toml::from_str(text)?;
        if rules.version != 1 {
            return Err(RulesError::Version(rules.version));
        }
        for (index, rule) in rules.facility.iter().enumerate() {
            if rules.facility.iter().take(index).any(|earlier| earlier.code == rule.code) {
                return Err(RulesError::Twice(rule.code.clone()));
            }
        }
        Ok(rules)
    }

    /// Without a file.
    pub fn all() -> Self {
        let (sla_minutes, night) = (Sla::default(), Night::default());
        Self { version: 1, sla_minutes, night, facility: Vec::new(), takes_all: true }
    }

    /// Whether one of an examination's messages says that it is to be read remotely.
    pub(super) fn is_remote<'c>(
        &self,
        facility: &str,
        mut contents: impl Iterator<Item = &'c Content>,
    ) -> bool {
        self.takes_all || self.of(facility).is_some_and(|rule| contents.any(|content| rule.holds(content)))
    }

    /// Where a study's images are had from.
    pub(super) fn retrieve(&self, facility: &str, accession: &str, study_uid: &str) -> Option<String> {
        let address = self.of(facility)?.retrieve.as_ref()?;
        Some(address.replace("{study_uid}", study_uid).replace("{accession}", accession))
    }

    /// Whether that time of day is in the night.
    pub(super) fn is_night(&self, time: Time) -> bool {
        let Night { from, until } = self.night;
        if from <= until { from <= time && time < until } else { from <= time || time < until }
    }

    fn of(&self, facility: &str) -> Option<&Rule> {
        self.facility.iter().find(|rule| rule.code == facility)
    }
}

impl Rule {
    fn holds(&self, content: &Content) -> bool {
        let of_requests = content.requests.iter().filter_map(|request| request.department.as_ref());
        let of_visit = content.visit.iter().filter_map(|visit| visit.department.as_ref());
        let mut departments = of_requests.chain(of_visit).flat_map(|department| department.codes());
        let mut procedures = content
            .requests
            .iter()
            .filter_map(|request| request.procedure.as_ref())
            .flat_map(|code| code.codes());
        let listed = |list: &Vec<String>, code: &str| list.iter().any(|one| one == code);
        let begins = |list: &Vec<String>, code: &str| list.iter().any(|one| code.starts_with(one.as_str()));
        self.departments.as_ref().is_none_or(|list| departments.any(|code| listed(list, code)))
            && self.procedures.as_ref().is_none_or(|list| procedures.any(|code| begins(list, code)))
            && self.places.iter().all(|(place, values)| {
                let mut found = content.unmapped.iter().filter(|(at, _)| is_at(at, place));
                found.any(|(_, value)| listed(values, value))
            })
    }
}

/// Whether a place, of whichever occurrence of its segment, is `place` or within it: `ORC[2]-4.1` is at `ORC-4`.
fn is_at(at: &str, place: &str) -> bool {
    let plain = match (at.split_once('['), at.split_once("]-")) {
        (Some((segment, before)), Some((_, field))) if !before.is_empty() && !segment.contains('-') => {
            format!("{segment}-{field}")
        }
        _ => at.to_owned(),
    };
    let rest = plain.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_whatever_the_segment_s_number() {
        for at in ["ORC-4", "ORC-4.1", "ORC[2]-4.1", "ORC[13]-4[2].1"] {
            assert!(is_at(at, "ORC-4"), "{at}");
        }
        for at in ["ORC-44", "OBR-4", "ORC[2]-44.1", "ZORC-4", ""] {
            assert!(!is_at(at, "ORC-4"), "{at}");
        }
    }

    #[test]
    fn rules_are_checked() {
        let read = |text: &str| Rules::read(text).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(read("version = 1\n[[facility]]\ncode = \"1\"\n"), Ok(()));
        assert!(read("version = 2").unwrap_err().contains("version 2"));
        assert!(
            read("version = 1\n[[facility]]\ncode = \"1\"\n[[facility]]\ncode = \"1\"\n")
                .unwrap_err()
                .contains("two")
        );
        assert!(read("version = 1\nodd = 2").is_err());
    }

    #[test]
    fn night_goes_over_midnight() {
        let rules = Rules::read("version = 1\n[night]\nfrom = \"17:30\"\nuntil = \"08:30\"\n").unwrap();
        let at = |hour, minute| rules.is_night(Time::constant(hour, minute, 0, 0));
        assert_eq!(
            [at(17, 29), at(17, 30), at(0, 0), at(8, 29), at(8, 30)],
            [false, true, true, true, false]
        );
    }
}
