//! What would have to change for a subscriber to get a message that it does not get.

use serde::Serialize;

use super::super::inspect::{ClauseSeen, FileSource, RecipientDecision};

/// A change, at one route or in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// The route; nothing where no route names the subscriber.
    pub route: Option<String>,
    /// Line in `routes.toml` to look at.
    pub line: Option<usize>,
    /// What would have to be so, English and Japanese.
    pub text: [String; 2],
    /// What to type, where a command or file does it.
    pub command: Option<String>,
}

/// What is needed at the routes that came nearest to taking the event.
pub(super) fn needed(
    routes: &[RecipientDecision],
    event_type: &str,
    source: &FileSource,
    viewer: Option<&str>,
) -> Vec<Needed> {
    if routes.iter().any(|decision| decision.receives) {
        return Vec::new();
    }
    if routes.is_empty() {
        let text = [
            "a route would have to name it: add it to `to` of one in routes.toml".to_owned(),
            "いずれかの経路の to に、この配信先を加える必要があります（routes.toml）".to_owned(),
        ];
        return vec![Needed { route: None, line: None, text, command: None }];
    }
    let furthest = routes.iter().map(rank).max().unwrap_or_default();
    if furthest == 0 {
        return vec![another_kind(routes, event_type)];
    }
    let nearest = routes.iter().filter(|decision| rank(decision) == furthest);
    nearest.map(|decision| of_route(decision, source, viewer)).collect()
}

/// How far a route came.
fn rank(decision: &RecipientDecision) -> usize {
    let last = decision.clauses.last().map_or("", |clause| clause.place.as_str());
    match (decision.outcome, last) {
        ("denied" | "served-by", _) => 6,
        ("not-addressed", _) => 5,
        (_, "kinds") => 0,
        (_, "change") => 1,
        (_, "facilities") => 2,
        (_, "send") => 4,
        _ => 3,
    }
}

fn another_kind(routes: &[RecipientDecision], event_type: &str) -> Needed {
    let kind = event_type.split('.').next().unwrap_or_default();
    let names: Vec<_> = routes.iter().map(|decision| decision.route.as_str()).collect();
    let names = names.join(", ");
    let text = [
        format!(
            "one of the routes that name it ({names}) would have to take the kind {kind}, or one of its own would"
        ),
        format!("この配信先の経路（{names}）のいずれかが種別 {kind} を対象とするか、新しい経路が必要です"),
    ];
    let first = routes.first();
    Needed {
        route: first.map(|one| one.route.clone()),
        line: first.and_then(|one| one.line),
        text,
        command: None,
    }
}

fn of_route(decision: &RecipientDecision, source: &FileSource, viewer: Option<&str>) -> Needed {
    let (text, command) = match (decision.outcome, decision.clauses.last()) {
        ("denied", _) => granted(decision.reason.as_deref().unwrap_or_default(), source, viewer),
        ("not-addressed", _) => (addressed(viewer), None),
        (_, Some(clause)) if clause.place == "address" => (addressed(viewer), None),
        (_, Some(clause)) => (held(clause), None),
        _ => (addressed(viewer), None),
    };
    Needed { route: Some(decision.route.clone()), line: decision.line, text, command }
}

/// A clause that does not hold, or can't be decided.
fn held(clause: &ClauseSeen) -> [String; 2] {
    let ClauseSeen { place, clause, verdict, .. } = clause;
    let undecided = *verdict == "undecided";
    let en = if undecided {
        format!(
            "the message would have to have the field of `{clause}` ({place}): it is absent, or of another type"
        )
    } else {
        format!("`{clause}` would have to hold ({place})")
    };
    let ja = if undecided {
        format!("「{clause}」（{place}）の項目がメッセージにないか、型が異なります。値が必要です")
    } else {
        format!("「{clause}」（{place}）が成り立つ必要があります")
    };
    [en, ja]
}

fn addressed(viewer: Option<&str>) -> [String; 2] {
    let code = viewer.unwrap_or("—");
    [
        format!("the message (or the registry, by the route's `address`) would have to name facility {code}"),
        format!(
            "メッセージ（または経路の address に応じた登録）が施設 {code} を宛先として示す必要があります"
        ),
    ]
}

/// Part of a clause of the registry, what is needed in English and Japanese, and what to type: `{source}` and `{viewer}`
/// stand for the codes of the sending and the receiving facility.
const REMEDIES: [[&str; 4]; 9] = [
    [
        "sent it itself",
        "nothing: the facility sent it itself, and has the record",
        "対応不要です。自施設の記録です",
        "",
    ],
    [
        "not linked at the source",
        "the patient's card would have to be shown at the sending facility",
        "送信元の施設でカードを提示し、リンクする必要があります",
        "musubi registry link {source} LOCAL-ID NETWORK-ID --why TEXT",
    ],
    [
        "several network ids",
        "it would have to be cleared up who the patient is: records with different network ids were merged",
        "異なるネットワークIDの記録が統合されています。どちらの患者か確認が必要です",
        "musubi registry history {source}/LOCAL-ID",
    ],
    [
        "not a member",
        "the patient would have to join the network (members.csv)",
        "患者のネットワーク加入の登録が必要です（members.csv）",
        "musubi registry import members.csv",
    ],
    [
        "no consent",
        "the patient would have to consent that the facility views the record for that purpose (consents.csv)",
        "この施設・この目的での閲覧への患者の同意の登録が必要です（consents.csv）",
        "musubi registry import consents.csv",
    ],
    [
        "no emergency access",
        "an emergency access of the facility would have to be in force; it is audited",
        "この施設の緊急閲覧が有効である必要があります（監査されます）",
        "musubi registry emergency NETWORK-ID --facility {viewer} --until TIME --why TEXT",
    ],
    [
        "contract is not in force",
        "the sending facility's contract would have to be in force (contracts.csv)",
        "送信元施設の契約が有効である必要があります（contracts.csv）",
        "musubi registry import contracts.csv",
    ],
    [
        "sensitive",
        "the patient would have to consent that this category is shown (sensitive.csv), or the route send another form",
        "この分類の開示への患者の同意（sensitive.csv）か、別の送出形式が必要です",
        "musubi registry import sensitive.csv",
    ],
    [
        "no single patient",
        "the message would have to be about one patient, and the subscriber belong to a facility",
        "メッセージが1人の患者に関するもので、配信先に施設が設定されている必要があります",
        "",
    ],
];

/// What a basis lacks, by the clause that denied it.
fn granted(clause: &str, source: &FileSource, viewer: Option<&str>) -> ([String; 2], Option<String>) {
    let Some([_, en, ja, command]) = REMEDIES.iter().find(|[part, ..]| clause.contains(part)) else {
        let text = ["the basis of the route would have to be there", "経路の根拠が必要です"];
        return (text.map(str::to_owned), None);
    };
    let source = source.facility.as_deref().unwrap_or("FACILITY");
    let command = command.replace("{source}", source).replace("{viewer}", viewer.unwrap_or("FACILITY"));
    ([*en, *ja].map(str::to_owned), (!command.is_empty()).then_some(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_denial_of_the_registry_has_its_remedy() {
        let source = FileSource { facility: Some("3210100018".to_owned()), ..FileSource::default() };
        let general = granted("", &source, None).0;
        let clauses = include_str!("../../registry/consent.rs").split("denied(\"").skip(1);
        let clauses: Vec<_> = clauses.filter_map(|rest| rest.split('"').next()).collect();
        assert!(clauses.len() > 8, "{clauses:?}");
        for clause in clauses {
            let (text, _) = granted(clause, &source, Some("3210200024"));
            assert_ne!(text, general, "{clause}");
        }
    }

    #[test]
    fn an_undecided_clause_asks_for_the_field() {
        let clause =
            |verdict| ClauseSeen { place: "where".into(), clause: "a is 1".into(), verdict, line: None };
        assert!(held(&clause("undecided"))[0].contains("absent"));
        assert!(held(&clause("false"))[0].contains("would have to hold"));
    }
}
