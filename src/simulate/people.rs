//! Invented people (架空). Every given name begins with a character that says so: 架 仮 試 例 模.

use jiff::civil::Date;
use jiff::civil::date;

use super::random::Random;

/// A name in kanji and in katakana.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Kanji.
    pub kanji: &'static str,
    /// Katakana.
    pub kana: &'static str,
}

const fn name(kanji: &'static str, kana: &'static str) -> Name {
    Name { kanji, kana }
}

/// Family names; in JIS X 0208 the bytes of 本 宮 愛 日 糖 剤 hold `\`, `|`, `&` and `^`.
const FAMILIES: &[Name] = &[
    name("山本", "ヤマモト"),
    name("宮本", "ミヤモト"),
    name("日野", "ヒノ"),
    name("愛川", "アイカワ"),
    name("架空", "カクウ"),
    name("見本", "ミホン"),
    name("例田", "レイダ"),
    name("仮屋", "カリヤ"),
    name("出雲路", "イズモジ"),
    name("宍道", "シンジ"),
    name("松江谷", "マツエダニ"),
    name("隠岐島", "オキシマ"),
    name("朝日", "アサヒ"),
    name("坂本", "サカモト"),
    name("試山", "タメシヤマ"),
    name("神々廻", "シシバ"),
    name("縁結", "エンムスビ"),
    name("江津川", "ゴウツガワ"),
];

const FEMALE: &[Name] = &[
    name("架愛", "カアイ"),
    name("仮花子", "カハナコ"),
    name("試日子", "シヒコ"),
    name("例美", "レイミ"),
    name("模香", "モカ"),
    name("架音", "カノン"),
    name("仮宮子", "カミヤコ"),
    name("試和", "シワ"),
];

const MALE: &[Name] = &[
    name("架太郎", "カタロウ"),
    name("仮一郎", "カイチロウ"),
    name("試日人", "シヒト"),
    name("例介", "レイスケ"),
    name("模本", "モホン"),
    name("架剛", "カゴウ"),
    name("仮愛之助", "カアイノスケ"),
    name("試三", "シゾウ"),
];

/// Municipalities with postal prefix and dialling code; the town (架空町) and the exchange (00) do not exist.
const TOWNS: &[(&str, &str, &str)] = &[
    ("出雲市", "693", "0853"),
    ("松江市", "690", "0852"),
    ("浜田市", "697", "0855"),
    ("隠岐郡隠岐の島町", "685", "08512"),
    ("大田市", "694", "0854"),
    ("益田市", "698", "0856"),
];

/// One invented person of the region, the same in every facility that treats them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Which of the region's people this is, from 0.
    pub number: u64,
    /// Family name.
    pub family: Name,
    /// Given name, marked as invented.
    pub given: Name,
    /// Administrative sex, HL7 table 0001.
    pub sex: char,
    /// Date of birth.
    pub birth: Date,
    /// Postal code, `NNN-0000`.
    pub postal: String,
    /// Address in one line.
    pub address: String,
    /// Home telephone, in an exchange that does not exist.
    pub phone: String,
}

/// The `number`-th invented person of `seed`.
pub fn person(seed: u64, number: u64) -> Person {
    let mut random = Random::new(seed ^ 0x5045_4F50_4C45, number);
    let family = *random.pick(FAMILIES);
    let is_female = random.chance(50);
    let given = *random.pick(if is_female { FEMALE } else { MALE });
    // Every fifth is a child: several notifiable diseases are diseases of childhood.
    let is_child = number % 5 == 4;
    let year = if is_child { 2012 + random.below_signed(13) } else { 1930 + random.below_signed(78) };
    let month = 1 + random.below_signed(12);
    let day = 1 + random.below_signed(28);
    let (town, postal, dialling) = *random.pick(TOWNS);
    Person {
        number,
        family,
        given,
        sex: if is_female { 'F' } else { 'M' },
        birth: date(year as i16, month as i8, day as i8),
        postal: format!("{postal}-0000"),
        address: format!("島根県{town}架空町{}-{}", 1 + random.below(9), 1 + random.below(40)),
        phone: format!("{dialling}-00-{:04}", random.below(10_000)),
    }
}
