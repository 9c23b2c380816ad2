//! The routes of a region: those of the demo network, with the region's facilities in the place of the demo's.
//!
//! What the services send to whom, on what basis and how much of it is said once, in the project's `routes.toml`; here only
//! names are replaced. A subscriber of the demo stands for all that do the same: `chuo-record` for the shared records of all
//! hospitals and clinics. Route tests name files of the demo and are left out.

use std::collections::HashSet;

use super::World;
use super::site::{Site, Sort};

const DEMO: &str = include_str!("../../../routes.toml");

/// Which facilities have a subscriber of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    HospitalsAndClinics,
    Hospitals,
    /// The one that reads images.
    Reader,
    Laboratories,
    /// Clinics whose blood is tested elsewhere.
    WithoutLaboratory,
    Pharmacies,
}

/// Subscribers of the demo by their names' ends, what those of a region are called, and who has one.
const SERVICES: &[(&str, &str, Who)] = &[
    ("-record", "record", Who::HospitalsAndClinics),
    ("-referral", "referral", Who::HospitalsAndClinics),
    ("-reports", "reports", Who::HospitalsAndClinics),
    ("-booking", "booking", Who::HospitalsAndClinics),
    ("kita-reading", "reading", Who::Reader),
    ("-calendar", "calendar", Who::Hospitals),
    ("-infection", "infection", Who::Hospitals),
    ("hamada-lab", "laboratory", Who::Laboratories),
    ("oki-lab", "results", Who::WithoutLaboratory),
    ("nami-pharmacy", "pharmacy", Who::Pharmacies),
];

/// Names that end as those of [`SERVICES`], but stand for themselves: an own service, not a facility's.
const OWN: &[&str] = &["health-record"];
/// Stays where a region has no pharmacy: the demo's has no feed either, and is in every region's registry.
const PHARMACY: &str = "nami-pharmacy";

impl Who {
    fn has(self, world: &World, site: &Site) -> bool {
        match self {
            Self::HospitalsAndClinics => matches!(site.sort, Sort::Hospital | Sort::Clinic),
            Self::Hospitals => site.sort == Sort::Hospital,
            Self::Reader => site.index == world.hospital(),
            Self::Laboratories => site.sort == Sort::Laboratory,
            Self::WithoutLaboratory => site.has_no_laboratory(),
            Self::Pharmacies => site.sort == Sort::Pharmacy,
        }
    }
}

/// The text of `routes.toml`.
pub(super) fn write(world: &World) -> String {
    let mut text = String::new();
    let mut written = HashSet::new();
    for part in parts(DEMO) {
        let first = part.lines().next().unwrap_or_default();
        match first {
            "[[subscriber]]" => text.push_str(&subscriber(world, part, &mut written)),
            "[[route]]" => text.push_str(&route(world, part)),
            "[[route.test]]" => text.push_str(comments_after(part)),
            _ => text.push_str(part),
        }
    }
    text
}

/// The file cut before every line that begins with `[[`.
fn parts(text: &str) -> Vec<&str> {
    let mut cuts: Vec<usize> = text.match_indices("\n[[").map(|(at, _)| at + 1).collect();
    cuts.insert(0, 0);
    cuts.push(text.len());
    cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1])).collect()
}

/// What follows the first empty line: the comments before the next part.
fn comments_after(part: &str) -> &str {
    part.split_once("\n\n").map_or("", |(_, comments)| comments)
}

/// The subscribers of a region that do what one of the demo does: itself, where it is nobody's of [`SERVICES`]; nothing,
/// where another stood for them already.
fn subscriber(world: &World, part: &str, written: &mut HashSet<&'static str>) -> String {
    let quoted = part.lines().find_map(|line| line.strip_prefix("name = \"")?.split('"').next());
    let Some((ending, word, who)) = quoted.and_then(|name| service(world, name)) else {
        return part.to_owned();
    };
    let comments = comments_after(part);
    if !written.insert(ending) {
        return comments.to_owned();
    }
    let sites = world.sites.iter().filter(|site| who.has(world, site));
    let all = sites.map(|Site { feed, facility, .. }| {
        let code = &facility.code;
        format!(
            "[[subscriber]]\nname = \"{feed}-{word}\"\nfacility = \"{code}\"\ndeliver = {{ kind = \"folder\" }}\n\n"
        )
    });
    all.chain([comments.to_owned()]).collect()
}

/// Who does what a subscriber of the demo does, if not that one itself.
fn service(world: &World, name: &str) -> Option<(&'static str, &'static str, Who)> {
    if name == PHARMACY && !world.sites.iter().any(|site| site.sort == Sort::Pharmacy) {
        return None;
    }
    let fits = |(ending, ..): &&(&str, &str, Who)| name.ends_with(ending) && !OWN.contains(&name);
    SERVICES.iter().find(fits).copied()
}

/// A route with the region's names; nothing where nobody is left.
fn route(world: &World, part: &str) -> String {
    let mut text = String::new();
    for line in part.split_inclusive('\n') {
        let key = line.split('=').next().unwrap_or_default().trim();
        let replaced = match key {
            "to" => names(line, |name| match service(world, name) {
                Some((_, word, who)) => {
                    let sites = world.sites.iter().filter(|site| who.has(world, site));
                    sites.map(|site| format!("{}-{word}", site.feed)).collect()
                }
                None => vec![name.to_owned()],
            }),
            "facilities" => names(line, |_| {
                let sites = world.sites.iter().filter(|site| site.sort == Sort::Laboratory);
                sites.map(|site| site.feed.clone()).collect()
            }),
            _ => {
                text.push_str(line);
                continue;
            }
        };
        if replaced.is_empty() {
            return comments_after(part).to_owned();
        }
        text.push_str(&format!("{key} = [\"{}\"]\n", replaced.join("\", \"")));
    }
    text
}

/// The names of a line's list, each replaced once.
fn names(line: &str, replace: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let quoted = line.split('"').skip(1).step_by(2);
    let mut seen = HashSet::new();
    quoted.flat_map(replace).filter(|name| seen.insert(name.clone())).collect()
}
