//! Spans put together: a span names the span that asked for it, and only through that one does it say who called.
//!
//! A child mostly arrives before its parent, which waits for it, but a late answer comes after the caller has given up, and
//! telemetry may be slow. So children wait for their parents, and parents are remembered for their children.
//!
//! Bounds: [`KNOWN_LEN_MAX`] spans remembered and [`WAITING_LEN_MAX`] waiting, each for [`KEPT`]; the oldest of more are
//! forgotten. A scrape costs a sort of its own spans and a pass over these. Flat, so that a checkpoint copies two blocks.

use crate::ids::ServiceId;
use crate::telemetry::Span;
use crate::units::{SimDuration, SimTime};

/// Spans remembered for their children.
const KNOWN_LEN_MAX: usize = 2_048;
/// Spans that wait for their parents.
const WAITING_LEN_MAX: usize = 1_024;
/// How long either lasts: longer than the time-outs of calls.
const KEPT: SimDuration = SimDuration::from_secs(60);

/// A call that was seen: both of its ends have told of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Joined {
    pub from: ServiceId,
    pub to: ServiceId,
    /// When it reached the callee.
    pub start: SimTime,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    id: u64,
    arrived: SimTime,
    service: ServiceId,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    parent: u64,
    arrived: SimTime,
    start: SimTime,
    service: ServiceId,
}

/// Spans whose other ends may still come.
#[derive(Clone, Debug, Default)]
pub(super) struct Joiner {
    /// In order of their numbers.
    known: Vec<Known>,
    /// In order of arrival.
    waiting: Vec<Waiting>,
}

impl Joiner {
    /// Takes in the spans of a scrape; the calls that they complete.
    pub fn join(&mut self, now: SimTime, spans: &[Span]) -> Vec<Joined> {
        self.known.retain(|known| now.since(known.arrived) <= KEPT);
        self.waiting.retain(|child| now.since(child.arrived) <= KEPT);
        self.known.extend(spans.iter().map(|s| Known { id: s.id, arrived: now, service: s.service }));
        self.known.sort_unstable_by_key(|known| known.id);
        let children =
            spans.iter().filter_map(|s| Some(Waiting { parent: s.parent?, arrived: now, start: s.start, service: s.service }));
        self.waiting.extend(children);
        let (known, mut joined) = (&self.known, Vec::new());
        self.waiting.retain(|child| {
            let Ok(at) = known.binary_search_by_key(&child.parent, |k| k.id) else { return true };
            joined.push(Joined { from: known[at].service, to: child.service, start: child.start });
            false
        });
        self.forget_oldest();
        joined
    }
    /// Keeps to the bounds.
    fn forget_oldest(&mut self) {
        let excess = self.waiting.len().saturating_sub(WAITING_LEN_MAX);
        self.waiting.drain(..excess);
        let excess = self.known.len().saturating_sub(KNOWN_LEN_MAX);
        if excess > 0 {
            let mut arrivals: Vec<(SimTime, u64)> = self.known.iter().map(|k| (k.arrived, k.id)).collect();
            arrivals.sort_unstable();
            let newest_lost = arrivals[excess - 1];
            self.known.retain(|k| (k.arrived, k.id) > newest_lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u64, parent: Option<u64>, service: u32) -> Span {
        let (start, duration) = (SimTime::from_secs(id), SimDuration::from_millis(5));
        Span { trace: 1, id, parent, service: ServiceId(service), start, duration, is_ok: true }
    }

    fn call(from: u32, to: u32, second: u64) -> Joined {
        Joined { from: ServiceId(from), to: ServiceId(to), start: SimTime::from_secs(second) }
    }

    #[test]
    fn children_find_their_parents_whichever_comes_first_and_once() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.join(SimTime::from_secs(1), &[span(3, Some(2), 7)]), []);
        assert_eq!(joiner.join(SimTime::from_secs(2), &[span(2, Some(1), 6), span(1, None, 5)]), [call(6, 7, 3), call(5, 6, 2)]);
        assert_eq!(joiner.join(SimTime::from_secs(3), &[span(4, Some(1), 8)]), [call(5, 8, 4)]);
        assert_eq!(joiner.join(SimTime::from_secs(4), &[]), []);
    }

    #[test]
    fn what_waits_too_long_is_forgotten_and_memory_is_bounded() {
        let mut joiner = Joiner::default();
        joiner.join(SimTime::from_secs(1), &[span(1, None, 5), span(9, Some(8), 5)]);
        assert_eq!(joiner.join(SimTime::from_secs(62), &[span(2, Some(1), 6), span(8, None, 4)]), []);
        for second in 0..20 {
            let spans: Vec<Span> = (0..500).map(|n| span(1_000 + second * 500 + n, Some(n), 6)).collect();
            joiner.join(SimTime::from_secs(63 + second), &spans);
        }
        assert_eq!((joiner.known.len(), joiner.waiting.len()), (KNOWN_LEN_MAX, WAITING_LEN_MAX));
        let newest = span(99_999, Some(1_000 + 19 * 500), 1);
        assert_eq!(joiner.join(SimTime::from_secs(90), &[newest]).len(), 1, "the newest are those that are kept");
    }
}
