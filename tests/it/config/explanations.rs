//! Why an event went where it went.

use musubi::canonical::{Interpretation, ResultStatus};
use musubi::envelope::Change;
use musubi::route::{Fate, Source};

use super::samples::{self, lab, result};
use super::{SOURCE, asking, route, routes};

#[test]
fn the_last_clause_decides_and_no_value_of_the_patient_is_shown() {
    let routes = route(
        "lab-result",
        "where = { any = \"results\", all = [{ field = \"status\", is = \"final\" }, \
         { field = \"code.analyte\", is = \"5F625\" }] }",
    );
    let event = lab(vec![
        result("5F3991410063", ResultStatus::Preliminary, None),
        result("5F3991410063", ResultStatus::Final, Some(Interpretation::Positive)),
    ]);
    let explanation = routes.explain(&event, &asking(SOURCE));
    assert_eq!(
        explanation[0].to_string(),
        "route r: does not match\n  \
           kinds: kind in lab-result -> true\n  \
           change: change in created, updated, deleted -> true\n  \
           where.any(results)[1].all[1]: status is final -> false\n  \
           where.any(results)[2].all[1]: status is final -> true\n  \
           where.any(results)[2].all[2]: code.analyte is 5F625 -> false\n  \
           s: does not receive it\n"
    );
    assert_eq!(explanation[0].decisive().unwrap().clause, "code.analyte is 5F625");
}

#[test]
fn the_first_route_serves_a_subscriber() {
    let route = |name: &str, to: &str, keys: &str| {
        format!(
            "[[route]]\nname = \"{name}\"\ntopic = \"{name}\"\nto = {to}\nkinds = [\"lab-result\"]\nbasis = \"addressed\"\n{keys}\n"
        )
    };
    let routes = routes(&format!(
        "[[subscriber]]\nname = \"t\"\ndeliver = {{ kind = \"queue\" }}\n{}{}{}",
        route("none", "[\"s\"]", "change = [\"deleted\"]"),
        route("first", "[\"s\"]", "where = { field = \"change\", is = \"created\" }"),
        route("second", "[\"s\", \"t\"]", "facilities = [\"izumo\"]"),
    ));
    let event = samples::positive("5F3991410063");
    let shown = |source| format!("{:?}", routes.decide(&event, &asking(source)).recipients);
    assert_eq!(shown(SOURCE), "[s by first, t by second]");
    assert_eq!(shown(Source { feed: "other", facility: "3210200016" }), "[s by first]");
    let explanations = routes.explain(&event, &asking(SOURCE));
    let fates: Vec<_> = explanations.iter().flat_map(|explanation| explanation.subscribers.clone()).collect();
    assert_eq!(
        fates,
        [
            ("s", Fate::Unmatched),
            ("s", Fate::Receives),
            ("s", Fate::ServedBy("first")),
            ("t", Fate::Receives)
        ]
    );
}

#[test]
fn an_explanation_says_what_was_decided() {
    let region = super::region::routes();
    for change in [Change::Created, Change::Updated, Change::Deleted, Change::Superseded] {
        for mut event in samples::all() {
            event.change = change;
            let decided: Vec<_> = region
                .decide(&event, &asking(SOURCE))
                .recipients
                .iter()
                .map(|to| (to.subscriber, to.route.name.as_str()))
                .collect();
            let mut explained = Vec::new();
            for explanation in region.explain(&event, &asking(SOURCE)) {
                let receives = explanation.subscribers.iter().filter(|(_, fate)| *fate == Fate::Receives);
                explained.extend(receives.map(|(subscriber, _)| (*subscriber, explanation.route)));
            }
            assert_eq!(decided, explained);
            let is_kept = |(_, route): &(&str, &str)| *route == "backup-copy";
            assert!(
                change != Change::Superseded || decided.iter().all(is_kept),
                "a superseded version is kept, and never sent on"
            );
        }
    }
}
