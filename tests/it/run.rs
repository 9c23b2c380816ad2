//! `musubi run`, the built binary on folders of its own.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use musubi::broker::embedded::{Embedded, Settings};
use musubi::broker::{Broker, Publication, topology};
use musubi::canonical::Kind;
use musubi::envelope::Lane;
use serde_json::{Value, json};

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, copy_tree, corpus, files_below, repository};

pub(crate) fn region() -> HubFolder {
    let hub = HubFolder::new();
    copy_tree(&repository().join("fixtures/region"), &hub.path("fixtures/region"));
    copy_tree(&repository().join("feeds"), &hub.path("feeds"));
    hub
}

fn sum(report: &Value, list: &str, column: &str) -> u64 {
    report[list].as_array().unwrap().iter().map(|row| row[column].as_u64().unwrap()).sum()
}

#[test]
fn the_demo_region_is_delivered_once_and_the_counts_add_up() {
    let hub = region();
    let before = snapshot(&hub);
    let (code, first) = hub.drain();
    assert_eq!((code, &first["conserved"]), (0, &json!(true)), "{first:#}");
    assert!(sum(&first, "feeds", "accepted") > 200 && sum(&first, "feeds", "invalid") == 1, "{first:#}");
    assert!(sum(&first, "subscribers", "delivered") > 100, "{first:#}");
    let delivered = |name: &str| {
        let rows = first["subscribers"].as_array().unwrap().iter();
        rows.filter(|row| row["subscriber"] == name)
            .map(|row| row["delivered"].as_u64().unwrap())
            .sum::<u64>()
    };
    for subscriber in ["referral", "imaging"] {
        assert_eq!(hub.delivered(subscriber).len() as u64, delivered(subscriber));
        assert_no_gap_and_no_repeat(&hub.delivered(subscriber));
    }

    let (code, second) = hub.drain();
    assert_eq!((code, &second["conserved"]), (0, &json!(true)), "{second:#}");
    assert_eq!(sum(&second, "feeds", "accepted"), 0);
    assert_eq!(sum(&second, "feeds", "unchanged"), sum(&second, "feeds", "files"));
    assert_eq!(sum(&second, "subscribers", "delivered"), 0);
    assert_eq!(hub.delivered("referral").len() as u64, delivered("referral"));
    assert_eq!(snapshot(&hub), before, "a source was touched");
}

#[test]
fn a_message_too_large_for_the_broker_is_claimed_and_understood() {
    let hub = HubFolder::new();
    hub.hl7_feed("lab", "3210500033", "drop");
    let note = "a".repeat(60_000);
    let mut message =
        "MSH|^~\\&|HIS|S|G|R|20260401||ADT^A08|7|P|2.5\rPID|1||0000000001^^^^PI||架空^太郎^^^^^L^I\r"
            .to_owned();
    message.extend((0..25).map(|serial| format!("NTE|{serial}||{note}\r")));
    hub.write("drop/large.hl7", &message);
    let (code, report) = hub.drain();
    assert_eq!((code, sum(&report, "feeds", "invalid")), (0, 0), "{report:#}");
    assert!(!hub.delivered("referral").is_empty());
    let hash = blake3::hash(message.as_bytes()).to_hex().to_string();
    let printed = hub.run(&["claim", &hash]);
    assert!(printed.status.success() && printed.stdout == message.as_bytes());
    let file = hub.path("copy.hl7");
    assert!(hub.run(&["claim", &hash, "--output", file.to_str().unwrap()]).status.success());
    assert_eq!(fs::read(&file).unwrap(), message.as_bytes());
    // Started anew it is known again.
    assert_eq!(sum(&hub.drain().1, "feeds", "accepted"), 0);
    let missing = hub.run(&["claim", &"0".repeat(64)]);
    assert_eq!(missing.status.code(), Some(65));
    assert_eq!(hub.run(&["claim", "../../hub.toml"]).status.code(), Some(64));
}

/// Names, sizes and times of all source files.
fn snapshot(hub: &HubFolder) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let files = files_below(&hub.path("fixtures")).into_iter();
    files
        .map(|file| {
            let data = fs::metadata(&file).unwrap();
            (file, data.len(), data.modified().unwrap())
        })
        .collect()
}

/// What a subscriber that keeps the last sequence per lane would notice.
pub(crate) fn assert_no_gap_and_no_repeat(events: &[Value]) {
    let mut last = std::collections::HashMap::new();
    for event in events {
        let lane = event["lane"].as_u64().unwrap();
        let sequence = event["sequence"].as_u64().unwrap();
        assert_eq!(last.insert(lane, sequence).unwrap_or(0) + 1, sequence, "lane {lane}");
    }
}

#[test]
fn people_read_a_table_in_their_language() {
    let hub = region();
    let english = hub.run(&["run", "--drain"]);
    let text = String::from_utf8(english.stdout).unwrap();
    assert!(text.contains("feed") && text.contains("unchanged") && text.contains("it adds up"), "{text}");
    let japanese = hub.run(&["--lang", "ja", "run", "--drain"]);
    let text = String::from_utf8(japanese.stdout).unwrap();
    assert!(
        text.contains("フィード") && text.contains("変更なし") && text.contains("一致しました"),
        "{text}"
    );
}

#[test]
fn a_running_hub_takes_what_comes_and_stops_on_sigterm() {
    let hub = HubFolder::new();
    hub.hl7_feed("lab", "3210500033", "drop");
    fs::create_dir(hub.path("drop")).unwrap();
    let mut child = hub.start(&["run", "--json"]);
    let case = fs::read(repository().join("fixtures/cases/adt_a08_utf16/input")).unwrap();
    hub.write("drop/one.hl7", &case);
    let arrived = || hub.path("var/deliveries/referral").exists() && !hub.delivered("referral").is_empty();
    assert!(
        (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            arrived()
        }),
        "nothing was delivered within 10 s"
    );
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    let output = child.to_its_end();
    child = hub.start(&["check"]);
    assert!(child.wait().unwrap().success());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["conserved"], &report["feeds"][0]["accepted"]),
        (&json!(true), &json!(1)),
        "{report:#}"
    );
}

/// At whatever moment it comes: exit code 0, counts that add up, and the rest is done by the next run.
#[test]
fn sigterm_in_the_middle_of_work_is_a_clean_stop() {
    let hub = everything_to_one("standard");
    let made = hub.run(&["simulate", "storage", &hub.path("standard").to_string_lossy(), "--files", "3000"]);
    assert!(made.status.success(), "{made:?}");
    for delay in [0, 60, 120, 200, 300, 400] {
        let mut child = hub.start(&["run"]);
        let mut said = [0; 20];
        child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        let output = child.to_its_end();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.code(),
            Some(0),
            "after {delay} ms: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(text.contains("it adds up"), "after {delay} ms: {text}");
    }
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    let events = hub.delivered("referral");
    assert_eq!(events.len(), 3_000);
    assert_no_gap_and_no_repeat(&events);
}

#[test]
fn a_subscriber_that_can_not_be_served_stops_no_other() {
    let hub = region();
    hub.write("var/deliveries/imaging", "a file where a folder should be");
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (75, &json!(true)), "{report:#}");
    assert!(sum(&report, "subscribers", "parked") > 0 && !hub.delivered("referral").is_empty(), "{report:#}");
    fs::remove_file(hub.path("var/deliveries/imaging")).unwrap();
    assert_eq!(hub.drain().0, 0);
    assert_no_gap_and_no_repeat(&hub.delivered("imaging"));
}

/// A copy that no router made goes to the dead-letter queue; the others are delivered.
#[tokio::test]
async fn a_copy_that_is_no_event_is_given_up_and_counted() {
    let hub = region();
    assert_eq!(hub.drain().0, 0);
    let delivered = hub.delivered("referral").len();
    let broker = Embedded::open(&hub.path("var/broker"), Settings::default()).unwrap();
    let mut raw = broker.peek(&topology::invalid(), Lane(0), 1).await.unwrap().remove(0);
    raw.envelope.event = None;
    let to = vec![(topology::subscriber("referral"), Lane(3))];
    broker.publish(vec![Publication { to, envelope: raw.envelope, body: raw.body }]).await.unwrap();
    broker.close();
    drop(broker);
    let (code, report) = hub.drain();
    assert_eq!(
        (code, &report["conserved"], sum(&report, "subscribers", "dead")),
        (0, &json!(true), 1),
        "{report:#}"
    );
    assert_eq!(hub.delivered("referral").len(), delivered);
}

/// What was accepted and is gone from the disk must never look like a quiet day.
#[test]
fn a_journal_that_lost_messages_is_refused() {
    let segment = |hub: &HubFolder| files_below(&hub.path("var/broker/journal")).remove(0);
    type Harm = fn(&Path);
    let harm: [(&str, Harm); 3] = [
        ("deleted", |segment| fs::remove_file(segment).unwrap()),
        ("cut", |segment| fs::OpenOptions::new().write(true).open(segment).unwrap().set_len(40_000).unwrap()),
        ("all gone", |segment| fs::remove_dir_all(segment.ancestors().nth(2).unwrap()).unwrap()),
    ];
    for (what, harm) in harm {
        let hub = region();
        assert_eq!(hub.drain().0, 0);
        harm(&segment(&hub));
        let output = hub.run(&["run", "--drain"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(70), "{what}: {said}");
        assert!(said.contains("journal"), "{what}: {said}");
    }
}

#[test]
fn a_second_hub_on_the_same_folder_is_refused() {
    let hub = HubFolder::new();
    hub.hl7_feed("lab", "3210500033", "drop");
    fs::create_dir(hub.path("drop")).unwrap();
    let mut first = hub.start(&["run"]);
    std::thread::sleep(Duration::from_millis(500));
    let second = hub.run(&["run", "--drain"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(75), "{second:?}");
}

#[test]
fn fewer_lanes_are_refused_while_the_others_hold_messages() {
    let hub = region();
    assert_eq!(hub.drain().0, 0);
    let settings = fs::read_to_string(hub.path("hub.toml")).unwrap();
    assert!(settings.contains("[broker]"));
    hub.write("hub.toml", settings.replace("[broker]", "[broker]\nlanes = 1"));
    let output = hub.run(&["run", "--drain"]);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
}

#[test]
fn a_bad_configuration_is_told_with_its_line_and_ends_with_78() {
    let hub = HubFolder::new();
    hub.write("feeds/lab.toml", "version = 1\nfacility = \"3210500033\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\nkind = \"hl7-files\"\npaht = \"drop\"\n");
    for verb in [["run", "--drain"].as_slice(), &["check"]] {
        let output = hub.run(verb);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(output.status.code(), Some(78), "{text}");
        assert!(text.contains("feeds/lab.toml:7:1") && text.contains("path"), "{text}");
    }
}

#[test]
fn a_feed_whose_folder_is_gone_does_not_stop_the_others() {
    let hub = HubFolder::new();
    hub.hl7_feed("gone", "3210500033", "nowhere");
    hub.hl7_feed("lab", "3210200024", "drop");
    hub.write("drop/one.hl7", fs::read(repository().join("fixtures/cases/adt_a08_utf16/input")).unwrap());
    let (code, report) = hub.drain();
    assert_eq!(code, 75, "{report:#}");
    assert_eq!(hub.delivered("referral").len(), 1);
    assert!(report["feeds"][0]["failed"].as_str().unwrap().contains("gone"), "{report:#}");
}

#[test]
fn a_folder_that_can_not_be_written_keeps_the_copies_parked_and_gets_them_later() {
    let hub = HubFolder::new();
    hub.hl7_feed("lab", "3210500033", "drop");
    hub.write("drop/one.hl7", fs::read(repository().join("fixtures/cases/adt_a08_utf16/input")).unwrap());
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    hub.write(
        "routes.toml",
        routes.replacen("{ kind = \"folder\" }", "{ kind = \"folder\", path = \"/dev/full/x\" }", 1),
    );
    // A folder can't be made under a file.
    let (code, report) = hub.drain();
    assert_eq!(
        (code, &report["conserved"], sum(&report, "subscribers", "parked")),
        (75, &json!(true), 1),
        "{report:#}"
    );
    // Now one that opens but can't be written to.
    hub.write("routes.toml", routes);
    fs::create_dir_all(hub.path("var/deliveries/referral")).unwrap();
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap()).date();
    let blocked = hub.path(&format!("var/deliveries/referral/{today}.ndjson"));
    std::os::unix::fs::symlink("/dev/full", &blocked).unwrap();
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (75, &json!(true)), "{report:#}");
    assert_eq!(sum(&report, "subscribers", "parked"), 1, "{report:#}");
    fs::remove_file(blocked).unwrap();
    let (_, report) = hub.drain();
    assert_eq!(sum(&report, "subscribers", "delivered"), 1, "{report:#}");
    assert_eq!(hub.delivered("referral").len(), 1);
}

#[test]
fn a_queue_is_read_and_taken_once() {
    let hub = region();
    hub.by_queue("surveillance");
    let (_, report) = hub.drain();
    let waiting = report["subscribers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["subscriber"] == "surveillance")
        .unwrap();
    let waiting = waiting["delivered"].as_u64().unwrap() as usize;
    let lines = |arguments: &[&str]| {
        let output = hub.run(arguments);
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<Value>>()
    };
    assert!(waiting > 0);
    assert_eq!(lines(&["subscribe", "surveillance"]).len(), waiting);
    let mut taken = lines(&["subscribe", "surveillance", "--take", "--max", "3"]);
    assert_eq!(taken.len(), 3);
    taken.extend(lines(&["subscribe", "surveillance", "--take"]));
    assert_eq!(taken.len(), waiting);
    assert_no_gap_and_no_repeat(&taken);
    assert_eq!(lines(&["subscribe", "surveillance"]).len(), 0);
    for event in &taken {
        assert!(event["data"]["patient"].get("names").is_none(), "a name left the hub: {event}");
        assert_eq!(event["recordkey"].as_str().unwrap().len(), 32, "the record's key left the hub: {event}");
    }
    let invalid = lines(&["invalid", "--json"]);
    assert_eq!(invalid.len(), 1);
    assert!(invalid[0]["fault"]["place"].is_string() && invalid[0].get("file").is_none(), "{invalid:?}");
}

/// Logs at their most talkative, reports and errors name no patient.
#[test]
fn nothing_that_people_read_in_passing_names_a_patient() {
    let hub = region();
    let people = fs::read_to_string(hub.path("fixtures/region/people.tsv")).unwrap();
    let rows = people.lines().filter(|line| !line.starts_with('#')).skip(1);
    let words =
        rows.flat_map(|row| row.split('\t').skip(1).filter(|word| word.len() >= 6)).collect::<HashSet<_>>();
    assert!(words.len() > 20, "{words:?}");
    for arguments in [["run", "--drain"].as_slice(), &["run", "--drain", "--json"], &["invalid"]] {
        let output = hub.musubi(arguments).env("RUST_LOG", "trace").to_its_end();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for word in &words {
            assert!(!said.contains(word), "`musubi {}` said {word}", arguments.join(" "));
        }
    }
}

/// Every file of the corpus through a feed: none is lost, none hangs, each ends accepted or invalid with a reason.
#[test]
fn the_corpus_goes_through_a_feed() {
    let Some(corpus) = corpus() else { return };
    let hub = HubFolder::new();
    let mut files = 0;
    for file in files_below(&corpus.join("hl7v2")) {
        let name = file.strip_prefix(&corpus).unwrap().to_string_lossy().replace('/', "__");
        let name: String = name.chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
        hub.write(&format!("drop/{files:05}_{name}"), fs::read(&file).unwrap());
        files += 1;
    }
    hub.hl7_feed("lab", "3210500033", "drop");
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    assert_eq!(report["feeds"][0]["files"], json!(files));
    assert!(report["feeds"][0]["accepted"].as_u64().unwrap() >= files, "{report:#}");
    let invalid = hub.run(&["invalid", "--json"]);
    let invalid = String::from_utf8(invalid.stdout).unwrap();
    for line in invalid.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let said = |key: &str| !message["fault"][key].as_str().unwrap().is_empty();
        assert!(said("code") && said("reason") && said("place"), "{message}");
    }
    assert_eq!(invalid.lines().count() as u64, report["feeds"][0]["invalid"].as_u64().unwrap());
    println!("{report:#}");
}

/// The corpus' SS-MIX2 storage: what its generator does wrong is carried, and every patient's events are in order.
#[test]
fn the_storage_of_twenty_patients_is_carried_whole() {
    let Some(hub) = twenty_patients() else { return };
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    let feed = &report["feeds"][0];
    assert_eq!(
        (&feed["files"], &feed["accepted"], &feed["invalid"]),
        (&json!(1222), &json!(1222), &json!(0)),
        "{report:#}"
    );
    let events = hub.delivered("referral");
    let findings: HashSet<_> = events
        .iter()
        .flat_map(|event| {
            event["data"]["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["code"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(findings.contains("name-shifted"), "{findings:?}");
}

/// A hub with the corpus' storage of 20 synthetic patients, and routes that send everything to one folder.
pub(crate) fn twenty_patients() -> Option<HubFolder> {
    let archive = corpus()?.join("ssmix2-20-patients.tar.gz");
    let hub = everything_to_one("corpus-small/ssmixtwins");
    let unpacked = Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(hub.path("")).status().unwrap();
    assert!(unpacked.success());
    Some(hub)
}

/// A hub with one storage, and routes that send everything to one folder.
pub(crate) fn everything_to_one(standard: &str) -> HubFolder {
    let hub = HubFolder::new();
    hub.ssmix2_feed("one", "3210100018", standard);
    let kinds: Vec<_> = Kind::ALL.map(Kind::as_str).to_vec();
    hub.write(
        "routes.toml",
        format!(
            "version = 1\n[[subscriber]]\nname = \"referral\"\ndeliver = {{ kind = \"folder\" }}\n[[route]]\nname = \"all\"\ntopic = \"all\"\nto = [\"referral\"]\nkinds = {kinds:?}\nbasis = \"addressed\"\n"
        ),
    );
    hub
}

#[test]
fn inspect_answers_with_one_object_whatever_it_is_given() {
    let hub = HubFolder::new();
    hub.write("empty", "");
    hub.write("many", "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|||1\r".repeat(20_000));
    for (file, code, why) in [
        (hub.path("empty"), 65, "empty"),
        (hub.path("nowhere"), 65, "unreadable"),
        (hub.path("feeds"), 65, "not-a-file"),
        ("/dev/zero".into(), 65, "not-a-file"),
        (repository().join("fixtures/cases/half_written/input"), 65, "torn"),
        (hub.path("many"), 0, ""),
    ] {
        let output = hub.run(&["inspect", &file.to_string_lossy(), "--json"]);
        assert_eq!(output.status.code(), Some(code), "{}", file.display());
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        let refused = seen["refused"]["code"].as_str().unwrap_or_default();
        assert!(
            refused.starts_with(why) && (code == 65 || refused.is_empty()),
            "{}: {refused}",
            file.display()
        );
    }
    let output = hub.run(&["inspect", &hub.path("many").to_string_lossy(), "--json"]);
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&seen["message_count"], seen["messages"].as_array().unwrap().len()), (&json!(20_000), 200));
}
