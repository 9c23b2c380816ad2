//! Who invites and who is invited.

use serde_json::Value;

use super::line::{Lines, parameter};

/// ORGANIZER, which an invitation must have, and ATTENDEE: the filler keeps the schedule and invites the placer. Who has
/// no mail address is named by their facility.
pub(super) fn parties(disclosed: &Value, sender: &str, lines: &mut Lines) {
    let organiser = Party::of(disclosed, "filler");
    let attendee = Party::of(disclosed, "placer");
    let address = organiser.address().unwrap_or_else(|| facility(sender));
    lines.value(&format!("ORGANIZER{}", organiser.name()), &address);
    if let Some(address) = attendee.address() {
        let name =
            format!("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE{}", attendee.name());
        lines.value(&name, &address);
    }
}

/// A side of an appointment.
struct Party<'d> {
    contact: &'d Value,
    mail: Option<&'d str>,
    facility: Option<&'d str>,
}

impl<'d> Party<'d> {
    fn of(disclosed: &'d Value, side: &str) -> Self {
        Self {
            contact: &disclosed[format!("{side}_contact")],
            mail: disclosed[format!("{side}_mail")].as_str().filter(|mail| is_mail(mail)),
            facility: disclosed[format!("{side}_facility")]["code"].as_str(),
        }
    }

    fn address(&self) -> Option<String> {
        self.mail.map(|mail| format!("mailto:{mail}")).or_else(|| self.facility.map(facility))
    }

    /// The common name of the person who can be asked.
    fn name(&self) -> String {
        let parts = ["family", "given"].map(|part| self.contact[part].as_str());
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if name.is_empty() { String::new() } else { format!(";CN={}", parameter(&name)) }
    }
}

/// The same URI as that of the facility's events.
fn facility(code: &str) -> String {
    format!("urn:musubi:facility:{code}")
}

/// A plain address: nothing that could end it, or add another.
fn is_mail(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".!#$'*+-/=^_`{|}~".contains(c);
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    !local.is_empty() && local.chars().all(plain) && domain.contains('.') && domain.chars().all(is_domain)
}
