//! `musubi diff`: what one edit of the demo region's configuration makes of its messages, counted; and never a difference
//! where there is none.

mod laws;
mod since;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi::config::Config;
use musubi::ops::diff::{Category, Class, Comparison, How, Item, Options, Rule, Traffic, Values, compare};
use musubi::ops::registry;
use musubi::registry::Registry;

use crate::support::{HubFolder, corpus, repository};

/// Feeds of the region.
const FEEDS: [&str; 4] = ["hamada-kenko", "izumo-chuo", "matsue-kita", "oki-kamome"];
/// Messages that their sources hold.
const MESSAGES: u64 = 260;

fn load(hub: &HubFolder) -> Config {
    let (config, faults) = Config::load(&hub.path(""));
    config.unwrap_or_else(|| panic!("{faults:?}"))
}

fn now() -> Timestamp {
    "2026-11-22T09:00:00+09:00".parse().unwrap()
}

fn by(old: &Config, new: &Config, traffic: &Traffic, values: bool) -> Comparison {
    asking(registry::asked(new, now()).unwrap(), old, new, traffic, values)
}

fn asking(registry: Registry, old: &Config, new: &Config, traffic: &Traffic, values: bool) -> Comparison {
    let options =
        Options { sample: None, examples: 2, values, now: now(), stop: &|| false, progress: &|_| {} };
    compare(old, new, registry, traffic, &options).unwrap()
}

/// What came of all feeds of the region.
#[derive(Default)]
struct Region {
    messages: u64,
    differing: u64,
    widening: u64,
    categories: BTreeMap<Category, (u64, u64)>,
    classes: Vec<Class>,
    rules: Vec<Rule>,
}

impl Region {
    fn by(old: &Config, new: &Config) -> Self {
        let mut region = Self::default();
        for feed in FEEDS {
            let found = by(old, new, &Traffic::Feed(feed.to_owned()), true);
            assert_eq!(found.missing, [], "{feed}");
            region.messages += found.messages;
            region.differing += found.differing.messages;
            region.widening += found.differing.widening;
            for (category, counts) in &found.categories {
                let (messages, widening) = region.categories.entry(*category).or_default();
                *messages += counts.messages;
                *widening += counts.widening;
            }
            region.classes.extend(found.classes);
            region.rules = found.rules;
        }
        region
    }

    /// Copies that a subscriber gets more, or less.
    fn copies(&self, subscriber: &str, wanted: How) -> u64 {
        let of = |class: &&Class| {
            let is_wanted = |item: &Item| matches!(item, Item::Recipient { how, .. } if *how == wanted);
            class.subscribers.contains(subscriber) && class.items.iter().any(is_wanted)
        };
        self.classes.iter().filter(of).map(|class| class.messages).sum()
    }

    /// Paths of the fields that differ in copies.
    fn fields(&self) -> BTreeSet<(&str, How, bool)> {
        let disclosed = self.classes.iter().filter(|class| class.category == Category::Disclosed);
        let fields = disclosed.flat_map(|class| &class.items).filter_map(|item| match item {
            Item::Field { path, how, widens } => Some((path.as_str(), *how, *widens)),
            Item::Recipient { .. } | Item::Word { .. } => None,
        });
        fields.collect()
    }

    fn rule(&self, about: &str) -> Vec<(&str, bool)> {
        let rules = self.rules.iter().filter(|rule| rule.about == about);
        rules.map(|rule| (rule.name.as_str(), rule.widens)).collect()
    }
}

/// The region with one edit: what was written there, what stands there now.
fn edited(file: &str, from: &str, to: &str) -> Region {
    let hub = HubFolder::network();
    let old = load(&hub);
    edit(&hub, file, from, to);
    let region = Region::by(&old, &load(&hub));
    assert_eq!(region.messages, MESSAGES);
    region
}

#[track_caller]
fn edit(hub: &HubFolder, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(hub.path(file)).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from}");
    hub.write(file, text.replace(from, to));
}

#[test]
fn the_same_configuration_makes_no_difference() {
    let hub = HubFolder::network();
    let (old, new) = (load(&hub), load(&hub));
    let region = Region::by(&old, &new);
    assert_eq!((region.messages, region.differing, region.rules.len()), (MESSAGES, 0, 0));
    let paths = [repository().join("fixtures"), repository().join("fixtures/cases")];
    for path in paths.into_iter().chain(corpus().map(|corpus| corpus.join("hl7v2"))) {
        let found = by(&old, &new, &Traffic::Messages { path: path.clone(), feed: None }, false);
        assert!(found.messages > 90, "{}: {}", path.display(), found.messages);
        assert!(!found.differs(), "{}: {:?}", path.display(), found.classes);
    }
}

/// The whole way is taken twice where messages may be read otherwise: no difference comes of that alone.
#[test]
fn another_zone_changes_what_is_read_and_widens_nothing() {
    let hub = HubFolder::network();
    let old = load(&hub);
    edit(&hub, "hub.toml", "Asia/Tokyo", "Asia/Seoul");
    let same = Region::by(&old, &load(&hub));
    assert_eq!((same.messages, same.differing), (MESSAGES, 0), "{:?}", same.classes);
    assert_eq!(same.rule("timezone"), [("hub.toml", false)]);
    edit(&hub, "hub.toml", "Asia/Seoul", "UTC");
    let region = Region::by(&old, &load(&hub));
    let (mapped, _) = region.categories[&Category::Mapped];
    assert!(mapped > 200, "{mapped}");
    assert_eq!(region.widening, 0, "{:?}", region.classes);
}

#[test]
fn a_field_that_leaves_newly() {
    let region = edited(
        "routes.toml",
        "fields = [\"message.type\", \"message.sent_at\", \"event\", \"admitted_at\", \"occurred_at\"]",
        "fields = [\"message.type\", \"message.sent_at\", \"event\", \"admitted_at\", \"occurred_at\", \"patient.sex\"]",
    );
    // Every visit and admission that the service counts.
    assert_eq!(region.categories, BTreeMap::from([(Category::Disclosed, (33, 33))]));
    assert_eq!(region.fields(), BTreeSet::from([("patient.sex", How::Added, true)]));
    assert!(
        region.classes.iter().all(|class| class.subscribers == BTreeSet::from(["surveillance".to_owned()]))
    );
    assert_eq!(region.rule("field"), [("visit-count", true)]);
    let Values { old, new, .. } = &region.classes[0].examples[0].values[0];
    assert!(old.is_empty() && ["male", "female"].contains(&new[0].0.as_str()), "{new:?}");
}

#[test]
fn what_was_generalised_leaves_plainer() {
    let region = edited(
        "routes.toml",
        "]\ngeneralise = { \"patient.birth_date\" = \"age-band\" }\npseudonym = [\"problems.instance\"]",
        "]\ngeneralise = { \"patient.birth_date\" = \"year\" }\npseudonym = [\"problems.instance\"]",
    );
    assert_eq!(region.fields(), BTreeSet::from([("patient.birth_date", How::Changed, true)]));
    assert_eq!(region.rule("field"), [("notifiable-diagnosis", true)]);
}

#[test]
fn a_condition_that_takes_less() {
    let region = edited(
        "routes.toml",
        "where  = { field = \"event\", in = [\"visit\", \"admission\"] }",
        "where  = { all = [{ field = \"event\", in = [\"visit\", \"admission\"] }, { field = \"event\", is = \"admission\" }] }",
    );
    assert_eq!(region.widening, 0);
    assert_eq!(region.categories, BTreeMap::from([(Category::Routed, (25, 0))]));
    assert_eq!(region.copies("surveillance", How::Removed), 25);
    assert_eq!(region.rule("condition"), [("visit-count", false)]);
    let because = region.classes[0].examples[0].because.clone().unwrap();
    assert!(because.contains("event is admission"), "{because}");
}

#[test]
fn a_subscriber_that_gets_something_newly() {
    let region = edited(
        "routes.toml",
        "to     = [\"surveillance\"]\nkinds  = [\"encounter\"]",
        "to     = [\"surveillance\", \"tasks\"]\nkinds  = [\"encounter\"]",
    );
    assert_eq!(region.categories, BTreeMap::from([(Category::Routed, (33, 33))]));
    assert_eq!(region.copies("tasks", How::Added), 33);
    assert_eq!(region.rule("recipient"), [("visit-count", true)]);
    assert!(region.rules.iter().all(|rule| !rule.seen || rule.name == "visit-count"));
}

#[test]
fn a_route_that_is_gone() {
    let hub = HubFolder::network();
    let old = load(&hub);
    let text = std::fs::read_to_string(hub.path("routes.toml")).unwrap();
    let (before, rest) = text.split_once("[[route]]\nname    = \"record-allergy\"").unwrap();
    let (_, after) = rest.split_once("[[route]]\nname    = \"record-encounter\"").unwrap();
    hub.write("routes.toml", format!("{before}[[route]]\nname    = \"record-encounter\"{after}"));
    let region = Region::by(&old, &load(&hub));
    assert_eq!(region.widening, 0);
    let copies = ["chuo-record", "kita-record", "oki-record"].map(|name| region.copies(name, How::Removed));
    assert_eq!(copies, [1, 3, 2]);
    assert_eq!(region.rule("recipient"), [("record-allergy", false)]);
    assert_eq!(region.rule("falls-to"), []);
}

#[test]
fn a_table_that_knows_another_code() {
    let hub = HubFolder::network();
    let old = load(&hub);
    let tables = std::fs::read_to_string(hub.path("tables/notifiable_diseases.tsv")).unwrap();
    let kept: Vec<_> = tables.lines().filter(|line| !line.contains("A15")).collect();
    assert!(kept.len() < tables.lines().count());
    hub.write("tables/notifiable_diseases.tsv", kept.join("\n") + "\n");
    let region = Region::by(&old, &load(&hub));
    assert!(region.differing > 0 && region.widening == 0, "{:?}", region.classes);
    assert_eq!(region.rule("table"), [("notifiable_diseases", false)]);
    // The other way round, something leaves that did not.
    let back = Region::by(&load(&hub), &old);
    assert_eq!((back.differing, back.widening), (region.differing, region.differing));
    assert_eq!(back.rule("table"), [("notifiable_diseases", true)]);
}

#[test]
fn what_is_sensitive_and_no_longer_withheld() {
    let hub = HubFolder::network();
    let old = load(&hub);
    let table = std::fs::read_to_string(hub.path("tables/sensitive.tsv")).unwrap();
    let kept: Vec<_> = table.lines().filter(|line| !line.starts_with("psychiatric")).collect();
    hub.write("tables/sensitive.tsv", kept.join("\n") + "\n");
    let region = Region::by(&old, &load(&hub));
    let withheld =
        |item: &Item| matches!(item, Item::Word { name: "withheld", old: Some(_), new: None, widens: true });
    assert!(region.classes.iter().any(|class| class.items.iter().any(withheld)), "{:?}", region.classes);
    assert_eq!(region.rule("table"), [("sensitive", true)]);
}

#[test]
fn a_basis_that_asks_less() {
    let region = edited(
        "routes.toml",
        "kinds   = [\"allergy\"]\nbasis   = \"view-consent\"\npurpose = \"shared-record\"",
        "kinds   = [\"allergy\"]\nbasis   = \"entrusted\"",
    );
    let (messages, widening) = region.categories[&Category::Basis];
    assert!(messages > 0 && messages == widening);
    assert_eq!(region.rule("basis"), [("record-allergy", true)]);
}

#[test]
fn settings_of_a_feed() {
    let codes = "[documents]\n\"L-OBSERVATIONS\" = \"85353-1\"\n";
    let region = edited("feeds/izumo-chuo.toml", codes, "");
    assert_eq!(region.differing, 1, "{:?}", region.classes);
    let hub = HubFolder::network();
    let old = load(&hub);
    std::fs::remove_file(hub.path("feeds/hamada-kenko.toml")).unwrap();
    let text = std::fs::read_to_string(hub.path("routes.toml")).unwrap();
    hub.write("routes.toml", text.replace("\"hamada-kenko\"", "\"oki-kamome\""));
    let new = load(&hub);
    let gone = by(&old, &new, &Traffic::Feed("hamada-kenko".into()), false);
    assert_eq!((gone.messages, gone.differing.messages, gone.differing.widening), (24, 24, 0));
    assert!(gone.categories.iter().all(|(category, _)| *category == Category::PickedUp));
    let come = by(&new, &old, &Traffic::Feed("hamada-kenko".into()), false);
    assert_eq!((come.messages, come.differing.widening), (24, 24));
}

/// No message of the region meets the rule, and it is told nevertheless.
#[test]
fn a_widening_that_no_message_shows() {
    let region = edited(
        "routes.toml",
        "kinds   = [\"imaging-performed\"]\ndisclose = \"image-reference\"",
        "kinds   = [\"imaging-performed\", \"diet-order\"]\nfacilities = [\"oki-kamome\"]\ndisclose = \"image-reference\"",
    );
    assert_eq!(region.widening, 0);
    assert_eq!(region.rule("kinds"), [("record-image", true)]);
    assert_eq!(region.rule("facilities"), [("record-image", false)]);
}

#[test]
fn a_draw_is_the_same_for_the_same_seed() {
    let hub = HubFolder::network();
    let (old, new) = (load(&hub), load(&hub));
    let path = repository().join("fixtures/cases");
    let traffic = Traffic::Messages { path, feed: None };
    let options = Options {
        sample: Some((10, 3)),
        examples: 1,
        values: false,
        now: now(),
        stop: &|| false,
        progress: &|_| {},
    };
    let found = compare(&old, &new, registry::asked(&new, now()).unwrap(), &traffic, &options).unwrap();
    assert!((8..=11).contains(&found.messages), "{}", found.messages);
    let stopped = Options { sample: None, stop: &|| true, ..options };
    let found = compare(&old, &new, registry::asked(&new, now()).unwrap(), &traffic, &stopped).unwrap();
    assert_eq!((found.messages, found.stopped), (0, true));
}

fn copy_config(hub: &HubFolder, to: &str) {
    for file in ["hub.toml", "routes.toml"] {
        hub.write(&format!("{to}/{file}"), std::fs::read(hub.path(file)).unwrap());
    }
    for folder in ["feeds", "tables"] {
        crate::support::copy_tree(&hub.path(folder), &hub.path(&format!("{to}/{folder}")));
    }
}

fn json(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn the_verb_and_its_exit_codes() {
    let hub = HubFolder::network();
    let cases = repository().join("fixtures/cases").display().to_string();
    let none = hub.run(&["diff", "--messages", &cases]);
    assert_eq!(none.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&none.stderr).contains("musubi diff --old DIR"));
    copy_config(&hub, "before");
    let before = hub.path("before").display().to_string();
    let same = hub.run(&["diff", "--old", &before, "--messages", &cases]);
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stdout));
    assert!(String::from_utf8_lossy(&same.stdout).ends_with("Nothing differs.\n"));
    edit(&hub, "routes.toml", "\"event\", \"admitted_at\", \"occurred_at\"]", "\"event\"]");
    let narrower = ["diff", "--old", &before, "--messages", "feed:oki-kamome"];
    let output = hub.run(&narrower);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("- admitted_at") && text.contains("Nothing leaves that did not before"), "{text}");
    assert!(!text.contains("2026-10"), "values are shown only to who asks: {text}");
    let ja = hub.run(&[&narrower[..], &["--lang", "ja", "--values", "--fail-on-widening"]].concat());
    assert_eq!(ja.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&ja.stdout).contains("新たに出ていく情報はありません"));
    for (wrong, code) in [("feed:nobody", 64), ("/nowhere", 65)] {
        let output = hub.run(&["diff", "--old", &before, "--messages", wrong]);
        assert_eq!(output.status.code(), Some(code), "{wrong}");
    }
    assert_eq!(hub.run(&["diff", "--since", "yesterday"]).status.code(), Some(64));
}
