//! HL7 times (`YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]`, HL7 v2.5 section 2.A.22) and what is found instead of them.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::canonical::{PartialTime, Precision};

/// A time, and what was unusual about how it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) time: PartialTime,
    pub(super) oddity: Option<&'static str>,
}

/// Reads a time. Hours 24 to 47 occur in the field and mean the next day; a fraction occurs without its dot.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<Parsed, &'static str> {
    let text = text.trim();
    let (local, offset) = split_offset(text)?;
    let (digits, dotted) = match local.split_once('.') {
        Some((digits, fraction)) => (digits, Some(fraction)),
        None => (local, None),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("not a time: something other than digits");
    }
    let mut oddity = None;
    let (digits, fraction) = match (digits.len(), dotted) {
        (15..=17, None) => {
            oddity = Some("fraction of a second without its dot");
            digits
                .split_at_checked(14)
                .map(|(time, fraction)| (time, Some(fraction)))
                .unwrap_or((digits, None))
        }
        (12, Some(_)) => {
            oddity = Some("fraction after the minutes; taken as a fraction of a second at second 0");
            (digits, dotted)
        }
        (14, _) | (_, None) => (digits, dotted),
        _ => return Err("not a time: a fraction without seconds"),
    };
    let mut time = fields(digits)?;
    if let Some(fraction) = fraction.filter(|fraction| !fraction.is_empty()) {
        let short = fraction.get(..fraction.len().min(9)).unwrap_or(fraction);
        time.fraction = short.parse().map_err(|_| "not a time: something other than digits")?;
        time.precision = Precision::Fraction(u8::try_from(short.len()).unwrap_or(9));
    }
    if time.hour > 23 {
        oddity = Some("hour beyond 23: taken as the next day");
    }
    place_in_zone(&mut time, offset, zone)?;
    Ok(Parsed { time, oddity })
}

/// Splits `+0900` from the end; minutes east of UTC.
fn split_offset(text: &str) -> Result<(&str, Option<i16>), &'static str> {
    let Some(at) = text.bytes().position(|b| matches!(b, b'+' | b'-')) else {
        return Ok((text, None));
    };
    let (Some(local), Some(sign), Some(zone)) = (text.get(..at), text.get(at..=at), text.get(at + 1..))
    else {
        return Err("not a time: unreadable zone");
    };
    let (Some(hours), Some(minutes), 4) = (zone.get(..2), zone.get(2..4), zone.len()) else {
        return Err("not a time: the zone is not four digits");
    };
    let (Ok(hours), Ok(minutes)) = (hours.parse::<u8>(), minutes.parse::<u8>()) else {
        return Err("not a time: the zone is not four digits");
    };
    if hours > 14 || minutes > 59 {
        return Err("not a time: a zone that does not exist");
    }
    let offset = i16::from(hours) * 60 + i16::from(minutes);
    Ok((local, Some(if sign == "-" { -offset } else { offset })))
}

fn fields(digits: &str) -> Result<PartialTime, &'static str> {
    let precision = match digits.len() {
        4 => Precision::Year,
        6 => Precision::Month,
        8 => Precision::Day,
        10 | 12 => Precision::Minute,
        14 => Precision::Second,
        _ => return Err("not a time: wrong number of digits"),
    };
    let two = |at: usize| digits.get(at..at + 2).and_then(|d| d.parse::<u8>().ok()).unwrap_or_default();
    let year = digits.get(..4).and_then(|d| d.parse().ok()).unwrap_or_default();
    Ok(PartialTime {
        precision,
        year,
        month: two(4),
        day: two(6),
        hour: two(8),
        minute: two(10),
        second: two(12),
        fraction: 0,
        offset: 0,
    })
}

/// Checks that the time exists, carries hours 24 to 47 over to the next day and gives it its offset.
fn place_in_zone(time: &mut PartialTime, offset: Option<i16>, zone: &TimeZone) -> Result<(), &'static str> {
    const NO_SUCH: &str = "not a time: no such date or time";
    let year = i16::try_from(time.year).map_err(|_| NO_SUCH)?;
    let month =
        i8::try_from(if time.precision >= Precision::Month { time.month } else { 1 }).map_err(|_| NO_SUCH)?;
    let day =
        i8::try_from(if time.precision >= Precision::Day { time.day } else { 1 }).map_err(|_| NO_SUCH)?;
    let mut date = civil::Date::new(year, month, day).map_err(|_| NO_SUCH)?;
    if time.precision < Precision::Minute {
        return Ok(());
    }
    if time.hour > 47 || time.minute > 59 || time.second > 59 {
        return Err(NO_SUCH);
    }
    if time.hour > 23 {
        time.hour -= 24;
        date = date.tomorrow().map_err(|_| NO_SUCH)?;
        time.year = u16::try_from(date.year()).map_err(|_| NO_SUCH)?;
        time.month = date.month().unsigned_abs();
        time.day = date.day().unsigned_abs();
    }
    time.offset = match offset {
        Some(offset) => offset,
        None => zone_offset(date, time, zone)?,
    };
    Ok(())
}

fn zone_offset(date: civil::Date, time: &PartialTime, zone: &TimeZone) -> Result<i16, &'static str> {
    let part = |n: u8| i8::try_from(n).unwrap_or_default();
    let local = date.at(part(time.hour), part(time.minute), part(time.second), 0);
    let offset = match zone.to_fixed_offset() {
        Ok(offset) => offset,
        Err(_) => zone
            .to_ambiguous_timestamp(local)
            .compatible()
            .map(|moment| zone.to_offset(moment))
            .map_err(|_| "not a time: outside the calendar")?,
    };
    i16::try_from(offset.seconds() / 60).map_err(|_| "not a time: outside the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let read = match parse(text, &zone) {
            Ok(Parsed { time, oddity: None }) => time.to_string(),
            Ok(Parsed { time, oddity: Some(_) }) => format!("{time} ?"),
            Err(_) => "unreadable".to_owned(),
        };
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn precision_and_zone_are_those_that_were_given() {
        check("2011", "2011");
        check("201112", "2011-12");
        check("20111220", "2011-12-20");
        check("2011122022", "2011-12-20T22:00+09:00");
        check("201112202244", "2011-12-20T22:44+09:00");
        check("20111220224447", "2011-12-20T22:44:47+09:00");
        check("20111220224447.3399", "2011-12-20T22:44:47.3399+09:00");
        check("20111220224447.050", "2011-12-20T22:44:47.050+09:00");
        check("20111220224447+0000", "2011-12-20T22:44:47+00:00");
        check("20111220224447.1-0530", "2011-12-20T22:44:47.1-05:30");
    }

    #[test]
    fn what_occurs_in_the_field_is_read_and_said() {
        check("20111220224447339", "2011-12-20T22:44:47.339+09:00 ?");
        check("201601011500.321", "2016-01-01T15:00:00.321+09:00 ?");
        check("20191231251500", "2020-01-01T01:15:00+09:00 ?");
    }

    #[test]
    fn what_is_no_time_is_not_made_one() {
        for text in [
            "小学校低学年の頃",
            "20111320",
            "20110230",
            "2011122",
            "20111220480000",
            "2011.5",
            "1234567890123456789",
        ] {
            check(text, "unreadable");
        }
    }
}
