//! Whether two records of patients may be about the same person: a suggestion for people who then ask for the card.
//! Nothing here makes a link (SERVICES: automatic links are forbidden without consent).

mod kana;

use serde::Serialize;

use crate::envelope::Identifying;

/// What a facility says of a patient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demographics {
    /// Name in kana, family name first.
    pub kana: Option<Identifying>,
    /// Day of birth, `1980-02-29`.
    pub birth_date: Option<Identifying>,
    /// `male` or `female`; nothing for whatever else is said.
    pub sex: Option<String>,
    /// Number of the insurer, then symbol, number and branch number of the insured, as far as they are known.
    pub insurance: Vec<Identifying>,
}

/// What two records have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Name in kana, however it is written.
    Kana,
    /// Day of birth.
    BirthDate,
    /// Sex.
    Sex,
    /// Insurer, and all numbers of the insured.
    Insurance,
}

impl Reason {
    /// Its share of the score.
    const fn weight(self) -> u8 {
        match self {
            Self::Insurance => 40,
            Self::Kana => 30,
            Self::BirthDate => 20,
            Self::Sex => 10,
        }
    }

    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kana => "kana",
            Self::BirthDate => "birth-date",
            Self::Sex => "sex",
            Self::Insurance => "insurance",
        }
    }
}

/// That two records may be about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// 0 to 100: how much they have in common.
    pub score: u8,
    /// What they have in common.
    pub reasons: Vec<Reason>,
}

/// Suggests that two records are about the same person if kana, day of birth and sex are the same, or day of birth and
/// insurance; never if day of birth or sex differ.
pub fn suggest(one: &Demographics, other: &Demographics) -> Option<Suggestion> {
    let spelt = |kana: &Option<Identifying>| kana.as_ref().map(|kana| kana::normal(&kana.0));
    let kana = same(spelt(&one.kana), spelt(&other.kana));
    let (birth_date, sex) = (
        same(one.birth_date.as_ref(), other.birth_date.as_ref()),
        same(one.sex.as_ref(), other.sex.as_ref()),
    );
    // Insurer, symbol, number at the least: a family has those in common, so the day of birth must be the same too.
    let insurance = one.insurance.len() >= 3 && one.insurance == other.insurance;
    if birth_date != Some(true) || sex == Some(false) {
        return None;
    }
    let found = [
        (Reason::Kana, kana == Some(true)),
        (Reason::BirthDate, true),
        (Reason::Sex, sex == Some(true)),
        (Reason::Insurance, insurance),
    ];
    let reasons: Vec<_> = found.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect();
    let enough = insurance || reasons.starts_with(&[Reason::Kana, Reason::BirthDate, Reason::Sex]);
    let score = reasons.iter().map(|reason| reason.weight()).sum();
    enough.then_some(Suggestion { score, reasons })
}

/// Whether both are known and the same; nothing if one is not known.
fn same<T: PartialEq>(one: Option<T>, other: Option<T>) -> Option<bool> {
    Some(one? == other?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 架空.
    fn person(kana: &str, birth_date: &str, sex: &str, insurance: &[&str]) -> Demographics {
        let id = |text: &str| (!text.is_empty()).then(|| Identifying(text.to_owned()));
        let sex = (!sex.is_empty()).then(|| sex.to_owned());
        let insurance = insurance.iter().filter_map(|text| id(text)).collect();
        Demographics { kana: id(kana), birth_date: id(birth_date), sex, insurance }
    }

    fn score(one: &Demographics, other: &Demographics) -> u8 {
        assert_eq!(suggest(one, other), suggest(other, one));
        suggest(one, other).map_or(0, |suggestion| suggestion.score)
    }

    #[test]
    fn kana_birth_and_sex_or_birth_and_insurance_suggest_it() {
        let card = ["06320011", "12-34", "567", "01"];
        let known = person("イズモ ショウコ", "1980-02-29", "female", &card);
        assert_eq!(score(&known, &known), 100);
        assert_eq!(score(&known, &person("ｲｽﾞﾓ　ｼﾖｳｺ", "1980-02-29", "female", &[])), 60);
        assert_eq!(
            score(&known, &person("マツエ ショウコ", "1980-02-29", "female", &card)),
            70,
            "a new family name"
        );
        assert_eq!(
            score(&known, &person("イズモ ショウコ", "1980-02-28", "female", &card)),
            0,
            "a day of birth apart"
        );
        assert_eq!(score(&known, &person("イズモ ショウコ", "1980-02-29", "male", &card)), 0, "twins");
        assert_eq!(score(&known, &person("マツエ ショウコ", "1980-02-29", "female", &[])), 0);
        assert_eq!(score(&known, &person("イズモ ショウコ", "1980-02-29", "", &[])), 0);
        assert_eq!(score(&person("", "", "", &[]), &person("", "", "", &[])), 0);
    }
}
