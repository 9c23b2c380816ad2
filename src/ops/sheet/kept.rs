//! Sheets that are kept: each night that of the day before is written to `<data_dir>/sheets/<day>.json` and `.csv`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use tokio::sync::watch;
use tracing::{info, warn};

use super::{Sheet, Wanted, csv, flow, make};
use crate::config::Config;
use crate::lang::Lang;
use crate::pipeline::ControlBus;
use crate::telemetry::causes;

/// Folder of the sheets in the data folder.
const SHEETS: &str = "sheets";
/// How often it is looked whether a sheet is due.
const LOOK: Duration = Duration::from_secs(60);
/// A day is over so long before its sheet is made: what came at midnight is settled then.
const AFTER_MIDNIGHT: i64 = 10;
/// Days that are made up for after a stop.
const MISSED_MAX: i64 = 14;

/// A sheet that is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// The day.
    pub day: Date,
    /// By facility: whether nothing differs.
    pub facilities: Vec<(String, bool)>,
    /// Whether nothing differs, what belongs to no facility included.
    pub is_even: bool,
}

/// A sheet can't be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the sheet {} can't be {}", path.display(), if *writing { "written" } else { "read" })]
pub struct KeptError {
    /// File or folder.
    path: PathBuf,
    writing: bool,
    /// Cause.
    #[source]
    source: io::Error,
}

/// Keeps a sheet, and its table in that language.
///
/// # Errors
/// If it can't be written.
pub(super) fn write(config: &Config, sheet: &Sheet, lang: Lang) -> Result<(), KeptError> {
    let folder = folder(config);
    let path = folder.join(format!("{}.json", sheet.day));
    let failed = |source| KeptError { path: path.clone(), writing: true, source };
    fs::create_dir_all(&folder).map_err(failed)?;
    let table = csv(std::slice::from_ref(sheet), lang);
    whole(&folder.join(format!("{}.csv", sheet.day)), table.as_bytes()).map_err(failed)?;
    let json = serde_json::to_vec(sheet).map_err(|error| failed(error.into()))?;
    whole(&path, &json).map_err(failed)
}

/// The sheet of a day, where one is kept.
///
/// # Errors
/// If it is there and can't be read.
pub fn read(config: &Config, day: Date) -> Result<Option<Sheet>, KeptError> {
    let path = folder(config).join(format!("{day}.json"));
    let failed = |source| KeptError { path: path.clone(), writing: false, source };
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// The days of which sheets are kept, the newest first, at most so many.
///
/// # Errors
/// If the folder or a sheet can't be read.
pub fn days(config: &Config, most: usize) -> Result<Vec<Kept>, KeptError> {
    let mut kept = Vec::new();
    for day in listed(config)?.into_iter().rev().take(most) {
        let Some(sheet) = read(config, day)? else { continue };
        let of = |facility: &super::FacilitySheet| (facility.facility.clone(), facility.is_even());
        let facilities = sheet.facilities.iter().map(of).collect();
        kept.push(Kept { day, facilities, is_even: sheet.is_even() });
    }
    Ok(kept)
}

/// Writes the sheet of each day that is over, and those that were missed, until told to stop.
pub(crate) async fn keep_daily(control: ControlBus, lang: Lang, mut stop: watch::Receiver<bool>) {
    let mut complained = false;
    loop {
        match due(&control) {
            Ok(Some(day)) => match keep(&control, day, lang).await {
                Ok(is_even) => {
                    complained = false;
                    info!(%day, is_even, "the sheet of the day is written");
                    continue;
                }
                Err(why) if !complained => {
                    complained = true;
                    warn!(%day, why, "the sheet of the day can't be made; trying again");
                }
                Err(_) => {}
            },
            Ok(None) => {}
            Err(error) if !complained => {
                complained = true;
                warn!(why = causes(&error), "nobody knows which sheets are missing; trying again");
            }
            Err(_) => {}
        }
        tokio::select! {
            // Nobody left to say stop is as good as being told.
            _told = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn keep(control: &ControlBus, day: Date, lang: Lang) -> Result<bool, String> {
    let wanted = Wanted { from: day, until: day, facility: None };
    let sheets = make(control, &wanted).await.map_err(|error| causes(&error))?;
    let config = control.config();
    let mut is_even = true;
    for sheet in sheets {
        write(&config, &sheet, lang).map_err(|error| causes(&error))?;
        is_even &= sheet.is_even();
    }
    Ok(is_even)
}

/// The oldest day that is over and has no sheet: not before the history begins, nor long ago.
fn due(control: &ControlBus) -> Result<Option<Date>, KeptError> {
    let config = control.config();
    let now = control.clock().now().to_zoned(config.hub.timezone.clone());
    let Ok(yesterday) = now.saturating_sub(AFTER_MIDNIGHT.minutes()).date().yesterday() else {
        return Ok(None);
    };
    let first = flow::files(&config).ok().and_then(|files| Some(files.first()?.0));
    let Some(first) = first else { return Ok(None) };
    let earliest = yesterday.saturating_sub(MISSED_MAX.days()).max(first);
    let kept = listed(&config)?;
    let days = earliest.series(1.day()).take_while(|day| *day <= yesterday);
    Ok(days.into_iter().find(|day| !kept.contains(day)))
}

/// Days with a sheet, the oldest first.
fn listed(config: &Config) -> Result<Vec<Date>, KeptError> {
    let folder = folder(config);
    let failed = |source| KeptError { path: folder.clone(), writing: false, source };
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut days = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".json"));
        days.extend(stem.and_then(|stem| stem.parse::<Date>().ok()));
    }
    days.sort_unstable();
    Ok(days)
}

fn folder(config: &Config) -> PathBuf {
    config.hub.data_dir.join(SHEETS)
}

/// Writes a file whole or not at all, for the hub's user only.
fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}
