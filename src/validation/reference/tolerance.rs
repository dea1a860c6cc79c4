//! Expected values, how near is near enough, and the verdict on a measured one.

use super::measure::Measured;
use super::phrase::fit;

/// Rounding of written values: a hit on the edge counts.
const ROUNDING: f64 = 1e-9;
/// Age of a CPU reading when the autoscaler sees it: metrics-server's default resolution.
const METRIC_LAG_S: f64 = 15.0;
/// Margin for values whose table says "not tested": wide, but a wrong mechanism is further off.
const UNTESTED: f64 = 0.10;

/// An expected value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// One number.
    Number(f64),
    /// Several, in order: `0/10/20`, `3>4`, `13/8`.
    List(Vec<f64>),
    /// Anything from the one to the other: `21..31`.
    Range(f64, f64),
    /// `100 (50 if timeouts)`: two numbers for two cases, in this order.
    Cases(Vec<f64>),
}

impl Expected {
    /// Reads a value's cell.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse::<f64>() {
            return number.is_finite().then_some(Self::Number(number));
        }
        if let Some(ends) = fit("{n}..{n}", text) {
            return Some(Self::Range(ends[0], ends[1]));
        }
        if let Some(cases) = fit("{n} ({n} if timeouts)", text) {
            return Some(Self::Cases(cases));
        }
        let parts: Option<Vec<f64>> = text.split(['/', '>']).map(|part| part.trim().parse().ok()).collect();
        parts.map(Self::List)
    }
    /// The number, where it is one.
    pub(super) const fn number(&self) -> Option<f64> {
        if let Self::Number(value) = self { Some(*value) } else { None }
    }
}

/// How near is near enough.
#[derive(Clone, Debug, PartialEq)]
pub enum Tolerance {
    /// Within any of these: shares of the expected value, or amounts in its unit.
    Within {
        /// A share of the expected value.
        relative: f64,
        /// An amount.
        absolute: f64,
    },
    /// Every number as expected, or later by at most this much.
    Exact {
        /// How much later.
        later: f64,
    },
    /// All that was measured within the expected range.
    Range,
    /// On the same side: collapsed below the one share of goodput, recovered above the other.
    Verdict {
        /// Below this it has collapsed.
        collapsed: f64,
        /// Above this it has recovered.
        recovered: f64,
    },
    /// From the expected value (less `under`) up to this much more.
    Above {
        /// How much less.
        under: f64,
        /// How much more.
        over: f64,
    },
    /// At least this share of the expected value.
    AtLeast(f64),
    /// The expected value is an approximation: it is within this share of the measured one.
    Approximate(f64),
}

impl Tolerance {
    /// Reads a tolerance's cell. `load` is the row's load (rho or lambda), for tolerances that depend on it; `is_time`
    /// says whether the value is a time in ms.
    pub(super) fn parse(text: &str, load: Option<f64>) -> Option<Self> {
        let (head, note) = text.split_once('(').map_or((text, ""), |(head, note)| (head.trim(), note));
        if head == "exact" {
            let later = note.split_once("<=").and_then(|(_, most)| fit("{t})", most)).map_or(0.0, |found| found[0]);
            return Some(Self::Exact { later });
        }
        if head == "range" {
            return Some(Self::Range);
        }
        if let Some(rest) = head.strip_prefix("verdict") {
            let limits = fit(": <{n} collapsed, >{n} recovered", rest);
            let limits = if rest.is_empty() { Some(vec![0.2, 0.95]) } else { limits }?;
            return Some(Self::Verdict { collapsed: limits[0], recovered: limits[1] });
        }
        if let Some((_, factor)) = head.split_once(">=").filter(|(_, rest)| rest.contains("x this")) {
            return Some(Self::AtLeast(fit("{n} x this", factor)?[0]));
        }
        if let Some(found) = fit("{p} of formula; {p} of DES at rho>={n}", head) {
            let tested = load.is_none_or(|rho| rho >= found[2]);
            return Some(Self::Approximate(if tested { found[1] } else { f64::INFINITY }));
        }
        if let Some(rest) = head.strip_prefix("+-") {
            return Some(Self::Within { relative: 0.0, absolute: leading(rest)? });
        }
        if head.starts_with('+') {
            return above(head);
        }
        within(head, note, load)
    }
    /// How far the measured number may be from the expected one, in its unit: what a run's precision is planned by.
    pub(super) fn allowance(&self, expected: &Expected) -> Option<f64> {
        let value = expected.number()?.abs();
        Some(match self {
            Self::Within { relative, absolute } => (relative * value).max(*absolute),
            Self::Approximate(share) => share.min(1.0) * value,
            Self::AtLeast(share) => (1.0 - share).max(0.05) * value,
            Self::Above { over, .. } => *over,
            Self::Verdict { .. } | Self::Exact { .. } | Self::Range => return None,
        })
    }
    /// From where to where a measured number is near enough, where that is a range.
    pub(super) fn band(&self, expected: &Expected) -> Option<(f64, f64)> {
        if let (Self::Range, Expected::Range(low, high)) = (self, expected) {
            return Some((*low, *high));
        }
        let value = expected.number()?;
        match self {
            Self::Within { relative, absolute } => {
                let most = (relative * value.abs()).max(*absolute);
                Some((value - most, value + most))
            }
            Self::Above { under, over } => Some((value - under, value + over)),
            Self::Approximate(share) if *share < 1.0 => Some((value / (1.0 + share), value / (1.0 - share))),
            _ => None,
        }
    }
    /// Whether `measured` is near enough.
    ///
    /// # Errors
    /// Says so if the three do not go together, such as a range for a single number.
    pub(super) fn judge(&self, expected: &Expected, measured: &Measured) -> Result<bool, String> {
        let numbers = measured.numbers();
        match (self, expected) {
            (Self::Range, Expected::Range(low, high)) => {
                Ok(numbers.iter().all(|got| *got >= low - ROUNDING && *got <= high + ROUNDING))
            }
            (_, Expected::List(wanted) | Expected::Cases(wanted)) => {
                let pairs = || wanted.iter().zip(&numbers);
                Ok(wanted.len() == numbers.len() && pairs().all(|(want, got)| self.holds(*want, *got) == Some(true)))
            }
            (_, Expected::Number(wanted)) => {
                let each: Option<Vec<bool>> = numbers.iter().map(|got| self.holds(*wanted, *got)).collect();
                let each = each.ok_or("this tolerance does not fit a single number")?;
                Ok(!each.is_empty() && each.iter().all(|holds| *holds))
            }
            (_, Expected::Range(..)) => Err("a range needs the tolerance 'range'".to_owned()),
        }
    }
    fn holds(&self, wanted: f64, got: f64) -> Option<bool> {
        let off = got - wanted;
        Some(match self {
            Self::Within { relative, absolute } => off.abs() <= (relative * wanted.abs()).max(*absolute) + ROUNDING,
            Self::Approximate(share) => off.abs() <= share * got.abs(),
            Self::Exact { later } => off >= -ROUNDING * wanted.abs().max(1.0) && off <= later + ROUNDING * wanted.abs().max(1.0),
            Self::Verdict { collapsed, recovered } => {
                wanted < *collapsed && got < *collapsed || wanted > *recovered && got > *recovered
            }
            Self::Above { under, over } => (-under - ROUNDING..=over + ROUNDING).contains(&off),
            Self::AtLeast(share) => got >= share * wanted,
            Self::Range => return None,
        })
    }
}

/// The number that a text begins with, as `3% by bisection` does; a percentage is a ratio.
fn leading(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let value: f64 = text[..end].parse().ok()?;
    let rest = text[end..].trim();
    let known = rest.is_empty() || ["%", "by ", "ms", "s"].iter().any(|start| rest.starts_with(start));
    known.then_some(if rest.starts_with('%') { value / 100.0 } else { value })
}

/// `+15 s sync +metric lag`, `+0.01 after the bucket is empty`.
fn above(text: &str) -> Option<Tolerance> {
    let (mut over, mut is_time) = (0.0, false);
    for part in text.split('+').map(str::trim).filter(|part| !part.is_empty()) {
        if let Some(seconds) = part.strip_suffix(" s sync").and_then(|n| n.parse::<f64>().ok()) {
            (over, is_time) = (over + seconds, true);
        } else if part == "metric lag" {
            (over, is_time) = (over + METRIC_LAG_S, true);
        } else {
            over += part.split(' ').next()?.parse::<f64>().ok()?;
        }
    }
    // A share that is to reach a limit may stay a little below; a time must not come early.
    let under = if is_time { 0.0 } else { 5.0 * over };
    Some(Tolerance::Above { under, over })
}

/// `3%`, `5% or 0.02ms`, `3% at n=500 (5% at .95; not tested at .99)`.
fn within(head: &str, note: &str, load: Option<f64>) -> Option<Tolerance> {
    let (head, absolute) = match head.split_once(" or ") {
        Some((head, other)) => (head, fit("{n}ms", other).or_else(|| fit("{n}", other))?[0]),
        None => (head, 0.0),
    };
    let base = fit("{p}", head).or_else(|| fit("{p} at n=500", head))?[0];
    let at_load = |at: f64| load.is_some_and(|load| (load - at).abs() < ROUNDING);
    let exceptions = note.trim_end_matches(')').split(';').filter_map(|part| {
        let part = part.trim();
        let untested = fit("not tested at {n}", part).map(|found| (found[0], UNTESTED));
        untested.or_else(|| fit("{p} at {n}", part).map(|found| (found[1], found[0])))
    });
    let relative = exceptions.filter(|(at, _)| at_load(*at)).map(|(_, share)| share).next_back().unwrap_or(base);
    Some(Tolerance::Within { relative, absolute })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(value: &str, tol: &str, measured: &Measured) -> bool {
        let tolerance = Tolerance::parse(tol, None).expect(tol);
        tolerance.judge(&Expected::parse(value).expect(value), measured).expect("fits")
    }
    fn one(value: f64) -> Measured {
        Measured::number(value)
    }

    #[test]
    fn shares_and_amounts_are_allowed_either_way() {
        assert!(judge("20", "3%", &one(20.59)) && !judge("20", "3%", &one(20.61)));
        assert!(judge("0.5", "+-0.01", &one(0.491)) && !judge("0.5", "+-0.01", &one(0.48)));
        assert!(judge("1e-7", "5% or 0.02ms", &one(0.019)) && !judge("1", "5% or 0.02ms", &one(1.06)));
        assert!(judge("9.7", "8% (>=2e4 s simulated)", &one(10.4)));
        assert!(judge("0.5", "+-0.03 by bisection over load, 600 s after trigger", &one(0.52)));
        assert!(judge("1.02", "2% (bucket 5-10 tokens, >=1e5 calls/client)", &one(1.03)));
        assert!(judge("0.9", "+-0.01 (overload if >=1)", &one(0.905)));
    }

    #[test]
    fn lists_must_agree_element_by_element() {
        assert!(judge("3>4", "exact", &Measured::List(vec![3.0, 4.0])));
        assert!(!judge("3>4", "exact", &Measured::List(vec![3.0])));
        let waits = Measured::List(vec![0.0, 10.0, 29.0]);
        assert!(judge("0/10/20", "exact (kubelet sync jitter <= 10 s)", &waits));
        assert!(!judge("0/10/20", "exact", &waits));
        assert!(judge("100 (50 if timeouts)", "exact", &Measured::List(vec![100.0, 50.0])));
        assert!(judge("100.0/170.7", "1%", &Measured::List(vec![100.9, 170.0])));
    }

    #[test]
    fn ranges_verdicts_and_one_sided_tolerances() {
        assert!(judge("21..31", "range", &Measured::List(vec![21.0, 30.9])));
        assert!(!judge("21..31", "range", &Measured::List(vec![20.0, 30.9])));
        assert!(judge("0.04", "verdict: <0.2 collapsed, >0.95 recovered", &one(0.0)));
        assert!(!judge("0.04", "verdict", &one(0.5)) && judge("0.998", "verdict", &one(1.001)));
        assert!(judge("1.2", "+0.01 after the bucket is empty", &one(1.2095)));
        assert!(!judge("1.2", "+0.01 after the bucket is empty", &one(1.0)));
        assert!(judge("300", "+15 s sync +metric lag", &one(330.0)) && !judge("300", "+15 s sync +metric lag", &one(299.0)));
        assert!(judge("0.5", "DAGOR >= 0.9 x this", &one(0.45)) && !judge("0.5", "DAGOR >= 0.9 x this", &one(0.44)));
    }

    #[test]
    fn a_tolerance_may_depend_on_the_load() {
        let text = "3% at n=500 (5% at .95; not tested at .99)";
        let share = |load| Tolerance::parse(text, Some(load));
        assert_eq!(share(0.5), Some(Tolerance::Within { relative: 0.03, absolute: 0.0 }));
        assert_eq!(share(0.95), Some(Tolerance::Within { relative: 0.05, absolute: 0.0 }));
        assert_eq!(share(0.99), Some(Tolerance::Within { relative: 0.10, absolute: 0.0 }));
        let text = "0.1% of formula; 20% of DES at rho>=.8";
        assert_eq!(Tolerance::parse(text, Some(0.8)), Some(Tolerance::Approximate(0.2)));
    }

    #[test]
    fn unknown_tolerances_are_not_guessed() {
        for text in ["", "about 3", "close", "3% of the time", "verdict: maybe", "+-x"] {
            assert_eq!(Tolerance::parse(text, None), None, "{text}");
        }
    }
}
