//! From two views of one logical record (root, 患者ID, 診療日, データ種別, オーダNo) to what has changed.
//!
//! The storage tells by renaming: an update renames `…_1` to `…_2` and writes a new `…_1`; a deletion renames
//! every file of the record to `…_0` and writes the delete message as one more `…_0`. In storages of 2015 `…_0`
//! is history as well: whether it means a deletion is decided by whether a `…_1` stands beside it.

use crate::name::Flag;

/// What a version means to those who follow the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The record's first version.
    Created,
    /// A later version.
    Updated,
    /// The record was withdrawn.
    Deleted,
    /// Was already history when it was found.
    Superseded,
}

/// What has become of a version that was taken before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Announced as created or updated, and no deletion since.
    Live,
    /// Announced, and a deletion of the record since; or the deletion itself.
    Retired,
    /// Taken as history, never announced.
    History,
    /// Could not be made sense of; whole, it will count as new.
    Invalid,
}

impl Change {
    /// The state of a version that was just announced so. A deletion also retires every live version.
    pub fn state(self) -> State {
        match self {
            Self::Created | Self::Updated => State::Live,
            Self::Deleted => State::Retired,
            Self::Superseded => State::History,
        }
    }
}

/// A version as it was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a> {
    /// Name without flag.
    pub stem: &'a str,
    /// The flag when it was last seen.
    pub flag: Flag,
    /// What has become of it.
    pub state: State,
}

/// A version as the storage shows it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Name without flag.
    pub stem: &'a str,
    /// 発生日時
    pub time: &'a str,
    /// Its flag.
    pub flag: Flag,
    /// The content is not what was known under this stem.
    pub altered: bool,
}

/// One announcement that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Index into what was listed: the file that carries it.
    pub listed: usize,
    /// What it means.
    pub change: Change,
}

/// What is due for one logical record, in order of 発生日時.
pub fn plan(known: &[Known<'_>], listed: &[Listed<'_>]) -> Vec<Step> {
    let mut order: Vec<usize> = (0..listed.len()).collect();
    order.sort_by_key(|index| listed.get(*index).map(|version| (version.time, version.stem)));
    let deletion = deletion(known, listed, &order);
    let mut announced = known.iter().any(|version| matches!(version.state, State::Live | State::Retired));
    let mut steps = Vec::new();
    for index in order {
        let Some(version) = listed.get(index) else { continue };
        let change = match version.flag {
            Flag::Current if is_fresh(known, version) || is_restored(known, version) => {
                if std::mem::replace(&mut announced, true) { Change::Updated } else { Change::Created }
            }
            Flag::Deleted if deletion == Some(index) => Change::Deleted,
            Flag::Deleted | Flag::Superseded if is_fresh(known, version) => Change::Superseded,
            Flag::Current | Flag::Deleted | Flag::Superseded => continue,
        };
        steps.push(Step { listed: index, change });
    }
    steps
}

/// The file that carries the record's deletion, if one is due: the newest with flag 0 that is new (the delete
/// message, where there is one) or was live until it was renamed. What was deleted before, or made no sense,
/// carries none; and what is new but older than an announced deletion is history.
fn deletion(known: &[Known<'_>], listed: &[Listed<'_>], order: &[usize]) -> Option<usize> {
    if listed.iter().any(|version| version.flag == Flag::Current) {
        return None;
    }
    let is = |version: &Listed<'_>, state| {
        known.iter().any(|before| before.stem == version.stem && before.state == state)
    };
    let deleted = order.iter().rev().filter_map(|index| Some((*index, listed.get(*index)?)));
    let mut deleted = deleted.filter(|(_, version)| version.flag == Flag::Deleted);
    let is_renamed = deleted.clone().any(|(_, version)| is(version, State::Live));
    let sensible = deleted.clone().find(|(_, version)| version.altered || !is(version, State::Invalid));
    let carrier = deleted.find(|(_, version)| is_fresh(known, version) || is(version, State::Live));
    let (index, _) = carrier?;
    (is_renamed || sensible.is_some_and(|(newest, _)| newest == index)).then_some(index)
}

fn is_fresh(known: &[Known<'_>], version: &Listed<'_>) -> bool {
    version.altered || !known.iter().any(|before| before.stem == version.stem)
}

/// A deleted version that was made valid again.
fn is_restored(known: &[Known<'_>], version: &Listed<'_>) -> bool {
    known.iter().any(|before| {
        before.stem == version.stem && before.state == State::Retired && before.flag == Flag::Deleted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a1L` is version a with flag 1, known as Live (Retired, History, Invalid); `a1` is listed; `a1!` altered.
    /// The answer reads `a+` created, `a~` updated, `a-` deleted, `a.` superseded.
    #[track_caller]
    fn check(known: &str, listed: &str, expected: &str) {
        let flag = |text: &str| Flag::from_text(text.get(1..2).unwrap()).unwrap();
        let known: Vec<Known<'_>> = known
            .split_whitespace()
            .map(|text| {
                let state = match text.get(2..3).unwrap() {
                    "L" => State::Live,
                    "R" => State::Retired,
                    "H" => State::History,
                    _ => State::Invalid,
                };
                Known { stem: text.get(..1).unwrap(), flag: flag(text), state }
            })
            .collect();
        let listed: Vec<Listed<'_>> = listed
            .split_whitespace()
            .map(|text| {
                let stem = text.get(..1).unwrap();
                Listed { stem, time: stem, flag: flag(text), altered: text.ends_with('!') }
            })
            .collect();
        let found: Vec<String> = plan(&known, &listed)
            .iter()
            .map(|step| {
                let sign = match step.change {
                    Change::Created => '+',
                    Change::Updated => '~',
                    Change::Deleted => '-',
                    Change::Superseded => '.',
                };
                format!("{}{sign}", listed[step.listed].stem)
            })
            .collect();
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn first_sight() {
        check("", "a1", "a+");
        check("", "b1 a2", "a. b+");
        check("", "b1 a1", "a+ b~");
    }

    #[test]
    fn nothing_new() {
        check("a1L", "a1", "");
        check("a1L", "", "");
    }

    #[test]
    fn update() {
        check("a1L", "a2 b1", "b~");
        check("a1L", "a2", "");
        check("a2L b1L", "a2 b2 c1", "c~");
    }

    #[test]
    fn history_found_late() {
        check("b1L", "a2 b1", "a.");
    }

    #[test]
    fn delete_with_a_message() {
        check("a1L", "a0 d0", "d-");
        check("a2L b1L", "a0 b0 d0", "d-");
    }

    #[test]
    fn delete_by_renaming_alone() {
        check("a1L", "a0", "a-");
        check("a2L b1L", "a0 b0", "b-");
    }

    #[test]
    fn delete_half_renamed() {
        check("a2L b1L", "a2 b0", "b-");
        check("a2R b0R", "a0 b0", "");
    }

    #[test]
    fn delete_message_after_its_deletion() {
        check("a0R", "a0 d0", "d-");
        check("a0R d0R", "a0 d0", "");
    }

    #[test]
    fn zero_beside_a_current_version_is_history() {
        check("a1L", "a0 b1", "b~");
        check("", "a0 b1", "a. b+");
        check("b1L", "a0 b1", "a.");
    }

    #[test]
    fn deleted_before_it_was_seen() {
        check("", "a0", "a-");
        check("", "a0 b0 d0", "a. b. d-");
    }

    #[test]
    fn old_history_beside_a_deletion_does_not_carry_it() {
        check("b1L", "a0 b0", "a. b-");
    }

    #[test]
    fn between_rename_and_new_version_after_an_old_deletion() {
        check("a0R d0R e1L", "a0 d0 e2", "");
        check("a0R d0R e1L", "a0 d0 e0", "e-");
        check("b0R d0R", "a0 b0 d0", "a.");
    }

    #[test]
    fn delete_message_that_makes_no_sense_does_not_carry_it() {
        check("a1L d0I", "a0 d0", "a-");
        check("a0R d0I", "a0 d0", "");
        check("a0R d0I", "a0 d0!", "d-");
    }

    #[test]
    fn delete_and_insert_again() {
        check("a0R d0R", "a0 d0 e1", "e~");
        check("a1L", "a0 d0 e1", "d. e~");
    }

    #[test]
    fn undone_deletion() {
        check("a0R", "a1", "a~");
        check("a1R d0R", "a1", "");
    }

    #[test]
    fn content_changed_in_place() {
        check("a1L", "a1!", "a~");
        check("a2L b1L", "a2! b1", "a.");
    }

    #[test]
    fn invalid_then_whole() {
        check("a1I", "a1", "");
        check("a1I", "a1!", "a+");
        check("a1L b1I", "a2 b1!", "b~");
        check("a1I", "a0", "");
    }
}
