//! What holds of any batches.

use proptest::prelude::*;

use super::*;

const CODES: [&str; 3] = [CHUO, KITA, GONE];
const PEOPLE: [&str; 3] = ["n1", "n2", "n3"];
const LOCAL: [&str; 4] = ["A", "B", "C", "D"];

fn periods() -> impl Strategy<Value = Period> {
    (0_i64..60, prop::option::of(0_i64..80)).prop_map(|(from, until)| period(from, until))
}

/// Entries of a small world, so that they meet each other; many of them can't be.
fn entries() -> impl Strategy<Value = Entry> {
    let (code, person, local) = (
        prop::sample::select(&CODES[..]),
        prop::sample::select(&PEOPLE[..]),
        prop::sample::select(&LOCAL[..]),
    );
    prop_oneof![
        1 => (code.clone(), periods()).prop_map(|(code, period)| facility(code, period)),
        2 => (person.clone(), periods()).prop_map(|(person, period)| member(person, period)),
        4 => (code.clone(), local.clone(), person.clone(), periods()).prop_map(|(code, local, person, period)| link(code, local, person, period)),
        2 => (person, code, periods()).prop_map(|(person, code, period)| consent(person, code, period)),
        3 => (local.clone(), local.clone(), 0_i64..60).prop_map(|(former, into, second)| merge(former, into, second)),
        1 => (local.clone(), local.clone(), 0_i64..60).prop_map(|(former, into, second)| unmerge(former, into, second)),
        1 => (local, 0_i64..60).prop_map(|(local, second)| removal(local, second)),
    ]
}

fn batches() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    prop::collection::vec(prop::collection::vec(entries(), 1..3), 0..40)
}

/// The region, and of the batches those that are accepted.
fn grown(batches: &[Vec<Entry>]) -> (Registry, Vec<Vec<Entry>>) {
    let (mut registry, mut accepted) = (known(), vec![region()]);
    for batch in batches {
        if registry.check(batch).is_ok() {
            registry.news(batch.clone()).into_iter().for_each(|entry| registry.apply(entry));
            accepted.push(batch.clone());
        }
    }
    (registry, accepted)
}

/// Whether the merges in force at that time lead from an id back to it.
fn leads_back(registry: &Registry, id: &str, at: Timestamp) -> bool {
    let into = |id: &str| {
        let told = registry.of_local_id(CHUO, id).filter_map(|(_, fact)| match fact {
            Fact::Merge(merge) if merge.at <= at && merge.former.0 == id => Some(merge),
            _ => None,
        });
        let joined = told.filter(|merge| {
            let parted = |fact: &Fact| match fact {
                Fact::Unmerge(unmerge) => {
                    let pair = [&unmerge.former, &unmerge.into];
                    pair.contains(&&merge.former)
                        && pair.contains(&&merge.into)
                        && unmerge.at >= merge.at
                        && unmerge.at <= at
                }
                _ => false,
            };
            !registry.of_local_id(CHUO, id).any(|(_, fact)| parted(fact))
        });
        joined.map(|merge| merge.into.0.clone()).collect::<Vec<_>>()
    };
    let (mut next, mut steps) = (into(id), 0);
    while let Some(other) = next.pop() {
        steps += 1;
        if other == id {
            return true;
        }
        if steps < 100 {
            next.extend(into(&other));
        }
    }
    false
}

fn asked(source: &'static str, patient: &'static str, second: i64) -> Asked<'static> {
    let (purpose, viewer) = (Some(Purpose::SharedRecord), Some(KITA));
    Asked { basis: Basis::ViewConsent, purpose, source, patient: Some(patient), viewer, at: at(second) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_accepted_a_local_id_has_one_network_id_and_no_merge_leads_back(batches in batches()) {
        let (registry, _) = grown(&batches);
        for second in 0..90 {
            let at = at(second);
            for local in LOCAL {
                for code in CODES {
                    let removed = |from: Timestamp| registry.of_local_id(code, local).any(|(_, fact)| {
                        matches!(fact, Fact::Removal(removal) if removal.at >= from && removal.at <= at)
                    });
                    let mut linked: Vec<_> = registry.of_local_id(code, local).filter_map(|(_, fact)| match fact {
                        Fact::Link(link) if link.period.holds(at) && !removed(link.period.from) => Some(&link.network_id.0),
                        _ => None,
                    }).collect();
                    linked.sort();
                    linked.dedup();
                    prop_assert!(linked.len() <= 1, "{second}: {linked:?}");
                }
                prop_assert!(!leads_back(&registry, local, at), "{second}: {local}");
            }
        }
    }

    #[test]
    fn what_was_accepted_is_accepted_again_and_is_nothing_new(batches in batches()) {
        let (registry, accepted) = grown(&batches);
        for mut batch in accepted {
            batch.iter_mut().for_each(|entry| entry.recorded_at = at(NOW + 7));
            prop_assert_eq!(registry.check(&batch), Ok(()));
            prop_assert_eq!(registry.news(batch), vec![]);
        }
    }

    #[test]
    fn what_the_log_holds_gives_the_same_view(batches in batches()) {
        let (registry, accepted) = grown(&batches);
        let text: Vec<_> = accepted.iter().flatten().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        let mut again = Registry::default();
        for line in text {
            let entry: Entry = serde_json::from_str(&line).unwrap();
            again.news(vec![entry]).into_iter().for_each(|entry| again.apply(entry));
        }
        prop_assert_eq!(registry.revision(), again.revision());
        prop_assert!(registry.all().eq(again.all()));
        for second in 0..90 {
            for local in LOCAL {
                prop_assert_eq!(registry.identity(CHUO, local, at(second)), again.identity(CHUO, local, at(second)));
                prop_assert_eq!(
                    registry.one_person(CHUO, local, at(second)),
                    again.one_person(CHUO, local, at(second))
                );
            }
            prop_assert_eq!(registry.epoch(at(second)), again.epoch(at(second)));
        }
    }

    #[test]
    fn an_unmerge_undoes_what_its_merge_did(batches in batches(), former in prop::sample::select(&LOCAL[..]), into in prop::sample::select(&LOCAL[..])) {
        let (before, _) = grown(&batches);
        let (merge, unmerge) = (merge(former, into, 100), unmerge(former, into, 110));
        prop_assume!(!before.one_person(CHUO, former, at(99)).contains(&into.to_owned()));
        let mut after = before.clone();
        for entry in [merge, unmerge] {
            prop_assert_eq!(after.check(std::slice::from_ref(&entry)), Ok(()));
            after.apply(entry);
        }
        for local in LOCAL {
            prop_assert_eq!(before.identity(CHUO, local, at(120)), after.identity(CHUO, local, at(120)));
        }
        prop_assert!(after.one_person(CHUO, former, at(105)).contains(&into.to_owned()));
    }

    #[test]
    fn a_withdrawal_ends_it_at_once_and_until_a_new_consent(batches in batches(), second in 60_i64..NOW) {
        let (mut registry, accepted) = grown(&batches);
        let now = at(NOW);
        let ends = registry.withdrawal("n1", None, None, at(second));
        for fact in ends {
            let entry = Entry { recorded_at: now, who: "desk".into(), why: "phone".into(), fact };
            prop_assert_eq!(registry.check(std::slice::from_ref(&entry)), Ok(()));
            registry.apply(entry);
        }
        // All files are imported once more: they undo nothing.
        for batch in accepted {
            prop_assert_eq!(registry.news(batch), vec![]);
        }
        for local in LOCAL {
            for later in [second, second + 1, NOW, NOW * NOW] {
                let question = asked(CHUO, local, later);
                let is_n1 = matches!(registry.identity(CHUO, local, at(later)), Identity::Linked { network_id, .. } if network_id.0 == "n1");
                if is_n1 {
                    prop_assert!(matches!(registry.may(&question), Answer::Denied(_)), "{later}");
                }
            }
        }
        let anew = consent("n1", KITA, period(NOW, None));
        let linked = matches!(registry.identity(CHUO, "A", now), Identity::Linked { network_id, .. } if network_id.0 == "n1");
        if registry.check(std::slice::from_ref(&anew)).is_ok() && linked {
            registry.apply(anew);
            prop_assert!(matches!(registry.may(&asked(CHUO, "A", NOW)), Answer::Granted(_)));
        }
    }
}
