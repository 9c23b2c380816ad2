//! The configuration folder of a region: what the hub needs to run it at once.

use std::fs;
use std::io;
use std::path::Path;

use super::routes;
use super::site::{Keeping, Site, Sort};
use super::{RegionSettings, SIMULATION, World};

/// The tables that the routes name.
const TABLES: &[(&str, &str)] = &[
    ("areas", include_str!("../../../tables/areas.tsv")),
    ("diseases", include_str!("../../../tables/diseases.tsv")),
    ("drugs", include_str!("../../../tables/drugs.tsv")),
    ("holidays", include_str!("../../../tables/holidays.tsv")),
    ("lab_tests", include_str!("../../../tables/lab_tests.tsv")),
    ("notifiable_diseases", include_str!("../../../tables/notifiable_diseases.tsv")),
    ("sensitive", include_str!("../../../tables/sensitive.tsv")),
    ("surveillance_areas", include_str!("../../../tables/surveillance_areas.tsv")),
];

const HUB: &str = r#"# The hub of a simulated region (架空). Every path is relative to this folder.
version  = 1
network  = "kakuu"
data_dir = "var"              # queues, ledgers, deliveries
timezone = "Asia/Tokyo"       # of the times that messages give without a zone

[broker]
kind  = "embedded"            # durable queues on the local disk; no server to install
lanes = 16                    # parallel strands; patients keep their order in one

[registry]
import = "registry"           # CSV files, taken in at every start; rows already known are passed over

# [console]
# listen = "127.0.0.1:7575"
"#;

/// Writes it all but the registry, with the folders that the feeds name.
pub(super) fn write(root: &Path, world: &World, settings: &RegionSettings) -> io::Result<()> {
    for folder in ["feeds", "tables", "stores/near", "stores/far"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::write(root.join("hub.toml"), HUB)?;
    for (name, text) in TABLES {
        fs::write(root.join("tables").join(format!("{name}.tsv")), text)?;
    }
    fs::write(root.join("tables/reporting_facilities.tsv"), reporting(world))?;
    for site in &world.sites {
        for folder in site.folders() {
            fs::create_dir_all(root.join(site.folder(folder)))?;
        }
        fs::write(root.join("feeds").join(format!("{}.toml", site.feed)), feed(site))?;
    }
    fs::write(root.join("routes.toml"), routes::write(world))?;
    let settings = toml::to_string(settings).map_err(io::Error::other)?;
    let about = "# What this region was simulated from; `musubi simulate live` goes on from it.\n";
    fs::write(root.join(SIMULATION), format!("{about}{settings}"))
}

/// The facilities that report infections, by area.
fn reporting(world: &World) -> String {
    let head =
        "# The facilities of a simulated region (架空).\n#\n# version: simulated\nfacility\tarea\tfrom\n";
    let sites = world.sites.iter().filter(|site| site.sort.weight() > 0);
    let rows = sites.map(|site| format!("{}\t{}\t2024-04-01\n", site.facility.code, site.area.name));
    rows.fold(head.to_owned(), |table, row| table + &row)
}

/// A feed. Times are short because nobody writes slowly here.
fn feed(site: &Site) -> String {
    let folder = |below| site.folder(below).display().to_string();
    let times = "settle          = \"500ms\"\nincomplete_limit = \"3s\"\n";
    let mut text = format!(
        "# {}: simulated.\nversion  = 1\nfacility = \"{}\"\nname     = \"{}\"\nroles    = [\"disclosing\", \"participating\"]\n",
        site.name_en, site.facility.code, site.facility.name
    );
    if site.keeping != Keeping::Dropped {
        text.push_str(&format!(
            "\n[[source]]\nkind            = \"ssmix2\"\nstandard        = \"{}\"\n",
            folder("standard")
        ));
        if site.keeping == Keeping::Announced {
            text.push_str(&format!(
                "transaction     = \"{}\"\nextension       = \"{}\"\n",
                folder("transaction"),
                folder("extension")
            ));
        }
        text.push_str(times);
    }
    text.push_str(&format!(
        "\n[[source]]\nkind            = \"hl7-files\"\npath            = \"{}\"\nafter           = \"keep\"\n{times}",
        folder("hl7")
    ));
    if site.sort == Sort::Laboratory {
        text.push_str(&format!(
            "\n[[source]]\nkind            = \"checkup\"\npath            = \"{}\"\nafter           = \"keep\"\n{times}",
            folder("checkup")
        ));
    }
    if let Some(port) = site.port {
        text.push_str(&format!(
            "\n[[source]]\nkind            = \"mllp\"\nlisten          = \"127.0.0.1:{port}\"\n"
        ));
    }
    if site.keeping == Keeping::Announced {
        text.push_str("\n[documents]\n\"L-OBSERVATIONS\" = \"85353-1\"\n");
    }
    text
}
