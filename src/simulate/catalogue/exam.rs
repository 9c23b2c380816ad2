//! Imaging and physiological examinations.

/// An examination with images: DICOM modality, and what is asked for, the whole (parent) and its parts (children).
#[derive(Debug)]
pub(in crate::simulate) struct Imaging {
    /// `JJ1017` (16 characters for a parent, 32 for a child), or `LENDO` of endoscopies.
    pub(in crate::simulate) system: &'static str,
    pub(in crate::simulate) modality: &'static str,
    pub(in crate::simulate) parent: (&'static str, &'static str),
    pub(in crate::simulate) children: &'static [(&'static str, &'static str)],
    pub(in crate::simulate) reason: &'static str,
}

impl Imaging {
    /// Whether it is an endoscopy, which has data types of its own (OMG-02 and OMG-12).
    pub(in crate::simulate) fn is_endoscopy(&self) -> bool {
        self.system == "LENDO"
    }
}

pub(in crate::simulate) static CHEST_CT: Imaging = Imaging {
    system: "JJ1017",
    modality: "CT",
    parent: ("6000000000000000", "Ｘ線ＣＴ検査"),
    children: &[("60000002000000000000000000000000", "胸部．単純ＣＴ")],
    reason: "胸部異常陰影の精査。マイコプラズマ肺炎を除外。",
};
pub(in crate::simulate) static HEAD_MR: Imaging = Imaging {
    system: "JJ1017",
    modality: "MR",
    parent: ("7000000000000000", "ＭＲ検査"),
    children: &[
        ("70000001000000000000000000000000", "頭部．単純ＭＲ"),
        ("70010001000000000000000000000000", "頭部．ＭＲＡ"),
    ],
    reason: "頭痛の精査。本日中に読影を希望。",
};
pub(in crate::simulate) static CHEST_XRAY: Imaging = Imaging {
    system: "JJ1017",
    modality: "CR",
    parent: ("1000000000000000", "Ｘ線単純撮影"),
    children: &[("10000002000102000000010000000000", "胸部．Ｘ線単純撮影．立位正面")],
    reason: "発熱、咳嗽。",
};

pub(in crate::simulate) static GASTROSCOPY: Imaging = Imaging {
    system: "LENDO",
    modality: "ES",
    parent: ("11000000000", "検査.上部.-.-.-.-"),
    children: &[("11000000100", "検査.上部.-.-.上部通常内視鏡.-")],
    reason: "心窩部痛の精査。",
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
