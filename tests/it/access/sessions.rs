//! How long somebody stays in, and that nobody else acts for him.

use std::time::Duration;

use musubi::ops::access::Role;

use super::browser::{PASSWORD, Served, form};

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

fn served() -> Served {
    let served = Served::new("totp = \"optional\"\nsession = \"2h\"\nidle = \"30m\"");
    served.user("yamada", &[Role::Admin], None);
    served
}

#[test]
fn a_session_ends_by_itself_and_by_logging_out() {
    let served = served();
    let minutes = |minutes: u64| served.clock.advance(Duration::from_secs(minutes * 60));
    let one = served.logged_in("yamada");
    let other = served.logged_in("yamada");
    for _ in 0..4 {
        minutes(29);
        assert_eq!(one.get("/users").status, 200);
    }
    assert_eq!(other.get("/users").status, 303, "nobody looked for half an hour");
    minutes(5);
    assert_eq!(one.get("/users").status, 303, "it is over after two hours");

    let one = served.logged_in("yamada");
    assert_eq!(one.post("/logout", &[]).status, 303);
    assert_eq!(one.get("/users").status, 303);
}

#[test]
fn another_password_ends_the_other_sessions_and_a_disabled_user_is_out() {
    let served = served();
    served.user("suzuki", &[Role::Admin], None);
    let (one, other) = (served.logged_in("yamada"), served.logged_in("yamada"));
    let new = "another horse battery staple";
    let change = |current: &str| {
        let fields = [("act", "password"), ("current", current), ("password", new), ("again", new)];
        one.post("/account", &fields).body
    };
    assert!(change("wrong").contains("role=\"alert\""));
    assert_eq!(other.get("/users").status, 200);
    assert!(!change(PASSWORD).contains("role=\"alert\""));
    assert_eq!((one.get("/users").status, other.get("/users").status), (200, 303));
    let suzuki = served.logged_in("suzuki");
    assert!(suzuki.post("/users", &[("act", "disable"), ("name", "yamada")]).status == 200);
    assert_eq!(one.get("/users").status, 303);
    let refused = suzuki.post("/users", &[("act", "disable"), ("name", "suzuki")]);
    assert!(refused.body.contains("role=\"alert\""), "the last administrator stays: {}", refused.body);
    assert_eq!(suzuki.get("/users").status, 200);
}

#[test]
fn what_changes_something_needs_the_secret_of_the_session_and_comes_from_its_own_pages() {
    let served = served();
    let (one, other) = (served.logged_in("yamada"), served.logged_in("yamada"));
    let post = |csrf: &str, headers: &str| {
        let body = form(&[("network_id", "1"), ("csrf", csrf)]);
        one.send("POST /account", &format!("{FORM}{headers}"), &format!("act=others&{body}")).status
    };
    assert_eq!(post(&one.csrf, ""), 200);
    assert_eq!(post("", ""), 403);
    assert_eq!(post(&other.csrf, ""), 403, "that of another session");
    assert_eq!(post("", &format!("x-csrf-token: {}\r\n", one.csrf)), 200);
    assert_eq!(post(&one.csrf, "origin: http://elsewhere.example\r\n"), 403);
    assert_eq!(post(&one.csrf, "sec-fetch-site: cross-site\r\n"), 403);
    assert_eq!(post(&one.csrf, &format!("origin: http://{}\r\n", served.address)), 200);
    let login = form(&[("name", "yamada"), ("password", PASSWORD)]);
    let from_elsewhere = format!("{FORM}origin: http://elsewhere.example\r\n");
    assert_eq!(served.send("POST /login", &from_elsewhere, &login).status, 403);
    assert_eq!(served.api("GET /api/v1/registry/facilities", &one.cookie, "").status, 401);
    assert_eq!(one.get("/api/v1/registry/facilities").status, 401, "a cookie opens no API");
}

#[test]
fn every_answer_tells_browsers_what_they_may_not_do() {
    let served = served();
    for path in
        ["/login", "/registry", "/users", "/livez", "/assets/style.css", "/api/v1/openapi.json", "/nowhere"]
    {
        let answer = served.get(path);
        for (name, value) in [
            ("content-security-policy", "frame-ancestors 'none'"),
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=()"),
            ("cache-control", "no-store"),
        ] {
            assert!(
                answer.header(name).is_some_and(|found| found.contains(value)),
                "{path}: {name}: {}",
                answer.head
            );
        }
        assert_eq!(answer.header("strict-transport-security"), None, "{path} is not encrypted");
    }
}
