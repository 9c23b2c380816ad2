//! What the journal holds, in memory: where each live message lies, never its body.
//!
//! Invariants:
//! - The index follows the disk: a record is applied only after its group is durable, by the same code that
//!   recovery runs. What the index shows can't be lost.
//! - A lane's live messages have the sequence numbers `cursor .. next`: `live[i]` is message `cursor + i`.
//! - `segments[s]` adds up the bytes of the live entries that point into segment `s`, so 0 means that nothing needs
//!   it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::record::{self, Record};
use crate::broker::QueueName;
use crate::envelope::Lane;

/// A lane of a queue, the queue by its number in this journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LaneId {
    /// Queue, in order of declaration from 0.
    pub(super) queue: u32,
    /// Lane.
    pub(super) lane: Lane,
}

/// Where a stored message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Segment.
    pub(super) segment: u32,
    /// First byte in the segment; a segment is below 4 GiB.
    pub(super) offset: u32,
    /// Length.
    pub(super) bytes: u32,
}

impl Place {
    /// Only during recovery: not found yet. Segments are numbered from 1.
    const ELSEWHERE: Self = Self { segment: 0, offset: 0, bytes: 0 };
}

/// A message that waits in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its number in the lane.
    pub(super) sequence: u64,
    /// Whether it has been handed out before.
    pub(super) redelivered: bool,
    /// Where it lies.
    pub(super) place: Place,
}

/// One lane.
#[derive(Debug)]
struct LaneState {
    cursor: u64,
    next: u64,
    live: VecDeque<Place>,
    /// Messages below this number have been handed out, or may have been before the broker was opened.
    handed: u64,
    /// There while the lane has a consumer; tells it that something arrived.
    arrival: Option<Arc<Notify>>,
}

impl Default for LaneState {
    fn default() -> Self {
        Self { cursor: 1, next: 1, live: VecDeque::new(), handed: 1, arrival: None }
    }
}

#[derive(Debug)]
struct QueueState {
    name: QueueName,
    lanes: BTreeMap<Lane, LaneState>,
}

/// The state of all queues.
#[derive(Debug, Default)]
pub(super) struct Index {
    ids: HashMap<QueueName, u32>,
    queues: Vec<QueueState>,
    segments: BTreeMap<u32, u64>,
    /// Set when the broker is closed: consumers stop waiting.
    closed: bool,
}

/// Takes the lock. A panic elsewhere leaves the index whole: every change under the lock is complete.
pub(super) fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes that come from the journal.
impl Index {
    /// Takes over one durable record of a group whose payload starts at `base` in `segment`. `Err` says what
    /// contradicts the records before it.
    pub(super) fn apply(&mut self, segment: u32, base: u64, record: Record<'_>) -> Result<(), String> {
        match record {
            Record::Queue { id, name } => self.apply_queue(id, name),
            Record::Lane { id, cursor, next } => self.apply_lane(id, cursor, next),
            Record::Message { to, offset, bytes } => {
                let offset = u32::try_from(base + offset as u64).map_err(|_| "a segment beyond 4 GiB")?;
                let bytes = u32::try_from(bytes).map_err(|_| "a message beyond 4 GiB")?;
                let place = Place { segment, offset, bytes };
                to.into_iter().try_for_each(|(id, sequence)| self.apply_message(id, sequence, place))
            }
        }
    }

    fn apply_queue(&mut self, id: u32, name: &str) -> Result<(), String> {
        let name = QueueName::recorded(name);
        if let Some(known) = self.queues.get(id as usize) {
            return if known.name == name { Ok(()) } else { Err(format!("queue {id} has two names")) };
        }
        if id as usize != self.queues.len() {
            return Err(format!("queue {id} comes out of turn"));
        }
        self.ids.insert(name.clone(), id);
        self.queues.push(QueueState { name, lanes: BTreeMap::new() });
        Ok(())
    }

    fn apply_lane(&mut self, id: LaneId, cursor: u64, next: u64) -> Result<(), String> {
        let (lane, segments) = self.lane_and_segments(id).ok_or_else(|| unknown(id))?;
        if cursor > next || cursor < lane.cursor || next < lane.next {
            return Err(format!("lane {} of queue {} goes backwards", id.lane.0, id.queue));
        }
        let settled = usize::try_from(cursor - lane.cursor).unwrap_or(usize::MAX).min(lane.live.len());
        lane.live.drain(..settled).for_each(|place| unpin(segments, place));
        // Messages in a segment that was deleted: a later record settles them or tells where they were moved to.
        lane.live.resize(usize::try_from(next - cursor).unwrap_or(usize::MAX), Place::ELSEWHERE);
        (lane.cursor, lane.next) = (cursor, next);
        if lane.live.is_empty() {
            // Give back what a backlog took.
            lane.live.shrink_to(64);
        }
        Ok(())
    }

    fn apply_message(&mut self, id: LaneId, sequence: u64, place: Place) -> Result<(), String> {
        let (lane, segments) = self.lane_and_segments(id).ok_or_else(|| unknown(id))?;
        if sequence == lane.next {
            lane.next += 1;
            lane.live.push_back(place);
            if let Some(arrival) = &lane.arrival {
                arrival.notify_one();
            }
        } else {
            // A message that has its number already was moved here.
            let nth = sequence.checked_sub(lane.cursor).and_then(|nth| usize::try_from(nth).ok());
            let moved = nth.and_then(|nth| lane.live.get_mut(nth)).ok_or_else(|| {
                format!("lane {} of queue {}: message {sequence} is out of turn", id.lane.0, id.queue)
            })?;
            unpin(segments, std::mem::replace(moved, place));
        }
        *segments.entry(place.segment).or_default() += u64::from(place.bytes);
        Ok(())
    }

    fn lane_and_segments(&mut self, id: LaneId) -> Option<(&mut LaneState, &mut BTreeMap<u32, u64>)> {
        let queue = self.queues.get_mut(id.queue as usize)?;
        Some((queue.lanes.entry(id.lane).or_default(), &mut self.segments))
    }

    /// A segment exists, whether or not anything live is in it.
    pub(super) fn add_segment(&mut self, segment: u32) {
        self.segments.entry(segment).or_default();
    }

    /// A segment is gone.
    pub(super) fn drop_segment(&mut self, segment: u32) {
        self.segments.remove(&segment);
    }

    /// Segments other than `active` in which nothing is live.
    pub(super) fn idle_segments(&self, active: u32) -> Vec<u32> {
        let idle = self.segments.iter().filter(|(segment, live)| **live == 0 && **segment != active);
        idle.map(|(segment, _)| *segment).collect()
    }

    /// The oldest segment before `before` in which not more than `bytes_max` bytes are live.
    pub(super) fn sparse_segment(&self, before: u32, bytes_max: u64) -> Option<u32> {
        let mut old = self.segments.range(..before);
        old.find(|(_, live)| (1..=bytes_max).contains(*live)).map(|(segment, _)| *segment)
    }

    /// The live messages of a segment, and in which lanes they wait under which number.
    pub(super) fn residents(&self, segment: u32) -> BTreeMap<Place, Vec<(LaneId, u64)>> {
        let mut residents: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (queue, state) in (0..).zip(&self.queues) {
            for (lane, state) in &state.lanes {
                let numbered = (state.cursor..).zip(&state.live);
                for (sequence, place) in numbered.filter(|(_, place)| place.segment == segment) {
                    residents.entry(*place).or_default().push((LaneId { queue, lane: *lane }, sequence));
                }
            }
        }
        residents
    }

    /// After recovery: the first lane of which messages are missing, in words.
    pub(super) fn missing(&self) -> Option<String> {
        self.lanes().find_map(|(name, number, lane)| {
            let nth = lane.live.iter().position(|place| *place == Place::ELSEWHERE)?;
            let sequence = lane.cursor + nth as u64;
            Some(format!("queue {name}, lane {}: message {sequence} is missing", number.0))
        })
    }

    /// After recovery: whatever is there may have been handed out by the process before.
    pub(super) fn mark_handed(&mut self) {
        let lanes = self.queues.iter_mut().flat_map(|queue| queue.lanes.values_mut());
        lanes.for_each(|lane| lane.handed = lane.next);
    }

    /// Appends records that say everything but the messages.
    pub(super) fn put_snapshot(&self, group: &mut Vec<u8>) {
        for (id, queue) in (0..).zip(&self.queues) {
            record::put_queue(group, id, queue.name.as_str());
            for (lane, state) in queue.lanes.iter().filter(|(_, state)| state.next > 1) {
                record::put_lane(group, LaneId { queue: id, lane: *lane }, state.cursor, state.next);
            }
        }
    }

    fn lanes(&self) -> impl Iterator<Item = (&QueueName, Lane, &LaneState)> {
        let queues = self.queues.iter();
        queues.flat_map(|queue| queue.lanes.iter().map(|(lane, state)| (&queue.name, *lane, state)))
    }
}

fn unpin(segments: &mut BTreeMap<u32, u64>, place: Place) {
    if let Some(live) = segments.get_mut(&place.segment) {
        *live = live.saturating_sub(u64::from(place.bytes));
    }
}

fn unknown(id: LaneId) -> String {
    format!("queue {} is used before it is declared", id.queue)
}

/// What publishers, consumers and operators ask.
impl Index {
    /// The number of a queue.
    pub(super) fn id(&self, queue: &QueueName) -> Option<u32> {
        self.ids.get(queue).copied()
    }

    /// How many queues there are.
    pub(super) fn queues(&self) -> usize {
        self.queues.len()
    }

    /// How many segments there are.
    pub(super) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// The sequence number that the next message of a lane gets.
    pub(super) fn next(&self, id: LaneId) -> u64 {
        self.lane(id).map_or(1, |lane| lane.next)
    }

    /// The sequence number of the oldest message that is not settled.
    pub(super) fn cursor(&self, id: LaneId) -> u64 {
        self.lane(id).map_or(1, |lane| lane.cursor)
    }

    /// Remembers that messages below `sequence` have been handed out.
    pub(super) fn hand_out(&mut self, id: LaneId, sequence: u64) {
        if let Some((lane, _)) = self.lane_and_segments(id) {
            lane.handed = lane.handed.max(sequence);
        }
    }

    /// Makes the caller the consumer of a lane, unless it has one.
    pub(super) fn claim(&mut self, id: LaneId) -> Option<Arc<Notify>> {
        let (lane, _) = self.lane_and_segments(id)?;
        if lane.arrival.is_some() {
            return None;
        }
        Some(Arc::clone(lane.arrival.insert(Arc::default())))
    }

    /// Frees a lane.
    pub(super) fn release(&mut self, id: LaneId) {
        if let Some((lane, _)) = self.lane_and_segments(id) {
            lane.arrival = None;
        }
    }

    /// Up to `most` live messages of a lane from sequence number `from`, no more than `bytes_max` bytes beyond the
    /// first of them.
    pub(super) fn waiting(&self, id: LaneId, from: u64, most: usize, bytes_max: usize) -> Vec<Waiting> {
        let Some(lane) = self.lane(id) else { return Vec::new() };
        let skip = usize::try_from(from.saturating_sub(lane.cursor)).unwrap_or(usize::MAX);
        let mut left = bytes_max;
        let numbered = (lane.cursor..).zip(&lane.live).skip(skip).take(most).enumerate();
        let bounded = numbered.take_while(|(nth, (_, place))| {
            let fits = left >= place.bytes as usize;
            left = left.saturating_sub(place.bytes as usize);
            fits || *nth == 0
        });
        let waiting = bounded.map(|(_, (sequence, place))| Waiting {
            sequence,
            redelivered: sequence < lane.handed,
            place: *place,
        });
        waiting.collect()
    }

    /// Live messages of each lane of a queue.
    pub(super) fn depths(&self, queue: u32) -> Vec<(Lane, u64)> {
        let lanes = self.queues.get(queue as usize).into_iter().flat_map(|queue| &queue.lanes);
        lanes.map(|(lane, state)| (*lane, state.live.len() as u64)).collect()
    }

    /// All queues, in order of declaration.
    pub(super) fn names(&self) -> Vec<QueueName> {
        self.queues.iter().map(|queue| queue.name.clone()).collect()
    }

    /// Whether the broker was closed.
    pub(super) fn closed(&self) -> bool {
        self.closed
    }

    /// Closes: consumers that wait are woken and find it.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.lanes()
            .filter_map(|(_, _, lane)| lane.arrival.as_ref())
            .for_each(|arrival| arrival.notify_one());
    }

    fn lane(&self, id: LaneId) -> Option<&LaneState> {
        self.queues.get(id.queue as usize)?.lanes.get(&id.lane)
    }
}
