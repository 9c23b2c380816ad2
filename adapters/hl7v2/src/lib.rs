//! HL7 v2: character sets, ER7 grammar, escapes, batches, MLLP framing and acknowledgements.
//!
//! Bytes in, typed message out. The crate knows no socket, file, clock or broker. The order of
//! the work is the order HL7 prescribes: a file is [`split`] into messages, the bytes
//! of one message become characters, and only the characters are split into segments and fields.
//!
//! What can be read in spite of a defect is read and reported as a [`Finding`]; an error means
//! that nothing in the message can be addressed.

pub mod ack;
mod add;
pub mod charset;
pub mod completeness;
mod delimiters;
pub mod dictionary;
mod escape;
pub mod file;
mod finding;
mod header;
mod index;
mod message;
pub mod mllp;
mod path;
mod scan;
mod segment;

pub use completeness::{Incomplete, completeness};
pub use delimiters::Delimiters;
pub use file::{Split, split};
pub use finding::Finding;
pub use header::with_header_field;
pub use message::{DecodeError, Message, alignment, decode, decode_as_written};
pub use path::{FieldPath, PathError};
pub use segment::{Component, Components, Field, Fields, Repetition, Repetitions, Segment};
