//! The registry of a region: its facilities, members, links, consents and contracts, as the CSV files that the hub imports.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::World;
use super::population::network_id;
use super::site::{Site, Sort};
use crate::simulate::patient_id;

/// Who entered the rows, and why.
const BY: &str = "network office,simulated (架空)";
/// When everything began.
const FROM: &str = "2024-04-01";
/// Facilities of the demo that have no feed: readers, pharmacies, home care. Routes name them.
const SERVICES: &str = include_str!("../../../registry/facilities.csv");

/// Writes the tables below `folder`.
pub(super) fn write(folder: &Path, world: &World) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    table(folder, "facilities", "code,name,name_en,area,roles,from,until,who,why", |file| {
        for site in &world.sites {
            let Site { facility, name_en, area, .. } = site;
            let (code, name, area) = (&facility.code, &facility.name, area.name);
            writeln!(file, "{code},{name},{name_en},{area},disclosing;participating,{FROM},,{BY}")?;
        }
        services().try_for_each(|row| writeln!(file, "{row}"))
    })?;
    table(folder, "contracts", "kind,facility,with,rank,from,until,who,why", |file| {
        let reader = world.sites.get(world.hospital()).map_or("", |site| site.facility.code.as_str());
        for site in &world.sites {
            let code = &site.facility.code;
            writeln!(file, "participation,{code},,,{FROM},,{BY}\nentrusted,{code},,,{FROM},,{BY}")?;
            if matches!(site.sort, Sort::Hospital | Sort::Clinic) && code != reader {
                writeln!(file, "reading,{code},{reader},1,{FROM},,{BY}")?;
            }
        }
        Ok(())
    })?;
    people(folder, world)
}

/// The rows of facilities that have no feed in the demo either.
fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.lines().skip(1).filter(|row| row.contains(",participating,"))
}

/// Members, where they showed their card, and what they let others see: one row after another, however many there are.
fn people(folder: &Path, world: &World) -> io::Result<()> {
    let mut members = begin(folder, "members", "network_id,from,until,who,why")?;
    let mut links = begin(folder, "links", "facility,local_id,network_id,from,until,who,why")?;
    let mut consents = begin(folder, "consents", "network_id,facility,purposes,from,until,who,why")?;
    let mut care = begin(folder, "care_team", "network_id,facility,profession,from,until,who,why")?;
    for person in 0..world.population.people {
        let (is_member, shows) = world.population.membership(person);
        if !is_member {
            continue;
        }
        let id = network_id(person);
        writeln!(members, "{id},{FROM},,{BY}")?;
        let places = world.population.places(person);
        let home = world.sites.get(places.home);
        let others = home.map(|home| [world.pharmacy(home), world.laboratory(home)]);
        let own = places.iter().filter_map(|place| world.sites.get(place));
        let linked: Vec<&Site> = own.chain(others.into_iter().flatten().flatten()).collect();
        for site in &linked {
            let code = &site.facility.code;
            writeln!(links, "{code},{},{id},{FROM},,{BY}", patient_id(code, person))?;
            let purpose = if site.sort == Sort::Pharmacy { "pharmacy" } else { "shared-record" };
            if shows {
                writeln!(consents, "{id},{code},{purpose},{FROM},,{BY}")?;
            }
        }
        if person % 20 == 0 {
            writeln!(consents, "{id},3270100012,home-care,{FROM},,{BY}")?;
            writeln!(care, "{id},3270100012,care-manager,{FROM},,{BY}")?;
        }
        if person % 25 == 0 {
            writeln!(consents, "{id},3270200019,phr,{FROM},,{BY}")?;
        }
    }
    [members, links, consents, care].iter_mut().try_for_each(Write::flush)
}

fn begin(folder: &Path, name: &str, header: &str) -> io::Result<BufWriter<fs::File>> {
    let mut file = BufWriter::new(fs::File::create(folder.join(format!("{name}.csv")))?);
    writeln!(file, "{header}")?;
    Ok(file)
}

fn table(
    folder: &Path,
    name: &str,
    header: &str,
    rows: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = begin(folder, name, header)?;
    rows(&mut file)?;
    file.flush()
}
