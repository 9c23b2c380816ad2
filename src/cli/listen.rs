//! `musubi listen`

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

use super::verify::print_line;
use super::wire::{Signals, choice, run, shown, time};
use super::{complain, exit, fail, print};
use crate::clock::SystemClock;
use crate::lang::Lang;
use crate::ops::wire::listen::{Answering, Fault, ListenError, Listener, Received, Settings, Summary};

const EXAMPLES: &str = "\
Examples:
  musubi listen --port 2575 --to received/
  musubi listen --port 2575 --answer AE --every 5
  musubi listen --port 2575 --fault no-answer --every 3

It ends with --count, SIGTERM or Ctrl-C. Exit codes: 0 fine, 69 the port can't be had, 73 the folder can't be made,
75 a message could not be written.";

/// Arguments of `listen`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Port; 0 takes one that is free and tells it
    #[arg(long)]
    port: u16,
    /// Address of this machine to listen at; MLLP neither encrypts nor asks who is there
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    address: IpAddr,
    /// Keep each message in a file of this folder
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// What to answer, as of the original mode; a sender in the enhanced mode gets CA, CE or CR
    #[arg(long, default_value = "AA", value_name = "CODE", value_parser = choice(&Answering::ALL, Answering::name))]
    answer: Answering,
    /// Answer with a fault, to see how the sender behaves
    #[arg(long, value_parser = choice(&Fault::ALL, Fault::name))]
    fault: Option<Fault>,
    /// Fault and --answer for every Nth message only; the others are accepted
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// How late the fault "late" is
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = time)]
    late: Duration,
    /// End after so many messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Largest message in bytes
    #[arg(long, default_value_t = 64 << 20, value_name = "BYTES")]
    max_bytes: usize,
    /// Connections at the same time
    #[arg(long, default_value_t = 16, value_name = "N")]
    connections: usize,
    /// Print each message, and then the counts, as a line of JSON each
    #[arg(long)]
    json: bool,
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    let settings = Settings {
        address: SocketAddr::new(arguments.address, arguments.port),
        to: arguments.to.clone(),
        answering: arguments.answer,
        fault: arguments.fault,
        every: arguments.every,
        late: arguments.late,
        count: arguments.count,
        bytes_max: arguments.max_bytes,
        connections_max: arguments.connections,
    };
    run(async |signals| match Listener::open(settings, Arc::new(SystemClock)).await {
        Ok(listener) => listen(listener, signals, lang, arguments.json).await,
        Err(error) => {
            let code = match &error {
                ListenError::Address { .. } => exit::UNAVAILABLE,
                ListenError::Folder { .. } => exit::CANT_CREATE,
            };
            fail(&error, code)
        }
    })
}

async fn listen(listener: Listener, signals: Signals, lang: Lang, json: bool) -> u8 {
    match listener.address() {
        Ok(address) => complain(&match lang {
            Lang::En => format!("musubi listens at {address}; SIGTERM or Ctrl-C stops it"),
            Lang::Ja => format!("musubi は {address} で待ち受けています。SIGTERM または Ctrl-C で停止します"),
        }),
        Err(error) => return fail(&error, exit::UNAVAILABLE),
    }
    let (stop, stopped) = watch::channel(false);
    let running = listener.run(stopped, |received| tell(received, lang, json));
    tokio::pin!(running);
    let summary = tokio::select! {
        summary = &mut running => summary,
        () = signals.received() => {
            stop.send_replace(true);
            running.await
        }
    };
    finish(&summary, lang, json)
}

fn tell(received: &Received, lang: Lang, json: bool) {
    if json {
        return print_line(received);
    }
    let Received { number, at, message_type, control_id, bytes, codes, .. } = received;
    let codes = if codes.is_empty() { "-".to_owned() } else { codes.join(" ") };
    let (message_type, control_id) = (shown(message_type), shown(control_id));
    let mut line = format!("{number}\t{at}\t{message_type}\t{control_id}\t{bytes}\t{codes}");
    if let Some(fault) = received.fault {
        line.push_str(&format!("\t[{}: {fault}]", lang.pick("fault", "故障")));
    }
    for text in [&received.file, &received.why].into_iter().flatten() {
        line.push_str(&format!("\t{}", shown(text)));
    }
    print(&format!("{line}\n"));
}

fn finish(summary: &Summary, lang: Lang, json: bool) -> u8 {
    if json {
        print_line(summary);
    } else {
        let Summary { messages, accepted, connections, turned_away, stream_faults, not_written } = summary;
        print(&match lang {
            Lang::En => format!(
                "{messages} messages, {accepted} accepted; {connections} connections, {turned_away} turned away; {stream_faults} faults of streams; {not_written} not written\n"
            ),
            Lang::Ja => format!(
                "メッセージ {messages} 件、受理 {accepted} 件、接続 {connections} 件、拒否した接続 {turned_away} 件、電文の枠の不良 {stream_faults} 件、保存できなかったもの {not_written} 件\n"
            ),
        });
    }
    if summary.not_written > 0 { exit::TRY_LATER } else { exit::DONE }
}
