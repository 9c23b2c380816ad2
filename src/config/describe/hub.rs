//! `hub.toml`. A catalogue.

use super::key::{Key, Shape, Table, key, kind, list, version};
use crate::config::alerts::{
    AWAY, BACKLOG_AGE, DISK_FREE_MIN, INVALID_MAX, REMIND, SEVERITIES, SILENCE_MAX, TLS,
};
use crate::config::broker::{LANES, WINDOW};
use crate::config::hub::{DATA_DIR, HISTORY_DAYS};

pub(super) fn tables() -> Vec<Table> {
    vec![
        Table::new("hub", "hub.toml", "This hub.", hub()),
        Table::new(
            "broker-embedded",
            "[broker] kind = \"embedded\"",
            "Durable queues on the local disk.",
            vec![kind("embedded", "\"embedded\"", "what carries the messages"), lanes()],
        ),
        Table::new(
            "broker-rabbitmq",
            "[broker] kind = \"rabbitmq\"",
            "A RabbitMQ server, with a durable outbox on the local disk before it.",
            rabbitmq(),
        ),
        Table::new("broker-tls", "[broker.tls]", "Certificates of the connection to RabbitMQ.", tls()),
        Table::new("claims", "[claims]", "What is too large for the broker.", vec![
            key("path", Shape::Path, "\"/srv/musubi/claims\"", "folder of what is too large for the broker; where several machines work, the same one for all; <data_dir>/claims where [claims] is left out").required(),
        ]),
        Table::new("registry", "[registry]", "Facilities, patients and consents.", vec![
            key("import", Shape::Path, "\"registry\"", "folder of CSV files that is imported at every start; what is known already is passed over"),
            key("authority", Shape::Text, "\"SHIMANE-NET\"", "assigning authority (PID-3.4) of the network's ids: where a facility sends one, the patient is linked"),
        ]),
        Table::new("history", "[history]", "What is kept of messages by days: their steps, and the bytes as they were accepted.", vec![
            key("keep", Shape::Duration, "\"400d\"", "how long a day is kept; the default is the three years of 個人情報保護法施行規則21条").default(format!("\"{HISTORY_DAYS}d\"")),
            key("bytes_max", Shape::Bytes, "\"20GB\"", "disk of all days, 100MB or more; above it the oldest bytes are deleted first, then the oldest steps").default("\"100GB\""),
        ]),
        Table::new("console", "[console]", "The console and its API.", vec![
            key("listen", Shape::Address, "\"127.0.0.1:7575\"", "address and port; without certificate and key on this machine only: 127.0.0.1 or [::1]").required(),
            key("certificate", Shape::Path, "\"/etc/musubi/console.pem\"", "PEM: the console's certificate and what leads to its authority; not without key"),
            key("key", Shape::Path, "\"/etc/musubi/console.key\"", "PEM: its key; not without certificate"),
            key("behind_proxy", Shape::Flag, "true", "a proxy on this machine encrypts: cookies are sent over https only, and X-Forwarded-For tells the address").default("false"),
            key("totp", Shape::Word(vec!["required", "optional"]), "\"optional\"", "whether users need a second factor").default("\"required\""),
            key("session", Shape::Duration, "\"8h\"", "how long a login lasts at most").default("\"12h\""),
            key("idle", Shape::Duration, "\"30m\"", "how long a login lasts without a request").default("\"1h\""),
            key("oidc", Shape::Table(&["oidc"]), "{ issuer = \"https://sso.example.jp\", client_id = \"musubi\", client_secret_file = \"oidc.secret\", public_url = \"https://musubi.example.jp\", roles = { ops = \"operator\" } }", "an OpenID provider that lets people in, too"),
        ]),
        Table::new("oidc", "[console.oidc]", "An OpenID provider that lets people into the console.", vec![
            key("issuer", Shape::Text, "\"https://sso.example.jp/realms/shimane\"", "its issuer").required(),
            key("client_id", Shape::Text, "\"musubi\"", "name of the hub there").required(),
            key("client_secret_file", Shape::Path, "\"/etc/musubi/oidc.secret\"", "file that holds the hub's secret there").required(),
            key("public_url", Shape::Text, "\"https://musubi.example.jp\"", "how browsers reach the console; the provider sends them back to /login/oidc/callback below it").required(),
            key("roles_claim", Shape::Text, "\"groups\"", "claim of the ID token that names roles").default("\"roles\""),
            key("roles", Shape::Map(Box::new(Shape::Word(vec!["viewer", "body-viewer", "operator", "engineer", "admin"]))), "{ \"network-ops\" = \"operator\" }", "what these names mean here; who has none of them is not let in").required(),
        ]),
        Table::new("metrics", "[metrics]", "Metrics and health for who watches over the hub.", vec![
            key("listen", Shape::Address, "\"127.0.0.1:9464\"", "address and port of /metrics, /livez and /readyz, without a password; where another process of this machine has that port, the next free one of sixteen. The files of <data_dir>/metrics tell Prometheus which").required(),
        ]),
        Table::new("telemetry", "[telemetry]", "Traces.", vec![
            key("otlp", Shape::Text, "\"http://127.0.0.1:4318\"", "address of an OpenTelemetry collector (OTLP over HTTP)").required(),
            key("sample", Shape::Scalar, "0.1", "share of the messages that are traced, 0 to 1").default("1"),
        ]),
        Table::new("alerts", "[alerts]", "When the hub raises an alarm, and whom it tells.", alerts()),
        Table::new("alert-webhook", "[[alerts.to]] kind = \"webhook\"", "A program that is told of alerts.", receiver("webhook", "\"webhook\"", vec![
            key("url", Shape::Text, "\"https://chat.example.jp/hooks/musubi\"", "http or https, where to post").required(),
            key("token_file", Shape::Path, "\"chat.token\"", "file whose first line is sent as a bearer token"),
            key("secret_file", Shape::Path, "\"chat.secret\"", "file whose first line is the key of the signature in the header Musubi-Signature (HMAC-SHA256 of the body)"),
        ])),
        Table::new("alert-mail", "[[alerts.to]] kind = \"mail\"", "People who are told of alerts.", receiver("mail", "\"mail\"", vec![
            key("smtp", Shape::Text, "\"smtp.example.jp:587\"", "host and port of the mail server").required(),
            key("tls", Shape::Word(TLS.iter().map(|(word, _)| *word).collect()), "\"starttls\"", "how the connection is encrypted").default("\"starttls\""),
            key("user", Shape::Text, "\"musubi\"", "who logs in; not without password_file"),
            key("password_file", Shape::Path, "\"smtp.password\"", "its first line is the password; not without user"),
            key("from", Shape::Text, "\"musubi@example.jp\"", "sender").required(),
            key("to", Shape::OneOrMore(Box::new(Shape::Text)), "[\"operators@example.jp\"]", "receivers").required(),
        ])),
    ]
}

fn hub() -> Vec<Key> {
    vec![
        version(),
        key("network", Shape::Name, "\"shimane\"", "name of the network").required(),
        key("data_dir", Shape::Path, "\"/var/lib/musubi\"", "queues, ledger, deliveries")
            .default(format!("\"{DATA_DIR}\"")),
        key("timezone", Shape::Text, "\"Asia/Tokyo\"", "a zone of the IANA database; it holds for times that messages give without one, and for the day in the names of delivery files").required(),
        key("pseudonym_key", Shape::Path, "\"/etc/musubi/pseudonym.key\"", "the secret behind the stand-ins, 32 bytes. Must be given on RabbitMQ, and be there: routers on several machines must have the same one, or a patient's stand-in depends on who routed")
            .default("<data_dir>/pseudonym.key, made at the first start"),
        key("broker", Shape::Table(&["broker-embedded", "broker-rabbitmq"]), "{ kind = \"embedded\", lanes = 16 }", "what carries the messages").default("{ kind = \"embedded\" }"),
        key("claims", Shape::Table(&["claims"]), "{ path = \"/srv/musubi/claims\" }", "what is too large for the broker"),
        key("registry", Shape::Table(&["registry"]), "{ import = \"registry\" }", "facilities, patients and consents"),
        key("history", Shape::Table(&["history"]), "{ keep = \"400d\", bytes_max = \"20GB\" }", "how long, and on how much of the disk, messages and their steps are kept"),
        key("console", Shape::Table(&["console"]), "{ listen = \"127.0.0.1:7575\" }", "the console and its API; none where it is left out"),
        key("metrics", Shape::Table(&["metrics"]), "{ listen = \"127.0.0.1:9464\" }", "metrics and health; the console has them too"),
        key("telemetry", Shape::Table(&["telemetry"]), "{ otlp = \"http://127.0.0.1:4318\" }", "traces; none where it is left out"),
        key("alerts", Shape::Table(&["alerts"]), "{ remind = \"4h\" }", "when the hub raises an alarm, and whom it tells"),
    ]
}

fn alerts() -> Vec<Key> {
    vec![
        key(
            "remind",
            Shape::Duration,
            "\"4h\"",
            "how often who was told of an open alert is reminded, until it is acknowledged",
        )
        .default(format!("\"{REMIND}\"")),
        key(
            "backlog_age",
            Shape::Duration,
            "\"30m\"",
            "age of the oldest message of a queue above which it is a backlog",
        )
        .default(format!("\"{BACKLOG_AGE}\"")),
        key("away", Shape::Duration, "\"10m\"", "how long a subscriber, or the broker, may be away")
            .default(format!("\"{AWAY}\"")),
        key(
            "silence_max",
            Shape::Duration,
            "\"3d\"",
            "silence of a feed that is told whatever its rhythm is",
        )
        .default(format!("\"{SILENCE_MAX}\"")),
        key(
            "invalid_max",
            Shape::Number(1, 1_000_000),
            "50",
            "invalid messages of a feed in a quarter of an hour above which it is a surge",
        )
        .default(INVALID_MAX),
        key(
            "disk_free_min",
            Shape::Bytes,
            "\"5GB\"",
            "free space of the data folder's disk below which it is low",
        )
        .default(format!("\"{DISK_FREE_MIN}\"")),
        key(
            "to",
            Shape::AnyList(Box::new(Shape::Table(&["alert-webhook", "alert-mail"]))),
            "[]",
            "who is told",
        ),
    ]
}

fn receiver(word: &'static str, example: &'static str, way: Vec<Key>) -> Vec<Key> {
    let first = [
        kind(word, example, "the way to the receiver"),
        key("name", Shape::Name, "\"operators\"", "its name").required(),
    ];
    let last = [
        key(
            "least",
            Shape::Word(SEVERITIES.iter().map(|(word, _)| *word).collect()),
            "\"warning\"",
            "the least severity that it is told of",
        )
        .default("\"notice\""),
        key(
            "feeds",
            list(Shape::Name),
            "[\"izumo-chuo\"]",
            "feeds that it is told of; all where it is left out",
        ),
        key(
            "facilities",
            list(Shape::Facility),
            "[\"3210100018\"]",
            "facilities that it is told of; all where it is left out",
        ),
        key(
            "quiet",
            Shape::Text,
            "\"22:00-07:00\"",
            "when it is told of critical alerts only, and of the others afterwards",
        ),
        key("lang", Shape::Word(vec!["ja", "en"]), "\"en\"", "language of the texts").default("\"ja\""),
    ];
    first.into_iter().chain(way).chain(last).collect()
}

fn lanes() -> Key {
    key(
        "lanes",
        Shape::Number(1, 1024),
        "16",
        "parallel strands of each queue; patients keep their order in one. Fixed once the queues exist",
    )
    .default(LANES)
}

fn rabbitmq() -> Vec<Key> {
    vec![
        kind("rabbitmq", "\"rabbitmq\"", "what carries the messages"),
        key(
            "urls",
            list(Shape::Text),
            "[\"amqps://rabbit-1.example.jp:5671\", \"amqps://rabbit-2.example.jp:5671\"]",
            "amqps://host:port or amqp://host:port, tried in turn; this or url must be given. amqp to another machine is a warning: patient data would cross the network unencrypted",
        ),
        key("url", Shape::Text, "\"amqps://rabbit.example.jp:5671\"", "a single one"),
        key("vhost", Shape::Text, "\"musubi\"", "virtual host").default("\"/\""),
        key("user", Shape::Text, "\"musubi\"", "who logs in; credentials in a URL are refused").required(),
        key(
            "password_file",
            Shape::Path,
            "\"/etc/musubi/rabbitmq.password\"",
            "its first line is the password; read at every connection",
        )
        .required(),
        lanes(),
        key("window", Shape::Number(1, 65_535), "256", "published, not yet confirmed").default(WINDOW),
        key(
            "outbox_bytes_max",
            Shape::Bytes,
            "\"50GB\"",
            "disk of one outbox, 200MB or more; above it its feeds pause until it is below 90 %",
        )
        .default("\"20GB\""),
        key("archive", Shape::Flag, "false", "whether every event goes to the archive too").default("true"),
        key(
            "tls",
            Shape::Table(&["broker-tls"]),
            "{ ca = \"/etc/musubi/ca.pem\" }",
            "must be given for amqps",
        ),
    ]
}

fn tls() -> Vec<Key> {
    vec![
        key("ca", Shape::Path, "\"/etc/musubi/ca.pem\"", "PEM: authorities of the servers' certificates")
            .required(),
        key(
            "certificate",
            Shape::Path,
            "\"/etc/musubi/client.pem\"",
            "PEM: the client's chain; not without key",
        ),
        key(
            "key",
            Shape::Path,
            "\"/etc/musubi/client.key\"",
            "PEM: the client's key; not without certificate",
        ),
    ]
}
