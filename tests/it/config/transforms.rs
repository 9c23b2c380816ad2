//! What becomes of fields that do not leave as they are, and what the contract says of it.

use musubi::canonical::{Address, CanonicalEvent, Content, Kind, schema};
use serde_json::{Value, json};

use super::samples::{self, SEGMENT, lab, result};
use super::{CONTEXT, STAND_IN, recipients, route};

fn at_home<'m>(text: &'m str, postal_code: &'m str) -> CanonicalEvent<'m> {
    let mut event = samples::patient();
    let Content::Patient(patient) = &mut event.content else { panic!() };
    let (text, postal_code) = (Some(text.into()), Some(postal_code.into()));
    patient.addresses = vec![Address { at: SEGMENT, postal_code, text, use_code: Some("H".into()) }];
    event
}

/// What leaves of the event by a disclosure with these keys; its contract must say the same.
#[track_caller]
fn sent(event: &CanonicalEvent<'_>, keys: &str) -> Value {
    let kind = event.content.kind();
    let routes = route(kind.as_str(), &format!("disclose = \"d\"\n[[disclosure]]\nname = \"d\"\n{keys}"));
    let recipients = recipients(&routes, event);
    let route = recipients[0].route;
    let sent = serde_json::from_slice(&route.body(event, &CONTEXT).unwrap()).unwrap();
    let contract = route.disclosure.as_ref().unwrap().contract(&schema(kind));
    let contract = jsonschema::validator_for(&contract).unwrap();
    let errors: Vec<_> = contract.iter_errors(&sent).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {sent}");
    sent
}

const PATIENT: &str = "fields = [\"patient\", \"addresses\", \"telephones\"]\n\
    generalise = { \"patient.birth_date\" = \"age-band\", \"addresses.text\" = \"area\", \"addresses.postal_code\" = \"postal-area\" }\n\
    pseudonym = [\"patient.id\"]\nredact = [\"patient.names.family\", \"patient.names.given\", \"telephones\"]";

#[test]
fn fields_leave_as_the_disclosure_says() {
    let event = at_home("島根県松江市架空町1-1", "690-0887");
    let name = |script: &str| json!({ "at": "PID-5", "family": "***", "given": "***", "script": script });
    assert_eq!(
        sent(&event, PATIENT),
        json!({
            "change": "created",
            "patient": {
                "at": "PID", "id": STAND_IN, "names": [name("ideographic"), name("phonetic")],
                "birth_date": "20+", "sex": "male",
            },
            "addresses": [{ "at": "PID", "postal_code": "690", "text": "松江", "use_code": "H" }],
            "telephones": ["***"],
        })
    );
}

#[test]
fn what_does_not_fit_is_left_out() {
    for (address, postal_code) in [("鳥取県米子市架空町", "69-0887"), ("", ""), ("松江", "〒690-0887")]
    {
        let sent = sent(&at_home(address, postal_code), PATIENT);
        assert_eq!(sent["addresses"], json!([{ "at": "PID", "use_code": "H" }]));
    }
    let town = sent(
        &at_home("島根県隠岐郡海士町架空1", ""),
        "fields = [\"addresses.text\"]\ngeneralise = { \"addresses.text\" = \"municipality\" }",
    );
    assert_eq!(town["addresses"][0]["text"], "海士町");
}

#[test]
fn a_time_is_cut_where_it_is_asked_for() {
    let event = lab(vec![result("5F3991410063", musubi::canonical::ResultStatus::Final, None)]);
    for (rule, expected) in [("year", "2026"), ("month", "2026-01"), ("date", "2026-01-30")] {
        let keys = format!(
            "fields = [\"specimens.collected_at\", \"results.status\"]\n\
             generalise = {{ \"specimens.collected_at\" = \"{rule}\" }}"
        );
        assert_eq!(sent(&event, &keys)["specimens"][0]["collected_at"], expected);
    }
}

#[test]
fn a_contract_says_what_is_left_of_a_field() {
    let keys = format!("disclose = \"d\"\n[[disclosure]]\nname = \"d\"\n{PATIENT}");
    let routes = route("patient", &keys);
    let disclosure = routes.iter().next().unwrap().disclosure.clone().unwrap();
    let contract = disclosure.contract(&schema(Kind::Patient));
    let patient = &contract["properties"]["patient"]["anyOf"][0];
    let birth_date = &patient["properties"]["birth_date"];
    assert_eq!(birth_date["enum"], json!(["0", "1-4", "5-9", "10-19", "20+"]));
    assert_eq!(birth_date["x-hl7"], "PID-7");
    assert_eq!(birth_date["description"], "Date of birth. Only the age band on the day of the event.");
    assert_eq!(contract["properties"]["telephones"]["items"], json!({ "const": "***" }));
    let address = &contract["properties"]["addresses"]["items"]["properties"]["text"];
    assert_eq!(address["enum"], json!(["松江", "隠岐"]));
    assert!(patient["required"].as_array().unwrap().contains(&json!("id")));
}

#[test]
fn the_tables_of_a_route_are_known_with_their_versions() {
    let keys = format!(
        "disclose = \"d\"\nwhere = {{ not = {{ any = \"results\", all = [{{ field = \"code.code\", in_table = \"tests\" }}] }} }}\n\
         [[disclosure]]\nname = \"d\"\n{PATIENT}\n"
    );
    let routes = route("patient", &keys);
    let tables = routes.iter().next().unwrap().tables();
    assert_eq!(tables["areas"], "2026-04-01");
    let hash = tables["tests"];
    assert!(hash.len() == 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    assert_eq!(tables.len(), 2);
}
