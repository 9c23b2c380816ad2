//! Age bands.

use jiff::civil::Date;

/// The first years of the bands, ascending from 0; the last band has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands(&'static [i16]);

impl Bands {
    /// Those of the prefecture's weekly tables of sentinel clinics: –12 months, 1–4, 5–9, 10–, 20–.
    pub const SENTINEL: Self = Self(&[0, 1, 5, 10, 20]);
    /// Those of its tables of sentinel hospitals: 0–, 10–, 20–, 40–, 60–.
    pub const HOSPITAL: Self = Self(&[0, 10, 20, 40, 60]);
    /// Five years each; from 90 on there are so few that they would tell who it is.
    pub const FIVE_YEARS: Self =
        Self(&[0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90]);

    /// The bands in words: `0`, `1-4`, …, `20+`.
    pub fn words(self) -> Vec<String> {
        (0..self.0.len()).filter_map(|band| self.word(band)).collect()
    }

    fn word(self, band: usize) -> Option<String> {
        let first = self.0.get(band)?;
        Some(match self.0.get(band + 1).map(|next| next - 1) {
            None => format!("{first}+"),
            Some(last) if last == *first => first.to_string(),
            Some(last) => format!("{first}-{last}"),
        })
    }

    /// The band of the age on that day, by a birth date in ISO 8601. Nothing where it is no date, lies after the day, or
    /// is too imprecise to tell the band.
    pub fn of(self, birth: &str, on: Date) -> Option<String> {
        let (earliest, latest) = range(birth)?;
        let band = self.band(age(earliest, on)?)?;
        if self.band(age(latest, on)?)? == band { self.word(band) } else { None }
    }

    fn band(self, age: i16) -> Option<usize> {
        self.0.iter().rposition(|first| *first <= age)
    }
}

/// The first and the last day that a date of any precision may be.
fn range(text: &str) -> Option<(Date, Date)> {
    let date = text.split('T').next()?;
    let mut parts = date.split('-');
    let mut number = |digits: usize| match parts.next() {
        None => Some(None),
        Some(part) if part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            part.parse::<i16>().ok().map(Some)
        }
        Some(_) => None,
    };
    let (year, month, day) = (number(4)??, number(2)?, number(2)?);
    let small = |number: i16| i8::try_from(number).ok();
    let first = Date::new(year, month.map_or(Some(1), small)?, day.map_or(Some(1), small)?).ok()?;
    let last = match (month, day) {
        (None, _) => first.last_of_year(),
        (Some(_), None) => first.last_of_month(),
        (Some(_), Some(_)) => first,
    };
    Some((first, last))
}

/// Whole years on that day; nothing before birth.
fn age(birth: Date, on: Date) -> Option<i16> {
    let had_birthday = (on.month(), on.day()) >= (birth.month(), birth.day());
    (birth <= on).then(|| on.year() - birth.year() - i16::from(!had_birthday))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bands: Bands, birth: &str, expected: Option<&str>) {
        let on = Date::constant(2026, 11, 22);
        assert_eq!(bands.of(birth, on).as_deref(), expected, "{birth}");
    }

    #[test]
    fn an_age_has_a_band_on_the_day() {
        check(Bands::SENTINEL, "2026-11-22", Some("0"));
        check(Bands::SENTINEL, "2025-11-23", Some("0"));
        check(Bands::SENTINEL, "2025-11-22", Some("1-4"));
        check(Bands::SENTINEL, "2006-11-23", Some("10-19"));
        check(Bands::SENTINEL, "2006-11-22T08:00:00+09:00", Some("20+"));
        check(Bands::HOSPITAL, "1941-05-12", Some("60+"));
        check(Bands::FIVE_YEARS, "1941-05-12", Some("85-89"));
        check(Bands::FIVE_YEARS, "1901-05-12", Some("90+"));
    }

    #[test]
    fn a_birth_date_that_does_not_tell_the_band_gives_none() {
        check(Bands::SENTINEL, "1990", Some("20+"));
        check(Bands::SENTINEL, "2006", None);
        check(Bands::SENTINEL, "2006-11", None);
        check(Bands::SENTINEL, "2006-10", Some("20+"));
        check(Bands::SENTINEL, "2026", None);
        for odd in [
            "2026-11-23",
            "",
            "19900101",
            "1990-13-01",
            "1990-02-30",
            "昭和16年",
            "1990-1-1",
            "-1990",
            "1990--1",
        ] {
            check(Bands::SENTINEL, odd, None);
        }
    }

    #[test]
    fn bands_have_words() {
        assert_eq!(Bands::SENTINEL.words(), ["0", "1-4", "5-9", "10-19", "20+"]);
        assert_eq!(Bands::HOSPITAL.words(), ["0-9", "10-19", "20-39", "40-59", "60+"]);
        assert_eq!(Bands::FIVE_YEARS.words().len(), 19);
    }
}
