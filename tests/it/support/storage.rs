//! An SS-MIX2 storage of invented patients in a temporary folder, written as a hospital's system writes it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use musubi::clock::{Clock, ManualClock};

/// A storage and its transaction storage; every change bears the time of the clock.
pub(crate) struct Storage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: ManualClock,
}

/// What a version is told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) patient: String,
    pub(crate) date: String,
    pub(crate) data_type: String,
    pub(crate) order: String,
}

impl Place {
    pub(crate) fn folder(&self) -> String {
        let Self { patient, date, data_type, .. } = self;
        let prefix = |range| patient.get(range).unwrap();
        format!("standard/{}/{}/{patient}/{date}/{data_type}", prefix(0..3), prefix(3..6))
    }

    pub(crate) fn stem(&self, time: &str) -> String {
        let Self { patient, date, data_type, order } = self;
        format!("{patient}_{date}_{data_type}_{order}_{time}_01")
    }

    pub(crate) fn header(&self, operation: &str, time: &str) -> String {
        let Self { patient, date, data_type, order } = self;
        format!("#SSMIX,2.00,3210100018,{patient},{date},{data_type},{order},{operation},01,{time}\r\n")
    }
}

/// A message that no other has the same as.
pub(crate) fn message(patient: &str, serial: u64) -> String {
    format!("MSH|^~\\&|HIS|SEND|GW|RCV|20260401||OML^O33|{serial}|P|2.5\rPID|1||{patient}^^^^PI||架空^太郎\r")
}

impl Storage {
    pub(crate) fn new(clock: ManualClock) -> Self {
        let storage = Self { folder: tempfile::tempdir().unwrap(), clock };
        storage.make_folder("standard");
        storage.make_folder("transaction/2026");
        storage
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The clock's time as 発生日時.
    pub(crate) fn time(&self) -> String {
        self.clock.now().strftime("%Y%m%d%H%M%S%3f").to_string()
    }

    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        let full = self.path(path);
        let is_new = !full.exists();
        self.make_folder(path.rsplit_once('/').unwrap().0);
        fs::write(&full, content).unwrap();
        self.touch(&full);
        if is_new {
            self.touch(full.parent().unwrap());
        }
    }

    pub(crate) fn append(&self, path: &str, content: &[u8]) {
        let full = self.path(path);
        let is_new = !full.exists();
        let mut file = OpenOptions::new().create(true).append(true).open(&full).unwrap();
        file.write_all(content).unwrap();
        self.touch(&full);
        if is_new {
            self.touch(full.parent().unwrap());
        }
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
        self.touch(self.path(to).parent().unwrap());
    }

    pub(crate) fn make_folder(&self, path: &str) {
        let full = self.path(path);
        if full.exists() {
            return;
        }
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.make_folder(parent);
        }
        fs::create_dir(&full).unwrap();
        self.touch(&full);
        self.touch(full.parent().unwrap());
    }

    fn touch(&self, path: &Path) {
        let since = self.clock.now().as_nanosecond();
        let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(since).unwrap());
        File::open(path).unwrap().set_modified(time).unwrap();
    }
}
