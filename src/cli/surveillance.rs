//! `musubi surveillance`: counts the cases of the infection surveillance feed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use tokio::signal::unix::{SignalKind, signal};

use super::desk::ended;
use super::{check, complain, exit, fail, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::lang::Lang;
use crate::services::output;
use crate::services::surveillance::{
    BaselineDays, Count, Follower, Language, Report, Settings, Slice, Tables, Week, as_json, files,
};

/// The subscriber whose folder is read where none is named.
const SUBSCRIBER: &str = "surveillance";

/// Arguments of `surveillance`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder of delivered events; the default is that of subscriber `surveillance`
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Write counts.csv, counts.json, weekly.csv, index.html and facilities/ here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What was known at the end of that day; the default is all that was delivered
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "follow")]
    as_of: Option<Date>,
    /// Last week of the tables; the default is that of the last day
    #[arg(long, value_name = "YYYY-Www")]
    week: Option<Week>,
    /// Days that the baselines of alerts are made of
    #[arg(long, value_enum, default_value_t = Baseline::AllDays)]
    baseline: Baseline,
    /// Keep up with the folder and write again whenever something came, until SIGTERM
    #[arg(long, requires = "out")]
    follow: bool,
    /// Print counts.json
    #[arg(long, conflicts_with = "follow")]
    json: bool,
}

/// Days of a baseline.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Baseline {
    /// All days
    AllDays,
    /// Without Sundays and the holidays of tables/holidays.tsv
    OpenDays,
}

/// One run: what is followed, and what is made of it.
struct Run<'a> {
    follower: Follower,
    arguments: &'a Arguments,
    config: &'a Config,
    lang: Lang,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let Some(from) = arguments.from.as_deref().or_else(|| config.folder_of(SUBSCRIBER)) else {
        complain(&format!(
            "musubi: subscriber {SUBSCRIBER} has no folder (deliver.kind = \"folder\"): give --from"
        ));
        return exit::USAGE;
    };
    let text = |table: &str| fs::read_to_string(folder.join(format!("tables/{table}.tsv"))).ok();
    let tables = match Tables::read(text) {
        Ok(tables) => tables,
        Err(error) => return fail(&error, exit::BAD_CONFIG),
    };
    let zone = config.hub.timezone.clone();
    let follower = Follower::new(from, tables, zone, rand::random(), arguments.as_of);
    let mut run = Run { follower, arguments, config: &config, lang };
    let outcome = if arguments.follow { run.follow() } else { run.once() };
    outcome.unwrap_or_else(|code| code)
}

impl Run<'_> {
    fn once(&mut self) -> Result<u8, u8> {
        self.catch_up()?;
        let report = self.report();
        if self.arguments.json {
            print_json(&as_json(&report));
        } else {
            print(&summary(&report, self.lang));
        }
        self.write(&report)?;
        Ok(exit::DONE)
    }

    fn follow(&mut self) -> Result<u8, u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| fail(&error, exit::TRY_LATER))?;
        runtime.block_on(async {
            let caught =
                || Ok::<_, io::Error>((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?));
            let (mut terminate, mut interrupt) = caught().map_err(|error| fail(&error, exit::SOFTWARE))?;
            let mut written_on = None;
            loop {
                let today = self.today();
                // A new day changes which feeds are stale, though nothing came.
                if self.catch_up()? || written_on != Some(today) {
                    self.write(&self.report())?;
                    written_on = Some(today);
                }
                if ended(&mut terminate, &mut interrupt).await {
                    return Ok(exit::DONE);
                }
            }
        })
    }

    fn catch_up(&mut self) -> Result<bool, u8> {
        let tell = |place: &str, why| complain(&format!("musubi: {place} can't be read: {why}"));
        self.follower.catch_up(tell).map_err(|error| fail(&error, exit::TRY_LATER))
    }

    fn today(&self) -> Date {
        SystemClock.now().to_zoned(self.config.hub.timezone.clone()).date()
    }

    fn report(&self) -> Report<'_> {
        let baseline = match self.arguments.baseline {
            Baseline::AllDays => BaselineDays::All,
            Baseline::OpenDays => BaselineDays::Open,
        };
        let today = self.arguments.as_of.unwrap_or_else(|| self.today());
        Report::of(self.follower.state(), today, Settings { week: self.arguments.week, baseline })
    }

    fn write(&self, report: &Report<'_>) -> Result<(), u8> {
        let Some(out) = &self.arguments.out else { return Ok(()) };
        let language = match self.lang {
            Lang::En => Language::En,
            Lang::Ja => Language::Ja,
        };
        let files = files(report, language);
        let files = files.iter().map(|file| (file.path.as_str(), file.text.as_str()));
        output::write(out, files).map_err(|error| fail(&error, exit::TRY_LATER))
    }
}

/// The last five weeks of the diseases that had a case in them.
fn summary(report: &Report<'_>, lang: Lang) -> String {
    let mut out = lang.pick("confirmed cases (suspected) by week", "週別の確定例 (疑い例)").to_owned();
    out += &format!(", {} {}\n\n", lang.pick("as of", "現在日"), report.as_of);
    let width = 22;
    let weeks: String = report.weeks.iter().map(|week| format!("{:>14}", week.to_string())).collect();
    out += &format!("{:width$}{weeks}\n", "disease");
    for (id, disease) in report.diseases() {
        if !report.sums.has_any(id, &report.weeks) {
            continue;
        }
        let counts = report.weeks.iter().map(|week| number(report.sums.week(id, *week, Slice::All)));
        let counts: String = counts.map(|count| format!("{count:>14}")).collect();
        out += &format!("{:width$}{counts}\n", disease.word);
    }
    let tally = report.state.tally();
    let (alerts, stale) = (report.alerts.len(), report.stale().len());
    let (events, unreadable, undecided) = (tally.events, tally.unreadable, tally.undecided);
    out += &match lang {
        Lang::En => format!(
            "\n{events} events, {unreadable} unreadable, {undecided} undecided; {alerts} alerts, {stale} silent facilities\n"
        ),
        Lang::Ja => format!(
            "\nイベント {events}、読取不可 {unreadable}、判定不能 {undecided}、検知 {alerts}、無報告の医療機関 {stale}\n"
        ),
    };
    out
}

fn number(count: Count) -> String {
    match (count.confirmed, count.suspected) {
        (0, 0) => "-".to_owned(),
        (confirmed, 0) => confirmed.to_string(),
        (confirmed, suspected) => format!("{confirmed} ({suspected})"),
    }
}
