//! The way in for whoever has no password yet.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use musubi::ops::access::Role;

use super::browser::{PASSWORD, Served};

#[test]
fn the_first_link_makes_one_administrator_once() {
    let served = Served::new("");
    assert_eq!(served.get("/users").header("location"), Some("/login"), "nobody is in without a login");
    let (link, file) = served.gate.users().first(served.now()).unwrap().unwrap();
    assert_eq!(
        served.gate.users().first(served.now()).unwrap().unwrap().0,
        link,
        "a restart leaves it as it is"
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let path = format!("/enter/{link}");
    assert_eq!(served.get("/enter/0000").status, 410);

    let page = served.get(&path);
    let secret = page.hidden("totp");
    assert!(page.body.contains("<svg") && page.body.contains("otpauth://totp/"), "{}", page.body);
    let code = served.code(&secret);
    let wrong_code = if code == "000000" { "000001" } else { "000000" };
    let enter = |name: &str, password: &str, again: &str, code: &str| {
        let fields =
            [("name", name), ("password", password), ("again", again), ("totp", &secret), ("code", code)];
        served.post(&path, &fields).status
    };
    assert_eq!(enter("yamada", PASSWORD, "another", &code), 422);
    assert_eq!(enter("yamada", "too short", "too short", &code), 422);
    assert_eq!(enter("yamada", "yamada yamada yamada", "yamada yamada yamada", &code), 422);
    assert_eq!(enter("yamada", PASSWORD, PASSWORD, wrong_code), 422);
    assert_eq!(enter("yamada", PASSWORD, PASSWORD, ""), 422, "a second factor must be");
    assert_eq!(enter("ya mada", PASSWORD, PASSWORD, &code), 422);
    assert_eq!(enter("yamada", PASSWORD, PASSWORD, &code), 200);
    assert_eq!(enter("suzuki", PASSWORD, PASSWORD, &code), 410, "it is open once");
    assert_eq!(served.get(&path).status, 410);
    assert!(!file.exists() && served.gate.users().first(served.now()).unwrap().is_none());

    let kept = served.hub.path("var/users.json");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(kept).unwrap();
    assert!(text.contains("$argon2id$") && !text.contains(PASSWORD) && !text.contains(&link), "{text}");
}

#[test]
fn a_link_is_over_after_a_day_and_with_the_next() {
    let served = Served::new("totp = \"optional\"");
    let users = served.gate.users();
    let status = |link: &str| served.get(&format!("/enter/{link}")).status;
    let first = users.first(served.now()).unwrap().unwrap().0;
    let one = users.add("suzuki", vec![Role::Viewer], None, served.now()).unwrap();
    assert_eq!(status(&first), 410, "there is a user already");
    assert_eq!(status(&one), 200);
    let other = users.reset("suzuki", served.now()).unwrap();
    assert_eq!((status(&one), status(&other)), (410, 200));
    served.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(status(&other), 410);
}
