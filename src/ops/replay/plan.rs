//! The plan of a replay: where the messages lie that are meant, in the order of acceptance, each once; and the estimate
//! that is made of it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::{Span, Timestamp};
use tokio::sync::watch;

use super::desk::Desk;
use super::pace::Breath;
use super::selection::accepted_at;
use super::state::{Counts, Reason};
use super::{Replay, ReplayError};
use crate::envelope::Lane;
use crate::pipeline::{ControlBus, NoCopy, renew};
use crate::store::messages::{self, Kept, MESSAGES, Message, Places, Reader};

/// A message that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Meant {
    /// When it was accepted; what has no time comes first.
    at: Option<Timestamp>,
    lane: Lane,
    sequence: u64,
    /// Which of the files.
    file: usize,
    offset: u64,
}

/// Makes the plan of a replay and its estimate. False: told to stop before it was made.
pub(super) async fn make(
    desk: &Desk,
    replay: &Replay,
    stop: &watch::Receiver<bool>,
) -> Result<bool, ReplayError> {
    let mut breath = Breath::new();
    let Some((files, meant)) = find(&desk.control, replay, &mut breath, stop).await? else {
        return Ok(false);
    };
    let path = replay.plan_file(&desk.folder);
    let mut plan = Plan::create(&path)?;
    let mut places = Places::new(store(&desk.control));
    let mut counts = Counts::default();
    let mut planned = 0;
    for one in meant {
        let Some(file) = files.get(one.file) else { continue };
        let kept = Kept { file: file.clone(), offset: one.offset };
        let message = places.read(&kept)?;
        if judge(&desk.control, replay, message, &mut counts).await? {
            plan.add(&kept)?;
            planned += 1;
        }
        breath.take().await;
        desk.change(&replay.id, |replay| (replay.estimate, replay.planned) = (counts.clone(), planned));
        if *stop.borrow() {
            return Ok(false);
        }
    }
    plan.finish()?;
    Ok(true)
}

/// Counts what a message would be now, without sending it. Whether it is meant.
async fn judge(
    control: &ControlBus,
    replay: &Replay,
    message: Option<Message>,
    counts: &mut Counts,
) -> Result<bool, ReplayError> {
    let Some(message) = message else {
        counts.not(Reason::Gone, String::new());
        return Ok(true);
    };
    let renewed = renew(control, &message, &replay.selection.to, &replay.id).await?;
    if !replay.selection.means_renewed(&renewed) {
        return Ok(false);
    }
    match renewed.copy {
        Ok(again) => counts.sent(again.publication.body.len() as u64),
        Err(no_copy) => not_sent(counts, no_copy),
    }
    Ok(true)
}

/// Counts a message of which there is no copy.
pub(super) fn not_sent(counts: &mut Counts, no_copy: NoCopy) {
    match no_copy {
        NoCopy::NoRoute => counts.not(Reason::NoRoute, String::new()),
        NoCopy::Superseded => counts.not(Reason::Superseded, String::new()),
        NoCopy::Denied { clause, .. } => counts.not(Reason::Denied, clause),
        NoCopy::Invalid { code } => counts.not(Reason::Invalid, code),
    }
}

/// Where the message store is.
pub(super) fn store(control: &ControlBus) -> PathBuf {
    control.config().hub.data_dir.join(MESSAGES)
}

/// All messages that are meant by what their headers say, in the order of acceptance: of each id what was kept last.
/// Nothing: told to stop.
async fn find(
    control: &ControlBus,
    replay: &Replay,
    breath: &mut Breath,
    stop: &watch::Receiver<bool>,
) -> Result<Option<(Vec<String>, Vec<Meant>)>, ReplayError> {
    let selection = &replay.selection;
    // A message is kept when it is taken from its lane: not before it was accepted, but for clocks that differ.
    let zone = control.config().hub.timezone.clone();
    let first = selection.from.map(|from| from.to_zoned(zone).date().saturating_sub(Span::new().days(1)));
    let (mut names, mut meant, mut by_id) = (Vec::new(), Vec::new(), HashMap::<u128, usize>::new());
    for file in messages::files(&store(control))? {
        if first.is_some_and(|first| file.day < first) {
            continue;
        }
        let mut reader = Reader::open(&file.path)?;
        while let Some((offset, message)) = reader.next()? {
            let now = control.clock().now();
            if selection.means(&message.envelope, &control.register().view().read(), now) {
                let Message { lane, sequence, envelope, .. } = &message;
                let one = Meant {
                    at: accepted_at(envelope),
                    lane: *lane,
                    sequence: *sequence,
                    file: names.len(),
                    offset,
                };
                let index = *by_id.entry(mark(&envelope.id)).or_insert(meant.len());
                match meant.get_mut(index) {
                    Some(known) => *known = one,
                    None => meant.push(one),
                }
            }
            breath.take().await;
            if *stop.borrow() {
                return Ok(None);
            }
        }
        names.extend(file.path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
    }
    meant.sort_unstable();
    Ok(Some((names, meant)))
}

/// What stands for an id: less room for millions of them.
fn mark(id: &str) -> u128 {
    let mut first = [0; 16];
    blake3::Hasher::new().update(id.as_bytes()).finalize_xof().fill(&mut first);
    u128::from_le_bytes(first)
}

/// A plan being written: a line of JSON for each place.
struct Plan {
    path: PathBuf,
    new: PathBuf,
    file: BufWriter<File>,
}

impl Plan {
    fn create(path: &Path) -> Result<Self, ReplayError> {
        let new = path.with_extension("plan.new");
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new);
        let file = BufWriter::new(file.map_err(failed(&new))?);
        Ok(Self { path: path.to_owned(), new, file })
    }

    fn add(&mut self, kept: &Kept) -> Result<(), ReplayError> {
        let written = serde_json::to_writer(&mut self.file, kept).map_err(io::Error::from);
        written.and_then(|()| self.file.write_all(b"\n")).map_err(failed(&self.new))
    }

    /// It is there whole or not at all.
    fn finish(mut self) -> Result<(), ReplayError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.and_then(|()| fs::rename(&self.new, &self.path)).map_err(failed(&self.new))?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
    }
}

/// A plan being gone through.
pub(super) struct Steps {
    path: PathBuf,
    lines: io::Lines<BufReader<File>>,
}

impl Steps {
    /// Opens a plan behind what was gone through already.
    pub(super) fn open(path: &Path, position: u64) -> Result<Self, ReplayError> {
        let file = File::open(path).map_err(failed(path))?;
        let mut lines = BufReader::new(file).lines();
        for _ in 0..position {
            lines.next().transpose().map_err(failed(path))?;
        }
        Ok(Self { path: path.to_owned(), lines })
    }

    /// The next place; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Kept>, ReplayError> {
        let Some(line) = self.lines.next().transpose().map_err(failed(&self.path))? else { return Ok(None) };
        serde_json::from_str(&line).map(Some).map_err(io::Error::from).map_err(failed(&self.path))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ReplayError + '_ {
    |source| ReplayError::Files { path: path.to_owned(), source }
}
