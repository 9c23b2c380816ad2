//! What the desks' routes need: invitations and receipts.

use super::{ROUTES, check, check_route, faults};

#[test]
fn an_invitation_is_of_appointments_and_knows_its_hosts() {
    let appointments = ROUTES.replace("lab-result", "appointment");
    let with =
        |lines: &str, expected: &[&str]| check("routes.toml", &format!("{appointments}{lines}\n"), expected);
    with("send = \"icalendar\"\nmeeting_hosts = [\"meet.example.jp\", \"*.conf.example\"]", &[]);
    with("send = \"icalendar\"", &["5 [[route]]: missing key \"meeting_hosts\""]);
    with("meeting_hosts = [\"meet.example.jp\"]", &["11 [\"meet.example.jp\"]: it is for routes with send"]);
    for host in
        ["https://meet.example.jp", "Meet.example.jp", "localhost", "*.", "a..b", "meet.example.jp/x", "*"]
    {
        let expected = format!("12 \"{host}\": \"{host}\" is not a host like meet.example.jp");
        with(&format!("send = \"icalendar\"\nmeeting_hosts = [\"{host}\"]"), &[&expected]);
    }
    check_route(
        "send = \"icalendar\"\nmeeting_hosts = [\"meet.example.jp\"]",
        &["11 \"icalendar\": an invitation is made of the kind \"appointment\" only"],
    );
}

#[test]
fn a_receipt_goes_to_a_subscriber() {
    check_route("receipt = \"a.receipt\"\nreceipt_to = \"surveillance\"", &[]);
    check_route(
        "receipt_to = \"surveillance\"",
        &["11 \"surveillance\": it is for routes with a \"receipt\""],
    );
    check_route(
        "receipt = \"a.receipt\"\nreceipt_to = \"surveilance\"",
        &["12 \"surveilance\": there is no subscriber \"surveilance\": did you mean \"surveillance\"?"],
    );
    let text = format!("{ROUTES}receipt = \"a.receipt\"\nreceipt_to = \"surveillance\"\n");
    let (config, _) = faults(&[("routes.toml", &text)]);
    let receipt = config.unwrap().routes.iter().find_map(|route| route.receipt.clone()).unwrap();
    assert_eq!((receipt.topic.as_str(), receipt.to.as_str()), ("a.receipt", "surveillance"));
}
