//! `/registry`: facilities, counts, and what is known of one network id.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::Console;
use super::access::Right;
use super::audit::Action;
use super::frame;
use super::html::table;
use super::view::View;
use crate::lang::Lang;
use crate::ops::registry::records;
use crate::registry::{Area, FacilityRole, Fact, Registry};

/// What the form sends. In the body, not in the address: a network id names a person, and addresses are remembered.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    network_id: String,
}

/// The page.
pub(super) async fn show(State(console): State<Arc<Console>>, view: View) -> Response {
    match console.admit(&view, Right::View).await {
        Ok(_) => render(&console, &view, None).into_response(),
        Err(refusal) => refusal,
    }
}

/// The page with what is known of a network id.
pub(super) async fn search(
    State(console): State<Arc<Console>>,
    view: View,
    Form(wanted): Form<Wanted>,
) -> Response {
    let network_id = wanted.network_id.trim();
    let actor = match console.admit(&view, Right::ViewBodies).await {
        Ok(actor) => actor,
        Err(refusal) => return refusal,
    };
    match console.audit(actor, Action::ViewPatient, &console.stand_in(network_id)).await {
        Ok(()) => render(&console, &view, Some(network_id)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn render(console: &Console, view: &View, network_id: Option<&str>) -> Markup {
    let (registry, now) = (console.control.register().view().read(), console.control.clock().now());
    let page = Page { view, registry: &registry, console, now };
    let body = html! {
        p.hint { (view.pick("Revision", "版")) " " (registry.revision()) }
        (page.form(network_id.unwrap_or_default()))
        @if let Some(id) = network_id { (page.history(id)) }
        (page.counts())
        (page.facilities())
    };
    frame::page(view, view.pick("Registry", "台帳"), &body)
}

struct Page<'p> {
    view: &'p View,
    registry: &'p Registry,
    console: &'p Console,
    now: Timestamp,
}

impl Page<'_> {
    fn form(&self, network_id: &str) -> Markup {
        let view = self.view;
        html! {
            h2 { (view.pick("A patient's records and history", "患者の記録と履歴")) }
            (frame::form(view, "/registry", &html! {
                label for="id" { (view.pick("Network id", "ネットワークID")) }
                input id="id" name="network_id" value=(network_id) autocomplete="off" required;
                " "
                button { (view.pick("Search", "検索")) }
            }))
        }
    }

    fn counts(&self) -> Markup {
        let counts = records::counts(self.registry, self.now);
        let row = |(kind, (all, in_force)): (&str, (u64, u64))| {
            vec![self.fact_name(kind).to_owned(), in_force.to_string(), all.to_string()]
        };
        let rows: Vec<_> = counts.into_iter().map(row).collect();
        let head = match self.view.lang {
            Lang::En => ["Kind", "In force", "All"],
            Lang::Ja => ["種類", "有効", "合計"],
        };
        html! { h2 { (self.view.pick("Records", "登録件数")) } (table(&head, &rows)) }
    }

    fn facilities(&self) -> Markup {
        let facilities = records::facilities(self.registry, self.now);
        let rows = facilities.iter().filter_map(|record| {
            let Fact::Facility(facility) = &record.versions.last()?.fact else { return None };
            let name = match (&facility.name_en, self.view.lang) {
                (Some(name), Lang::En) => name,
                _ => &facility.name,
            };
            let roles: Vec<_> = facility.roles.iter().map(|role| self.role(*role)).collect();
            let (in_force, ended) = match self.view.lang {
                Lang::En => ("in force", "not in force"),
                Lang::Ja => ("有効", "無効"),
            };
            Some(vec![
                facility.code.clone(),
                name.clone(),
                self.area(facility.area),
                roles.join(", "),
                if record.in_force { in_force } else { ended }.to_owned(),
                self.time(facility.period.from),
            ])
        });
        let rows: Vec<_> = rows.collect();
        let head = match self.view.lang {
            Lang::En => ["Code", "Name", "Area", "Roles", "State", "From"],
            Lang::Ja => ["コード", "名称", "医療圏", "役割", "状態", "開始"],
        };
        html! { h2 { (self.view.pick("Facilities", "施設")) }
        p { a href="/registry/facilities" { (self.view.pick("Search, contracts, consents", "検索・契約・同意件数")) } }
        (table(&head, &rows)) }
    }

    fn history(&self, network_id: &str) -> Markup {
        let history = records::history(self.registry, network_id);
        if history.is_empty() {
            let nothing = self
                .view
                .pick("There are no records of this network id.", "このネットワークIDの記録はありません。");
            return html! { p.alert { (nothing) } };
        }
        let row = |entry: crate::registry::Entry| {
            let period = entry.fact.period();
            vec![
                self.time(entry.recorded_at),
                self.fact(&entry.fact),
                entry.fact.facility().unwrap_or_default().to_owned(),
                self.time(period.from),
                period.until.map_or_else(|| "—".to_owned(), |until| self.time(until)),
                entry.who,
                entry.why,
            ]
        };
        let rows: Vec<_> = history.into_iter().map(row).collect();
        let head = match self.view.lang {
            Lang::En => ["Entered", "Fact", "Facility", "From", "Until", "By", "Why"],
            Lang::Ja => ["登録日時", "事実", "施設", "開始", "終了", "登録者", "理由"],
        };
        html! { h2 { (self.view.pick("History, in order of entry", "履歴（登録順）")) } (table(&head, &rows)) }
    }

    /// A fact and what it is given for.
    fn fact(&self, fact: &Fact) -> String {
        let name = self.fact_name(fact.as_str());
        match fact {
            Fact::ViewConsent(consent) => format!("{name} ({})", consent.purpose.as_str()),
            Fact::SensitiveConsent(consent) => format!("{name} ({})", consent.category.as_str()),
            _ => name.to_owned(),
        }
    }

    /// A fact's name for people.
    fn fact_name<'f>(&self, word: &'f str) -> &'f str {
        let ja = match word {
            "facility" => "施設",
            "member" => "加入",
            "link" => "患者ID紐付け",
            "view-consent" => "閲覧同意",
            "sensitive-consent" => "機微情報の同意",
            "contract" => "契約",
            "care-team" => "ケアチーム",
            "perinatal" => "周産期リスト",
            "hold" => "配信停止",
            "emergency" => "緊急時アクセス",
            "merge" => "患者ID統合",
            "unmerge" => "統合の取消",
            "removal" => "記録の削除",
            other => other,
        };
        self.view.pick(word, ja)
    }

    fn role(&self, role: FacilityRole) -> &'static str {
        match role {
            FacilityRole::Disclosing => self.view.pick("disclosing", "開示"),
            FacilityRole::Participating => self.view.pick("participating", "参照"),
        }
    }

    fn area(&self, area: Area) -> String {
        let mut name = area.as_str().chars();
        let en: String =
            name.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(name).collect();
        self.view.pick(&en, area.name_ja()).to_owned()
    }

    /// To the minute, in the hub's zone.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.console.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}
