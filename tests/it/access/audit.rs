//! `musubi audit`, and what is not done where the audit can't be written.

use std::fs;

use musubi::ops::access::Role;
use serde_json::{Value, json};

use super::browser::Served;

fn run(served: &Served, arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<_> = ["audit"].iter().chain(arguments).copied().collect();
    let output = served.hub.run(&arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_was_done_is_listed_exported_and_verified_and_a_changed_line_is_named() {
    let served = Served::new("totp = \"optional\"");
    served.user("yamada", &[Role::Admin, Role::Engineer], None);
    let browser = served.logged_in("yamada");
    assert_eq!(browser.post("/registry", &[("network_id", "900000000001")]).status, 200);
    let page = browser.get("/audit?lang=en").body;
    assert!(
        page.contains("looked at a patient&#39;s records") || page.contains("looked at a patient's records"),
        "{page}"
    );
    assert!(page.contains("The chain is whole"), "{page}");

    let (code, text, errors) = run(&served, &["list", "--who", "yamada"]);
    assert_eq!(code, 0, "{errors}");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.starts_with("2026-11-22 12:00:00  yamada (127.0.0.1)  logged in  console\n"), "{text}");
    let (_, text, _) = run(&served, &["list", "--json", "--action", "view-patient", "--from", "2026-11-22"]);
    let acts: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(acts.as_array().unwrap().len(), 1, "{acts:#}");
    assert_eq!(run(&served, &["list", "--until", "2026-11-22"]).1, "");
    assert_eq!(run(&served, &["list", "--from", "soon"]).0, 64);

    let (_, syslog, _) = run(&served, &["export", "--format", "rfc5424"]);
    assert!(
        syslog.starts_with("<86>1 2026-11-22T03:00:00.000000Z shimane musubi - log-in [access@"),
        "{syslog}"
    );
    let (_, dicom, _) = run(&served, &["export", "--format", "dicom"]);
    assert!(
        dicom.lines().all(|line| line.starts_with("<?xml") && line.ends_with("</AuditMessage>")),
        "{dicom}"
    );
    let exported = browser.post("/audit", &[("format", "ndjson")]);
    assert_eq!(exported.header("content-type"), Some("application/x-ndjson"));
    assert!(exported.body.contains("\"action\":\"view-patient\""), "{}", exported.body);

    let (code, text, _) = run(&served, &["verify"]);
    assert_eq!((code, text.split(',').next().unwrap()), (0, "4 lines"));
    let file = served.hub.path("var/audit/access/2026-11-22.ndjson");
    let lines = fs::read_to_string(&file).unwrap();
    fs::write(&file, lines.replacen("view-patient", "view-body", 1)).unwrap();
    let (code, _, errors) = run(&served, &["verify"]);
    assert!(code == 65 && errors.contains("2026-11-22.ndjson:3: "), "{errors}");
    assert!(browser.get("/audit?lang=en").body.contains("The chain is broken"));
}

#[test]
fn verbs_of_the_machines_administrator_make_users_and_tokens() {
    let served = Served::new("");
    let musubi = |arguments: &[&str]| {
        let output = served.hub.run(arguments);
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, link) =
        musubi(&["user", "add", "suzuki", "--roles", "viewer,operator", "--facility", "3210100018"]);
    assert_eq!(code, 0);
    let path = link.trim().strip_prefix(&format!("http://{}", served.address)).unwrap();
    assert_eq!(served.get(path).status, 200);
    assert_eq!(musubi(&["user", "add", "suzuki", "--roles", "viewer"]).0, 65, "the name is taken");
    assert_eq!(musubi(&["user", "add", "tanaka", "--roles", "king"]).0, 64);
    assert_eq!(musubi(&["user", "disable", "nobody"]).0, 65);
    assert_eq!(musubi(&["user", "disable", "suzuki"]).0, 0);
    assert_eq!(served.get(path).status, 410);
    assert_eq!(musubi(&["user", "list"]).1, "suzuki  viewer,operator (3210100018)  disabled\n");
    assert_eq!(musubi(&["user", "enable", "suzuki"]).0, 0);
    assert_eq!(musubi(&["user", "roles", "suzuki", "--roles", "viewer"]).0, 0);
    let (_, link) = musubi(&["user", "reset", "suzuki"]);
    assert!(link.contains("/enter/"), "{link}");
    let users: Value = serde_json::from_str(&musubi(&["user", "list", "--json"]).1).unwrap();
    assert_eq!((&users[0]["roles"][0], &users[0]["has_password"]), (&"viewer".into(), &false.into()));

    let (_, token) = musubi(&["token", "add", "grafana", "--roles", "viewer", "--expires", "2099-01-01"]);
    assert_eq!(served.api("GET /api/v1/registry/facilities", token.trim(), "").status, 200);
    assert!(musubi(&["token", "list"]).1.starts_with("grafana  viewer  2098-12-31T15:00:00Z"));
    assert_eq!(musubi(&["token", "remove", "grafana"]).0, 0);
    assert_eq!(served.api("GET /api/v1/registry/facilities", token.trim(), "").status, 401);
    assert!(served.acts().iter().any(|act| act.object == "add-token grafana" && act.from == "terminal"));
}

#[test]
fn what_cant_be_written_down_is_neither_shown_nor_done() {
    let served = Served::new("");
    let folder = served.hub.path("var/audit/access");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    served.hub.write("var/audit/access", "in the way");
    let facility = json!([{
        "recorded_at": "2026-11-22T00:00:00Z", "who": "desk", "why": "contract", "fact": "facility",
        "code": "3210100018", "name": "出雲中央病院（架空）", "area": "izumo", "roles": ["disclosing"],
        "from": "2026-01-01T00:00:00Z",
    }]);
    let patient = "GET /api/v1/registry/patients/900000000001";
    let enter = "POST /api/v1/registry/entries";
    for (call, body) in [(patient, String::new()), (enter, facility.to_string())] {
        assert_eq!(served.api(call, &served.token, &body).status, 503, "{call}");
    }
    fs::remove_file(&folder).unwrap();
    let known = || served.api("GET /api/v1/registry/facilities/3210100018", &served.token, "").status;
    assert_eq!(known(), 404, "nothing was entered");
    assert_eq!(served.api(enter, &served.token, &facility.to_string()).status, 200);
    assert_eq!(known(), 200);
}
