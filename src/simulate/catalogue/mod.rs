//! What can happen to an invented patient: tests, drugs, examinations, diagnoses and the paths through them.

mod drug;
mod exam;
mod lab;
mod pathway;
mod problem;

pub(super) use drug::*;
pub(super) use exam::*;
pub(super) use lab::*;
pub(super) use pathway::*;
pub(super) use problem::*;

/// A clinical department: unified code table of SS-MIX2 (UDT-0069) and name.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::simulate) struct Department {
    pub(in crate::simulate) code: &'static str,
    pub(in crate::simulate) name: &'static str,
}

pub(in crate::simulate) static INTERNAL: Department = Department { code: "01", name: "内科" };
pub(in crate::simulate) static RESPIRATORY: Department =
    Department { code: "051", name: "呼吸器・アレルギー科" };
pub(in crate::simulate) static PAEDIATRICS: Department = Department { code: "09", name: "小児科" };
pub(in crate::simulate) static SURGERY: Department = Department { code: "10", name: "外科" };
pub(in crate::simulate) static ORTHOPAEDICS: Department = Department { code: "11", name: "整形外科" };

/// An invented doctor: staff number, family name, given name.
#[derive(Debug)]
pub(in crate::simulate) struct Doctor(
    pub(in crate::simulate) &'static str,
    pub(in crate::simulate) &'static str,
    pub(in crate::simulate) &'static str,
);

/// Doctors of every facility, all invented.
pub(in crate::simulate) static DOCTORS: &[Doctor] = &[
    Doctor("D00101", "医本", "架一"),
    Doctor("D00102", "診宮", "架子"),
    Doctor("D00103", "療田", "仮愛"),
    Doctor("D00104", "術日", "試次"),
];
