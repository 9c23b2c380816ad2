//! One pass over a standardised storage, or over an extension storage, whose versions are folders: walks the folders
//! that changed and takes what is due, patient by patient and, for each patient, in order of 発生日時.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ssmix2::StoragePath;

use super::content::Content;
use super::context::Context;
use super::error::Halt;
use super::extension::Contents;
use super::folder::{Tree, View, join};
use super::leaf::{self, Taken, Unit, Version, adopt, name_of, refresh, take};
use super::message::{Subject, publications};
use super::outbox::Outbox;
use super::read::{Reader, Reading, Stat, stat};
use super::tally::{Seen, Tally};
use crate::envelope::{Change, Fault, Finding, Identifying, Stored};
use crate::store::{FileRecord, FileState, FolderRecord};

/// Depth of a patient's folder below the root.
const PATIENT: usize = 3;
/// Patients that are gone through together.
const PATIENTS_MAX: usize = 4_096;
/// Patients for which another thread is worth starting.
const PATIENTS_MIN: usize = 64;
/// Files that have stood still for so long are looked at once a day instead of on every pass.
const OLD: i64 = 48 * 3_600 * 1_000_000_000;

/// One pass over a storage.
pub(super) struct StoragePass<'a> {
    pub(super) context: &'a Context,
    pub(super) tree: &'a Tree,
    /// Of an extension storage: how its content folders are read.
    pub(super) contents: Option<&'a Contents>,
    /// Folders that are looked into however old they are.
    pub(super) named: &'a HashMap<String, i64>,
    pub(super) label: &'a str,
    pub(super) reader: &'a Reader,
    pub(super) outbox: &'a mut Outbox,
    /// Look at old files too.
    pub(super) sweep: bool,
    pub(super) tally: &'a Tally,
    /// Something is waited for.
    pub(super) pending: bool,
}

/// A data type's folder with something to do in it.
struct Leaf {
    path: String,
    patient: String,
    data_type: String,
    /// Path of the logical records, up to the order number.
    key: String,
    record: FolderRecord,
    before: FolderRecord,
    versions: Vec<Version>,
    /// Modification time when it was listed, and the same if it may be believed later.
    mtime: i64,
    trusted: Option<i64>,
    /// It must be listed again.
    restless: bool,
}

/// An announcement that is due.
struct Job {
    leaf: usize,
    version: usize,
    change: Change,
}

impl StoragePass<'_> {
    /// Does the pass, and leaves in `pending` whether another should follow soon.
    pub(super) fn run(&mut self) -> Result<(), Halt> {
        let root = self.tree.look(self.context, "", false)?.map_err(Halt::Root)?;
        let mut patients = Vec::new();
        self.walk("", root, 1, &mut patients)?;
        self.share(&patients)?;
        self.outbox.send()
    }

    /// Does a pass over these patients' folders only.
    pub(super) fn run_over(&mut self, patients: &[String]) -> Result<(), Halt> {
        self.share(patients)?;
        self.outbox.send()
    }

    /// Gathers the patients' folders below a folder, whose children lie at `depth`.
    fn walk(&mut self, path: &str, view: View, depth: usize, patients: &mut Vec<String>) -> Result<(), Halt> {
        for child in view.children() {
            let child = join(path, child);
            if depth == PATIENT {
                patients.push(child);
            } else if let Some(view) = self.look(&child, false)? {
                self.walk(&child, view, depth + 1, patients)?;
            }
            if patients.len() >= PATIENTS_MAX {
                self.share(&std::mem::take(patients))?;
            }
        }
        self.note(path, view);
        Ok(())
    }

    /// Goes through patients on as many threads as are worth it. A patient's folders are one thread's matter, so
    /// that they stay in order.
    fn share(&mut self, patients: &[String]) -> Result<(), Halt> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let helpers = cores.min(patients.len() / PATIENTS_MIN).saturating_sub(1);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let helpers: Vec<_> = (0..helpers)
                .map(|_| {
                    let (mut outbox, next) = (self.outbox.another(), &next);
                    let Self { context, tree, contents, named, label, reader, sweep, tally, .. } = *self;
                    scope.spawn(move || {
                        let outbox = &mut outbox;
                        let mut pass = StoragePass {
                            outbox,
                            pending: false,
                            context,
                            tree,
                            contents,
                            named,
                            label,
                            reader,
                            sweep,
                            tally,
                        };
                        pass.patients(patients, next).and_then(|()| pass.outbox.send()).map(|()| pass.pending)
                    })
                })
                .collect();
            let mut result = self.patients(patients, &next);
            for helper in helpers {
                let helped = helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                result = result.and(helped.map(|pending| self.pending |= pending));
            }
            result
        })
    }

    /// Goes through patients, from where `next` stands, which others move on too.
    fn patients(&mut self, patients: &[String], next: &AtomicUsize) -> Result<(), Halt> {
        while let Some(path) = patients.get(next.fetch_add(1, Ordering::Relaxed)) {
            let done = match self.look(path, false) {
                Ok(Some(view)) => self.patient(path, view),
                Ok(None) => Ok(()),
                Err(halt) => Err(halt),
            };
            if done.is_err() {
                next.store(patients.len(), Ordering::Relaxed);
                return done;
            }
        }
        Ok(())
    }

    /// A folder; None if it can't be read now, or is gone.
    fn look(&self, path: &str, always: bool) -> Result<Option<View>, Halt> {
        match self.tree.look(self.context, path, always)? {
            Ok(view) => Ok(Some(view)),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    self.tree.trouble(self.context, path, "", &error.kind().to_string());
                }
                Ok(None)
            }
        }
    }

    fn note(&mut self, path: &str, view: View) {
        let strays = view.listing.as_ref().is_some_and(|listing| !listing.files.is_empty());
        if strays {
            self.tree.trouble(self.context, path, "", "files lie above the data type folders");
        }
        if let Some(record) = view.renewed() {
            self.outbox.entries().folder(&self.tree.place, path, &record);
        }
    }

    fn patient(&mut self, path: &str, view: View) -> Result<(), Halt> {
        let mut leaves = Vec::new();
        for date in view.children() {
            let date_path = join(path, date);
            let Some(date_view) = self.look(&date_path, false)? else { continue };
            for data_type in date_view.children() {
                leaves.extend(self.leaf(&join(&date_path, data_type), data_type)?);
            }
            self.note(&date_path, date_view);
        }
        self.note(path, view);
        self.announce(&mut leaves)?;
        for leaf in leaves {
            self.finish(leaf);
        }
        if self.outbox.is_closed() {
            return Err(Halt::Stopped);
        }
        if self.outbox.is_full() { self.outbox.send() } else { Ok(()) }
    }

    /// A data type's folder, if it may hold something new.
    fn leaf(&mut self, path: &str, data_type: &str) -> Result<Option<Leaf>, Halt> {
        let Some(mut view) = self.look(path, false)? else { return Ok(None) };
        if view.listing.is_none() {
            if self.is_as_known(path, &view.record) {
                self.tally.as_known(view.record.files.iter().filter(|file| file.in_storage).count());
                return Ok(None);
            }
            match self.look(path, true)? {
                Some(listed) => view = listed,
                None => return Ok(None),
            }
        }
        let Some(listing) = view.listing else { return Ok(None) };
        let (names, strays, what) = match self.unit() {
            Unit::File => (listing.files, listing.folders, "folders lie in a data type folder"),
            Unit::Folder => (listing.folders, listing.files, "files lie beside the content folders"),
        };
        if !strays.is_empty() {
            self.tree.trouble(self.context, path, data_type, what);
        }
        let mut parts = path.split('/').skip(PATIENT - 1);
        let (patient, date) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let mut leaf = Leaf {
            path: path.to_owned(),
            patient: patient.to_owned(),
            data_type: data_type.to_owned(),
            key: format!("{}/{patient}/{date}/{data_type}", self.label),
            before: view.record.clone(),
            record: view.record,
            versions: Vec::with_capacity(names.len()),
            mtime: listing.mtime,
            trusted: listing.trusted,
            restless: false,
        };
        self.list_versions(&mut leaf, &names)?;
        Ok(Some(leaf))
    }

    /// Whether every known file still looks as it did. Old ones are believed to, except in a sweep.
    fn is_as_known(&self, path: &str, record: &FolderRecord) -> bool {
        let is_old = record.newest < self.context.now().saturating_sub(OLD);
        (is_old && !self.sweep && !self.named.contains_key(path))
            || record.files.iter().filter(|file| file.in_storage).all(|file| {
                let now = self.stat(&join(path, &name_of(file)));
                matches!(now, Ok(Some(now)) if now == (Stat { size: file.size, mtime: file.mtime }))
            })
    }

    fn unit(&self) -> Unit {
        if self.contents.is_some() { Unit::Folder } else { Unit::File }
    }

    /// How a version looks now; None if it is gone.
    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        match self.contents {
            Some(contents) => contents.stat(self.tree, path),
            None => stat(&self.tree.full(path)),
        }
    }

    /// Reads the version that looked so when it was listed.
    fn read(&self, path: &str, data_type: &str, stat: Stat) -> Result<Reading, Halt> {
        match self.contents {
            Some(contents) => contents.read(self.context, self.tree, self.reader, path, stat),
            None => Ok(self.reader.read(&self.tree.full(path), path, data_type, stat)),
        }
    }

    fn list_versions(&self, leaf: &mut Leaf, names: &[String]) -> Result<(), Halt> {
        let mut stems: HashSet<String> = HashSet::new();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let mut version = Version::of(self.unit(), name);
            match self.stat(&join(&leaf.path, name)) {
                Ok(Some(stat)) => version.stat = stat,
                Ok(None) => {
                    leaf.restless = true;
                    continue;
                }
                Err(error) => {
                    leaf.restless = true;
                    self.tree.trouble(self.context, &leaf.path, &leaf.data_type, &error.kind().to_string());
                }
            }
            if !stems.insert(version.stem.clone()) {
                version.stand_alone();
            }
            version.altered = self.is_altered(leaf, &mut version)?;
            leaf.versions.push(version);
        }
        for file in leaf.record.files.iter_mut().filter(|file| file.in_storage) {
            file.in_storage = leaf.versions.iter().any(|version| version.stem == file.stem);
        }
        Ok(())
    }

    /// Whether a known version's content is another than before. A version that came by the transaction storage
    /// is recognised here.
    fn is_altered(&self, leaf: &mut Leaf, version: &mut Version) -> Result<bool, Halt> {
        adopt(&mut leaf.record, version, |file| leaf::is_same_version(&file.stem, &version.stem));
        let Some(file) = leaf.record.files.iter().find(|file| file.stem == version.stem) else {
            return Ok(false);
        };
        if (Stat { size: file.size, mtime: file.mtime }) == version.stat {
            return Ok(false);
        }
        let name = join(&leaf.path, &version.name);
        Ok(match self.read(&name, &leaf.data_type, version.stat)? {
            Reading::Ready(content) => {
                if content.unreadable {
                    leaf.restless = true;
                    version.stat = Stat::UNKNOWN;
                }
                // What is half-written here adds nothing to a record that came whole.
                let adds = file.state == FileState::Invalid || content.fault.is_none();
                content.hash != file.hash && (adds || !is_uncompared(file))
            }
            Reading::Pending | Reading::Gone => true,
        })
    }

    /// Publishes what is due in the folders of one patient.
    fn announce(&mut self, leaves: &mut [Leaf]) -> Result<(), Halt> {
        let mut held = HashSet::new();
        for job in self.jobs(leaves) {
            let Some(leaf) = leaves.get_mut(job.leaf) else { continue };
            let Some(version) = leaf.versions.get(job.version) else { continue };
            let order = (job.leaf, version.order.clone());
            if held.contains(&order) {
                self.tally.wait(&join(&leaf.path, &version.stem), is_new(&leaf.before, version), Seen::Same);
                continue;
            }
            if !self.publish(leaf, &job)? {
                leaf.restless = true;
                // Nobody waits for history.
                if job.change != Change::Superseded {
                    held.insert(order);
                }
            }
            if self.outbox.is_full() {
                for leaf in leaves.iter().filter(|leaf| leaf.record != leaf.before) {
                    let record = FolderRecord { mtime: None, ..leaf.record.clone() };
                    self.outbox.entries().folder(&self.tree.place, &leaf.path, &record);
                }
                self.outbox.send()?;
            }
        }
        Ok(())
    }

    /// What is due, in order of time over all folders. Files with nothing due are noted as they look now.
    fn jobs(&mut self, leaves: &mut [Leaf]) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (index, leaf) in leaves.iter_mut().enumerate() {
            let mut due = leaf::plan(self.unit(), &leaf.record, &leaf.versions);
            let busy: HashSet<usize> = due.iter().map(|(version, _)| *version).collect();
            let renamed = leaf::renamed(&leaf.record, &leaf.versions, &busy);
            // An update or a deletion may be under way: what comes of it tells the names too.
            let is_settled = self.reader.is_settled(leaf.mtime);
            leaf.restless |= !(renamed.is_empty() || is_settled);
            self.pending |= !(renamed.is_empty() || is_settled);
            due.extend(renamed.iter().filter(|_| is_settled).map(|version| (*version, Change::Superseded)));
            let is_done = |at: &usize| !busy.contains(at) && !renamed.contains(at);
            for (_, version) in leaf.versions.iter().enumerate().filter(|(at, _)| is_done(at)) {
                let Some(file) = leaf.record.files.iter_mut().find(|file| file.stem == version.stem) else {
                    continue;
                };
                refresh(file, version);
                let is_new = is_new(&leaf.before, version);
                self.tally.done(&join(&leaf.path, &version.stem), is_new, Seen::Same);
            }
            jobs.extend(due.into_iter().map(|(version, change)| Job { leaf: index, version, change }));
        }
        jobs.sort_by_key(|job| {
            let version = leaves.get(job.leaf).and_then(|leaf| leaf.versions.get(job.version));
            version.map(|version| (version.time.clone(), version.name.clone()))
        });
        jobs
    }

    /// Publishes one version. False if it must wait, and with it what follows of its record.
    fn publish(&mut self, leaf: &mut Leaf, job: &Job) -> Result<bool, Halt> {
        let Some(version) = leaf.versions.get(job.version) else { return Ok(true) };
        let name = join(&leaf.path, &version.name);
        let stem = join(&leaf.path, &version.stem);
        let is_new = is_new(&leaf.before, version);
        let reading = match version.stat {
            _ if job.change == Change::Deleted && !self.reader.is_settled(leaf.mtime) => Reading::Pending,
            stat => self.read(&name, &leaf.data_type, stat)?,
        };
        let content = match reading {
            Reading::Ready(content) => content,
            Reading::Pending | Reading::Gone => {
                self.tally.wait(&stem, is_new, Seen::Same);
                self.pending = true;
                return Ok(false);
            }
        };
        let mut content = with_name_fault(content, version);
        let known = leaf.record.files.iter().find(|file| file.stem == version.stem);
        if version.altered && known.is_some_and(|file| file.hash == content.hash) {
            // It became readable and whole since it was compared: the next pass compares again.
            self.tally.wait(&stem, is_new, Seen::Same);
            self.pending = true;
            return Ok(false);
        }
        let is_fresh = known.is_none_or(|file| file.state == FileState::Invalid);
        leaf.restless |= content.unreadable;
        let is_it =
            |file: &FileRecord| file.hash == content.hash && version.unit.order_of(file) == version.order;
        if is_fresh && adopt(&mut leaf.record, version, is_it) {
            self.tally.done(&stem, is_new, Seen::Same);
            return Ok(true);
        }
        self.tally.done(&stem, is_new, Seen::News);
        content.findings.extend(path_findings(version.unit, &name));
        let subject = Subject {
            patient: &leaf.patient,
            data_type: Some(&self.data_type_of(&leaf.data_type)),
            key: &format!("{}/{}", leaf.key, version.order),
            version: &version.time,
            file: &name,
            change: job.change,
            stored: Some(&self.stored(leaf, version, job.change)),
        };
        self.outbox.publish(publications(self.context, &subject, &content, 0));
        take(&mut leaf.record, &Taken::of(version, job.change, &content));
        Ok(true)
    }

    /// What the folder's name says of the type of what lies in it.
    fn data_type_of<'n>(&self, folder: &'n str) -> Cow<'n, str> {
        self.contents.map_or(Cow::Borrowed(folder), |contents| contents.code_of(folder))
    }

    /// Where a version lies, and what those of its record beside it are called.
    fn stored(&self, leaf: &Leaf, version: &Version, change: Change) -> Stored {
        let path = |name: &str| self.tree.stored(&join(&leaf.path, name));
        let name = |name: &str| {
            let path = path(name);
            Identifying(path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name).to_owned())
        };
        // Many versions that were history when they were found would each name all the others.
        let is_told = |other: &&Version| match change {
            Change::Superseded => other.name == version.name,
            Change::Created | Change::Updated | Change::Deleted => other.order == version.order,
        };
        let versions = leaf.versions.iter().filter(is_told).map(|version| name(&version.name)).collect();
        Stored { path: Identifying(path(&version.name)), versions, piece: None }
    }

    fn finish(&mut self, leaf: Leaf) {
        let newest = leaf.versions.iter().map(|version| version.stat.mtime).max();
        let mtime = leaf.trusted.filter(|_| !leaf.restless);
        let record = FolderRecord { mtime, newest: newest.unwrap_or(leaf.record.newest), ..leaf.record };
        if record != leaf.before {
            self.outbox.entries().folder(&self.tree.place, &leaf.path, &record);
        }
    }
}

/// Whether a version is known only as it came by the transaction storage.
fn is_uncompared(file: &FileRecord) -> bool {
    file.in_transaction && file.size == FileRecord::UNKNOWN
}

/// Whether a version's file was not there before.
fn is_new(before: &FolderRecord, version: &Version) -> bool {
    !before.files.iter().any(|file| file.in_storage && file.stem == version.stem)
}

/// Where a file's name does not say what its path does.
fn path_findings(unit: Unit, path: &str) -> Vec<Finding> {
    let findings = match unit {
        Unit::File => StoragePath::parse(path).map(|path| path.findings),
        Unit::Folder => ssmix2::extension::path_findings(path),
    };
    let findings = findings.unwrap_or_default().into_iter();
    let findings = findings.map(|finding| Finding {
        code: finding.code().into(),
        place: "file name".into(),
        text: finding.text().into(),
    });
    findings.collect()
}

/// A file whose name can't be read is carried, and reported.
fn with_name_fault(content: Content, version: &Version) -> Content {
    let name_fault = version.name_fault.map(|error| Fault {
        code: "file-name".into(),
        reason: format!("the file name can't be read: {error}"),
        place: "file name".into(),
    });
    Content { fault: content.fault.or(name_fault), ..content }
}
