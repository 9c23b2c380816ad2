//! Age bands, as the prefecture's weekly tables have them.

use jiff::civil::Date;

/// How old the patient was on the day of the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgeBand {
    /// Before the first birthday (-12か月).
    Infant,
    /// 1 to 4.
    From1,
    /// 5 to 9.
    From5,
    /// 10 to 19.
    From10,
    /// 20 and above.
    From20,
    /// The birth date is not known, or lies after the case.
    Unknown,
}

impl AgeBand {
    /// All of them, the youngest first.
    pub const ALL: [Self; 6] =
        [Self::Infant, Self::From1, Self::From5, Self::From10, Self::From20, Self::Unknown];

    /// The band of somebody born on `birth`, on that day.
    pub fn on(birth: Date, day: Date) -> Self {
        if birth > day {
            return Self::Unknown;
        }
        let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
        match day.year() - birth.year() - i16::from(!had_birthday) {
            ..=0 => Self::Infant,
            1..=4 => Self::From1,
            5..=9 => Self::From5,
            10..=19 => Self::From10,
            _ => Self::From20,
        }
    }

    /// The word that stands in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Infant => "-12m",
            Self::From1 => "1-4",
            Self::From5 => "5-9",
            Self::From10 => "10-19",
            Self::From20 => "20-",
            Self::Unknown => "?",
        }
    }

    /// The band of years (`30-39`, `20+`, `90-`, `0-4`) that somebody else generalised a birth date to; [`Self::Unknown`] where
    /// it reaches over a border of ours.
    pub fn of_years(years: &str) -> Self {
        let open = years.ends_with('+');
        let years = years.trim_end_matches('+');
        let (from, to) = years.split_once('-').unwrap_or((years, if open { "" } else { years }));
        let (Ok(from), to) = (from.trim().parse::<u16>(), to.trim().parse::<u16>()) else {
            return Self::Unknown;
        };
        match (from, to.unwrap_or(u16::MAX)) {
            (0, 0) => Self::Infant,
            (1..=4, ..=4) => Self::From1,
            (5..=9, ..=9) => Self::From5,
            (10..=19, ..=19) => Self::From10,
            (20.., _) => Self::From20,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_band_begins_on_the_birthday() {
        let birth = date(2020, 2, 29);
        let on = |year, month, day| AgeBand::on(birth, date(year, month, day));
        assert_eq!(on(2020, 2, 29), AgeBand::Infant);
        assert_eq!((on(2021, 2, 28), on(2021, 3, 1)), (AgeBand::Infant, AgeBand::From1));
        assert_eq!((on(2025, 2, 28), on(2025, 3, 1)), (AgeBand::From1, AgeBand::From5));
        assert_eq!((on(2040, 2, 28), on(2040, 2, 29)), (AgeBand::From10, AgeBand::From20));
        assert_eq!(on(2020, 2, 28), AgeBand::Unknown);
    }

    #[test]
    fn bands_of_others_that_lie_within_one_of_ours() {
        assert_eq!((AgeBand::of_years("0"), AgeBand::of_years("20+")), (AgeBand::Infant, AgeBand::From20));
        assert_eq!(AgeBand::of_years("1-4"), AgeBand::From1);
        assert_eq!(AgeBand::of_years("10-14"), AgeBand::From10);
        assert_eq!(
            (AgeBand::of_years("70-79"), AgeBand::of_years("90-")),
            (AgeBand::From20, AgeBand::From20)
        );
        assert_eq!(
            (AgeBand::of_years("0-4"), AgeBand::of_years("unknown")),
            (AgeBand::Unknown, AgeBand::Unknown)
        );
    }
}
