//! The body of a message that passed, for who may see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::Passed;
use crate::config::Config;
use crate::envelope::Format;
use crate::ops::messages::{self, Unread};

/// Largest body that is shown.
const SHOWN_MAX: usize = 1 << 20;

/// The original bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// How many there are.
    pub bytes: usize,
    /// As text, where the hub understands their character set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As they are, in base64, where it does not. Neither where there are more than a megabyte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// The body of a message that was decided on; nothing of other steps, or where it is not kept. Reads the disk.
///
/// # Errors
///
/// The message store can't be read.
pub fn body(config: &Config, passed: &Passed) -> Result<Option<Body>, Unread> {
    let Some(kept) = &passed.kept else { return Ok(None) };
    let Some((envelope, bytes)) = messages::read(config, kept)? else { return Ok(None) };
    let (mut text, mut base64) = (None, None);
    if bytes.len() <= SHOWN_MAX {
        let decoded = (envelope.format == Format::Hl7v2).then(|| hl7v2::decode(&bytes).ok()).flatten();
        text = decoded.map(|message| message.text().to_owned());
        base64 = text.is_none().then(|| STANDARD.encode(&bytes));
    }
    Ok(Some(Body { bytes: bytes.len(), text, base64 }))
}
