//! The folders above a file: `<PID 0-3>/<PID 3-6>/<PID>/<診療日|->/<データ種別>/<file>`.
//!
//! The same facts stand in the file's name. Where the two differ the path wins (it is what the storage was
//! looked up by), the difference is a finding, and nothing is dropped.

use crate::name::{FileName, NameError};

/// A place where path and name disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFinding {
    /// The first two folders are not the first six characters of the patient id.
    Prefix,
    /// The patient id of the name is another.
    Patient,
    /// The date of the name is another.
    Date,
    /// The data type of the name is another.
    DataType,
}

impl PathFinding {
    /// A stable word for the finding.
    pub fn code(self) -> &'static str {
        match self {
            Self::Prefix => "path-prefix",
            Self::Patient => "path-patient",
            Self::Date => "path-date",
            Self::DataType => "path-data-type",
        }
    }

    /// The finding in words, without a value.
    pub fn text(self) -> &'static str {
        match self {
            Self::Prefix => "the first two folders are not the first six characters of the patient id",
            Self::Patient => "the file name holds another patient id than its path",
            Self::Date => "the file name holds another date than its path",
            Self::DataType => "the file name holds another data type than its path",
        }
    }
}

/// Why a relative path leads to no file of a standardised storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Not five folders and a file.
    #[error("{found} parts; a storage path has 6")]
    Depth {
        /// How many parts there are.
        found: usize,
    },
    /// The file name can't be read.
    #[error("the file name can't be read")]
    Name(#[source] NameError),
}

/// A file's place in a standardised storage.
#[derive(Clone, PartialEq, Eq)]
pub struct StoragePath<'a> {
    /// 患者ID, by the path.
    pub patient: &'a str,
    /// 診療日, by the path.
    pub date: &'a str,
    /// データ種別, by the path.
    pub data_type: &'a str,
    /// The file's name.
    pub name: FileName<'a>,
    /// Where the name disagrees.
    pub findings: Vec<PathFinding>,
}

impl<'a> StoragePath<'a> {
    /// Reads a path relative to the storage's root, with `/` between its parts.
    pub fn parse(path: &'a str) -> Result<Self, PathError> {
        let mut parts = path.split('/');
        let six = std::array::from_fn(|_| parts.next());
        let ([Some(first), Some(second), Some(patient), Some(date), Some(data_type), Some(file)], None) =
            (six, parts.next())
        else {
            return Err(PathError::Depth { found: path.split('/').count() });
        };
        let name = FileName::parse(file).map_err(PathError::Name)?;
        let checks = [
            (PathFinding::Prefix, [Some(first), Some(second)] == [patient.get(..3), patient.get(3..6)]),
            (PathFinding::Patient, name.patient == patient),
            (PathFinding::Date, name.date == date),
            (PathFinding::DataType, name.data_type == data_type),
        ];
        let findings = checks.into_iter().filter(|(_, agrees)| !agrees).map(|(finding, _)| finding).collect();
        Ok(Self { patient, date, data_type, name, findings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, findings: &[PathFinding]) {
        assert_eq!(StoragePath::parse(path).unwrap().findings, findings);
    }

    const FILE: &str = "9999013_20260401_OMD_1_20260401093015123_01_1";

    #[test]
    fn agreeing() {
        check(&format!("999/901/9999013/20260401/OMD/{FILE}"), &[]);
    }

    #[test]
    fn every_difference_is_a_finding() {
        check(&format!("999/902/9999013/20260401/OMD/{FILE}"), &[PathFinding::Prefix]);
        check(&format!("999/902/9999023/20260401/OMD/{FILE}"), &[PathFinding::Patient]);
        check(&format!("999/901/9999013/-/OMD/{FILE}"), &[PathFinding::Date]);
        check(&format!("999/901/9999013/20260401/OMP-01/{FILE}"), &[PathFinding::DataType]);
    }

    #[test]
    fn other_depths() {
        assert_eq!(StoragePath::parse(FILE).err(), Some(PathError::Depth { found: 1 }));
        assert_eq!(StoragePath::parse("a/b/c/d/e/f/g").err(), Some(PathError::Depth { found: 7 }));
    }

    #[test]
    fn patient_ids_of_other_scripts_and_lengths() {
        assert_eq!(StoragePath::parse(&format!("患/者/患者/-/OMD/{FILE}")).unwrap().patient, "患者");
    }
}
