//! `musubi replay`

mod text;
mod way;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use self::way::{Fault, Way};
use super::progress::spinner;
use super::{check, complain, exit, fail, print, print_json};
use crate::config::Config;
use crate::envelope::Identifying;
use crate::lang::Lang;
use crate::ops::client::Hub;
use crate::ops::replay::{Desk, Patient, Replay, Request, Selection, State, time};

/// How often progress is asked for.
const LOOK: Duration = Duration::from_millis(250);

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    wanted: Wanted,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is to be replayed to whom.
#[derive(Debug, Args)]
struct Wanted {
    /// Subscriber, as routes.toml names it
    #[arg(long, value_name = "SUBSCRIBER", required = true)]
    to: Option<String>,
    /// Why; it stands in the history of every message
    #[arg(long, value_name = "TEXT", required = true)]
    why: Option<String>,
    /// Accepted from then on: 2026-11-22, 2026-11-22T08:30 (in the hub's zone) or RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Accepted before; the default is now
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// 10-digit code of the sending facility
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Feed
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// About this patient: the network's id, or the facility's own with --facility
    #[arg(long, value_name = "ID")]
    patient: Option<String>,
    /// Kind, such as lab-result, or invalid
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Topic
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Message; may be given several times
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Copies a second at most [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// Start without asking
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List all replays, the latest first
    List(One),
    /// Show one: what it would do, what it did, whom it waits for
    Show(Named),
    /// Start one that was planned
    Start(Named),
    /// Stop one; it keeps its position
    Stop(Named),
    /// Go on with one that was stopped, failed or killed
    Resume(Named),
}

#[derive(Debug, Args)]
struct One {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Named {
    /// Replay
    #[arg(value_name = "ID")]
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let done = runtime.block_on(run(&config, lang, arguments));
    // What reads the disk yet is of no use to anybody.
    runtime.shutdown_background();
    done.unwrap_or_else(|fault| fault.told(lang))
}

async fn run(config: &Config, lang: Lang, arguments: &Arguments) -> Result<u8, Fault> {
    match &arguments.verb {
        Some(Verb::List(One { json })) => {
            let replays = look(config).await?;
            if *json {
                return Ok(print_json(&replays));
            }
            print(&text::list(&replays, lang));
            Ok(exit::DONE)
        }
        Some(Verb::Show(Named { id, json })) => {
            let replay = look(config).await?.into_iter().find(|replay| replay.id == *id);
            let Some(replay) = replay else {
                complain(&format!(
                    "musubi: {}",
                    lang.pick("there is no such replay", "その再配信はありません")
                ));
                return Ok(exit::BAD_DATA);
            };
            Ok(tell(&replay, lang, *json))
        }
        Some(Verb::Stop(Named { id, json })) => {
            let (id, json) = (id.clone(), *json);
            way::on(config, async move |way: &Way| Ok(tell(&way.turn(&id, "stop").await?, lang, json))).await
        }
        Some(Verb::Start(named)) => go_on(config, lang, named, "start").await,
        Some(Verb::Resume(named)) => go_on(config, lang, named, "resume").await,
        None => begin(config, lang, &arguments.wanted, arguments.json).await,
    }
}

/// What there is, whether a hub runs or not.
async fn look(config: &Config) -> Result<Vec<Replay>, Fault> {
    match Hub::of(config) {
        Some(hub) => Ok(hub.get("/replays").await?),
        None => Ok(Desk::look(config)?.into_iter().map(Replay::without_patient).collect()),
    }
}

async fn go_on(config: &Config, lang: Lang, named: &Named, act: &'static str) -> Result<u8, Fault> {
    let (id, json) = (named.id.clone(), named.json);
    way::on(config, async move |way: &Way| {
        let replay = way.turn(&id, act).await?;
        follow(way, &replay.id, lang, json).await
    })
    .await
}

/// Plans, asks, starts and follows.
async fn begin(config: &Config, lang: Lang, wanted: &Wanted, json: bool) -> Result<u8, Fault> {
    let request = match request(config, wanted) {
        Ok(request) => request,
        Err(why) => {
            complain(&format!("musubi: {why}"));
            return Ok(exit::USAGE);
        }
    };
    let yes = wanted.yes;
    way::on(config, async move |way: &Way| {
        let planned = way.plan(request).await?;
        let planned = until(way, &planned.id, lang, |state| state != State::Planning).await?;
        if planned.state != State::Planned || (json && !yes) {
            return Ok(tell(&planned, lang, json));
        }
        if !json {
            print(&text::estimate(&planned, lang));
        }
        if !yes && !asked(lang) {
            print(&text::later(&planned, lang));
            return Ok(exit::DONE);
        }
        way.turn(&planned.id, "start").await?;
        follow(way, &planned.id, lang, json).await
    })
    .await
}

fn request(config: &Config, wanted: &Wanted) -> Result<Request, String> {
    let at = |text: &Option<String>| text.as_deref().map(|text| time(text, &config.hub.timezone)).transpose();
    let id = wanted.patient.clone().map(Identifying);
    let patient = id.map(|id| match &wanted.facility {
        Some(facility) => Patient::Local { facility: facility.clone(), id },
        None => Patient::Network(id),
    });
    let selection = Selection {
        to: wanted.to.clone().unwrap_or_default(),
        from: at(&wanted.from)?,
        until: at(&wanted.until)?,
        facility: wanted.facility.clone(),
        feed: wanted.feed.clone(),
        patient,
        kind: wanted.kind.clone(),
        topic: wanted.topic.clone(),
        ids: wanted.id.clone(),
    };
    Ok(Request { selection, why: wanted.why.clone().unwrap_or_default(), rate: wanted.rate })
}

/// Follows a replay to its end. Ctrl-C ends the looking where a hub works on it, and stops it where this process does.
async fn follow(way: &Way, id: &str, lang: Lang, json: bool) -> Result<u8, Fault> {
    let ended = tokio::select! {
        ended = until(way, id, lang, |state| !state.is_at_work()) => Some(ended?),
        () = interrupted() => None,
    };
    let replay = match ended {
        Some(ended) => ended,
        None if way.is_own() => way.turn(id, "stop").await?,
        None => way.get(id).await?,
    };
    Ok(tell(&replay, lang, json))
}

async fn interrupted() {
    let caught = signal(SignalKind::interrupt()).and_then(|one| Ok((one, signal(SignalKind::terminate())?)));
    match caught {
        Ok((mut interrupt, mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        // Then it ends as any other process does.
        Err(_) => std::future::pending().await,
    }
}

/// Waits until a replay stands so, and shows how far it is.
async fn until(way: &Way, id: &str, lang: Lang, so: impl Fn(State) -> bool) -> Result<Replay, Fault> {
    let bar = spinner();
    loop {
        let replay = way.get(id).await?;
        if so(replay.state) {
            bar.finish_and_clear();
            return Ok(replay);
        }
        bar.set_message(text::progress(&replay, lang));
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether somebody at a terminal says yes.
fn asked(lang: Lang) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    let mut out = io::stderr().lock();
    drop(out.write_all(lang.pick("Start it? [y/N] ", "開始しますか？ [y/N] ").as_bytes()));
    drop(out.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "はい")
}

/// Prints a replay; the exit code says whether it came to its end.
fn tell(replay: &Replay, lang: Lang, json: bool) -> u8 {
    let printed = if json {
        print_json(replay)
    } else {
        print(&text::one(replay, lang));
        exit::DONE
    };
    if replay.state == State::Failed { exit::TRY_LATER } else { printed }
}
