//! Facilities that the configuration names and the files of the registry do not.

use jiff::Timestamp;

use crate::config::{Config, Fault, Need, Part, Said, Severity, Thing};
use crate::ops::registry;
use crate::registry::Fact;

/// Facility codes that the registry's import does not know. Where nothing is imported nothing can be told.
pub(super) fn unknown(config: &Config, needs: &[Need], now: Timestamp) -> Vec<Fault> {
    let Some(folder) = &config.hub.registry_import else { return Vec::new() };
    // A folder that can't be read is a fault of its own.
    let Ok(import) = registry::read(config, folder, now) else { return Vec::new() };
    let known: Vec<_> = import
        .entries
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Facility(facility) => Some(facility.code.as_str()),
            _ => None,
        })
        .collect();
    let unknown = needs.iter().filter_map(|need| match &need.thing {
        Thing::Facility(code) if !known.contains(&code.as_str()) => Some((need, code)),
        _ => None,
    });
    let shown = folder.join("facilities.csv");
    let shown = shown.display();
    unknown
        .map(|(need, code)| {
            let en = format!("facility {code} is not in the registry's import, so nobody consents to it");
            let ja = format!("施設 {code} は登録簿の取り込みファイルになく、誰の同意もありません");
            // Codes look alike: only one that a slip of the finger makes is worth naming.
            let near: Vec<_> =
                known.iter().copied().filter(|other| strsim::damerau_levenshtein(code, other) == 1).collect();
            let said = match near.is_empty() {
                true => Said::new(en, ja),
                false => Said::unknown(&en, &ja, code, &near),
            };
            let said = said.help(
                format!("correct the code, or enter the facility in {shown}"),
                format!("コードを直すか、{shown} に施設を加えてください"),
            );
            need.fault(Severity::Warning, said.of(Part::Topology))
        })
        .collect()
}
