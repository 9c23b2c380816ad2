//! For any selection a replay gives what a fresh run with today's configuration would give that subscriber.

use std::fs;
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::Value;

use super::{drain, region};
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
        fs::remove_dir_all(fresh.path("var")).unwrap();
        for hub in [&old, &fresh] {
            // Nobody may see diagnoses any more, and one patient's consent ended long ago.
            let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
            let routes = routes.replacen("kinds   = [\"diagnosis\"]", "kinds   = [\"patient\"]", 1);
            let (routes, _) = (routes.split("[[route.test]]"), ());
            let kept: String = routes
                .enumerate()
                .map(|(index, part)| match index {
                    0 => part.to_owned(),
                    // What a test of a route says is no part of this.
                    _ => part.find("\n[[").and_then(|at| part.get(at..)).unwrap_or_default().to_owned(),
                })
                .collect();
            hub.write("routes.toml", kept);
        }
        for hub in [&old, &fresh] {
            let why = ["registry", "withdraw", "329900000002", "--why", "form 7", "--who", "desk"];
            if hub.path("var").exists() {
                assert!(hub.run(&why).status.success());
            }
        }
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
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
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
        let done = super::replay(old, &arguments);
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
