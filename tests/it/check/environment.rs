//! What the machine must have.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{checked, only, says};
use crate::support::HubFolder;

const ONLY: [&str; 2] = ["--skip", "topology"];

/// A hub with one listener.
fn listening(address: SocketAddr) -> HubFolder {
    let hub = HubFolder::new();
    let hub_file = fs::read_to_string(hub.path("hub.toml")).unwrap();
    hub.write("hub.toml", hub_file.split("[console]").next().unwrap());
    let source = format!("[[source]]\nkind = \"mllp\"\nlisten = \"{address}\"\n");
    let head = "version = 1\nfacility = \"3210500033\"\nname = \"架空\"\nroles = [\"disclosing\"]\n";
    hub.write("feeds/lab.toml", format!("{head}{source}"));
    hub
}

#[test]
fn a_port_that_another_program_has_is_told_and_stays_with_it() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let hub = listening(other.local_addr().unwrap());
    let (code, printed) = checked(&hub, &ONLY);
    assert_eq!(code, 0);
    says(only(&printed), "message", &["another program listens at 127.0.0.1:"]);
    says(only(&printed), "help", &["ss -ltnp"]);
    drop(other);
    let (_, printed) = checked(&hub, &ONLY);
    assert_eq!(printed["faults"], Value::Array(Vec::new()));
}

#[test]
fn the_port_of_the_hub_that_runs_is_no_fault_and_the_hub_goes_on() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hub = listening(free);
    let mut child = hub.start(&["run"]);
    let is_up = || {
        TcpStream::connect(free).is_ok()
            && hub.path("var/status").read_dir().is_ok_and(|mut files| files.next().is_some())
    };
    let came_up = (0..300).any(|_| {
        thread::sleep(Duration::from_millis(100));
        is_up()
    });
    let (code, printed) = checked(&hub, &ONLY);
    let still = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(came_up, "the hub does not listen within 30 s");
    assert_eq!((code, &printed["faults"]), (0, &Value::Array(Vec::new())), "{printed:#}");
    assert!(still.is_none(), "the hub ended: {still:?}");
}

#[test]
fn secrets_are_there_and_only_the_hub_reads_them_and_the_broker_answers() {
    let hub = HubFolder::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    hub.write(
        "hub.toml",
        format!(
            "version = 1\nnetwork = \"n\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"key\"\n[broker]\nkind = \"rabbitmq\"\n\
             urls = [\"amqp://{closed}\"]\nuser = \"u\"\npassword_file = \"password\"\n"
        ),
    );
    let about = |key: &str| {
        let (code, printed) = checked(&hub, &ONLY);
        assert_eq!(code, 0, "{printed:#}");
        printed["faults"].as_array().unwrap().iter().find(|fault| fault["key"] == key).cloned()
    };
    says(&about("broker.password_file").unwrap(), "message", &["does not exist (yet)"]);
    assert_eq!(about("broker"), None, "nobody can log in without a password");
    for name in ["key", "password"] {
        hub.write(name, "secret");
        fs::set_permissions(hub.path(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    says(&about("broker.password_file").unwrap(), "message", &["everybody on this machine can read", "644"]);
    says(&about("pseudonym_key").unwrap(), "help", &["chmod o="]);
    for name in ["key", "password"] {
        fs::set_permissions(hub.path(name), fs::Permissions::from_mode(0o640)).unwrap();
    }
    assert_eq!((about("broker.password_file"), about("pseudonym_key")), (None, None));
    says(&about("broker").unwrap(), "message", &["RabbitMQ can't be reached"]);
    says(&about("broker").unwrap(), "help", &["outbox", "musubi topology check"]);
}
