//! What can be seen of an entry and of the record that it is a version of.

use super::super::code::is_id;
use super::super::{ContractKind, Entry, Fact, identity};
use super::{Why, codes};
use crate::envelope::{NOT_A_FACILITY_CODE, is_facility_code};

const NOT_A_CODE: Why = ("bad-code", NOT_A_FACILITY_CODE);
const NOT_AN_ID: Why = (
    "bad-id",
    "a network id or local id is 1 to 64 bytes long, without spaces at its ends and control characters",
);
const NOBODY: Why = ("nobody", "say who enters this and why");
const BACKWARDS: Why = ("ends-before-it-begins", "the end must lie after the beginning");
const PAST: Why = (
    "ended-in-the-past",
    "a consent that is new can't have ended: if this is history, say so in the column `history`",
);
const OVER: Why =
    ("over", "the record ended, and what is over stays over: tell of a new one that begins later");
const ITSELF: Why = ("merge-with-itself", "the id that is no more and the one that stays are the same");
const READER: Why = (
    "bad-contract",
    "a contract of reading names the facility that reads in `with`, another one; other contracts name none",
);

/// All that is wrong with an entry; `known` is the version of its record that counts so far.
pub(super) fn check(entry: &Entry, known: Option<&Entry>) -> Vec<Why> {
    let ids = entry.fact.network_id().into_iter().chain(identity::local_ids(&entry.fact));
    let mut wrong = Vec::new();
    let mut demand = |holds: bool, why: Why| {
        if !holds {
            wrong.push(why);
        }
    };
    demand(codes(&entry.fact).all(is_facility_code), NOT_A_CODE);
    demand(ids.into_iter().all(|id| is_id(&id.0)), NOT_AN_ID);
    demand(!entry.who.trim().is_empty() && !entry.why.trim().is_empty(), NOBODY);
    demand(ends_after_it_begins(entry, known.is_some()), BACKWARDS);
    demand(known.is_some() || entry.is_history() || !is_consent_that_ended(entry), PAST);
    demand(known.is_none_or(|known| !reopens(entry, known)), OVER);
    match &entry.fact {
        Fact::Hold(hold) => {
            demand(hold.patient.as_ref().is_none_or(|patient| is_id(&patient.local_id.0)), NOT_AN_ID);
        }
        Fact::Merge(merge) | Fact::Unmerge(merge) => demand(merge.former != merge.into, ITSELF),
        Fact::Contract(contract) => {
            let with = contract.with.as_deref();
            let reads = with.is_some_and(|with| with != contract.facility);
            demand(if contract.kind == ContractKind::Reading { reads } else { with.is_none() }, READER);
        }
        _ => {}
    }
    wrong
}

/// A record that never came into force ends where it begins.
fn ends_after_it_begins(entry: &Entry, is_known: bool) -> bool {
    let period = entry.fact.period();
    period.until.is_none_or(|until| until > period.from || is_known && until == period.from)
}

fn is_consent_that_ended(entry: &Entry) -> bool {
    let consent = matches!(entry.fact, Fact::ViewConsent(_) | Fact::SensitiveConsent(_) | Fact::Emergency(_));
    consent && is_over(entry, entry)
}

fn reopens(entry: &Entry, known: &Entry) -> bool {
    is_over(known, entry) && entry.fact.period().until != known.fact.period().until
}

/// Whether a record was over when the entry was made.
fn is_over(record: &Entry, entry: &Entry) -> bool {
    record.fact.period().until.is_some_and(|until| until <= entry.recorded_at)
}
