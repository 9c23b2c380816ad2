//! Laboratory results: OUL^R22 (SPM, OBR, ORC, OBX) and ORU^R01 (ORC, OBR, OBX, SPM).

use hl7v2::{Message, Segment};

use super::observation;
use super::order::{self, Head};
use super::reader::{Reader, id, place};
use crate::canonical::{LabOrder, LabResult, Specimen};

/// The content of the `lab-result` kind. ORC stands after OBR in SS-MIX2's OUL^R22 and before it elsewhere: an ORC
/// belongs to the OBR before it unless that has one already or results came between.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> LabResult<'m> {
    // A result is a large value: growing the list piecemeal would copy every one of them several times.
    let results = Vec::with_capacity(message.segments().filter(|segment| id(*segment) == *b"OBX").count());
    let lab = LabResult { specimens: Vec::new(), orders: Vec::new(), results };
    let follow = specimens_follow(message);
    let mut groups = Groups { lab, orc: None, obr: None, follow, after_result: false };
    for segment in message.segments() {
        match &id(segment) {
            b"SPM" => groups.specimen(segment, reader),
            b"OBR" => groups.request(segment, reader),
            b"ORC" => groups.order(segment, reader),
            b"OBX" => groups.result(segment, reader),
            b"NTE" => groups.note(segment, reader),
            _ => {}
        }
    }
    groups.lab
}

/// Whether specimens stand after what was found in them (OML^O21, ORU^R01), not before.
pub(super) fn specimens_follow(message: &Message) -> bool {
    message.segments().map(id).find(|id| matches!(id, b"SPM" | b"OBR")) == Some(*b"OBR")
}

struct Groups<'m> {
    lab: LabResult<'m>,
    /// An ORC that waits for its OBR.
    orc: Option<Segment<'m>>,
    /// An OBR that may still get its ORC.
    obr: Option<Segment<'m>>,
    follow: bool,
    after_result: bool,
}

impl<'m> Groups<'m> {
    fn specimen(&mut self, spm: Segment<'m>, reader: &mut Reader<'m>) {
        self.lab.specimens.push(specimen(spm, reader));
        self.obr = None;
        self.after_result = false;
        if self.follow {
            let (number, order) = (last(self.lab.specimens.len()), last(self.lab.orders.len()));
            let own = self.lab.results.iter_mut().rev().take_while(|result| result.order == order);
            own.filter(|result| result.specimen.is_none()).for_each(|result| result.specimen = number);
        }
    }

    fn request(&mut self, obr: Segment<'m>, reader: &mut Reader<'m>) {
        self.obr = if self.orc.is_none() { Some(obr) } else { None };
        let mut order = LabOrder {
            at: place(obr, 0),
            number: None,
            panel: reader.coded(obr, 4),
            control: None,
            observed_at: reader.time(obr, 7),
            ended_at: reader.time(obr, 8),
            reported_at: reader.time(obr, 22),
            ordered_at: None,
            ordered_by: None,
            notes: Vec::new(),
            details: Default::default(),
        };
        head(&mut order, self.orc.take(), obr, reader);
        self.lab.orders.push(order);
        self.after_result = false;
    }

    fn order(&mut self, orc: Segment<'m>, reader: &mut Reader<'m>) {
        match (self.lab.orders.last_mut(), self.obr.take()) {
            (Some(order), Some(obr)) => head(order, Some(orc), obr, reader),
            _ => self.orc = Some(orc),
        }
        self.after_result = false;
    }

    fn result(&mut self, obx: Segment<'m>, reader: &mut Reader<'m>) {
        self.obr = None;
        let mut result = observation::result(obx, reader);
        result.specimen = if self.follow { None } else { last(self.lab.specimens.len()) };
        result.order = last(self.lab.orders.len());
        self.lab.results.push(result);
        self.after_result = true;
    }

    fn note(&mut self, nte: Segment<'m>, reader: &mut Reader<'m>) {
        let result = self.lab.results.last_mut().filter(|_| self.after_result);
        let order = self.lab.orders.last_mut().map(|order| &mut order.notes);
        if let Some(notes) = result.map(|result| &mut result.notes).or(order) {
            notes.extend(observation::note(nte, reader));
        }
    }
}

fn last(count: usize) -> Option<usize> {
    (count > 0).then_some(count)
}

fn head<'m>(lab: &mut LabOrder<'m>, orc: Option<Segment<'m>>, obr: Segment<'m>, reader: &mut Reader<'m>) {
    let Head { number, control, ordered_at, ordered_by, details } = order::head(orc, Some(obr), reader);
    (lab.number, lab.control) = (number, control);
    (lab.ordered_at, lab.ordered_by, lab.details) = (ordered_at, ordered_by, details);
}

/// SPM.
pub(super) fn specimen<'m>(spm: Segment<'m>, reader: &mut Reader<'m>) -> Specimen<'m> {
    Specimen {
        at: place(spm, 0),
        id: reader.text(spm, 2),
        material: reader.coded(spm, 4),
        site: reader.coded(spm, 8),
        collected_at: reader.time(spm, 17),
    }
}
