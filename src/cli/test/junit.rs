//! A JUnit report, as CI servers read it: one suite for each route, one case for each test.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::ops::route_tests::{Report, TestResult};

/// The report as XML.
pub(super) fn report(report: &Report) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts = counts(&report.tests.iter().collect::<Vec<_>>());
    let mut root = writer.create_element("testsuites").with_attribute(("name", "musubi route tests"));
    for (key, count) in &counts {
        root = root.with_attribute((*key, count.as_str()));
    }
    root.write_inner_content(|writer| suites(writer, report))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

type Attributes = [(&'static str, String); 3];

fn counts(tests: &[&TestResult]) -> Attributes {
    let errors = tests.iter().filter(|test| test.unreadable.is_some()).count();
    let failed = tests.iter().filter(|test| !test.passed()).count();
    [
        ("tests", tests.len().to_string()),
        ("failures", (failed - errors).to_string()),
        ("errors", errors.to_string()),
    ]
}

fn suites(writer: &mut Writer<Vec<u8>>, report: &Report) -> io::Result<()> {
    let mut routes: Vec<(&str, Vec<&TestResult>)> = Vec::new();
    for test in &report.tests {
        match routes.iter_mut().find(|(route, _)| *route == test.route) {
            Some((_, tests)) => tests.push(test),
            None => routes.push((&test.route, vec![test])),
        }
    }
    for (route, tests) in routes {
        let mut suite = writer.create_element("testsuite").with_attribute(("name", route));
        for (key, count) in &counts(&tests) {
            suite = suite.with_attribute((*key, count.as_str()));
        }
        suite.write_inner_content(|writer| tests.iter().try_for_each(|test| case(writer, test)))?;
    }
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, test: &TestResult) -> io::Result<()> {
    let (file, line) = test.place.split_once(':').unwrap_or((&test.place, ""));
    let name = clean(&test.name);
    let case = writer.create_element("testcase").with_attributes([
        ("classname", test.route.as_str()),
        ("name", name.as_str()),
        ("file", file),
        ("line", line),
    ]);
    if test.passed() {
        return case.write_empty().map(|_| ());
    }
    let (element, message) = match &test.unreadable {
        Some(fault) => ("error", format!("{} ({})", fault.reason, fault.place)),
        None => {
            let keys: Vec<_> = test.differences.iter().map(|difference| difference.key).collect();
            ("failure", format!("other than expected: {}", keys.join(", ")))
        }
    };
    let told = clean(&told(test));
    case.write_inner_content(|writer| {
        let failure = writer.create_element(element).with_attribute(("message", clean(&message).as_str()));
        failure.write_text_content(BytesText::new(&told)).map(|_| ())
    })
    .map(|_| ())
}

/// The differences as text: the same lines as on the terminal.
fn told(test: &TestResult) -> String {
    let mut text = String::new();
    for difference in &test.differences {
        text.push_str(&format!("{}\n", difference.key));
        difference.expected.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
        difference.found.iter().for_each(|line| text.push_str(&format!("+ {line}\n")));
    }
    for decision in &test.decided_by {
        let line = decision.line.map(|line| format!(" (routes.toml:{line})")).unwrap_or_default();
        let (name, place, clause) = (&decision.subscriber, &decision.place, &decision.clause);
        text.push_str(&format!("{name}: {place}: {clause} -> {}{line}\n", decision.verdict));
    }
    text
}

/// XML 1.0 has no place for other control characters.
fn clean(text: &str) -> String {
    let is_allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect()
}
