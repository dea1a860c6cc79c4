//! Whether a service does more or less than usual for each request of those who call it, told by its spans.
//!
//! Each sampled request of a caller makes so many spans due at each callee, by the share that was usual on that edge. Spans
//! seen against spans due, over some ten seconds, is the shift: retries and new loops raise it, failing early and calls that
//! were dropped lower it. Whether it is more than chance is judged by how far single scrapes were off before: retried calls
//! come in bunches, so counts vary more than a Poisson law has it.
//!
//! Bounds: five numbers a service.

use super::types::Evidence;
use crate::math;

/// Weight that the sums keep from scrape to scrape: they look back some ten seconds.
const KEPT: f64 = 0.9;
/// Weight of a scrape in the usual spread: five minutes.
const SPREAD_WEIGHT: f64 = 1.0 / 300.0;
/// Scrapes with spans due until the spread is known.
const SPREAD_KNOWN: u32 = 30;
/// Least spread, as a share of a Poisson law's: a call that every request makes once still ends in the next scrape at times.
const SPREAD_MIN: f64 = 0.25;
/// Squared standard deviations by which one scrape may move the spread.
const SURPRISE_MAX: f64 = 9.0;
/// Spans due below which nothing is said.
const DUE_MIN: f64 = 10.0;
/// Standard deviations beyond which it is not chance: by a normal law not once in a day of a thousand services.
const SIGNIFICANT: f64 = 6.0;
/// Spans for each one due from which on it is worth saying; and its inverse.
const MATERIAL: f64 = 1.25;

/// Fewer spans for each one due are as good as none.
const RATIO_MIN: f64 = 0.01;

/// A shift that is worth saying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SpanShift {
    /// Spans for each one due.
    pub ratio: f64,
}

impl SpanShift {
    /// The logarithm of the ratio, above 0 if there are more than due.
    pub fn log_ratio(self) -> f64 {
        math::ln(self.ratio.max(RATIO_MIN))
    }
    /// In a line.
    pub fn evidence(self) -> Evidence {
        let text = format!("{:.1} spans for each one that its callers' requests make due", self.ratio);
        Evidence { text, metric: None, value: self.ratio, reference: 1.0 }
    }
}

/// Spans of one service, seen and due.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spans {
    seen: f64,
    due: f64,
    /// Sum of the squares of the weights, times spans due: what the spread of `seen` goes by.
    due_squared: f64,
    /// Variance of the spans of a scrape for each one due.
    spread: f64,
    scrapes: u32,
}

impl Spans {
    /// Takes in a scrape.
    pub fn update(&mut self, seen: f64, due: f64) {
        self.seen = self.seen * KEPT + seen;
        self.due = self.due * KEPT + due;
        self.due_squared = self.due_squared * KEPT * KEPT + due;
        if due > 0.0 {
            self.scrapes = self.scrapes.saturating_add(1);
            let (off, spread) = (seen - due, self.spread.max(SPREAD_MIN));
            let surprise = if self.scrapes > SPREAD_KNOWN { SURPRISE_MAX * spread } else { f64::INFINITY };
            let weight = SPREAD_WEIGHT.max(1.0 / f64::from(self.scrapes));
            self.spread += ((off * off / due).min(surprise) - self.spread) * weight;
        }
    }
    /// The shift, if it is no chance and large enough.
    pub fn shift(&self) -> Option<SpanShift> {
        if self.scrapes <= SPREAD_KNOWN || self.due < DUE_MIN {
            return None;
        }
        let ratio = self.seen / self.due;
        let deviation = (self.spread.max(SPREAD_MIN) * self.due_squared).sqrt();
        let is_material = ratio >= MATERIAL || ratio <= 1.0 / MATERIAL;
        (is_material && (self.seen - self.due).abs() >= SIGNIFICANT * deviation).then_some(SpanShift { ratio })
    }
}

#[cfg(test)]
mod tests;
