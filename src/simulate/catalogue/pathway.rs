//! Courses of care: what a complaint brings with it, as one row each.

use super::*;

/// What one complaint leads to.
#[derive(Debug)]
pub(in crate::simulate) struct Pathway {
    pub(in crate::simulate) department: &'static Department,
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

const fn pathway(
    department: &'static Department,
    diagnosis: &'static Diagnosis,
    weight: u64,
    panels: &'static [&'static Panel],
    drugs: &'static [&'static Drug],
) -> Pathway {
    Pathway {
        department,
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

static BLOOD: &[&Panel] = &[&HAEMATOLOGY, &CHEMISTRY];

/// Every pathway. The first people of a storage walk one each, in this order; the others by weight.
pub(in crate::simulate) static PATHWAYS: &[Pathway] = &[
    Pathway {
        infection: Some((&INFLUENZA, true)),
        ..pathway(&INTERNAL, &FLU, 60, &[], &[&OSELTAMIVIR, &PARACETAMOL])
    },
    Pathway { imaging: Some(&CHEST_CT), ..pathway(&RESPIRATORY, &CHEST_SHADOW, 60, &[&CHEMISTRY], &[]) },
    Pathway {
        infection: Some((&TUBERCULOSIS, true)),
        imaging: Some(&CHEST_CT),
        admitted: Some(&ANTIBIOTIC),
        ..pathway(&RESPIRATORY, &LUNG_TUBERCULOSIS, 2, BLOOD, &[])
    },
    Pathway { imaging: Some(&HEAD_MR), ..pathway(&INTERNAL, &HEADACHE, 40, &[&HAEMATOLOGY], &[&LOXOPROFEN]) },
    Pathway {
        suspected: true,
        infection: Some((&MEASLES, false)),
        ..pathway(&PAEDIATRICS, &MEASLES_DISEASE, 2, &[&HAEMATOLOGY], &[&PARACETAMOL])
    },
    Pathway {
        physiology: Some(&ECG),
        ..pathway(&INTERNAL, &HYPERTENSION, 160, &[&CHEMISTRY, &URINALYSIS], &[&AMLODIPINE])
    },
    Pathway {
        infection: Some((&INFLUENZA, false)),
        imaging: Some(&CHEST_XRAY),
        ..pathway(&INTERNAL, &COLD, 120, &[], &[&CARBOCISTEINE, &PARACETAMOL])
    },
    pathway(&INTERNAL, &DIABETES, 160, &[&HAEMATOLOGY, &CHEMISTRY, &URINALYSIS], &[&METFORMIN]),
    Pathway { admitted: Some(&MAINTENANCE), ..pathway(&SURGERY, &GASTRITIS, 40, BLOOD, &[]) },
    Pathway {
        infection: Some((&NOROVIRUS, true)),
        ..pathway(&PAEDIATRICS, &NORO_ENTERITIS, 20, &[], &[&PARACETAMOL])
    },
    Pathway {
        infection: Some((&COVID19, true)),
        ..pathway(&INTERNAL, &COVID, 30, &[&CHEMISTRY], &[&PARACETAMOL])
    },
    Pathway {
        infection: Some((&RSV, true)),
        admitted: Some(&MAINTENANCE),
        ..pathway(&PAEDIATRICS, &RSV_BRONCHIOLITIS, 10, BLOOD, &[])
    },
    Pathway {
        infection: Some((&INFLUENZA_ANTIBODY, true)),
        ..pathway(&INTERNAL, &SCRUB_TYPHUS, 2, BLOOD, &[])
    },
    Pathway {
        infection: Some((&LEGIONELLA, true)),
        imaging: Some(&CHEST_CT),
        admitted: Some(&ANTIBIOTIC),
        ..pathway(&RESPIRATORY, &LEGIONNAIRES, 2, BLOOD, &[])
    },
    Pathway { infection: Some((&INFLUENZA, true)), ..pathway(&PAEDIATRICS, &FLU, 40, &[], &[&BALOXAVIR]) },
    pathway(&ORTHOPAEDICS, &LOW_BACK_PAIN, 80, &[], &[&LOXOPROFEN]),
];
