//! The collector of spans: bounded, and honest about what it leaves out.
//!
//! Where the sampled requests cause more spans than a scrape carries, whole traces are left out, by a hash of their number
//! against a share that follows the load: half of each trace would tell less than all of each second one.

use crate::rng;
use crate::telemetry::Span;

/// Spans in one scrape.
pub const SPANS_LEN_MAX: usize = 512;
/// Spans that the share of traces kept aims at: room is left for a scrape that happens to be busier.
const SPANS_AIM: f64 = 384.0;
/// By how much the share may grow from scrape to scrape.
const GROWTH_MAX: f64 = 1.25;
const KEEP: u64 = rng::label("keep trace");

/// Spans since the last scrape.
#[derive(Clone, Debug)]
pub(super) struct SpanCollector {
    spans: Vec<Span>,
    /// Spans left out, with their traces or because there was no room.
    dropped: u32,
    /// Share of traces that are kept.
    keep: f64,
}

impl Default for SpanCollector {
    fn default() -> Self {
        Self { spans: Vec::new(), dropped: 0, keep: 1.0 }
    }
}

impl SpanCollector {
    /// A span arrives.
    pub fn take_in(&mut self, span: &Span) {
        if self.spans.len() < SPANS_LEN_MAX && (self.keep >= 1.0 || rng::chance(rng::fold(span.trace, KEEP), self.keep)) {
            self.spans.push(*span);
        } else {
            self.dropped += 1;
        }
    }
    /// What is told at a scrape: spans, and how many were left out.
    pub fn roll(&mut self) -> (Vec<Span>, u32) {
        let offered = self.spans.len() as f64 + f64::from(self.dropped);
        let share = if offered > 0.0 { SPANS_AIM / offered } else { 1.0 };
        self.keep = share.min(self.keep * GROWTH_MAX).min(1.0);
        (std::mem::take(&mut self.spans), std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ServiceId;
    use crate::units::{SimDuration, SimTime};

    fn span(trace: u64, id: u64) -> Span {
        let (start, duration) = (SimTime::ZERO, SimDuration::ZERO);
        Span { trace, id, parent: None, service: ServiceId(0), start, duration, is_ok: true }
    }

    #[test]
    fn a_scrape_is_bounded_and_what_is_left_out_is_counted_and_whole() {
        let mut collector = SpanCollector::default();
        let scrapes: Vec<(Vec<Span>, u32)> = (0..20)
            .map(|scrape| {
                (0..400).for_each(|trace| (0..5).for_each(|n| collector.take_in(&span(scrape * 400 + trace, trace * 5 + n))));
                collector.roll()
            })
            .collect();
        assert!(scrapes.iter().all(|(spans, dropped)| spans.len() <= SPANS_LEN_MAX && spans.len() as u32 + dropped == 2_000));
        for (spans, _) in &scrapes[1..] {
            assert!((200..=SPANS_LEN_MAX).contains(&spans.len()), "{}", spans.len());
            let whole = |s: &Span| spans.iter().filter(|other| other.trace == s.trace).count() == 5;
            assert!(spans.len() == SPANS_LEN_MAX || spans.iter().all(whole));
        }
    }

    #[test]
    fn a_calm_collector_keeps_everything_again() {
        let mut collector = SpanCollector::default();
        (0..5_000).for_each(|n| collector.take_in(&span(n, n)));
        collector.roll();
        for _ in 0..20 {
            (0..100).for_each(|n| collector.take_in(&span(n, n)));
            collector.roll();
        }
        (0..100).for_each(|n| collector.take_in(&span(n, n)));
        assert_eq!(collector.roll().0.len(), 100);
    }
}
