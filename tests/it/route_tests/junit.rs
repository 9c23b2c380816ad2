//! The report for CI servers.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{code, hub, test};

/// The lines that open an element; the text must be XML.
fn elements(xml: &str) -> Vec<&str> {
    let mut reader = Reader::from_str(xml);
    while reader.read_event().unwrap() != Event::Eof {}
    let opens = |line: &&str| line.starts_with('<') && !line.starts_with("</") && !line.starts_with("<?");
    xml.lines().map(str::trim_start).filter(opens).collect()
}

#[test]
fn the_report_has_a_suite_for_each_route_and_a_case_for_each_test() {
    let hub = hub(&[
        test("positive", "oul_r22_flu_positive", "to = [\"s\", \"t\"]"),
        test("a <b> & 日本\\u0007", "oul_r22_flu_negative", "to = [\"s\"]"),
        test("gone", "gone", "to = []"),
    ]
    .concat());
    let file = hub.path("report.xml");
    let output = hub.run(&["test", "--junit", &file.to_string_lossy()]);
    assert_eq!(code(&output), Some(65));
    let xml = std::fs::read_to_string(&file).unwrap();
    let elements = elements(&xml);
    for (at, element) in [
        (0, "<testsuites name=\"musubi route tests\" tests=\"3\" failures=\"1\" errors=\"1\""),
        (1, "<testsuite name=\"flu\" tests=\"3\" failures=\"1\" errors=\"1\""),
        (2, "<testcase classname=\"flu\" name=\"positive\" file=\"routes.toml\" line=\"23\""),
        (
            3,
            "<testcase classname=\"flu\" name=\"a &lt;b&gt; &amp; 日本\u{fffd}\" file=\"routes.toml\" line=\"27\"",
        ),
        (4, "<failure message=\"other than expected: to\""),
    ] {
        assert!(elements[at].starts_with(element), "{element}\n{xml}");
    }
    assert!(
        xml.contains("where.any(results)[1].all[2]: interpretation is positive -&gt; false (routes.toml:20)"),
        "{xml}"
    );
    assert!(elements[6].starts_with("<error message="), "{xml}");
}

#[test]
fn a_report_that_can_t_be_written_is_told() {
    let hub = hub(&test("positive", "oul_r22_flu_positive", "to = [\"s\", \"t\"]"));
    let output = hub.run(&["test", "--junit", "/no/such/folder/report.xml"]);
    assert_eq!(code(&output), Some(73), "{output:?}");
}
