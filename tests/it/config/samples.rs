//! Events of every kind. The people are invented (架空).

use musubi::canonical::*;
use musubi::envelope::Change;

pub(super) const SEGMENT: Place =
    Place { segment: *b"PID", occurrence: 1, field: 0, repetition: 1, component: 0, subcomponent: 0 };

pub(super) fn time(year: u16, month: u8, day: u8, precision: Precision) -> PartialTime {
    PartialTime { precision, year, month, day, hour: 9, minute: 30, second: 5, fraction: 0, offset: 540 }
}

fn coded<'m>(code: &'m str, text: &'m str) -> Coded<'m> {
    let local = OtherCode { code: Some("L-1".into()), text: Some("院内".into()), ..OtherCode::default() };
    Coded {
        at: SEGMENT.of(3, 1),
        code: Some(code.into()),
        text: Some(text.into()),
        system: Some("JC10".into()),
        local: Some(local),
        alternate: None,
    }
}

pub(super) fn event(content: Content<'_>) -> CanonicalEvent<'_> {
    let name = |family: &'static str, given: &'static str, script| PersonName {
        at: SEGMENT.of(5, 1),
        family: Some(family.into()),
        given: Some(given.into()),
        script: Some(script),
    };
    Event {
        change: Change::Created,
        message: MessageHeader {
            message_type: "OUL^R22".into(),
            control_id: Some("1".into()),
            sent_at: Some(time(2026, 1, 31, Precision::Second)),
            version: None,
        },
        patient: Some(Patient {
            network_id: None,
            at: SEGMENT,
            id: "00000042".into(),
            names: vec![
                name("架空", "太郎", Script::Ideographic),
                name("カクウ", "タロウ", Script::Phonetic),
            ],
            birth_date: Some(time(1970, 5, 0, Precision::Month)),
            sex: Some(Sex::Male),
        }),
        visit: None,
        known_allergies: Vec::new(),
        content,
        unmapped: Unmapped::default(),
        attached: Vec::new(),
        findings: vec![Finding { code: "odd".into(), place: "PID-3".into(), text: "odd".into() }],
    }
}

/// A result by the first twelve characters of its JLAC10 code.
pub(super) fn result<'m>(
    code: &'m str,
    status: ResultStatus,
    says: Option<Interpretation>,
) -> TestResult<'m> {
    let part = |range: std::ops::Range<usize>| code.get(range).map(Into::into);
    TestResult {
        at: SEGMENT,
        specimen: Some(1),
        order: None,
        code: Some(LabCode {
            coded: coded(code, "検査"),
            analyte: part(0..5),
            identification: part(5..9),
            material: part(9..12),
            method: None,
            result_id: None,
        }),
        value: Some(Observed {
            text: "12.5".into(),
            number: Some(12.5),
            comparator: Some("<"),
            ..Observed::default()
        }),
        sub_id: None,
        unit: None,
        reference_range: Some("0-10".into()),
        abnormal_flag: None,
        interpretation: says,
        susceptibility: None,
        status: Some(status),
        observed_at: Some(time(2026, 1, 30, Precision::Day)),
        notes: Vec::new(),
        attachment: None,
    }
}

pub(super) fn lab(results: Vec<TestResult<'_>>) -> CanonicalEvent<'_> {
    let specimen = Specimen {
        at: SEGMENT,
        id: Some("S1".into()),
        material: Some(coded("063", "鼻腔")),
        site: None,
        collected_at: Some(time(2026, 1, 30, Precision::Minute)),
    };
    event(Content::LabResult(LabResult { specimens: vec![specimen], orders: vec![], results }))
}

pub(super) fn positive(code: &str) -> CanonicalEvent<'_> {
    lab(vec![result(code, ResultStatus::Final, Some(Interpretation::Positive))])
}

pub(super) fn problem<'m>(icd10: Option<&'m str>) -> Problem<'m> {
    Problem {
        at: SEGMENT,
        action: Some("AD".into()),
        disease: Some(coded("20", "病名")),
        instance: Some("7".into()),
        acted_at: None,
        icd10: icd10.map(Into::into),
        icd10_edition: None,
        phase: None,
        diagnosed_at: Some(time(2026, 0, 0, Precision::Year)),
        onset_at: None,
        resolution_expected_at: None,
        resolved_at: None,
        outcome: None,
        onset_text: None,
        suspected: false,
        security: None,
        parts: None,
        teeth: vec![],
        notes: vec![],
        insurances: vec![],
        control: None,
        number: None,
        ordered_at: None,
        ordered_by: None,
        details: OrderDetails::default(),
    }
}

pub(super) fn diagnosis<'m>(codes: &[&'m str]) -> CanonicalEvent<'m> {
    let problems = codes.iter().map(|code| problem(Some(code))).collect();
    event(Content::Diagnosis(Diagnosis { snapshot: true, problems }))
}

pub(super) fn encounter<'m>(happened: EncounterEvent) -> CanonicalEvent<'m> {
    event(Content::Encounter(Encounter {
        event: happened,
        class: Some(EncounterClass::Inpatient),
        location: Some(Location {
            at: SEGMENT,
            point_of_care: Some("3E".into()),
            room: None,
            bed: None,
            facility: None,
            location_type: None,
        }),
        prior_location: None,
        department: Some(coded("01", "内科")),
        attending: vec![Practitioner { at: SEGMENT, id: Some("D1".into()), family: None, given: None }],
        admitted_by: None,
        number: None,
        disposition: None,
        planned_location: None,
        recorded_at: None,
        planned_at: None,
        occurred_at: Some(time(2026, 1, 31, Precision::Fraction(4))),
        admitted_at: None,
        discharged_at: None,
        admission_expected_at: None,
        discharge_expected_at: None,
        return_expected_at: None,
    }))
}

pub(super) fn performed<'m>(modality: Option<&'m str>) -> CanonicalEvent<'m> {
    let study = Study {
        at: SEGMENT,
        accession: Some("A1".into()),
        procedure_id: None,
        study_uid: Some("1.2.3".into()),
        modality: modality.map(Into::into),
    };
    event(Content::ImagingPerformed(ExaminationPerformed {
        requests: vec![],
        observations: vec![],
        procedures: vec![],
        studies: vec![study],
        progress: Some("RS".into()),
    }))
}

pub(super) fn generic<'m>() -> CanonicalEvent<'m> {
    let at = |text| Place::parse(text).unwrap();
    let left = [("PV1-3.4", "1"), ("ZZ1[2]-12.2", "y")].map(|(place, value)| (at(place), value.into()));
    let generic = event(Content::Message(Generic { segments: vec!["ZZ1".into(), "ZZ1".into()] }));
    CanonicalEvent { unmapped: Unmapped(left.into()), ..generic }
}

pub(super) fn patient<'m>() -> CanonicalEvent<'m> {
    event(Content::Patient(PatientUpdate {
        telephones: vec!["000-0000".into()],
        deceased: Some(false),
        ..PatientUpdate::default()
    }))
}

/// One of most kinds.
pub(super) fn all<'m>() -> Vec<CanonicalEvent<'m>> {
    vec![
        patient(),
        lab(vec![result("5F3991410063", ResultStatus::NotAsked, None)]),
        positive("5F400"),
        diagnosis(&["A209", "J00"]),
        encounter(EncounterEvent::LeaveReturn),
        performed(Some("CT")),
        generic(),
    ]
}
