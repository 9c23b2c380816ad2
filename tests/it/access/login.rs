//! Name, password, code.

use std::time::Duration;

use musubi::ops::access::{Client, Entered, Role};
use musubi::ops::audit::Action;

use super::browser::{Browser, PASSWORD, Served};

fn browser(served: &Served) -> Browser<'_> {
    Browser { served, cookie: String::new(), csrf: String::new() }
}

#[test]
fn who_has_password_and_code_is_let_in_and_a_code_is_taken_once() {
    let served = Served::new("");
    let secret = musubi::ops::access::totp::secret();
    let (link, now) = (served.gate.users().first(served.now()).unwrap().unwrap().0, served.now());
    let code = served.code(&secret);
    let entered = Entered { link: &link, name: "yamada", password: PASSWORD, totp: Some((&secret, &code)) };
    let (_, recovery) = served.gate.users().enter(&entered, true, &Client { address: "-", now }).unwrap();

    let mut one = browser(&served);
    assert_eq!(one.log_in("yamada", PASSWORD, &code).status, 401, "the code was used to come in");
    served.clock.advance(Duration::from_secs(30));
    let code = served.code(&secret);
    let wrong = one.log_in("yamada", "wrong horse battery staple", &code);
    let unknown = one.log_in("nobody", PASSWORD, &code);
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.body, unknown.body, "nobody learns who has a name here");
    let right = one.log_in("yamada", PASSWORD, &code);
    assert_eq!((right.status, right.header("location")), (303, Some("/")));
    let cookie = right.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    assert_eq!(one.get("/users").status, 200);

    let mut other = browser(&served);
    assert_eq!(other.log_in("yamada", PASSWORD, &code).status, 401, "a code is taken once");
    assert_eq!(other.log_in("yamada", PASSWORD, &recovery[3]).status, 303);
    assert_eq!(other.log_in("yamada", PASSWORD, &recovery[3]).status, 401, "a recovery code too");
    assert_eq!(other.log_in("yamada", PASSWORD, "").status, 401);

    let logins: Vec<_> = served
        .acts()
        .into_iter()
        .filter(|act| act.action == Action::LogIn)
        .map(|act| (act.who, act.done))
        .collect();
    let expected = [("yamada", false), ("yamada", false), ("unknown", false), ("yamada", true)];
    let logins: Vec<_> = logins.iter().map(|(who, done)| (who.as_str(), *done)).collect();
    assert_eq!(logins[..4], expected);
}

#[test]
fn wrong_logins_are_slowed_down_and_the_right_one_waits_too() {
    let served = Served::new("totp = \"optional\"");
    served.user("suzuki", &[Role::Viewer], None);
    let mut one = browser(&served);
    for _ in 0..4 {
        assert_eq!(one.log_in("suzuki", "wrong", "").status, 401);
    }
    assert_eq!(one.log_in("suzuki", PASSWORD, "").status, 429);
    served.clock.advance(Duration::from_secs(1));
    assert_eq!(one.log_in("suzuki", "wrong", "").status, 401);
    served.clock.advance(Duration::from_secs(1));
    assert_eq!(one.log_in("suzuki", PASSWORD, "").status, 429, "each wait is longer than the one before");
    served.clock.advance(Duration::from_secs(1));
    assert_eq!(one.log_in("suzuki", PASSWORD, "").status, 303);
    assert_eq!(one.log_in("suzuki", "wrong", "").status, 401, "and then all is as at first");
}

#[test]
fn the_form_speaks_both_languages_and_shows_no_markup_of_others() {
    let served = Served::new("");
    assert!(served.get("/login?lang=ja").body.contains("パスワード"));
    let page = served.get("/login?lang=en").body;
    assert!(page.contains("Password") && page.contains("日本語"), "{page}");
    let answer = served.post("/login", &[("name", "<script>"), ("password", "x"), ("code", "")]);
    assert!(answer.status == 401 && !answer.body.contains("<script>"), "{answer:?}");
}
