//! What is refused as the same for every event is so: a second, naive reckoning over many events agrees.

use std::path::Path;
use std::sync::LazyLock;

use musubi::canonical::{CanonicalEvent, Content, Diagnosis, PartialTime, Precision, Sex};
use musubi::config::Config;
use musubi::envelope::Change;
use musubi::route::Routes;
use proptest::prelude::*;

use super::samples::{self, time};
use super::{files, recipients};

/// Clauses on few fields, so that they meet often.
const CLAUSES: [&str; 28] = [
    "field = \"change\", is = \"created\"",
    "field = \"change\", is_not = \"created\"",
    "field = \"change\", in = [\"created\", \"updated\"]",
    "field = \"change\", is = \"deleted\"",
    "field = \"snapshot\", is = true",
    "field = \"snapshot\", is_not = true",
    "field = \"patient\", present = false",
    "field = \"patient.sex\", present = true",
    "field = \"patient.sex\", present = false",
    "field = \"patient.sex\", is = \"male\"",
    "field = \"patient.sex\", in = [\"male\", \"female\"]",
    "field = \"patient.sex\", not_in = [\"male\", \"female\"]",
    "field = \"patient.sex\", in = [\"male\", \"female\", \"other\", \"unknown\"]",
    "field = \"patient.id\", is = \"A2\"",
    "field = \"patient.id\", starts_with = \"A\"",
    "field = \"patient.id\", starts_with = [\"A2\", \"B\"]",
    "field = \"patient.id\", not_in = [\"A2\", \"B\"]",
    "field = \"patient.id\", in_table = \"diseases\", column = \"icd10\"",
    "field = \"patient.id\", in_table = \"tests\", column = \"ident\", also = { material = \"patient.sex\" }",
    "field = \"patient.birth_date\", at_least = \"1970\"",
    "field = \"patient.birth_date\", below = \"1970\"",
    "field = \"patient.birth_date\", at_least = \"1970-05\"",
    "field = \"patient.birth_date\", below = \"1970-05\"",
    "field = \"patient.birth_date\", above = 1970-05-15",
    "field = \"patient.birth_date\", at_most = 1970-05-15",
    "field = \"patient.birth_date\", starts_with = \"1970-05\"",
    "field = \"patient.birth_date\", present = true",
    "field = \"patient.birth_date\", present = false",
];

/// The clauses on one field each: change, snapshot, sex, id, birth date.
const GROUPS: [std::ops::Range<usize>; 5] = [0..4, 4..6, 6..13, 13..19, 19..28];

/// True, false, or undecided.
type Verdict = Option<bool>;

#[derive(Debug, Clone)]
enum Tree {
    Clause(usize),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    fn text(&self) -> String {
        let list = |parts: &[Self]| parts.iter().map(Self::text).collect::<Vec<_>>().join(", ");
        match self {
            Self::Clause(at) => format!("{{ {} }}", CLAUSES[*at]),
            Self::All(parts) => format!("{{ all = [{}] }}", list(parts)),
            Self::Any(parts) => format!("{{ any = [{}] }}", list(parts)),
            Self::Not(part) => format!("{{ not = {} }}", part.text()),
        }
    }

    fn parts(&self) -> &[Self] {
        match self {
            Self::Clause(_) => &[],
            Self::All(parts) | Self::Any(parts) => parts,
            Self::Not(part) => std::slice::from_ref(part),
        }
    }

    /// Itself and all below it, the smaller ones first.
    fn below(&self) -> Vec<&Self> {
        self.parts().iter().flat_map(Self::below).chain([self]).collect()
    }

    fn verdict(&self, clauses: &[Verdict]) -> Verdict {
        let of = |parts: &[Self], decisive: bool| {
            let verdicts: Vec<_> = parts.iter().map(|part| part.verdict(clauses)).collect();
            match () {
                () if verdicts.contains(&Some(decisive)) => Some(decisive),
                () if verdicts.contains(&None) => None,
                () => Some(!decisive),
            }
        };
        match self {
            Self::Clause(at) => clauses[*at],
            Self::All(parts) => of(parts, false),
            Self::Any(parts) => of(parts, true),
            Self::Not(part) => part.verdict(clauses).map(|holds| !holds),
        }
    }
}

fn events() -> Vec<CanonicalEvent<'static>> {
    let birth = |precision| Some(time(1970, 5, 15, precision));
    let births: [Option<PartialTime>; 7] = [
        None,
        birth(Precision::Year),
        birth(Precision::Month),
        birth(Precision::Day),
        Some(time(1970, 4, 30, Precision::Day)),
        Some(time(1969, 12, 31, Precision::Day)),
        Some(time(1970, 5, 16, Precision::Minute)),
    ];
    let mut events = Vec::new();
    for change in [Change::Created, Change::Updated, Change::Deleted] {
        for sex in [None, Some(Sex::Male), Some(Sex::Female), Some(Sex::Other), Some(Sex::Unknown)] {
            for id in ["A2", "A20", "B", "1410", ""] {
                for (at, birth_date) in births.into_iter().enumerate() {
                    let snapshot = at % 2 == 0;
                    let mut event =
                        samples::event(Content::Diagnosis(Diagnosis { snapshot, problems: vec![] }));
                    event.change = change;
                    let patient = event.patient.as_mut().unwrap();
                    (patient.id, patient.sex, patient.birth_date) = (id.into(), sex, birth_date);
                    events.push(event);
                }
            }
        }
        let mut nobody = samples::diagnosis(&[]);
        (nobody.change, nobody.patient) = (change, None);
        events.push(nobody);
    }
    events
}

/// Of every event, what every clause comes to.
static VERDICTS: LazyLock<Vec<Vec<Verdict>>> = LazyLock::new(|| {
    let pairs = CLAUSES.map(|clause| {
        (routes(&format!("{{ {clause} }}")).unwrap(), routes(&format!("{{ not = {{ {clause} }} }}")))
    });
    let verdict = |event: &CanonicalEvent<'_>, (holds, fails): &(Routes, Option<Routes>)| match () {
        () if !recipients(holds, event).is_empty() => Some(true),
        () if fails.as_ref().is_some_and(|fails| !recipients(fails, event).is_empty()) => Some(false),
        () => None,
    };
    events().iter().map(|event| pairs.iter().map(|pair| verdict(event, pair)).collect()).collect()
});

fn tree() -> impl Strategy<Value = Tree> {
    (0..GROUPS.len()).prop_flat_map(|group| about(GROUPS[group].clone()))
}

/// Mostly about that field.
fn about(group: std::ops::Range<usize>) -> impl Strategy<Value = Tree> {
    let clause = prop_oneof![6 => group, 1 => 0..CLAUSES.len()].prop_map(Tree::Clause);
    clause.prop_recursive(2, 8, 3, |part| {
        let parts = || proptest::collection::vec(part.clone(), 2..4);
        prop_oneof![
            parts().prop_map(Tree::All),
            parts().prop_map(Tree::Any),
            part.clone().prop_map(|part| Tree::Not(Box::new(part))),
        ]
    })
}

/// A route for each of these conditions.
fn text<'t>(conditions: impl IntoIterator<Item = &'t str>) -> String {
    let head = "topic = \"t\"\nto = [\"s\"]\nkinds = [\"diagnosis\"]\nbasis = \"addressed\"";
    let route = |(at, condition)| format!("[[route]]\nname = \"r{at}\"\n{head}\nwhere = {condition}\n");
    conditions.into_iter().enumerate().map(route).collect()
}

/// The route of a condition, unless it is refused.
fn routes(condition: &str) -> Option<Routes> {
    let (config, _) = Config::check(&files(&text([condition])), Path::new("/"));
    config.map(|config| (*config.routes).clone())
}

/// What is said of each condition.
fn faults(conditions: &[&Tree]) -> Vec<Option<String>> {
    let conditions: Vec<_> = conditions.iter().map(|condition| condition.text()).collect();
    let (_, faults) = Config::check(&files(&text(conditions.iter().map(String::as_str))), Path::new("/"));
    let told = |at: usize| {
        let key = format!("route[{}].where", at + 1);
        let is_here =
            |found: &str| found.strip_prefix(&key).is_some_and(|rest| !rest.starts_with(char::is_numeric));
        faults.iter().find(|fault| is_here(&fault.key)).map(|fault| fault.message.clone())
    };
    (0..conditions.len()).map(told).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_refused_is_the_same_for_every_event(trees in proptest::collection::vec(tree(), 24)) {
        let conditions: Vec<_> = trees.iter().flat_map(Tree::below).collect();
        let faults = faults(&conditions);
        let is_refused = |part: &Tree| {
            conditions.iter().zip(&faults).any(|(known, fault)| std::ptr::eq(*known, part) && fault.is_some())
        };
        for (condition, fault) in conditions.iter().zip(&faults) {
            // What stands around a part that is refused is refused for the part's sake.
            let Some(fault) = fault.as_ref().filter(|_| !condition.parts().iter().any(is_refused)) else { continue };
            let mut verdicts = VERDICTS.iter().map(|clauses| condition.verdict(clauses));
            if fault.contains("never holds") {
                prop_assert!(verdicts.all(|verdict| verdict != Some(true)), "{} can hold", condition.text());
            } else {
                prop_assert!(fault.contains("always holds"), "{}", fault);
                prop_assert!(verdicts.all(|verdict| verdict == Some(true)), "{} need not hold", condition.text());
            }
        }
    }
}
