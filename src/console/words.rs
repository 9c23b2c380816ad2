//! What pages say, in Japanese and English.

use axum::http::{HeaderMap, header};

use crate::registry::{Area, FacilityRole};

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    /// `ja` or `en`.
    pub(super) lang: &'static str,
    /// The other one, and its name.
    pub(super) other: (&'static str, &'static str),
    pub(super) registry: &'static str,
    pub(super) token: &'static str,
    pub(super) token_hint: &'static str,
    pub(super) wrong_token: &'static str,
    pub(super) enter: &'static str,
    pub(super) leave: &'static str,
    pub(super) records: &'static str,
    pub(super) count_head: [&'static str; 3],
    pub(super) facilities: &'static str,
    pub(super) facility_head: [&'static str; 6],
    pub(super) search: &'static str,
    pub(super) network_id: &'static str,
    pub(super) search_button: &'static str,
    pub(super) nothing: &'static str,
    pub(super) history: &'static str,
    pub(super) history_head: [&'static str; 7],
    pub(super) in_force: &'static str,
    pub(super) ended: &'static str,
    pub(super) open_end: &'static str,
    pub(super) revision: &'static str,
}

const JA: Words = Words {
    lang: "ja",
    other: ("en", "English"),
    registry: "台帳",
    token: "トークン",
    token_hint: "データフォルダの api.token に書かれています。",
    wrong_token: "トークンが違います。",
    enter: "ログイン",
    leave: "ログアウト",
    records: "登録件数",
    count_head: ["種類", "有効", "合計"],
    facilities: "施設",
    facility_head: ["コード", "名称", "医療圏", "役割", "状態", "開始"],
    search: "患者の記録と履歴",
    network_id: "ネットワークID",
    search_button: "検索",
    nothing: "このネットワークIDの記録はありません。",
    history: "履歴（登録順）",
    history_head: ["登録日時", "事実", "施設", "開始", "終了", "登録者", "理由"],
    in_force: "有効",
    ended: "無効",
    open_end: "—",
    revision: "版",
};

const EN: Words = Words {
    lang: "en",
    other: ("ja", "日本語"),
    registry: "Registry",
    token: "Token",
    token_hint: "It is in the file api.token of the data folder.",
    wrong_token: "This is not the token.",
    enter: "Log in",
    leave: "Log out",
    records: "Records",
    count_head: ["Kind", "In force", "All"],
    facilities: "Facilities",
    facility_head: ["Code", "Name", "Area", "Roles", "State", "From"],
    search: "A patient's records and history",
    network_id: "Network id",
    search_button: "Search",
    nothing: "There are no records of this network id.",
    history: "History, in order of entry",
    history_head: ["Entered", "Fact", "Facility", "From", "Until", "By", "Why"],
    in_force: "in force",
    ended: "not in force",
    open_end: "—",
    revision: "revision",
};

impl Words {
    /// What was asked for, else what the browser prefers, else Japanese.
    pub(super) fn of(asked: Option<&str>, headers: &HeaderMap) -> Self {
        match asked {
            Some("ja") => JA,
            Some("en") => EN,
            _ => Self::preferred(headers),
        }
    }

    /// The first language of `Accept-Language` that there is: browsers give them in order of preference.
    fn preferred(headers: &HeaderMap) -> Self {
        let text =
            headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut languages = text.split(',').map(str::trim);
        languages
            .find_map(|language| match language.split(['-', ';']).next() {
                Some("ja") => Some(JA),
                Some("en") => Some(EN),
                _ => None,
            })
            .unwrap_or(JA)
    }

    pub(super) fn area(&self, area: Area) -> String {
        if self.lang == "ja" {
            return area.name_ja().to_owned();
        }
        let mut name = area.as_str().chars();
        name.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(name).collect()
    }

    pub(super) fn role(&self, role: FacilityRole) -> &'static str {
        match (self.lang, role) {
            ("ja", FacilityRole::Disclosing) => "開示",
            ("ja", FacilityRole::Participating) => "参照",
            (_, FacilityRole::Disclosing) => "disclosing",
            (_, FacilityRole::Participating) => "participating",
        }
    }

    /// A fact's name for people.
    pub(super) fn fact<'f>(&self, word: &'f str) -> &'f str {
        if self.lang != "ja" {
            return word;
        }
        match word {
            "facility" => "施設",
            "member" => "加入",
            "link" => "患者ID紐付け",
            "view-consent" => "閲覧同意",
            "sensitive-consent" => "機微情報の同意",
            "contract" => "契約",
            "care-team" => "ケアチーム",
            "perinatal" => "周産期リスト",
            "emergency" => "緊急時アクセス",
            "merge" => "患者ID統合",
            "unmerge" => "統合の取消",
            "removal" => "記録の削除",
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_asked_for_or_the_first_preferred_one_that_there_is() {
        let accepts = |text: &str| HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, text.parse().unwrap())]);
        assert_eq!(Words::of(None, &accepts("fr, en-GB;q=0.8, ja;q=0.5")).lang, "en");
        assert_eq!(Words::of(Some("ja"), &accepts("en")).lang, "ja");
        assert_eq!(Words::of(Some("xx"), &HeaderMap::new()).lang, "ja");
    }
}
