//! The list of referrals at a moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::answer::{Answer, Says};
use super::content::{Content, Outcome, Receipt};
use super::desk::Desk;
use super::letter::{Key, Letter, Step, Version};
use super::proof::Proof;
use crate::services::time::end_of;

/// Where a referral stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The hub has it.
    Accepted,
    /// The addressee's system has it.
    Delivered,
    /// The addressee told that it was seen (RF1-1 `P`).
    Opened,
    /// The addressee answered (RF1-1 `A`, or a letter in reply).
    Replied,
    /// The addressee refused (RF1-1 `R`).
    Rejected,
    /// Taken back by who wrote it (I14).
    Cancelled,
    /// It holds no longer (RF1-8, or RF1-1 `E`).
    Expired,
    /// It was given up: the addressee's system did not take it.
    Undeliverable,
}

impl State {
    /// All of them, in the order in which they follow each other.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Delivered,
        Self::Opened,
        Self::Replied,
        Self::Rejected,
        Self::Cancelled,
        Self::Expired,
        Self::Undeliverable,
    ];

    /// Whether the one who wrote the letter still waits for an answer.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Accepted | Self::Delivered | Self::Opened | Self::Undeliverable)
    }
}

/// A copy of a letter that left the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// To which subscriber.
    pub subscriber: String,
    /// When it was delivered, or given up.
    pub at: Timestamp,
    /// Whether it was delivered.
    pub delivered: bool,
    /// Of which version, from 1.
    pub version: usize,
}

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Number of the referral.
    pub id: String,
    /// The other side's number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// 10-digit code of the facility that refers.
    pub from: String,
    /// Its name, where the letter gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// Codes of the facilities that are referred to; a sound letter has one.
    pub to: Vec<String>,
    /// Its name, where the letter gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_name: Option<String>,
    /// Priority (HL7 table 0280).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Where it stands.
    pub state: State,
    /// The hub accepted its first version.
    pub accepted: Step,
    /// The addressee's system took the last version that was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Step>,
    /// The addressee first told anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Step>,
    /// The addressee answered for the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replied: Option<Step>,
    /// It was cancelled, or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Step>,
    /// Whole days since it was accepted.
    pub age_days: i64,
    /// Nobody has answered for so long.
    pub overdue: bool,
    /// How many versions there are.
    pub versions: usize,
    /// BLAKE3 of the bytes of the last version, as they were accepted.
    pub hash: String,
    /// Whether what was delivered is the same, over all versions.
    pub proof: Proof,
    /// Copies that left the hub.
    pub deliveries: Vec<Delivery>,
    /// What was odd, by its code.
    pub findings: BTreeSet<String>,
}

/// An answer that belongs to no letter that the desk knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// Id of the event.
    pub event: String,
    /// Who answered, and when.
    pub answered: Step,
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// For which moment.
    pub as_of: Timestamp,
    /// After how many days without an answer a referral is overdue.
    pub overdue_after_days: u16,
    /// How many referrals stand where.
    pub counts: BTreeMap<State, usize>,
    /// The referrals: those that are overdue first, then the oldest.
    pub referrals: Vec<Row>,
    /// Answers that belong to none of them.
    pub unmatched: Vec<Unmatched>,
}

impl Desk {
    /// The list at a moment. `zone` is that of days that letters give without one.
    pub fn list(&self, now: Timestamp, overdue_after_days: u16, zone: &TimeZone) -> List {
        let (answers, unmatched) = self.answered();
        let replies: BTreeSet<&str> =
            answers.values().flatten().map(|answer| answer.event.as_str()).collect();
        let is_reply =
            |letter: &Letter| letter.versions.iter().any(|version| replies.contains(version.event.as_str()));
        let letters = self.letters.iter().filter(|(_, letter)| !is_reply(letter));
        let mut referrals: Vec<_> = letters
            .filter_map(|(key, letter)| {
                let answers = answers.get(key).map_or(&[][..], Vec::as_slice);
                Maker { desk: self, key, letter, answers, now, overdue_after_days, zone }.row()
            })
            .collect();
        referrals.sort_by_key(|row| (!row.overdue, row.accepted.at));
        let mut counts = BTreeMap::new();
        for row in &referrals {
            *counts.entry(row.state).or_default() += 1;
        }
        List { as_of: now, overdue_after_days, counts, referrals, unmatched }
    }

    /// The answers of every letter in their order, and those that belong to none.
    fn answered(&self) -> (BTreeMap<&Key, Vec<&Answer>>, Vec<Unmatched>) {
        let (mut answered, mut unmatched) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for answer in &self.answers {
            match answer.letter(&self.letters) {
                Some(key) => answered.entry(key).or_default().push(answer),
                None if answer.is_reply => unmatched.push(Unmatched {
                    event: answer.event.clone(),
                    answered: Step { at: answer.at, who: answer.facility.clone() },
                }),
                None => {}
            }
        }
        (answered, unmatched)
    }
}

/// What makes a row.
struct Maker<'d> {
    desk: &'d Desk,
    key: &'d Key,
    letter: &'d Letter,
    answers: &'d [&'d Answer],
    now: Timestamp,
    overdue_after_days: u16,
    zone: &'d TimeZone,
}

impl Maker<'_> {
    fn row(&self) -> Option<Row> {
        let (first, last) = (self.letter.versions.first()?, self.letter.versions.last()?);
        let content = self.letter.content()?;
        let answers = self.standing();
        let deliveries = self.deliveries();
        let said = |says: &[Says]| answers.iter().rev().find(|answer| says.contains(&answer.says));
        let replied = said(&[Says::Accepted, Says::Rejected]).map(|answer| answer.step());
        let ended = self.ended(content, &answers);
        let delivered = deliveries.iter().rev().find(|delivery| delivery.delivered);
        let given_up = deliveries.last().is_some_and(|delivery| !delivery.delivered);
        let state = match (&ended, answers.last().map(|answer| answer.says)) {
            (Some((state, _)), _) => *state,
            (None, Some(Says::Rejected)) => State::Rejected,
            (None, _) if replied.is_some() => State::Replied,
            (None, Some(_)) => State::Opened,
            (None, None) if given_up => State::Undeliverable,
            (None, None) if delivered.is_some() => State::Delivered,
            (None, None) => State::Accepted,
        };
        let age_days = self.now.duration_since(first.at).as_secs().div_euclid(SECONDS_OF_DAY);
        let to = content.to.iter();
        Some(Row {
            id: content.id.clone().unwrap_or_else(|| self.key.number.clone()),
            external_id: self.external_id(content, &answers),
            from: self.key.facility.clone(),
            from_name: content.from.as_ref().and_then(|from| from.organisation.clone()),
            to: to.clone().filter_map(|party| party.facility.clone()).collect(),
            to_name: to.clone().find_map(|party| party.organisation.clone()),
            priority: content.priority.clone(),
            state,
            accepted: Step { at: first.at, who: self.key.facility.clone() },
            delivered: delivered.map(|delivery| Step { at: delivery.at, who: delivery.subscriber.clone() }),
            opened: answers.first().map(|answer| answer.step()),
            replied,
            ended: ended.map(|(_, step)| step),
            age_days,
            overdue: state.is_open() && age_days >= i64::from(self.overdue_after_days),
            versions: self.letter.versions.len(),
            hash: last.hash.clone(),
            proof: self.proof(),
            deliveries,
            findings: self.findings(content),
        })
    }

    /// The answers that were not withdrawn.
    fn standing(&self) -> Vec<&Answer> {
        let mut standing: Vec<&Answer> = Vec::new();
        for answer in self.answers {
            match answer.withdraws {
                true => standing.retain(|earlier| earlier.facility != answer.facility),
                false => standing.push(answer),
            }
        }
        standing
    }

    fn ended(&self, content: &Content, answers: &[&Answer]) -> Option<(State, Step)> {
        let own = |at| Step { at, who: self.key.facility.clone() };
        if let Some(at) = self.letter.cancelled_at() {
            return Some((State::Cancelled, own(at)));
        }
        if answers.iter().any(|answer| answer.says == Says::Accepted) {
            return None;
        }
        if let Some(answer) = answers.last().filter(|answer| answer.says == Says::Expired) {
            return Some((State::Expired, answer.step()));
        }
        let expires_at = end_of(content.expires_at.as_deref()?, self.zone)?;
        (expires_at <= self.now).then(|| (State::Expired, own(expires_at)))
    }

    fn receipts(&self) -> impl Iterator<Item = (usize, &Version, &Receipt)> {
        let versions = self.letter.versions.iter().zip(1..);
        versions.flat_map(|(version, number)| {
            let receipts = self.desk.receipts.get(&version.event).into_iter().flatten();
            receipts.map(move |receipt| (number, version, receipt))
        })
    }

    fn deliveries(&self) -> Vec<Delivery> {
        let made = self.receipts().map(|(version, _, receipt)| Delivery {
            subscriber: receipt.subscriber.clone(),
            at: receipt.at,
            delivered: receipt.outcome == Outcome::Delivered,
            version,
        });
        let mut deliveries: Vec<_> = made.collect();
        deliveries.sort_by_key(|delivery| (delivery.version, delivery.at));
        deliveries
    }

    /// One difference is enough.
    fn proof(&self) -> Proof {
        let delivered = self.receipts().filter(|(_, _, receipt)| receipt.outcome == Outcome::Delivered);
        let by_receipt = delivered.map(|(_, version, receipt)| Proof::of(&version.hash, &receipt.hash));
        let seen = self.letter.versions.iter().filter_map(|version| self.desk.proofs.get(&version.event));
        let proofs: Vec<_> = by_receipt.chain(seen.copied()).collect();
        match proofs.contains(&Proof::Differs) {
            true => Proof::Differs,
            false if proofs.is_empty() => Proof::Open,
            false => Proof::Same,
        }
    }

    fn external_id(&self, content: &Content, answers: &[&Answer]) -> Option<String> {
        let told = answers.iter().rev().find_map(|answer| answer.content.external_id.clone());
        told.or_else(|| content.external_id.clone())
    }

    fn findings(&self, content: &Content) -> BTreeSet<String> {
        let of_answers = self.answers.iter().flat_map(|answer| &answer.content.findings);
        // Whom an answer is addressed to is no question of the letter.
        let of_answers = of_answers.filter(|finding| !finding.code.starts_with("referral-"));
        content.findings.iter().chain(of_answers).map(|finding| finding.code.clone()).collect()
    }
}

const SECONDS_OF_DAY: i64 = SignedDuration::from_hours(24).as_secs();

impl Answer {
    fn step(&self) -> Step {
        Step { at: self.at, who: self.facility.clone() }
    }
}
