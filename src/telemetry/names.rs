//! The metrics: every name is spelled here and nowhere else. A catalogue.
//!
//! They follow OpenMetrics 1.0 (base units in the name, `_total` for counters) and Prometheus' own habits
//! (`_info`, `_timestamp_seconds`). Labels are names of the configuration or words of a closed set.

/// A metric.
#[derive(Debug)]
pub(crate) struct Metric {
    /// Its name, as it is queried.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) kind: Kind,
    /// Names of its labels, in their order.
    pub(crate) labels: &'static [&'static str],
    /// What it tells.
    pub(crate) help: &'static str,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It grows, and begins at 0 with the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Durations in buckets.
    Histogram,
}

/// Upper bounds of the buckets of every histogram, in seconds.
pub(crate) const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0];

macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(#[doc = $help] pub(crate) const $constant: Metric =
            Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };)*
        /// All of them.
        pub(crate) const ALL: &[&Metric] = &[$(&$constant),*];
    };
}

metrics! {
    BUILD = Gauge "musubi_build_info" ["version", "role"] "Always 1; which program runs.";
    STARTED = Gauge "musubi_start_timestamp_seconds" [] "When this hub began its work.";
    FILES = Counter "musubi_files_seen_total" ["feed"] "Files seen, each once.";
    FILES_UNCHANGED = Counter "musubi_files_unchanged_total" ["feed"] "Files that held nothing new.";
    ACCEPTED = Counter "musubi_messages_accepted_total" ["feed"] "Messages accepted: durable in the hub.";
    INVALID = Counter "musubi_messages_invalid_total" ["feed", "code"] "Messages that make no sense, by code.";
    ROUTED = Counter "musubi_messages_routed_total" [] "Messages with at least one recipient.";
    FILTERED = Counter "musubi_messages_filtered_total" [] "Messages that nobody wanted.";
    COPIES = Counter "musubi_copies_routed_total" ["subscriber"] "Copies routed to a subscriber.";
    DELIVERED = Counter "musubi_copies_delivered_total" ["subscriber"] "Copies that a subscriber has.";
    DEAD = Counter "musubi_copies_dead_total" ["subscriber"] "Copies given up, the withdrawn ones among them.";
    WITHDRAWN = Counter "musubi_copies_withdrawn_total" ["subscriber"] "Copies whose permission ended before they left.";
    PARKED = Counter "musubi_copies_parked_total" ["subscriber"] "Copies that were parked.";
    ATTEMPTS = Counter "musubi_delivery_attempts_total" ["subscriber", "outcome"] "Attempts to deliver, by outcome.";
    ARCHIVE_MISSING = Counter "musubi_archive_missing_total" [] "Events that the archive lacks.";
    SPANS_DROPPED = Counter "musubi_spans_dropped_total" [] "Spans that did not reach the collector.";
    FEED_FAILING = Gauge "musubi_feed_failing" ["feed"] "1 where a feed can't go on.";
    FEED_LAST = Gauge "musubi_feed_last_message_timestamp_seconds" ["feed"] "When the last message was accepted.";
    SUBSCRIBER_UP = Gauge "musubi_subscriber_up" ["subscriber"] "0 where a subscriber can't be reached or wants no more.";
    PARKED_COPIES = Gauge "musubi_parked_copies" ["subscriber"] "Copies that are parked now.";
    PARKED_PATIENTS = Gauge "musubi_parked_patients" ["subscriber"] "Patients whose copies are parked now.";
    QUEUE_MESSAGES = Gauge "musubi_queue_messages" ["queue"] "Messages that wait in a queue.";
    QUEUE_OLDEST = Gauge "musubi_queue_oldest_age_seconds" ["queue"] "How long ago the oldest message of a queue was accepted.";
    JOURNAL_BYTES = Gauge "musubi_journal_bytes" [] "Disk that the journals take, used or reserved.";
    DISK_FREE = Gauge "musubi_disk_free_bytes" [] "Free space of the data folder's disk.";
    DISK_SIZE = Gauge "musubi_disk_size_bytes" [] "Size of the data folder's disk.";
    LINK = Gauge "musubi_broker_link" ["state"] "1 for the state in which the connection to the broker is.";
    LANES = Gauge "musubi_lanes_held" [] "Lanes on which this process works.";
    CONFIG_HASH = Gauge "musubi_config_hash" [] "First 48 bits of the fingerprint of the configuration in force.";
    CONFIG_OK = Gauge "musubi_config_last_reload_successful" [] "0 where the last new configuration was refused.";
    CONFIG_AT = Gauge "musubi_config_last_reload_timestamp_seconds" [] "When a new configuration was last decided on.";
    ALERTS_OPEN = Gauge "musubi_alerts_open" ["alarm", "severity"] "Alerts of the hub that are open.";
    PICKUP_SECONDS = Histogram "musubi_pickup_latency_seconds" ["feed"] "From the last change of a file until it was read.";
    ACCEPT_SECONDS = Histogram "musubi_accept_duration_seconds" ["feed"] "Until a batch was durable.";
    PROCESS_SECONDS = Histogram "musubi_process_duration_seconds" [] "Decode, normalise and route of one message.";
    DELIVERY_SECONDS = Histogram "musubi_delivery_duration_seconds" ["subscriber"] "One attempt to deliver.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for metric in ALL {
            let Metric { name, kind, help, .. } = metric;
            assert!(name.starts_with("musubi_") && help.ends_with('.'), "{metric:?}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{metric:?}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{metric:?}");
            assert!(*kind != Kind::Histogram || name.ends_with("_seconds"), "{metric:?}");
        }
    }

    /// Names of metrics in a text, without the endings of histograms.
    fn named(text: &str) -> std::collections::BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let ours = words.filter(|word| word.starts_with("musubi_"));
        let endings = ["_bucket", "_sum", "_count"];
        ours.map(|word| endings.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned())
            .collect()
    }

    #[test]
    fn dashboards_and_rules_ask_for_what_there_is_and_for_all_of_it() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("monitoring");
        let files = [
            "grafana/overview.json",
            "grafana/feeds.json",
            "grafana/subscribers.json",
            "prometheus/rules.yml",
        ];
        let texts = files.map(|file| std::fs::read_to_string(folder.join(file)).unwrap());
        // Names of recording rules hold the metric between two colons.
        let recorded = ["musubi_messages_accepted", "musubi_messages_invalid", "musubi_copies_delivered"];
        let asked: std::collections::BTreeSet<_> = texts.iter().flat_map(|text| named(text)).collect();
        for name in asked.iter().filter(|name| !recorded.contains(&name.as_str())) {
            assert!(ALL.iter().any(|metric| metric.name == name), "there is no metric {name}");
        }
        for metric in ALL {
            assert!(asked.contains(metric.name), "nobody looks at {}", metric.name);
        }
        let page = include_str!("../../docs/operate/metrics.md");
        for Metric { name, help, .. } in ALL {
            assert!(
                page.contains(&format!("| `{name}` |")) && page.contains(help),
                "docs/operate/metrics.md lacks {name}"
            );
        }
    }
}
