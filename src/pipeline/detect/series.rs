//! All detectors of one series, and what they say together.
//!
//! Each detector's score becomes evidence in nats by its own tail ([`Tail`]); evidence adds up, weighted, as independent tail
//! probabilities multiply (Fisher). The weights say how far a detector was worth its false alarms, see docs/benchmarks.md.

use super::alarm::{ALARM_SCORE, Refractory};
use super::entropy::Entropy;
use super::range::Range;
use super::seasonal::Seasonal;
use super::shift::Shift;
use super::subspace::Subspace;
use super::tail::Tail;

/// A detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sample far from the level, or from its phase's profile.
    Level,
    /// The short mean against the long one.
    Shift,
    /// The short spread against the long one.
    Spread,
    /// A course unlike those before.
    Shape,
    /// A spread of values over bins unlike those before.
    Entropy,
    /// A value outside the range seen.
    Range,
}

impl Kind {
    /// All, in the order of [`Reading::evidence`].
    pub const ALL: [Self; 6] = [Self::Level, Self::Shift, Self::Spread, Self::Shape, Self::Entropy, Self::Range];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Shift => "shift",
            Self::Spread => "spread",
            Self::Shape => "shape",
            Self::Entropy => "entropy",
            Self::Range => "range",
        }
    }
    /// Its weight in the sum.
    fn weight(self) -> f64 {
        match self {
            Self::Level => 0.6,
            Self::Shift | Self::Shape => 0.1,
            Self::Spread => 0.3,
            Self::Entropy | Self::Range => 1.0,
        }
    }
}

/// What one detector says of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// Which detector.
    pub kind: Kind,
    /// What it measured: the value (Level, Range), a short average of standardised samples (Shift) or the logarithm of one
    /// of their steps (Spread), a residual in standard deviations (Shape), twice the divergence in nats (Entropy).
    pub value: f64,
    /// What is usual, in the same unit: the expected value, the nearer end of the range, the long average, the usual
    /// residual, the divergence that one sample in fifty exceeds.
    pub reference: f64,
    /// Nats of surprise above one in fifty; 0 if none.
    pub nats: f64,
}

/// What the detectors say of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// 0 (nothing new) to 1, after the rest that follows an alarm; [`ALARM_SCORE`] is where alarms begin.
    pub score: f64,
    /// All evidence, weighted, before the rest: for showing.
    pub nats: f64,
    /// Each detector's part, in the order of [`Kind::ALL`].
    pub evidence: [Evidence; 6],
}

impl Reading {
    /// Whether to alarm.
    pub fn is_alarm(&self) -> bool {
        self.score >= ALARM_SCORE
    }
    /// The detector that says most, weighted.
    pub fn main(&self) -> &Evidence {
        let says = |e: &Evidence| e.nats * e.kind.weight();
        self.evidence.iter().fold(&self.evidence[0], |most, e| if says(e) > says(most) { e } else { most })
    }
}

/// Samples before a value outside the range is told.
const RANGE_SETTLED: u32 = 20;
/// Nats for a value outside the range by its whole width, and most nats.
const BEYOND: (f64, f64) = (20.0, 4.0);
/// Where the range is known: nats for a new extreme that widens the seen range by all of the known one, nats for being at
/// the known end rather than in the middle, and most nats.
const KNOWN_RANGE: (f64, f64, f64) = (6.0, 3.6, 3.6);
/// Least standard deviation, as a share of the range: what a metric rounds.
const FLOOR: f64 = 1e-3;
/// Short pasts of the entropy detector, samples, and their weights: a spike's train needs a short one, a changed mix a long.
const PASTS: ([u16; 3], u16) = ([30, 52, 100], 20);
const PAST_WEIGHTS: [f64; 4] = [0.6, 1.0, 0.6, 0.6];
/// Tails: level, shift, spread, shape, and one a past.
const TAILS: usize = 8;

/// The detectors of one series. About 1.4 kB, no allocation, O(1) a sample.
#[derive(Clone, Debug)]
pub struct SeriesDetector {
    given: Option<Range>,
    seen: Option<Range>,
    samples: u32,
    seasonal: Seasonal,
    shift: Shift,
    shape: Subspace,
    entropies: [Entropy<5>; 3],
    fine: Entropy<10>,
    tails: [Tail; TAILS],
    refractory: Refractory,
}

impl SeriesDetector {
    /// Detectors that have seen nothing. `range`: the values' range, if it is known beforehand.
    pub fn new(range: Option<Range>) -> Self {
        Self {
            given: range,
            seen: None,
            samples: 0,
            seasonal: Seasonal::default(),
            shift: Shift::default(),
            shape: Subspace::default(),
            entropies: PASTS.0.map(Entropy::new),
            fine: Entropy::new(PASTS.1),
            tails: std::array::from_fn(|_| Tail::default()),
            refractory: Refractory::default(),
        }
    }
    /// Takes a sample in. `phase`: its place in the cycle (a day), 0 to 1, if samples carry a time of day. `None` if the
    /// value is no finite number: a gap teaches nothing.
    pub fn update(&mut self, x: f64, phase: Option<f64>) -> Option<Reading> {
        if !x.is_finite() {
            return None;
        }
        self.samples = self.samples.saturating_add(1);
        let seen = self.seen.unwrap_or(Range { low: x, high: x });
        let now = seen.with(x);
        self.seen = Some(now);
        let floor = now.width() * FLOOR + f64::MIN_POSITIVE;
        let deviation = self.seasonal.update(x, phase, floor);
        let (mean, spread) = self.shift.update(deviation.from_level, x, floor);
        let (shape, residual, usual) = self.shape.update(deviation.from_level);
        let scores = [deviation.z.abs(), mean.score, spread.score, shape];
        let mut nats = [0.0; 4];
        nats.iter_mut().zip(&mut self.tails).zip(scores).for_each(|((n, tail), score)| *n = f64::from(tail.update(score)));
        let evidence = |kind, value, reference, nats| Evidence { kind, value, reference, nats };
        let all = [
            evidence(Kind::Level, x, deviation.expected, nats[0]),
            evidence(Kind::Shift, mean.short, mean.long, nats[1]),
            evidence(Kind::Spread, spread.short, spread.long, nats[2]),
            evidence(Kind::Shape, residual, usual, nats[3]),
            self.entropy(x, seen, now),
            self.range(x, seen),
        ];
        let nats = all.iter().map(|e| e.nats * e.kind.weight()).sum();
        Some(Reading { score: self.refractory.score(nats), nats, evidence: all })
    }
    /// The entropy detectors' sum; value and reference are those of the one that says most.
    fn entropy(&mut self, x: f64, seen: Range, now: Range) -> Evidence {
        let (before, after) = self.given.map_or((seen, now), |given| (given, given));
        let [a, b, c] = &mut self.entropies;
        let scores = [
            a.update(x, before, after),
            b.update(x, before, after),
            c.update(x, before, after),
            self.fine.update(x, before, after),
        ];
        let mut said = Evidence { kind: Kind::Entropy, value: scores[1], reference: self.tails[5].threshold(), nats: 0.0 };
        let mut most = 0.0;
        for ((tail, score), weight) in self.tails[4..].iter_mut().zip(scores).zip(PAST_WEIGHTS) {
            let reference = tail.threshold();
            let nats = weight * f64::from(tail.update(score));
            said.nats += nats;
            if nats > most {
                (most, said.value, said.reference) = (nats, score, reference);
            }
        }
        said
    }
    fn range(&self, x: f64, seen: Range) -> Evidence {
        let beyond = seen.beyond(x);
        let reference = x.clamp(seen.low, seen.high);
        let mut nats = 0.0;
        if beyond > 0.0 && self.samples > RANGE_SETTLED {
            nats = (BEYOND.0 * beyond).min(BEYOND.1);
            if let Some(given) = self.given {
                let (widening, at_end, most) = KNOWN_RANGE;
                let width = given.width().max(f64::MIN_POSITIVE);
                let middle = (given.low + given.high) / 2.0;
                let side = (x - reference).signum();
                nats += (widening * (x - reference).abs() / width + at_end * side * (x - middle) / width).clamp(0.0, most);
            }
        }
        Evidence { kind: Kind::Range, value: x, reference, nats }
    }
}
