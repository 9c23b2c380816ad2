//! Why somebody got no copy, for who reads Japanese. A decision keeps its clause in English; what has no Japanese words
//! here is told as it stands.

use std::borrow::Cow;

use crate::lang::Lang;

/// What clauses of the registry and of addresses are made of. Words of the configuration stay as they are written there.
const PHRASES: [[&str; 2]; 20] = [
    ["must not receive it: ", "受け取れません: "],
    ["already served by route ", "他の経路で配信されます: "],
    [
        "view-consent: no single patient, or no viewing facility",
        "閲覧同意: 対象の患者が1人に定まらないか、配信先に閲覧施設がありません",
    ],
    ["view-consent: the viewing facility sent it itself", "閲覧同意: 閲覧施設が自ら送信した記録です"],
    [
        "view-consent: not linked at the source",
        "閲覧同意: 送信元の施設で患者がネットワークIDにリンクされていません",
    ],
    [
        "view-consent: linked to several network ids",
        "閲覧同意: 患者が複数のネットワークIDにリンクされています",
    ],
    ["view-consent: not a member", "閲覧同意: 患者がネットワークに加入していません"],
    [
        "view-consent: no consent of the viewing facility for the purpose",
        "閲覧同意: この施設・この目的での閲覧への同意がありません",
    ],
    ["the facility's contract is not in force", "施設の契約が有効ではありません"],
    [
        "emergency: no single patient, or no viewing facility",
        "緊急閲覧: 対象の患者が1人に定まらないか、配信先に閲覧施設がありません",
    ],
    [
        "emergency: not linked at the source",
        "緊急閲覧: 送信元の施設で患者がネットワークIDにリンクされていません",
    ],
    [
        "emergency: no emergency access of the viewing facility in force",
        "緊急閲覧: この施設に有効な緊急閲覧がありません",
    ],
    [
        "no facility is named: a person has to find the addressee",
        "施設が示されていません。人が宛先を確かめる必要があります",
    ],
    [
        "an addressee has no facility code that can be read: a person has to find it",
        "宛先の施設コードが読み取れません。人が確かめる必要があります",
    ],
    [
        "another facility is named as well: a person has to choose",
        "別の施設も示されています。人が選ぶ必要があります",
    ],
    ["no subscriber belongs to the facility that is named", "示された施設に属する配信先がありません"],
    [" subscribers where exactly one is needed", "件の配信先が該当します（1件に定まる必要があります）"],
    ["nothing can be left out of the original", "原文からは一部を除けません"],
    ["it can't go without that", "それを除いて送ることはできません"],
    ["sensitive (", "機微情報 ("],
];

/// A clause that denied a copy, in this language.
pub(crate) fn told(clause: &str, lang: Lang) -> Cow<'_, str> {
    match lang {
        Lang::En => Cow::Borrowed(clause),
        Lang::Ja => {
            let translated = |said: String, [en, ja]: &[&str; 2]| said.replacen(en, ja, 1);
            Cow::Owned(PHRASES.iter().fold(clause.to_owned(), translated))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands between two marks, in the source where clauses are made.
    fn between<'s>(source: &'s str, start: &str, end: char) -> Vec<&'s str> {
        source.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
    }

    #[test]
    fn every_clause_of_the_registry_has_japanese_words() {
        let clauses = between(include_str!("../registry/consent.rs"), "denied(\"", '"');
        assert!(clauses.len() > 8, "{clauses:?}");
        for clause in clauses {
            assert!(PHRASES.iter().any(|[en, _]| *en == clause), "{clause}");
        }
    }

    #[test]
    fn every_clause_of_an_address_and_of_what_is_sensitive_has_japanese_words() {
        let (address, route) = (include_str!("../route/address.rs"), include_str!("../route/mod.rs"));
        let fixed = between(address, "address {word}: ", '"').into_iter().filter(|text| !text.contains('{'));
        let sensitive = between(route, "sensitive ({words}): ", '"');
        let clauses: Vec<_> = fixed.chain(sensitive).collect();
        assert_eq!(clauses.len(), 3, "{clauses:?}");
        let strings = address.lines().flat_map(|line| line.split('"'));
        let persons = strings.filter(|text| text.contains(": a person has to"));
        for clause in clauses.into_iter().chain(persons) {
            assert!(PHRASES.iter().any(|[en, _]| *en == clause), "{clause}");
        }
        let several = "address referred-to: 2 subscribers where exactly one is needed";
        assert_eq!(
            told(several, Lang::Ja),
            "address referred-to: 2件の配信先が該当します（1件に定まる必要があります）"
        );
    }

    #[test]
    fn the_words_of_the_message_and_of_the_configuration_stay() {
        let clause = "sensitive (hiv, psychiatry): nothing can be left out of the original";
        assert_eq!(told(clause, Lang::Ja), "機微情報 (hiv, psychiatry): 原文からは一部を除けません");
        assert_eq!(told(clause, Lang::En), clause);
        assert_eq!(told("something new", Lang::Ja), "something new");
    }
}
