//! What it costs the pipeline that somebody looks: the same messages through a hub with and without open consoles.
//!
//! `cargo bench --bench console -- [PATH…]`. Each path is kept open (server-sent events) or asked for again after a
//! second, by several at once. In the same run 20 messages a second are offered, then 500, then as many as the hub takes.
//! Rounds alternate. Processor time is that of the hub's process alone, in ticks of 10 ms; who sends and who looks
//! shares the machine. Only the ratios mean much. What looking at pages costs does not depend on how many messages pass,
//! and beside few it shows best: the last line tells it as a share of what 500 a second take.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

/// Messages a second that are offered, and for how many seconds: `MUSUBI_SECONDS` says otherwise.
const RATE: u64 = 500;
const SECONDS: u64 = 20;
/// Messages a second that change the pages, and for how many seconds.
const FEW: u64 = 20;
const FEW_SECONDS: u64 = 10;
/// Messages that are sent as fast as they are taken: `MUSUBI_FLOOD` says otherwise.
const FLOOD: u64 = 20_000;
/// Pairs of rounds: `MUSUBI_ROUNDS` says otherwise.
const ROUNDS: u64 = 5;
/// Connections of the sender, and messages that it has under way without an answer.
const CONNECTIONS: usize = 5;
const WINDOW: u64 = 200;
/// Who looks at each path at once.
const LOOKERS: usize = 5;
/// What is looked at where nothing is named: the pages that change by themselves, and what passes by.
const PATHS: [&str; 4] = ["/live/overview", "/live/queues", "/live/flows", "/api/v1/tap"];
/// What takes longer has failed.
const LIMIT: Duration = Duration::from_secs(300);

/// What a load took.
#[derive(Clone, Copy)]
struct Cost {
    processor: Duration,
    elapsed: Duration,
}

fn main() -> Result<(), Failure> {
    let named: Vec<_> = std::env::args().skip(1).filter(|argument| argument.starts_with('/')).collect();
    let paths = if named.is_empty() { PATHS.map(str::to_owned).into() } else { named };
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let offered = number("MUSUBI_SECONDS").unwrap_or(SECONDS) * RATE;
    let loads = [
        (FEW * FEW_SECONDS, Some(FEW)),
        (offered, Some(RATE)),
        (number("MUSUBI_FLOOD").unwrap_or(FLOOD), None),
    ];
    println!("{LOOKERS} look at each of {}", paths.join(" "));
    println!("{:>22} {:>12} {:>12} {:>8}", "", "alone", "looked at", "ratio");
    let (mut ratios, mut shares): ([Vec<f64>; 3], _) = (Default::default(), Vec::new());
    for round in 1..=number("MUSUBI_ROUNDS").unwrap_or(ROUNDS) {
        // Who begins changes.
        let (alone, looked) = if round % 2 == 1 {
            (self::round(loads, &[])?, self::round(loads, &paths)?)
        } else {
            let looked = self::round(loads, &paths)?;
            (self::round(loads, &[])?, looked)
        };
        let [few, some, many] = [0, 1, 2].map(|load| (alone[load], looked[load]));
        let rows = [
            ("500/s: processor", some.0.processor, some.1.processor),
            ("flood: processor", many.0.processor, many.1.processor),
            ("flood: time", many.0.elapsed, many.1.elapsed),
        ];
        for ((name, alone, looked), ratios) in rows.into_iter().zip(&mut ratios) {
            let ratio = looked.as_secs_f64() / alone.as_secs_f64();
            println!("{name:>22} {alone:>12.2?} {looked:>12.2?} {ratio:>8.3}");
            ratios.push(ratio);
        }
        let looking =
            (few.1.processor.as_secs_f64() - few.0.processor.as_secs_f64()) / few.1.elapsed.as_secs_f64();
        let share = looking * some.0.elapsed.as_secs_f64() / some.0.processor.as_secs_f64();
        println!(
            "{:>22} {:>12.2?} {:>12.2?} {share:>8.3}",
            "20/s: processor", few.0.processor, few.1.processor
        );
        shares.push(share);
    }
    let [offered, flood, time] = ratios.map(middle);
    println!("middle ratio: 500/s processor {offered:.3}, flood processor {flood:.3}, flood time {time:.3}");
    println!("what looking takes beside 20 a second, of what 500 a second take: {:.3}", middle(shares));
    Ok(())
}

fn middle(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A hub that dies with the round.
struct Hub(Child);

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Messages, and how many of them a second; as many as are taken where nothing is said.
type Load = (u64, Option<u64>);

/// The loads, one after the other, through a hub of their own.
fn round(loads: [Load; 3], paths: &[String]) -> Result<Vec<Cost>, Failure> {
    let folder = tempfile::tempdir()?;
    let free = || TcpListener::bind("127.0.0.1:0")?.local_addr();
    let (console, mllp) = (free()?, free()?);
    configure(folder.path(), console, mllp)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    command.args(["--config", &folder.path().display().to_string(), "run"]);
    let hub = Hub(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let began = Instant::now();
    while TcpStream::connect(console).is_err() || TcpStream::connect(mllp).is_err() {
        if began.elapsed() > LIMIT {
            return Err("the hub does not listen".into());
        }
        sleep(Duration::from_millis(20));
    }
    let token = fs::read_to_string(folder.path().join("var/api.token"))?.trim().to_owned();
    let over = Arc::new(AtomicBool::new(false));
    let lookers = paths.iter().flat_map(|path| [path; LOOKERS]).map(|path| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {console}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let over = over.clone();
        thread::spawn(move || look(console, &request, &over))
    });
    let lookers: Vec<_> = lookers.collect();
    let mut sender = Sender::connect(mllp)?;
    let mut delivered = Delivered::of(folder.path());
    // What happens once is over, and the first pages are made.
    load(&hub, &mut sender, &mut delivered, (RATE, Some(RATE)))?;
    let costs = loads.into_iter().map(|one| load(&hub, &mut sender, &mut delivered, one)).collect();
    over.store(true, Ordering::Relaxed);
    drop(hub);
    for looker in lookers {
        if looker.join().unwrap_or_default() == 0 {
            return Err("nothing could be looked at".into());
        }
    }
    costs
}

/// Sends so many, at so many a second or as fast as they are taken, until all are delivered.
fn load(
    hub: &Hub,
    sender: &mut Sender,
    delivered: &mut Delivered,
    (messages, rate): Load,
) -> Result<Cost, Failure> {
    let (before, began, first) = (processor(hub)?, Instant::now(), sender.sent);
    while sender.sent < first + messages {
        let due = match rate {
            Some(rate) => u64::try_from(began.elapsed().as_millis())? * rate / 1_000,
            None => (sender.answered() + WINDOW).saturating_sub(first),
        };
        while sender.sent < first + due.min(messages) {
            sender.send()?;
        }
        if began.elapsed() > LIMIT {
            return Err("the messages were not taken".into());
        }
        sleep(Duration::from_millis(2));
    }
    while delivered.count()? < sender.sent {
        if began.elapsed() > LIMIT {
            return Err("the messages were not delivered".into());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(Cost { elapsed: began.elapsed(), processor: processor(hub)?.saturating_sub(before) })
}

/// A sending system, with several connections.
struct Sender {
    streams: Vec<TcpStream>,
    sent: u64,
    answered: Arc<AtomicU64>,
}

impl Sender {
    fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let answered = Arc::new(AtomicU64::new(0));
        let mut streams = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            let (mut answers, answered) = (stream.try_clone()?, answered.clone());
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = answers.read(&mut bytes) {
                    let ends = bytes.iter().take(count).filter(|byte| **byte == 0x1C).count();
                    answered.fetch_add(ends as u64, Ordering::Relaxed);
                }
            });
            streams.push(stream);
        }
        Ok(Self { streams, sent: 0, answered })
    }

    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Sends a message about an invented person (架空).
    fn send(&mut self) -> Result<(), Failure> {
        let number = self.sent;
        let text = format!(
            "\x0BMSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ADT^A08^ADT_A01|{number}|P|2.5||||||UNICODE UTF-8\r\
             EVN|A08|20261120\rPID|||{:04}^^^IZUMO||架空^花子\r\x1C\r",
            number % 1_000
        );
        // Messages of a patient stay on one connection.
        let stream = self.streams.get_mut(usize::try_from(number)? % CONNECTIONS).ok_or("no connection")?;
        stream.write_all(text.as_bytes())?;
        self.sent += 1;
        Ok(())
    }
}

/// Keeps one path open, or asks for it again. Says how many bytes came.
fn look(address: SocketAddr, request: &str, over: &AtomicBool) -> u64 {
    let (mut bytes, mut all) = (vec![0; 64 << 10], 0);
    while !over.load(Ordering::Relaxed) {
        if let Ok(mut stream) = TcpStream::connect(address) {
            let (asked, mut is_first) = (stream.write_all(request.as_bytes()), true);
            while let (Ok(()), Ok(count @ 1..)) = (&asked, stream.read(&mut bytes)) {
                if is_first && !bytes.starts_with(b"HTTP/1.1 200") {
                    return 0;
                }
                is_first = false;
                all += count as u64;
            }
        }
        sleep(Duration::from_secs(1));
    }
    all
}

fn configure(folder: &Path, console: SocketAddr, mllp: SocketAddr) -> Result<(), Failure> {
    let hub = format!(
        "version = 1\nnetwork = \"bench\"\ntimezone = \"Asia/Tokyo\"\n[console]\nlisten = \"{console}\"\n"
    );
    let feed = format!(
        "version = 1\nfacility = \"3210100018\"\nname = \"出雲中央病院（架空）\"\nroles = [\"disclosing\"]\n\
         [[source]]\nkind = \"mllp\"\nlisten = \"{mllp}\"\n"
    );
    let routes = "version = 1\n[[subscriber]]\nname = \"referral\"\ndeliver = { kind = \"folder\" }\n[[route]]\nname = \"all\"\n\
                  topic = \"all\"\nto = [\"referral\"]\nkinds = [\"patient\"]\nbasis = \"public-duty\"\n";
    fs::create_dir_all(folder.join("feeds"))?;
    fs::write(folder.join("hub.toml"), hub)?;
    fs::write(folder.join("feeds/one.toml"), feed)?;
    Ok(fs::write(folder.join("routes.toml"), routes)?)
}

/// Lines in the subscriber's folder, of which each byte is read once.
struct Delivered {
    folder: PathBuf,
    read: HashMap<PathBuf, u64>,
    lines: u64,
}

impl Delivered {
    fn of(folder: &Path) -> Self {
        Self { folder: folder.join("var/deliveries/referral"), read: HashMap::new(), lines: 0 }
    }

    fn count(&mut self) -> Result<u64, Failure> {
        for day in fs::read_dir(&self.folder).into_iter().flatten() {
            let path = day?.path();
            let Ok(mut file) = File::open(&path) else { continue };
            let read = self.read.entry(path).or_default();
            file.seek(SeekFrom::Start(*read))?;
            let mut bytes = Vec::new();
            *read += file.read_to_end(&mut bytes)? as u64;
            self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        Ok(self.lines)
    }
}

/// Processor time of the hub so far (proc_pid_stat(5): utime, stime, in ticks of 10 ms).
fn processor(hub: &Hub) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", hub.0.id()))?;
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}
