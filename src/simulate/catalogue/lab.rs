//! A catalogue of laboratory tests with their JLAC10 codes (analyte, identification, material, method, result).

/// How a test's result is written.
#[derive(Debug)]
pub(in crate::simulate) enum Scale {
    /// OBX-2 NM: reference limits in units of 10^-`decimals`; `unit` is the code of ISO+ in escaped form.
    Number { low: i64, high: i64, decimals: usize, unit: &'static str },
    /// OBX-2 ST: a grade out of these, from normal to worst.
    Grade(&'static [&'static str]),
}

/// One test of a panel.
#[derive(Debug)]
pub(in crate::simulate) struct LabTest {
    pub(in crate::simulate) code: &'static str,
    pub(in crate::simulate) name: &'static str,
    pub(in crate::simulate) scale: Scale,
}

/// A specimen's material: the third part of JLAC10.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) struct Material(
    pub(in crate::simulate) &'static str,
    pub(in crate::simulate) &'static str,
);

/// Tests that are ordered and reported together.
#[derive(Debug)]
pub(in crate::simulate) struct Panel {
    pub(in crate::simulate) code: &'static str,
    pub(in crate::simulate) name: &'static str,
    pub(in crate::simulate) material: Material,
    pub(in crate::simulate) tests: &'static [LabTest],
}

/// A test for an infection, whose result is a word or a sign.
#[derive(Debug)]
pub(in crate::simulate) struct InfectionTest {
    pub(in crate::simulate) code: &'static str,
    pub(in crate::simulate) name: &'static str,
    pub(in crate::simulate) material: Material,
    pub(in crate::simulate) positive: &'static [&'static str],
    pub(in crate::simulate) negative: &'static [&'static str],
}

const fn number(
    code: &'static str,
    name: &'static str,
    (low, high, decimals): (i64, i64, usize),
    unit: &'static str,
) -> LabTest {
    LabTest { code, name, scale: Scale::Number { low, high, decimals, unit } }
}

const fn grade(code: &'static str, name: &'static str) -> LabTest {
    LabTest { code, name, scale: Scale::Grade(&["(-)", "(-)", "(-)", "(±)", "(1+)", " 2 +"]) }
}

pub(in crate::simulate) static HAEMATOLOGY: Panel = Panel {
    code: "L2A",
    name: "血液学的検査",
    material: Material("019", "全血(添加物入り)"),
    tests: &[
        number("2A010000001930101", "白血球数", (33, 86, 1), "10*3/uL"),
        number("2A020000001930101", "赤血球数", (386, 555, 2), "10*6/uL"),
        number("2A030000001930101", "ヘモグロビン", (116, 168, 1), "g/dL"),
        number("2A040000001930102", "ヘマトクリット", (351, 501, 1), "%"),
        number("2A050000001930101", "血小板数", (158, 348, 0), "10*3/uL"),
        number("2A060000001930101", "ＭＣＶ", (836, 982, 1), "fL"),
        number("2A070000001930101", "ＭＣＨ", (275, 332, 1), "pg"),
        number("2A080000001930101", "ＭＣＨＣ", (317, 353, 1), "g/dL"),
        number("2A160000001930151", "好中球", (420, 745, 1), "%"),
        number("2A160000001930154", "リンパ球", (180, 480, 1), "%"),
    ],
};

pub(in crate::simulate) static CHEMISTRY: Panel = Panel {
    code: "L3",
    name: "生化学的検査",
    material: Material("023", "血清"),
    tests: &[
        number("3A010000002327101", "総蛋白", (66, 81, 1), "g/dL"),
        number("3A015000002327101", "アルブミン", (41, 51, 1), "g/dL"),
        number("3A016000002327102", "Ａ／Ｇ比", (132, 223, 2), ""),
        number("3B010000002327201", "ＣＫ", (41, 248, 0), "U/L"),
        number("3B035000002327201", "ＡＳＴ", (13, 30, 0), "U/L"),
        number("3B045000002327201", "ＡＬＴ", (7, 42, 0), "U/L"),
        number("3B050000002327201", "ＬＤ", (124, 222, 0), "U/L"),
        number("3B070000002327101", "ＡＬＰ", (38, 113, 0), "U/L"),
        number("3B090000002327101", "γ－ＧＴ", (9, 64, 0), "U/L"),
        number("3B160000002327101", "アミラーゼ", (44, 132, 0), "U/L"),
        number("3C015000002327101", "クレアチニン", (46, 107, 2), "mg/dL"),
        number("3C020000002327101", "尿酸", (26, 78, 1), "mg/dL"),
        number("3C025000002327201", "尿素窒素", (8, 20, 0), "mg/dL"),
        number("8A065000002391901", "推算ＧＦＲ", (600, 1050, 1), "mL/min/{1.73m\\S\\2}"),
        number("3D010000002327201", "血糖", (73, 109, 0), "mg/dL"),
        number("3D046000001920402", "ヘモグロビンＡ１ｃ", (49, 60, 1), "%"),
        number("3F015000002327101", "中性脂肪", (30, 149, 0), "mg/dL"),
        number("3F050000002327101", "総コレステロール", (142, 248, 0), "mg/dL"),
        number("3F070000002327101", "ＨＤＬコレステロール", (40, 103, 0), "mg/dL"),
        number("3F077000002327101", "ＬＤＬコレステロール", (65, 139, 0), "mg/dL"),
        number("3H010000002326101", "ナトリウム", (138, 145, 0), "mmol/L"),
        number("3H015000002326101", "カリウム", (36, 48, 1), "mmol/L"),
        number("3H020000002326101", "クロール", (101, 108, 0), "mmol/L"),
        number("3H030000002327101", "カルシウム", (88, 101, 1), "mg/dL"),
        number("3J010000002327101", "総ビリルビン", (4, 15, 1), "mg/dL"),
        number("5C070000002306201", "Ｃ反応性蛋白（ＣＲＰ）", (0, 14, 2), "mg/dL"),
    ],
};

pub(in crate::simulate) static URINALYSIS: Panel = Panel {
    code: "L1A",
    name: "尿検査",
    material: Material("001", "尿"),
    tests: &[
        grade("1A010000000191111", "尿蛋白定性"),
        grade("1A020000000191111", "尿糖定性"),
        grade("1A100000000191111", "尿潜血"),
        number("1A030000000191901", "尿比重", (1005, 1030, 3), ""),
    ],
};

pub(in crate::simulate) static INFLUENZA: InfectionTest = InfectionTest {
    code: "5F399141009919011",
    name: "インフルエンザウイルスＡ・Ｂ型抗原",
    material: Material("099", "鼻咽頭ぬぐい液"),
    positive: &["陽性", "(+)", "+", "A(+)B(-)"],
    negative: &["陰性", "(-)", "-", "A(-)B(-)"],
};

pub(in crate::simulate) static INFLUENZA_ANTIBODY: InfectionTest = InfectionTest {
    code: "5F400143002314105",
    name: "インフルエンザＡ型抗体（ＨＩ）",
    material: Material("023", "血清"),
    positive: &["40"],
    negative: &["< 10"],
};

pub(in crate::simulate) static COVID19: InfectionTest = InfectionTest {
    code: "5F625141006319011",
    name: "ＳＡＲＳ－ＣｏＶ－２抗原",
    material: Material("063", "鼻腔・咽頭"),
    positive: &["(+)", "陽性"],
    negative: &["(-)", "陰性"],
};

pub(in crate::simulate) static RSV: InfectionTest = InfectionTest {
    code: "5F430141006319011",
    name: "ＲＳウイルス抗原",
    material: Material("063", "鼻腔・咽頭"),
    positive: &["(+)", "1+"],
    negative: &["(-)", "(±)"],
};

pub(in crate::simulate) static NOROVIRUS: InfectionTest = InfectionTest {
    code: "5F630141001502311",
    name: "ノロウイルス抗原",
    material: Material("015", "糞便"),
    positive: &["(+)"],
    negative: &["(-)"],
};

pub(in crate::simulate) static TUBERCULOSIS: InfectionTest = InfectionTest {
    code: "6B620000006186211",
    name: "結核菌群核酸増幅",
    material: Material("061", "喀痰"),
    positive: &["(+)", "陽性"],
    negative: &["(-)", "陰性"],
};

pub(in crate::simulate) static MEASLES: InfectionTest = InfectionTest {
    code: "5F431143202302311",
    name: "麻疹ウイルス抗体ＩｇＭ",
    material: Material("023", "血清"),
    positive: &["(+)"],
    negative: &["(-)", "(±)", "判定保留"],
};

pub(in crate::simulate) static LEGIONELLA: InfectionTest = InfectionTest {
    code: "5E056000000119011",
    name: "レジオネラ尿中抗原",
    material: Material("001", "尿"),
    positive: &["(+)"],
    negative: &["(-)"],
};
