//! What the days before tell of what the days that are asked for leave open.

use std::collections::HashSet;

use jiff::civil::Date;

use super::SheetError;
use super::flow::{Flow, each, files};
use crate::config::Config;
use crate::deliver::receipt_ids;
use crate::store::history::{Decision, What};

/// What is still open when the whole history was read.
#[derive(Default)]
pub(super) struct Past {
    /// Contents that nobody decided on.
    pub(super) hashes: HashSet<String>,
    /// Messages that have an end and no decision.
    pub(super) ids: HashSet<String>,
}

impl Past {
    /// Reads day files from the newest before `from` backwards, until nothing is open any more.
    pub(super) fn read(
        config: &Config,
        from: Date,
        hashes: HashSet<String>,
        flow: &Flow,
    ) -> Result<Self, SheetError> {
        let mut past = Self { hashes, ids: flow.loose.iter().map(|loose| loose.id.clone()).collect() };
        let files = files(config)?;
        // A receipt has an end and no decision: its id follows from the copy that it is of.
        let is_open = !past.ids.is_empty();
        for (_, path) in files.iter().filter(|(day, _)| is_open && *day >= from) {
            each(path, |step| {
                if let What::Decided(decision) = &step.what {
                    forget_receipts(&mut past.ids, &step.id, decision);
                }
            })?;
        }
        for (_, path) in files.iter().rev().filter(|(day, _)| *day < from) {
            if past.hashes.is_empty() && past.ids.is_empty() {
                break;
            }
            each(path, |step| match &step.what {
                What::Decided(decision) | What::Filtered(decision) => {
                    past.hashes.remove(&decision.hash);
                    past.ids.remove(&step.id);
                    forget_receipts(&mut past.ids, &step.id, decision);
                }
                _ => {}
            })?;
        }
        Ok(past)
    }
}

fn forget_receipts(ids: &mut HashSet<String>, id: &str, decision: &Decision) {
    if ids.is_empty() {
        return;
    }
    for granted in &decision.recipients {
        for receipt in receipt_ids(id, &granted.subscriber) {
            ids.remove(&receipt);
        }
    }
}
