//! Who lives in a region, where they are treated, and what they let others see.

use super::site::{Site, Sort};
use crate::simulate::random::Random;

/// The first people are at home in the first hospital, so that a small region shows everything.
const FIRST: u64 = 32;

/// The people of a region, by number.
#[derive(Debug)]
pub(super) struct Population {
    pub(super) seed: u64,
    pub(super) people: u64,
    /// Facilities that have patients of their own: their running sum of weights.
    homes: Vec<(u64, usize)>,
    hospitals: Vec<usize>,
}

/// Where a person is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) home: usize,
    pub(super) second: Option<usize>,
}

impl Places {
    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        [Some(self.home), self.second].into_iter().flatten()
    }
}

impl Population {
    pub(super) fn new(seed: u64, people: u64, sites: &[Site]) -> Self {
        let mut sum = 0;
        let homes = sites.iter().filter(|site| site.sort.weight() > 0).map(|site| {
            sum += site.sort.weight();
            (sum, site.index)
        });
        let homes = homes.collect();
        let hospitals = sites.iter().filter(|site| site.sort == Sort::Hospital).map(|site| site.index);
        Self { seed, people, homes, hospitals: hospitals.collect() }
    }

    fn random(&self, person: u64) -> Random {
        Random::new(self.seed ^ 0x484F_4D45, person)
    }

    /// Three in ten are treated in a hospital beside their home.
    pub(super) fn places(&self, person: u64) -> Places {
        let mut random = self.random(person);
        let drawn = random.below(self.homes.last().map_or(0, |(sum, _)| *sum));
        let at = self.homes.partition_point(|(sum, _)| *sum <= drawn);
        let home = self.homes.get(at).map_or(0, |(_, index)| *index);
        let home = if person < FIRST { 0 } else { home };
        let second = random.chance(30).then(|| *random.pick(&self.hospitals));
        Places { home, second: second.filter(|second| *second != home) }
    }

    /// Whether the person has the network's card, and whether its places may see each other's records.
    pub(super) fn membership(&self, person: u64) -> (bool, bool) {
        let mut random = Random::new(self.seed ^ 0x4341_5244, person);
        (random.chance(80), random.chance(75))
    }

    /// The patients of every facility.
    pub(super) fn panels(&self, sites: usize) -> Vec<Vec<u64>> {
        let mut panels = vec![Vec::new(); sites];
        for person in 0..self.people {
            for place in self.places(person).iter() {
                panels[place].push(person);
            }
        }
        panels
    }
}

/// The network's id of a person.
pub(super) fn network_id(person: u64) -> String {
    format!("3299{person:08}")
}
