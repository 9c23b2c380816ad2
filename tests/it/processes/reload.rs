//! A new configuration for what runs: taken between two messages, or refused with the old one going on.

use std::collections::BTreeSet;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::Output;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::running::{Running, lines, on_rabbitmq, status, until};
use crate::run::assert_no_gap_and_no_repeat;
use crate::support::{HubFolder, rabbitmq};

/// One subscriber `all`; `topic` and `only` go together, so that an event that was routed half by each shows.
fn routes(topic: &str, only: &str) -> String {
    format!(
        "version = 1\n[[subscriber]]\nname = \"all\"\ndeliver = {{ kind = \"folder\" }}\n\
         [[disclosure]]\nname = \"part\"\nfields = [{only}]\n\
         [[route]]\nname = \"all\"\ntopic = \"{topic}\"\nto = [\"all\"]\nkinds = [\"patient\", \"encounter\"]\n\
         disclose = \"part\"\nbasis = \"addressed\"\n"
    )
}

const NAMES: &str = "\"patient.names\"";
const BIRTH: &str = "\"patient.birth_date\"";

fn hub() -> HubFolder {
    let hub = HubFolder::new();
    hub.hl7_feed("one", "3210100018", "drop");
    fs::create_dir(hub.path("drop")).unwrap();
    hub.write("routes.toml", routes("names", NAMES));
    hub
}

/// Puts a message into a drop folder, whole.
fn drop_into(hub: &HubFolder, folder: &str, number: usize) {
    let text = format!(
        "MSH|^~\\&|HIS|H|HUB|N|20261120090000||ADT^A08^ADT_A01|{folder}{number}|P|2.5\r\
         EVN||20261120090000\rPID|||P{}^^^^PI||カクウ^タロウ^^^^^L^P||19500102|M\rPV1||O\r",
        number % 5
    );
    hub.write(&format!("new/{folder}-{number}"), text);
    fs::rename(hub.path(&format!("new/{folder}-{number}")), hub.path(&format!("{folder}/{number:05}.hl7")))
        .unwrap();
}

fn reload(hub: &HubFolder) -> Output {
    hub.run(&["reload", "--wait", "60"])
}

#[track_caller]
fn assert_reloaded(hub: &HubFolder) {
    let output = reload(hub);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// What the one process tells of itself, once it does.
fn told(hub: &HubFolder) -> Value {
    let files = fs::read_dir(hub.path("var/status")).into_iter().flatten();
    let mut files = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"));
    let text = files.next().and_then(|file| fs::read(file).ok());
    text.map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap())
}

/// Its last answer.
fn answer(hub: &HubFolder) -> Value {
    told(hub)["configuration"]["answers"].as_array().and_then(|all| all.last().cloned()).unwrap_or_default()
}

/// Every event was routed by one configuration: its topic and what was disclosed belong together.
#[track_caller]
fn assert_not_half_by_each(events: &[Value]) -> BTreeSet<&str> {
    let topics = events.iter().map(|event| {
        let topic = event["topic"].as_str().unwrap();
        let patient = &event["data"]["patient"];
        let has = |field: &str| !patient[field].is_null();
        assert_eq!((has("names"), has("birth_date")), (topic == "names", topic == "birth"), "{event:#}");
        topic
    });
    topics.collect()
}

#[test]
fn routes_are_swapped_between_two_messages() {
    let hub = hub();
    let running = Running::start(&hub, &["run", "--json"]);
    let mut dropped = 0;
    for (topic, only) in [("birth", BIRTH), ("names", NAMES)].into_iter().cycle().take(6) {
        (0..60).for_each(|_| {
            drop_into(&hub, "drop", dropped);
            dropped += 1;
        });
        hub.write("routes.toml", routes(topic, only));
        until("it tells of itself", || !told(&hub).is_null());
        assert_reloaded(&hub);
        assert_eq!(answer(&hub)["outcome"], "swapped");
        drop_into(&hub, "drop", dropped);
        dropped += 1;
        until("what came after the swap is delivered", || lines(&hub, "all") == dropped);
        assert_eq!(hub.delivered("all").last().unwrap()["topic"], topic);
    }
    let report = running.stop();
    assert_eq!(
        (&report["conserved"], &report["messages"]["accepted"]),
        (&json!(true), &json!(dropped)),
        "{report:#}"
    );
    let events = hub.delivered("all");
    assert_no_gap_and_no_repeat(&events);
    assert_eq!((events.len(), assert_not_half_by_each(&events).len()), (dropped, 2));
}

#[test]
fn new_feeds_and_subscribers_are_served_and_old_ones_no_more() {
    let hub = hub();
    let running = Running::start(&hub, &["run", "--json"]);
    (0..40).for_each(|number| drop_into(&hub, "drop", number));
    until("the first are delivered", || lines(&hub, "all") == 40);

    hub.hl7_feed("two", "3210200024", "second");
    fs::create_dir(hub.path("second")).unwrap();
    let more = "[[subscriber]]\nname = \"too\"\ndeliver = { kind = \"folder\" }\n";
    let to_both = routes("names", NAMES).replace("to = [\"all\"]", "to = [\"all\", \"too\"]");
    hub.write("routes.toml", to_both.replace("[[disclosure]]", &format!("{more}[[disclosure]]")));
    (40..80).for_each(|number| drop_into(&hub, "drop", number));
    assert_reloaded(&hub);
    assert_eq!(answer(&hub)["outcome"], "restarted");
    (0..30).for_each(|number| drop_into(&hub, "second", number));
    until("both feeds go to the old subscriber", || lines(&hub, "all") == 110);
    until("and what came later to the new one", || lines(&hub, "too") >= 30);

    fs::remove_file(hub.path("feeds/two.toml")).unwrap();
    assert_reloaded(&hub);
    drop_into(&hub, "second", 99);
    drop_into(&hub, "drop", 99);
    until("the feed that is left is served", || lines(&hub, "all") == 111);
    let report = running.stop();
    assert_eq!(
        (&report["conserved"], &report["messages"]["accepted"]),
        (&json!(true), &json!(111)),
        "{report:#}"
    );
    let events = hub.delivered("all");
    assert_no_gap_and_no_repeat(&events);
    assert_eq!(events.len(), 111);
}

#[test]
fn what_can_not_be_used_is_refused_with_its_reason_and_the_old_goes_on() {
    let hub = hub();
    let good = routes("names", NAMES);
    let hub_toml = fs::read_to_string(hub.path("hub.toml")).unwrap();
    let running = Running::start(&hub, &["run", "--json"]);
    until("it tells of itself", || !told(&hub).is_null());
    until("it tells of itself", || !told(&hub).is_null());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mllp = format!(
        "version = 1\nfacility = \"3210200024\"\nname = \"架空\"\nroles = [\"disclosing\"]\n\
         [[source]]\nkind = \"mllp\"\nlisten = \"{}\"\n",
        taken.local_addr().unwrap()
    );
    let failing = "[[route.test]]\nname = \"never\"\ninput = \"drop/00000.hl7\"\nexpect = { to = [] }\n";
    drop_into(&hub, "drop", 0);
    for (number, (file, text, why)) in [
        ("routes.toml", good.replace("kinds", "kind"), "did you mean"),
        ("routes.toml", format!("{good}{failing}"), "all: never"),
        ("hub.toml", hub_toml.replace("lanes = 16", "lanes = 3"), "start"),
        ("hub.toml", format!("{hub_toml}\n[registry]\nimport = \"nowhere\"\n"), "nowhere"),
        ("feeds/two.toml", mllp, "in use"),
    ]
    .into_iter()
    .enumerate()
    {
        hub.write(file, text);
        running.signal(Signal::HUP);
        until(why, || answer(&hub)["number"] == number + 1);
        let told = answer(&hub);
        assert_eq!(told["outcome"], "refused", "{told:#}");
        assert!(told["why"].to_string().contains(why), "{told:#}");
        hub.write("routes.toml", &good);
        hub.write("hub.toml", &hub_toml);
        drop(fs::remove_file(hub.path("feeds/two.toml")));
        drop_into(&hub, "drop", number + 1);
        until("the old one goes on", || lines(&hub, "all") == number + 2);
    }
    hub.write("routes.toml", "version = 1\n[[rout]]\n");
    let output = reload(&hub);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    hub.write("routes.toml", &good);
    let report = running.stop();
    assert_eq!(
        (&report["conserved"], &report["messages"]["routed"]),
        (&json!(true), &json!(6)),
        "{report:#}"
    );
    assert_no_gap_and_no_repeat(&hub.delivered("all"));
}

#[test]
fn a_port_is_listened_at_again_after_a_restart_of_the_parts() {
    let hub = hub();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = |name: &str| {
        format!(
            "version = 1\nfacility = \"3210200024\"\nname = \"{name}\"\nroles = [\"disclosing\"]\n\
             [[source]]\nkind = \"mllp\"\nlisten = \"{address}\"\n"
        )
    };
    hub.write("feeds/two.toml", listener("架空"));
    let running = Running::start(&hub, &["run", "--json"]);
    let listens = || TcpStream::connect(address).is_ok();
    until("it listens", listens);
    until("it tells of itself", || !told(&hub).is_null());
    hub.write("feeds/two.toml", listener("架空病院"));
    assert_reloaded(&hub);
    assert!(listens(), "the new configuration is in force and nothing listens");
    running.stop();
}

#[test]
fn what_widens_is_applied_only_where_that_is_accepted() {
    let hub = hub();
    let running = Running::start(&hub, &["run", "--json"]);
    drop_into(&hub, "drop", 0);
    until("it is delivered", || lines(&hub, "all") == 1);

    hub.write("routes.toml", routes("names", &format!("{NAMES}, {BIRTH}")));
    let refused = hub.run(&["apply"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--accept-widening"), "{refused:?}");
    assert_eq!(answer(&hub), Value::Null, "nothing was asked of the hub");
    let accepted = hub.run(&["apply", "--accept-widening"]);
    assert_eq!(accepted.status.code(), Some(0), "{accepted:?}");
    assert_eq!(answer(&hub)["outcome"], "swapped");

    hub.write("routes.toml", routes("names", NAMES));
    let narrower = hub.run(&["apply"]);
    assert_eq!(narrower.status.code(), Some(0), "{narrower:?}");
    drop_into(&hub, "drop", 1);
    until("it is delivered", || lines(&hub, "all") == 2);
    assert!(hub.delivered("all")[1]["data"]["patient"]["birth_date"].is_null());
    running.stop();
}

/// Whenever it is told to: while it reads the new configuration, stops its parts for it, or starts them with it.
#[test]
fn it_ends_when_told_to_though_a_new_configuration_is_on_its_way() {
    let hub = hub();
    for delay in [0, 20, 60, 120, 250] {
        let running = Running::start(&hub, &["run", "--json"]);
        until("it tells of itself", || !told(&hub).is_null());
        hub.hl7_feed("two", if delay % 40 == 0 { "3210200024" } else { "3210500033" }, "second");
        fs::create_dir_all(hub.path("second")).unwrap();
        running.signal(Signal::HUP);
        running.signal(Signal::HUP);
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let report = running.stop();
        assert_eq!(report["conserved"], true, "after {delay} ms: {report:#}");
    }
}

#[test]
fn where_nothing_runs_nobody_answers() {
    let hub = hub();
    let output = reload(&hub);
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("musubi run"), "{output:?}");
}

#[tokio::test]
async fn processes_on_rabbitmq_swap_each_for_itself() {
    let hub = hub();
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let roles = ["adapter", "router", "router", "deliver"];
    let running: Vec<_> = roles.iter().map(|role| Running::start(&hub, &[role, "--json"])).collect();
    let told = || status(&hub).1["processes"].as_array().is_some_and(|all| all.len() == roles.len());
    until("all tell of themselves", told);
    let mut dropped = 0;
    for (topic, only) in [("birth", BIRTH), ("names", NAMES), ("birth", BIRTH)] {
        (0..80).for_each(|_| {
            drop_into(&hub, "drop", dropped);
            dropped += 1;
        });
        hub.write("routes.toml", routes(topic, only));
        assert_reloaded(&hub);
    }
    until("all is delivered", || lines(&hub, "all") == dropped);
    running
        .into_iter()
        .map(Running::stop)
        .for_each(|report| assert_eq!(report["conserved"], true, "{report:#}"));
    let events = hub.delivered("all");
    assert_no_gap_and_no_repeat(&events);
    assert_eq!(events.len(), dropped);
    assert_not_half_by_each(&events);
}
