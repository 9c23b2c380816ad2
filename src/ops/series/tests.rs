use super::*;

fn sample(process: &str, accepted: u64, waiting: u64, delivered: u64) -> Sample {
    let key = |name: &str| (process.to_owned(), Arc::from(name));
    let level = |depth| Level { depth, oldest: None };
    Sample {
        counts: BTreeMap::from([
            (key("feed/one/accepted"), accepted),
            (key("subscriber/two/delivered"), delivered),
        ]),
        levels: BTreeMap::from([("ingest".to_owned(), level(0)), ("to.two".to_owned(), level(waiting))]),
    }
}

fn series(folder: &std::path::Path) -> Series {
    let kept = Kept {
        tiers: [Tier::new(60, 60), Tier::new(300, 288), Tier::new(3_600, 168)],
        recent: VecDeque::new(),
        counters: Counters::default(),
        levels: BTreeMap::new(),
        minute: None,
    };
    Series {
        kept: Mutex::new(kept),
        files: SeriesFiles::new(folder.to_owned(), TimeZone::UTC),
        zone: TimeZone::UTC,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn last(series: &Series, name: &str, now: i64) -> [Option<f64>; 2] {
    let chart = series.chart(&[name.to_owned()], Span::Hour, at(now));
    let values = &chart.lines[0].values;
    assert_eq!((values.len(), chart.times.len(), chart.step), (60, 60, 60));
    [values[58], values[59]]
}

#[test]
fn what_a_process_counted_before_the_first_sample_is_no_event_and_a_restart_counts_from_0() {
    let folder = tempfile::tempdir().unwrap();
    let series = series(folder.path());
    series.add(at(6_000), sample("a", 1_000, 5, 900));
    assert_eq!(series.rate("feed/one/accepted"), None);
    series.add(at(6_010), sample("a", 1_020, 15, 910));
    assert_eq!(series.rate("feed/one/accepted"), Some(120.0));
    assert_eq!(last(&series, "queue/to.two/depth", 6_060), [Some(15.0), None]);
    assert_eq!(last(&series, "queue/to.two/in", 6_060), [Some(20.0), None]);
    assert_eq!(last(&series, "queue/to.two/out", 6_060), [Some(10.0), None]);
    series.add(at(6_020), sample("b", 6, 15, 0));
    assert_eq!(series.rate("feed/one/accepted"), Some(78.0));
}

#[test]
fn charts_outlive_a_restart_up_to_the_last_whole_minute() {
    let folder = tempfile::tempdir().unwrap();
    let before = series(folder.path());
    for (step, second) in (6_000..6_070).step_by(10).enumerate() {
        before.add(at(second), sample("a", step as u64 * 3, 7, 0));
    }
    let after = series(folder.path());
    after.recall();
    assert_eq!(last(&after, "feed/one/accepted", 6_060), [Some(15.0), None]);
    assert_eq!(last(&after, "queue/to.two/depth", 6_060), [Some(7.0), None]);
    assert_eq!(last(&after, "no/such/series", 6_060), [Some(0.0), None]);
}

#[test]
fn what_is_kept_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let series = series(folder.path());
    for minute in 0..500 {
        series.add(at(minute * 60), sample("a", 1, 1, 1));
    }
    let kept = series.kept();
    let slots: Vec<_> = kept.tiers.iter().map(Tier::len).collect();
    assert_eq!(slots, [60, 100, 9]);
    assert!(kept.recent.len() <= 2, "{}", kept.recent.len());
}
