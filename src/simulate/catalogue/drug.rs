//! A catalogue of drugs. HOT9 codes here are placeholders from a range that is not assigned (999…);
//! the second coding of RXE-2 carries the YJ code where one is known, as several senders write it.

/// How often a drug is taken: JAMI standard usage code (JAMISDP01), text, doses a day.
#[derive(Debug)]
pub(in crate::simulate) struct Usage {
    pub(in crate::simulate) code: &'static str,
    pub(in crate::simulate) text: &'static str,
    pub(in crate::simulate) doses: u32,
}

/// A unit of MERIT-9: code and name.
#[derive(Debug)]
pub(in crate::simulate) struct Unit(
    pub(in crate::simulate) &'static str,
    pub(in crate::simulate) &'static str,
);

/// One line of a prescription.
#[derive(Debug)]
pub(in crate::simulate) struct Drug {
    pub(in crate::simulate) hot9: &'static str,
    pub(in crate::simulate) name: &'static str,
    pub(in crate::simulate) yj: &'static str,
    pub(in crate::simulate) dose: u32,
    pub(in crate::simulate) unit: &'static Unit,
    pub(in crate::simulate) usage: &'static Usage,
    pub(in crate::simulate) days: u32,
}

pub(in crate::simulate) static TABLET: Unit = Unit("TAB", "錠");
pub(in crate::simulate) static CAPSULE: Unit = Unit("CAP", "カプセル");
pub(in crate::simulate) static BAG: Unit = Unit("HON", "本");
pub(in crate::simulate) static AMPOULE: Unit = Unit("AMP", "アンプル");

static MORNING: Usage =
    Usage { code: "1011040000000000", text: "内服・経口・１日１回朝食後", doses: 1 };
static MORNING_AND_EVENING: Usage =
    Usage { code: "1012040400000000", text: "内服・経口・１日２回朝夕食後", doses: 2 };
static THREE_MEALS: Usage =
    Usage { code: "1013044400000000", text: "内服・経口・１日３回朝昼夕食後", doses: 3 };

const fn tablets(
    hot9: &'static str,
    name: &'static str,
    yj: &'static str,
    usage: &'static Usage,
    days: u32,
) -> Drug {
    Drug { hot9, name, yj, dose: 1, unit: &TABLET, usage, days }
}

pub(in crate::simulate) static OSELTAMIVIR: Drug = Drug {
    hot9: "999000101",
    name: "オセルタミビルカプセル７５ｍｇ",
    yj: "6250021M1027",
    dose: 1,
    unit: &CAPSULE,
    usage: &MORNING_AND_EVENING,
    days: 5,
};
pub(in crate::simulate) static BALOXAVIR: Drug =
    tablets("999000102", "バロキサビル　マルボキシル錠１０ｍｇ", "6250047F1022", &MORNING, 1);
pub(in crate::simulate) static PARACETAMOL: Drug =
    tablets("999000103", "アセトアミノフェン錠２００ｍｇ（解熱剤）", "1141007F1063", &THREE_MEALS, 5);
pub(in crate::simulate) static METFORMIN: Drug = tablets(
    "999000104",
    "メトホルミン塩酸塩錠２５０ｍｇ（血糖降下剤）",
    "3962002F2027",
    &MORNING_AND_EVENING,
    28,
);
pub(in crate::simulate) static AMLODIPINE: Drug =
    tablets("999000105", "アムロジピン錠５ｍｇ", "2171022F2028", &MORNING, 28);
pub(in crate::simulate) static LOXOPROFEN: Drug =
    tablets("999000106", "ロキソプロフェン錠６０ｍｇ", "1149019F1560", &THREE_MEALS, 7);
pub(in crate::simulate) static CARBOCISTEINE: Drug =
    tablets("999000107", "カルボシステイン錠５００ｍｇ", "2233002F2029", &THREE_MEALS, 7);

/// A bag of an infusion and what is added to it.
#[derive(Debug)]
pub(in crate::simulate) struct Infusion {
    pub(in crate::simulate) base: (&'static str, &'static str),
    pub(in crate::simulate) additive: (&'static str, &'static str),
    pub(in crate::simulate) millilitres: u32,
}

pub(in crate::simulate) static MAINTENANCE: Infusion = Infusion {
    base: ("999000201", "維持輸液（糖・電解質）５００ｍＬ"),
    additive: ("999000202", "止血剤注５０ｍｇ"),
    millilitres: 510,
};
pub(in crate::simulate) static ANTIBIOTIC: Infusion = Infusion {
    base: ("999000203", "生理食塩液１００ｍＬ"),
    additive: ("999000204", "セフトリアキソン静注用１ｇ"),
    millilitres: 100,
};
