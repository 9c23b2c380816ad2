//! `[broker] kind = "rabbitmq"`.

use std::path::PathBuf;

use super::*;
use crate::broker::rabbitmq::{PREFETCH, Settings, Tls};
use crate::config::Broker;

const SOUND: &str = "url = \"amqp://localhost\"\nuser = \"musubi\"\npassword_file = \"password\"";

/// Checks the keys of `[broker]`, from line 7 on.
#[track_caller]
fn check_broker(lines: &str, expected: &[&str]) {
    check_hub(&format!("pseudonym_key = \"k\"\n[broker]\nkind = \"rabbitmq\"\n{lines}"), expected);
}

#[track_caller]
fn settings(lines: &str) -> Settings {
    let text = format!("{HUB}pseudonym_key = \"k\"\n[broker]\nkind = \"rabbitmq\"\n{lines}\n");
    let (config, faults) = faults(&[("hub.toml", &text)]);
    let hub = config.unwrap_or_else(|| panic!("{faults:?}")).hub;
    assert_eq!(hub.pseudonym_key, PathBuf::from("/etc/musubi/k"));
    match hub.broker {
        Broker::RabbitMq(settings) => settings,
        Broker::Embedded { .. } => panic!("not RabbitMQ"),
    }
}

#[test]
fn rabbitmq_is_read_with_its_defaults() {
    let expected = Settings {
        urls: vec!["amqp://localhost".into()],
        vhost: "/".into(),
        user: "musubi".into(),
        password_file: "/etc/musubi/password".into(),
        tls: None,
        lanes: 16,
        window: 256,
        prefetch: PREFETCH,
        outbox_bytes_max: 20_000_000_000,
        archive: true,
    };
    assert_eq!(settings(SOUND), expected);
    let all = "urls = [\"amqps://mq1.example.jp\", \"amqps://[2001:db8::1]:5672\"]\nvhost = \"net\"\nuser = \"u\"\n\
               password_file = \"/run/p\"\nlanes = 4\nwindow = 8\noutbox_bytes_max = \"2GiB\"\n\
               [broker.tls]\nca = \"ca.pem\"\ncertificate = \"c.pem\"\nkey = \"/k.pem\"";
    let expected = Settings {
        urls: vec!["amqps://mq1.example.jp".into(), "amqps://[2001:db8::1]:5672".into()],
        vhost: "net".into(),
        user: "u".into(),
        password_file: "/run/p".into(),
        tls: Some(Tls {
            ca: "/etc/musubi/ca.pem".into(),
            client: Some(("/etc/musubi/c.pem".into(), "/k.pem".into())),
        }),
        lanes: 4,
        window: 8,
        prefetch: PREFETCH,
        outbox_bytes_max: 2 << 30,
        archive: true,
    };
    assert_eq!(settings(all), expected);
}

#[test]
fn the_secret_is_beside_the_queues_on_the_embedded_broker_and_named_on_rabbitmq() {
    let (config, _) = faults(&[]);
    assert_eq!(config.unwrap().hub.pseudonym_key, PathBuf::from("/etc/musubi/var/pseudonym.key"));
    check_hub(
        &format!("[broker]\nkind = \"rabbitmq\"\n{SOUND}"),
        &[
            "1 : missing key \"pseudonym_key\": routers on several machines must give a patient the same stand-in",
        ],
    );
}

#[test]
fn what_rabbitmq_needs_is_asked_for() {
    check_broker(
        "",
        &[
            "5 [broker]: missing key \"urls\"",
            "5 [broker]: missing key \"user\"",
            "5 [broker]: missing key \"password_file\"",
        ],
    );
    check_broker(
        &SOUND.replace("url =", "uri ="),
        &["5 [broker]: missing key \"urls\"", "7 uri: unknown key \"uri\": did you mean \"url\"?"],
    );
    check_broker(&format!("{SOUND}\nurls = []"), &["10 []: give either url or urls"]);
    check_broker(&SOUND.replace("\"amqp://localhost\"", "7"), &["7 7: expected a text, found a number"]);
}

#[test]
fn urls_are_checked() {
    for (url, fault) in [
        ("localhost:5672", "a url begins with amqp:// or amqps://"),
        ("http://localhost", "a url begins with amqp:// or amqps://"),
        ("amqp://", "a url names a host"),
        ("amqp://:5672", "a url names a host"),
        ("amqp://host:0", "a url names a host"),
        ("amqp://host:65536", "a url names a host"),
        ("amqp://[::1", "a url names a host"),
        ("amqp://ho st", "a url names a host"),
        ("amqp://localhost/net", "a url ends with host and port: the virtual host is vhost"),
        ("amqp://localhost?heartbeat=5", "a url ends with host and port"),
        ("amqp://mq.example.jp", "patient data would cross the network unencrypted"),
    ] {
        check_broker(&SOUND.replace("amqp://localhost", url), &[&format!("7 \"{url}\": {fault}")]);
    }
    for url in ["amqp://127.0.0.5:5673", "amqp://[::1]:5672"] {
        check_broker(&SOUND.replace("amqp://localhost", url), &[]);
    }
}

#[test]
fn a_password_in_a_url_is_refused_and_not_shown() {
    let text = format!("{HUB}[broker]\nkind = \"rabbitmq\"\nurls = [\"amqp://musubi:p:a/s@s@localhost\", 7]");
    let (_, faults) = faults(&[("hub.toml", &text)]);
    let shown: String = faults.iter().map(ToString::to_string).collect();
    assert!(
        shown.contains("use user and password_file") && shown.contains("://**************@localhost"),
        "{shown}"
    );
    assert!(!shown.contains("p:a") && !shown.contains("s@s"), "{shown}");
}

#[test]
fn encryption_is_whole_or_refused() {
    let secured = SOUND.replace("amqp:", "amqps:");
    check_broker(
        &secured,
        &["5 [broker]: amqps needs the authority of the server's certificate: [broker.tls] ca"],
    );
    check_broker(
        &format!("{SOUND}\n[broker.tls]\nca = \"ca.pem\""),
        &["10 [broker.tls]: no url begins with amqps://"],
    );
    check_broker(
        &format!("{secured}\n[broker.tls]\nca = \"c\"\nkey = \"k\""),
        &["10 [broker.tls]: certificate and key belong together"],
    );
    check_broker(
        &format!("{secured}\n[broker.tls]\nkey = \"k\"\ncertificate = \"c\""),
        &["10 [broker.tls]: missing key \"ca\""],
    );
}

#[test]
fn numbers_of_bytes() {
    for (text, bytes) in
        [("200MB", 200_000_000), ("20 GB", 20_000_000_000), ("1TB", 1_000_000_000_000), ("1GiB", 1 << 30)]
    {
        assert_eq!(settings(&format!("{SOUND}\noutbox_bytes_max = \"{text}\"")).outbox_bytes_max, bytes);
    }
    for text in ["20", "GB", "2.5GB", "20gb", "-1GB", "99999999999TB", "1GB GB"] {
        let fault =
            format!("10 \"{text}\": \"{text}\" is not a number of bytes: write 500MB, 20GB, 1TB or 64GiB");
        check_broker(&format!("{SOUND}\noutbox_bytes_max = \"{text}\""), &[&fault]);
    }
    check_broker(
        &format!("{SOUND}\noutbox_bytes_max = \"10kB\""),
        &["10 \"10kB\": \"10kB\" is out of range: 200000000 bytes at least"],
    );
    check_broker(&format!("{SOUND}\noutbox_bytes_max = 5"), &["10 5: expected a text, found a number"]);
}
