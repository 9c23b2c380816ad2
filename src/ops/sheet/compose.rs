//! Makes sheets of what was seen.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::flow::{Fate, Flow, Message, State};
use super::past::Past;
use super::waiting::Waiting;
use super::{Copies, Difference, Differs, FacilitySheet, Lying, Sheet, Wanted};
use crate::config::Config;
use crate::ingest::{Content, Missed, Odd, Span, Stock};

/// Examples of a difference.
const EXAMPLES: usize = 5;
/// A copy that was decided so short a time before may be on its way into its queue.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(10);

/// All that was looked at.
pub(super) struct Seen {
    pub(super) stocks: BTreeMap<String, Stock>,
    pub(super) waiting: Waiting,
    pub(super) flow: Flow,
    pub(super) past: Past,
    pub(super) span: Span,
}

/// What differs, gathered by sort and subject.
#[derive(Default)]
struct Differences(BTreeMap<(Differs, String), (u64, Vec<String>)>);

impl Differences {
    fn tell(&mut self, what: Differs, subject: &str, count: u64, example: Option<&str>) {
        let (sum, examples) = self.0.entry((what, subject.to_owned())).or_default();
        *sum += count;
        if examples.len() < EXAMPLES {
            examples.extend(example.map(str::to_owned));
        }
    }

    fn into_list(self) -> Vec<Difference> {
        let difference = |((what, subject), (count, examples))| Difference { what, subject, count, examples };
        self.0.into_iter().map(difference).collect()
    }
}

/// The sheets, the first day first.
pub(super) fn sheets(
    config: &Config,
    wanted: &Wanted,
    seen: &Seen,
    names: &BTreeMap<String, String>,
) -> Vec<Sheet> {
    let mut by_day: HashMap<(Date, &str), Vec<(&str, &Message)>> = HashMap::new();
    for (id, message) in &seen.flow.messages {
        by_day.entry((message.day, &message.facility)).or_default().push((id, message));
    }
    let mut facilities: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for feed in &config.feeds {
        let settings = &feed.settings;
        if wanted.facility.as_deref().is_none_or(|facility| facility == settings.facility) {
            facilities.entry(&settings.facility).or_default().push(&settings.name);
        }
    }
    // A feed that was removed from the configuration left its messages behind.
    for message in seen.flow.messages.values() {
        facilities.entry(&message.facility).or_default();
    }
    let days = wanted.from.series(jiff::ToSpan::days(1)).take_while(|day| *day <= wanted.until);
    days.map(|day| {
        let sheets = facilities.iter().map(|(facility, feeds)| {
            let mut messages = by_day.remove(&(day, *facility)).unwrap_or_default();
            messages.sort_unstable_by_key(|(id, message)| (message.at, *id));
            let name = names.get(*facility).cloned().unwrap_or_default();
            let one = OneDay { seen, day, facility, feeds, messages };
            FacilitySheet { name, ..one.sheet() }
        });
        let facilities = sheets.collect();
        Sheet { day, made_at: seen.span.now, facilities, differences: of_nobody(seen, day) }
    })
    .collect()
}

/// What belongs to no facility: ends without a decision, lines that nobody can read.
fn of_nobody(seen: &Seen, day: Date) -> Vec<Difference> {
    let mut differences = Differences::default();
    for loose in seen.flow.loose.iter().filter(|loose| seen.past.ids.contains(&loose.id)) {
        if loose.at.to_zoned(seen.span.zone.clone()).date() == day {
            differences.tell(Differs::NoDecision, &loose.subscriber, 1, Some(&loose.id));
        }
    }
    if let Some(torn) = seen.flow.torn.get(&day) {
        differences.tell(Differs::Torn, "", *torn, None);
    }
    differences.into_list()
}

struct OneDay<'s> {
    seen: &'s Seen,
    day: Date,
    facility: &'s str,
    feeds: &'s [&'s str],
    messages: Vec<(&'s str, &'s Message)>,
}

impl OneDay<'_> {
    fn sheet(&self) -> FacilitySheet {
        let mut sheet = FacilitySheet {
            facility: self.facility.to_owned(),
            feeds: self.feeds.iter().map(|feed| (*feed).to_owned()).collect(),
            ..FacilitySheet::default()
        };
        let mut differences = Differences::default();
        for feed in self.feeds {
            match self.seen.stocks.get(*feed) {
                Some(stock) => self.storage(stock, &mut sheet, &mut differences),
                None => differences.tell(Differs::LedgerAway, feed, 1, None),
            }
        }
        self.flow(&mut sheet, &mut differences);
        sheet.differences = differences.into_list();
        sheet
    }

    fn storage(&self, stock: &Stock, sheet: &mut FacilitySheet, differences: &mut Differences) {
        for (data_type, lying) in stock.days.get(&self.day).into_iter().flatten() {
            let sum = sheet.storage.entry(data_type.clone()).or_default();
            *sum = sum.and(*lying);
        }
        sheet.all_files = stock.all.values().fold(sheet.all_files, |sum: Lying, lying| sum.and(*lying));
        for source in &stock.away {
            differences.tell(Differs::SourceAway, source, 1, None);
        }
        for odd in stock.odd.iter().filter(|odd| odd.day == Some(self.day)) {
            differences.tell(self.named(odd), &odd.data_type, 1, Some(&odd.digest));
        }
        // What is announced and never came was written on no day: it is told of today.
        let today = self.seen.span.now.to_zoned(self.seen.span.zone.clone()).date();
        let announced = stock.odd.iter().filter(|odd| odd.why == Missed::NeverCame && self.day == today);
        for odd in announced {
            differences.tell(Differs::NeverCame, &odd.data_type, 1, Some(&odd.digest));
        }
        for content in stock.contents.iter().filter(|content| content.day == self.day) {
            if self.is_undecided(content) {
                differences.tell(Differs::Undecided, &content.data_type, 1, Some(&content.digest));
            }
        }
    }

    /// A file that the ledger does not know, and whose content was decided on: the ledger was lost since.
    fn named(&self, odd: &Odd) -> Differs {
        let is_decided = |hash: &String| !self.seen.past.hashes.contains(hash);
        match odd.why {
            // One that was not settled when it was looked at may have been taken since.
            Missed::NotTaken if !odd.hashes.is_empty() && odd.hashes.iter().all(is_decided) => {
                Differs::Forgotten
            }
            why => why.into(),
        }
    }

    fn is_undecided(&self, content: &Content) -> bool {
        let waiting = &self.seen.waiting;
        // Where a queue is too long to be looked through, it may wait there.
        let may_wait = |hash: &String| !waiting.is_whole || waiting.hashes.contains(hash);
        content.hashes.iter().any(|hash| self.seen.past.hashes.contains(hash) && !may_wait(hash))
    }

    fn flow(&self, sheet: &mut FacilitySheet, differences: &mut Differences) {
        let zone = &self.seen.span.zone;
        let is_then = |at: Timestamp| at.to_zoned(zone.clone()).date() == self.day;
        let waiting = self.seen.waiting.accepted_of(is_then);
        let messages = &mut sheet.messages;
        messages.waiting = waiting.get(self.facility).copied().unwrap_or(0);
        for (id, message) in &self.messages {
            match message.state {
                State::Filtered => messages.filtered += 1,
                State::Invalid => messages.invalid += 1,
                State::Routed => messages.routed += 1,
            }
            for (subscriber, (fate, _)) in &message.copies {
                let copies = sheet.subscribers.entry(subscriber.to_string()).or_default();
                self.count(copies, *fate, (id, message, subscriber), differences);
            }
        }
        messages.accepted = messages.waiting + messages.filtered + messages.invalid + messages.routed;
    }

    fn count(
        &self,
        copies: &mut Copies,
        fate: Fate,
        (id, message, subscriber): (&str, &Message, &str),
        differences: &mut Differences,
    ) {
        copies.routed += 1;
        match fate {
            Fate::Delivered => copies.delivered += 1,
            Fate::Parked => copies.parked += 1,
            Fate::Dead => copies.dead += 1,
            Fate::Withdrawn => copies.withdrawn += 1,
            Fate::Discarded => copies.discarded += 1,
            Fate::None if self.waits(id, message, subscriber) => copies.waiting += 1,
            Fate::None => {
                copies.lost += 1;
                differences.tell(Differs::NoFate, subscriber, 1, Some(id));
            }
        }
    }

    /// Whether a copy of which nothing is told may be in its queue.
    fn waits(&self, id: &str, message: &Message, subscriber: &str) -> bool {
        let waiting = &self.seen.waiting;
        if waiting.own_readers.contains(subscriber) || waiting.at.duration_since(message.at) < ON_ITS_WAY {
            return true;
        }
        // Of a subscriber that is no more nobody looks at the queue.
        let Some(queue) = waiting.subscribers.get(subscriber) else { return true };
        !queue.is_whole || queue.ids.contains(id)
    }
}
