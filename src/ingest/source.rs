//! One source of a feed: what it keeps from pass to pass, and how a pass over it goes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::announced::AnnouncedPass;
use super::context::Context;
use super::error::Halt;
use super::extension::Contents;
use super::files::FilesPass;
use super::folder::Tree;
use super::index::{Due, Index};
use super::outbox::Outbox;
use super::read::Reader;
use super::settings::{After, Source};
use super::storage::StoragePass;
use super::tally::Tally;
use super::transaction::TransactionPass;
use crate::envelope::Format;
use crate::store::{Place, StoreError};

/// Old files are looked at so often, in nanoseconds: once a day.
const SWEEP: i64 = 24 * 3_600 * 1_000_000_000;
const SWEPT: &str = "swept";
/// A folder that a transaction record named is looked into for so long, in nanoseconds: an hour.
const NAMED: i64 = 3_600 * 1_000_000_000;

/// What kind of source it is.
pub(super) enum Kind {
    /// SS-MIX2
    Storage { storage: Tree, log: Option<Tree>, index: Option<Index>, extension: Option<Box<ExtensionState>> },
    /// A drop folder.
    Files { tree: Tree, format: Format, after: After },
}

/// An extension storage with what is kept from pass to pass.
pub(super) struct ExtensionState {
    pub(super) tree: Tree,
    contents: Contents,
    /// Its transaction storage.
    log: Option<Tree>,
    /// Data-type folders that records named, and until when they are looked into, nanoseconds since 1970.
    named: HashMap<String, i64>,
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
            Source::Ssmix2 { standard, transaction, index, extension, .. } => Kind::Storage {
                storage: tree(standard, label.clone()),
                log: transaction.as_deref().map(|root| tree(root, format!("{label}.transaction"))),
                index: index.clone().map(Index::new),
                extension: extension.as_ref().map(|extension| {
                    Box::new(ExtensionState {
                        tree: tree(&extension.root, format!("{label}.extension")),
                        contents: Contents::new(context.claims.clone(), extension.documents.clone()),
                        log: extension
                            .transaction
                            .as_deref()
                            .map(|root| tree(root, format!("{label}.extension.transaction"))),
                        named: HashMap::new(),
                    })
                }),
            },
            Source::Hl7Files { path, after, .. } | Source::Checkup { path, after, .. } => {
                Kind::Files { tree: tree(path, label.clone()), format: source.format(), after: *after }
            }
        };
        let (settle, limit) = (source.settle(), source.incomplete_limit());
        let reader = Reader::new(context.clone(), label.clone(), source.format(), settle, limit);
        Self { label, kind, reader, tally: Tally::new(context.counts.clone()) }
    }

    /// One pass; whether something is waited for.
    pub(super) fn pass(&mut self, context: &Context, outbox: &mut Outbox) -> Result<bool, Halt> {
        self.tally.begin();
        let Self { label, kind, reader, tally } = self;
        match kind {
            Kind::Storage { storage, log, index, extension } => {
                let mut pass = SourcePass { context, label, reader, outbox, tally };
                let mut pending = match log {
                    Some(log) => pass.transaction(log, storage)?,
                    None => false,
                };
                pending |= pass.storage(storage, None, &HashMap::new(), index.as_mut())?;
                if let Some(extension) = extension {
                    let ExtensionState { tree, contents, log, named } = &mut **extension;
                    if let Some(log) = log {
                        pass.announced(log, tree, named)?;
                    }
                    pending |= pass.storage(tree, Some(contents), named, None)?;
                }
                Ok(pending)
            }
            Kind::Files { tree, format, after } => {
                let (format, after, pending) = (*format, *after, false);
                let mut pass =
                    FilesPass { context, tree, format, label, reader, outbox, after, tally, pending };
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

/// One pass over an SS-MIX2 source.
struct SourcePass<'a> {
    context: &'a Context,
    label: &'a str,
    reader: &'a Reader,
    outbox: &'a mut Outbox,
    tally: &'a Tally,
}

impl SourcePass<'_> {
    fn transaction(&mut self, log: &Tree, storage: &Tree) -> Result<bool, Halt> {
        let Self { context, label, reader, ref mut outbox, tally } = *self;
        let (folders, pending) = (HashMap::new(), false);
        let mut pass =
            TransactionPass { context, log, storage, label, reader, outbox, tally, pending, folders };
        pass.run()?;
        Ok(pass.pending)
    }

    /// Notes which folders the records name, to be looked into for a while: what is written there may follow.
    fn announced(
        &mut self,
        log: &Tree,
        storage: &Tree,
        named: &mut HashMap<String, i64>,
    ) -> Result<(), Halt> {
        let Self { context, label, ref mut outbox, .. } = *self;
        let (folders, found) = (HashMap::new(), HashSet::new());
        let pass = AnnouncedPass { context, log, storage, label, outbox, folders, named: found };
        let now = context.now();
        named.retain(|_, until| *until > now);
        named.extend(pass.run()?.into_iter().map(|path| (path, now.saturating_add(NAMED))));
        Ok(())
    }

    fn storage(
        &mut self,
        tree: &Tree,
        contents: Option<&Contents>,
        named: &HashMap<String, i64>,
        mut index: Option<&mut Index>,
    ) -> Result<bool, Halt> {
        let Self { context, label, reader, ref mut outbox, tally } = *self;
        let sweep = is_sweep_due(context, &tree.place)?;
        let due = match &mut index {
            Some(index) => index.due(context, tree, reader, sweep)?,
            None => Due::default(),
        };
        let pending = due.waits;
        let mut pass =
            StoragePass { context, tree, contents, named, label, reader, outbox, sweep, tally, pending };
        match &due.patients {
            Some(patients) => pass.run_over(&patients.iter().cloned().collect::<Vec<_>>())?,
            None => pass.run()?,
        }
        let pending = pass.pending;
        if let Some(index) = index {
            index.done(tree, self.outbox, &due, pending)?;
        }
        if sweep {
            self.outbox.entries().mark(&tree.place, SWEPT, context.now());
            self.outbox.send()?;
        }
        Ok(pending)
    }
}

fn is_sweep_due(context: &Context, place: &Place) -> Result<bool, StoreError> {
    let swept = context.ledger.mark(place, SWEPT)?;
    Ok(swept.is_none_or(|swept| context.now().saturating_sub(swept) >= SWEEP))
}
