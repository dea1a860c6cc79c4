//! DAGOR: priority admission by queuing time (Zhou et al., Overload Control for Scaling `WeChat` Microservices, `SoCC`
//! 2018, algorithm 1 with the errata of arXiv:1806.04075v3).
//!
//! Every request carries a level, business priority times 128 plus user priority, 0 being the most important; it is
//! admitted up to the instance's threshold. At the end of a window whose mean queuing time was too long the threshold
//! falls, by the window's histogram of levels, until at most 1 - alpha of what was admitted would be; otherwise it rises
//! until beta of what came would be admitted on top. Level 0 is always admitted: somebody has to show that the queue
//! has gone.

use crate::topology::Shedding;
use crate::units::{SimDuration, SimTime};

/// Requests of one window whose levels are kept: thirty times the paper's window. Beyond it, where nothing leaves the
/// queue for long, the sample is as good as the whole.
const LEVELS_MAX: usize = 65_536;

/// The admission control of one instance.
#[derive(Clone, Debug)]
pub(in crate::sim) struct DagorState {
    threshold: u16,
    /// The levels of the window's requests: a histogram of all levels would be mostly zeros. At most [`LEVELS_MAX`].
    levels: Vec<u16>,
    incoming: u32,
    admitted: u32,
    began: SimTime,
    waited_ns: u64,
    waits: u32,
}

impl DagorState {
    /// Admits everything.
    pub const fn new(now: SimTime) -> Self {
        Self { threshold: u16::MAX, levels: Vec::new(), incoming: 0, admitted: 0, began: now, waited_ns: 0, waits: 0 }
    }
    /// Counts a request and says whether it may enter the queue.
    pub fn admit(&mut self, _now: SimTime, level: u16) -> bool {
        if self.levels.len() < LEVELS_MAX {
            self.levels.push(level);
        }
        self.incoming += 1;
        let admitted = level <= self.threshold;
        self.admitted += u32::from(admitted);
        admitted
    }
    /// A request has left the queue to be worked on (or dropped). Ends the window when it is over: in time, or in
    /// requests that came.
    pub fn queued(&mut self, policy: &Shedding, now: SimTime, waited: SimDuration) {
        let Shedding::Dagor { queue_max, window, window_requests, alpha, beta } = *policy else { return };
        self.waited_ns = self.waited_ns.saturating_add(waited.as_nanos());
        self.waits += 1;
        if now.since(self.began) < window && self.incoming < window_requests {
            return;
        }
        self.levels.sort_unstable();
        if self.waited_ns / u64::from(self.waits) > queue_max.as_nanos() {
            self.lower(alpha);
        } else {
            self.raise(beta);
        }
        self.levels.clear();
        *self = Self { threshold: self.threshold, levels: std::mem::take(&mut self.levels), ..Self::new(now) };
    }
    /// The highest level that is admitted.
    #[cfg(test)]
    pub const fn threshold(&self) -> u16 {
        self.threshold
    }

    fn lower(&mut self, alpha: f64) {
        let target = (1.0 - alpha) * f64::from(self.admitted);
        let (mut expected, before) = (f64::from(self.admitted), self.threshold);
        for same in self.levels.chunk_by(|a, b| a == b).rev().skip_while(|same| same[0] > before) {
            if expected <= target || same[0] == 0 {
                break;
            }
            expected -= same.len() as f64;
            self.threshold = same[0] - 1;
        }
        if expected > target {
            self.threshold = 0;
        }
    }
    fn raise(&mut self, beta: f64) {
        let target = f64::from(self.admitted) + beta * f64::from(self.incoming);
        let (mut expected, before) = (f64::from(self.admitted), self.threshold);
        for same in self.levels.chunk_by(|a, b| a == b).skip_while(|same| same[0] <= before) {
            if expected >= target {
                return;
            }
            expected += same.len() as f64;
            self.threshold = same[0];
        }
        if expected < target {
            self.threshold = u16::MAX;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Shedding = Shedding::DAGOR;
    const LEVELS: u16 = 1_280;

    /// A second with one request per level (ten business priorities), all of which wait this long; how many come in.
    fn second(dagor: &mut DagorState, start_s: u64, wait_ms: u64) -> usize {
        let now = SimTime::from_secs(start_s);
        let admitted = (0..LEVELS).filter(|&level| dagor.admit(now, level)).count();
        let waited = SimDuration::from_millis(wait_ms);
        (1..admitted).for_each(|_| dagor.queued(&POLICY, now, waited));
        dagor.queued(&POLICY, SimTime::from_secs(start_s + 1), waited);
        admitted
    }

    #[test]
    fn each_overloaded_second_cuts_a_twentieth_of_what_was_admitted() {
        let mut dagor = DagorState::new(SimTime::ZERO);
        let admitted: Vec<usize> = (0..4).map(|start| second(&mut dagor, start, 21)).collect();
        assert_eq!(admitted, [1_280, 1_216, 1_155, 1_097]);
        assert!(dagor.admit(SimTime::from_secs(5), 1_000) && !dagor.admit(SimTime::from_secs(5), 1_100));
    }

    #[test]
    fn each_good_second_admits_a_hundredth_of_what_came_on_top_until_everything_is() {
        let mut dagor = DagorState::new(SimTime::ZERO);
        (0..20).for_each(|start| {
            second(&mut dagor, start, 500);
        });
        let low = second(&mut dagor, 20, 20);
        assert_eq!([second(&mut dagor, 21, 0), second(&mut dagor, 22, 0)], [low + 13, low + 26]);
        (23..150).for_each(|start| {
            second(&mut dagor, start, 0);
        });
        assert_eq!(dagor.threshold(), u16::MAX);
    }

    #[test]
    fn the_most_important_are_admitted_however_long_the_overload() {
        let mut dagor = DagorState::new(SimTime::ZERO);
        let last = (0..500).map(|start| second(&mut dagor, start, 1_000)).last();
        assert_eq!((last, dagor.threshold()), (Some(1), 0));
    }

    #[test]
    fn a_window_ends_after_two_thousand_requests_too() {
        let mut dagor = DagorState::new(SimTime::ZERO);
        let now = SimTime::from_nanos(5);
        for n in 0..4_000_u16 {
            dagor.admit(now, n % 100);
            dagor.queued(&POLICY, now, SimDuration::from_millis(30));
        }
        assert_eq!(dagor.threshold(), 89, "100 levels less 5, less 5 more of the 95 (4.75)");
    }

    #[test]
    fn other_shedding_policies_leave_it_alone() {
        let mut dagor = DagorState::new(SimTime::ZERO);
        dagor.queued(&Shedding::None, SimTime::from_secs(9), SimDuration::from_secs(1));
        assert!(dagor.admit(SimTime::from_secs(9), u16::MAX));
        dagor.queued(&POLICY, SimTime::from_secs(10), SimDuration::from_secs(1));
        assert!(dagor.threshold() < u16::MAX && dagor.admit(SimTime::from_secs(10), 0));
    }
}
