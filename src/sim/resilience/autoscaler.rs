//! The horizontal pod autoscaler's arithmetic, as in Kubernetes 1.33 (`pkg/controller/podautoscaler`,
//! `replica_calculator.go` and `horizontal.go`) with the default behaviour.
//!
//! Like the original it calculates in whole percent of the request, cut off, so that its rounding up is exact. Scaling
//! out happens at once, by at most the double or four pods per 15 s; scaling in takes the highest recommendation of the
//! window, the replicas of the first evaluation among them.

use crate::topology::Autoscaler;
use crate::units::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Period of the scale-out limits (default `behavior.scaleUp.policies[].periodSeconds` = 15).
const PERIOD: SimDuration = SimDuration::from_secs(15);
/// Pods that may be added per period whatever the number (default scale-up policy `Pods` = 4; `Percent` = 100).
const PODS_PER_PERIOD: i64 = 4;
/// Most recommendations and changes kept: a window of 300 s at 1 s per evaluation, thrice (ours; the usual are 20).
const HISTORY_MAX: usize = 1_000;
/// The request itself in thousandths: the unit of the readings.
const WHOLE: u64 = 1_000;

/// What one autoscaler remembers.
#[derive(Clone, Debug, Default)]
pub(in crate::sim) struct AutoscalerState {
    recommended: VecDeque<(SimTime, u32)>,
    changes: VecDeque<(SimTime, i64)>,
}

impl AutoscalerState {
    /// The replicas to have from now on; the caller is to set them. `current` is the wanted number so far;
    /// `ready_usages` is the CPU use over the request of each ready pod that has a reading; `unready` counts the pods
    /// that are not ready, pending ones included. Whoever is left of `current` is ready without a reading.
    pub fn desired(&mut self, spec: &Autoscaler, now: SimTime, current: u32, ready_usages: &[f64], unready: u32) -> u32 {
        let wanted = self.wanted(spec, now, current, ready_usages, unready);
        if wanted != current {
            remember(&mut self.changes, now, i64::from(wanted) - i64::from(current));
        }
        wanted
    }

    fn wanted(&mut self, spec: &Autoscaler, now: SimTime, current: u32, ready_usages: &[f64], unready: u32) -> u32 {
        // Kubernetes: zero replicas switch the autoscaler off; outside the bounds nothing is calculated.
        if current == 0 {
            return 0;
        }
        let bounded = current.min(spec.max).max(spec.min);
        if bounded != current || ready_usages.is_empty() {
            return bounded;
        }
        if self.recommended.is_empty() {
            remember(&mut self.recommended, now, current);
        }
        let advice = recommendation(spec, current, ready_usages, unready);
        remember(&mut self.recommended, now, advice);
        let stable = self.stabilised(spec, now, current, advice);
        let most = if stable > current { self.scale_out_limit(now, current) } else { current };
        stable.min(most).min(spec.max).max(spec.min)
    }
    /// Up at once, down to the highest recommendation of the window.
    fn stabilised(&mut self, spec: &Autoscaler, now: SimTime, current: u32, advice: u32) -> u32 {
        forget(&mut self.recommended, now, spec.scale_in_window);
        let highest = self.recommended.iter().map(|&(_, replicas)| replicas).fold(advice, u32::max);
        current.max(advice).min(highest)
    }
    /// The double or four more than there were when the running period began.
    fn scale_out_limit(&mut self, now: SimTime, current: u32) -> u32 {
        forget(&mut self.changes, now, PERIOD);
        let at_start = i64::from(current) - self.changes.iter().map(|&(_, change)| change).sum::<i64>();
        let limit = (2 * at_start).max(at_start + PODS_PER_PERIOD);
        u32::try_from(limit).unwrap_or(0).max(current)
    }
}

/// The replicas that the readings ask for, without bounds, limits or window; `current` if there are no readings.
pub(in crate::sim) fn recommendation(spec: &Autoscaler, current: u32, ready_usages: &[f64], unready: u32) -> u32 {
    let (ready, unready) = (ready_usages.len() as u64, u64::from(unready));
    if ready == 0 {
        return current;
    }
    let target = ((spec.target * 100.0).round() as u64).max(1);
    let used: u64 = ready_usages.iter().map(|usage| (usage * WHOLE as f64).round() as u64).sum();
    let percent = percent(used, ready);
    let missing = u64::from(current).saturating_sub(ready + unready);
    let rebalanced = if percent > target { unready } else { 0 };
    if missing == 0 && rebalanced == 0 {
        return if tolerated(spec, percent, target) { current } else { replicas(percent, target, ready) };
    }
    // Pods without a reading use nothing when scaling out, their request (or the target, if that is more) when scaling
    // in; pods that are not ready use nothing when scaling out and do not count when scaling in.
    let assumed = if percent < target { missing * WHOLE.max(target * WHOLE / 100) } else { 0 };
    let counted = ready + rebalanced + if percent == target { 0 } else { missing };
    let corrected = self::percent(used + assumed, counted);
    let reversed = (percent < target && corrected > target) || (percent > target && corrected < target);
    let advice = replicas(corrected, target, counted);
    let wrong_way = (corrected < target && advice > current) || (corrected > target && advice < current);
    if tolerated(spec, corrected, target) || reversed || wrong_way { current } else { advice }
}

/// Whole percent of the request, cut off (Kubernetes: `int32((metricsTotal * 100) / requestsTotal)`).
const fn percent(used: u64, pods: u64) -> u64 {
    used * 100 / (pods * WHOLE)
}

/// ceil(pods * ratio).
fn replicas(percent: u64, target: u64, pods: u64) -> u32 {
    u32::try_from((percent * pods).div_ceil(target)).unwrap_or(u32::MAX)
}

/// Whether the ratio is near enough to one (Kubernetes: `Tolerances.isWithin`).
fn tolerated(spec: &Autoscaler, percent: u64, target: u64) -> bool {
    let ratio = percent as f64 / target as f64;
    (1.0 - spec.tolerance..=1.0 + spec.tolerance).contains(&ratio)
}

fn remember<T>(history: &mut VecDeque<(SimTime, T)>, now: SimTime, value: T) {
    if history.len() == HISTORY_MAX {
        history.pop_front();
    }
    history.push_back((now, value));
}

/// Forgets what is `length` old or older.
fn forget<T>(history: &mut VecDeque<(SimTime, T)>, now: SimTime, length: SimDuration) {
    while history.front().is_some_and(|&(at, _)| now.since(at) >= length) {
        history.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn spec(target: f64) -> Autoscaler {
        Autoscaler {
            min: 1,
            max: 100,
            target,
            tolerance: 0.1,
            sync: SimDuration::from_secs(15),
            metric_lag: SimDuration::ZERO,
            scale_in_window: SimDuration::from_secs(300),
        }
    }

    #[test]
    fn the_recommendation_is_pods_times_ratio_rounded_up() {
        assert_eq!(recommendation(&spec(0.5), 4, &[0.9; 4], 0), 8);
        assert_eq!(recommendation(&spec(0.5), 3, &[0.6; 3], 0), 4);
        assert_eq!(recommendation(&spec(0.5), 1, &[4.0], 0), 8);
        assert_eq!(recommendation(&spec(0.8), 5, &[0.2, 0.3, 0.4, 0.5, 0.6], 0), 3);
        assert_eq!(recommendation(&spec(0.3), 3, &[0.9; 3], 0), 9, "no rounding error makes it ten");
    }

    #[test]
    fn within_the_tolerance_nothing_changes() {
        for usage in [0.45, 0.5, 0.55] {
            assert_eq!(recommendation(&spec(0.5), 10, &[usage; 10], 0), 10);
        }
        assert_eq!(recommendation(&spec(0.5), 10, &[0.56; 10], 0), 12);
        assert_eq!(recommendation(&spec(0.5), 10, &[0.44; 10], 0), 9);
    }

    #[test]
    fn pods_that_are_not_ready_use_nothing_when_scaling_out_and_do_not_count_when_scaling_in() {
        assert_eq!(recommendation(&spec(0.5), 4, &[0.9, 0.9], 2), 4, "45 % of the four is within the tolerance");
        assert_eq!(recommendation(&spec(0.5), 4, &[2.0, 2.0], 2), 8);
        assert_eq!(recommendation(&spec(0.5), 8, &[0.6, 0.6], 6), 8, "15 % of the eight would scale in");
        assert_eq!(recommendation(&spec(0.5), 4, &[0.2, 0.2], 2), 1);
    }

    #[test]
    fn pods_without_a_reading_use_nothing_when_scaling_out_and_their_request_when_scaling_in() {
        assert_eq!(recommendation(&spec(0.5), 4, &[2.0, 2.0], 0), 8);
        assert_eq!(recommendation(&spec(0.5), 4, &[0.6, 0.6], 0), 4);
        assert_eq!(recommendation(&spec(0.8), 4, &[0.2, 0.2, 0.2], 0), 2, "40 % of the four");
        assert_eq!(recommendation(&spec(0.5), 4, &[0.2, 0.2], 0), 4, "60 % of the four would scale out");
        assert_eq!(recommendation(&spec(0.5), 4, &[], 0), 4);
    }

    #[test]
    fn scaling_out_goes_by_the_double_or_four_per_sync() {
        let mut state = AutoscalerState::default();
        let mut replicas = vec![1];
        for sync in 0..3 {
            let current = replicas[replicas.len() - 1];
            let usages = vec![4.0 / f64::from(current); current as usize];
            replicas.push(state.desired(&spec(0.5), SimTime::from_secs(15 * sync), current, &usages, 0));
        }
        assert_eq!(replicas, [1, 5, 8, 8]);
        let mut big = AutoscalerState::default();
        assert_eq!(big.desired(&spec(0.1), SimTime::ZERO, 20, &[9.0; 20], 0), 40);
    }

    #[test]
    fn syncs_within_one_period_share_its_limit() {
        let mut state = AutoscalerState::default();
        let mut at =
            |seconds, current: u32| state.desired(&spec(0.1), SimTime::from_secs(seconds), current, &[9.0; 1], current - 1);
        assert_eq!([at(0, 1), at(5, 5), at(14, 5), at(15, 5)], [5, 5, 5, 10]);
    }

    #[test]
    fn scaling_in_takes_the_highest_recommendation_of_the_last_300_s() {
        let mut state = AutoscalerState::default();
        let mut at = |seconds, usage: f64| state.desired(&spec(0.5), SimTime::from_secs(seconds), 10, &[usage; 10], 0);
        assert_eq!(at(0, 0.1), 10, "what there was at first counts");
        assert_eq!(at(15, 0.3), 10);
        assert_eq!(at(30, 0.1), 10);
        assert_eq!(at(299, 0.1), 10);
        assert_eq!(at(300, 0.1), 6, "ceil(10 * 30 / 50) of second 15");
        assert_eq!(at(315, 0.1), 2);
    }

    #[test]
    fn the_bounds_hold_without_readings_and_zero_replicas_switch_it_off() {
        let bounded = Autoscaler { min: 3, max: 6, ..spec(0.5) };
        let desired = |current, usages: &[f64]| AutoscalerState::default().desired(&bounded, SimTime::ZERO, current, usages, 0);
        assert_eq!([desired(1, &[]), desired(9, &[]), desired(0, &[]), desired(4, &[])], [3, 6, 0, 4]);
        assert_eq!(desired(5, &[5.0; 5]), 6);
    }
}
