//! The hub over RabbitMQ beside the bare loop that it is built on, in one run on one machine.
//!
//! `cargo bench --bench rabbitmq [-- MESSAGES]` (default 20,000). Starts a throw-away node (`scripts/rabbitmq`). The bare
//! chain: a publisher fills the lanes, a loop consumes, publishes to another queue, waits for the confirms and
//! acknowledges; same client, same sizes, same kinds of queue, and nothing else. Only the ratios mean much.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::civil::date;
use musubi::broker::embedded::{self, Embedded};
use musubi::broker::rabbitmq::amqp::{Amqp, Header, Number, Outgoing};
use musubi::broker::rabbitmq::{Link, Options, Outbox, PREFETCH, RabbitMq, Settings};
use musubi::broker::topology;
use musubi::broker::{Broker, Delivery, Publication};
use musubi::canonical::Kind;
use musubi::clock::SystemClock;
use musubi::config::Config;
use musubi::envelope::{Change, Envelope, Format, Identifying, Lane, Origin};
use musubi::pipeline::{Hub, Mode, Part};
use musubi::simulate::{Amount, StorageSettings, storage};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

const ROUNDS: usize = 3;
const LANES: u16 = 16;
const WINDOW: u16 = 256;
const SUBSCRIBER: &str = "bench";

/// Messages a second of the latency measurement, and for how long.
const RATE: u32 = 500;
const SECONDS: u32 = 20;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let files = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(20_000);
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("standard");
    let written = storage(&StorageSettings::new(&root, Amount::Files(files), 1, date(2026, 11, 20)), |_| {})?;
    let bytes = usize::try_from(written.bytes / written.files)?;
    println!(
        "{} files, {bytes} bytes each on average; {LANES} lanes, window {WINDOW}, prefetch {PREFETCH}",
        written.files
    );
    sleep_settled();
    let runtime = tokio::runtime::Runtime::new()?;
    println!(
        "{:>22} {:>22} {:>22} {:>8} {:>8}",
        "bare chain", "hub, no archive", "hub, archive", "ratio", "ratio"
    );
    for round in 0..ROUNDS {
        let bare = {
            let node = Node::start(&folder.path().join("node"))?;
            runtime.block_on(bare_chain(&node, written.files, bytes))?
        };
        let mut rates = Vec::new();
        for archive in [false, true] {
            let node = Node::start(&folder.path().join("node"))?;
            let config =
                configure(&folder.path().join(format!("hub{round}{archive}")), &root, &node, archive)?;
            rates.push(runtime.block_on(hub(&node, config, written.files))?);
        }
        println!(
            "{bare:>14.0} msg/s {:>16.0} msg/s {:>16.0} msg/s {:>8.2} {:>8.2}",
            rates[0],
            rates[1],
            rates[0] / bare,
            rates[1] / bare
        );
    }
    let node = Node::start(&folder.path().join("node"))?;
    let mut latencies = runtime.block_on(latencies(&node, &folder.path().join("outbox"), bytes))?;
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
    println!(
        "from publish to the subscriber's consumer at {RATE} messages/s: p50 {:.1?}, p99 {:.1?}, of {}",
        at(50),
        at(99),
        latencies.len()
    );
    Ok(())
}

/// The hub waits until a file has kept still; that is no work and must not count.
fn sleep_settled() {
    std::thread::sleep(Duration::from_secs(4));
}

/// Messages a second from a publisher through the lanes into one queue, all three at once.
async fn bare_chain(node: &Node, messages: u64, bytes: usize) -> Outcome<f64> {
    let link: Arc<dyn Amqp> = Arc::new(Link::new(node.settings(), "bench"));
    let target = topology::subscriber(SUBSCRIBER).on_rabbitmq(Lane(0));
    link.declare(&target).await?;
    let lanes: Vec<String> = (0..LANES).map(|lane| topology::ingest().on_rabbitmq(Lane(lane))).collect();
    for lane in &lanes {
        link.declare(lane).await?;
    }
    let body = Bytes::from(vec![b'x'; bytes]);
    let start = Instant::now();
    let mut loops = JoinSet::new();
    for lane in lanes.clone() {
        loops.spawn(bare_loop(link.clone(), lane, target.clone()));
    }
    let each = messages.div_ceil(u64::from(LANES));
    let mut publishers = JoinSet::new();
    for lane in lanes {
        let (link, body) = (link.clone(), body.clone());
        publishers.spawn(async move {
            let mut left = each;
            while left > 0 {
                let count = left.min(u64::from(WINDOW));
                left -= count;
                let batch = (0..count).map(|_| Outgoing {
                    queue: lane.clone(),
                    header: Some(header()),
                    body: body.clone(),
                });
                link.publish(batch.collect()).await?;
            }
            Ok::<_, musubi::broker::BrokerError>(())
        });
    }
    while let Some(done) = publishers.join_next().await {
        done??;
    }
    arrived(&link, &target, each * u64::from(LANES)).await?;
    Ok((each * u64::from(LANES)) as f64 / start.elapsed().as_secs_f64())
}

/// Consume, publish, confirm, acknowledge.
async fn bare_loop(link: Arc<dyn Amqp>, from: String, to: String) -> Result<(), musubi::broker::BrokerError> {
    use futures_util::FutureExt as _;
    let mut subscription = link.consume(&from, PREFETCH).await?;
    loop {
        let mut batch = vec![subscription.next().await?];
        while batch.len() < 64
            && let Some(next) = subscription.next().now_or_never()
        {
            batch.push(next?);
        }
        let Some(last) = batch.last().map(|incoming| incoming.tag) else { continue };
        let copies = batch.into_iter().map(|incoming| Outgoing {
            queue: to.clone(),
            header: incoming.header,
            body: incoming.body,
        });
        link.publish(copies.collect()).await?;
        subscription.acknowledge(last, true).await?;
    }
}

/// Messages a second from the files into the subscriber's queue.
async fn hub(node: &Node, config: Config, messages: u64) -> Outcome<f64> {
    let link: Arc<dyn Amqp> = Arc::new(Link::new(node.settings(), "bench"));
    let target = topology::subscriber(SUBSCRIBER).on_rabbitmq(Lane(0));
    link.declare(&target).await?;
    let hub = Hub::open(config, Part::All, Arc::new(SystemClock))?;
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let run = hub.run(Mode::Watch, stopped, |_, _| {});
    let wait = async {
        arrived(&link, &target, messages).await?;
        let elapsed = start.elapsed().as_secs_f64();
        stop.send_replace(true);
        Outcome::Ok(elapsed)
    };
    let (ended, elapsed) = tokio::join!(run, wait);
    ended?;
    Ok(messages as f64 / elapsed?)
}

/// How long messages take from the adapter's publish (outbox synced to disk, forwarded) through a lane, that is settled
/// with one copy each, to the consumer of the subscriber's queue. Nothing is decoded on the way.
async fn latencies(node: &Node, outbox: &Path, bytes: usize) -> Outcome<Vec<Duration>> {
    let link: Arc<dyn Amqp> = Arc::new(Link::new(node.settings(), "bench"));
    let journal = Embedded::open(outbox, embedded::Settings::default())?;
    let series = journal.journal_number();
    let outbox = Outbox { broker: Arc::new(journal), series, bytes: Arc::new(|| 0), bytes_max: u64::MAX };
    let options = Options { lanes: LANES, prefetch: PREFETCH, history: "bench".into() };
    let adapter = Arc::new(RabbitMq::new(link.clone(), Some(outbox), options.clone()));
    let router = Arc::new(RabbitMq::new(link, None, options));
    adapter.declare(&topology::ingest()).await?;
    let (stop, stopped) = watch::channel(false);
    let (arrivals, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    let forwarding = adapter.clone();
    tasks.spawn(async move { forwarding.run(stopped).await });
    for lane in (0..LANES).map(Lane) {
        let mut consumer = router.consume(&topology::ingest(), lane).await?;
        tasks.spawn(async move {
            loop {
                let batch = consumer.receive(64).await?;
                let to = vec![(topology::subscriber(SUBSCRIBER), lane)];
                let copy = |Delivery { envelope, body, .. }| Publication { to: to.clone(), envelope, body };
                let count = batch.len();
                consumer.settle(count, batch.into_iter().map(copy).collect()).await?;
            }
        });
        let mut consumer = router.consume(&topology::subscriber(SUBSCRIBER), lane).await?;
        let arrivals = arrivals.clone();
        tasks.spawn(async move {
            loop {
                let batch = consumer.receive(64).await?;
                let now = Instant::now();
                batch.iter().for_each(|delivery| drop(arrivals.send((delivery.envelope.id.clone(), now))));
                consumer.settle(batch.len(), Vec::new()).await?;
            }
        });
    }
    // Lanes are taken over.
    sleep(Duration::from_secs(5)).await;
    let body = Bytes::from(vec![b'x'; bytes]);
    let mut pace = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut publishing = JoinSet::new();
    let mut sent = HashMap::new();
    for number in 0..RATE * SECONDS {
        pace.tick().await;
        let id = number.to_string();
        let envelope = Envelope { id: id.clone(), ..header().envelope };
        let to = vec![(topology::ingest(), Lane::of("3210100018", &id, LANES))];
        sent.insert(id, Instant::now());
        let (adapter, body) = (adapter.clone(), body.clone());
        publishing.spawn(async move { adapter.publish(vec![Publication { to, envelope, body }]).await });
    }
    let mut latencies = Vec::new();
    while latencies.len() < sent.len()
        && let Some((id, when)) = arrived.recv().await
    {
        latencies.extend(sent.get(&id).map(|sent| when.duration_since(*sent)));
    }
    while let Some(done) = publishing.join_next().await {
        done??;
    }
    stop.send_replace(true);
    Ok(latencies)
}

async fn arrived(link: &Arc<dyn Amqp>, queue: &str, messages: u64) -> Outcome<()> {
    while link.count(queue).await?.ready < messages {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn header() -> Header {
    let origin = Origin {
        feed: "bench".into(),
        file: Identifying(
            "000/001/0000000001/20261120/OML-11/0000000001_20261120_OML-11_x_20261120_-_1".into(),
        ),
        offset: 0,
        hash: "f".repeat(64),
    };
    let envelope = Envelope {
        id: "f".repeat(32),
        facility: "3210100018".into(),
        patient: Identifying("0000000001".into()),
        data_type: Some("OML-11".into()),
        change: Change::Created,
        key: Identifying("ssmix2/0000000001/20261120/OML-11/000000000000001".into()),
        version: "20261120100000000".into(),
        origin,
        stored: None,
        accepted_at: "2026-11-20T01:00:00.123456789Z".into(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    };
    Header { envelope, lane: Lane(0), number: Number { series: 1, sequence: 1 } }
}

/// A hub with one storage, all of whose messages go to one subscriber that reads its queue.
fn configure(folder: &Path, root: &Path, node: &Node, archive: bool) -> Outcome<Config> {
    fs::create_dir_all(folder.join("feeds"))?;
    let password = folder.join("password");
    fs::write(&password, "guest")?;
    fs::write(folder.join("pseudonym.key"), "0".repeat(64))?;
    let hub = format!(
        "version = 1\nnetwork = \"bench\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"pseudonym.key\"\n[broker]\nkind = \"rabbitmq\"\nurls = {:?}\nuser = \"guest\"\npassword_file = {password:?}\nlanes = {LANES}\nwindow = {WINDOW}\narchive = {archive}\n",
        node.urls
    );
    fs::write(folder.join("hub.toml"), hub)?;
    let feed = format!(
        "version = 1\nfacility = \"3210100018\"\nname = \"架空病院\"\nroles = [\"disclosing\"]\n[[source]]\nkind = \"ssmix2\"\nstandard = {root:?}\n"
    );
    fs::write(folder.join("feeds/bench.toml"), feed)?;
    let kinds = Kind::ALL.map(Kind::as_str);
    let routes = format!(
        "version = 1\n[[subscriber]]\nname = \"{SUBSCRIBER}\"\ndeliver = {{ kind = \"queue\" }}\n[[route]]\nname = \"all\"\ntopic = \"all\"\nto = [\"{SUBSCRIBER}\"]\nkinds = {kinds:?}\nsend = \"original\"\nbasis = \"addressed\"\n"
    );
    fs::write(folder.join("routes.toml"), routes)?;
    let (config, faults) = Config::load(folder);
    config.ok_or_else(|| faults.iter().map(ToString::to_string).collect::<String>().into())
}

/// A throw-away RabbitMQ node.
struct Node {
    folder: PathBuf,
    urls: Vec<String>,
}

impl Node {
    fn start(folder: &Path) -> Outcome<Self> {
        let mut node = Self { folder: folder.to_owned(), urls: Vec::new() };
        node.script(&["start", "--port", "0"])?;
        let env = node.script(&["env"])?;
        let url = env.split('\'').find(|part| part.starts_with("amqp://")).ok_or("no url")?;
        node.urls = url.split([',', ' ']).map(str::to_owned).collect();
        Ok(node)
    }

    fn script(&self, arguments: &[&str]) -> Outcome<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/rabbitmq");
        let output = Command::new(script).args(arguments).arg("--dir").arg(&self.folder).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn settings(&self) -> Settings {
        let password_file = self.folder.with_extension("password");
        fs::write(&password_file, "guest").unwrap_or_default();
        Settings {
            urls: self.urls.clone(),
            vhost: "/".into(),
            user: "guest".into(),
            password_file,
            tls: None,
            lanes: LANES,
            window: WINDOW,
            prefetch: PREFETCH,
            outbox_bytes_max: 20_000_000_000,
            archive: false,
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.script(&["stop"]));
    }
}
