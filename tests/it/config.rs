//! The configuration and the routes that it makes: from the text of a condition to who gets an event.

mod conditions;
mod constants;
mod disclosures;
mod explanations;
mod leaks;
mod probe;
mod region;
mod samples;
mod transforms;

use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;
use musubi::canonical::CanonicalEvent;
use musubi::config::{Config, Files};
use musubi::registry::Registry;
use musubi::route::{Asking, Disclose, Recipient, Routes, Source};

const SOURCE: Source<'static> = Source { feed: "izumo", facility: "3210100018" };

/// A registry that knows nobody.
static EMPTY: LazyLock<Registry> = LazyLock::new(Registry::default);

const STAND_IN: &str = "0123456789abcdef0123456789abcdef";

/// What disclosures know beside the event. All values have the same stand-in.
const CONTEXT: Disclose<'static> =
    Disclose { on: Some(jiff::civil::date(2026, 11, 22)), stand_in: &|_, _| STAND_IN.to_owned() };

/// A question about a message of that source.
fn asking(source: Source<'static>) -> Asking<'static> {
    Asking { source, registry: &EMPTY, at: Timestamp::UNIX_EPOCH }
}

/// The copies of an event.
fn recipients<'r>(routes: &'r Routes, event: &CanonicalEvent<'_>) -> Vec<Recipient<'r>> {
    routes.decide(event, &asking(SOURCE)).recipients
}

/// A configuration with this text after a subscriber `s`, with tables of tests, areas and diseases.
fn files(text: &str) -> Files {
    [
        ("hub.toml", "version = 1\nnetwork = \"n\"\ntimezone = \"Asia/Tokyo\"".to_owned()),
        (
            "feeds/izumo.toml",
            "version = 1\nfacility = \"3210100018\"\nname = \"n\"\nroles = [\"disclosing\"]\n\
             [[source]]\nkind = \"hl7-files\"\npath = \"in\""
                .to_owned(),
        ),
        (
            "tables/tests.tsv",
            "analyte\tident\tmaterial\tcount_as\n5F399\t1410\t063|085\tconfirm\n5F400\t1410\t*\tconfirm\n\
             5F400\t1430\t023\tsupport\n5F500\t\t*\tconfirm\n"
                .to_owned(),
        ),
        (
            "tables/areas.tsv",
            "# version: 2026-04-01\nprefecture\tcounty\tmunicipality\tarea\n島根県\t\t松江市\t松江\n島根県\t隠岐郡\t海士町\t隠岐\n"
                .to_owned(),
        ),
        ("tables/diseases.tsv", "disease\ticd10\nplague\tA20*\nebola\tA984*\nany\tB05|B06\n".to_owned()),
        (
            "routes.toml",
            format!("version = 1\n[[subscriber]]\nname = \"s\"\ndeliver = {{ kind = \"queue\" }}\n{text}"),
        ),
    ]
    .into_iter()
    .collect()
}

/// The routes of this text after a subscriber `s`.
fn routes(text: &str) -> Routes {
    let (config, faults) = Config::check(&files(text), Path::new("/"));
    let shown: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
    (*config.unwrap_or_else(|| panic!("{shown}")).routes).clone()
}

/// One route to `s` for that kind with these further keys.
fn route(kind: &str, keys: &str) -> Routes {
    routes(&format!(
        "[[route]]\nname = \"r\"\ntopic = \"t\"\nto = [\"s\"]\nkinds = [\"{kind}\"]\nbasis = \"addressed\"\n{keys}\n"
    ))
}

/// Whether the only route takes the event.
fn takes(routes: &Routes, event: &CanonicalEvent<'_>) -> bool {
    !recipients(routes, event).is_empty()
}
