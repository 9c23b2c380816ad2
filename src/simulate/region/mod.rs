//! A whole region as a configuration folder that runs: invented facilities and patients (架空), and what their systems
//! write from day to day. From a seed: the same settings give the same bytes.
//!
//! Days pass one after another for all facilities ([`Days`]), because what happens at one has consequences at others: a
//! letter is answered, a prescription is given out, an appointment is kept. What is kept in memory is what a facility
//! knows of its patients, not what was written.

mod calendar;
mod configuration;
mod fault;
mod letter;
mod live;
mod outgoing;
mod population;
mod practice;
mod registry;
mod routes;
mod sender;
mod sink;
mod site;
mod stay;
mod visit;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use calendar::Calendar;
pub use fault::{Expectation, FaultKind, FaultRates, FaultRecord, UnknownFault};
pub use live::{LiveProgress, LiveSettings, LiveSummary, live};
use outgoing::Outgoing;
use population::Population;
use practice::Practice;
use sink::Sinks;
use site::{Site, Sort};

use super::archive::Put;

/// Most facilities of a region: their numbers have five digits.
pub const FACILITIES_MAX: u16 = 10_000;
/// What a region is made of, beside its configuration: `simulate live` goes on from it.
const SIMULATION: &str = "simulation.toml";

/// What to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSettings {
    /// Decides everything else.
    pub seed: u64,
    /// Facilities, 1 to [`FACILITIES_MAX`].
    pub facilities: u16,
    /// People.
    pub patients: u64,
    /// First day.
    pub from: Date,
    /// Days.
    pub days: u16,
    /// Messages of a working day, roughly; by default as many as suit the number of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
    /// The first of the ports at which the hub listens for facilities without a storage; none: they drop files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mllp_port: Option<u16>,
    /// How often something is wrong.
    #[serde(default, skip_serializing_if = "FaultRates::is_none")]
    pub faults: FaultRates,
}

/// How far the writing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionProgress {
    /// Days that are written.
    pub days: u16,
    /// Messages and documents so far.
    pub messages: u64,
}

/// What was written. All people are invented (架空).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RegionSummary {
    /// Facilities.
    pub facilities: usize,
    /// People with at least one message.
    pub patients: usize,
    /// Messages, documents and archives.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages of storages per data type; documents, letters and archives under what they are.
    pub data_types: BTreeMap<&'static str, u64>,
    /// Faults per kind.
    pub faults: BTreeMap<FaultKind, u64>,
}

/// Why a region can't be written.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
    /// Something is there already.
    #[error("{} is not empty: name another folder, or delete it first", .0.display())]
    NotEmpty(PathBuf),
    /// A setting makes no sense.
    #[error("{0}")]
    Settings(String),
    /// There is no region to go on with.
    #[error("{} can't be read: {reason}; write a region first: musubi simulate region --out {}", .folder.join(SIMULATION).display(), .folder.display())]
    NoRegion {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The disk or the network does not do what it should.
    #[error("{path} can't be written")]
    Write {
        /// What.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl RegionError {
    fn write(path: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Write { path, source }
    }
}

/// What does not change from day to day.
#[derive(Debug)]
struct World {
    seed: u64,
    sites: Vec<Site>,
    calendar: Calendar,
    population: Population,
}

impl World {
    fn new(settings: &RegionSettings) -> Result<Self, RegionError> {
        settings.check()?;
        let mut sites: Vec<Site> = (0..usize::from(settings.facilities)).map(Site::new).collect();
        if let Some(port) = settings.mllp_port {
            let eligible = sites.iter_mut().filter(|site| site.keeping == site::Keeping::Dropped);
            for (site, port) in eligible.zip(port..=u16::MAX) {
                site.port = Some(port);
            }
        }
        let population = Population::new(settings.seed, settings.patients, &sites);
        Ok(Self { seed: settings.seed, sites, calendar: Calendar::new(), population })
    }

    /// The hospital that reads images, and to which letters go by default.
    fn hospital(&self) -> usize {
        self.sites.iter().find(|site| site.sort == Sort::Hospital).map_or(0, |site| site.index)
    }

    fn laboratory(&self, of: &Site) -> Option<&Site> {
        self.nearest(of, Sort::Laboratory)
    }

    fn pharmacy(&self, of: &Site) -> Option<&Site> {
        self.nearest(of, Sort::Pharmacy)
    }

    /// The one in the area, else the first.
    fn nearest(&self, of: &Site, sort: Sort) -> Option<&Site> {
        let all = || self.sites.iter().filter(|site| site.sort == sort);
        all().find(|site| site.area.name == of.area.name).or_else(|| all().next())
    }
}

impl RegionSettings {
    /// A small region: eight facilities, two weeks.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            facilities: 8,
            patients: 400,
            from: jiff::civil::date(2026, 11, 2),
            days: 14,
            per_day: None,
            mllp_port: None,
            faults: FaultRates::default(),
        }
    }

    fn check(&self) -> Result<(), RegionError> {
        let refuse = |what: &str| Err(RegionError::Settings(what.to_owned()));
        match self {
            Self { facilities: 0, .. } => refuse("a region has at least one facility"),
            Self { facilities, .. } if *facilities > FACILITIES_MAX => {
                refuse("a region has at most 10000 facilities")
            }
            Self { patients: 0, .. } => refuse("a region has at least one patient"),
            Self { patients, .. } if *patients > 10_000_000 => {
                refuse("a region has at most 10 million patients: their ids have eight digits")
            }
            Self { mllp_port: Some(0..1024), .. } => refuse("name a port from 1024 on"),
            _ => Ok(()),
        }
    }

    fn per_day(&self) -> u64 {
        self.per_day.unwrap_or((self.patients * 6 / 10).max(120))
    }
}

/// The days of a region, one after another.
struct Days {
    world: World,
    practices: Vec<Practice>,
    date: Date,
}

impl Days {
    fn new(settings: &RegionSettings) -> Result<Self, RegionError> {
        let world = World::new(settings)?;
        let weights: u64 = world.sites.iter().map(|site| site.sort.weight()).sum();
        let rate = |site: &Site| {
            settings.per_day() * 1000 * site.sort.weight() / weights.max(1) / site.sort.per_visit()
        };
        let panels = world.population.panels(world.sites.len());
        let practices = world.sites.iter().zip(panels);
        let practices = practices.map(|(site, panel)| Practice::new(site, panel, rate(site))).collect();
        Ok(Self { world, practices, date: settings.from })
    }

    /// What leaves each facility on the next day, in order.
    fn next_day(&mut self) -> Vec<Vec<Outgoing>> {
        let mut posts = Vec::new();
        for practice in &mut self.practices {
            practice.open(&self.world, self.date, &mut posts);
        }
        for post in posts {
            if let Some(practice) = self.practices.get_mut(post.to) {
                practice.take(post.what);
            }
        }
        let leaving = self.practices.iter_mut().map(|practice| practice.leaving(self.date)).collect();
        self.date = self.date.saturating_add(1.day());
        leaving
    }

    fn patients(&self) -> usize {
        let people = self.practices.iter().flat_map(Practice::people);
        people.collect::<std::collections::HashSet<_>>().len()
    }
}

/// Writes a region into an empty folder: `hub.toml`, `feeds/`, `routes.toml`, `tables/`, `registry/`, and below `storages/` what
/// the facilities' systems wrote; `faults.ndjson` where faults were asked for.
///
/// # Errors
/// When the folder is not empty, a setting makes no sense, or something can't be written.
pub fn region(
    root: &std::path::Path,
    settings: &RegionSettings,
    mut progress: impl FnMut(RegionProgress),
) -> Result<RegionSummary, RegionError> {
    let mut days = Days::new(settings)?;
    let failed = || RegionError::write(root.display());
    fs::create_dir_all(root).map_err(failed())?;
    if fs::read_dir(root).map_err(failed())?.next().is_some() {
        return Err(RegionError::NotEmpty(root.to_owned()));
    }
    configuration::write(root, &days.world, settings).map_err(failed())?;
    registry::write(&root.join("registry"), &days.world).map_err(failed())?;
    let mut sinks = Sinks::new(root, &days.world, settings, Put::AtOnce)?;
    for day in 1..=settings.days {
        for (site, leaving) in days.next_day().into_iter().enumerate() {
            for outgoing in sinks.arrange(site, leaving) {
                sinks.write(&days.world, outgoing)?;
            }
        }
        progress(RegionProgress { days: day, messages: sinks.summary.messages });
    }
    sinks.finish()?;
    let (facilities, patients) = (days.world.sites.len(), days.patients());
    Ok(RegionSummary { facilities, patients, ..sinks.summary })
}

#[cfg(test)]
mod tests;
