//! A facility from day to day: who comes, and what leaves it.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::civil::{Date, DateTime, Weekday};

use super::World;
use super::calendar::{arrival, influenza};
use super::outgoing::{Consequence, Item, Outgoing, Post};
use super::site::{Site, Sort};
use super::visit::{Counters, Record, Visit};
use crate::simulate::catalogue::*;
use crate::simulate::event::*;
use crate::simulate::people::person;
use crate::simulate::random::Random;
use crate::simulate::{offset, patient_id};

/// How many of the first visits walk every pathway in turn, so that a small region shows everything.
const SHOWN: u64 = 2 * PATHWAYS.len() as u64;
/// How often a patient who suits is looked for.
const TRIES: usize = 40;

/// What a facility knows and is about to send.
#[derive(Debug)]
pub(super) struct Practice {
    site: usize,
    /// Its patients.
    panel: Vec<u64>,
    /// Arrivals of a working day, in thousandths.
    rate: u64,
    records: HashMap<u64, Record>,
    counters: Counters,
    /// Visits so far, where they show what is rare.
    shown: Option<u64>,
    /// What is to leave later.
    pending: Vec<Outgoing>,
    appointments: Vec<(DateTime, u64)>,
}

impl Practice {
    pub(super) fn new(site: &Site, panel: Vec<u64>, rate: u64) -> Self {
        Self {
            site: site.index,
            panel,
            rate,
            records: HashMap::new(),
            counters: Counters::default(),
            shown: (site.index == 0).then_some(0),
            pending: Vec::new(),
            appointments: Vec::new(),
        }
    }

    /// Lets the day's people come.
    pub(super) fn open(&mut self, world: &World, date: Date, posts: &mut Vec<Post>) {
        let Some(site) = world.sites.get(self.site) else { return };
        let number = u64::try_from(date.duration_since(Date::ZERO).as_hours() / 24).unwrap_or_default();
        let seed = world.seed ^ offset(&site.facility.code);
        let opening = world.calendar.opening(date);
        let mut random = Random::new(seed, number << 20);
        let (coming, later) = self.appointments.drain(..).partition(|(at, _)| at.date() <= date);
        self.appointments = later;
        let coming: Vec<(DateTime, u64)> = coming;
        for ((at, person), index) in coming.into_iter().zip(500_000..) {
            self.visit(world, site, (at, Some(person)), Random::new(seed, (number << 20) + index), posts);
        }
        let expected = self.rate * opening.percent(site.sort) / 100;
        let arrivals = expected / 1000 + u64::from(random.below(1000) < expected % 1000);
        for index in 1..=arrivals {
            let mut random = Random::new(seed, (number << 20) + index);
            let at = arrival(date, site.sort, opening, &mut random);
            self.visit(world, site, (at, None), random, posts);
        }
        if site.sort == Sort::Laboratory && date.weekday() == Weekday::Friday {
            self.check_ups(world, date, &mut random);
        }
    }

    /// The week's check-ups leave in one archive.
    fn check_ups(&mut self, world: &World, date: Date, random: &mut Random) {
        let count = (4 + random.below(8)).min(world.population.people);
        let people = (0..count).map(|_| random.below(world.population.people)).collect();
        self.pending.push(Outgoing { at: date.at(17, 0, 0, 0), item: Item::Checkups(people) });
    }

    fn visit(
        &mut self,
        world: &World,
        site: &Site,
        (at, who): (DateTime, Option<u64>),
        mut random: Random,
        posts: &mut Vec<Post>,
    ) {
        let show = self.shown.filter(|shown| *shown < SHOWN);
        let wanted = show.and_then(|shown| PATHWAYS.iter().cycle().nth(usize::try_from(shown).ok()?));
        let Some(number) = who.or_else(|| self.somebody(world, at, wanted, &mut random)) else { return };
        self.shown = self.shown.map(|shown| shown + 1);
        let person = person(world.seed, number);
        let age = at.year() - person.birth.year();
        let pathway = wanted.unwrap_or_else(|| pathway_of(age, at.date(), &mut random));
        let encounter =
            Encounter { department: pathway.department, doctor: random.pick(DOCTORS), stay: None };
        let mut visit = Visit {
            world,
            site,
            random,
            patient: Rc::new(Patient { id: patient_id(&site.facility.code, number), person }),
            age,
            record: self.records.entry(number).or_default(),
            counters: &mut self.counters,
            encounter,
            now: at,
            show,
            out: Vec::new(),
            posts,
        };
        visit.tell(pathway);
        self.pending.append(&mut visit.out);
    }

    /// A patient who is not in bed, and of an age that suits.
    fn somebody(
        &self,
        world: &World,
        at: DateTime,
        pathway: Option<&Pathway>,
        random: &mut Random,
    ) -> Option<u64> {
        let is_free = |number: &u64| {
            let record = self.records.get(number);
            record.and_then(|record| record.in_bed_until).is_none_or(|until| until < at)
        };
        let suits = |number: &u64| {
            let age = at.year() - person(world.seed, *number).birth.year();
            pathway.is_none_or(|pathway| pathway.suits(age))
        };
        let drawn = (0..TRIES).filter_map(|_| {
            let at = usize::try_from(random.below(self.panel.len() as u64)).ok()?;
            self.panel.get(at).copied().filter(is_free)
        });
        let drawn: Vec<u64> = drawn.collect();
        drawn.iter().copied().find(suits).or_else(|| drawn.first().copied())
    }

    /// Who has come so far.
    pub(super) fn people(&self) -> impl Iterator<Item = u64> {
        self.records.keys().copied()
    }

    /// How much is to leave later.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.pending.len() + self.appointments.len()
    }

    /// Takes what another facility has set off here.
    pub(super) fn take(&mut self, consequence: Consequence) {
        match consequence {
            Consequence::Sends(outgoing) => self.pending.push(outgoing),
            Consequence::Visit { at, person } => self.appointments.push((at, person)),
        }
    }

    /// What leaves until the end of a day, in order; nothing of a patient leaves at the same moment.
    pub(super) fn leaving(&mut self, date: Date) -> Vec<Outgoing> {
        let (mut leaving, later): (Vec<_>, Vec<_>) =
            self.pending.drain(..).partition(|outgoing| outgoing.at.date() <= date);
        self.pending = later;
        leaving.sort_by_key(|outgoing| outgoing.at);
        leaving
    }
}

/// By weight; influenza follows its season.
fn pathway_of(age: i16, date: Date, random: &mut Random) -> &'static Pathway {
    let weight = |pathway: &Pathway| match *pathway.diagnosis == FLU {
        true => pathway.weight * influenza(date),
        false => pathway.weight * 100,
    };
    let suiting = || PATHWAYS.iter().filter(|pathway| pathway.suits(age));
    let mut rest = random.below(suiting().map(weight).sum());
    for pathway in suiting() {
        if rest < weight(pathway) {
            return pathway;
        }
        rest -= weight(pathway);
    }
    &PATHWAYS[0]
}
