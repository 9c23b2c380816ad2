//! The view that all parts of a process share.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{Entry, Registry};

/// A handle on the process' one registry. Who follows the log takes entries in; everybody else reads.
#[derive(Debug, Clone, Default)]
pub struct View(Arc<RwLock<Registry>>);

impl View {
    /// A view of this registry.
    pub fn of(registry: Registry) -> Self {
        Self(Arc::new(RwLock::new(registry)))
    }

    /// The registry as it stands. Never held over an await.
    pub fn read(&self) -> RwLockReadGuard<'_, Registry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next entry of the log.
    pub fn apply(&self, entry: Entry) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).apply(entry);
    }

    /// Takes the next entries of the log: who reads sees all of them or none.
    pub fn extend(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut registry = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.into_iter().for_each(|entry| registry.apply(entry));
    }

    /// Puts another fold in the place of this one.
    pub fn replace(&self, registry: Registry) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = registry;
    }
}
