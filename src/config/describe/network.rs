//! `routes.toml` without its conditions. A catalogue.

use super::condition::CONDITIONS;
use super::feed::time;
use super::key::{Key, Shape, Table, key, kind, list, version};
use crate::canonical::Kind;
use crate::config::routes::{ANY, CHANGES, SENDS};
use crate::config::rule;
use crate::config::subscriber::{CONNECTIONS, TIMEOUT};
use crate::deliver::GIVE_UP_AFTER;
use crate::registry::Purpose;
use crate::route::{Address, Basis};

const DELIVERIES: &[&str] =
    &["deliver-queue", "deliver-folder", "deliver-http", "deliver-mllp", "deliver-ssmix2"];

pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![
        Table::new("routes", "routes.toml", "Who gets what, on what ground, and how.", file()),
        Table::new("subscriber", "[[subscriber]]", "Who gets events.", subscriber()),
    ];
    tables.extend(deliveries());
    tables.extend([
        Table::new("disclosure", "[[disclosure]]", "The fields that may leave. Only what is listed leaves the hub.", disclosure()),
        Table::new("route", "[[route]]", "Which events go to whom. Routes are asked from top to bottom; a subscriber gets at most one copy of an event, by the first route that takes it.", route()),
        Table::new("test", "[[route.test]]", "A message, and what the route must make of it.", test()),
        Table::new("test-registry", "registry = { … }", "The registry that a test is asked with, in place of that of the hub.", vec![
            key("only", Shape::Path, "\"fixtures/routes/registry/over\"", "a CSV file or a folder of them, entered instead of those of [registry] import").required(),
        ]),
        Table::new("expect", "expect = { … }", "What must come of a test's message. What is not given may be anything.", expect()),
    ]);
    tables
}

fn file() -> Vec<Key> {
    vec![
        version(),
        key(
            "subscriber",
            Shape::AnyList(Box::new(Shape::Table(&["subscriber"]))),
            "[{ name = \"archive\", deliver = { kind = \"folder\" } }]",
            "who gets events, and how",
        ),
        key(
            "disclosure",
            Shape::AnyList(Box::new(Shape::Table(&["disclosure"]))),
            "[{ name = \"who\", fields = [\"patient\"] }]",
            "the fields that may leave, and what becomes of some of them",
        ),
        key(
            "route",
            Shape::AnyList(Box::new(Shape::Table(&["route"]))),
            "[{ name = \"all\", topic = \"archive.all\", to = [\"archive\"], kinds = [\"any\"], basis = \"entrusted\" }]",
            "which events go to whom, on what ground",
        ),
    ]
}

fn subscriber() -> Vec<Key> {
    vec![
        key("name", Shape::Name, "\"chuo-record\"", "becomes part of its queue's name").required(),
        key(
            "facility",
            Shape::Facility,
            "\"3210100018\"",
            "whose subscriber it is: that facility's consents, contracts, care teams and addresses count",
        ),
        key("deliver", Shape::Table(DELIVERIES), "{ kind = \"folder\" }", "how it gets its copies")
            .required(),
    ]
}

fn deliveries() -> [Table; 5] {
    let folder = |default: bool| {
        let key = key(
            "path",
            Shape::Path,
            "\"/srv/deliveries/archive\"",
            "the folder; copies of storages need one that no feed reads, which is never made",
        );
        if default { key.default("<data_dir>/deliveries/<name>") } else { key.required() }
    };
    [
        Table::new(
            "deliver-queue",
            "deliver = { kind = \"queue\" }",
            "It reads its own queue.",
            vec![kind("queue", "\"queue\"", "it reads its own queue")],
        ),
        Table::new(
            "deliver-folder",
            "deliver = { kind = \"folder\" }",
            "One file a day.",
            vec![kind("folder", "\"folder\"", "one file a day"), folder(true)],
        ),
        Table::new("deliver-http", "deliver = { kind = \"http\" }", "A webhook.", http()),
        Table::new(
            "deliver-mllp",
            "deliver = { kind = \"mllp\" }",
            "An HL7 receiver: only by routes with send = \"original\".",
            mllp(),
        ),
        Table::new(
            "deliver-ssmix2",
            "deliver = { kind = \"ssmix2\" }",
            "A copy of storages: only by routes with send = \"original\".",
            vec![kind("ssmix2", "\"ssmix2\"", "a copy of storages"), folder(false), give_up("\"never\"")],
        ),
    ]
}

fn http() -> Vec<Key> {
    vec![
        kind("http", "\"http\"", "a webhook"),
        key(
            "url",
            Shape::Text,
            "\"https://surveillance.example.jp/events\"",
            "https://…; http://… is a warning, except to this machine. No name or password in it",
        )
        .required(),
        key("ca_file", Shape::Path, "\"ca.pem\"", "PEM file of the only authorities that are trusted")
            .default("the system's authorities"),
        key(
            "token_file",
            Shape::Path,
            "\"surveillance.token\"",
            "its first line is sent as Authorization: Bearer …; read at every attempt",
        ),
        timeout(),
        give_up(&time(GIVE_UP_AFTER)),
    ]
}

fn mllp() -> Vec<Key> {
    vec![
        kind("mllp", "\"mllp\"", "an HL7 receiver"),
        key(
            "connect",
            Shape::Text,
            "\"receiver.example.jp:2575\"",
            "host:port. There is no TLS: use a tunnel or a closed network",
        )
        .required(),
        key("connections", Shape::Number(1, 64), "1", "at the same time, at most").default(CONNECTIONS),
        timeout(),
        give_up(&time(GIVE_UP_AFTER)),
    ]
}

fn timeout() -> Key {
    key(
        "timeout",
        Shape::Duration,
        "\"30s\"",
        "of one attempt, from the connection to the answer; 100 ms to 5 minutes",
    )
    .default(time(TIMEOUT))
}

fn give_up(default: &str) -> Key {
    key(
        "give_up_after",
        Shape::DurationOrNever,
        "\"7d\"",
        "how long a copy stays parked; a minute to 365 days, or never",
    )
    .default(default)
}

fn disclosure() -> Vec<Key> {
    let rules = Shape::Word(rule::WORDS.iter().map(|(word, _)| *word).collect());
    vec![
        key("name", Shape::Name, "\"case-evidence\"", "what routes call it").required(),
        key(
            "fields",
            list(Shape::Field),
            "[\"patient.birth_date\", \"results\"]",
            "the fields that may leave; a path to an object or list stands for all below it",
        )
        .required(),
        key(
            "only",
            Shape::Map(Box::new(Shape::Table(CONDITIONS))),
            "{ results = { field = \"status\", is = \"final\" } }",
            "by list: of that list only the elements that fulfil the condition leave; the list must be among fields",
        ),
        key(
            "generalise",
            Shape::Map(Box::new(rules)),
            "{ \"patient.birth_date\" = \"age-band\" }",
            "by field: it leaves less exact than it is",
        ),
        key("pseudonym", list(Shape::Field), "[\"patient.id\"]", "texts that leave as stand-ins"),
        key(
            "redact",
            list(Shape::Field),
            "[\"results.notes\"]",
            "texts that leave as ***: that there is one stays visible",
        ),
    ]
}

fn route() -> Vec<Key> {
    let kinds = Kind::ALL.into_iter().map(Kind::as_str).chain([ANY]).collect();
    let changes = CHANGES.iter().map(|(word, _)| *word).collect();
    let sends = SENDS.iter().map(|(word, _)| *word).collect();
    vec![
        key("name", Shape::Name, "\"infection-evidence\"", "what tests and traces call it").required(),
        key("topic", Shape::Topic, "\"surveillance.evidence\"", "written on the copies: names with dots between them").required(),
        key("to", list(Shape::Name), "[\"surveillance\"]", "names of subscribers").required(),
        key("kinds", list(Shape::Word(kinds)), "[\"lab-result\"]", "kinds of events; any alone stands for all there are").required(),
        key("change", list(Shape::Word(changes)), "[\"created\", \"updated\"]", "what happened to the record; superseded: versions that were history when they were found").default("[\"created\", \"updated\", \"deleted\"]"),
        key("facilities", list(Shape::Text), "[\"izumo-chuo\"]", "names or facility codes of feeds").default("all"),
        key("where", Shape::Table(CONDITIONS), "{ field = \"patient.sex\", is = \"female\" }", "what the event must fulfil: a condition"),
        key("disclose", Shape::Name, "\"case-evidence\"", "the disclosure that says what leaves").default("the whole event"),
        key("basis", Shape::Word(Basis::ALL.into_iter().map(Basis::as_str).collect()), "\"participation-agreement\"", "on what ground it leaves; the registry is asked, and the word stands on the copy").required(),
        key("purpose", Shape::Word(Purpose::ALL.into_iter().map(Purpose::as_str).collect()), "\"phr\"", "what consent is asked for; with basis view-consent only").default("\"shared-record\""),
        key("address", Shape::Word(Address::ALL.into_iter().map(Address::as_str).collect()), "\"referred-to\"", "which of the subscribers get it: those whose facility the event is for").default("all of them"),
        key("otherwise", Shape::Name, "\"tasks\"", "the subscriber that gets what has not exactly one addressee; with an address that means exactly one"),
        key("send", Shape::Word(sends), "\"original\"", "in what form: original: the source's bytes untouched. fhir: a FHIR Bundle, of kinds that have one. icalendar: an invitation, of appointments. original and fhir not together with disclose").default("\"canonical\""),
        key("meeting_hosts", list(Shape::Text), "[\"meet.example.jp\", \"*.example.jp\"]", "hosts whose links an invitation may hold; must be given with send = \"icalendar\""),
        key("receipt", Shape::Topic, "\"referral.receipt\"", "topic of the receipts that tell what became of each copy"),
        key("receipt_to", Shape::Name, "\"referral-desk\"", "the subscriber that gets them; must be given with receipt"),
        key("invalid", Shape::Flag, "true", "whether messages that make no sense are taken too, whatever their kind, as they are; with send = \"original\", without where and disclose").default("false"),
        key("test", Shape::AnyList(Box::new(Shape::Table(&["test"]))), "[{ name = \"n\", input = \"m.hl7\", expect = { to = [] } }]", "examples that the route must fulfil: musubi test"),
    ]
}

fn test() -> Vec<Key> {
    let changes = CHANGES.iter().map(|(word, _)| *word).collect();
    vec![
        key("name", Shape::Text, "\"判定保留 is not positive\"", "what it shows").required(),
        key("input", Shape::Path, "\"fixtures/cases/oul_r22_flu_held\"", "a file with one message; a folder with it as input, and maybe source.toml; a content folder of an extension storage, or a folder that holds nothing but one").required(),
        key("feed", Shape::Name, "\"izumo-chuo\"", "whose message it is").default("that of source.toml, else the first"),
        key("data_type", Shape::Text, "\"OML-11\"", "SS-MIX2 data type").default("that of source.toml, else of the file's name"),
        key("change", Shape::Word(changes), "\"deleted\"", "what happened at the source").default("that of the file's condition flag, else \"created\""),
        key("at", Shape::Text, "\"2026-12-01\"", "when it is decided: an instant, or a day in the hub's zone, at its beginning").default("2026-11-22 09:00 in Japan"),
        key("registry", Shape::Either(Box::new(Shape::Path), Box::new(Shape::Table(&["test-registry"]))), "\"fixtures/routes/registry/everybody\"", "a CSV file or a folder of them, entered after those of [registry] import"),
        key("expect", Shape::Table(&["expect"]), "{ to = [\"surveillance\"] }", "what must come out; absent or {}: nothing is expected yet, musubi test --bless writes it"),
    ]
}

fn expect() -> Vec<Key> {
    let names = || Shape::AnyList(Box::new(Shape::Name));
    let fields = || Shape::AnyList(Box::new(Shape::Field));
    vec![
        key(
            "to",
            names(),
            "[\"surveillance\"]",
            "the subscribers of this route that get it by this route; []: the route does not take it. Must be given where anything is expected",
        ),
        key("not_to", names(), "[\"tasks\"]", "subscribers that get it by no route at all"),
        key("topic", Shape::Topic, "\"surveillance.evidence\"", "topic of the copies"),
        key(
            "disclosed",
            fields(),
            "[\"patient.birth_date\"]",
            "paths of exactly the values that leave, through lists, but for change and at",
        ),
        key(
            "why",
            Shape::Either(Box::new(Shape::Text), Box::new(Shape::Map(Box::new(Shape::Text)))),
            "\"view-consent: not linked at the source\"",
            "what decided: the text of a clause or denial, its place, or both (place: text); or a table with one for each of some subscribers",
        ),
        key(
            "fields",
            Shape::Map(Box::new(Shape::Scalar)),
            "{ \"results.0.status\" = \"final\" }",
            "values that leave, by their path; an element of a list by its number, from 0",
        ),
        key("body", Shape::Path, "\"fixtures/routes/body.json\"", "a file with all that leaves"),
        key("ack", Shape::Text, "\"AA\"", "what a sender is answered over MLLP: AA, CA AA, AR 100, none"),
        key("fault", Shape::Text, "\"no-patient-id\"", "code of the fault of a message that makes no sense"),
        key("withheld", fields(), "[\"patient.names\"]", "at and below these nothing leaves"),
        key(
            "without",
            list(Shape::Text),
            "[\"5F400\"]",
            "they stand nowhere in the copies: codes of another test in the same message",
        ),
        key(
            "findings",
            Shape::AnyList(Box::new(Shape::Text)),
            "[\"trigger-mismatch\"]",
            "codes of exactly the findings of the message",
        ),
    ]
}
