//! Which facility it is, and how the feed is called.

use std::path::Path;

use serde::Serialize;

use super::Warning;
use crate::ops::survey::{CodePlace, FacilitySeen, Survey};

/// Names of folders that say what is in them, not whose it is.
const GENERAL: [&str; 22] = [
    "standard",
    "std",
    "standardised",
    "standardized",
    "storage",
    "ssmix",
    "ssmix2",
    "ss-mix2",
    "sample",
    "samples",
    "data",
    "hl7",
    "drop",
    "in",
    "inbox",
    "out",
    "export",
    "mnt",
    "tmp",
    "home",
    "checkup",
    "files",
];
/// Longest name of a feed.
const NAME_MAX: usize = 64;

/// The facility, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// 医療機関コード
    pub code: String,
    /// Where it stands in the sample; nothing where the engineer gave it.
    pub place: Option<CodePlace>,
    /// How often it stands there.
    pub count: u64,
}

/// The code that was given, else the most trustworthy that the sample names; every other one is a warning.
pub(super) fn facility(given: Option<&str>, survey: &Survey, warnings: &mut Vec<Warning>) -> Option<Chosen> {
    let mut seen: Vec<FacilitySeen> = Vec::new();
    for one in survey.parts.iter().flat_map(|part| &part.facilities) {
        match seen.iter_mut().find(|known| known.code == one.code && known.place == one.place) {
            Some(known) => known.count += one.count,
            None => seen.push(one.clone()),
        }
    }
    seen.sort_by(|one, other| (one.place, other.count).cmp(&(other.place, one.count)));
    let chosen = match given {
        Some(code) => Chosen { code: code.to_owned(), place: None, count: 0 },
        None => {
            let first = seen.first()?;
            Chosen { code: first.code.clone(), place: Some(first.place), count: first.count }
        }
    };
    let others = seen.into_iter().filter(|one| one.code != chosen.code);
    warnings.extend(others.map(|one| Warning::OtherFacility {
        seen: one.code,
        place: one.place,
        count: one.count,
    }));
    Some(chosen)
}

/// The name that was given, else that of the sample's folder where it says whose it is, else one made of the code.
pub(super) fn name(given: Option<&str>, sample: &Path, facility: Option<&Chosen>) -> String {
    if let Some(name) = given {
        return name.to_owned();
    }
    let absolute = std::path::absolute(sample).unwrap_or_else(|_| sample.to_owned());
    let folder = absolute.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let says_whose = |name: &&str| {
        is_feed_name(name) && !GENERAL.contains(name) && name.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    match (Some(folder.as_str()).filter(says_whose), facility) {
        (Some(folder), _) => folder.to_owned(),
        (None, Some(facility)) => format!("facility-{}", facility.code),
        (None, None) => "facility".to_owned(),
    }
}

/// Whether a file in `feeds/` may be called so.
pub fn is_feed_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(plain) && !text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_called_like_the_hospital_and_never_like_a_patient() {
        let facility = Chosen { code: "3210100018".to_owned(), place: None, count: 0 };
        let called = |sample: &str| name(None, Path::new(sample), Some(&facility));
        assert_eq!(called("/mnt/izumo-chuo"), "izumo-chuo");
        assert_eq!(called("/mnt/Izumo"), "izumo");
        assert_eq!(called("/mnt/izumo/standard"), "facility-3210100018");
        assert_eq!(called("/mnt/出雲"), "facility-3210100018");
        // A folder of digits may be a patient's.
        assert_eq!(called("/mnt/000/954/00095408"), "facility-3210100018");
        assert_eq!(name(None, Path::new("/"), None), "facility");
    }
}
