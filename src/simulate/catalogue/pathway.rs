//! Courses of care: what a complaint brings with it, as one row each.

use super::*;

/// What one complaint leads to.
#[derive(Debug)]
pub(in crate::simulate) struct Pathway {
    pub(in crate::simulate) department: &'static Department,
    /// Youngest and oldest age, both included.
    pub(in crate::simulate) ages: (i16, i16),
    pub(in crate::simulate) diagnosis: &'static Diagnosis,
    /// PRB-13: 1 = suspected.
    pub(in crate::simulate) suspected: bool,
    pub(in crate::simulate) panels: &'static [&'static Panel],
    /// The infection test and whether it comes out positive.
    pub(in crate::simulate) infection: Option<(&'static InfectionTest, bool)>,
    pub(in crate::simulate) drugs: &'static [&'static Drug],
    pub(in crate::simulate) imaging: Option<&'static Imaging>,
    pub(in crate::simulate) physiology: Option<&'static Physiology>,
    /// The infusion of the stay that follows, for those who are admitted.
    pub(in crate::simulate) admitted: Option<&'static Infusion>,
    /// How often it is seen, out of the sum of all weights.
    pub(in crate::simulate) weight: u64,
}

impl Pathway {
    /// Whether someone of that age may walk it.
    pub(in crate::simulate) fn suits(&self, age: i16) -> bool {
        (self.ages.0..=self.ages.1).contains(&age)
    }

    /// Whether people come back for it.
    pub(in crate::simulate) fn is_routine(&self) -> bool {
        self.weight >= 100
    }

    /// The department: children of internal medicine are seen by paediatrics.
    pub(in crate::simulate) fn department_for(&self, age: i16) -> &'static Department {
        let is_child = age <= CHILD.1 && *self.department == INTERNAL;
        if is_child { &PAEDIATRICS } else { self.department }
    }
}

const fn pathway(
    department: &'static Department,
    ages: (i16, i16),
    diagnosis: &'static Diagnosis,
    weight: u64,
    panels: &'static [&'static Panel],
    drugs: &'static [&'static Drug],
) -> Pathway {
    Pathway {
        department,
        ages,
        diagnosis,
        suspected: false,
        panels,
        infection: None,
        drugs,
        imaging: None,
        physiology: None,
        admitted: None,
        weight,
    }
}

const CHILD: (i16, i16) = (0, 15);
const ADULT: (i16, i16) = (16, 130);
const ANY: (i16, i16) = (0, 130);

static BLOOD: &[&Panel] = &[&HAEMATOLOGY, &CHEMISTRY];

/// Every pathway. The first people of a seed walk one each, in this order, in which every fifth is a
/// child's, as every fifth person is a child; the others by age and weight.
pub(in crate::simulate) static PATHWAYS: &[Pathway] = &[
    Pathway {
        infection: Some((&INFLUENZA, true)),
        ..pathway(&INTERNAL, ANY, &FLU, 60, &[], &[&OSELTAMIVIR, &PARACETAMOL])
    },
    Pathway {
        imaging: Some(&CHEST_CT),
        ..pathway(&RESPIRATORY, ADULT, &CHEST_SHADOW, 60, &[&CHEMISTRY], &[])
    },
    Pathway {
        infection: Some((&TUBERCULOSIS, true)),
        imaging: Some(&CHEST_CT),
        admitted: Some(&ANTIBIOTIC),
        ..pathway(&RESPIRATORY, ADULT, &LUNG_TUBERCULOSIS, 2, BLOOD, &[])
    },
    Pathway {
        imaging: Some(&HEAD_MR),
        ..pathway(&INTERNAL, ADULT, &HEADACHE, 40, &[&HAEMATOLOGY], &[&LOXOPROFEN])
    },
    Pathway {
        suspected: true,
        infection: Some((&MEASLES, false)),
        ..pathway(&PAEDIATRICS, CHILD, &MEASLES_DISEASE, 2, &[&HAEMATOLOGY], &[&PARACETAMOL])
    },
    Pathway {
        physiology: Some(&ECG),
        ..pathway(&INTERNAL, ADULT, &HYPERTENSION, 160, &[&CHEMISTRY, &URINALYSIS], &[&AMLODIPINE])
    },
    Pathway {
        infection: Some((&INFLUENZA, false)),
        imaging: Some(&CHEST_XRAY),
        ..pathway(&INTERNAL, ANY, &COLD, 120, &[], &[&CARBOCISTEINE, &PARACETAMOL])
    },
    pathway(&INTERNAL, ADULT, &DIABETES, 160, &[&HAEMATOLOGY, &CHEMISTRY, &URINALYSIS], &[&METFORMIN]),
    Pathway { admitted: Some(&MAINTENANCE), ..pathway(&SURGERY, ADULT, &GASTRITIS, 40, BLOOD, &[]) },
    Pathway {
        infection: Some((&NOROVIRUS, true)),
        ..pathway(&PAEDIATRICS, CHILD, &NORO_ENTERITIS, 20, &[], &[&PARACETAMOL])
    },
    Pathway {
        infection: Some((&COVID19, true)),
        ..pathway(&INTERNAL, ANY, &COVID, 30, &[&CHEMISTRY], &[&PARACETAMOL])
    },
    Pathway {
        infection: Some((&INFLUENZA_ANTIBODY, true)),
        ..pathway(&INTERNAL, ANY, &SCRUB_TYPHUS, 2, BLOOD, &[])
    },
    Pathway {
        infection: Some((&LEGIONELLA, true)),
        imaging: Some(&CHEST_CT),
        admitted: Some(&ANTIBIOTIC),
        ..pathway(&RESPIRATORY, ADULT, &LEGIONNAIRES, 2, BLOOD, &[])
    },
    Pathway { infection: Some((&INFLUENZA, true)), ..pathway(&INTERNAL, ANY, &FLU, 40, &[], &[&BALOXAVIR]) },
    Pathway {
        infection: Some((&RSV, true)),
        admitted: Some(&MAINTENANCE),
        ..pathway(&PAEDIATRICS, CHILD, &RSV_BRONCHIOLITIS, 10, BLOOD, &[])
    },
    pathway(&ORTHOPAEDICS, ADULT, &LOW_BACK_PAIN, 80, &[], &[&LOXOPROFEN]),
];
