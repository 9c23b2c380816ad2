//! RDE^O11 of OMP-02: (ORC RXE TQ1 RXR+ RXC+ OBX* CTI*)+.

use hl7v2::{Message, Segment};

use super::medication;
use super::reader::{Reader, place};
use crate::canonical::Injection;

/// The content of the `injection` kind.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Injection<'m> {
    let groups = medication::groups(message);
    groups.iter().filter_map(|group| group.orc).for_each(|orc| check_midnight(orc, reader));
    Injection { injections: groups.iter().filter_map(|group| medication::mixed(group, reader)).collect() }
}

/// A system in the field writes ORC-9 of injections as `YYYYMMDD00HHMM`. That can't be told from a time just after
/// midnight: it is taken as it is written, and said.
fn check_midnight(orc: Segment<'_>, reader: &mut Reader<'_>) {
    let time = orc.field(9).value();
    if time.len() == 14 && time.get(8..10) == Some("00") && time.get(10..) != Some("0000") {
        let text = "hour 00: some systems write 00 before hour and minute; taken as written";
        reader.note("time-ambiguous", place(orc, 9), text);
    }
}
