//! Orders, what was done of them, and to which group of segments a value belongs.

use super::*;

const ORC: &str = "ORC|NW|O7||1|||||20261118103045|058^入力^花子||110^医師^一郎|||||01^内科^HL70069||||||||||||O^外来^HL70482";

#[test]
fn the_head_of_an_order() {
    check(
        Some("OMP-01"),
        "RDE^O11",
        &[PID, "PV1|1|O|01^^^^^C||||110^医師^一郎|||01", "AL1|1|DA|1^薬^99KKU", ORC, "RXE||X"],
        &[
            ("/medications/0/entered_by/id", json!("058")),
            ("/medications/0/department/code", json!("01")),
            ("/medications/0/order_type/code", json!("O")),
            ("/medications/0/setting/code", json!("O")),
            ("/visit/class", json!("outpatient")),
            ("/visit/location/location_type", json!("C")),
            ("/known_allergies/0/substance/local/code", json!("1")),
        ],
    );
}

#[test]
fn a_dose_that_changes_has_several_timings() {
    check(
        Some("OMP-01"),
        "RDE^O11",
        &[
            PID,
            ORC,
            "RXE||X|1|2|TAB^錠^MR9P||^粉砕^99KKU||||||||R-1||||3^TAB&錠&MR9P||OHP^外来^MR9P~OHI^院内^MR9P||||||||||1234^院内^99KKU~6250021^^YJ",
            "TQ1|1||A&朝&JAMISDP01~I10&隔日&JAMISDP01|||5^d|20261118|20261123|||食後",
            "TQ1|2|2^TAB|B&夕&JAMISDP01|||3^d|20261123",
            "RXR|AP^外用^HL70162|LA^左腕^HL70163",
        ],
        &[
            ("/medications/0/dose_max/number", json!(2.0)),
            ("/medications/0/instructions/0/local/text", json!("粉砕")),
            ("/medications/0/prescription_number", json!("R-1")),
            ("/medications/0/daily_amount/number", json!(3.0)),
            ("/medications/0/daily_unit/code", json!("TAB")),
            ("/medications/0/setting/code", json!("OHP")),
            ("/medications/0/dispensing/0/code", json!("OHI")),
            ("/medications/0/supplementary_codes/1/system", json!("YJ")),
            ("/medications/0/usage/code", json!("A")),
            ("/medications/0/usage_details/0/code", json!("I10")),
            ("/medications/0/ends_at", json!("2026-11-23")),
            ("/medications/0/usage_text", json!("食後")),
            ("/medications/0/further_timings/0/at", json!("TQ1[2]")),
            ("/medications/0/further_timings/0/amount/number", json!(2.0)),
            ("/medications/0/further_timings/0/duration", json!("3 d")),
            ("/medications/0/site/code", json!("LA")),
            ("/unmapped/RXE-19.2.3", Value::Null),
            ("/unmapped/RXE-21[2].1", Value::Null),
        ],
    );
}

#[test]
fn an_order_that_is_cancelled_by_its_number_alone_is_an_order() {
    check(
        Some("OMP-01"),
        "RDE^O11",
        &[PID, "ORC|CA|O7"],
        &[
            ("/change", json!("deleted")),
            ("/medications/0/at", json!("ORC")),
            ("/medications/0/number", json!("O7")),
        ],
    );
    check(Some("OMD"), "OMD^O03", &[PID, "ORC|DC|O8"], &[("/diets/0/control", json!("DC"))]);
}

#[test]
fn the_order_that_a_file_is_named_after() {
    let zone = TimeZone::UTC;
    let codes = |order, orc: &str| {
        let text = text_of("RDE^O11", &[PID, orc, "RXE||X"]);
        let message = decode(text.as_bytes()).unwrap();
        let source = Source { data_type: Some("OMP-01"), order: Some(order), ..source(&zone) };
        finding_codes(&serde_json::to_value(normalise(&message, &source).unwrap()).unwrap())
    };
    assert_eq!(codes("000000000000042", "ORC|NW|42"), Vec::<String>::new());
    assert_eq!(codes("999999999999999", "ORC|NW|42"), Vec::<String>::new());
    assert_eq!(codes("000000000000042", "ORC|NW"), Vec::<String>::new());
    assert_eq!(codes("000000000000042", "ORC|NW|43"), ["order-differs ORC-2"]);
}

#[test]
fn an_injection_is_a_mixture() {
    let segments = [
        PID,
        "ORC|NW|O7||O7_01_001|||||20261118001030",
        "RXE||00^一般^99I02|510||ML^ミリリットル^MR9P|INJ^注射剤^MR9P|||||||||||||||||102|ml/hr^^ISO+",
        "TQ1|1||||||202611180800|202611181300",
        "RXR|IV^静脈内^HL70162||IVP^点滴ポンプ^HL70164",
        "RXC|B|620007329^輸液^HOT9|1|HON^本^MR9P",
        "RXC|A|620002559^止血^HOT9|2|AMP^管^MR9P",
        "OBX|1|NM|9N006^体重^JC10||60|kg|||||F",
        "ORC|NW|O7||O7_01_002",
        "RXE||00",
    ];
    check(
        Some("OMP-02"),
        "RDE^O11",
        &segments,
        &[
            ("/injections/0/group", json!("O7_01_001")),
            ("/injections/0/drug/local/code", json!("00")),
            ("/injections/0/rate/number", json!(102.0)),
            ("/injections/0/ends_at", json!("2026-11-18T13:00+09:00")),
            ("/injections/0/device/code", json!("IVP")),
            ("/injections/0/components/1/role", json!("A")),
            ("/injections/0/components/1/amount/number", json!(2.0)),
            ("/injections/0/observations/0/value/number", json!(60.0)),
            ("/injections/1/components", json!([])),
            ("/findings/0/code", json!("time-ambiguous")),
        ],
    );
}

#[test]
fn a_route_closes_all_that_was_given_before_it() {
    let segments = [
        PID,
        ORC,
        "RXA|0|1|202611180830|202611180831|108665201^錠^HOT9|1|TAB^錠^MR9P|||200^看護^花子|09A^021^4^^^N||||L1|||||CP|A|20261118090000",
        "RXA|0|2|202611180830||110626901^別^HOT9|2",
        "RXR|PO^口^HL70162",
        "ORC|NW|O8||2",
        "RXE||00^一般^99I02|500",
        "RXR|IV",
        "RXC|B|620007329^輸液^HOT9|1|HON",
        "RXA|0|1|202611181000||620007329^輸液^HOT9|500",
    ];
    check(
        Some("OMP-11"),
        "RAS^O17",
        &segments,
        &[
            ("/administrations/0/step", json!("administered")),
            ("/administrations/0/number", json!("O7")),
            ("/administrations/0/administration_counter", json!("1")),
            ("/administrations/0/ended_at", json!("2026-11-18T08:31+09:00")),
            ("/administrations/0/by/family", json!("看護")),
            ("/administrations/0/location/bed", json!("4")),
            ("/administrations/0/completion", json!("CP")),
            ("/administrations/0/route/code", json!("PO")),
            ("/administrations/0/order", Value::Null),
            ("/administrations/1/route/code", json!("PO")),
            ("/administrations/2/number", json!("O8")),
            ("/administrations/2/route/code", json!("IV")),
            ("/administrations/2/order", json!(1)),
            ("/orders/0/components/0/drug/code", json!("620007329")),
        ],
    );
}

#[test]
fn what_is_dispensed_and_vaccinated_is_read_alike() {
    check(
        None,
        "RDS^O13",
        &[PID, ORC, "RXE||X", "RXR|PO", "RXD|1|X^薬^HOT9|20261118|14|TAB^錠^MR9P|||R-1"],
        &[
            ("/administrations/0/step", json!("dispensed")),
            ("/administrations/0/amount/number", json!(14.0)),
            ("/administrations/0/route/code", json!("PO")),
        ],
    );
    check(
        None,
        "VXU^V04",
        &[PID, "ORC|RE|1", "RXA|0|1|20261118||141^Influenza^CVX|0.5", "OBX|1|CE|30956-7^type^LN||88^flu^CVX"],
        &[
            ("/administrations/0/drug/code", json!("141")),
            ("/administrations/0/observations/0/value/code/code", json!("88")),
        ],
    );
}

#[test]
fn meals() {
    check(
        Some("OMD"),
        "OMD^O03",
        &[
            PID,
            ORC,
            "TQ1|1||TID&１日３回&HL70335||||2026111907||R^通常^HL70485",
            "ODS|D||001^常食^99KKU|塩分控えめ",
            "ODS|P||900^パン^99KKU",
        ],
        &[
            ("/diets/0/category", json!("D")),
            ("/diets/0/codes/0/local/code", json!("001")),
            ("/diets/0/instructions/0", json!("塩分控えめ")),
            ("/diets/0/frequency/code", json!("TID")),
            ("/diets/0/priority", json!("routine")),
            ("/diets/0/starts_at", json!("2026-11-19T07:00+09:00")),
            ("/diets/1/number", json!("O7")),
            ("/diets/1/at", json!("ODS[2]")),
        ],
    );
}

#[test]
fn a_test_that_is_ordered_points_to_its_specimen() {
    let segments = [
        PID,
        "SPM|1|S1||023^血清^JC10|||||||||||||202611180900",
        ORC,
        "TQ1|1||||||202611180900||S^^HL70485",
        "OBR|1|O7||3D045000002326101^CRP^JC10||||||||||||110^医師^一郎",
        "OBX|1|ST|9Z^病名^99KKU||肺炎疑い||||||F",
        "NTE|1||至急",
        "SPM|2|S2||001^尿^JC10",
        "ORC|NW|O7",
        "OBR|2|O7||1A010^尿定性^JC10",
    ];
    check(
        Some("OML-01"),
        "OML^O33",
        &segments,
        &[
            ("/tests/0/specimen", json!(1)),
            ("/tests/0/priority", json!("stat")),
            ("/tests/0/code/analyte", json!("3D045")),
            ("/tests/1/specimen", json!(2)),
            ("/tests/1/priority", Value::Null),
            ("/observations/0/order", json!(1)),
            ("/observations/0/notes/0", json!("至急")),
            ("/unmapped/OBR-2", Value::Null),
            ("/unmapped/OBR-16.1", Value::Null),
        ],
    );
    check(
        None,
        "OML^O21",
        &[PID, "ORC|NW|1", "OBR|1|1||A", "SPM|1|S1", "ORC|NW|2", "OBR|2|2||B", "SPM|2|S2"],
        &[("/tests/0/specimen", json!(1)), ("/tests/1/specimen", json!(2))],
    );
}

#[test]
fn a_procedure_has_what_stands_below_it() {
    let segments = [
        PID,
        "ORC|PA|P1|||||||20261118100000|||110^医師^一郎",
        "TQ1|1||||||||R^^HL70485",
        "OBR||P1||11000000000^検査.上部^LENDO|||20261118|||||||||||ACC1",
        "OBX|1|TX|MS3-04^理由^JSHR||精査||||||F",
        "NTE|1||妊娠なし",
        "IPC|ACC1||1.2.3||ES^^DCM",
        "ORC|CH|P2||||||P1|20261118100000",
        "OBR||P2||11000001000^通常内視鏡^LENDO|||20261118||||||||||||||||||||||P1",
        "ZE1|1|RS|11000001000^通常内視鏡^LENDO|2|1^加算^LENDO||D1^架空^医",
        "ZE2|1|120^kV|200^mA|||3",
        "OBX|1|XCN|DR-02^医師^JSHR||123^大江^信||||||F",
        "OBX|2|TS|TM-P1^開始^JSHR||20261118144512||||||F",
        "OBX|3|ZRD|DE-02^薬品^JSHR||100555401^鎮静薬^HOT9^1.5^AMP&管&MR9P||||||F",
        "IPC|ACC1|RP1|1.2.3||ES^^DCM",
    ];
    check(
        Some("OMG-12"),
        "OMI^Z23",
        &segments,
        &[
            ("/progress", json!("RS")),
            ("/observations/0/order", json!(1)),
            ("/observations/0/notes/0", json!("妊娠なし")),
            ("/requests/1/parent", json!("P1")),
            ("/procedures/0/request", json!(2)),
            ("/procedures/0/count/number", json!(2.0)),
            ("/procedures/0/staff/0/id", json!("D1")),
            ("/procedures/0/exposures/0/tube_voltage", json!("120 kV")),
            ("/procedures/0/observations/0/value/person/family", json!("大江")),
            ("/procedures/0/observations/1/value/time", json!("2026-11-18T14:45:12+09:00")),
            ("/procedures/0/observations/2/value/code/code", json!("100555401")),
            ("/procedures/0/observations/2/value/number", json!(1.5)),
            ("/procedures/0/observations/2/unit/code", json!("AMP")),
            ("/studies/0/procedure_id", json!("RP1")),
            ("/studies/0/modality", json!("ES")),
            ("/studies/1", Value::Null),
            ("/unmapped/ORC[2]-8", Value::Null),
        ],
    );
}

#[test]
fn a_measurement_has_its_timing_after_its_request() {
    check(
        Some("OMG-13"),
        "ORU^R01",
        &[
            PID,
            ORC,
            "OBR|1|O7||1^心電図^99KKU|||202611181000|202611181010||||||||||||||20261118120000|||F",
            "TQ1|1||||||20261118||A",
            "OBX|1|TX|1^所見^99KKU|1|正常||||||F",
            "OBR|2|O7||2^心臓超音波^99KKU",
            "OBX|2|NM|2^EF^99KKU||60|%",
        ],
        &[
            ("/requests/0/priority", json!("asap")),
            ("/requests/0/result_status", json!("final")),
            ("/requests/0/ended_at", json!("2026-11-18T10:10+09:00")),
            ("/requests/1/priority", Value::Null),
            ("/results/0/order", json!(1)),
            ("/results/0/sub_id", json!("1")),
            ("/results/1/order", json!(2)),
        ],
    );
}
