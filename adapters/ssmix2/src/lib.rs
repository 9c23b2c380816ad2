//! SS-MIX2: storage paths, file names, data types, transaction records, what a change of them means, and whether a
//! message is as the specification demands.
//!
//! Nothing in here opens a file. The caller lists and reads; this crate says what the names and bytes are.
//!
//! - [`name`]: the seven-part file name and its condition flag
//! - [`path`]: the folders above a file, checked against its name
//! - [`data_type`]: the catalogue of data types
//! - [`extension`]: the folder names of the extension storage
//! - [`transaction`]: the records of a transaction storage file
//! - [`index`]: the index database's table, exported as CSV
//! - [`revision`]: from two views of one record to what has changed
//! - [`conformance`]: a message against the specification

pub mod conformance;
pub mod data_type;
pub mod extension;
pub mod index;
pub mod name;
pub mod path;
pub mod revision;
pub mod transaction;

pub use data_type::DataType;
pub use extension::{ContentFolder, DataTypeFolder};
pub use name::{FileName, Flag, NameError};
pub use path::{PathError, PathFinding, StoragePath};
