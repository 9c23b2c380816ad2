//! Route tests as they are written.

use super::{ROUTES, check, faults};
use crate::config::{Expectation, TestRegistry, Why};
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
         at = \"2026-04-01\"\nregistry = {{ only = \"own\" }}\n\
         expect = {{ to = [\"surveillance\"], not_to = [\"surveillance\"], topic = \"a.b\", disclosed = [\"patient.id\"], \
         withheld = [\"patient.names\"], without = [\"x\"], findings = [], why = \"kinds\", \
         fields = {{ \"results.0.value.number\" = 12, \"unmapped.PV1-3.4\" = \"x\" }}, body = \"b.json\", ack = \"AA\", fault = \"no-msh\" }}\n"
    );
    let (config, faults) = faults(&[("routes.toml", &text)]);
    assert!(faults.is_empty(), "{faults:?}");
    let tests = config.unwrap().route_tests;
    let test = &tests[0];
    assert_eq!((test.route.as_str(), test.name.as_str()), ("all", "n"));
    assert_eq!(test.input, std::path::Path::new("/etc/musubi/cases/flu"));
    assert_eq!((test.feed.as_deref(), test.data_type.as_deref()), (Some("izumo"), Some("OML-11")));
    assert_eq!(test.change, Some(Change::Deleted));
    assert_eq!(test.at, Some("2026-04-01T00:00:00+09:00".parse().unwrap()));
    let registry = TestRegistry { files: "/etc/musubi/own".into(), alone: true };
    assert_eq!(test.registry, Some(registry));
    assert_eq!(test.place, "routes.toml:12");
    let texts = |text: &str| vec![text.to_owned()];
    assert_eq!(
        test.expect,
        Some(Expectation {
            to: texts("surveillance"),
            not_to: texts("surveillance"),
            topic: Some("a.b".into()),
            disclosed: Some(texts("patient.id")),
            withheld: texts("patient.names"),
            without: texts("x"),
            findings: Some(Vec::new()),
            why: Some(Why::Together("kinds".into())),
            fields: [("results.0.value.number", "12"), ("unmapped.PV1-3.4", "x")]
                .map(|(path, value)| (path.to_owned(), value.to_owned()))
                .into(),
            body: Some("/etc/musubi/b.json".into()),
            ack: Some("AA".into()),
            fault: Some("no-msh".into()),
        })
    );
}

#[test]
fn faults_of_a_test() {
    check_test("", &[]);
    check_test("expect = { }", &[]);
    check_test("expect = { topic = \"a\" }", &["14 { topic = \"a\" }: missing key \"to\""]);
    check_test(
        "at = \"noon\"",
        &[
            "14 \"noon\": \"noon\" is neither a day, like 2026-04-01 or 2026/4/1, nor an instant, like 2026-04-01T09:00:00+09:00",
        ],
    );
    check_test("registry = { }", &["14 { }: missing key \"only\""]);
    check_test(
        "expect = { to = [], why = { surveilance = \"x\" } }",
        &["14 \"x\": route \"all\" sends nothing to \"surveilance\": its subscribers are surveillance"],
    );
    check_test(
        "expect = { to = [], fields = { \"results.0.valu\" = 1 } }",
        &["14 1: \"results\" of lab-result has no field \"valu\": did you mean \"value\"?"],
    );
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
