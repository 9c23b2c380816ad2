//! One source of a feed: what it keeps from pass to pass, and how a pass over it goes.

use std::collections::HashMap;
use std::sync::Arc;

use super::context::Context;
use super::error::Halt;
use super::files::FilesPass;
use super::folder::Tree;
use super::outbox::Outbox;
use super::read::Reader;
use super::settings::{After, Source};
use super::storage::StoragePass;
use super::tally::Tally;
use super::transaction::TransactionPass;
use crate::store::{Place, StoreError};

/// Old files are looked at so often, in nanoseconds: once a day.
const SWEEP: i64 = 24 * 3_600 * 1_000_000_000;
const SWEPT: &str = "swept";

/// What kind of source it is.
pub(super) enum Kind {
    /// SS-MIX2
    Storage { storage: Tree, log: Option<Tree> },
    /// A drop folder.
    Files { tree: Tree, after: After },
}

/// A source with what it keeps from pass to pass.
pub(super) struct SourceState {
    pub(super) label: String,
    pub(super) kind: Kind,
    reader: Reader,
    tally: Tally,
}

impl SourceState {
    pub(super) fn new(context: &Arc<Context>, label: String, source: &Source) -> Self {
        let tree = |root: &std::path::Path, source: String| {
            Tree::new(root.to_owned(), Place { feed: context.feed.clone(), source })
        };
        let kind = match source {
            Source::Ssmix2 { standard, transaction, .. } => Kind::Storage {
                storage: tree(standard, label.clone()),
                log: transaction.as_deref().map(|root| tree(root, format!("{label}.transaction"))),
            },
            Source::Hl7Files { path, after, .. } => {
                Kind::Files { tree: tree(path, label.clone()), after: *after }
            }
        };
        let reader = Reader::new(context.clone(), label.clone(), source.settle(), source.incomplete_limit());
        Self { label, kind, reader, tally: Tally::new(context.counts.clone()) }
    }

    /// One pass; whether something is waited for.
    pub(super) fn pass(&mut self, context: &Context, outbox: &mut Outbox) -> Result<bool, Halt> {
        self.tally.begin();
        let Self { label, kind, reader, tally } = self;
        match kind {
            Kind::Storage { storage, log } => {
                let waits = match log {
                    Some(log) => {
                        let folders = HashMap::new();
                        let pending = false;
                        let mut pass = TransactionPass {
                            context,
                            log,
                            storage,
                            label,
                            reader,
                            outbox,
                            tally,
                            pending,
                            folders,
                        };
                        pass.run()?;
                        pass.pending
                    }
                    None => false,
                };
                let sweep = is_sweep_due(context, &storage.place)?;
                let pending = false;
                let mut pass =
                    StoragePass { context, tree: storage, label, reader, outbox, sweep, tally, pending };
                pass.run()?;
                let pending = waits | pass.pending;
                if sweep {
                    outbox.entries().mark(&storage.place, SWEPT, context.now());
                    outbox.send()?;
                }
                Ok(pending)
            }
            Kind::Files { tree, after } => {
                let (after, pending) = (*after, false);
                let mut pass = FilesPass { context, tree, label, reader, outbox, after, tally, pending };
                pass.run()?;
                Ok(pass.pending)
            }
        }
    }

    /// The pass came to its end and what it found was taken, or it broke off.
    pub(super) fn end(&mut self, is_whole: bool) {
        self.tally.end(is_whole);
    }
}

fn is_sweep_due(context: &Context, place: &Place) -> Result<bool, StoreError> {
    let swept = context.ledger.mark(place, SWEPT)?;
    Ok(swept.is_none_or(|swept| context.now().saturating_sub(swept) >= SWEEP))
}
