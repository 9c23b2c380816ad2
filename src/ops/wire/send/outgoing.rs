//! A message made ready: header changes that were asked for, and what answer it is owed.

use hl7v2::ack::{Initiating, Mode};
use hl7v2::with_header_field;

use super::Settings;
use super::fault::{Fault, enlarged};

/// A message on its way out.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) control_id: String,
    pub(super) mode: Mode,
    pub(super) fault: Option<Fault>,
}

/// Makes messages ready, in the order of their sending.
#[derive(Debug)]
pub(super) struct Preparation {
    settings: Settings,
    count: u64,
    /// MSH-10 of the message before.
    before: Vec<u8>,
}

impl Preparation {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, count: 0, before: Vec::new() }
    }

    /// The message with what was asked for. Bytes that can't be changed, such as UTF-16, go out as they are.
    pub(super) fn prepare(&mut self, message: &[u8]) -> Outgoing {
        let Settings { accept, application, fresh_ids, fault, every, big_bytes, .. } = &self.settings;
        self.count += 1;
        let fault = fault.filter(|_| self.count.is_multiple_of((*every).max(1)));
        let mut bytes = message.to_vec();
        let mut set = |n: usize, value: &[u8]| {
            bytes = with_header_field(&bytes, n, value).unwrap_or_else(|| bytes.clone());
        };
        for (n, wanted) in [(15, accept), (16, application)] {
            if let Some(wanted) = wanted {
                set(n, wanted.as_str().as_bytes());
            }
        }
        if let Some(prefix) = fresh_ids {
            set(10, format!("{prefix}{:08}", self.count).as_bytes());
        }
        if fault == Some(Fault::WrongControlId) && !self.before.is_empty() {
            set(10, &self.before);
        }
        if fault == Some(Fault::Big) {
            bytes = enlarged(&bytes, *big_bytes);
        }
        let initiating = Initiating::read(&bytes).unwrap_or_default();
        self.before = initiating.control_id().to_vec();
        let control_id = String::from_utf8_lossy(initiating.control_id()).trim().to_owned();
        Outgoing { number: self.count, bytes, control_id, mode: initiating.mode(), fault }
    }
}
