//! The numbers that an event's orders are known by.

use super::{Content, ExaminationRequest, MedicationOrder, OrderDetails, Text};

/// The placer's number of an order, and the filler's.
type Pair<'e> = [Option<&'e str>; 2];

impl Content<'_> {
    /// Placer and filler numbers of its orders, appointments and reports; a number may occur several times.
    pub fn order_numbers(&self) -> Vec<&str> {
        let pairs: Vec<Pair<'_>> = match self {
            Self::Diagnosis(content) => each(&content.problems, |one| pair(&one.number, &one.details)),
            Self::Prescription(content) => each(&content.medications, medication),
            Self::Injection(content) => each(&content.injections, |one| medication(&one.order)),
            Self::Administration(content) => {
                let mut pairs = each(&content.orders, |one| medication(&one.order));
                pairs.extend(each(&content.administrations, |one| pair(&one.number, &one.details)));
                pairs
            }
            Self::DietOrder(content) => each(&content.diets, |one| pair(&one.number, &one.details)),
            Self::LabOrder(content) => each(&content.tests, |one| pair(&one.number, &one.details)),
            Self::LabResult(content) => each(&content.orders, |one| pair(&one.number, &one.details)),
            Self::PhysiologyResult(content) => each(&content.requests, request),
            Self::ImagingOrder(content) | Self::EndoscopyOrder(content) | Self::PhysiologyOrder(content) => {
                each(&content.requests, request)
            }
            Self::ImagingPerformed(content) | Self::EndoscopyPerformed(content) => {
                each(&content.requests, request)
            }
            Self::Referral(content) | Self::ReferralReply(content) => {
                vec![
                    [content.id.as_deref(), content.external_id.as_deref()],
                    [content.answers.as_deref(), None],
                ]
            }
            Self::Report(content) => {
                each(&content.reports, |one| [one.number.as_deref(), one.filler_number.as_deref()])
            }
            Self::Appointment(content) => vec![[content.number.as_deref(), content.filler_number.as_deref()]],
            Self::Patient(_)
            | Self::Merge(_)
            | Self::Encounter(_)
            | Self::Allergy(_)
            | Self::Document(_)
            | Self::Checkup(_)
            | Self::Message(_) => Vec::new(),
        };
        pairs.into_iter().flatten().flatten().collect()
    }
}

fn each<'e, T>(orders: &'e [T], pair: impl Fn(&'e T) -> Pair<'e>) -> Vec<Pair<'e>> {
    orders.iter().map(pair).collect()
}

fn pair<'e>(number: &'e Option<Text<'_>>, details: &'e OrderDetails<'_>) -> Pair<'e> {
    [number.as_deref(), details.filler_number.as_deref()]
}

fn medication<'e>(order: &'e MedicationOrder<'_>) -> Pair<'e> {
    pair(&order.number, &order.details)
}

fn request<'e>(request: &'e ExaminationRequest<'_>) -> Pair<'e> {
    pair(&request.number, &request.details)
}
