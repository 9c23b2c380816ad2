//! Route tests as they are written.

use super::{ROUTES, check, faults};
use crate::config::Expectation;
use crate::envelope::Change;

/// Faults of a test of the route, which begins in line 11.
#[track_caller]
fn check_test(keys: &str, expected: &[&str]) {
    check("routes.toml", &format!("{ROUTES}[[route.test]]\nname = \"n\"\ninput = \"i\"\n{keys}\n"), expected);
}

#[test]
fn every_key_is_read() {
    let text = format!(
        "{ROUTES}[[route.test]]\nname = \"n\"\ninput = \"cases/flu\"\nfeed = \"izumo\"\ndata_type = \"OML-11\"\nchange = \"deleted\"\n\
         expect = {{ to = [\"surveillance\"], not_to = [\"surveillance\"], topic = \"a.b\", disclosed = [\"patient.id\"], \
         withheld = [\"patient.names\"], without = [\"x\"], findings = [] }}\n"
    );
    let (config, faults) = faults(&[("routes.toml", &text)]);
    assert!(faults.is_empty(), "{faults:?}");
    let tests = config.unwrap().route_tests;
    let test = &tests[0];
    assert_eq!((test.route.as_str(), test.name.as_str()), ("all", "n"));
    assert_eq!(test.input, std::path::Path::new("/etc/musubi/cases/flu"));
    assert_eq!((test.feed.as_deref(), test.data_type.as_deref()), (Some("izumo"), Some("OML-11")));
    assert_eq!(test.change, Some(Change::Deleted));
    let texts = |text: &str| vec![text.to_owned()];
    assert_eq!(
        test.expect,
        Expectation {
            to: texts("surveillance"),
            not_to: texts("surveillance"),
            topic: Some("a.b".into()),
            disclosed: Some(texts("patient.id")),
            withheld: texts("patient.names"),
            without: texts("x"),
            findings: Some(Vec::new()),
        }
    );
}

#[test]
fn faults_of_a_test() {
    check_test("", &["11 [[route.test]]: missing key \"expect\""]);
    check_test("expect = { }", &["14 { }: missing key \"to\""]);
    check_test(
        "expect = { to = [\"surveilance\"] }",
        &["14 \"surveilance\": there is no subscriber \"surveilance\": did you mean \"surveillance\"?"],
    );
    check_test(
        "feed = \"izmo\"\nexpect = { to = [] }",
        &["14 \"izmo\": there is no feed \"izmo\": did you mean \"izumo\"?"],
    );
    check_test(
        "data_type = \"OML-1\"\nexpect = { to = [] }",
        &["14 \"OML-1\": \"OML-1\" is no SS-MIX2 data type: did you mean \"OML-"],
    );
    check_test(
        "expect = { to = [], withheld = [\"patient.nams\"], disclosed = [\"patient.id\", \"result\"] }",
        &[
            "14 \"patient.nams\": \"patient\" of lab-result has no field \"nams\": did you mean \"names\"?",
            "14 \"result\": lab-result has no field \"result\" here: did you mean \"results\"?",
        ],
    );
    let routes = format!(
        "{}send = \"original\"\n[[route.test]]\nname = \"n\"\ninput = \"i\"\nexpect = {{ to = [], disclosed = [\"patient.id\"] }}\n\
         [[subscriber]]\nname = \"t\"\ndeliver = {{ kind = \"queue\" }}\n[[route]]\nname = \"u\"\ntopic = \"a\"\nto = [\"t\"]\n\
         kinds = [\"patient\"]\nbasis = \"addressed\"\n[[route.test]]\nname = \"n\"\ninput = \"i\"\nexpect = {{ to = [\"surveillance\"] }}\n",
        ROUTES
    );
    check(
        "routes.toml",
        &routes,
        &[
            "15 [\"patient.id\"]: this route does not send the event: its fields can't be told",
            "28 [\"surveillance\"]: route \"u\" sends nothing to \"surveillance\": its subscribers are t",
        ],
    );
}
