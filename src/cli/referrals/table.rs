//! Referrals as text and as CSV.

use super::super::text;
use crate::lang::Lang;
use crate::services::output::csv_line;
use crate::services::referral::{List, Proof, Row, State, Step};

/// The word for a state.
pub(super) const fn word(state: State, lang: Lang) -> &'static str {
    match state {
        State::Accepted => lang.pick("accepted", "受付"),
        State::Delivered => lang.pick("delivered", "配信済"),
        State::Opened => lang.pick("opened", "開封"),
        State::Replied => lang.pick("replied", "返書あり"),
        State::Rejected => lang.pick("rejected", "受入不可"),
        State::Cancelled => lang.pick("cancelled", "取消"),
        State::Expired => lang.pick("expired", "期限切れ"),
        State::Undeliverable => lang.pick("undeliverable", "不達"),
    }
}

/// The word for a proof.
pub(super) const fn proof(proof: Proof, lang: Lang) -> &'static str {
    match proof {
        Proof::Same => lang.pick("same", "一致"),
        Proof::Open => lang.pick("not yet", "未確認"),
        Proof::Differs => lang.pick("DIFFERS", "不一致"),
    }
}

/// How many referrals stand where, and which wait for an answer.
pub(super) fn text(list: &List, lang: Lang) -> String {
    let mut out = String::new();
    let header = [lang.pick("state", "状態"), lang.pick("referrals", "件数")];
    let count = |state: State| list.counts.get(&state).copied().unwrap_or(0) as u64;
    let rows = State::ALL.map(|state| (word(state, lang).to_owned(), vec![count(state)]));
    text::table(&mut out, &header, rows.into_iter());
    let overdue = list.referrals.iter().filter(|row| row.overdue);
    for row in overdue {
        let days = lang.pick("days without an answer", "日間返書なし");
        out.push_str(&format!("{} {} → {}: {} {days}\n", row.id, row.from, row.to.join(", "), row.age_days));
    }
    let differing = list.referrals.iter().filter(|row| row.proof == Proof::Differs);
    for row in differing {
        let told = lang.pick("what was delivered is not what was sent", "配信内容が送信内容と一致しません");
        out.push_str(&format!("{} {}: {told}\n", row.id, row.from));
    }
    if !list.unmatched.is_empty() {
        let told = lang.pick("answers that belong to no referral", "紹介状と対応しない返書");
        out.push_str(&format!("{told}: {}\n", list.unmatched.len()));
    }
    out
}

/// One line a referral.
pub(super) fn csv(list: &List) -> String {
    let mut out =
        "id,external_id,from,to,priority,state,accepted_at,delivered_at,delivered_to,opened_at,replied_at,\
                   replied_by,ended_at,age_days,overdue,versions,hash,proof,findings\n"
            .to_owned();
    for row in &list.referrals {
        out.push_str(&line(row));
        out.push('\n');
    }
    out
}

fn line(row: &Row) -> String {
    let at = |step: &Option<Step>| step.as_ref().map(|step| step.at.to_string()).unwrap_or_default();
    let who = |step: &Option<Step>| step.as_ref().map(|step| step.who.clone()).unwrap_or_default();
    let findings = row.findings.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    csv_line(&[
        &row.id,
        row.external_id.as_deref().unwrap_or_default(),
        &row.from,
        &row.to.join(" "),
        row.priority.as_deref().unwrap_or_default(),
        word(row.state, Lang::En),
        &row.accepted.at.to_string(),
        &at(&row.delivered),
        &who(&row.delivered),
        &at(&row.opened),
        &at(&row.replied),
        &who(&row.replied),
        &at(&row.ended),
        &row.age_days.to_string(),
        if row.overdue { "yes" } else { "no" },
        &row.versions.to_string(),
        &row.hash,
        proof(row.proof, Lang::En),
        &findings,
    ])
}
