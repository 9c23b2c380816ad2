//! `su08_V08.xml`: totals of the bill.

use std::io::BufRead;

use crate::index::{NAMESPACE, count};
use crate::xml::{Element, Visitor, XmlError, walk};

/// The totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Persons who were examined: how many files `CLAIMS/` holds.
    pub total_subjects: Option<u64>,
    /// The root element is as the specification has it.
    pub is_summary: bool,
}

impl Summary {
    pub(crate) fn read(xml: &mut dyn BufRead, depth_max: usize) -> Result<Self, XmlError> {
        let mut summary = Self::default();
        walk(xml, depth_max, &mut summary)?;
        Ok(summary)
    }
}

impl Visitor for Summary {
    fn element(&mut self, element: &Element<'_>) -> Result<(), XmlError> {
        match element.path {
            "summary" => self.is_summary = element.namespace == NAMESPACE,
            "summary/totalSubjectCount" => self.total_subjects = count(element)?,
            _ => {}
        }
        Ok(())
    }
}
