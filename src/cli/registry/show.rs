//! `musubi registry show` and `history`

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::super::{complain, exit, fail, print, print_json};
use super::Lang;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ops::registry::view;
use crate::registry::{Entry, Fact, Identity, RecordId, Registry, Subject, when};

/// Arguments of `registry show` and `registry history`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// NETWORK-ID, FACILITY or FACILITY/LOCAL-ID; without one, all facilities
    subject: Option<String>,
    /// As it was or will be then: an instant, or the beginning of a day; now, if not given
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A record as JSON.
#[derive(Serialize)]
struct Record<'r> {
    record: &'r RecordId,
    in_force: bool,
    /// The version that counts last.
    versions: &'r [Entry],
}

/// What is asked, and all that answers it.
struct Found<'c> {
    registry: Registry,
    zone: &'c TimeZone,
    at: Timestamp,
}

pub(super) fn show(config: &Config, lang: Lang, arguments: &Arguments) -> u8 {
    answer(config, lang, arguments, false)
}

pub(super) fn history(config: &Config, lang: Lang, arguments: &Arguments) -> u8 {
    answer(config, lang, arguments, true)
}

fn answer(config: &Config, lang: Lang, arguments: &Arguments, all_versions: bool) -> u8 {
    let zone = &config.hub.timezone;
    let at = match &arguments.at {
        Some(text) => when::start(text, zone),
        None => Some(SystemClock.now()),
    };
    let Some(at) = at else {
        complain(&format!("musubi: --at is {}", when::RULE));
        return exit::USAGE;
    };
    let registry = match view(config) {
        Ok(registry) => registry,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let found = Found { registry, zone, at };
    let records = match &arguments.subject {
        Some(text) => found.registry.about(&found.registry.subject(text), at),
        None => found.facilities(),
    };
    if records.is_empty() {
        complain(lang.pick("musubi: nothing is known about that", "musubi: 該当する登録はありません"));
        return exit::BAD_DATA;
    }
    if arguments.json {
        return print_json(&found.json(&records, all_versions));
    }
    if let Some(text) = &arguments.subject {
        print(&found.heading(&found.registry.subject(text), lang));
    }
    for (id, fact) in records {
        let text = if all_versions { found.versions(id, fact, lang) } else { found.line(id, fact, lang) };
        print(&text);
    }
    exit::DONE
}

impl Found<'_> {
    fn facilities(&self) -> Vec<(&RecordId, &Fact)> {
        let codes = self.registry.facilities();
        let own = codes.flat_map(|code| self.registry.of_facility(code));
        own.filter(|(_, fact)| matches!(fact, Fact::Facility(_))).collect()
    }

    fn json<'f>(&'f self, records: &[(&'f RecordId, &Fact)], all_versions: bool) -> Vec<Record<'f>> {
        let record = |(id, fact): &(&'f RecordId, &Fact)| {
            let versions = self.registry.history(id);
            let last = versions.len().saturating_sub(1);
            let versions = if all_versions { versions } else { versions.get(last..).unwrap_or_default() };
            Record { record: id, in_force: fact.period().holds(self.at), versions }
        };
        records.iter().map(record).collect()
    }

    /// Whom a local id stands for, and how many patients a facility has.
    fn heading(&self, subject: &Subject, lang: Lang) -> String {
        match subject {
            Subject::Person(_) => String::new(),
            Subject::Local { facility, local_id } => {
                match self.registry.identity(facility, local_id, self.at) {
                    Identity::Linked { network_id, .. } => match lang {
                        Lang::En => format!("linked to network id {}\n", network_id.0),
                        Lang::Ja => format!("ネットワーク ID {} にリンク済み\n", network_id.0),
                    },
                    Identity::Unlinked => lang.pick("not linked\n", "リンクなし\n").to_owned(),
                    Identity::Ambiguous => lang
                        .pick(
                            "AMBIGUOUS: linked to several network ids\n",
                            "不明: 複数のネットワーク ID にリンク\n",
                        )
                        .to_owned(),
                }
            }
            Subject::Facility(code) => {
                let in_force =
                    self.registry.of_patients_of(code).filter(|(_, fact)| fact.period().holds(self.at));
                let (links, others): (Vec<_>, Vec<_>) =
                    in_force.partition(|(_, fact)| matches!(fact, Fact::Link(_)));
                let consents = others.iter().filter(|(_, fact)| matches!(fact, Fact::ViewConsent(_))).count();
                match lang {
                    Lang::En => format!("{} links and {consents} consents to view in force\n", links.len()),
                    Lang::Ja => format!("有効なリンク {} 件、閲覧同意 {consents} 件\n", links.len()),
                }
            }
        }
    }

    /// One line for a record.
    fn line(&self, id: &RecordId, fact: &Fact, lang: Lang) -> String {
        let told = self.registry.record(id).map(|entry| format!("{}: {}", entry.who, entry.why));
        format!("{}  {}  {}\n", self.what(fact, lang), self.period(fact), told.unwrap_or_default())
    }

    /// A line for a record, and one for each of its versions.
    fn versions(&self, id: &RecordId, fact: &Fact, lang: Lang) -> String {
        let mut text = format!("{}\n", self.what(fact, lang));
        for entry in self.registry.history(id) {
            let (entered, period) = (self.time(entry.recorded_at), self.period(&entry.fact));
            text += &format!("    {entered}  {period}  {}: {}\n", entry.who, entry.why);
        }
        text
    }

    /// Whether it is in force, and what it says beside its period.
    fn what(&self, fact: &Fact, lang: Lang) -> String {
        let state = match fact.period() {
            period if period.holds(self.at) => lang.pick("in force", "有効"),
            period if period.from > self.at && !period.is_empty() => lang.pick("later   ", "今後"),
            _ => lang.pick("over    ", "終了"),
        };
        format!("{state}  {:<17}  {}", fact.as_str(), parts(fact))
    }

    fn period(&self, fact: &Fact) -> String {
        let period = fact.period();
        let until = period.until.map(|until| self.time(until)).unwrap_or_default();
        format!("{} – {until}", self.time(period.from))
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// `facility=3210200024 purpose=shared-record`
fn parts(fact: &Fact) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(fact) else { return String::new() };
    let said =
        fields.into_iter().filter(|(name, _)| !["fact", "from", "until", "at"].contains(&name.as_str()));
    let parts = said.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    parts.collect::<Vec<_>>().join(" ")
}
