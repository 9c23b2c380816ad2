//! The file's name: against its path, and against table 53.

use super::findings::Findings;
use super::rule::{self, Rule};
use crate::data_type::DataType;
use crate::path::{PathFinding, StoragePath};

/// Data types whose folder is `-` because no field of them gives a date.
const UNDATED: [&str; 4] = ["ADT-00", "ADT-01", "ADT-61", "PPR-01"];

pub(super) fn check(path: &StoragePath<'_>, findings: &mut Findings) {
    for finding in &path.findings {
        findings.file(of_path(*finding), "");
    }
    if DataType::find(path.data_type).is_none() {
        findings.file(&rule::DATA_TYPE_UNKNOWN, "");
    } else if UNDATED.contains(&path.data_type) != (path.date == "-") {
        findings.file(&rule::DATE_FOLDER, if path.date == "-" { "YYYYMMDD" } else { "-" });
    }
    let name = &path.name;
    let length = |text: &str| text.chars().count();
    if length(name.patient) > 15 {
        findings.file(&rule::NAME_PATIENT, "≤ 15");
    }
    if length(name.order) != 15 {
        findings.file(&rule::NAME_ORDER, "= 15");
    }
    if name.time.len() != 17 {
        findings.file(&rule::NAME_TIME, "= 17");
    }
    if !name.department.is_some_and(is_department) {
        findings.file(&rule::NAME_DEPARTMENT, "");
    }
}

fn of_path(finding: PathFinding) -> &'static Rule {
    match finding {
        PathFinding::Prefix => &rule::PATH_PREFIX,
        PathFinding::Patient => &rule::PATH_PATIENT,
        PathFinding::Date => &rule::PATH_DATE,
        PathFinding::DataType => &rule::PATH_DATA_TYPE,
    }
}

/// 1 to 3 letters and digits, or `-`.
fn is_department(text: &str) -> bool {
    text == "-" || (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
