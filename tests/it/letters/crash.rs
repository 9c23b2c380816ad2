//! kill -9 while letters are taken out of the middle of their queue: each is where it was or where it was to go.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{drain, invalid, with_invalid};

const KILLS: u64 = 6;

#[test]
fn no_letter_is_lost_or_doubled_by_a_kill() {
    let hub = with_invalid(700);
    drain(&hub);
    let all = BTreeSet::from_iter(invalid(&hub));
    assert_eq!(all.len(), 700);
    let mut dice = StdRng::seed_from_u64(7);
    let (mut expected, mut gone) = (all.clone(), BTreeSet::new());
    for kill in 0..=KILLS {
        // Every seventh of what is there.
        let chosen: BTreeSet<_> = expected.iter().skip(kill as usize).step_by(7).take(60).cloned().collect();
        let mut arguments = vec!["invalid", "discard", "--why", "kill", "--yes"];
        arguments.extend(chosen.iter().map(String::as_str));
        if kill == KILLS {
            assert!(hub.run(&arguments).status.success());
        } else {
            let mut child = hub.start(&arguments);
            sleep(Duration::from_millis(dice.random_range(0..400)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let left = invalid(&hub);
        let there = BTreeSet::from_iter(left.iter().cloned());
        assert_eq!(there.len(), left.len(), "kill {kill}: one is there twice");
        assert!(there.is_subset(&all), "kill {kill}");
        let lost: Vec<_> = expected.difference(&there).filter(|id| !chosen.contains(*id)).collect();
        assert!(lost.is_empty(), "kill {kill}: {lost:?}");
        gone.extend(expected.difference(&there).cloned());
        if kill == KILLS {
            assert!(there.is_disjoint(&chosen));
        }
        expected = there;
    }
    assert_eq!(gone.len() + expected.len(), all.len());
    drain(&hub);
}
