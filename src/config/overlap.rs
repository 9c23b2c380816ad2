//! Folders that two sources read: the same, or one inside the other.

use std::path::{Component, Path, PathBuf};

use super::fault::{Fault, Part, Severity};
use super::need::{Need, Thing};
use super::said::Said;

/// A fault for each source whose folder an earlier one reads already.
pub(super) fn check(needs: &[Need]) -> Vec<Fault> {
    let mut before: Vec<(PathBuf, &Need)> = Vec::new();
    let mut faults = Vec::new();
    for need in needs.iter().filter(|need| need.place.file.starts_with("feeds/")) {
        let Thing::Folder { path, .. } = &need.thing else { continue };
        let path = plain(path);
        let overlap = before.iter().find(|(other, _)| other.starts_with(&path) || path.starts_with(other));
        if let Some((other, earlier)) = overlap {
            faults.push(told(need, &path, earlier, other));
        }
        before.push((path, need));
    }
    faults
}

fn told(need: &Need, path: &Path, earlier: &Need, other: &Path) -> Fault {
    let place = format!("{}:{}", earlier.place.file, earlier.place.line);
    let (en, ja) = match (path == other, path.starts_with(other)) {
        (true, _) => {
            ("another source reads this folder already", "このフォルダーは別のソースがすでに読んでいます")
        }
        (_, true) => (
            "it lies in a folder that another source reads already",
            "別のソースがすでに読んでいるフォルダーの中にあります",
        ),
        _ => (
            "a folder that another source reads already lies in it",
            "別のソースがすでに読んでいるフォルダーが中にあります",
        ),
    };
    let said = Said::new(format!("{en}: {place}"), format!("{ja}: {place}")).of(Part::Topology);
    if need.place.file == earlier.place.file {
        return need.fault(
            Severity::Warning,
            said.help(
                "its files are read twice: give each source a folder of its own",
                "同じファイルを二度読みます。ソースごとに別のフォルダーにしてください",
            ),
        );
    }
    need.fault(
        Severity::Error,
        said.help(
            "one facility's patients would count as the other's: correct the path of the one that is wrong",
            "ある施設の患者が別の施設の患者として扱われます。誤っている方のパスを直してください",
        ),
    )
}

/// The path without `.` and, as far as it can be told from the text, without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}
