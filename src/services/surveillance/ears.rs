//! Early detection: the methods C1, C2 and C3 of EARS.
//!
//! The baseline is seven counts. C1 looks at the seven before the day, C2 leaves two days between; both raise an alarm
//! above mean + z(0.999) · sd. C3 adds up how far C2's statistic was above 1 on the day and the two before, and raises
//! an alarm above z(0.975). Source: the formulas of the R package `surveillance` (`earsC`).

/// Counts of a baseline.
const BASELINE: usize = 7;
/// z(0.999): the 99.9 % quantile of the normal distribution.
const Z_999: f64 = 3.090_232_306_167_813;
/// z(0.975)
const Z_975: f64 = 1.959_963_984_540_054;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The seven counts before.
    C1,
    /// Seven counts that end three days before.
    C2,
    /// C2 of three days together.
    C3,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::C1, Self::C2, Self::C3];

    /// `C1`
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
        }
    }
}

/// What a method says of the last count of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The count above which it raises an alarm.
    pub threshold: f64,
    /// Whether it does.
    pub is_alarm: bool,
}

/// Mean and standard deviation (n - 1) of a baseline, and the statistic of a count against it.
struct Baseline {
    mean: f64,
    sd: f64,
}

impl Baseline {
    fn of(counts: &[u32]) -> Self {
        let n = f64::from(u32::try_from(counts.len()).unwrap_or(u32::MAX));
        let mean = counts.iter().map(|count| f64::from(*count)).sum::<f64>() / n;
        let squares = counts.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>();
        Self { mean, sd: (squares / (n - 1.0)).sqrt() }
    }

    /// Standard deviations above the mean; without a deviation any rise is infinitely many.
    fn statistic(&self, count: u32) -> f64 {
        let above = f64::from(count) - self.mean;
        match (self.sd > 0.0, above > 0.0) {
            (true, _) => above / self.sd,
            (false, true) => f64::INFINITY,
            (false, false) => 0.0,
        }
    }
}

/// Asks a method about the last count of a series, the oldest first. `None` where the series is too short: C1 needs 8
/// counts, C2 10, C3 12.
pub fn last(method: Method, series: &[u32]) -> Option<Verdict> {
    let end = series.len().checked_sub(1)?;
    let count = f64::from(*series.get(end)?);
    let baseline = |at: usize, gap: usize| {
        let until = at.checked_sub(gap)?;
        Some(Baseline::of(series.get(until.checked_sub(BASELINE)?..until)?))
    };
    let threshold = match method {
        Method::C1 | Method::C2 => {
            let Baseline { mean, sd } = baseline(end, if method == Method::C1 { 0 } else { 2 })?;
            mean + Z_999 * sd
        }
        Method::C3 => {
            let excess = |back: usize| {
                let at = end.checked_sub(back)?;
                Some((baseline(at, 2)?.statistic(*series.get(at)?) - 1.0).max(0.0))
            };
            let (before, now) = (excess(1)? + excess(2)?, baseline(end, 2)?);
            let is_alarm = excess(0)? + before > Z_975;
            // The count at which the sum reaches z: anything, where the days before have reached it already.
            let threshold = if before > Z_975 { 0.0 } else { now.mean + (Z_975 - before + 1.0) * now.sd };
            return Some(Verdict { threshold, is_alarm });
        }
    };
    Some(Verdict { threshold, is_alarm: count > threshold })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, series: &[u32], threshold: f64, is_alarm: bool) {
        let verdict = last(method, series).unwrap();
        assert!((verdict.threshold - threshold).abs() < 1e-3, "{verdict:?} instead of {threshold}");
        assert_eq!(verdict.is_alarm, is_alarm, "{verdict:?}");
    }

    // 2 4 6 8 10 12 14: mean 8, squares 36+16+4+0+4+16+36 = 112, sd √(112/6) = 4.32049; 8 + 3.09023 · 4.32049 = 21.35132.
    const BASE: [u32; 7] = [2, 4, 6, 8, 10, 12, 14];

    fn after(counts: &[u32]) -> Vec<u32> {
        BASE.iter().chain(counts).copied().collect()
    }

    #[test]
    fn c1_by_hand() {
        check(Method::C1, &after(&[21]), 21.351_32, false);
        check(Method::C1, &after(&[22]), 21.351_32, true);
    }

    #[test]
    fn c2_leaves_two_days_out() {
        check(Method::C2, &after(&[99, 99, 21]), 21.351_32, false);
        check(Method::C2, &after(&[99, 99, 22]), 21.351_32, true);
    }

    #[test]
    fn c3_by_hand() {
        // Every baseline is 0 2 0 2 0 2 0 or 2 0 2 0 2 0 2: means 6/7 and 8/7, squares 48/7 each, sd √(8/7) = 1.06904.
        let low = [0, 2, 0, 2, 0, 2, 0, 2, 0];
        let with = |counts: [u32; 3]| low.iter().copied().chain(counts).collect::<Vec<_>>();
        // t-2: baseline 0…0 (6/7): (3 - 0.85714)/1.06904 - 1 = 1.00446. t-1: baseline 2…2 (8/7): (3 - 1.14286)/1.06904 - 1
        // = 0.73719. Together 1.74165 of 1.95996. t: 0.85714 + (1.95996 - 1.74165 + 1) · 1.06904 = 2.15957.
        check(Method::C3, &with([3, 3, 2]), 2.159_57, false);
        check(Method::C3, &with([3, 3, 3]), 2.159_57, true);
        // C2 itself is calm: 0.85714 + 3.09023 · 1.06904 = 4.16072.
        check(Method::C2, &with([3, 3, 3]), 4.160_72, false);
        check(Method::C3, &with([0, 0, 0]), 0.857_14 + 2.959_96 * 1.069_04, false);
        check(Method::C3, &with([5, 5, 0]), 0.0, true);
    }

    #[test]
    fn a_rise_from_a_flat_baseline_is_an_alarm_and_staying_is_none() {
        check(Method::C1, &[0; 8], 0.0, false);
        check(Method::C1, &[0, 0, 0, 0, 0, 0, 0, 1], 0.0, true);
        assert!(!last(Method::C3, &[3; 12]).unwrap().is_alarm);
    }

    #[test]
    fn a_series_may_be_too_short() {
        let needs = [(Method::C1, 8), (Method::C2, 10), (Method::C3, 12)];
        for (method, points) in needs {
            assert!(last(method, &vec![1; points]).is_some());
            assert_eq!(last(method, &vec![1; points - 1]), None);
        }
        assert_eq!(last(Method::C1, &[]), None);
    }
}
