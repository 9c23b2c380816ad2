//! On the embedded broker there is one process; names are checked before anything is opened.

use super::running::region;
use crate::support::HubFolder;

#[test]
fn the_embedded_broker_is_for_one_process() {
    let hub = region();
    for verb in ["adapter", "router", "deliver"] {
        let output = hub.run(&[verb]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{verb}: {said}");
        assert!(said.contains("`musubi run`") && said.contains("rabbitmq"), "{verb}: {said}");
        assert!(!hub.path("var").exists(), "{verb} left something behind");
    }
}

#[test]
fn names_are_checked_with_the_nearest_one() {
    let hub = region();
    hub.by_queue("surveillance");
    for (arguments, why) in [
        (["adapter", "izumo-chu"], "no feed \"izumo-chu\": did you mean \"izumo-chuo\"?"),
        (["deliver", "referal"], "no subscriber \"referal\": did you mean \"referral\"?"),
        (["deliver", "surveillance"], "subscriber surveillance reads its queue itself"),
        (["subscribe", "survelance"], "no subscriber \"survelance\": did you mean \"surveillance\"?"),
    ] {
        let output = hub.run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

#[test]
fn a_hub_without_feeds_has_no_adapter() {
    let output = HubFolder::new().run(&["adapter"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("there is no feed to serve"), "{said}");
}

#[test]
fn a_password_in_a_url_is_told_without_the_password() {
    let hub = region();
    hub.write(
        "hub.toml",
        "version = 1\nnetwork = \"x\"\ntimezone = \"Asia/Tokyo\"\n[broker]\nkind = \"rabbitmq\"\nurl = \"amqp://u:geheim@localhost\"\n",
    );
    let output = hub.run(&["check"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("password_file") && !said.contains("geheim"), "{said}");
}
