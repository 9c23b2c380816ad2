use jiff::civil::date;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const LOOK: SignedDuration = SignedDuration::from_mins(10);
/// Looks of a day.
const LOOKS: i64 = 24 * 6;
/// Messages an hour from which on an hour is busy.
const BUSY: f64 = 30.0;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);

/// Messages by the hour of a working day, against each other, as the simulated region's hospitals and clinics have them.
const HOSPITAL: [f64; 24] =
    [2., 1., 1., 1., 1., 1., 2., 3., 60., 90., 80., 45., 10., 16., 18., 14., 8., 5., 4., 4., 4., 3., 3., 2.];
const CLINIC: [f64; 24] =
    [0., 0., 0., 0., 0., 0., 0., 0., 25., 50., 45., 25., 2., 0., 4., 28., 32., 18., 0., 0., 0., 0., 0., 0.];

fn zone() -> TimeZone {
    TimeZone::get("Asia/Tokyo").unwrap()
}

/// A facility: its hours, messages of a working day, and what of them comes on closed days and Saturdays.
#[derive(Clone, Copy)]
struct Site {
    hours: &'static [f64; 24],
    daily: f64,
    closed: f64,
    saturday: f64,
}

const SITES: [Site; 3] = [
    Site { hours: &HOSPITAL, daily: 2_000.0, closed: 0.1, saturday: 0.15 },
    Site { hours: &HOSPITAL, daily: 300.0, closed: 0.1, saturday: 0.15 },
    Site { hours: &CLINIC, daily: 400.0, closed: 0.0, saturday: 0.45 },
];

impl Site {
    /// Messages an hour that come at that time on average.
    fn rate(self, at: DateTime) -> f64 {
        let day = at.date();
        let weight = self.hours[usize::from(at.hour().unsigned_abs())] / self.hours.iter().sum::<f64>();
        let is_obon = day.month() == 8 && (13..=15).contains(&day.day());
        let opening = match day.weekday() {
            _ if is_closed(day) => self.closed,
            jiff::civil::Weekday::Saturday => self.saturday,
            _ => 1.0,
        };
        self.daily * weight * opening * if is_obon { 0.05 } else { 1.0 }
    }
}

fn poisson(mean: f64, random: &mut StdRng) -> u32 {
    let (limit, mut product, mut count) = ((-mean).exp(), random.random::<f64>(), 0);
    while product > limit {
        product *= random.random::<f64>();
        count += 1;
    }
    count
}

/// What came of watching a site.
#[derive(Debug, Default)]
struct Watch {
    /// Silences that were told of though nothing was wrong, by their beginning.
    false_alarms: Vec<Timestamp>,
    /// Outages that were told of before they ended, and all of them.
    found: usize,
    outages: usize,
    /// Minutes from the beginning of an outage until it was told.
    delays: Vec<i64>,
}

/// Lets years pass: days differ by up to 40 %. In busy hours of the last year there are outages of 70 minutes and more.
fn years(site: Site, seed: u64, count: i64) -> Watch {
    let mut random = StdRng::seed_from_u64(seed);
    let (zone, mut rhythm, mut watch) = (zone(), Rhythm::default(), Watch::default());
    let begin = date(2026, 1, 5).at(0, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
    let looks = 365 * count * LOOKS;
    let (mut now, mut factor, mut outage, mut told) = (begin, 1.0, None::<(Timestamp, i64, bool)>, false);
    for look in 0..looks {
        now += LOOK;
        let at = now.to_zoned(zone.clone()).datetime();
        if at.hour() == 0 && at.minute() == 0 {
            factor = random.random_range(0.6..1.4);
        }
        if look > looks - 365 * LOOKS
            && outage.is_none()
            && site.rate(at) >= BUSY
            && random.random_range(0..200) == 0
        {
            let length = random.random_range(7..18);
            let to = (1..=length).map(|step| site.rate(at.saturating_add(LOOK * step)));
            if to.fold(f64::MAX, f64::min) >= BUSY {
                outage = Some((now, i64::from(length), false));
            }
        }
        let came = if outage.is_some() { 0 } else { poisson(site.rate(at) * factor / 6.0, &mut random) };
        let last = now - SignedDuration::from_secs(random.random_range(0..600));
        rhythm.note(came, Some(last), now, &zone);
        let is_told = rhythm.silence(begin, now, THREE_DAYS, &zone).is_some_and(|silence| silence.is_told);
        match &mut outage {
            Some((since, left, is_found)) => {
                if is_told && !*is_found {
                    *is_found = true;
                    watch.delays.push(now.duration_since(*since).as_mins());
                }
                *left -= 1;
                if *left == 0 {
                    (watch.outages, watch.found) = (watch.outages + 1, watch.found + usize::from(*is_found));
                    outage = None;
                }
            }
            None if is_told && !told => watch.false_alarms.push(now),
            None => {}
        }
        told = is_told;
    }
    watch
}

#[test]
fn a_healthy_year_is_quiet_and_every_outage_of_busy_hours_is_found() {
    for (number, site) in (0..).zip(SITES) {
        let watch = years(site, 7 + number, 2);
        let longest = watch.delays.iter().max().copied().unwrap_or_default();
        println!(
            "{} a day: {} of {} outages found, the slowest after {longest} min; false alarms {:?}",
            site.daily, watch.found, watch.outages, watch.false_alarms
        );
        let known_year = watch.false_alarms.iter().filter(|at| at.to_zoned(zone()).year() > 2026);
        assert_eq!(known_year.collect::<Vec<_>>(), Vec::<&Timestamp>::new(), "{} a day", site.daily);
        // Obon of the first year is not known yet.
        let unknown = watch.false_alarms.iter().filter(|at| at.to_zoned(zone()).month() != 8);
        assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&Timestamp>::new(), "{} a day", site.daily);
        assert!(watch.outages >= 5 && watch.found == watch.outages, "{} a day: {watch:?}", site.daily);
    }
}

/// A rhythm of a site that sends `rate` messages in every hour from 8 to 18 of working days.
fn office(rate: u32, weeks: i64) -> (Rhythm, Timestamp) {
    let (zone, mut rhythm) = (zone(), Rhythm::default());
    let mut now = date(2026, 5, 10).at(23, 45, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
    for _ in 0..weeks * 7 * 24 * 4 {
        now += SignedDuration::from_mins(15);
        let at = now.to_zoned(zone.clone()).datetime();
        let open = (8..18).contains(&at.hour()) && at.date().weekday().to_monday_zero_offset() < 5;
        let came = if open { rate / 4 } else { 0 };
        rhythm.note(came, Some(now), now, &zone);
    }
    (rhythm, now)
}

#[test]
fn a_night_and_a_weekend_are_no_silence_and_a_monday_morning_is() {
    let (rhythm, midnight) = office(200, 6);
    let told = |hours: i64, minutes: i64| {
        let now = midnight + SignedDuration::from_hours(hours) + SignedDuration::from_mins(minutes);
        rhythm.silence(Timestamp::MIN, now, THREE_DAYS, &zone()).unwrap().is_told
    };
    // The last message came on Friday evening; this is Monday, from a quarter before midnight on.
    assert!(!told(0, 0) && !told(7, 59));
    assert!(told(9, 45));
}

#[test]
fn who_sends_once_an_hour_is_not_silent_between() {
    let (zone, mut rhythm) = (zone(), Rhythm::default());
    let mut now = date(2026, 5, 11).at(0, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
    for minute in 0..28 * 24 * 60 {
        now += SignedDuration::from_mins(1);
        rhythm.note(if minute % 60 == 29 { 200 } else { 0 }, Some(now), now, &zone);
        let silence = rhythm.silence(Timestamp::MIN, now, THREE_DAYS, &zone);
        assert!(silence.is_none_or(|silence| !silence.is_told), "{now}");
    }
    let later = now + SignedDuration::from_hours(3);
    assert!(rhythm.silence(Timestamp::MIN, later, THREE_DAYS, &zone).unwrap().is_told);
}

#[test]
fn a_rhythm_that_is_not_known_tells_nothing_before_the_longest_silence() {
    let (rhythm, now) = office(200, 1);
    let told = |hours| {
        let now = now + SignedDuration::from_hours(hours);
        rhythm.silence(Timestamp::MIN, now, THREE_DAYS, &zone()).unwrap().is_told
    };
    // Three days from Friday evening.
    assert!(!told(12) && told(20));
    assert!(Rhythm::default().silence(Timestamp::MIN, now, THREE_DAYS, &zone()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn two_strange_weeks_of_eight_change_nothing(first in 0_usize..4, other in 4_usize..8, of in 0_u32..5_000) {
        let (rhythm, now) = office(80, 9);
        let mut strange = rhythm.clone();
        for hours in strange.slots.values_mut() {
            for place in [first, other] {
                hours[place].count = of;
            }
        }
        let at = now.to_zoned(zone()).datetime().saturating_add(HOUR * 9);
        prop_assert_eq!(rhythm.rate(at), strange.rate(at));
    }

    #[test]
    fn more_silence_is_never_less_alarming(first in 0_i64..4_000, more in 0_i64..2_000) {
        let (rhythm, now) = office(40, 4);
        let expected = |minutes| {
            let silence = rhythm.silence(Timestamp::MIN, now + SignedDuration::from_mins(minutes), THREE_DAYS, &zone());
            silence.unwrap().expected
        };
        prop_assert!(expected(first) <= expected(first + more) + 1e-9);
    }

    #[test]
    fn a_written_rhythm_is_read_as_it_was(rate in 0_u32..500) {
        let (rhythm, _) = office(rate, 1);
        let text = serde_json::to_string(&rhythm).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rhythm>(&text).unwrap(), rhythm);
    }
}
