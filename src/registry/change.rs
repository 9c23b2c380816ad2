//! What has to be entered so that something comes about.

use jiff::Timestamp;

use super::{Fact, Purpose, Registry};

impl Registry {
    /// What ends a patient's consents at that time: all of them, or those for one facility, or for one purpose. Consents
    /// that would begin later never do.
    pub fn withdrawal(
        &self,
        network_id: &str,
        facility: Option<&str>,
        purpose: Option<Purpose>,
        at: Timestamp,
    ) -> Vec<Fact> {
        let of_facility = |code: &str| facility.is_none_or(|facility| facility == code);
        let ends = |fact: &Fact| match fact {
            Fact::ViewConsent(consent) => {
                of_facility(&consent.facility) && purpose.is_none_or(|purpose| purpose == consent.purpose)
            }
            Fact::SensitiveConsent(consent) => of_facility(&consent.facility) && purpose.is_none(),
            _ => false,
        };
        let in_force = self.of_network_id(network_id).filter(|(_, fact)| {
            let over = fact.period().until.is_some_and(|until| until <= at);
            ends(fact) && !over && !fact.period().is_empty()
        });
        in_force.map(|(_, fact)| ended(fact.clone(), at)).collect()
    }
}

fn ended(mut fact: Fact, at: Timestamp) -> Fact {
    let period = match &mut fact {
        Fact::ViewConsent(consent) => Some(&mut consent.period),
        Fact::SensitiveConsent(consent) => Some(&mut consent.period),
        _ => None,
    };
    if let Some(period) = period {
        period.until = Some(at.max(period.from));
    }
    fact
}
