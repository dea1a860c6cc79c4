//! Signs of a coming breach: what a series, its service and those whom it calls show now. Each is a number near 0 when it says
//! nothing and about 1 when it is plain; values are shares of the threshold, so that all series are read alike.

use super::line::{Line, median, slope, square};
use crate::math;

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Held before looking.
    Prior,
    /// Probability by the robust line and the scatter around it alone.
    Line,
    /// The robust line rises and is there within the horizon.
    Trend,
    /// Where the newest third of the window goes until the horizon.
    Rising,
    /// The newest value, above half the threshold.
    Level,
    /// How near the newest value is to the threshold.
    Near,
    /// How near it is, in scatters of the series.
    Scatters,
    /// The highest value of the window.
    Peak,
    /// Share of the window at or above the threshold.
    Over,
    /// How lately it was at or above the threshold.
    Lately,
    /// The scatter of the series.
    Rough,
    /// The newest values beside those of the whole window.
    Jump,
    /// Share of the last two minutes at or above the threshold.
    Often,
    /// How often it went above the threshold in these.
    Flaps,
    /// Its usual level.
    Usual,
    /// Few requests, so that ratios and percentiles are coarse.
    Thin,
    /// How near its service's other metrics are to their thresholds.
    Strain,
    /// Another metric of its service is at or above its threshold.
    Strained,
    /// How near errors and latency of those whom it calls are to their thresholds.
    Callees,
    /// Errors or latency of somebody whom it calls are at or above their thresholds.
    CalleesIll,
    /// Requests beside the usual, its own or those of who calls it.
    Load,
    /// Instances missing.
    Missing,
}

impl Sign {
    /// How many there are.
    pub const COUNT: usize = 22;
    /// All, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Prior,
        Self::Line,
        Self::Trend,
        Self::Rising,
        Self::Level,
        Self::Near,
        Self::Scatters,
        Self::Peak,
        Self::Over,
        Self::Lately,
        Self::Rough,
        Self::Jump,
        Self::Often,
        Self::Flaps,
        Self::Usual,
        Self::Thin,
        Self::Strain,
        Self::Strained,
        Self::Callees,
        Self::CalleesIll,
        Self::Load,
        Self::Missing,
    ];
    /// In words, after "because of".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Prior => "what is usual",
            Self::Line | Self::Trend | Self::Rising => "its trend",
            Self::Level | Self::Near | Self::Scatters => "how near it is",
            Self::Peak | Self::Over | Self::Lately | Self::Often | Self::Flaps => "having been there before",
            Self::Rough => "its scatter",
            Self::Usual => "its usual level",
            Self::Thin => "few requests",
            Self::Jump => "a jump",
            Self::Strain | Self::Strained => "other metrics of the service",
            Self::Callees | Self::CalleesIll => "services that it calls",
            Self::Load => "the load",
            Self::Missing => "missing instances",
        }
    }
}

/// How strong each sign is, in the order of [`Sign::ALL`].
pub type Signs = [f64; Sign::COUNT];

/// What is seen around a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Around {
    /// The highest of the service's other metrics, as a share of its threshold.
    pub strain: f64,
    /// The highest of errors and latency of those whom it calls, the same way.
    pub callees: f64,
    /// Requests over the usual, its own or its callers'; 0 if not known.
    pub load: f64,
    /// Share of the wanted instances that is not ready.
    pub missing: f64,
    /// The usual level of the series itself, as a share of its threshold; 0 if not known.
    pub usual: f64,
    /// Requests in a metric window.
    pub requests: f64,
}

/// Shares of the threshold that count at most.
const SHARE_MAX: f64 = 1.5;
/// Distance from the threshold, as a share of it, at which nearness has fallen to a third.
const NEAR: f64 = 0.1;
/// Seconds after which having been there counts a third.
const LATELY_S: f64 = 8.0;
/// Times above the threshold that count as often.
const FLAPS: f64 = 8.0;
/// Horizons after which a line comes too late for certain.
const LATE: f64 = 1.2;
/// Samples that are the newest.
const NEWEST: usize = 3;

/// What was seen of a series, as (seconds relative to now, value).
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// All that counts.
    pub past: &'a [(f64, f64)],
    /// Its newest part.
    pub samples: &'a [(f64, f64)],
    /// These thinned.
    pub points: &'a [(f64, f64)],
}

impl Sign {
    /// Whether it says something of what accumulates. That comes to its threshold along its course, however near or restless
    /// it is: a full cache that stays is no sign. (The simulator's memory has no noise, so a fit cannot know.)
    const fn is_of_what_fills(self) -> bool {
        !matches!(
            self,
            Self::Level | Self::Near | Self::Scatters | Self::Peak | Self::Rough | Self::Jump | Self::Usual | Self::Strain
        )
    }
}

/// The signs of a series that accumulates.
pub(super) fn of_what_fills(signs: Signs) -> Signs {
    let mut kept = signs;
    for (sign, strength) in Sign::ALL.into_iter().zip(&mut kept) {
        if !sign.is_of_what_fills() {
            *strength = 0.0;
        }
    }
    kept
}

/// The signs of a series, through which `line` goes and what that says alone.
pub(super) fn signs(seen: Seen, (line, by_line): (Line, f64), (threshold, horizon_s): (f64, f64), around: Around) -> Signs {
    let Seen { past, samples, points } = seen;
    let share = |value: f64| (value / threshold).clamp(0.0, SHARE_MAX);
    let now = samples.last().map_or(0.0, |(_, v)| share(*v));
    let recent = &points[points.len() - (points.len() / 3).max(3).min(points.len())..];
    let peak = samples.iter().map(|(_, v)| share(*v)).fold(0.0, f64::max);
    let is_over = |sample: &&(f64, f64)| sample.1 >= threshold;
    let over = |of: &[(f64, f64)]| of.iter().filter(is_over).count() as f64 / of.len().max(1) as f64;
    let last_over = samples.iter().rev().find(is_over);
    let flaps = past.windows(2).filter(|two| two[0].1 < threshold && two[1].1 >= threshold).count();
    let newest = &samples[samples.len().saturating_sub(NEWEST)..];
    let newest_mean = newest.iter().map(|(_, v)| share(*v)).sum::<f64>() / newest.len().max(1) as f64;
    let usual = median(points.iter().map(|(_, v)| share(*v)).collect());
    let strained = |value: f64| f64::from(u8::from(value >= 1.0));
    let value_of = |sign: Sign| match sign {
        Sign::Prior => 1.0,
        Sign::Line => by_line,
        Sign::Trend => trend(line, threshold, horizon_s),
        Sign::Rising => (slope(recent) * horizon_s / threshold).clamp(-1.0, SHARE_MAX),
        Sign::Level => now.max(0.5) - 0.5,
        Sign::Near => math::exp(-(1.0 - now).max(0.0) / NEAR),
        Sign::Scatters => math::exp(-square((1.0 - now).max(0.0) * threshold / line.scatter) / 8.0),
        Sign::Peak => peak.min(1.0),
        Sign::Over => over(samples),
        Sign::Often => over(past),
        Sign::Flaps => (flaps as f64 / FLAPS).min(1.0),
        Sign::Usual => around.usual.min(SHARE_MAX),
        Sign::Thin => 1.0 / (1.0 + around.requests).sqrt(),
        Sign::Lately => last_over.map_or(0.0, |(t, _)| math::exp(t / LATELY_S)),
        Sign::Rough => (line.scatter / threshold).min(0.5),
        Sign::Jump => (newest_mean - usual).clamp(-1.0, 1.0),
        Sign::Strain => around.strain.min(1.0),
        Sign::Strained => strained(around.strain),
        Sign::Callees => around.callees.min(1.0),
        Sign::CalleesIll => strained(around.callees),
        Sign::Load => {
            if around.load > 0.0 {
                math::ln(around.load).clamp(-1.0, 2.0)
            } else {
                0.0
            }
        }
        Sign::Missing => around.missing,
    };
    Sign::ALL.map(value_of)
}

/// 1 if a line that rises reaches the threshold well within the horizon, 0 if only well after it.
fn trend(line: Line, threshold: f64, horizon_s: f64) -> f64 {
    let way = threshold - line.level;
    if line.slope <= 0.0 || way <= 0.0 {
        return 0.0;
    }
    ((LATE * horizon_s - way / line.slope) / (2.0 * (LATE - 1.0) * horizon_s)).clamp(0.0, 1.0)
}
