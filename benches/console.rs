//! What it costs the pipeline that somebody looks: the same messages through a hub with and without open consoles.
//!
//! `cargo bench --bench console -- [PATH…]`. Each path is kept open (server-sent events) or asked for again after a
//! second, by several at once. Rounds alternate; processor time of the hub alone, in ticks of 10 ms. Only the ratios mean
//! much.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

/// Messages of a round; `MUSUBI_MESSAGES` says otherwise.
const MESSAGES: usize = 5_000;
/// Pairs of rounds.
const ROUNDS: usize = 5;
/// Who looks at each path at once.
const LOOKERS: usize = 5;
/// What is looked at where nothing is named.
const PATHS: [&str; 2] = ["/api/v1/tap", "/api/v1/overview"];
/// A round that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(300);

/// What a round took.
struct Cost {
    processor: Duration,
    elapsed: Duration,
}

fn main() -> Result<(), Failure> {
    let named: Vec<_> = std::env::args().skip(1).filter(|argument| argument.starts_with('/')).collect();
    let paths = if named.is_empty() { PATHS.map(str::to_owned).into() } else { named };
    let messages =
        std::env::var("MUSUBI_MESSAGES").ok().and_then(|count| count.parse().ok()).unwrap_or(MESSAGES);
    println!("{messages} messages a round; {LOOKERS} look at each of {}", paths.join(" "));
    println!(
        "{:>5} {:>12} {:>12} {:>12} {:>12} {:>8}",
        "round", "cpu alone", "cpu looked", "alone", "looked", "ratio"
    );
    let (mut processor, mut elapsed) = (Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        // Who begins changes.
        let (alone, looked) = if number % 2 == 1 {
            (round(messages, &[])?, round(messages, &paths)?)
        } else {
            let looked = round(messages, &paths)?;
            (round(messages, &[])?, looked)
        };
        let ratio = looked.processor.as_secs_f64() / alone.processor.as_secs_f64();
        println!(
            "{number:>5} {:>12.2?} {:>12.2?} {:>12.2?} {:>12.2?} {ratio:>8.3}",
            alone.processor, looked.processor, alone.elapsed, looked.elapsed
        );
        processor.push(ratio);
        elapsed.push(looked.elapsed.as_secs_f64() / alone.elapsed.as_secs_f64());
    }
    println!("middle ratio: processor time {:.3}, elapsed {:.3}", middle(processor), middle(elapsed));
    Ok(())
}

fn middle(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn now() -> Instant {
    Instant::now()
}

/// A hub that dies with the round.
struct Hub(Child);

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn round(messages: usize, paths: &[String]) -> Result<Cost, Failure> {
    let folder = tempfile::tempdir()?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    configure(folder.path(), address)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    command.args(["--config", &folder.path().display().to_string(), "run"]);
    let hub = Hub(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let began = now();
    while TcpStream::connect(address).is_err() {
        if began.elapsed() > LIMIT {
            return Err("the console does not listen".into());
        }
        sleep(Duration::from_millis(20));
    }
    let (over, read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let token = fs::read_to_string(folder.path().join("var/api.token"))?.trim().to_owned();
    let lookers = paths.iter().flat_map(|path| [path; LOOKERS]).map(|path| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let (over, read) = (over.clone(), read.clone());
        thread::spawn(move || look(address, &request, &over, &read))
    });
    let lookers: Vec<_> = lookers.collect();
    sleep(Duration::from_secs(1));
    let (before, began) = (processor(&hub)?, now());
    (0..messages).try_for_each(|number| message(folder.path(), number))?;
    while delivered(folder.path()) < messages {
        if began.elapsed() > LIMIT {
            return Err("the messages were not delivered".into());
        }
        sleep(Duration::from_millis(50));
    }
    let cost = Cost { elapsed: began.elapsed(), processor: processor(&hub)?.saturating_sub(before) };
    over.store(true, Ordering::Relaxed);
    drop(hub);
    lookers.into_iter().for_each(|looker| drop(looker.join()));
    if !paths.is_empty() && read.load(Ordering::Relaxed) == 0 {
        return Err("nothing could be looked at".into());
    }
    Ok(cost)
}

/// Keeps one path open, or asks for it again.
fn look(address: SocketAddr, request: &str, over: &AtomicBool, read: &AtomicU64) {
    let mut bytes = vec![0; 64 << 10];
    while !over.load(Ordering::Relaxed) {
        if let Ok(mut stream) = TcpStream::connect(address) {
            let asked = stream.write_all(request.as_bytes());
            while let (Ok(()), Ok(count @ 1..)) = (&asked, stream.read(&mut bytes)) {
                read.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
        sleep(Duration::from_secs(1));
    }
}

fn configure(folder: &Path, address: SocketAddr) -> Result<(), Failure> {
    let hub = format!(
        "version = 1\nnetwork = \"bench\"\ntimezone = \"Asia/Tokyo\"\n[console]\nlisten = \"{address}\"\n"
    );
    let feed = "version = 1\nfacility = \"3210100018\"\nname = \"出雲中央病院（架空）\"\nroles = [\"disclosing\"]\n\
                [[source]]\nkind = \"hl7-files\"\npath = \"drop\"\npoll = \"50ms\"\n                settle = \"100ms\"\nincomplete_limit = \"500ms\"\n";
    let routes = "version = 1\n[[subscriber]]\nname = \"referral\"\ndeliver = { kind = \"folder\" }\n[[route]]\nname = \"all\"\n\
                  topic = \"all\"\nto = [\"referral\"]\nkinds = [\"patient\"]\nbasis = \"public-duty\"\n";
    fs::create_dir_all(folder.join("feeds"))?;
    fs::create_dir_all(folder.join("drop"))?;
    fs::write(folder.join("hub.toml"), hub)?;
    fs::write(folder.join("feeds/one.toml"), feed)?;
    Ok(fs::write(folder.join("routes.toml"), routes)?)
}

/// A message about an invented person (架空).
fn message(folder: &Path, number: usize) -> std::io::Result<()> {
    let text = format!(
        "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ADT^A08^ADT_A01|{number}|P|2.5||||||UNICODE UTF-8\r\
         EVN|A08|20261120\rPID|||{:04}^^^IZUMO||架空^花子\r",
        number % 1_000
    );
    let new = folder.join(format!("drop/{number}.new"));
    fs::write(&new, text)?;
    fs::rename(new, folder.join(format!("drop/{number}.hl7")))
}

/// Lines in the subscriber's folder.
fn delivered(folder: &Path) -> usize {
    let days = fs::read_dir(folder.join("var/deliveries/referral")).into_iter().flatten().flatten();
    let lines = |bytes: Vec<u8>| bytes.iter().filter(|&&byte| byte == b'\n').count();
    days.filter_map(|day| fs::read(day.path()).ok()).map(lines).sum()
}

/// Processor time of the hub so far (proc_pid_stat(5): utime, stime, in ticks of 10 ms).
fn processor(hub: &Hub) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", hub.0.id()))?;
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}
