//! Nothing leaves without a basis: what consent lets out, what is written down of it, and that no delivery ever goes
//! beyond it. The people are invented (架空).

mod addressed;
mod property;
mod sensitive;
mod trace;

use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use musubi::broker::Publication;
use musubi::config::{Config, Files};
use musubi::envelope::{Change, Envelope, Format, Identifying, Lane, Origin};
use musubi::pipeline::{Original, Processed, Pseudonyms, Routing, process};
use musubi::registry::{Entry, Fact, Link, Member, Period, Purpose, View, ViewConsent};

/// Izumo, which sends.
const SOURCE: &str = "3210100018";
/// Kita, which sees.
const VIEWER: &str = "3210200024";
const PATIENT: &str = "00000042";
const NETWORK_ID: &str = "900000000042";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entry(fact: Fact) -> Entry {
    Entry { recorded_at: instant("2026-01-01T00:00:00Z"), who: "desk".into(), why: "card".into(), fact }
}

fn since(from: &str) -> Period {
    Period::since(instant(from))
}

/// The routes of this text, with the hub's own tables.
fn config(routes: &str) -> Config {
    let feed = |code: &str| {
        format!(
            "version = 1\nfacility = \"{code}\"\nname = \"架空病院\"\nroles = [\"disclosing\"]\n\
             [[source]]\nkind = \"hl7-files\"\npath = \"in/{code}\""
        )
    };
    let files: Files = [
        ("hub.toml", "version = 1\nnetwork = \"n\"\ntimezone = \"Asia/Tokyo\"".to_owned()),
        ("feeds/izumo.toml", feed(SOURCE)),
        ("routes.toml", format!("version = 1\n{routes}")),
    ]
    .into_iter()
    .collect();
    let (config, faults) = Config::check(&files, Path::new("/"));
    let shown: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
    config.unwrap_or_else(|| panic!("{shown}"))
}

fn routing(config: &Config, registry: View) -> Routing {
    Routing {
        routes: config.routes.clone(),
        registry,
        zone: TimeZone::UTC,
        authority: None,
        pseudonyms: Pseudonyms::new([7; 32]),
        archive: false,
    }
}

/// A registry in which the patient consented to Kita's view.
fn consenting() -> View {
    let view = View::default();
    let (network_id, period) = (Identifying(NETWORK_ID.into()), since("2026-01-01T00:00:00Z"));
    view.apply(entry(Fact::Member(Member { network_id: network_id.clone(), period })));
    view.apply(entry(Fact::Link(Link {
        facility: SOURCE.into(),
        local_id: Identifying(PATIENT.into()),
        network_id: network_id.clone(),
        period,
    })));
    view.apply(entry(Fact::ViewConsent(ViewConsent {
        network_id,
        facility: VIEWER.into(),
        purpose: Purpose::SharedRecord,
        period,
    })));
    view
}

/// An accepted message.
fn accepted(facility: &str, patient: &str, id: &str, body: &str) -> Envelope {
    Envelope {
        id: id.to_owned(),
        facility: facility.to_owned(),
        patient: Identifying(patient.to_owned()),
        data_type: None,
        change: Change::Created,
        key: Identifying(id.to_owned()),
        version: "1".to_owned(),
        origin: Origin {
            feed: "izumo".to_owned(),
            file: Identifying(format!("{id}.hl7")),
            offset: 0,
            hash: blake3::hash(body.as_bytes()).to_hex().to_string(),
        },
        stored: None,
        accepted_at: "2026-11-22T12:00:00Z".to_owned(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    }
}

/// A message about a patient, from its type and further segments.
fn hl7(message_type: &str, patient: &str, segments: &[&str]) -> String {
    let mut text = format!(
        "MSH|^~\\&|H|K|G|R|20261118101601||{message_type}|1|P|2.5||||||UNICODE UTF-8\r\
         PID|1||{patient}^^^^PI||架空^太郎^^^^^L^I||19700101|M\r"
    );
    segments.iter().for_each(|segment| text.push_str(&format!("{segment}\r")));
    text
}

fn processed(routing: &Routing, facility: &str, patient: &str, body: &str) -> Processed {
    let envelope = accepted(facility, patient, "1", body);
    let original = Original::from(Bytes::from(body.to_owned()));
    process(&envelope, &original, Lane(0), routing, instant("2026-11-22T12:00:00Z"))
}

/// The copies that go to subscribers.
fn copies(processed: Processed) -> Vec<Publication> {
    processed.follow.into_iter().filter(|copy| copy.envelope.event.is_some()).collect()
}
