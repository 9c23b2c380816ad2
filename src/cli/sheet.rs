//! `musubi sheet`

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::ToSpan;
use jiff::civil::Date;

use super::{check, exit, fail, print, print_as_is, print_json, text};
use crate::clock::{Clock, SystemClock};
use crate::config::{Broker, Config};
use crate::lang::Lang;
use crate::ops::client;
use crate::ops::sheet::{self, Difference, FacilitySheet, Sheet, SheetError, Wanted, csv};
use crate::pipeline::{Hub, Part};

/// Arguments of `sheet`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The day; the default is yesterday
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["from", "until"])]
    day: Option<Date>,
    /// First day
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<Date>,
    /// Last day; the default is today
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    until: Option<Date>,
    /// 10-digit code of the only facility that is wanted
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Print CSV for Excel: UTF-8 with a byte order mark
    #[arg(long)]
    csv: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let wanted = arguments.wanted(&config);
    let sheets = match runtime.block_on(sheets(&config, &wanted)) {
        Ok(sheets) => sheets,
        Err(code) => return code,
    };
    if arguments.json {
        print_json(&sheets);
    } else if arguments.csv {
        print_as_is(&csv(&sheets, lang));
    } else {
        sheets.iter().for_each(|sheet| print(&told(sheet, lang)));
    }
    if sheets.iter().all(Sheet::is_even) { exit::DONE } else { exit::DIFFERS }
}

impl Arguments {
    fn wanted(&self, config: &Config) -> Wanted {
        let today = SystemClock.now().to_zoned(config.hub.timezone.clone()).date();
        let yesterday = today.saturating_sub(1.day());
        let (from, until) = match (self.from, self.day) {
            (Some(from), _) => (from, self.until.unwrap_or(today)),
            (None, day) => {
                let day = day.unwrap_or(yesterday);
                (day, day)
            }
        };
        Wanted { from, until, facility: self.facility.clone() }
    }
}

/// From the hub that runs on this data folder, or from the folder itself.
async fn sheets(config: &Config, wanted: &Wanted) -> Result<Vec<Sheet>, u8> {
    if let Some(hub) = client::Hub::of(config) {
        let facility = wanted.facility.as_ref().map(|code| format!("&facility={code}")).unwrap_or_default();
        let path = format!("/sheets?from={}&until={}{facility}", wanted.from, wanted.until);
        return hub.get(&path).await.map_err(|error| fail(&error, exit::TRY_LATER));
    }
    let part = match config.hub.broker {
        Broker::Embedded { .. } => Part::All,
        Broker::RabbitMq(_) => Part::Console,
    };
    let hub = Hub::open(config.clone(), part, Arc::new(SystemClock));
    let hub = hub.map_err(|error| fail(&error, exit::TRY_LATER))?;
    let Some(control) = hub.control() else { return Err(exit::SOFTWARE) };
    sheet::make(&control, wanted).await.map_err(|error| {
        let code = match error {
            SheetError::Days | SheetError::Facility(_) => exit::USAGE,
            _ => exit::TRY_LATER,
        };
        fail(&error, code)
    })
}

fn told(sheet: &Sheet, lang: Lang) -> String {
    let mut out = format!("{}\n\n", sheet.day);
    let head = match lang {
        Lang::En => [
            "facility",
            "files",
            "in ledger",
            "accepted",
            "filtered",
            "invalid",
            "routed",
            "waiting",
            "differences",
        ],
        Lang::Ja => {
            ["施設", "ファイル", "取込台帳", "受理", "対象外", "不正", "配信対象", "処理待ち", "差異"]
        }
    };
    let rows = sheet.facilities.iter().map(|facility| {
        let (files, messages) = (facility.files(), facility.messages);
        let differs = facility.differences.iter().filter(|difference| difference.what.is_difference());
        let counts = vec![
            files.files,
            files.in_ledger,
            messages.accepted,
            messages.filtered,
            messages.invalid,
            messages.routed,
            messages.waiting,
            differs.map(|difference| difference.count).sum(),
        ];
        (facility.facility.clone(), counts)
    });
    text::table(&mut out, &head, rows);
    copies(&mut out, sheet, lang);
    let mut is_told = false;
    for facility in &sheet.facilities {
        is_told |= differences(&mut out, facility, lang);
    }
    for difference in &sheet.differences {
        is_told = true;
        one(&mut out, "-", difference, lang);
    }
    if !is_told {
        out.push_str(lang.pick("\nno difference\n", "\n差異はありません\n"));
    }
    out.push('\n');
    out
}

fn copies(out: &mut String, sheet: &Sheet, lang: Lang) {
    let head = match lang {
        Lang::En => [
            "subscriber",
            "copies",
            "delivered",
            "parked",
            "dead",
            "withdrawn",
            "discarded",
            "waiting",
            "unknown",
        ],
        Lang::Ja => ["配信先", "配信対象", "配信済", "保留", "不達", "同意撤回", "破棄", "配信待ち", "不明"],
    };
    let mut subscribers = std::collections::BTreeMap::<&str, [u64; 8]>::new();
    for (name, copies) in sheet.facilities.iter().flat_map(|facility: &FacilitySheet| &facility.subscribers) {
        let sum = subscribers.entry(name).or_default();
        let sheet::Copies { routed, delivered, parked, dead, withdrawn, discarded, waiting, lost } = *copies;
        let counts = [routed, delivered, parked, dead, withdrawn, discarded, waiting, lost];
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    if !subscribers.is_empty() {
        out.push('\n');
        text::table(out, &head, subscribers.into_iter().map(|(name, sum)| (name.to_owned(), sum.to_vec())));
    }
}

fn differences(out: &mut String, facility: &FacilitySheet, lang: Lang) -> bool {
    for difference in &facility.differences {
        one(out, &facility.facility, difference, lang);
    }
    !facility.differences.is_empty()
}

fn one(out: &mut String, facility: &str, difference: &Difference, lang: Lang) {
    let Difference { what, subject, count, examples } = difference;
    let (name, advice) = (sheet::name(*what, lang), sheet::advice(*what, lang));
    out.push_str(&format!("\n{facility} {subject}: {name}: {count}\n  {advice}\n"));
    if !examples.is_empty() {
        out.push_str(&format!("  {}: {}\n", lang.pick("for example", "例"), examples.join(" ")));
    }
}
