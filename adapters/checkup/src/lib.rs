//! Archives of health check-up results (特定健診, 特定保健指導): a ZIP of XML in, what it holds and what is wrong with
//! it out. MHLW, 電子的な標準様式, version 4 of 2023-03-31.
//!
//! ```text
//! <機関10>_<保険者8>_<YYYYMMDD><N>_<実施区分>.zip
//!   <the same name>/
//!     ix08_V08.xml     the index: from whom, for whom, how many
//!     su08_V08.xml     totals of the bill, where there is one
//!     DATA/h<機関10><YYYYMMDD><N><種別1><連番6>.xml   a person's results each (CDA R2)
//!     CLAIMS/          a person's bill each
//!     XSD/
//! ```
//!
//! The crate knows no socket, file, clock or broker. An archive comes from outside: what could harm whoever unpacks it
//! (names that lead elsewhere, links, bombs, two readings of the same bytes) is a [`Fault`], and memory is bounded by
//! [`Limits`] whatever the archive says of itself. What is odd and can still be passed on is a [`Finding`]. Neither
//! ever holds a value of a person.

mod archive;
mod container;
mod end;
mod entry;
mod finding;
mod index;
mod limits;
mod name;
mod record;
mod summary;
mod text;
mod xml;

pub use archive::{Archive, read};
pub use end::completeness;
pub use finding::{Fault, Finding};
pub use index::{Index, Party};
pub use limits::Limits;
pub use name::{ArchiveName, RecordName};
pub use summary::Summary;
