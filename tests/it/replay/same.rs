//! For any selection a replay gives what a fresh run with today's configuration would give that subscriber.

use std::fs;
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::Value;

use super::{drain, region, replay};
use crate::support::{HubFolder, copy_tree};

/// A hub that ran under yesterday's configuration and has today's, and what a hub that never ran makes of it.
struct Pair {
    old: HubFolder,
    fresh: HubFolder,
}

fn pair() -> &'static Pair {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    PAIR.get_or_init(|| {
        let (old, fresh) = (region(), region());
        for hub in [&old, &fresh] {
            // Only Izumo's diagnoses are seen any more, and one patient's consent has ended.
            let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
            let diagnoses = "kinds   = [\"diagnosis\"]\n";
            hub.write(
                "routes.toml",
                routes.replacen(diagnoses, &format!("{diagnoses}facilities = [\"izumo-chuo\"]\n"), 1),
            );
        }
        let ended = old.run(&["registry", "withdraw", "329900000002", "--why", "form 7", "--who", "desk"]);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        fs::remove_dir_all(fresh.path("var")).unwrap();
        copy_tree(&old.path("var/registry"), &fresh.path("var/registry"));
        drain(&fresh);
        Pair { old, fresh }
    })
}

fn names() -> Vec<String> {
    let folder = pair().fresh.path("var/deliveries");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What a subscriber got that fits, without what differs from run to run.
fn fitting(
    hub: &HubFolder,
    subscriber: &str,
    mark: Option<&str>,
    fits: impl Fn(&Value) -> bool,
) -> Vec<String> {
    let events = hub.delivered(subscriber).into_iter().filter(|event| match mark {
        Some(mark) => event["replay"] == mark,
        None => true,
    });
    let mut ids: Vec<_> = events
        .filter(|event| fits(event))
        .map(|event| format!("{} {} {}", event["id"], event["topic"], event["data"]))
        .collect();
    ids.sort();
    ids
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_replay_gives_what_a_fresh_run_would(
        to in any::<prop::sample::Index>(),
        kind in proptest::option::of(prop::sample::select(vec!["lab-result", "patient", "encounter", "diagnosis", "document"])),
        facility in proptest::option::of(prop::sample::select(vec!["3210100018", "3210200024", "3210700019"])),
    ) {
        let (Pair { old, fresh }, names) = (pair(), names());
        let to = names[to.index(names.len())].as_str();
        let mut arguments = vec!["--to", to, "--why", "compare", "--rate", "10000", "--yes"];
        arguments.extend(kind.iter().flat_map(|kind| ["--kind", kind]));
        arguments.extend(facility.iter().flat_map(|facility| ["--facility", facility]));
        let done = replay(old, &arguments);
        prop_assert_eq!(&done["state"], "done");
        prop_assert_eq!(&done["done"], &done["estimate"]);
        drain(old);
        let mark = done["id"].as_str().unwrap();
        // Receipts are no messages of a source.
        let fits = |event: &Value| {
            let (said, source) = (event["type"].as_str().unwrap(), event["source"].as_str().unwrap());
            !said.starts_with("receipt.")
                && kind.is_none_or(|kind| said.split('.').next() == Some(kind))
                && facility.is_none_or(|facility| source.ends_with(facility))
        };
        prop_assert_eq!(
            fitting(old, to, Some(mark), fits),
            fitting(fresh, to, None, fits),
            "{} {:?} {:?}", to, kind, facility
        );
    }
}
