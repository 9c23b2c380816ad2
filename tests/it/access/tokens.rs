//! Tokens of programs.

use std::time::Duration;

use musubi::ops::access::Role;
use musubi::ops::audit::Action;

use super::browser::Served;

const FACILITIES: &str = "GET /api/v1/registry/facilities";

#[test]
fn a_token_opens_what_its_roles_and_facilities_allow_until_it_is_over() {
    let served = Served::new("");
    let users = served.gate.users();
    let until = served.now().saturating_add(Duration::from_secs(60)).unwrap();
    let short = users.add_token("short", vec![Role::Viewer], None, Some(until)).unwrap();
    let own = Some(vec!["3210100018".to_owned()]);
    let limited = users.add_token("limited", vec![Role::Viewer], own, None).unwrap();
    assert!(users.add_token("limited", vec![Role::Viewer], None, None).is_err(), "the name is taken");

    assert_eq!(served.api(FACILITIES, &short, "").status, 200);
    served.clock.advance(Duration::from_secs(60));
    assert_eq!(served.api(FACILITIES, &short, "").status, 401, "it is over");

    assert_eq!(served.api(FACILITIES, &limited, "").status, 403, "the network is not its facility");
    let facility = |code: &str| served.api(&format!("{FACILITIES}/{code}"), &limited, "").status;
    assert_eq!((facility("3210100018"), facility("3210200024")), (404, 403));
    users.remove_token("limited").unwrap();
    assert_eq!(facility("3210100018"), 401);

    let acts = served.acts();
    let refused: Vec<_> = acts.iter().filter(|act| act.action == Action::Refused).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|act| act.who == "token limited" && !act.done), "{acts:?}");
    let text = std::fs::read_to_string(served.hub.path("var/users.json")).unwrap();
    assert!(!text.contains(&short), "tokens are kept hashed");
}

#[test]
fn who_has_the_token_of_the_data_folder_is_told_by_his_account() {
    let served = Served::new("");
    let headers = format!("authorization: Bearer {}\r\nmusubi-account: yamada\r\n", served.token);
    let answer = served.send("GET /api/v1/registry/patients/900000000001", &headers, "");
    assert_eq!(answer.status, 404);
    let acts = served.acts();
    let act = acts.last().unwrap();
    assert_eq!((act.who.as_str(), act.action), ("local yamada", Action::ViewPatient));
    assert!(!act.object.contains("900000000001"), "the audit names no patient: {act:?}");
}
