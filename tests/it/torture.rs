//! `kill -9` of any process at random moments, RabbitMQ's nodes included, under load from several facilities; then
//! everything is at the subscriber once and in order.
//!
//! `MUSUBI_TORTURE_ROUNDS` (default 10) kills, `MUSUBI_TORTURE_NODES` (1 or 3) nodes; `scripts/torture` runs the long
//! ones. `MUSUBI_SEED` repeats victims and moments; the machine's own timing differs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use musubi::canonical::Kind;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::processes::running::until_it_listens;
use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, files_below, repository};

const FEEDS: [(&str, &str); 3] =
    [("izumo", "3210100018"), ("matsue", "3210100026"), ("hamada", "3210100034")];
const PROCESSES: [&[&str]; 6] = [
    &["adapter", "izumo"],
    &["adapter", "matsue", "hamada"],
    &["router"],
    &["router"],
    &["deliver"],
    &["deliver"],
];
/// Messages that every kill finds to do.
const FILES_PER_ROUND: usize = 60;

#[test]
fn whatever_is_killed_every_event_arrives_once_and_in_order() {
    let rounds = number("MUSUBI_TORTURE_ROUNDS").unwrap_or(10);
    let nodes = number("MUSUBI_TORTURE_NODES").unwrap_or(1);
    let seed = number("MUSUBI_SEED").map_or_else(rand::random, |seed| seed as u64);
    println!("seed {seed} (MUSUBI_SEED={seed} repeats victims and moments)");
    let mut random = StdRng::seed_from_u64(seed);
    let cluster = Cluster::start(nodes);
    let network = Network::new(&cluster, rounds * FILES_PER_ROUND);
    let records = network.set_aside();
    let mut processes: Vec<Child> = PROCESSES.iter().map(|arguments| network.start(arguments)).collect();
    // A node that is killed within half a second of making a queue loses it, with what it confirmed (3.10.8).
    std::thread::sleep(Duration::from_secs(5));
    let mut killed: BTreeMap<String, usize> = BTreeMap::new();
    let mut unfinished = 0;
    let mut released = 0;
    for portion in records.chunks(records.len().div_ceil(rounds)) {
        portion.iter().for_each(|(aside, place)| fs::rename(aside, place).unwrap());
        released += portion.len();
        std::thread::sleep(Duration::from_millis(random.random_range(0..700)));
        let pause = Duration::from_millis(random.random_range(0..400));
        let victim = random.random_range(0..PROCESSES.len() + 1);
        if let Some(process) = processes.get_mut(victim) {
            process.kill().unwrap();
            process.wait().unwrap();
            std::thread::sleep(pause);
            *process = network.start(PROCESSES[victim]);
            *killed.entry(PROCESSES[victim][0].to_owned()).or_default() += 1;
        } else {
            let node = random.random_range(1..=nodes).to_string();
            cluster.script(&["kill", &node]);
            std::thread::sleep(pause);
            cluster.script(&["restart", &node]);
            // A node of 3.10.8 that is killed again 0.3 s after it took connections once left 11 of 600 undelivered for
            // three minutes; whether the server or the hub lost them is not known. Two failures at once are not promised.
            std::thread::sleep(Duration::from_secs(3));
            *killed.entry("broker node".to_owned()).or_default() += 1;
        }
        unfinished += usize::from(network.delivered() < released);
    }
    println!("{rounds} kills: {killed:?}; {unfinished} left something undelivered");
    #[expect(clippy::disallowed_methods, reason = "the test waits for processes, in real time")]
    let ended = Instant::now();
    while network.delivered() < records.len() {
        if ended.elapsed() > Duration::from_secs(180) {
            let missing = records.len() - network.delivered();
            let log = fs::read_to_string(network.hub.path("log")).unwrap_or_default();
            panic!("seed {seed}: {missing} of {} are missing\n{log}", records.len());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("all {} delivered {:?} after the last kill", records.len(), ended.elapsed());
    assert!(unfinished > 0, "no kill came in the middle of work");
    processes.iter_mut().for_each(stop);
    assert_once_and_in_order(&network.hub.delivered("all"), records.len(), seed);
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// SIGTERM; the process must end by itself, and well.
fn stop(process: &mut Child) {
    until_it_listens(process);
    let pid = rustix::process::Pid::from_child(process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    for _ in 0..300 {
        if let Some(status) = process.try_wait().unwrap() {
            return assert!(status.success(), "{status}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    process.kill().unwrap();
    panic!("it did not end within 30 s of SIGTERM");
}

fn assert_once_and_in_order(events: &[Value], files: usize, seed: u64) {
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    let ids: HashSet<_> = events.iter().map(|event| text(event, "id")).collect();
    assert_eq!((ids.len(), events.len()), (files, files), "seed {seed}: lost or repeated");
    let mut versions: HashMap<(String, String), String> = HashMap::new();
    let mut sequences: HashMap<u64, u64> = HashMap::new();
    for event in events {
        let (lane, sequence) = (event["lane"].as_u64().unwrap(), event["sequence"].as_u64().unwrap());
        assert_eq!(sequences.insert(lane, sequence).unwrap_or(0) + 1, sequence, "seed {seed}: lane {lane}");
        let record = (text(event, "source"), text(event, "recordkey"));
        let version = text(event, "recordversion");
        let before = versions.insert(record, version.clone());
        assert!(before.is_none_or(|before| before <= version), "seed {seed}: versions out of order");
    }
}

/// The hub's configuration and data, for all processes.
struct Network {
    hub: HubFolder,
}

impl Network {
    fn new(cluster: &Cluster, files: usize) -> Self {
        let hub = HubFolder::new();
        hub.write("password", "guest\n");
        hub.write("pseudonym.key", "0".repeat(64));
        hub.write(
            "hub.toml",
            format!(
                "version = 1\nnetwork = \"torture\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"pseudonym.key\"\n[broker]\nkind = \"rabbitmq\"\nurls = {:?}\nuser = \"guest\"\npassword_file = \"password\"\nlanes = 8\n",
                cluster.urls
            ),
        );
        let kinds = Kind::ALL.map(Kind::as_str);
        hub.write(
            "routes.toml",
            format!("version = 1\n[[subscriber]]\nname = \"all\"\ndeliver = {{ kind = \"folder\" }}\n[[route]]\nname = \"all\"\ntopic = \"all\"\nto = [\"all\"]\nkinds = {kinds:?}\nsend = \"original\"\nbasis = \"addressed\"\n"),
        );
        for (seed, (feed, facility)) in FEEDS.into_iter().enumerate() {
            hub.ssmix2_feed(feed, facility, feed);
            let count = (files / FEEDS.len()).to_string();
            let (folder, seed) = (hub.path(feed).to_string_lossy().into_owned(), seed.to_string());
            let made = hub.run(&["simulate", "storage", &folder, "--files", &count, "--seed", &seed]);
            assert!(made.status.success(), "{made:?}");
        }
        let checked = hub.run(&["check"]);
        assert!(checked.status.success(), "{checked:?}");
        Self { hub }
    }

    /// Takes the records out of the storages, all facilities mixed; gives where they lie now and where they belong.
    fn set_aside(&self) -> Vec<(PathBuf, PathBuf)> {
        fs::create_dir(self.hub.path("aside")).unwrap();
        let by_feed = FEEDS.map(|(feed, _)| files_below(&self.hub.path(feed)));
        let most = by_feed.iter().map(Vec::len).max().unwrap_or_default();
        let mixed = (0..most).flat_map(|at| by_feed.iter().filter_map(move |files| files.get(at)));
        let numbered = mixed.enumerate().map(|(number, place)| {
            let aside = self.hub.path("aside").join(number.to_string());
            fs::rename(place, &aside).unwrap();
            (aside, place.clone())
        });
        numbered.collect()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let log = fs::File::options().create(true).append(true).open(self.hub.path("log")).unwrap();
        let mut command = self.hub.musubi(arguments);
        command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// How many events have reached the subscriber; the last line may be torn.
    fn delivered(&self) -> usize {
        let Ok(days) = fs::read_dir(self.hub.path("var/deliveries/all")) else { return 0 };
        let lines = |path: PathBuf| fs::read(path).unwrap().iter().filter(|byte| **byte == b'\n').count();
        days.map(|day| lines(day.unwrap().path())).sum()
    }
}

/// RabbitMQ nodes of this test's own.
struct Cluster {
    folder: tempfile::TempDir,
    urls: Vec<String>,
}

impl Cluster {
    fn start(nodes: usize) -> Self {
        let mut cluster = Self { folder: tempfile::tempdir().unwrap(), urls: Vec::new() };
        let (nodes, owner) = (nodes.to_string(), std::process::id().to_string());
        cluster.script(&["start", "--nodes", &nodes, "--port", "0", "--owner", &owner]);
        let environment = cluster.script(&["env"]);
        let words = environment.split(['\'', ' ', ',', '"']);
        cluster.urls = words.filter(|word| word.starts_with("amqp://")).map(str::to_owned).collect();
        cluster
    }

    fn script(&self, arguments: &[&str]) -> String {
        let script: &Path = &repository().join("scripts/rabbitmq");
        let output = Command::new(script)
            .args(arguments)
            .arg("--dir")
            .arg(self.folder.path().join("rabbitmq"))
            .to_its_end();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script(&["stop"]);
    }
}
