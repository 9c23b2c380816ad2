//! Imaging and physiological examinations.

/// An imaging examination: JJ1017 parent (16 characters) and child (32), DICOM modality.
#[derive(Debug)]
pub(in crate::simulate) struct Imaging {
    pub(in crate::simulate) modality: &'static str,
    pub(in crate::simulate) parent: (&'static str, &'static str),
    pub(in crate::simulate) children: &'static [(&'static str, &'static str)],
    pub(in crate::simulate) reason: &'static str,
}

pub(in crate::simulate) static CHEST_CT: Imaging = Imaging {
    modality: "CT",
    parent: ("6000000000000000", "Ｘ線ＣＴ検査"),
    children: &[("60000002000000000000000000000000", "胸部．単純ＣＴ")],
    reason: "胸部異常陰影の精査。マイコプラズマ肺炎を除外。",
};
pub(in crate::simulate) static HEAD_MR: Imaging = Imaging {
    modality: "MR",
    parent: ("7000000000000000", "ＭＲ検査"),
    children: &[
        ("70000001000000000000000000000000", "頭部．単純ＭＲ"),
        ("70010001000000000000000000000000", "頭部．ＭＲＡ"),
    ],
    reason: "頭痛の精査。本日中に読影を希望。",
};
pub(in crate::simulate) static CHEST_XRAY: Imaging = Imaging {
    modality: "CR",
    parent: ("1000000000000000", "Ｘ線単純撮影"),
    children: &[("10000002000102000000010000000000", "胸部．Ｘ線単純撮影．立位正面")],
    reason: "発熱、咳嗽。",
};

/// A physiological examination (OMG-03 order, OMG-13 result): local code, name, findings.
#[derive(Debug)]
pub(in crate::simulate) struct Physiology {
    pub(in crate::simulate) code: &'static str,
    pub(in crate::simulate) name: &'static str,
    pub(in crate::simulate) findings: &'static str,
}

pub(in crate::simulate) static ECG: Physiology = Physiology {
    code: "PH0101",
    name: "１２誘導心電図",
    findings: "洞調律。明らかな虚血性変化を認めない。日本語の所見文（架空）。",
};
