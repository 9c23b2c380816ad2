//! A step as a line for people.

use jiff::tz::TimeZone;

use crate::cli::paint::harmless;
use crate::lang::Lang;
use crate::ops::denied;
use crate::ops::tap::{Body, Passed};

/// One line, and the body below it where there is one.
pub(super) fn text(passed: &Passed, body: Option<&Body>, lang: Lang, zone: &TimeZone) -> String {
    let Passed { id, feed, kind, change, code, who, .. } = passed;
    let time = passed.at.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string();
    let about = [feed, kind, change].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    let mut line = format!("{time}  {}  {id}", word(&passed.step, lang));
    if !about.is_empty() {
        line.push_str(&format!("  {}", about.join(" ")));
    }
    if let Some(subscriber) = &passed.subscriber {
        line.push_str(&format!("  -> {subscriber}"));
        line.extend(passed.topic.iter().map(|topic| format!(" [{topic}]")));
    }
    let to: Vec<_> = passed.to.iter().map(|one| format!("{} [{}]", one.subscriber, one.topic)).collect();
    if !to.is_empty() {
        line.push_str(&format!("  -> {}", to.join(", ")));
    }
    let not_to: Vec<_> = passed
        .not_to
        .iter()
        .map(|one| format!("{} ({})", one.subscriber, denied::told(&one.clause, lang)))
        .collect();
    if !not_to.is_empty() {
        line.push_str(&format!("  {} {}", lang.pick("not to", "対象外"), not_to.join(", ")));
    }
    line.extend(code.iter().chain(who).map(|word| format!("  ({word})")));
    if let Some(body) = body {
        line.push('\n');
        line.push_str(&indented(body, lang));
    }
    harmless(&line)
}

/// All of one width: four columns in Japanese, nine in English.
fn word(step: &str, lang: Lang) -> String {
    let ja = match step {
        "routed" => "振分",
        "filtered" => "対象外",
        "invalid" => "不正",
        "delivered" => "配信",
        "parked" => "保留",
        "dead" => "不達",
        "withdrawn" => "同意撤回",
        "retried" => "再送",
        "discarded" => "破棄",
        "edited" => "修正",
        "replayed" => "再配信",
        _ => step,
    };
    match lang {
        Lang::En => format!("{step:9}"),
        // Each of these characters takes two columns.
        Lang::Ja => format!("{ja}{}", "  ".repeat(4_usize.saturating_sub(ja.chars().count()))),
    }
}

fn indented(body: &Body, lang: Lang) -> String {
    let Some(text) = &body.text else {
        return match lang {
            Lang::En => format!("    {} bytes; --json shows them in base64", body.bytes),
            Lang::Ja => format!("    {} バイト。--json で base64 表示", body.bytes),
        };
    };
    let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    lines.map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use jiff::tz;

    use super::*;

    #[test]
    fn a_line_says_what_passed_and_nothing_of_it_acts_on_the_terminal() {
        let step = r#"{"at":"2026-11-23T00:00:00Z","id":"m1","step":"routed","feed":"izumo","kind":"lab",
            "change":"created","to":[{"subscriber":"kita","topic":"lab.flu"}],
            "not_to":[{"subscriber":"oki","clause":"consent"}]}"#;
        let passed: Passed = serde_json::from_str(step).unwrap();
        let line = text(&passed, None, Lang::En, &tz::offset(9).to_time_zone());
        assert!(
            line.ends_with(
                "09:00:00.000  routed     m1  izumo lab created  -> kita [lab.flu]  not to oki (consent)"
            ),
            "{line}"
        );
        let body = Body { bytes: 9, text: Some("MSH|\u{1b}[2J架空\rPID|\u{7}".to_owned()), base64: None };
        let line = text(&passed, Some(&body), Lang::Ja, &TimeZone::UTC);
        assert!(line.contains("振分    "), "{line}");
        assert!(line.ends_with("\n    MSH|␛[2J架空\n    PID|␇"), "{line}");
    }
}
