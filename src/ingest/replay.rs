//! Brings the ledger up to date with what lies in `accepted.<feed>`: what was accepted and not yet known to be
//! in the ledger for good.

use std::collections::HashMap;

use ssmix2::transaction::TransactionFileName;

use super::announced::retire;
use super::content::{Hash, fold, hash_of_files};
use super::context::Context;
use super::files::file_record;
use super::folder::Tree;
use super::last_record::LastRecord;
use super::leaf::{Taken, Unit, Version, is_same_version, take};
use super::source::{Kind, SourceState};
use super::transaction::{folder_of, stem_of, taken_up_to};
use crate::broker::Delivery;
use crate::envelope::{Change, Envelope, Format};
use crate::manifest::Manifest;
use crate::store::ledger::Entries;
use crate::store::{DropRecord, FolderRecord, PartRecord, Place, StoreError};

/// Reads accepted messages back, in the order of their acceptance.
#[derive(Default)]
pub(super) struct Replay {
    /// The message before, by which the parts of one file are put together again.
    before: Option<(String, u64, Hash)>,
    folders: HashMap<(String, String), (Place, FolderRecord)>,
    /// Messages of dropped files that are not yet in the ledger.
    parts: HashMap<(String, String), Vec<PartRecord>>,
    entries: Entries,
}

impl Replay {
    /// Notes messages in the ledger. To note them again changes nothing.
    pub(super) fn note(
        &mut self,
        context: &Context,
        sources: &[&SourceState],
        deliveries: &[Delivery],
    ) -> Result<(), StoreError> {
        for delivery in deliveries {
            self.message(context, sources, delivery)?;
        }
        let mut entries = std::mem::take(&mut self.entries);
        for ((_, path), (place, record)) in self.folders.drain() {
            entries.folder(&place, &path, &record);
        }
        self.parts.clear();
        context.ledger.write(entries)
    }

    fn message(
        &mut self,
        context: &Context,
        sources: &[&SourceState],
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let envelope = &delivery.envelope;
        let Some((label, key)) = envelope.key.0.split_once('/') else { return Ok(()) };
        let Some(source) = sources.iter().find(|source| source.label == label) else {
            tracing::warn!(feed = %context.feed, label, "accepted messages of a source that is no longer configured");
            return Ok(());
        };
        let file = envelope.origin.file.0.as_str();
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        match (&source.kind, TransactionFileName::parse(name)) {
            (Kind::Storage { log: Some(log), storage, .. }, Some(_)) => {
                let start = envelope.origin.offset;
                let end = start + u64::try_from(delivery.body.len()).unwrap_or(u64::MAX);
                let last = (end > start).then(|| LastRecord::of(start, &delivery.body));
                taken_up_to(self.folder(context, log, folder)?, name, end, last, 0);
                self.transaction_version(context, storage, key, delivery)
            }
            (Kind::Storage { extension: Some(extension), .. }, _) if envelope.format == Format::Document => {
                let record = self.folder(context, &extension.tree, folder)?;
                let version = Version::of(Unit::Folder, name);
                if is_withdrawal(delivery) {
                    retire(record, &version.order, &version.time);
                    return Ok(());
                }
                take(record, &Taken::read_back(&version, envelope, hash_of_document(&delivery.body)));
                Ok(())
            }
            (Kind::Storage { .. }, _) if envelope.format == Format::Document => {
                tracing::warn!(feed = %context.feed, label, "accepted documents of an extension storage that is no longer configured");
                Ok(())
            }
            (Kind::Storage { storage, .. }, _) => {
                let hash = self.hash(delivery);
                let record = self.folder(context, storage, folder)?;
                let version = Version::of(Unit::File, name);
                take(record, &Taken::read_back(&version, envelope, hash));
                Ok(())
            }
            (Kind::Files { tree, .. }, _) => self.dropped(context, tree, file, delivery),
        }
    }

    fn transaction_version(
        &mut self,
        context: &Context,
        storage: &Tree,
        key: &str,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let envelope = &delivery.envelope;
        let mut parts = key.splitn(4, '/');
        let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
        let ([Some(patient), Some(date), Some(data_type), Some(order)], Some(_)) =
            (parts, &envelope.data_type)
        else {
            return Ok(());
        };
        let stem = stem_of(patient, date, data_type, order, &envelope.version);
        let record = self.folder(context, storage, &folder_of(patient, date, data_type))?;
        let known =
            record.files.iter().find(|file| file.in_transaction && is_same_version(&stem, &file.stem));
        let stem = known.map_or(stem, |file| file.stem.clone());
        let taken = Taken {
            unit: Unit::File,
            stem: &stem,
            flag: if envelope.change == Change::Deleted { b'0' } else { b'1' },
            order,
            change: envelope.change,
            is_fault: envelope.fault.is_some(),
            hash: fold(None, &delivery.body),
            stat: None,
            in_transaction: true,
        };
        take(record, &taken);
        Ok(())
    }

    fn dropped(
        &mut self,
        context: &Context,
        tree: &Tree,
        name: &str,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let is_fault = delivery.envelope.fault.is_some();
        let file = file_record(name, self.hash(delivery), is_fault, None);
        let place = (tree.place.source.clone(), name.to_owned());
        let mut parts = match self.parts.remove(&place) {
            Some(parts) => parts,
            None => context.ledger.file(&tree.place, name)?.map(|known| known.parts).unwrap_or_default(),
        };
        let offset = delivery.envelope.origin.offset;
        parts.retain(|part| part.offset != offset);
        parts.push(PartRecord { offset, is_fault, hash: fold(None, &delivery.body) });
        self.entries.file(&tree.place, name, &DropRecord { file, parts: parts.clone() });
        self.parts.insert(place, parts);
        Ok(())
    }

    /// The hash of the file up to this message.
    fn hash(&mut self, delivery: &Delivery) -> Hash {
        let Envelope { origin, key, .. } = &delivery.envelope;
        let file = format!("{}\0{}", key.0, origin.file.0);
        let before =
            self.before.take().filter(|(other, offset, _)| *other == file && *offset < origin.offset);
        let hash = fold(before.map(|(_, _, hash)| hash), &delivery.body);
        self.before = Some((file, origin.offset, hash));
        hash
    }

    fn folder(
        &mut self,
        context: &Context,
        tree: &Tree,
        path: &str,
    ) -> Result<&mut FolderRecord, StoreError> {
        use std::collections::hash_map::Entry;
        match self.folders.entry((tree.place.source.clone(), path.to_owned())) {
            Entry::Occupied(entry) => Ok(&mut entry.into_mut().1),
            Entry::Vacant(entry) => {
                let record = context.ledger.folder(&tree.place, path)?.unwrap_or_default();
                Ok(&mut entry.insert((tree.place.clone(), record)).1)
            }
        }
    }
}

/// A deletion that a transaction record told: it has no files of its own.
fn is_withdrawal(delivery: &Delivery) -> bool {
    let Delivery { envelope, body, .. } = delivery;
    let has_none = || Manifest::from_bytes(body).is_ok_and(|manifest| manifest.files.is_empty());
    envelope.change == Change::Deleted && envelope.fault.is_none() && has_none()
}

/// The hash of a document's files; that of none where the manifest is gone.
fn hash_of_document(body: &[u8]) -> Hash {
    Manifest::from_bytes(body).map(|manifest| hash_of_files(&manifest)).unwrap_or_default()
}
