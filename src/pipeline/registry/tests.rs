//! The register on a disk of its own.

use jiff::Timestamp;

use super::*;
use crate::envelope::Identifying;
use crate::registry::{Fact, Member, Period};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An invented person (架空) joins, and perhaps leaves.
fn member(number: usize, until: Option<i64>) -> Entry {
    let period = Period { from: at(100), until: until.map(at) };
    let network_id = Identifying(format!("{number:012}"));
    let fact = Fact::Member(Member { network_id, period });
    Entry { recorded_at: at(100 + until.unwrap_or(0)), who: "desk".into(), why: "card".into(), fact }
}

#[test]
fn what_was_taken_is_there_again_with_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let register = Register::open(folder.path()).unwrap();
    let taken = register.take(vec![member(1, None), member(2, None)]).unwrap();
    assert_eq!((taken.new, taken.known, taken.revision), (2, 0, 2));
    register.take(vec![member(1, Some(500))]).unwrap();
    let before = register.state(at(1_000));
    drop(register);
    let register = Register::open(folder.path()).unwrap();
    assert_eq!(register.state(at(1_000)), before);
    let id = member(1, None).fact.record_id();
    assert!(!register.view().read().is_in_force(&id, at(1_000)));
}

#[test]
fn a_repeat_says_nothing_new_even_when_it_was_overtaken() {
    let folder = tempfile::tempdir().unwrap();
    let register = Register::open(folder.path()).unwrap();
    register.take(vec![member(1, None)]).unwrap();
    register.take(vec![member(1, Some(500))]).unwrap();
    let again = register.take(vec![member(1, None), member(2, None), member(2, None)]);
    let again = again.unwrap();
    assert_eq!((again.new, again.revision), (1, 3), "a withdrawal is not undone by an old version");
}

#[test]
fn the_state_changes_with_every_entry_and_at_every_boundary() {
    let folder = tempfile::tempdir().unwrap();
    let register = Register::open(folder.path()).unwrap();
    let empty = register.state(at(400));
    register.take(vec![member(1, Some(500))]).unwrap();
    let states = [at(400), at(499), at(500)].map(|now| register.state(now));
    assert_ne!(states[0], empty);
    assert_eq!(states[0], states[1]);
    assert_ne!(states[1], states[2]);
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Register::open(folder.path()).unwrap();
    let second = Register::open(folder.path());
    assert!(matches!(second, Err(RegistryError::Log(LogError::Taken { .. }))));
}
