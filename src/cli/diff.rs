//! `musubi diff`: the same messages by the configuration in force and by this one.

mod text;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use clap::Args;
use jiff::{Span, Timestamp};
use serde::Serialize;

use super::verify::progress_bar;
use super::{check, complain, exit, fail, print, print_json};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::diff::{Comparison, DiffError, Options, Traffic, Widening, compare};
use crate::ops::{in_force, registry};
use crate::registry::Registry;

/// Messages between two updates of what a person sees.
const SHOWN: u64 = 64;
/// How far back the traffic is taken, in days, where nothing is said.
const DAYS: i64 = 7;

const EXAMPLES: &str = "\
Examples:
  musubi diff --since 7d                          what the hub decided in the last week
  musubi diff --messages feed:izumo-chuo          what the sources of a feed hold now
  musubi diff --messages /mnt/samples --values    a folder of messages; show what leaves
  musubi diff --old ../before --since 2026-11-01  against another folder than the configuration in force

Exit code: 0 nothing differs, 1 something does, 65 the messages can't be read, 78 a configuration can't be used.";

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[group(id = "diff")]
pub(super) struct Arguments {
    /// The configuration that is compared with: a folder, read as if it stood in the place of the new one, or the first
    /// digits of a hash of those that the hub kept; the one in force where nothing is said
    #[arg(long, value_name = "DIR|HASH")]
    old: Option<String>,
    /// What the hub decided since then: a span such as 7d or 12h, or a date or time; a week where nothing is said
    #[arg(long, value_name = "SPAN|TIME", conflicts_with = "messages")]
    since: Option<String>,
    /// A file or folder of messages or a storage, or feed:NAME for what the sources of a feed hold now
    #[arg(long, value_name = "PATH|feed:NAME")]
    messages: Option<String>,
    /// The feed that messages of a path would come by, where they do not lie in one
    #[arg(long, value_name = "FEED", requires = "messages")]
    feed: Option<String>,
    /// Compare only so many, drawn by chance
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// What the draw begins with: the same seed draws the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Examples of each kind of difference
    #[arg(long, value_name = "N", default_value_t = 1)]
    examples: usize,
    /// Show the values that leave: patient data
    #[arg(long)]
    values: bool,
    /// End with 1 only where something leaves that did not before
    #[arg(long)]
    fail_on_widening: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// What is compared with what.
#[derive(Debug, Serialize)]
pub(super) struct Sides {
    /// Hash of the old configuration.
    old: String,
    /// Where it comes from.
    old_folder: PathBuf,
    /// Since when it has been in force, where the hub kept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force_since: Option<Timestamp>,
    /// Hash of the new one.
    new: String,
}

#[derive(Serialize)]
struct Told<'c> {
    #[serde(flatten)]
    sides: &'c Sides,
    #[serde(flatten)]
    comparison: &'c Comparison,
    widenings: Vec<Widening<'c>>,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let seen = check::load(folder, lang).and_then(|new| seen(&new, arguments, lang));
    seen.map_or_else(|code| code, |(sides, comparison)| finish(&sides, &comparison, arguments, lang))
}

/// Compares as the arguments say; the exit code where that can't be done.
pub(super) fn seen(new: &Config, arguments: &Arguments, lang: Lang) -> Result<(Sides, Comparison), u8> {
    let now = SystemClock.now();
    let traffic = traffic(arguments, new, now, lang).map_err(|wrong| {
        complain(&format!("musubi: {wrong}"));
        exit::USAGE
    })?;
    let (old, sides) = old(arguments.old.as_deref(), new, lang)?;
    let registry = registry::asked(new, now).map_err(|error| fail(&error, exit::TRY_LATER))?;
    match compared(&old, new, registry, &traffic, arguments, now, lang) {
        Ok(comparison) => Ok((sides, comparison)),
        Err(error @ DiffError::NoFeed { .. }) => Err(fail(&error, exit::USAGE)),
        Err(error) => Err(fail(&error, exit::BAD_DATA)),
    }
}

/// Tells what came of a comparison.
pub(super) fn tell(sides: &Sides, comparison: &Comparison, lang: Lang) {
    print(&text::told(sides, comparison, lang));
}

fn compared(
    old: &Config,
    new: &Config,
    registry: Registry,
    traffic: &Traffic,
    arguments: &Arguments,
    now: Timestamp,
    lang: Lang,
) -> Result<Comparison, DiffError> {
    let bar = progress_bar();
    let stopped = interrupted();
    let shown = Cell::new(0);
    let options = Options {
        sample: arguments.sample.map(|size| (size, arguments.seed)),
        examples: arguments.examples,
        values: arguments.values,
        now,
        stop: &|| stopped.load(Ordering::Relaxed),
        progress: &|messages| {
            if messages - shown.get() >= SHOWN {
                shown.set(messages);
                bar.set_message(match lang {
                    Lang::En => format!("{messages} messages compared; Ctrl-C shows what there is"),
                    Lang::Ja => format!("{messages} 件を比較。Ctrl-C でここまでの結果を表示"),
                });
            }
        },
    };
    let comparison = compare(old, new, registry, traffic, &options);
    bar.finish_and_clear();
    comparison
}

/// The messages that are asked for.
fn traffic(arguments: &Arguments, config: &Config, now: Timestamp, lang: Lang) -> Result<Traffic, String> {
    match (&arguments.messages, &arguments.since) {
        (Some(messages), _) => Ok(match messages.strip_prefix("feed:") {
            Some(name) => Traffic::Feed(name.to_owned()),
            None => Traffic::Messages { path: messages.into(), feed: arguments.feed.clone() },
        }),
        (None, Some(since)) => moment(since, config, now).map(Traffic::Since).ok_or_else(|| match lang {
            Lang::En => {
                format!("--since {since} is neither a span (7d, 12h) nor a date or time (2026-11-16)")
            }
            Lang::Ja => format!("--since {since} は期間（7d、12h）でも日時（2026-11-16）でもありません"),
        }),
        (None, None) => Ok(Traffic::Since(before(now, Span::new().days(DAYS), config))),
    }
}

/// A moment: so long ago, or a date or time in the zone of the hub.
fn moment(text: &str, config: &Config, now: Timestamp) -> Option<Timestamp> {
    if let Ok(span) = text.parse::<Span>() {
        return Some(before(now, span, config));
    }
    let zone = config.hub.timezone.clone();
    let local = text.parse::<jiff::civil::DateTime>().ok().and_then(|time| time.to_zoned(zone).ok());
    text.parse::<Timestamp>().ok().or_else(|| local.map(|time| time.timestamp()))
}

fn before(now: Timestamp, span: Span, config: &Config) -> Timestamp {
    let then = now.to_zoned(config.hub.timezone.clone()).checked_sub(span.abs());
    then.map_or(Timestamp::MIN, |then| then.timestamp())
}

/// The configuration that is compared with.
fn old(named: Option<&str>, new: &Config, lang: Lang) -> Result<(Config, Sides), u8> {
    let data_dir = &new.hub.data_dir;
    let folder = named.map(Path::new).filter(|path| path.join("hub.toml").exists());
    if let Some(folder) = folder {
        let config = check::load_copy(folder, &new.folder, lang)?;
        let (old, old_folder) = (config.hash.clone(), folder.to_owned());
        let sides = Sides { old, old_folder, in_force_since: None, new: new.hash.clone() };
        return Ok((config, sides));
    }
    let kept = match named {
        Some(hash) => in_force::find(data_dir, hash).map(Some),
        None => in_force::current(data_dir),
    };
    let kept = kept.map_err(|error| fail(&error, exit::BAD_CONFIG))?;
    let Some(kept) = kept else {
        complain(lang.pick(
            "musubi: no configuration is in force: the hub never ran here\n  name the old one: musubi diff --old DIR",
            "musubi: 稼働中の設定がありません: ハブがここで起動したことがありません\n  以前の設定を指定: musubi diff --old DIR",
        ));
        return Err(exit::BAD_CONFIG);
    };
    let loaded = kept.load(data_dir).map_err(|error| fail(&error, exit::BAD_CONFIG))?;
    let Some(config) = loaded.0 else {
        loaded.1.iter().for_each(|fault| complain(&format!("{fault}\n")));
        complain(lang.pick(
            "musubi: the configuration in force can't be used by this version: name the old one: musubi diff --old DIR",
            "musubi: 稼働中の設定をこの版では使用できません。以前の設定を指定: musubi diff --old DIR",
        ));
        return Err(exit::BAD_CONFIG);
    };
    let sides = Sides {
        old: kept.hash,
        old_folder: kept.folder,
        in_force_since: Some(kept.at).filter(|_| named.is_none()),
        new: new.hash.clone(),
    };
    Ok((config, sides))
}

/// Becomes true with Ctrl-C.
fn interrupted() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let told = stopped.clone();
    // It ends with the process.
    let _thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let caught = runtime.map(|runtime| runtime.block_on(tokio::signal::ctrl_c()));
        if matches!(caught, Ok(Ok(()))) {
            told.store(true, Ordering::Relaxed);
        }
    });
    stopped
}

fn finish(sides: &Sides, comparison: &Comparison, arguments: &Arguments, lang: Lang) -> u8 {
    let widenings = comparison.widenings();
    let widens = !widenings.is_empty();
    if arguments.json {
        print_json(&Told { sides, comparison, widenings });
    } else {
        tell(sides, comparison, lang);
    }
    let differs = if arguments.fail_on_widening { widens } else { comparison.differs() };
    if differs { exit::DIFFERS } else { exit::DONE }
}
