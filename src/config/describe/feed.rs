//! `feeds/<feed>.toml`. A catalogue.

use std::time::Duration;

use super::key::{Key, Shape, Table, key, kind, list, version};
use crate::ingest::settings::{CONNECTIONS_MAX, IDLE_TIMEOUT, INCOMPLETE_LIMIT, POLL, REFUSE_AFTER, SETTLE};

const SOURCES: &[&str] = &["source-ssmix2", "source-hl7-files", "source-checkup", "source-mllp"];

pub(super) fn tables() -> Vec<Table> {
    vec![
        Table::new(
            "feed",
            "feeds/<feed>.toml",
            "One facility and what it sends; the file's name is the feed's name.",
            feed(),
        ),
        Table::new(
            "source-ssmix2",
            "[[source]] kind = \"ssmix2\"",
            "An SS-MIX2 storage. Only ever read.",
            ssmix2(),
        ),
        Table::new(
            "source-hl7-files",
            "[[source]] kind = \"hl7-files\"",
            "A folder into which HL7 v2 files are dropped.",
            drop_folder(
                kind("hl7-files", "\"hl7-files\"", "a folder of HL7 v2 files"),
                "a folder; its subfolders are read too. Names that begin with . are passed over",
            ),
        ),
        Table::new(
            "source-checkup",
            "[[source]] kind = \"checkup\"",
            "A folder into which archives of health check-ups are dropped.",
            drop_folder(
                kind("checkup", "\"checkup\"", "a folder of archives of health check-ups"),
                "a folder of ZIP archives; its subfolders are read too. Names that begin with . are passed over",
            ),
        ),
        Table::new(
            "source-mllp",
            "[[source]] kind = \"mllp\"",
            "An address to which a system connects to send HL7 v2 messages.",
            mllp(),
        ),
    ]
}

fn feed() -> Vec<Key> {
    let roles = Shape::Word(vec!["disclosing", "participating"]);
    vec![
        version(),
        key("facility", Shape::Facility, "\"3210100018\"", "10-digit 医療機関コード: prefecture 01 to 47, then 1, 3, 4, 6 or 7, then 7 digits; one feed per facility. Stamped on every message, whatever MSH-4 says").required(),
        key("name", Shape::Text, "\"出雲中央病院 (架空)\"", "for people").required(),
        key("roles", list(roles), "[\"disclosing\"]", "what the facility does in the network; no effect yet").required(),
        key("source", list(Shape::Table(SOURCES)), "[{ kind = \"hl7-files\", path = \"drop\" }]", "where its files or messages come from. The ledger knows a source by its kind and its place among those of that kind: add sources at the end").required(),
        key("documents", Shape::Map(Box::new(Shape::Text)), "{ \"L-OBSERVATIONS\" = \"85353-1\" }", "standard codes by the facility's own: what documents of its extension storage are, where the folder names no standard code"),
    ]
}

fn ssmix2() -> Vec<Key> {
    let mut keys = vec![
        kind("ssmix2", "\"ssmix2\"", "an SS-MIX2 storage"),
        key(
            "standard",
            Shape::Path,
            "\"/mnt/izumo/standard\"",
            "root of the standardised storage; only ever read",
        )
        .required(),
        key(
            "transaction",
            Shape::Path,
            "\"/mnt/izumo/transaction\"",
            "root of the transaction storage; read first",
        ),
        key("extension", Shape::Path, "\"/mnt/izumo/extension\"", "root of the extension storage; read last"),
        key(
            "extension_transaction",
            Shape::Path,
            "\"/mnt/izumo/extension-transaction\"",
            "root of the transaction storage that belongs to it; not without extension",
        ),
        key(
            "index",
            Shape::Path,
            "\"/mnt/izumo/SSMIXIDX.csv\"",
            "the index database's table SSMIXIDX as CSV: its rows say what to look at",
        ),
    ];
    keys.extend(times());
    keys
}

fn drop_folder(kind: Key, path: &'static str) -> Vec<Key> {
    let after = Shape::Word(vec!["keep", "move", "delete"]);
    let mut keys = vec![
        kind,
        key("path", Shape::Path, "\"drop/izumo-chuo\"", path).required(),
        key("after", after, "\"move\"", "what becomes of a file that was taken: keep: it stays, the ledger knows it. move: to .done/ in the same folder. delete. An incomplete or unreadable file stays where it is").default("\"keep\""),
    ];
    keys.extend(times());
    keys
}

fn times() -> [Key; 3] {
    [
        key("settle", Shape::Duration, "\"500ms\"", "0 to 1 h: a file is read after it has stood still so long").default(time(SETTLE)),
        key("incomplete_limit", Shape::Duration, "\"1m\"", "settle to 1 h: a file that looks half-written is waited for so long after its last change, then it becomes invalid").default(time(INCOMPLETE_LIMIT)),
        key("poll", Shape::Duration, "\"5s\"", "10 ms to 1 h: pause between two passes; the shortest of a feed's sources holds for all. After a pass that lasted longer the pause is as long as the pass").default(time(POLL)),
    ]
}

fn mllp() -> Vec<Key> {
    vec![
        kind("mllp", "\"mllp\"", "an address for connections"),
        key("listen", Shape::Address, "\"0.0.0.0:2575\"", "address and port; the port of one source only, over all feeds").required(),
        key("connections_max", Shape::Number(1, 10_000), "8", "at the same time; further ones are closed at once").default(CONNECTIONS_MAX),
        key("idle_timeout", Shape::Duration, "\"10m\"", "1 s to 24 h: a connection that is silent for so long is closed").default(time(IDLE_TIMEOUT)),
        key("refuse_after", Shape::Duration, "\"10s\"", "1 s to 1 h: how long a sender waits while its message can't be stored, before that is answered with an error. Shorter than the sender's own time limit is best").default(time(REFUSE_AFTER)),
    ]
}

/// As it is written in the file.
pub(super) fn time(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds > 0 && seconds.is_multiple_of(24 * 3600) => {
            format!("\"{}d\"", seconds / 24 / 3600)
        }
        seconds if seconds > 0 && seconds.is_multiple_of(3600) => format!("\"{}h\"", seconds / 3600),
        seconds => format!("\"{seconds}s\""),
    }
}
