//! Which facility an order or a result names as the one that ordered.
//!
//! HL7 gives no field to a Japanese facility code. It is looked for where an organisation or an authority stands that
//! can only be the placer's: ORC-21 and ORC-17 (who orders), the authority of the placer's numbers (ORC-2, ORC-4,
//! OBR-2), and that of the ordering doctor's id (ORC-12, OBR-16).

use hl7v2::Segment;

use super::reader::Reader;
use crate::canonical::FacilityCode;

/// Components of an organisation (XON: 10 identifier, 3 number), of a code (CE), of an authority (EI: namespace and
/// universal id), and of a person (XCN: 14 facility, 9 authority).
const OF_ORDER: [(usize, &[usize]); 5] =
    [(21, &[10, 3]), (17, &[1, 4]), (2, &[2, 3]), (4, &[2, 3]), (12, &[14, 9])];
const OF_REQUEST: [(usize, &[usize]); 2] = [(2, &[2, 3]), (16, &[14, 9])];

/// Every facility that they name, once, with its first place. More than one is for people to look at.
pub(super) fn of<'m>(
    orc: Option<Segment<'m>>,
    obr: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> Vec<FacilityCode<'m>> {
    let of_order =
        orc.into_iter().flat_map(|orc| OF_ORDER.map(|(field, components)| (orc, field, components)));
    let of_request =
        obr.into_iter().flat_map(|obr| OF_REQUEST.map(|(field, components)| (obr, field, components)));
    let mut named: Vec<FacilityCode<'m>> = Vec::new();
    for (segment, field, components) in of_order.chain(of_request) {
        if let Some(facility) = reader.facility(segment, field, components)
            && !named.iter().any(|known| known.code == facility.code)
        {
            named.push(facility);
        }
    }
    named
}
