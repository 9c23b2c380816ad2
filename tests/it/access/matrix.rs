//! Every route, and which roles may use it.

use std::collections::BTreeSet;
use std::fs;

use musubi::ops::access::{Right, Role};

use super::browser::Served;
use crate::support::{files_below, repository};

/// A route and what it needs: a right, a login, a token, or nothing.
enum Needs {
    Right(Right),
    Login,
    Token,
    Nothing,
}

use Needs::{Login, Nothing, Token};

/// Every route of the console, with a body that it can read. A new one is added here with its rule.
const PAGES: &[(&str, &str, Needs)] = &[
    ("GET", "/", Login),
    ("GET", "/messages", Needs::Right(Right::View)),
    ("POST", "/messages", Needs::Right(Right::View)),
    ("GET", "/messages/{id}", Needs::Right(Right::View)),
    ("POST", "/messages/{id}", Needs::Right(Right::ViewBodies)),
    ("GET", "/live/overview", Needs::Right(Right::View)),
    ("GET", "/flows", Needs::Right(Right::View)),
    ("GET", "/live/flows", Needs::Right(Right::View)),
    ("GET", "/queues", Needs::Right(Right::View)),
    ("GET", "/live/queues", Needs::Right(Right::View)),
    ("GET", "/queues/{name}", Needs::Right(Right::View)),
    ("GET", "/topics", Needs::Right(Right::View)),
    ("GET", "/topics/{name}", Needs::Right(Right::View)),
    ("GET", "/topics/files/{name}", Needs::Right(Right::View)),
    ("GET", "/charts", Needs::Right(Right::View)),
    ("GET", "/registry/facilities", Needs::Right(Right::View)),
    ("GET", "/reconciliation", Needs::Right(Right::View)),
    ("POST", "/reconciliation", Needs::Right(Right::View)),
    ("GET", "/reconciliation/{day}", Needs::Right(Right::View)),
    ("GET", "/reconciliation/{day}/csv", Needs::Right(Right::View)),
    ("GET", "/surveillance", Needs::Right(Right::View)),
    ("GET", "/alerts", Needs::Right(Right::View)),
    ("GET", "/live/alerts", Needs::Right(Right::View)),
    ("POST", "/alerts/{id}/acknowledge", Needs::Right(Right::Operate)),
    ("GET", "/replay", Needs::Right(Right::View)),
    ("POST", "/replay", Needs::Right(Right::Operate)),
    ("GET", "/replay/{id}", Needs::Right(Right::View)),
    ("POST", "/replay/{id}/{act}", Needs::Right(Right::Operate)),
    ("GET", "/live/replay", Needs::Right(Right::View)),
    ("GET", "/live/replay/{id}", Needs::Right(Right::View)),
    ("GET", "/registry", Needs::Right(Right::View)),
    ("POST", "/registry", Needs::Right(Right::ViewBodies)),
    ("GET", "/holds", Needs::Right(Right::View)),
    ("GET", "/parked", Needs::Right(Right::View)),
    ("POST", "/parked/{subscriber}", Needs::Right(Right::Operate)),
    ("POST", "/holds", Needs::Right(Right::Operate)),
    ("GET", "/invalid", Needs::Right(Right::View)),
    ("POST", "/invalid", Needs::Right(Right::Operate)),
    ("GET", "/invalid/all", Needs::Right(Right::Operate)),
    ("POST", "/invalid/{id}", Needs::Right(Right::Engineer)),
    ("GET", "/dead", Needs::Right(Right::View)),
    ("POST", "/dead", Needs::Right(Right::Operate)),
    ("GET", "/dead/all", Needs::Right(Right::Operate)),
    ("GET", "/dead/{subscriber}/{id}", Needs::Right(Right::View)),
    ("POST", "/letters/{id}/stop", Needs::Right(Right::Operate)),
    ("GET", "/live/letters", Needs::Right(Right::View)),
    ("GET", "/users", Needs::Right(Right::Administer)),
    ("POST", "/users", Needs::Right(Right::Administer)),
    ("GET", "/audit", Needs::Right(Right::Administer)),
    ("POST", "/audit", Needs::Right(Right::Administer)),
    ("GET", "/account", Login),
    ("POST", "/account", Login),
    ("POST", "/logout", Login),
    ("GET", "/login", Nothing),
    ("POST", "/login", Nothing),
    ("GET", "/login/oidc", Nothing),
    ("GET", "/login/oidc/callback", Nothing),
    ("GET", "/enter/{link}", Nothing),
    ("POST", "/enter/{link}", Nothing),
    ("POST", "/choose", Nothing),
    ("GET", "/assets/{name}", Nothing),
    ("GET", "/livez", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", Token),
];

/// The same for the API.
const API: &[(&str, &str, Needs)] = &[
    ("GET", "/openapi.json", Login),
    ("GET", "/messages", Needs::Right(Right::View)),
    ("POST", "/messages", Needs::Right(Right::View)),
    ("GET", "/messages/digests", Needs::Right(Right::View)),
    ("POST", "/messages/digests", Needs::Right(Right::View)),
    ("GET", "/messages/{id}", Needs::Right(Right::View)),
    ("GET", "/messages/{id}/views", Needs::Right(Right::ViewBodies)),
    ("GET", "/overview", Needs::Right(Right::View)),
    ("GET", "/series", Needs::Right(Right::View)),
    ("GET", "/sheets", Needs::Right(Right::View)),
    ("GET", "/sheets/{day}", Needs::Right(Right::View)),
    ("GET", "/sheets/{day}/csv", Needs::Right(Right::View)),
    ("GET", "/tap", Needs::Right(Right::View)),
    ("GET", "/alerts", Needs::Right(Right::View)),
    ("GET", "/alerts/history", Needs::Right(Right::View)),
    ("POST", "/alerts/{id}/acknowledge", Needs::Right(Right::Operate)),
    ("GET", "/replays", Needs::Right(Right::View)),
    ("POST", "/replays", Needs::Right(Right::Operate)),
    ("GET", "/replays/{id}", Needs::Right(Right::View)),
    ("POST", "/replays/{id}/{act}", Needs::Right(Right::Operate)),
    ("GET", "/audit", Needs::Right(Right::Administer)),
    ("GET", "/holds", Needs::Right(Right::View)),
    ("POST", "/holds", Needs::Right(Right::Operate)),
    ("GET", "/parked", Needs::Right(Right::View)),
    ("POST", "/parked/{subscriber}/try", Needs::Right(Right::Operate)),
    ("POST", "/holds/release", Needs::Right(Right::Operate)),
    ("GET", "/invalid", Needs::Right(Right::View)),
    ("GET", "/invalid/piles", Needs::Right(Right::View)),
    ("POST", "/invalid/acts", Needs::Right(Right::Operate)),
    ("GET", "/invalid/{id}", Needs::Right(Right::ViewBodies)),
    ("GET", "/dead", Needs::Right(Right::View)),
    ("GET", "/dead/piles", Needs::Right(Right::View)),
    ("POST", "/dead/acts", Needs::Right(Right::Operate)),
    ("GET", "/dead/{subscriber}/{id}", Needs::Right(Right::View)),
    ("GET", "/letters", Needs::Right(Right::View)),
    ("POST", "/letters/count", Needs::Right(Right::View)),
    ("GET", "/letters/{id}", Needs::Right(Right::View)),
    ("POST", "/letters/{id}/stop", Needs::Right(Right::Operate)),
    ("POST", "/registry/entries", Needs::Right(Right::Operate)),
    ("GET", "/registry/patients/{network_id}", Needs::Right(Right::ViewBodies)),
    ("GET", "/registry/facilities", Needs::Right(Right::View)),
    ("GET", "/registry/facilities/{code}", Needs::Right(Right::View)),
    ("GET", "/registry/history/{id}", Needs::Right(Right::ViewBodies)),
];

/// Methods and paths of all `.route("…", get(…).post(…))` in the sources.
pub(super) fn routes(is_api: bool) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for path in files_below(&repository().join("src/console")) {
        let in_api = path.components().any(|part| part.as_os_str() == "api");
        if in_api != is_api || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for route in text.split(".route(").skip(1) {
            let (_, rest) = route.split_once('"').unwrap();
            let (path, rest) = rest.split_once('"').unwrap();
            let methods = rest.split(".route(").next().unwrap().split(".layer(").next().unwrap();
            let end = methods.find("\n        .").or_else(|| methods.find("\n}")).unwrap_or(methods.len());
            let methods = methods.get(..end).unwrap();
            for (word, method) in [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE")]
            {
                if methods.contains(word) {
                    routes.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
    }
    routes
}

fn listed(table: &[(&str, &str, Needs)]) -> BTreeSet<(String, String)> {
    table.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect()
}

/// The path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "0000000000" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_has_a_rule() {
    assert_eq!(routes(false), listed(PAGES));
    assert_eq!(routes(true), listed(API));
}

#[test]
fn every_page_is_for_those_whose_role_allows_it() {
    let served = Served::new("totp = \"optional\"");
    for role in Role::ALL {
        served.user(role.as_str(), &[role], None);
    }
    for (method, path, needs) in PAGES {
        let request = format!("{method} {}", filled(path));
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        let stranger = served.send(&request, form, "");
        let is_sent_away = stranger.header("location") == Some("/login");
        assert_eq!(
            is_sent_away,
            !matches!(needs, Nothing | Token),
            "{request} by a stranger: {}",
            stranger.status
        );
        assert!(stranger.status == 401 || !matches!(needs, Token), "{request} by a stranger");
        for role in Role::ALL {
            // Anew, because one of the routes ends it.
            let browser = served.logged_in(role.as_str());
            let body = format!("csrf={}&act=none&network_id=1&back=/", browser.csrf);
            let answer = browser.send(&request, form, if *method == "POST" { &body } else { "" });
            let may = match needs {
                Needs::Right(right) => role.rights().contains(right),
                Login | Token | Nothing => true,
            };
            assert_eq!(answer.status != 403, may, "{request} by {}: {}", role.as_str(), answer.status);
        }
    }
}

#[test]
fn every_route_of_the_api_is_for_tokens_whose_role_allows_it() {
    let served = Served::new("");
    let tokens = Role::ALL
        .map(|role| (role, served.gate.users().add_token(role.as_str(), vec![role], None, None).unwrap()));
    for (method, path, needs) in API {
        let request = format!("{method} /api/v1{}", filled(path));
        assert_eq!(served.send(&request, "", "").status, 401, "{request} by a stranger");
        assert_eq!(served.api(&request, "musubi_0000", "").status, 401, "{request} with a made-up token");
        for (role, token) in &tokens {
            let answer = served.api(&request, token, if *method == "POST" { "[]" } else { "" });
            let may = match needs {
                Needs::Right(right) => role.rights().contains(right),
                Login | Token | Nothing => true,
            };
            assert_eq!(answer.status != 403, may, "{request} by {}: {answer:?}", role.as_str());
        }
    }
}
