//! Counts for Prometheus, of one hub. There is no global one: several hubs may run in a process, one after the other or,
//! in tests, together.

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::names::{ALL, BUCKETS, Kind, Metric};

/// What a hub counts.
pub(crate) struct Meter(PrometheusRecorder);

const METADATA: Metadata<'static> = Metadata::new("musubi", Level::INFO, None);

impl Meter {
    /// Nothing is counted yet.
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // Only an empty list of buckets is refused.
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        for Metric { name, kind, help, .. } in ALL {
            let (name, help) = ((*name).into(), (*help).into());
            match kind {
                Kind::Counter => recorder.describe_counter(name, None, help),
                Kind::Gauge => recorder.describe_gauge(name, None, help),
                Kind::Histogram => recorder.describe_histogram(name, None, help),
            }
        }
        Self(recorder)
    }

    /// A counter has reached that.
    pub(crate) fn count(&self, metric: &Metric, labels: &[&str], total: u64) {
        let counter: Counter = self.0.register_counter(&key(metric, labels), &METADATA);
        counter.absolute(total);
    }

    /// A gauge shows that.
    pub(crate) fn set(&self, metric: &Metric, labels: &[&str], value: f64) {
        let gauge: Gauge = self.0.register_gauge(&key(metric, labels), &METADATA);
        gauge.set(value);
    }

    /// A histogram, to be kept by who fills it.
    pub(crate) fn histogram(&self, metric: &Metric, labels: &[&str]) -> Histogram {
        self.0.register_histogram(&key(metric, labels), &METADATA)
    }

    /// All of it in Prometheus' text format, version 0.0.4.
    pub(crate) fn render(&self) -> String {
        let handle = self.0.handle();
        handle.run_upkeep();
        handle.render()
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meter")
    }
}

fn key(metric: &Metric, values: &[&str]) -> Key {
    let labels = metric.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::names;

    #[test]
    fn what_is_counted_is_rendered_with_its_labels_and_buckets() {
        let meter = Meter::new();
        meter.count(&names::INVALID, &["oki", "no-msh"], 3);
        meter.count(&names::INVALID, &["oki", "no-msh"], 5);
        meter.set(&names::DISK_FREE, &[], 7e9);
        meter.histogram(&names::PROCESS_SECONDS, &[]).record(0.002);
        let text = meter.render();
        for line in [
            "musubi_messages_invalid_total{feed=\"oki\",code=\"no-msh\"} 5",
            "# TYPE musubi_messages_invalid_total counter",
            "musubi_disk_free_bytes 7000000000",
            "musubi_process_duration_seconds_bucket{le=\"0.001\"} 0",
            "musubi_process_duration_seconds_bucket{le=\"0.0025\"} 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
    }
}
