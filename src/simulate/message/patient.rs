//! ADT-00 demographics, ADT-61 allergies, PPR-01 diagnoses.

use super::common::*;
use crate::simulate::Facility;
use crate::simulate::catalogue::Allergy;
use crate::simulate::event::*;
use crate::simulate::random::Random;
use crate::simulate::segment::Segment;

/// ADT^A08: EVN PID NK1 PV1 DB1 OBX AL1 IN1; its deletion ADT^A23: EVN PID PV1.
pub(super) fn registration(event: &Event, moved: bool, segments: &mut Vec<Segment>) {
    let person = &event.patient.person;
    let pid = patient(event, moved).with(33, seconds(event.sent));
    segments.push(event_type(event, None));
    segments.push(pid);
    if event.is_deletion {
        segments.push(visit(&event.encounter));
        return;
    }
    let mut random = Random::new(event.patient.person.number, 0);
    segments.push(
        Segment::new("NK1")
            .with(1, "1")
            .with(2, person_name(person))
            .with(3, "SEL^本人^HL70063")
            .with(4, address(&person.postal, &person.address))
            .with(5, phone(&person.phone)),
    );
    segments.push(visit(&event.encounter));
    segments.push(Segment::new("DB1").with(1, "1").with(2, "PT").with(4, "N"));
    segments.extend(body(&mut random));
    segments.push(
        Segment::new("IN1")
            .with(1, "1")
            .with(2, "C0^国民健康保険^JHSD0001")
            .with(3, format!("{:06}", 320_000 + random.below(999)))
            .with(17, "SEL^本人^HL70063"),
    );
}

fn body(random: &mut Random) -> [Segment; 3] {
    let height = 1450 + random.below(350);
    let weight = 420 + random.below(400);
    let tenths = |value: u64| format!("{}.{}", value / 10, value % 10);
    let group = random.pick(&["A", "B", "O", "AB"]);
    let measure = |code: &str, value, unit| Observation {
        value_type: "NM",
        code: format!("{code}^JC10"),
        value,
        unit,
        status: "F",
        ..Observation::default()
    };
    let blood = Observation {
        value_type: "CWE",
        code: "5H010000001999911^血液型-ABO式^JC10".to_owned(),
        value: format!("{group}^{group}^JSHR002"),
        status: "F",
        ..Observation::default()
    };
    [
        observation(1, &measure("9N001000000000001^身長", tenths(height), "cm")),
        observation(2, &measure("9N006000000000001^体重", tenths(weight), "kg")),
        observation(3, &blood),
    ]
}

/// ADT^A60: EVN PID PV1 IAM+; a deletion says so in IAM-6.
pub(super) fn allergies(event: &Event, allergies: &[&Allergy], segments: &mut Vec<Segment>) {
    let action = if event.is_deletion { "D^削除^HL70323" } else { "A^追加^HL70323" };
    segments.push(event_type(event, None));
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    segments.extend(allergies.iter().zip(1..).map(|(allergy, set)| {
        Segment::new("IAM")
            .with(1, set.to_string())
            .with(2, allergy.class)
            .with(3, allergy.allergen)
            .with(4, allergy.severity)
            .with(5, allergy.reaction)
            .with(6, action)
            .with(11, event.at.strftime("%Y%m%d").to_string())
    }));
}

/// PPR^ZD1: PID PV1 (PRB ZPR ORC)+, all diagnoses of the patient in one message. 20084317 is the code of the
/// diagnosis master for a diagnosis without a code of its own.
pub(super) fn problems(
    facility: &Facility,
    event: &Event,
    problems: &[Problem],
    segments: &mut Vec<Segment>,
) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    for problem in problems {
        let diagnosis = problem.diagnosis;
        segments.push(
            Segment::new("PRB")
                .with(1, if event.is_deletion { "DE" } else { "AD" })
                .with(2, seconds(problem.since))
                .with(3, format!("20084317^{}^MDCDX2", diagnosis.name))
                .with(4, format!("{:015}", problem.instance))
                .with(7, seconds(problem.since))
                .with(10, format!("{}^^I10^O^外来時^JHSD0004^2013", diagnosis.icd10))
                .with_some(13, problem.suspected.then_some("1^疑い^JHSD0005"))
                .with(16, problem.since.strftime("%Y%m%d").to_string()),
        );
        segments.push(Segment::new("ZPR").with(2, format!("20084317^{}^MDCDX2", diagnosis.name)));
        let control = order(facility, event, "NW")
            .with(2, format!("{:015}", problem.instance))
            .with(17, department(problem.department));
        segments.push(control);
    }
}
