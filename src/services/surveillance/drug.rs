//! Evidence from drugs: treatment, not prophylaxis.

use super::event::{Coded, Data, Medication, Value};
use super::evidence::{Calendar, Evidence, Sort};
use super::table::{CodeRow, Tables, fits};

/// A drug with what tells its order from others of the patient; without evidence where it is cancelled or prophylaxis.
pub(super) struct Drug {
    pub(super) identity: String,
    pub(super) evidence: Vec<Evidence>,
}

/// The drugs of an event that the table knows.
pub(super) fn read(data: &Data, facility: usize, calendar: &Calendar, tables: &Tables) -> Vec<Drug> {
    let ordered = data.medications.iter().chain(&data.injections);
    ordered.flat_map(|one| drugs(one, facility, calendar, tables)).collect()
}

fn drugs(order: &Medication, facility: usize, calendar: &Calendar, tables: &Tables) -> Vec<Drug> {
    let given = [&order.drug].into_iter().chain(order.components.iter().map(|component| &component.drug));
    let rows = given.filter_map(|drug| tables.drugs.iter().find(|row| is_of(drug, row)));
    let from = order.starts_at.as_ref().or(order.ordered_at.as_ref());
    let date = calendar.day(from).unwrap_or(calendar.sent);
    let drug = |row: &CodeRow| {
        let counts = !is_cancelled(order) && !is_prophylaxis(order, row);
        let evidence = |disease: &_| Evidence {
            disease: *disease,
            sort: Sort::Drug,
            confirms: false,
            onset: None,
            date,
            facility,
        };
        let evidence = row.diseases.iter().filter(|_| counts).map(evidence).collect();
        Drug { identity: format!("{}\u{1f}{date}", row.patterns.join("\u{1f}")), evidence }
    };
    rows.map(drug).collect()
}

/// Whether one of the drug's codes (HOT, YJ) fits the row.
fn is_of(drug: &Coded, row: &CodeRow) -> bool {
    let codes = [drug.code.as_ref(), drug.alternate.as_ref().and_then(|other| other.code.as_ref())];
    codes.into_iter().flatten().any(|code| row.patterns.iter().any(|cell| fits(cell, code)))
}

fn is_cancelled(order: &Medication) -> bool {
    matches!(order.control.as_deref(), Some("CA" | "OC" | "CR" | "DC" | "OD" | "DR"))
}

/// Once a day for a week or longer: somebody who was near a case. What can't be told is taken as treatment.
fn is_prophylaxis(order: &Medication, row: &CodeRow) -> bool {
    let (Some(from), Some(days)) = (row.prophylaxis_days, order.duration.as_deref().and_then(number)) else {
        return false;
    };
    days >= from && times_a_day(order) == Some(1)
}

fn times_a_day(order: &Medication) -> Option<u32> {
    let jami = || {
        let mut digits = order.usage.code.as_deref()?.chars().skip(2);
        // JAMISDP01: third digit 1 is so many times a day, the fourth says how many.
        (digits.next()? == '1').then(|| digits.next()?.to_digit(10))?
    };
    let text = || {
        let (_, after) = order.usage.text.as_deref()?.split_once('日')?;
        after.contains('回').then(|| number(after))?
    };
    jami().or_else(text).or_else(|| ratio(&order.daily_amount, &order.dose))
}

/// How often the dose goes into the amount of a day.
fn ratio(day: &Value, dose: &Value) -> Option<u32> {
    let (day, dose) = (day.number?, dose.number.filter(|dose| *dose > 0.0)?);
    let times = (day / dose).round();
    (1.0..=24.0).contains(&times).then(|| (1..=24).find(|n| f64::from(*n) == times))?
}

/// The digits at the beginning of a text, half or full width: 5 of `5 d` and of `５日分`.
fn number(text: &str) -> Option<u32> {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        c => c,
    };
    let digits: String = text.trim_start().chars().map(narrow).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(usage: &str, text: &str, duration: &str, amounts: (f64, f64)) -> Medication {
        let value = |number| Value { number: Some(number), ..Value::default() };
        let usage = Coded { code: Some(usage.to_owned()), text: Some(text.to_owned()), alternate: None };
        let (dose, daily_amount) = (value(amounts.0), value(amounts.1));
        Medication { usage, duration: Some(duration.to_owned()), dose, daily_amount, ..Medication::default() }
    }

    #[test]
    fn once_a_day_for_a_week_is_prophylaxis() {
        let row = |days| CodeRow {
            patterns: vec!["6250021*".to_owned()],
            diseases: Vec::new(),
            value_tells: false,
            prophylaxis_days: days,
        };
        let is = |order: Medication| is_prophylaxis(&order, &row(Some(7)));
        assert!(!is(order("1012040400000000", "", "5 d", (1.0, 2.0))));
        assert!(is(order("1011040000000000", "", "10 d", (1.0, 1.0))));
        assert!(is(order("", "内服・経口・１日１回朝食後", "７日分", (1.0, 1.0))));
        assert!(!is(order("", "内服・経口・１日２回朝夕食後", "10 d", (1.0, 2.0))));
        assert!(is(order("", "", "10 d", (75.0, 75.0))) && !is(order("", "", "10 d", (75.0, 150.0))));
        assert!(!is(order("1011040000000000", "", "5 d", (1.0, 1.0))), "a short course is treatment");
        assert!(!is(order("", "", "", (0.0, 1.0))), "what can't be told is treatment");
        assert!(!is_prophylaxis(&order("1011040000000000", "", "10 d", (1.0, 1.0)), &row(None)));
    }
}
