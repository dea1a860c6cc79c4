//! Outlier ejection as in Envoy: so many failures in a row leave an instance out of load balancing for a while.
//!
//! Envoy runs a sweep every `interval`; here the sweeps are the multiples of the interval since the scenario's start,
//! and what they would have done is worked out when somebody asks, so nothing has to be scheduled. Slots are the
//! callee's instance numbers, at most as many as there ever were at once.

use crate::topology::OutlierEjection;
use crate::units::{SimDuration, SimTime};

/// What one caller instance holds against the instances of one callee.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Outliers {
    hosts: Vec<Host>,
    ejected: usize,
    /// When the first of the ejections ends.
    next_return: SimTime,
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    failures: u32,
    /// Ejections that count towards the length of the next (Envoy: `ejectTimeBackoff`).
    ejections: u32,
    /// End of the last ejection.
    until: SimTime,
    /// Whether it is among the ejected that are counted.
    counted: bool,
}

impl Outliers {
    /// Nobody is ejected.
    pub const fn new() -> Self {
        Self { hosts: Vec::new(), ejected: 0, next_return: SimTime::FAR_FUTURE }
    }
    /// Counts the outcome of an attempt on `slot`, one of `hosts` instances. If it ejects the instance, how long for,
    /// the wait for the sweep included.
    pub fn record(&mut self, policy: &OutlierEjection, now: SimTime, slot: usize, ok: bool, hosts: usize) -> Option<SimDuration> {
        if slot >= self.hosts.len() {
            if ok {
                return None;
            }
            self.hosts.resize(slot + 1, Host::default());
        }
        let host = &mut self.hosts[slot];
        if ok {
            host.failures = 0;
            return None;
        }
        if now < host.until {
            return None;
        }
        host.failures += 1;
        if host.failures < policy.consecutive.max(1) {
            return None;
        }
        host.failures = 0;
        self.may_eject(policy, now, hosts).then(|| self.eject(policy, now, slot))
    }
    /// Whether the instance is left out now.
    pub fn is_ejected(&self, slot: usize, now: SimTime) -> bool {
        self.hosts.get(slot).is_some_and(|host| now < host.until)
    }
    /// How many instances are left out now. Constant time unless an ejection has just ended.
    pub fn ejected_count(&mut self, now: SimTime) -> usize {
        if now >= self.next_return {
            self.recount(now);
        }
        self.ejected
    }
    /// Another instance has taken the slot: a clean record.
    pub fn forget(&mut self, slot: usize) {
        if let Some(host) = self.hosts.get_mut(slot) {
            self.ejected -= usize::from(host.counted);
            *host = Host::default();
        }
    }

    fn may_eject(&mut self, policy: &OutlierEjection, now: SimTime, hosts: usize) -> bool {
        let ejected = self.ejected_count(now);
        ejected == 0 || (ejected + 1) as f64 <= policy.share_max.get() * hosts as f64
    }
    fn eject(&mut self, policy: &OutlierEjection, now: SimTime, slot: usize) -> SimDuration {
        let (sweep, base, max) = (policy.interval.as_nanos().max(1), policy.base.as_nanos(), policy.max.as_nanos());
        let host = &mut self.hosts[slot];
        // Envoy: each sweep that finds the instance healthy takes one off; the sweep that readmits it does not.
        let healthy_sweeps = now.as_nanos() / sweep - host.until.as_nanos() / sweep;
        host.ejections = host.ejections.saturating_sub(u32::try_from(healthy_sweeps).unwrap_or(u32::MAX));
        // Envoy: no further once the longest ejection is reached.
        if base.saturating_mul(host.ejections.into()) < max.saturating_add(base) {
            host.ejections += 1;
        }
        let length = base.saturating_mul(host.ejections.into()).min(max);
        let end = now.as_nanos().saturating_add(length).div_ceil(sweep).saturating_mul(sweep);
        host.until = SimTime::from_nanos(end);
        host.counted = true;
        self.ejected += 1;
        self.next_return = self.next_return.min(host.until);
        host.until - now
    }
    fn recount(&mut self, now: SimTime) {
        (self.ejected, self.next_return) = (0, SimTime::FAR_FUTURE);
        for host in &mut self.hosts {
            host.counted = now < host.until;
            if host.counted {
                self.ejected += 1;
                self.next_return = self.next_return.min(host.until);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Ratio;

    const POLICY: OutlierEjection = OutlierEjection::ENVOY;

    const fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }
    /// Five failures at once; the ejection's seconds.
    fn fail(outliers: &mut Outliers, now: SimTime, slot: usize, hosts: usize) -> Option<f64> {
        (0..5).find_map(|_| outliers.record(&POLICY, now, slot, false, hosts)).map(SimDuration::as_secs_f64)
    }

    #[test]
    fn five_failures_in_a_row_eject_for_thirty_seconds_and_a_success_between_saves() {
        let mut outliers = Outliers::new();
        for call in 0..50 {
            assert_eq!(outliers.record(&POLICY, at(0), 2, call % 5 == 4, 10), None);
        }
        assert_eq!(fail(&mut outliers, at(0), 2, 10), Some(30.0));
        assert!(outliers.is_ejected(2, at(29)) && !outliers.is_ejected(2, at(30)) && !outliers.is_ejected(1, at(1)));
        assert_eq!((outliers.ejected_count(at(29)), outliers.ejected_count(at(30))), (1, 0));
    }

    #[test]
    fn an_ejection_ends_at_the_first_sweep_after_its_time() {
        let mut outliers = Outliers::new();
        assert_eq!(fail(&mut outliers, at(3), 0, 10), Some(37.0));
        assert!(outliers.is_ejected(0, at(39)) && !outliers.is_ejected(0, at(40)));
    }

    #[test]
    fn the_nth_ejection_is_n_times_as_long_up_to_the_most() {
        let mut outliers = Outliers::new();
        let mut now = 0;
        for expected in [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300] {
            assert_eq!(fail(&mut outliers, at(now), 0, 10), Some(f64::from(expected)));
            now += expected as u64;
        }
    }

    #[test]
    fn each_sweep_in_health_takes_one_ejection_off() {
        let mut outliers = Outliers::new();
        fail(&mut outliers, at(0), 0, 10);
        fail(&mut outliers, at(30), 0, 10);
        assert_eq!(fail(&mut outliers, at(90), 0, 10), Some(90.0), "until 180 s");
        assert_eq!(fail(&mut outliers, at(200), 0, 10), Some(60.0), "sweeps at 190 and 200 s");
        assert_eq!(fail(&mut outliers, at(1_000), 0, 10), Some(30.0));
    }

    #[test]
    fn at_most_a_tenth_is_ejected_but_always_one() {
        let mut outliers = Outliers::new();
        assert!(fail(&mut outliers, at(0), 0, 2).is_some());
        assert!(fail(&mut outliers, at(0), 1, 2).is_none());
        assert!(fail(&mut outliers, at(0), 1, 19).is_none());
        assert!(fail(&mut outliers, at(0), 1, 20).is_some());
        assert!(fail(&mut outliers, at(0), 2, 29).is_none());
        assert!(fail(&mut outliers, at(0), 2, 30).is_some());
        assert_eq!(outliers.ejected_count(at(1)), 3);
    }

    #[test]
    fn a_new_instance_in_the_slot_has_a_clean_record() {
        let mut outliers = Outliers::new();
        fail(&mut outliers, at(0), 0, 10);
        outliers.forget(0);
        outliers.forget(7);
        assert!(!outliers.is_ejected(0, at(1)));
        assert_eq!(outliers.ejected_count(at(1)), 0);
        assert_eq!(fail(&mut outliers, at(10), 0, 10), Some(30.0));
        assert_eq!(outliers.ejected_count(at(35)), 1, "the forgotten ejection's end changes nothing");
    }

    #[test]
    fn late_failures_of_an_ejected_instance_do_not_count() {
        let mut outliers = Outliers::new();
        let policy = OutlierEjection { share_max: Ratio::ONE, ..POLICY };
        fail(&mut outliers, at(0), 0, 10);
        assert!((0..50).all(|_| outliers.record(&policy, at(1), 0, false, 10).is_none()));
        assert_eq!(outliers.record(&policy, at(30), 0, false, 10), None);
    }
}
