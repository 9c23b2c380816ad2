//! Whether two places hold the same files: a storage that was copied under another facility's name.

use std::path::Path;

use serde::Serialize;

use super::storage::read;

/// Files that are compared.
const FILES_MAX: usize = 200;
/// So many must be there, and the same.
const SAME_MIN: u64 = 3;

/// Files that were read: paths below the root, with the hash of their bytes. Paths hold patient ids: never serialised,
/// never printed.
#[derive(Default)]
pub struct Sampled(Vec<(String, blake3::Hash)>);

impl std::fmt::Debug for Sampled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sampled({})", self.0.len())
    }
}

/// How far another place holds the same files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Twin {
    /// Files that were looked for.
    pub looked_for: u64,
    /// Of those, there under the same name with the same bytes.
    pub same: u64,
}

impl Twin {
    /// Whether that can be no accident: one in ten, and not only one or two.
    pub const fn is_copy(self) -> bool {
        self.same >= SAME_MIN && self.same * 10 >= self.looked_for
            || self.same > 0 && self.same == self.looked_for
    }
}

impl Sampled {
    pub(super) fn add(&mut self, path: &str, bytes: &[u8]) {
        self.0.push((path.to_owned(), blake3::hash(bytes)));
    }

    /// Looks for these files below another root.
    pub fn twin(&self, root: &Path) -> Twin {
        let step = (self.0.len() / FILES_MAX).max(1);
        let mut twin = Twin { looked_for: 0, same: 0 };
        for (path, hash) in self.0.iter().step_by(step).take(FILES_MAX) {
            twin.looked_for += 1;
            let there = root.join(path);
            let is_same = if there.is_dir() {
                true
            } else {
                matches!(read(&there), Ok(Some(bytes)) if blake3::hash(&bytes) == *hash)
            };
            twin.same += u64::from(is_same);
        }
        twin
    }
}
