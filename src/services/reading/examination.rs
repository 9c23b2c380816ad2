//! An examination: its order and what was performed of it, in their last versions.

use jiff::Timestamp;

use super::content::{Content, Study};

/// Modalities that radiologists read (DICOM). Endoscopy (`ES`) is not one of them.
const RADIOLOGY: [&str; 9] = ["CT", "MR", "CR", "DX", "MG", "US", "RF", "NM", "PT"];

/// The last version of a message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) event: String,
    pub(super) content: Content,
}

/// An examination of a facility.
#[derive(Debug, Clone, Default)]
pub(super) struct Examination {
    pub(super) order: Option<Message>,
    pub(super) performed: Option<Message>,
    /// When anything of it first came.
    pub(super) announced_at: Option<Timestamp>,
    /// Since when it is taken back.
    pub(super) cancelled_at: Option<Timestamp>,
    /// How many messages made it what it is.
    pub(super) versions: usize,
}

impl Examination {
    /// Takes in a version of the order, or of what was performed. A cancellation leaves what was said, which it may
    /// not repeat; any version after it takes the examination up again.
    pub(super) fn take(&mut self, message: Message, is_order: bool, cancels: bool, at: Timestamp) {
        self.announced_at.get_or_insert(at);
        self.versions += 1;
        self.cancelled_at = cancels.then_some(at);
        let side = if is_order { &mut self.order } else { &mut self.performed };
        if !cancels || side.is_none() {
            *side = Some(message);
        }
    }

    /// What was performed, then the order: the nearer to the images the better is what it says.
    pub(super) fn contents(&self) -> impl Iterator<Item = &Content> + Clone {
        self.performed.iter().chain(&self.order).map(|message| &message.content)
    }

    /// The ids of the events that it is made of.
    pub(super) fn events(&self) -> impl Iterator<Item = &str> {
        self.order.iter().chain(&self.performed).map(|message| message.event.as_str())
    }

    /// The studies, each accession and UID once. What the order says of a study fills in what is missing.
    pub(super) fn studies(&self) -> Vec<Study> {
        let mut studies: Vec<Study> = Vec::new();
        for study in self.contents().flat_map(|content| &content.studies) {
            let same = |known: &&mut Study| {
                agree(&known.accession, &study.accession) && agree(&known.study_uid, &study.study_uid)
            };
            match studies.iter_mut().find(same) {
                Some(known) => fill(known, study),
                None => studies.push(study.clone()),
            }
        }
        studies
    }

    /// Whether radiologists read it: a study of another modality, or an order in the codes of endoscopy, is not theirs.
    pub(super) fn is_radiology(&self, study: &Study) -> bool {
        let systems = self.contents().flat_map(|content| &content.requests);
        let mut systems = systems.filter_map(|request| request.procedure.as_ref()?.system.as_deref());
        match study.modality.as_deref() {
            Some(modality) => RADIOLOGY.contains(&modality),
            None => !systems.any(|system| system == "LENDO"),
        }
    }

    /// What is missing until the study can be read.
    pub(super) fn missing(&self, study: &Study) -> Vec<&'static str> {
        let parts = [
            ("accession", study.accession.is_some()),
            ("study_uid", study.study_uid.is_some()),
            ("modality", study.modality.is_some()),
            ("performed", self.contents().any(Content::is_performed)),
        ];
        parts.into_iter().filter(|(_, is_there)| !is_there).map(|(part, _)| part).collect()
    }
}

fn agree(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

fn fill(known: &mut Study, study: &Study) {
    let fields = [
        (&mut known.accession, &study.accession),
        (&mut known.procedure_id, &study.procedure_id),
        (&mut known.study_uid, &study.study_uid),
        (&mut known.modality, &study.modality),
    ];
    for (known, said) in fields {
        if known.is_none() {
            known.clone_from(said);
        }
    }
}
