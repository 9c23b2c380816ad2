//! Diagnoses and allergies.

/// A diagnosis: standard name and ICD-10 (2013) code without its dot, as PRB-10 writes it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::simulate) struct Diagnosis {
    pub(in crate::simulate) name: &'static str,
    pub(in crate::simulate) icd10: &'static str,
}

const fn diagnosis(name: &'static str, icd10: &'static str) -> Diagnosis {
    Diagnosis { name, icd10 }
}

pub(in crate::simulate) static FLU: Diagnosis = diagnosis("インフルエンザＡ型", "J101");
pub(in crate::simulate) static COVID: Diagnosis = diagnosis("新型コロナウイルス感染症", "U071");
pub(in crate::simulate) static LUNG_TUBERCULOSIS: Diagnosis = diagnosis("肺結核・菌確認あり", "A150");
pub(in crate::simulate) static MEASLES_DISEASE: Diagnosis = diagnosis("麻疹", "B059");
pub(in crate::simulate) static RSV_BRONCHIOLITIS: Diagnosis = diagnosis("ＲＳウイルス細気管支炎", "J210");
pub(in crate::simulate) static NORO_ENTERITIS: Diagnosis = diagnosis("ノロウイルス性胃腸炎", "A081");
pub(in crate::simulate) static SCRUB_TYPHUS: Diagnosis = diagnosis("つつが虫病", "A753");
pub(in crate::simulate) static LEGIONNAIRES: Diagnosis = diagnosis("レジオネラ肺炎", "A481");
pub(in crate::simulate) static DIABETES: Diagnosis = diagnosis("２型糖尿病", "E119");
pub(in crate::simulate) static HYPERTENSION: Diagnosis = diagnosis("本態性高血圧症", "I10");
pub(in crate::simulate) static COLD: Diagnosis = diagnosis("急性上気道炎", "J069");
pub(in crate::simulate) static HEADACHE: Diagnosis = diagnosis("頭痛症", "R51");
pub(in crate::simulate) static CHEST_SHADOW: Diagnosis = diagnosis("胸部異常陰影", "R91");
pub(in crate::simulate) static LOW_BACK_PAIN: Diagnosis = diagnosis("腰痛症", "M545");
pub(in crate::simulate) static GASTRITIS: Diagnosis = diagnosis("胃炎", "K297");

/// An allergy of IAM and AL1: class of HL7 table 0127, allergen with its coding, severity, reaction.
#[derive(Debug)]
pub(in crate::simulate) struct Allergy {
    pub(in crate::simulate) class: &'static str,
    pub(in crate::simulate) allergen: &'static str,
    pub(in crate::simulate) severity: &'static str,
    pub(in crate::simulate) reaction: &'static str,
}

pub(in crate::simulate) static ALLERGIES: &[Allergy] = &[
    Allergy {
        class: "DA^薬剤アレルギー^HL70127",
        allergen: "AL001^ペニシリン系抗生剤^99KKU",
        severity: "SV^重度^HL70128",
        reaction: "蕁麻疹",
    },
    Allergy {
        class: "FA^食物アレルギー^HL70127",
        allergen: "AL002^日本そば^99KKU",
        severity: "MO^中等度^HL70128",
        reaction: "口腔内のかゆみ",
    },
    Allergy {
        class: "LA^花粉アレルギー^HL70127",
        allergen: "AL003^スギ花粉^99KKU",
        severity: "MI^軽度^HL70128",
        reaction: "鼻水",
    },
    Allergy {
        class: "MA^その他のアレルギー^HL70127",
        allergen: "AL004^ウイルス抗原（試薬）^99KKU",
        severity: "MI^軽度^HL70128",
        reaction: "発赤",
    },
];
