//! Whose fault it is that something does not get to a subscriber: closed rules, in one table.

use serde::Serialize;

/// Who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The hub and who operates it.
    Ours,
    /// What lies between: network, names, gateways, the broker's server.
    Way,
    /// The facility or the subscriber.
    Theirs,
}

/// What stands in the reason of an attempt that failed, or in the code of a refusal, and whose fault that is. The first
/// row that fits decides. Reasons are the hub's own words, numbers of HTTP (RFC 9110) and HL7 (table 0008), and texts of
/// the operating system.
const RULES: [(&str, Whose); 42] = [
    // What the hub should have.
    ("token file", Whose::Ours),
    ("no-event", Whose::Ours),
    ("held", Whose::Ours),
    ("no-json", Whose::Ours),
    ("No space left", Whose::Ours),
    ("Read-only file system", Whose::Ours),
    ("Permission denied", Whose::Ours),
    ("No such file", Whose::Ours),
    ("Not a directory", Whose::Ours),
    ("Too many open files", Whose::Ours),
    ("can't be opened", Whose::Ours),
    // The hub is not known there, or knocks at the wrong door: token, address.
    ("status 401", Whose::Ours),
    ("status 403", Whose::Ours),
    ("status 404", Whose::Ours),
    ("status 405", Whose::Ours),
    ("status 421", Whose::Ours),
    // Somebody between says so.
    ("status 407", Whose::Way),
    ("status 502", Whose::Way),
    ("status 504", Whose::Way),
    ("dns error", Whose::Way),
    ("failed to lookup", Whose::Way),
    ("No route to host", Whose::Way),
    ("Network is unreachable", Whose::Way),
    ("Network is down", Whose::Way),
    ("Host is unreachable", Whose::Way),
    ("Host is down", Whose::Way),
    ("Stale file handle", Whose::Way),
    ("Transport endpoint", Whose::Way),
    // Its machine is there, its program is not, or does not answer as it should.
    ("Connection refused", Whose::Theirs),
    ("Connection reset", Whose::Theirs),
    ("Broken pipe", Whose::Theirs),
    ("closed", Whose::Theirs),
    ("certificate", Whose::Theirs),
    ("status 408", Whose::Theirs),
    ("status 429", Whose::Theirs),
    ("status 5", Whose::Theirs),
    ("status 3", Whose::Theirs),
    ("http-", Whose::Theirs),
    ("hl7-", Whose::Theirs),
    ("no-answer", Whose::Theirs),
    ("too many copies are parked", Whose::Theirs),
    // Nobody says anything: the machine is off, or a firewall swallows it.
    ("timed out", Whose::Way),
];

/// Whose fault that is; the way's where no rule says it.
pub fn whose(reason: &str) -> Whose {
    let rule = RULES.iter().find(|(part, _)| reason.contains(part));
    rule.map_or(Whose::Way, |(_, whose)| *whose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_somebodys_fault() {
        for (reason, expected) in [
            ("error sending request: tcp connect error: Connection refused (os error 111)", Whose::Theirs),
            ("error sending request: dns error: failed to lookup address information", Whose::Way),
            ("status 503", Whose::Theirs),
            ("status 502", Whose::Way),
            ("status 401", Whose::Ours),
            ("the token file can't be read: No such file or directory", Whose::Ours),
            ("error sending request: operation timed out", Whose::Way),
            ("http-422", Whose::Theirs),
            ("held", Whose::Ours),
            ("something new", Whose::Way),
        ] {
            assert_eq!(whose(reason), expected, "{reason}");
        }
    }

    #[test]
    fn no_rule_hides_behind_another() {
        for (at, (part, _)) in RULES.iter().enumerate() {
            let first = RULES.iter().position(|(other, _)| part.contains(other));
            assert_eq!(first, Some(at), "{part}");
        }
    }
}
