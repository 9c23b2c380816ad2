//! `musubi send`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use hl7v2::ack::Wanted;

use super::verify::print_line;
use super::wire::{Signals, choice, rate, run, shown, time};
use super::{complain, exit, fail, print};
use crate::lang::Lang;
use crate::ops::wire::input;
use crate::ops::wire::send::{Fault, Latency, Sent, Settings, Summary, Verdict, send};

const EXAMPLES: &str = "\
Examples:
  musubi send message.hl7 --to 127.0.0.1:2575
  musubi send storage/ --to 127.0.0.1:2575 --connections 4 --rate 50/s
  musubi send message.hl7 --to 127.0.0.1:2575 --accept-ack AL --application-ack AL
  musubi send message.hl7 --to 127.0.0.1:2575 --repeat 10 --fault split --every 3

Exit codes: 0 all accepted, 1 something was rejected, 65 an input holds no message, 69 no connection, 75 no answer.";

/// Arguments of `send`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Files of HL7 v2 messages, folders with all below them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Receiver
    #[arg(long, value_name = "HOST:PORT")]
    to: String,
    /// How long an answer, or a connection, is waited for
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = time)]
    timeout: Duration,
    /// Connections at the same time; more than one keep no order
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Send each message so often
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Messages a second, at most, over all connections
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<f64>,
    /// Ask for a commit acknowledgement: set MSH-15
    #[arg(long, value_name = "WHEN", value_parser = choice(&Wanted::ALL, Wanted::as_str))]
    accept_ack: Option<Wanted>,
    /// Ask for an application acknowledgement: set MSH-16
    #[arg(long, value_name = "WHEN", value_parser = choice(&Wanted::ALL, Wanted::as_str))]
    application_ack: Option<Wanted>,
    /// Give every message a control id of its own (MSH-10): these letters and a number
    #[arg(long, value_name = "LETTERS", num_args = 0..=1, default_missing_value = "T")]
    fresh_ids: Option<String>,
    /// Send with a fault, to see how the receiver behaves
    #[arg(long, value_parser = choice(&Fault::ALL, Fault::name))]
    fault: Option<Fault>,
    /// Make the fault with every Nth message only
    #[arg(long, default_value_t = 1, value_name = "N", requires = "fault", value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Bytes of a message with the fault "big"; the hub takes 64 MiB
    #[arg(long, default_value_t = 65 << 20, value_name = "BYTES", requires = "fault")]
    big_bytes: usize,
    /// Print each message, and then the counts, as a line of JSON each
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn settings(&self) -> Settings {
        Settings {
            to: self.to.clone(),
            timeout: self.timeout,
            connections: self.connections,
            repeat: self.repeat,
            per_second: self.rate,
            accept: self.accept_ack,
            application: self.application_ack,
            fresh_ids: self.fresh_ids.clone(),
            fault: self.fault,
            every: self.every,
            big_bytes: self.big_bytes,
        }
    }
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    match input::files(&arguments.files) {
        Ok(files) => run(async |signals: Signals| {
            let settings = arguments.settings();
            let (mut tally, mut asked_to_stop) = (Summary::default(), true);
            tokio::select! {
                summary = send(files, &settings, |sent| tell(sent, lang, arguments.json)) => {
                    (tally, asked_to_stop) = (summary, false);
                }
                () = signals.received() => {}
            }
            if asked_to_stop { stopped(lang) } else { finish(&tally, lang, arguments.json) }
        }),
        Err(error) => fail(&error, exit::BAD_DATA),
    }
}

fn stopped(lang: Lang) -> u8 {
    complain(lang.pick("musubi: stopped before the end", "musubi: 途中で停止しました"));
    exit::TRY_LATER
}

fn tell(sent: &Sent, lang: Lang, json: bool) {
    if json {
        return print_line(sent);
    }
    let Sent { number, control_id, codes, milliseconds, .. } = sent;
    let codes = if codes.is_empty() { "-".to_owned() } else { codes.join(" ") };
    let mut line = format!("{number}\t{}\t{codes}\t{milliseconds:.1} ms", shown(control_id));
    if let Some(fault) = sent.fault {
        line.push_str(&format!("\t[{}: {fault}]", lang.pick("fault", "故障")));
    }
    if !sent.conditions.is_empty() {
        let numbers: Vec<_> = sent.conditions.iter().map(u32::to_string).collect();
        line.push_str(&format!("\tERR {}", numbers.join(" ")));
    }
    for text in [&sent.text, &sent.why].into_iter().flatten() {
        line.push_str(&format!("\t{}", shown(text)));
    }
    print(&format!("{line}\n"));
}

fn finish(summary: &Summary, lang: Lang, json: bool) -> u8 {
    for unreadable in &summary.unreadable {
        complain(&format!("musubi: {unreadable}"));
    }
    if json {
        print_line(summary);
    } else {
        print(&text(summary, lang));
    }
    if let Some(why) = &summary.no_connection {
        complain(&format!("musubi: {}: {why}", lang.pick("no connection", "接続できません")));
        let next = lang.pick(
            "is the receiver listening, and does a firewall lie between? `musubi listen --port 2575` is one to try with",
            "受信側は待ち受けていますか。間にファイアウォールはありませんか。`musubi listen --port 2575` で試せます",
        );
        complain(&format!("  {next}"));
        return exit::UNAVAILABLE;
    }
    match summary {
        Summary { unanswered: 1.., .. } => exit::TRY_LATER,
        Summary { rejected: 1.., .. } => exit::DIFFERS,
        Summary { unreadable, sent, .. } if !unreadable.is_empty() || *sent == 0 => exit::BAD_DATA,
        _ => exit::DONE,
    }
}

fn text(summary: &Summary, lang: Lang) -> String {
    let Summary { sent, accepted, rejected, unanswered, seconds, .. } = summary;
    let counts =
        [(Verdict::Accepted, accepted), (Verdict::Rejected, rejected), (Verdict::Unanswered, unanswered)];
    let counts: Vec<_> =
        counts.iter().map(|(verdict, count)| format!("{} {count}", word(*verdict, lang))).collect();
    let mut text = format!("{} {sent}: {} ({seconds:.1} s)\n", lang.pick("sent", "送信"), counts.join(", "));
    if let Some(Latency { p50, p90, p99, max }) = summary.latency {
        let title = lang.pick("latency in ms", "応答時間 (ms)");
        text.push_str(&format!("{title}: 50% {p50:.1}, 90% {p90:.1}, 99% {p99:.1}, max {max:.1}\n"));
    }
    text
}

fn word(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Accepted => lang.pick("accepted", "受理"),
        Verdict::Rejected => lang.pick("rejected", "拒否"),
        Verdict::Unanswered => lang.pick("unanswered", "無応答"),
    }
}
