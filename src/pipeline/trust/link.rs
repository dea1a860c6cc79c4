//! A link: the rate that a service tells of itself against what its callers count on their calls to it.

use crate::telemetry::Metric;

/// Failures on either side of a call from which on the two counts need not agree.
pub(super) const LINK_ERRORS_MAX: f64 = 0.05;
/// Calls within a metric window for the counts of both ends to be compared.
pub(super) const LINK_CALLS_MIN: f64 = 10.0;
/// Calls within a metric window by which they must differ: more than end between one end's look and the other's.
const LINK_CALLS_OFF: f64 = 8.0;
/// Scrapes after which the usual ratio of the two counts is known.
const LINK_KNOWN: u32 = 15;
/// Weight of a scrape in the usual ratio.
const LINK_WEIGHT: f64 = 1.0 / 60.0;
/// Usual ratios at which callers account for all that a service serves.
const LINK_USUAL: (f64, f64) = (0.8, 1.25);
/// Times the usual ratio from which on the ends contradict each other: calls that end between two scrapes make a few per cent.
const LINK_OFF: f64 = 1.4;
/// Scrapes in a row for a contradiction to count, and to be over.
const LINK_SCRAPES: (u32, u32) = (3, 3);
/// A service's own count against its callers'.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Link {
    known: u32,
    usual: f64,
    off: u32,
    fits: u32,
    /// Own rate and the callers' sum, if they can be compared now.
    pub(super) now: Option<(f64, f64)>,
}

impl Link {
    /// Takes one scrape's rates in; `None` if they cannot be compared.
    /// `is_slower`: it also tells longer latencies than any caller has waited. A service may serve more than its callers
    /// count, because they gave up or hedged, but then its answers are not the slower ones.
    pub(super) fn push(&mut self, now: Option<(f64, f64)>, is_slower: bool) {
        self.now = now;
        let Some((own, theirs)) = now else {
            (self.off, self.fits) = (0, 0);
            return;
        };
        let ratio = own / theirs;
        if self.known < LINK_KNOWN {
            self.known += 1;
            self.usual += (ratio - self.usual) / f64::from(self.known);
            return;
        }
        let change = ratio / self.usual.max(f64::MIN_POSITIVE);
        let is_apart = (own - theirs * self.usual).abs() * Metric::WINDOW_S as f64 >= LINK_CALLS_OFF;
        let can_be = change > 1.0 && !is_slower;
        if self.is_comparable() && is_apart && !can_be && !(1.0 / LINK_OFF..=LINK_OFF).contains(&change) {
            (self.off, self.fits) = (self.off.saturating_add(1), 0);
        } else {
            self.fits = self.fits.saturating_add(1);
            self.usual += LINK_WEIGHT * (ratio - self.usual);
            if self.fits >= LINK_SCRAPES.1 {
                self.off = 0;
            }
        }
    }
    /// Whether the callers usually account for all.
    pub(super) fn is_comparable(&self) -> bool {
        self.known >= LINK_KNOWN && (LINK_USUAL.0..=LINK_USUAL.1).contains(&self.usual)
    }
    /// Whether the two ends contradict each other.
    pub(super) fn is_off(&self) -> bool {
        self.off >= LINK_SCRAPES.0
    }
}
