//! What is refused as the same for every event is so: a second, naive reckoning over many events agrees.

use std::path::Path;
use std::sync::LazyLock;

use musubi::canonical::{CanonicalEvent, Content, Diagnosis, PartialTime, Precision, Sex};
use musubi::config::{Config, Files};
use musubi::envelope::Change;
use proptest::prelude::*;

use super::samples::{self, time};
use super::{files, recipients, route};

/// Clauses on few fields, so that they meet often.
const CLAUSES: [&str; 27] = [
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
    "field = \"patient.id\", in_table = \"tests\", also = { ident = \"patient.sex\" }",
    "field = \"patient.birth_date\", at_least = \"1970\"",
    "field = \"patient.birth_date\", below = \"1970\"",
    "field = \"patient.birth_date\", at_least = \"1970-05\"",
    "field = \"patient.birth_date\", below = \"1970-05\"",
    "field = \"patient.birth_date\", above = 1970-05-15",
    "field = \"patient.birth_date\", at_most = 1970-05-15",
    "field = \"patient.birth_date\", starts_with = \"1970-05\"",
    "field = \"patient.birth_date\", present = true",
];

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
            for id in ["A2", "A20", "B", "5F399", ""] {
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
        let route = |condition: String| route("diagnosis", &format!("where = {condition}"));
        (route(format!("{{ {clause} }}")), route(format!("{{ not = {{ {clause} }} }}")))
    });
    let verdict = |event: &CanonicalEvent<'_>, (holds, fails): &(_, _)| match () {
        () if !recipients(holds, event).is_empty() => Some(true),
        () if !recipients(fails, event).is_empty() => Some(false),
        () => None,
    };
    events().iter().map(|event| pairs.iter().map(|pair| verdict(event, pair)).collect()).collect()
});

fn tree() -> impl Strategy<Value = Tree> {
    let clause = (0..CLAUSES.len()).prop_map(Tree::Clause);
    clause.prop_recursive(3, 10, 3, |part| {
        let parts = || proptest::collection::vec(part.clone(), 1..4);
        prop_oneof![
            parts().prop_map(Tree::All),
            parts().prop_map(Tree::Any),
            part.clone().prop_map(|part| Tree::Not(Box::new(part))),
        ]
    })
}

/// What is said of each condition, a route each.
fn faults(conditions: &[&Tree]) -> Vec<Option<String>> {
    let mut text = String::new();
    for (at, condition) in conditions.iter().enumerate() {
        text += &format!(
            "[[route]]\nname = \"r{at}\"\ntopic = \"t\"\nto = [\"s\"]\nkinds = [\"diagnosis\"]\nbasis = \"addressed\"\nwhere = {}\n",
            condition.text()
        );
    }
    let files: Files = files(&text);
    let (_, faults) = Config::check(&files, Path::new("/"));
    let of = |at: usize| format!("route[{}].where", at + 1);
    let told = |at: usize| {
        faults.iter().find(|fault| fault.key == of(at) || fault.key.starts_with(&format!("{}.", of(at))))
    };
    (0..conditions.len()).map(|at| told(at).map(|fault| fault.message.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_refused_is_the_same_for_every_event(tree in tree()) {
        let conditions = tree.below();
        let faults = faults(&conditions);
        for (condition, fault) in conditions.iter().zip(faults) {
            let Some(fault) = fault else { continue };
            let verdicts = || VERDICTS.iter().map(|clauses| condition.verdict(clauses));
            // What stands around a part that is refused is refused for the part's sake.
            let is_smallest = condition.parts().iter().all(|part| self::faults(&[part])[0].is_none());
            if is_smallest && fault.contains("never holds") {
                prop_assert!(verdicts().all(|verdict| verdict != Some(true)), "{} can hold", condition.text());
            } else if is_smallest {
                prop_assert!(fault.contains("always holds"), "{fault}");
                prop_assert!(verdicts().all(|verdict| verdict == Some(true)), "{} need not hold", condition.text());
            }
        }
    }
}
