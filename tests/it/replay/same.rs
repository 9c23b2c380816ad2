//! For any selection a replay gives what a fresh run with today's configuration would give that subscriber.

use std::fs;
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Value, json};

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
        fs::copy(old.path("var/pseudonym.key"), fresh.path("var/pseudonym.key")).unwrap();
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
    let told = |event: Value| {
        // A bundle says when its message was accepted.
        let data = if event["data"]["resourceType"].is_null() { event["data"].clone() } else { Value::Null };
        format!("{} {} {data}", event["id"], event["topic"])
    };
    let mut told: Vec<_> = events.filter(|event| fits(event)).map(told).collect();
    told.sort();
    told
}

/// Some messages for some subscriber.
#[derive(Debug, Clone)]
struct Wanted {
    to: prop::sample::Index,
    kind: Option<&'static str>,
    facility: Option<&'static str>,
}

impl Wanted {
    fn any() -> impl Strategy<Value = Self> {
        let kinds = vec!["lab-result", "patient", "encounter", "diagnosis", "document"];
        let kind = proptest::option::of(prop::sample::select(kinds));
        let facility =
            proptest::option::of(prop::sample::select(vec!["3210100018", "3210200024", "3210700019"]));
        (any::<prop::sample::Index>(), kind, facility).prop_map(|(to, kind, facility)| Self {
            to,
            kind,
            facility,
        })
    }

    fn to<'n>(&self, names: &'n [String]) -> &'n str {
        &names[self.to.index(names.len())]
    }

    /// Whether an event is one of them. Receipts are no messages of a source.
    fn fits(&self, event: &Value) -> bool {
        let (said, source) = (event["type"].as_str().unwrap(), event["source"].as_str().unwrap());
        !said.starts_with("receipt.")
            && self.kind.is_none_or(|kind| said.split('.').next() == Some(kind))
            && self.facility.is_none_or(|facility| source.ends_with(facility))
    }

    /// Replays them to their subscriber; gives the mark.
    fn replayed(&self, hub: &HubFolder, to: &str) -> String {
        let mut arguments = vec!["--to", to, "--why", "compare", "--rate", "10000", "--yes"];
        arguments.extend(self.kind.iter().flat_map(|kind| ["--kind", kind]));
        arguments.extend(self.facility.iter().flat_map(|facility| ["--facility", facility]));
        let done = replay(hub, &arguments);
        assert_eq!((&done["state"], &done["done"]), (&json!("done"), &done["estimate"]), "{done:#}");
        done["id"].as_str().unwrap().to_owned()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_replay_gives_what_a_fresh_run_would(wanted in proptest::collection::vec(Wanted::any(), 4)) {
        let (Pair { old, fresh }, names) = (pair(), names());
        let marks: Vec<_> = wanted.iter().map(|one| one.replayed(old, one.to(&names))).collect();
        drain(old);
        for (one, mark) in wanted.iter().zip(&marks) {
            let to = one.to(&names);
            let again = fitting(old, to, Some(mark), |event| one.fits(event));
            prop_assert_eq!(again, fitting(fresh, to, None, |event| one.fits(event)), "{} {:?}", to, one);
        }
    }
}
