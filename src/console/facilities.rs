//! `/registry/facilities`: who takes part, what is agreed with each, and how many consents there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Actor, Right};
use super::html::{Tone, empty, number, state};
use super::view::View;
use super::{Console, frame};
use crate::ops::registry::records::{self, Agreed};

/// Facts that are counted, with their names.
const COUNTED: [(&str, &str, &str); 4] = [
    ("link", "Linked ids", "患者ID紐付け"),
    ("view-consent", "View consents", "閲覧同意"),
    ("sensitive-consent", "Sensitive consents", "機微情報の同意"),
    ("care-team", "Care teams", "ケアチーム"),
];

/// `?q=出雲`: part of a name or code of a facility. Never of a patient: addresses are remembered.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

/// The page.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(Asked { q }): Query<Asked>,
    view: View,
) -> Markup {
    let (registry, now) = (console.control.register().view().read(), console.control.clock().now());
    let found: Vec<_> = records::agreed(&registry, now)
        .into_iter()
        .filter(|one| actor.may(Right::View, Some(&one.facility.code)) && is_of(one, q.trim()))
        .collect();
    let body = html! {
        form.filters method="get" action="/registry/facilities" role="search" {
            div { label for="q" { (view.pick("Name or code", "名称・コード")) } input id="q" name="q" value=(q); }
            button { (view.pick("Search", "検索")) }
        }
        @if found.is_empty() { (empty(view.pick("There is no such facility.", "該当する施設はありません。"))) }
        @else { (list(&view, &found)) }
    };
    frame::page(&view, view.pick("Facilities and contracts", "施設と契約"), &body)
}

fn is_of(one: &Agreed, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let facility = &one.facility;
    let names = [&facility.code, &facility.name, facility.name_en.as_ref().unwrap_or(&facility.code)];
    names.iter().any(|name| name.to_lowercase().contains(&wanted))
}

fn list(view: &View, found: &[Agreed]) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th scope="col" { (view.pick("Code", "コード")) }
                th scope="col" { (view.pick("Name", "名称")) }
                th scope="col" { (view.pick("State", "状態")) }
                @for (_, en, ja) in COUNTED { th scope="col" { (view.pick(en, ja)) } }
                th scope="col" { (view.pick("Contracts in force", "有効な契約")) }
            } }
            tbody { @for one in found { tr {
                td { (one.facility.code) }
                th scope="row" { (name(view, one)) }
                td { (is_in_force(view, one.in_force)) }
                @for (fact, ..) in COUNTED { td.count { (number(count(&one.counts, fact))) } }
                td { (one.contracts.join(", ")) }
            } } }
        } }
    }
}

fn name<'o>(view: &View, one: &'o Agreed) -> &'o str {
    view.pick(one.facility.name_en.as_ref().unwrap_or(&one.facility.name), &one.facility.name)
}

fn is_in_force(view: &View, in_force: bool) -> Markup {
    match in_force {
        true => state(Tone::Ok, view.pick("in force", "有効")),
        false => state(Tone::Idle, view.pick("not in force", "無効")),
    }
}

fn count(counts: &BTreeMap<&'static str, u64>, fact: &str) -> u64 {
    counts.get(fact).copied().unwrap_or(0)
}
