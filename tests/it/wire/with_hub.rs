//! What is sent to a hub is accepted by it, and its faults and answers are told.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use musubi::ops::wire::send::{Fault, Settings, Verdict};
use rustix::process::Signal;

use super::process::Process;
use super::{Outbox, codes, sending, sent};
use crate::support::HubFolder;

/// A hub that listens.
fn hub() -> (HubFolder, Process, SocketAddr) {
    let folder = HubFolder::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    folder.write(
        "feeds/unnan.toml",
        format!(
            "version = 1\nfacility = \"3210900056\"\nname = \"雲南さくら病院 (架空)\"\nroles = [\"disclosing\"]\n\
             [[source]]\nkind = \"mllp\"\nlisten = \"{address}\"\n"
        ),
    );
    let process = Process::start(&folder, &["run", "--json"]);
    let listens = (0..600).any(|_| {
        sleep(Duration::from_millis(50));
        TcpStream::connect(address).is_ok()
    });
    assert!(listens, "the hub does not listen: {:?}", process.end());
    (folder, process, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_takes_what_is_sent_and_bears_the_faults() {
    let (_folder, mut process, address) = hub();
    let outbox = Outbox::new(4, "AL|AL");
    let settings = |fault, prefix: &str| {
        let fresh_ids = Some(prefix.to_owned());
        Settings { fault, fresh_ids, timeout: Duration::from_secs(10), ..sending(address) }
    };
    let (summary, all) = sent(&outbox, &settings(None, "A")).await;
    assert_eq!((summary.accepted, codes(&all)), (4, vec!["CA AA".to_owned(); 4]));
    for fault in
        [Fault::Split, Fault::Glue, Fault::Slow, Fault::Garbage, Fault::WrongControlId, Fault::Duplicate]
    {
        let (summary, _) = sent(&outbox, &settings(Some(fault), fault.name())).await;
        assert_eq!(summary.accepted, 4, "{fault:?}");
    }
    let torn = Settings { timeout: Duration::from_secs(2), ..settings(Some(Fault::Torn), "T") };
    let (summary, all) = sent(&outbox, &torn).await;
    assert_eq!((summary.unanswered, all[0].verdict), (4, Verdict::Unanswered));
    // It goes on after all of that.
    assert_eq!(sent(&outbox, &settings(None, "Z")).await.0.accepted, 4);
    process.signal(Signal::TERM);
    let output = process.end();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
