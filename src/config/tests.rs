mod backup;
mod broker;
mod constants;
mod desks;
mod disclosures;
mod facilities;
mod route_tests;
mod topology;

use std::path::Path;

use proptest::prelude::*;

use super::{Config, Fault, Files, Severity};

const HUB: &str = "version = 1\nnetwork = \"shimane\"\ntimezone = \"Asia/Tokyo\"\n";

const FEED: &str = r#"version = 1
facility = "3210100018"
name = "出雲中央病院 (架空)"
roles = ["disclosing"]
[[source]]
kind = "ssmix2"
standard = "in/standard"
"#;

/// Messages of any kind.
const DROP: &str = "version = 1\nfacility = \"3210400013\"\nname = \"架空\"\nroles = [\"disclosing\"]\n\
                    [[source]]\nkind = \"hl7-files\"\npath = \"drop\"\n";

/// A feed of another facility with another storage.
fn other_feed() -> String {
    FEED.replace("3210100018", "3210100026").replace("in/standard", "other/standard")
}

const TABLE: &str = "# tests\nanalyte\tident\tcount_as\n5F399\t1410\tconfirm\n5F400\t1430\tsupport\n";

const ROUTES: &str = r#"version = 1
[[subscriber]]
name = "surveillance"
deliver = { kind = "queue" }
[[route]]
name = "all"
topic = "a.b"
to = ["surveillance"]
kinds = ["lab-result"]
basis = "public-duty"
"#;

/// Checks a folder in which these files replace or join sound ones.
fn faults(changed: &[(&str, &str)]) -> (Option<Config>, Vec<Fault>) {
    let sound = [
        ("hub.toml", HUB),
        ("feeds/izumo.toml", FEED),
        ("feeds/oda.toml", DROP),
        ("routes.toml", ROUTES),
        ("tables/lab_tests.tsv", TABLE),
    ];
    let files: Files = sound.iter().chain(changed).copied().collect();
    Config::check(&files, Path::new("/etc/musubi"))
}

/// Every fault must show its `line marked-text: message`, or the start of that, in the order of the file.
#[track_caller]
fn check(file: &str, text: &str, expected: &[&str]) {
    let (config, faults) = faults(&[(file, text)]);
    let show = |fault: &Fault| {
        let marked: String = fault.excerpt.chars().skip(fault.column - 1).take(fault.width).collect();
        assert_eq!(fault.file, file, "{fault}");
        format!("{} {marked}: {}", fault.line, fault.message)
    };
    let shown: Vec<_> = faults.iter().map(show).collect();
    assert_eq!(shown.len(), expected.len(), "{}", shown.join("\n"));
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.starts_with(expected), "expected {expected}\nfound    {shown}");
    }
    assert_eq!(config.is_none(), faults.iter().any(|fault| fault.severity == Severity::Error));
}

/// The same for a hub file after its three sound lines.
#[track_caller]
fn check_hub(lines: &str, expected: &[&str]) {
    check("hub.toml", &format!("{HUB}{lines}\n"), expected);
}

/// The same for the keys of a source, from line 6 on.
#[track_caller]
fn check_source(lines: &str, expected: &[&str]) {
    let head = FEED.split("kind").next().unwrap();
    check("feeds/izumo.toml", &format!("{head}{lines}\n"), expected);
}

/// The same for further keys of the route, from line 11 on.
#[track_caller]
fn check_route(lines: &str, expected: &[&str]) {
    check("routes.toml", &format!("{ROUTES}{lines}\n"), expected);
}

/// The same for the route's condition, in line 11.
#[track_caller]
fn check_where(condition: &str, expected: &[&str]) {
    check_route(&format!("where = {condition}"), expected);
}

#[test]
fn sound_files_have_no_fault() {
    check_hub("", &[]);
    check_hub("data_dir = \"/var/lib/musubi\"\n[broker]\nkind = \"embedded\"\nlanes = 4", &[]);
    check_source("kind = \"hl7-files\"\npath = \"in\"\nafter = \"move\"\npoll = \"500ms\"", &[]);
    check_source("kind = \"checkup\"\npath = \"in\"\nafter = \"delete\"\nsettle = \"5s\"", &[]);
    check_route("change = [\"deleted\"]\nfacilities = [\"izumo\"]\nsend = \"original\"", &[]);
}

#[test]
fn settings_are_what_the_files_say() {
    let (config, _) = faults(&[]);
    let config = config.unwrap();
    assert_eq!(config.hub.data_dir, Path::new("/etc/musubi/var"));
    assert_eq!(config.hub.claims, Path::new("/etc/musubi/var/claims"));
    assert_eq!(config.hub.broker.lanes(), 16);
    assert_eq!(config.feeds[0].settings.facility, "3210100018");
    let crate::ingest::Source::Ssmix2 { standard, settle, .. } = &config.feeds[0].settings.sources[0] else {
        panic!("{:?}", config.feeds)
    };
    assert_eq!(standard, Path::new("/etc/musubi/in/standard"));
    assert_eq!(settle.as_secs(), 3);
    assert_eq!(config.routes.iter().next().unwrap().to, ["surveillance"]);
}

#[test]
fn hub_faults() {
    check(
        "hub.toml",
        "",
        &["1 : missing key \"version\"", "1 : missing key \"network\"", "1 : missing key \"timezone\""],
    );
    check_hub("datadir = \"x\"", &["4 datadir: unknown key \"datadir\": did you mean \"data_dir\"?"]);
    check_hub("colour = 1", &["4 colour: unknown key \"colour\": known: version, network, "]);
    check_hub("data_dir = 7", &["4 7: expected a text, found a number"]);
    check_hub(
        "[broker]\nkind = \"embeded\"",
        &["5 \"embeded\": kind \"embeded\" is not known here: did you mean \"embedded\"?"],
    );
    check_hub(
        "[claims]\nfolder = \"x\"",
        &["4 [claims]: missing key \"path\"", "5 folder: unknown key \"folder\""],
    );
    check_hub("[broker]\nkind = \"embedded\"\nlanes = 0", &["6 0: 0 is out of range: 1 to 1024"]);
    check_hub(
        "[console]\nlisten = \"localhost\"",
        &["5 \"localhost\": \"localhost\" is not an address with a port"],
    );
    check(
        "hub.toml",
        "version = 2\nnetwork = \"Shimane\"\ntimezone = \"Japan/Tokyo\"",
        &[
            "1 2: version 2 is not known to this program",
            "2 \"Shimane\": \"Shimane\" is not a name: ",
            "3 \"Japan/Tokyo\": \"Japan/Tokyo\" is not a time zone",
        ],
    );
    check_hub(
        "a = \nb = 1",
        &["4 a: unknown key \"a\"", "4 : string values must be quoted", "5 b: unknown key \"b\""],
    );
}

#[test]
fn feed_faults() {
    check("feeds/Izumo.toml", &other_feed(), &["1 : the file's name \"Izumo\""]);
    check(
        "feeds/matsue.toml",
        &other_feed().replace("3210100026", "3210100018"),
        &["2 \"3210100018\": facility 3210100018 already has a feed: feeds/izumo.toml:2"],
    );
    for code in ["321010001", "4810100018", "0010100018", "3220100018", "32101000a8", "３２１０１００１８"]
    {
        let expected = format!("2 \"{code}\": \"{code}\" is not a facility code: 10 digits");
        check("feeds/izumo.toml", &FEED.replace("3210100018", code), &[&expected]);
    }
    check(
        "feeds/izumo.toml",
        &FEED.replace("disclosing", "disclosng"),
        &["4 \"disclosng\": \"disclosng\" is not known here: did you mean \"disclosing\"?"],
    );
    check("feeds/izumo.toml", FEED.split("[[").next().unwrap(), &["1 : missing key \"source\""]);
}

#[test]
fn source_faults() {
    check_source("kind = \"mllp\"", &["5 [[source]]: missing key \"listen\""]);
    check_source(
        "kind = \"mllp\"\nlisten = \"127.0.0.1\"\nsettle = \"3s\"",
        &["7 \"127.0.0.1\": \"127.0.0.1\" is not an address with a port", "8 settle: unknown key \"settle\""],
    );
    check_source(
        "kind = \"mllp\"\nlisten = \"[::]:0\"\nconnections_max = 0\nidle_timeout = \"10ms\"\nrefuse_after = \"2h\"",
        &[
            "7 \"[::]:0\": port 0 stands for any port",
            "8 0: 0 is out of range: 1 to 10000",
            "9 \"10ms\": \"10ms\" is out of range",
            "10 \"2h\": \"2h\" is out of range",
        ],
    );
    check_source(
        "kind = \"ssmix\"",
        &["6 \"ssmix\": kind \"ssmix\" is not known here: did you mean \"ssmix2\"?"],
    );
    check_source("kind = \"ssmix2\"", &["5 [[source]]: missing key \"standard\""]);
    check_source(
        "kind = \"ssmix2\"\nstandard = \"s\"\nsettel = \"3s\"",
        &["8 settel: unknown key \"settel\": did you mean \"settle\"?"],
    );
    check_source(
        "kind = \"ssmix2\"\nstandard = \"s\"\nsettle = \"3 s\"\npoll = \"1ms\"",
        &[
            "8 \"3 s\": \"3 s\" is not a length of time: write 500ms, 3s, 2m, 1h or 3d",
            "9 \"1ms\": \"1ms\" is out of range: 10ms to 3600s",
        ],
    );
    check_source(
        "kind = \"ssmix2\"\nstandard = \"s\"\nextension_transaction = \"t\"\n[documents]\n\"L1\" = \"\"",
        &["8 \"t\": there is no \"extension\"", "10 \"\": write the standard's code"],
    );
    check_source(
        "kind = \"ssmix2\"\nstandard = \"s\"\nsettle = \"30s\"",
        &["8 \"30s\": incomplete_limit (15s) is shorter"],
    );
    check_source(
        "kind = \"hl7-files\"\npath = \"\"\nafter = \"drop\"",
        &["7 \"\": the path is empty", "8 \"drop\": \"drop\" is not known here: known: keep, move, delete"],
    );
}

#[test]
fn route_faults() {
    check_route(
        "disclose = \"nothing\"",
        &["11 \"nothing\": there is no disclosure \"nothing\": there is none"],
    );
    check_route(
        "facilities = [\"izmo\"]",
        &["11 \"izmo\": \"izmo\" is no feed and no feed's facility code: did you mean \"izumo\"?"],
    );
    check_route(
        "change = [\"replaced\"]",
        &["11 \"replaced\": \"replaced\" is not known here: known: created, "],
    );
    let route = ROUTES
        .replace("to = [\"surveillance\"]", "to = [\"surveilance\"]")
        .replace("lab-result", "lab-rsult");
    check(
        "routes.toml",
        &route.replace("public-duty", "duty").replace("a.b", "a..b"),
        &[
            "3 \"surveillance\": no route sends anything to subscriber \"surveillance\"",
            "7 \"a..b\": \"a..b\" is not a topic",
            "8 \"surveilance\": there is no subscriber \"surveilance\": did you mean \"surveillance\"?",
            "9 \"lab-rsult\": \"lab-rsult\" is not known here: did you mean \"lab-result\"?",
            "10 \"duty\": \"duty\" is not known here: known: view-consent, addressed, ",
        ],
    );
    check_route(
        "[[subscriber]]\nname = \"surveillance\"\ndeliver = { kind = \"dicom\" }",
        &[
            "12 \"surveillance\": there already is a subscriber \"surveillance\": routes.toml:3",
            "13 \"dicom\": kind \"dicom\" is not known here: known: queue, folder, http, mllp, ssmix2",
        ],
    );
    check_route(
        "[[route.test]]\nname = \"t\"\ninput = \"i\"\nexpect = { to = [\"x\"] }",
        &["14 \"x\": there is no subscriber \"x\": known: surveillance"],
    );
    let second = ROUTES.split("[[route]]").nth(1).unwrap();
    check_route(
        &format!("[[route]]{}", second.replace("\"all\"", "\"more\"")),
        &["11 [[route]]: route \"more\" never sends anything: route \"all\" comes first"],
    );
}

/// The same for the subscriber's `deliver`, in line 4.
#[track_caller]
fn check_deliver(deliver: &str, expected: &[&str]) {
    check("routes.toml", &ROUTES.replace("{ kind = \"queue\" }", deliver), expected);
}

#[test]
fn deliver_faults() {
    let url = "{ kind = \"http\", url = \"https://service.example/events\"";
    check_deliver(&format!("{url}, timeout = \"3s\", give_up_after = \"2d\" }}"), &[]);
    check_deliver(&format!("{url}, give_up_after = \"never\" }}"), &[]);
    check_deliver("{ kind = \"http\", url = \"http://[::1]:8080/\" }", &[]);
    check_deliver("{ kind = \"http\" }", &["4 { kind = \"http\" }: missing key \"url\""]);
    let unreadable = ["host/path", "ftp://host/", "https://", "amqp://host"];
    for text in unreadable {
        check_deliver(
            &format!("{{ kind = \"http\", url = \"{text}\" }}"),
            &[&format!("4 \"{text}\": expected an address like https://host/path")],
        );
    }
    check_deliver(
        "{ kind = \"http\", url = \"https://u:p@host/\" }",
        &["4 \"https://***@host/\": no name or password may stand in the address: use token_file"],
    );
    check_deliver(
        "{ kind = \"http\", url = \"http://host/\" }",
        &["4 \"http://host/\": http sends patients' data readable for everyone on the way: use https"],
    );
    check_deliver(
        "{ kind = \"http\", url = \"http://localhost/\", ca_file = \"ca.pem\" }",
        &["4 \"ca.pem\": an http address has no certificate: write https, or leave the file out"],
    );
    check_deliver(
        &format!("{url}, timeout = \"1h\" }}"),
        &["4 \"1h\": \"1h\" is out of range: 100ms to 300s"],
    );
    check_deliver(
        &format!("{url}, give_up_after = \"1s\", ca_file = 7, tokenfile = \"x\" }}"),
        &[
            "4 \"1s\": \"1s\" is out of range: ",
            "4 7: expected a text, found a number",
            "4 tokenfile: unknown key \"tokenfile\": did you mean \"token_file\"?",
        ],
    );
    let mllp = ROUTES.replace("kinds =", "send = \"original\"\nkinds =");
    let check_mllp = |deliver: &str, expected: &[&str]| {
        check("routes.toml", &mllp.replace("{ kind = \"queue\" }", deliver), expected);
    };
    check_mllp("{ kind = \"mllp\", connect = \"localhost:2575\", connections = 1 }", &[]);
    check_mllp(
        "{ kind = \"mllp\", connect = \"receiver.example:2575\" }",
        &["4 \"receiver.example:2575\": mllp sends patients' data readable for everyone on the way: "],
    );
    for text in ["localhost", ":2575", "localhost:0", "localhost:70000", "mllp://localhost:2575"] {
        check_mllp(
            &format!("{{ kind = \"mllp\", connect = \"{text}\" }}"),
            &[&format!("4 \"{text}\": \"{text}\" is not a host with a port, like ")],
        );
    }
    check_mllp(
        "{ kind = \"mllp\", connect = \"[::1]:2575\", connections = 0, tls = true }",
        &["4 0: 0 is out of range: 1 to 64", "4 tls: unknown key \"tls\": known: kind, connect, "],
    );
    check_deliver(
        "{ kind = \"mllp\", connect = \"127.0.0.1:2575\" }",
        &["8 \"surveillance\": it takes HL7 messages (kind \"mllp\"): this route needs send = \"original\""],
    );
    check_deliver(
        "{ kind = \"queue\", give_up_after = \"1d\" }",
        &["4 give_up_after: unknown key \"give_up_after\""],
    );
}

#[test]
fn disclosure_faults() {
    let disclosure =
        |fields: &str| format!("disclose = \"d\"\n[[disclosure]]\nname = \"d\"\nfields = {fields}");
    check_route(&disclosure("[\"patient.id\", \"results\", \"specimens.material.code\"]"), &[]);
    check_route(
        &disclosure("[\"patient.idd\"]"),
        &["14 \"patient.idd\": \"patient\" of lab-result has no field \"idd\": did you mean \"id\"?"],
    );
    check_route(
        &disclosure("[\"problems\"]"),
        &["14 \"problems\": lab-result has no field \"problems\" here: known: change, "],
    );
    check_route(
        &disclosure("[\"patient.id.x\"]"),
        &["14 \"patient.id.x\": \"patient.id\" is a text, it has no fields"],
    );
    check_route(
        &format!("send = \"original\"\n{}", disclosure("[\"results\"]")),
        &["11 \"original\": the original holds everything"],
    );
    check_route(
        "[[disclosure]]\nname = \"d\"\nfields = [\"results\"]",
        &["12 \"d\": no route uses disclosure \"d\""],
    );
    let only = |only: &str| format!("{}\nonly = {only}", disclosure("[\"results.value\"]"));
    check_route(&only("{ results = { field = \"code.analyte\", is = \"5F399\" } }"), &[]);
    check_route(
        &only("{ results = { field = \"analyte\", is = \"5F399\" } }"),
        &["15 \"analyte\": patient has no field \"analyte\" here: known: at, "],
    );
    check_route(
        &only("{ orders = { field = \"at\", present = true } }"),
        &["15 { field = \"at\", present = true }: \"orders\" is not among the fields"],
    );
}

#[test]
fn condition_faults() {
    check_where("{ }", &["11 { }: a condition needs one of: field, all, any, every, not"]);
    check_where(
        "{ fild = \"x\" }",
        &[
            "11 { fild = \"x\" }: a condition needs one of",
            "11 fild: unknown key \"fild\": did you mean \"field\"?",
        ],
    );
    check_where(
        "{ field = \"change\" }",
        &["11 { field = \"change\" }: a condition on a field needs one of: is, is_not, in, "],
    );
    check_where(
        "{ field = \"change\", is = \"creatd\" }",
        &["11 \"creatd\": \"creatd\" is not known here: did you mean \"created\"?"],
    );
    check_where(
        "{ field = \"change\", is = \"created\", in = [\"created\"] }",
        &[
            "11 { field = \"change\", is = \"created\", in = [\"created\"] }: \"is\" and \"in\" need a condition each",
        ],
    );
    check_where(
        "{ field = \"patient.birth_date\", is = \"1970\" }",
        &[
            "11 \"1970\": \"is\" is not possible: \"patient.birth_date\" is a date or time; possible: at_least, ",
        ],
    );
    check_where(
        "{ field = \"patient.birth_date\", above = \"31.1.1970\" }",
        &["11 \"31.1.1970\": \"31.1.1970\" is not a date"],
    );
    check_where("{ field = \"patient.birth_date\", above = 1970-01-31 }", &[]);
    check_where(
        "{ field = \"patient.id\", at_least = 5 }",
        &["11 5: \"at_least\" is not possible: \"patient.id\" is a text"],
    );
    check_where(
        "{ field = \"patient.nam\", present = true }",
        &["11 \"patient.nam\": \"patient\" of lab-result has no field \"nam\": did you mean \"names\"?"],
    );
    check_where(
        "{ field = \"results.status\", is = \"final\" }",
        &[
            "11 \"results.status\": \"results\" is a list: say for which elements, as in { any = \"results\", all = [{ field = \"status\", … }] }",
        ],
    );
    check_where(
        "{ any = \"results\", all = [{ field = \"specimen\", above = 1.5 }, { field = \"statu\", is = \"final\" }] }",
        &["11 \"statu\": lab-result has no field \"statu\" here: did you mean \"status\"?"],
    );
    check_where(
        "{ any = \"patient\", all = [{ field = \"id\", is = \"1\" }] }",
        &["11 \"patient\": \"patient\" of lab-result is an object, not a list"],
    );
    check_where("{ every = \"results\" }", &["11 { every = \"results\" }: missing key \"all\""]);
    let deep = format!("{}{{ }}{}", "{ not = ".repeat(20), "}".repeat(20));
    check_where(&deep, &["11 { not = { not = { not = { }}}}: conditions lie more than 16 deep"]);
    check_where("{ not = { all = [] } }", &["11 []: the list is empty"]);
    check_where(
        "{ field = \"patient.id\", starts_with = [\"0\", 1] }",
        &["11 1: expected a text, found a number"],
    );
}

#[test]
fn a_field_must_exist_in_every_kind_of_the_route() {
    let routes = ROUTES.replace("[\"lab-result\"]", "[\"lab-result\", \"diagnosis\", \"encounter\"]");
    check(
        "routes.toml",
        &format!("{routes}where = {{ any = \"results\", all = [{{ field = \"at\", present = true }}] }}"),
        &["11 \"results\": encounter has no field \"results\" here"],
    );
}

#[test]
fn table_faults() {
    let look_up = |rest: &str| {
        format!(
            "{{ any = \"results\", all = [{{ field = \"code.analyte\", in_table = \"lab_tests\"{rest} }}] }}"
        )
    };
    check_where(&look_up(""), &[]);
    check_where(
        &look_up(
            ", column = \"analyte\", also = { ident = \"code.identification\" }, having = { count_as = \"confirm\" }",
        ),
        &[],
    );
    check_where(
        &look_up("").replace("lab_tests", "lab_test"),
        &["11 \"lab_test\": there is no tables/lab_test.tsv: did you mean \"lab_tests\"?"],
    );
    check_where(
        &look_up(", column = \"analit\""),
        &["11 \"analit\": table lab_tests has no column \"analit\": did you mean \"analyte\"?"],
    );
    check_where(
        &look_up(", also = { idnt = \"code.identification\" }"),
        &["11 \"code.identification\": table lab_tests has no column \"idnt\""],
    );
    check_where(
        &look_up(", also = { ident = \"code.identfication\" }"),
        &["11 \"code.identfication\": \"code\" of lab-result has no field"],
    );
    check_where(
        &look_up(", having = { count_as = \"confrm\" }"),
        &["11 \"confrm\": no row of table lab_tests has \"confrm\" there: did you mean \"confirm\"?"],
    );
    check_where(
        &look_up(", having = { count_as = \"confirm\", ident = \"1430\" }"),
        &["11 { count_as = \"confirm\", ident = \"1430\" }: no row of the table is like this"],
    );
    check(
        "tables/lab_tests.tsv",
        "a\ta\tB\n1\t2\n",
        &[
            "1 a\ta\tB: column \"a\" stands twice",
            "1 a\ta\tB: \"B\" is not a column name",
            "1 : the table has no rows",
            "2 1\t2: this row has 2 cells, the table has 3 columns",
        ],
    );
}

#[test]
fn a_file_that_nests_without_end_is_refused() {
    for text in [
        "a = ".to_owned() + &"[".repeat(100_000),
        "a = ".to_owned() + &"{b=".repeat(100_000),
        "a.".repeat(100_000),
    ] {
        let (config, faults) = faults(&[("routes.toml", &text)]);
        assert!(config.is_none() && !faults.is_empty());
    }
}

#[test]
fn all_faults_of_all_files_come_at_once() {
    let (config, faults) = faults(&[
        ("hub.toml", "version = 1\nnetwork = 5\ntimezone = \"Asia/Tokyo\"\nx = 1"),
        ("feeds/izumo.toml", &FEED.replace("roles", "rolls")),
        ("routes.toml", &ROUTES.replace("a.b", "A")),
    ]);
    assert!(config.is_none());
    let places: Vec<_> = faults.iter().map(|fault| format!("{}:{}", fault.file, fault.line)).collect();
    assert_eq!(
        places,
        ["feeds/izumo.toml:1", "feeds/izumo.toml:4", "hub.toml:2", "hub.toml:4", "routes.toml:7"]
    );
}

#[test]
fn a_fault_shows_the_line_and_marks_the_place() {
    let (_, faults) =
        faults(&[("hub.toml", "version = 1\nnetwork = \"shimane\"\ntimezone = \"日本\"  # 時刻")]);
    assert_eq!(
        faults[0].to_string(),
        "hub.toml:3:12: \"日本\" is not a time zone of the IANA database: write one like Asia/Tokyo (at timezone)\n \
         3 | timezone = \"日本\"  # 時刻\n   |            ^^^^^^"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,200}", file in 0..4_usize) {
        let name = ["hub.toml", "feeds/izumo.toml", "routes.toml", "tables/lab_tests.tsv"][file];
        let (config, found) = faults(&[(name, &text)]);
        prop_assert_eq!(config.is_none(), found.iter().any(|fault| fault.severity == Severity::Error));
        for fault in found {
            prop_assert!(fault.to_string().contains(name) || fault.file != name);
        }
    }

    #[test]
    fn any_damage_to_the_routes_is_read_without_panic(at in 0..2000_usize, insert in "[\\[\\]{}\"=,.a\u{65e5}\\n#-]{0,6}", cut in 0..30_usize) {
        let text: Vec<char> = include_str!("../../routes.toml").chars().collect();
        let at = 2000 + at;
        let damaged: String =
            text.iter().take(at).copied().chain(insert.chars()).chain(text.iter().skip(at + cut).copied()).collect();
        let (config, found) = faults(&[("routes.toml", &damaged)]);
        prop_assert_eq!(config.is_none(), found.iter().any(|fault| fault.severity == Severity::Error));
    }
}

#[test]
fn a_port_has_one_listener() {
    let mllp = |listen: &str| format!("[[source]]\nkind = \"mllp\"\nlisten = \"{listen}\"\n");
    let izumo = format!("{FEED}{}", mllp("0.0.0.0:2575"));
    let matsue = |listen: &str| other_feed() + &mllp(listen);
    let (config, faults_of_sound) =
        faults(&[("feeds/izumo.toml", &izumo), ("feeds/matsue.toml", &matsue("0.0.0.0:2576"))]);
    assert!(faults_of_sound.is_empty(), "{faults_of_sound:?}");
    let feed = &config.unwrap().feeds[0].settings;
    assert_eq!((feed.sources.len(), feed.listeners.len()), (1, 1));
    let listener = &feed.listeners[0];
    assert_eq!((listener.listen.port(), listener.connections_max), (2575, 64));
    assert_eq!((listener.idle_timeout.as_secs(), listener.refuse_after.as_secs()), (3600, 30));
    for listen in ["0.0.0.0:2575", "127.0.0.1:2575", "[::]:2575"] {
        let (config, faults) =
            faults(&[("feeds/izumo.toml", &izumo), ("feeds/matsue.toml", &matsue(listen))]);
        assert!(config.is_none());
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((fault.file.as_str(), fault.line), ("feeds/matsue.toml", 10));
        assert!(
            fault.message.ends_with("another source listens there already: feeds/izumo.toml:10"),
            "{fault}"
        );
    }
}
