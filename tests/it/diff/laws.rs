//! Whatever is edited: if the comparison says that nothing differs, every copy is the same to the last byte; and whoever
//! gets something newly is told of as a widening.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use musubi::config::Config;
use musubi::ops::diff::Traffic;
use musubi::ops::registry;
use musubi::ops::rehearsal::{Given, Input, Rehearsal, read_each};
use musubi::registry::Registry;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{asking, load, now};
use crate::support::{HubFolder, copy_tree, files_below, repository};

/// A region, and some of its messages.
struct Region {
    config: Config,
    registry: Registry,
    files: Vec<PathBuf>,
    /// Removed in the end.
    _hub: HubFolder,
}

static REGION: LazyLock<Region> = LazyLock::new(|| {
    let hub = HubFolder::network();
    let config = load(&hub);
    let registry = registry::asked(&config, now()).unwrap();
    let folder = hub.path("fixtures/drawn");
    copy_tree(&hub.path("fixtures/region/izumo-chuo/hl7"), &folder.join("izumo"));
    copy_tree(&repository().join("fixtures/region/hamada-kenko/hl7"), &folder.join("hamada"));
    let files = files_below(&folder);
    Region { config, registry, files, _hub: hub }
});

/// One edit of `routes.toml`: a line of an array loses or gains a word, or a key its value.
#[derive(Debug, Clone)]
enum Edit {
    /// A word of a list goes.
    Without(Index),
    /// A subscriber is added to a route.
    To(Index, &'static str),
    /// A line goes.
    Line(Index),
    /// Nothing that decides anything.
    Comment(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Edit::Without),
        (index(), select(vec!["tasks", "chuo-record", "health-record"]))
            .prop_map(|(at, to)| Edit::To(at, to)),
        index().prop_map(Edit::Line),
        index().prop_map(Edit::Comment),
    ]
}

fn applied(routes: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = routes.lines().map(str::to_owned).collect();
    let of = |lines: &[String], wanted: &dyn Fn(&str) -> bool, at: &Index| -> usize {
        let places: Vec<_> = (0..lines.len()).filter(|place| wanted(&lines[*place])).collect();
        places[at.index(places.len())]
    };
    let is_list = |line: &str| line.contains("[\"") && line.contains("\", \"");
    for edit in edits {
        match edit {
            Edit::Without(at) => {
                let place = of(&lines, &is_list, at);
                if let Some((before, after)) = lines[place].clone().split_once("\", \"") {
                    let start = before.rfind('"').unwrap();
                    lines[place] = format!("{}\"{after}", before.get(..start).unwrap());
                }
            }
            Edit::To(at, name) => {
                let place = of(&lines, &|line| line.starts_with("to ") && !line.contains(name), at);
                lines[place] = lines[place].replace(']', &format!(", \"{name}\"]"));
            }
            Edit::Line(at) => {
                let keys = [
                    "disclose",
                    "where",
                    "generalise",
                    "pseudonym",
                    "change",
                    "facilities",
                    "address",
                    "send",
                ];
                let is_key = |line: &str| {
                    keys.iter().any(|key| line.starts_with(key))
                        && line.matches(['[', '{']).count() == line.matches([']', '}']).count()
                };
                let place = of(&lines, &is_key, at);
                lines.remove(place);
            }
            Edit::Comment(at) => {
                let place = of(&lines, &|line| line.starts_with("[[route]]"), at);
                lines.insert(place, "# Nothing is decided here.".to_owned());
            }
        }
    }
    lines.join("\n")
}

/// Body and envelope of every copy, by subscriber.
fn copies(rehearsal: &Rehearsal<'_>, input: &Input) -> BTreeMap<String, (Vec<u8>, String)> {
    let processed = rehearsal.process(input);
    let mut copies = BTreeMap::new();
    for copy in &processed.follow {
        for (queue, _) in &copy.to {
            let envelope = serde_json::to_string(&copy.envelope).unwrap();
            copies.insert(queue.as_str().to_owned(), (copy.body.to_vec(), envelope));
        }
    }
    copies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_difference_means_the_same_bytes(edits in prop::collection::vec(edit(), 1..4)) {
        let Region { config: old, registry, files, .. } = &*REGION;
        let texts = old.files.iter().map(|(file, text)| match file {
            "routes.toml" => (file.to_owned(), applied(text, &edits)),
            _ => (file.to_owned(), text.to_owned()),
        });
        let (new, _) = Config::check(&texts.collect(), &old.folder);
        prop_assume!(new.is_some());
        let new = new.unwrap();
        let [before, after] = [old, &new].map(|config| Rehearsal::new(config, registry.clone()));
        for path in files {
            let traffic = Traffic::Messages { path: path.clone(), feed: None };
            let found = asking(registry.clone(), old, &new, &traffic, false);
            let given = Given { path, feed: None, data_type: None, change: None };
            let inputs = read_each(&given, old, now()).unwrap();
            for input in &inputs {
                let (one, other) = (copies(&before, input), copies(&after, input));
                if found.differing.messages == 0 {
                    prop_assert_eq!(&one, &other, "{}", path.display());
                }
                if other.keys().any(|name| !one.contains_key(name) && name != "invalid") {
                    prop_assert!(found.differing.widening > 0, "{}", path.display());
                }
            }
            let nothing = edits.iter().all(|edit| matches!(edit, Edit::Comment(_)));
            prop_assert!(!nothing || !found.differs(), "{:?}", found.rules);
        }
    }
}
