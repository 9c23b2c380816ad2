//! Who would get the event, and which clause decided, as text.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::text::{Sheet, json};
use crate::lang::Lang;
use crate::ops::denied;
use crate::ops::inspect::{Copy, Ground, InspectedMessage, RecipientDecision};

/// Fields of a copy that are named.
const FIELDS_MAX: usize = 40;

pub(super) fn recipients(sheet: &mut Sheet, message: &InspectedMessage) {
    if message.recipients.is_empty() {
        return;
    }
    sheet.heading(sheet.word("recipients", "配信先"));
    let (kinds, others): (Vec<_>, Vec<_>) = message.recipients.iter().partition(|one| is_of_kind(one));
    for decision in others.iter().filter(|decision| decision.receives) {
        yes(sheet, decision);
    }
    for decision in others.iter().filter(|decision| !decision.receives) {
        no(sheet, decision);
    }
    of_kind(sheet, &kinds);
}

/// Whether the route is about other kinds or changes.
pub(in crate::cli) fn is_of_kind(decision: &RecipientDecision) -> bool {
    let last = decision.clauses.last();
    decision.outcome == "unmatched"
        && last.is_some_and(|last| matches!(last.place.as_str(), "kinds" | "change"))
}

fn yes(sheet: &mut Sheet, decision: &RecipientDecision) {
    let RecipientDecision { subscriber, route, basis, .. } = decision;
    let answer = sheet.paint.good(sheet.word("yes", "する"));
    let head = sheet.word("route", "経路");
    sheet.row(&format!("{subscriber:<16} {answer} — {head} {route}{}", line(decision.route_line)));
    for clause in &decision.clauses {
        let text =
            format!("  {}: {} -> {}{}", clause.place, clause.clause, clause.verdict, line(clause.line));
        sheet.row(&text);
    }
    let purpose = decision.purpose.map(|purpose| format!(" / {purpose}")).unwrap_or_default();
    sheet.row(&format!("  {} {basis}{purpose}", sheet.word("basis", "根拠")));
    for ground in &decision.grounds {
        sheet.row(&format!("    {}", self::ground(ground, sheet.lang)));
    }
    for (table, version) in &decision.tables {
        sheet.row(&format!(
            "  {} {table} {} {version}",
            sheet.word("table", "表"),
            sheet.word("version", "版")
        ));
    }
    if let Some(copy) = &decision.copy {
        self::copy(sheet, decision, copy);
    }
}

fn no(sheet: &mut Sheet, decision: &RecipientDecision) {
    let RecipientDecision { subscriber, route, .. } = decision;
    let answer = sheet.paint.quiet(sheet.word("no", "しない"));
    let head = sheet.word("route", "経路");
    sheet.row(&format!("{subscriber:<16} {answer} — {head} {route}{}", line(decision.line)));
    let reason = decision.reason.as_ref().map(|reason| denied::told(reason, sheet.lang));
    if let Some(why) = reason.or_else(|| decision.why.last().map(Into::into)) {
        sheet.row(&format!("  {why}"));
    }
    for (table, version) in &decision.tables {
        sheet.row(&format!(
            "  {} {table} {} {version}",
            sheet.word("table", "表"),
            sheet.word("version", "版")
        ));
    }
}

/// Routes that are about something else, in one line each kind of reason.
fn of_kind(sheet: &mut Sheet, decisions: &[&RecipientDecision]) {
    let mut routes: BTreeMap<&str, ()> = BTreeMap::new();
    decisions.iter().for_each(|decision| {
        routes.insert(&decision.route, ());
    });
    if routes.is_empty() {
        return;
    }
    let names: Vec<_> = routes.into_keys().collect();
    let text = match sheet.lang {
        Lang::En => format!("{} routes are about other kinds or changes: {}", names.len(), names.join(", ")),
        Lang::Ja => format!("{} 経路は他の種別・変更が対象です: {}", names.len(), names.join(", ")),
    };
    let text = sheet.paint.quiet(&text);
    sheet.row(&text);
}

/// `view-consent 3210200024, 2026-04-01 – `
pub(in crate::cli) fn ground(ground: &Ground, lang: Lang) -> String {
    let Ground { fact, facility, from, until, .. } = ground;
    let facility = facility.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    let until = until.map_or(lang.pick("no end", "期限なし").to_owned(), day);
    format!("{fact}{facility}, {} – {until}", from.map(day).unwrap_or_default())
}

fn day(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).strftime("%Y-%m-%d").to_string()
}

fn copy(sheet: &mut Sheet, decision: &RecipientDecision, copy: &Copy) {
    let Copy { media_type, bytes, fields, kept_back, body } = copy;
    let size = format!("{media_type}, {bytes} {}", sheet.word("bytes", "バイト"));
    let word = sheet.word("leaves", "送出");
    match &decision.disclosure {
        Some(name) => {
            let listed = listed(fields);
            sheet.row(&format!(
                "  {word}: {} {name} ({size}): {listed}",
                sheet.word("disclosure", "開示範囲")
            ));
        }
        None => {
            let whole = sheet.word("the whole", "全体");
            sheet.row(&format!("  {word}: {whole}, {} ({size})", decision.send));
        }
    }
    if !decision.withheld.is_empty() {
        sheet.row(&format!("  {}: {}", sheet.word("withheld", "非開示"), decision.withheld.join(", ")));
    }
    if !kept_back.is_empty() {
        sheet.row(&format!("  {}: {}", sheet.word("kept back", "送出しない"), listed(kept_back)));
    }
    if let Some(body) = body {
        sheet.row(&format!("  {}:", sheet.word("copy", "写し")));
        json(sheet, body.get());
    }
}

/// The first of them, and how many more.
pub(in crate::cli) fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(FIELDS_MAX).map(String::as_str).collect();
    match names.len().saturating_sub(FIELDS_MAX) {
        0 => shown.join(", "),
        more => format!("{}, … (+{more})", shown.join(", ")),
    }
}

/// ` (routes.toml:123)`
pub(in crate::cli) fn line(line: Option<usize>) -> String {
    line.map(|line| format!(" (routes.toml:{line})")).unwrap_or_default()
}
