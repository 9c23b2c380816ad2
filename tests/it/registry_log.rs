//! The registry's log under a hub that runs, is killed, and finds its disk full. All people are invented (架空).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use musubi::pipeline::Register;
use musubi::registry::{Entry, Fact, Identity, Member, Period};
use rand::Rng;
use serde_json::{Value, json};

use crate::processes::running::{Running, lines, until};
use crate::support::HubFolder;
use crate::support::process::ToItsEnd;

const FACILITY: &str = "3210100018";
const ROUTES: &str = "version = 1\n[[subscriber]]\nname = \"referral\"\ndeliver = { kind = \"folder\" }\n[[route]]\nname = \"all\"\n\
    topic = \"all\"\nto = [\"referral\"]\nkinds = [\"patient\", \"merge\"]\nbasis = \"public-duty\"\n";

/// A hub with a drop folder and a console; gives where that listens.
fn hub() -> (HubFolder, String) {
    let hub = HubFolder::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    settings(&hub, &format!("authority = \"MUSUBI\"\n[console]\nlisten = \"{address}\"\n"));
    hub.write("routes.toml", ROUTES);
    hub.hl7_feed("one", FACILITY, "drop");
    hub.write("drop/.keep", "");
    (hub, address)
}

fn settings(hub: &HubFolder, registry: &str) {
    let text =
        format!("version = 1\nnetwork = \"shimane\"\ntimezone = \"Asia/Tokyo\"\n[registry]\n{registry}");
    hub.write("hub.toml", text);
}

/// A request with the token of the hub; status, header and body.
fn ask(hub: &HubFolder, address: &str, request: &str, headers: &str, body: &str) -> (u16, String, String) {
    let token = std::fs::read_to_string(hub.path("var/api.token")).unwrap_or_default();
    let bearer = format!("authorization: Bearer {}\r\n", token.trim());
    send(address, request, &format!("{bearer}{headers}"), body)
}

fn send(address: &str, request: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn enter(hub: &HubFolder, address: &str, entries: &Value) -> (u16, Value) {
    let media = "content-type: application/json\r\n";
    let (status, _, body) = ask(hub, address, "POST /api/v1/registry/entries", media, &entries.to_string());
    (status, serde_json::from_str(&body).unwrap())
}

fn get(hub: &HubFolder, address: &str, path: &str) -> Value {
    let (status, _, body) = ask(hub, address, &format!("GET {path}"), "", "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn listens(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

fn network() -> Value {
    json!([
        {"who": "desk", "why": "contract", "fact": "facility", "code": FACILITY, "name": "出雲中央病院（架空）",
         "area": "izumo", "roles": ["disclosing"], "from": "2026-01-01T00:00:00Z"},
        {"who": "desk", "why": "contract", "fact": "facility", "code": "3210200024", "name": "北<病院>（架空）",
         "area": "matsue", "roles": ["participating"], "from": "2026-01-01T00:00:00Z"},
        {"who": "desk", "why": "form 1", "fact": "member", "network_id": "900000000001", "from": "2026-01-02T00:00:00Z"},
        {"who": "desk", "why": "form 1", "fact": "view-consent", "network_id": "900000000001",
         "facility": "3210200024", "purpose": "shared-record", "from": "2026-01-02T00:00:00Z"},
    ])
}

fn drop_message(hub: &HubFolder, name: &str, event: &str, rest: &str) {
    let text = format!(
        "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ADT^{event}|{name}|P|2.5||||||UNICODE UTF-8\r\
         EVN|{event}|20261120\r{rest}\r"
    );
    hub.write(&format!("drop/{name}.new"), text);
    std::fs::rename(hub.path(&format!("drop/{name}.new")), hub.path(&format!("drop/{name}.hl7"))).unwrap();
}

#[test]
fn a_running_hub_hears_at_once_what_is_entered_and_what_messages_tell() {
    let (hub, address) = hub();
    let running = Running::start(&hub, &["run", "--json"]);
    until("the console listens", || listens(&address));
    let (status, taken) = enter(&hub, &address, &network());
    assert_eq!((status, &taken["new"]), (200, &json!(4)), "{taken:#}");
    let (_, again) = enter(&hub, &address, &network());
    assert_eq!((&again["new"], &again["known"]), (&json!(0), &json!(4)));

    // A link by a network id that the facility sends; not by one of another authority.
    drop_message(&hub, "a", "A08^ADT_A01", "PID|||0001^^^IZUMO~900000000001^^^MUSUBI~7^^^OTHER||架空^花子");
    until("the link is made", || {
        let records = get(&hub, &address, "/api/v1/registry/patients/900000000001");
        records.as_array().unwrap().iter().any(|record| record["versions"][0]["fact"] == "link")
    });
    drop_message(&hub, "b", "A40^ADT_A39", "PID|||0001||架空^花子\rMRG|0009");
    until("both messages are delivered", || lines(&hub, "referral") == 2);
    let events = hub.delivered("referral");
    assert!(
        events.iter().all(|event| event["data"]["patient"]["network_id"] == "900000000001"),
        "{events:#?}"
    );

    let mut withdrawal = network().as_array().unwrap()[3].clone();
    withdrawal["until"] = json!(Timestamp::from_second(now() + 1).unwrap().to_string());
    withdrawal["why"] = json!("withdrawn");
    assert_eq!(enter(&hub, &address, &json!([withdrawal])).0, 200);
    until("the consent is withdrawn", || {
        let records = get(&hub, &address, "/api/v1/registry/patients/900000000001");
        let mut records = records.as_array().unwrap().iter();
        let consent = records.find(|record| record["versions"][0]["fact"] == "view-consent").unwrap();
        consent["in_force"] == false
    });
    let history = get(&hub, &address, "/api/v1/registry/history/900000000001");
    let whys: Vec<_> =
        history.as_array().unwrap().iter().map(|entry| entry["why"].as_str().unwrap()).collect();
    assert!(whys.contains(&"withdrawn") && whys.iter().any(|why| why.starts_with("ADT^A08")), "{whys:?}");
    running.stop();

    let registry = Register::look(&Register::folder(&hub.path("var"))).unwrap();
    let at = Timestamp::from_second(now()).unwrap();
    let merged = registry.identity(FACILITY, "0009", at);
    assert!(matches!(merged, Identity::Linked { network_id, .. } if network_id.0 == "900000000001"));
}

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[test]
fn nobody_enters_or_reads_without_the_token_and_what_is_refused_is_told_by_row() {
    let (hub, address) = hub();
    let running = Running::start(&hub, &["run", "--json"]);
    until("the console listens", || listens(&address));
    assert_eq!(send(&address, "GET /livez", "", "").0, 200);
    for headers in ["", "authorization: Bearer wrong\r\n", "authorization: Basic wrong\r\n"] {
        let (status, head, _) = send(&address, "GET /api/v1/registry/facilities", headers, "");
        assert_eq!(status, 401, "{headers}");
        assert!(head.contains("application/problem+json"), "{head}");
        assert_eq!(send(&address, "POST /api/v1/registry/entries", headers, "[]").0, 401);
    }
    let (status, head, _) = send(&address, "GET /registry", "", "");
    assert_eq!(status, 303, "{head}");
    assert!(head.contains("location: /login") && head.contains("default-src 'none'"), "{head}");

    assert_eq!(enter(&hub, &address, &network()).0, 200);
    let mut bad = network();
    bad[2]["network_id"] = json!("900000000002");
    bad[3]["network_id"] = json!("900000000003");
    let (status, problem) = enter(&hub, &address, &bad);
    assert_eq!((status, &problem["errors"][0]["row"]), (422, &json!(4)), "{problem:#}");
    assert!(!problem.to_string().contains("900000000003"), "{problem:#}");
    let nothing = ask(&hub, &address, "GET /api/v1/registry/patients/900000000002", "", "");
    assert_eq!(nothing.0, 404, "nothing of a refused batch is taken");
    let csv = "network_id,from,who,why\n900000000004,2026-04-02,desk,form 4\n,2026-04-02,desk,form 5\n";
    let media = "content-type: text/csv\r\n";
    let (status, _, body) = ask(&hub, &address, "POST /api/v1/registry/entries?name=members.csv", media, csv);
    assert_eq!(status, 422, "{body}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&problem["errors"][0]["file"], &problem["errors"][0]["row"]),
        (&json!("members.csv"), &json!(3))
    );

    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let (status, _, page) = ask(&hub, &address, "GET /registry?lang=ja", "", "");
    assert!(status == 200 && page.contains("北&lt;病院&gt;") && page.contains("台帳"), "{page}");
    let (_, _, page) = ask(&hub, &address, "POST /registry?lang=en", form, "network_id=900000000001");
    assert!(page.contains("view-consent") && page.contains("form 1"), "{page}");

    // The command line goes by the hub that has the log.
    let entered = hub.run(&["registry", "import", &members(&hub, 3)]);
    let said = String::from_utf8_lossy(&[entered.stdout, entered.stderr].concat()).into_owned();
    assert!(said.contains("3 entered"), "{said}");
    assert_eq!(get(&hub, &address, "/api/v1/registry/patients/800000000002")[0]["in_force"], json!(true));
    running.stop();
}

/// A folder with so many members.
fn members(hub: &HubFolder, count: usize) -> String {
    let rows = (0..count).map(|n| format!("{},2026-04-02,desk,form\n", 800_000_000_000_usize + n));
    hub.write("members/members.csv", format!("network_id,from,who,why\n{}", rows.collect::<String>()));
    hub.path("members").to_string_lossy().into_owned()
}

fn revision(hub: &HubFolder) -> u64 {
    Register::look(&Register::folder(&hub.path("var"))).unwrap().revision()
}

#[test]
fn killed_in_the_middle_of_an_import_it_has_all_of_it_or_nothing() {
    const MEMBERS: usize = 5_000;
    let mut random = rand::rng();
    let (mut nothing, mut all) = (0, 0);
    for _ in 0..8 {
        let (hub, _) = hub();
        settings(&hub, "import = \"members\"\n");
        members(&hub, MEMBERS);
        let mut child = hub.start(&["run", "--drain"]);
        std::thread::sleep(Duration::from_millis(random.random_range(20..600)));
        child.kill().unwrap();
        child.wait().unwrap();
        match revision(&hub) {
            0 => nothing += 1,
            revision if revision == MEMBERS as u64 => all += 1,
            part => panic!("{part} of {MEMBERS}"),
        }
        let output = hub.run(&["run", "--drain"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(revision(&hub), MEMBERS as u64);
    }
    println!("{nothing} with nothing, {all} with all of it");
}

#[test]
fn a_full_disk_takes_nothing_of_an_import_and_later_all_of_it() {
    let (hub, _) = hub();
    let folder = members(&hub, 2_000);
    let first = hub.run(&["registry", "import", &folder]);
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    let more = members(&hub, 4_000);
    // A limit on the size of files is answered like a disk that is full, where its signal is ignored.
    let limit = "trap '' XFSZ; ulimit -f 450; exec \"$0\" \"$@\"";
    let output = Command::new("bash")
        .args(["-c", limit, env!("CARGO_BIN_EXE_musubi"), "--config"])
        .arg(hub.path(""))
        .args(["registry", "import", &more])
        .to_its_end();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert_eq!(revision(&hub), 2_000, "{said}");
    assert_eq!(hub.run(&["registry", "import", &more]).status.code(), Some(0));
    assert_eq!(revision(&hub), 4_000);
}

#[test]
fn a_file_that_can_not_be_taken_stops_the_start_and_is_told_by_row() {
    let (hub, _) = hub();
    settings(&hub, "import = \"members\"\n");
    hub.write(
        "members/links.csv",
        "facility,local_id,network_id,from,who,why\n3210100018,1,900000000001,2026-04-02,desk,card\n",
    );
    let output = hub.run(&["run", "--drain"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("links.csv:2: "), "{said}");
    assert_eq!(revision(&hub), 0);
}

#[test]
fn a_console_that_others_could_reach_is_refused() {
    let (hub, _) = hub();
    settings(&hub, "[console]\nlisten = \"0.0.0.0:7575\"\n");
    let output = hub.run(&["check"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.code() == Some(78) && said.contains("this machine only"), "{said}");
}

#[test]
fn a_registry_of_many_entries_is_there_whole() {
    let folder = tempfile::tempdir().unwrap();
    let from = Timestamp::from_second(0).unwrap();
    let member = |n: usize| {
        let network_id = musubi::envelope::Identifying(format!("{n:012}"));
        let fact = Fact::Member(Member { network_id, period: Period::since(from) });
        Entry { recorded_at: from, who: "desk".into(), why: "form".into(), fact }
    };
    let register = Register::open(folder.path()).unwrap();
    register.take((0..20_000).map(member).collect()).unwrap();
    drop(register);
    let register = Register::open(folder.path()).unwrap();
    assert_eq!(register.view().read().revision(), 20_000);
}
