//! Processor sharing: the requests of one instance share its cores equally, none getting more than one core.
//!
//! Virtual time makes a change of the number of jobs O(log n): all jobs progress at the same rate
//! min(1, cores / n), so a job finishes when the virtual time has grown by its demand, whoever comes and goes.
//!
//! With a CFS quota the cores are not spread evenly: jobs run at full speed until the quota of the 100 ms period is used
//! up, and then stand still until the next one (kernel documentation, sched-bwc).

use crate::units::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Least share of the cores that a stray process leaves to the requests (the kernel's scheduler starves nobody).
const LEFT_MIN: f64 = 0.01;
/// Two jobs whose finishing virtual times differ by less than this many ns finish together (rounding of integer time).
const TOGETHER_NS: f64 = 1.0;
/// `cpu.cfs_period_us`: 100 ms.
const PERIOD_NS: u64 = 100_000_000;
/// A job that nobody waits for: the work of saying no.
pub(super) const NO_REQUEST: u32 = u32::MAX;

/// What is left of the quota in the present period.
#[derive(Clone, Copy, Debug)]
struct Quota {
    period: u64,
    left_core_ns: f64,
}

/// The CPU of one instance.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    /// The limit.
    cores: f64,
    /// What requests may use now.
    left_cores: f64,
    hog_cores: f64,
    /// Progress of each job per ns.
    rate: f64,
    virtual_ns: f64,
    updated_at: SimTime,
    /// Finishing virtual time (its bits: positive floats order as integers), order, request.
    jobs: BinaryHeap<Reverse<(u64, u32, u32)>>,
    order: u32,
    busy_core_ns: f64,
    quota: Option<Quota>,
}

impl Cpu {
    /// An idle CPU with this limit in cores (> 0).
    pub fn new(cores: f64, now: SimTime) -> Self {
        let jobs = BinaryHeap::new();
        Self {
            cores,
            left_cores: cores,
            hog_cores: 0.0,
            rate: 1.0,
            virtual_ns: 0.0,
            updated_at: now,
            jobs,
            order: 0,
            busy_core_ns: 0.0,
            quota: None,
        }
    }
    /// Sets the limit, the share (0..1) of it that a stray process takes, and the factor (0..=1) by which other things
    /// slow it down: a full node, garbage collection, a standstill (0).
    pub fn set_speed(&mut self, now: SimTime, cores: f64, hog_share: f64, factor: f64, quota: bool) {
        self.advance(now);
        self.cores = cores;
        self.hog_cores = cores * hog_share;
        self.left_cores = (cores - self.hog_cores).max(cores * LEFT_MIN) * factor;
        self.quota = quota.then(|| self.quota.unwrap_or(Quota { period: u64::MAX, left_core_ns: 0.0 }));
        self.refresh_quota();
        self.refresh_rate();
    }
    /// Adds a job of `work_ns` CPU time.
    #[inline]
    pub fn add(&mut self, now: SimTime, request: u32, work_ns: f64) {
        self.advance(now);
        self.order = self.order.wrapping_add(1);
        self.jobs.push(Reverse(((self.virtual_ns + work_ns).to_bits(), self.order, request)));
        self.refresh_quota();
        self.refresh_rate();
    }
    /// When something happens if nothing changes: the next job finishes, or the quota ends or begins.
    #[inline]
    pub fn next_event(&self) -> Option<SimTime> {
        let Reverse((finish, ..)) = self.jobs.peek()?;
        let mut wait_ns = f64::INFINITY;
        if self.rate > 0.0 {
            wait_ns = (f64::from_bits(*finish) - self.virtual_ns).max(0.0) / self.rate;
        }
        if let Some(quota) = self.quota {
            let to_next = PERIOD_NS - self.updated_at.as_nanos() % PERIOD_NS;
            let used_per_ns = self.rate * self.jobs.len() as f64;
            let exhausted_ns = if used_per_ns > 0.0 { quota.left_core_ns / used_per_ns } else { f64::INFINITY };
            wait_ns = wait_ns.min(exhausted_ns.max(1.0)).min(to_next as f64);
        }
        if wait_ns.is_infinite() {
            return None;
        }
        // Rounded up by hand: without SSE 4.1, `ceil` is a call. Signed: unsigned numbers take a detour on many machines.
        let whole = wait_ns as i64;
        Some(self.updated_at + SimDuration::from_nanos(whole as u64 + u64::from((whole as f64) < wait_ns)))
    }
    /// Takes the next job that is finished at `now`.
    #[inline]
    pub fn pop_finished(&mut self, now: SimTime) -> Option<u32> {
        self.advance(now);
        let Reverse((finish, ..)) = self.jobs.peek()?;
        if f64::from_bits(*finish) > self.virtual_ns + TOGETHER_NS || self.left_cores <= 0.0 {
            if self.quota.is_some() {
                self.refresh_quota();
                self.refresh_rate();
            }
            return None;
        }
        let Reverse((.., request)) = self.jobs.pop()?;
        if self.jobs.is_empty() {
            self.virtual_ns = 0.0;
        }
        self.refresh_rate();
        Some(request)
    }
    /// Core-nanoseconds used from the start to `now`, the stray process included. Reading changes nothing.
    pub fn busy_core_ns(&self, now: SimTime) -> f64 {
        self.busy_core_ns + self.used_cores() * now.since(self.updated_at).as_nanos() as f64
    }
    /// Forgets all jobs (the process died).
    pub fn clear(&mut self, now: SimTime) {
        self.advance(now);
        self.jobs.clear();
        self.virtual_ns = 0.0;
        self.hog_cores = 0.0;
        self.left_cores = self.cores;
        self.refresh_rate();
    }

    #[inline]
    fn refresh_rate(&mut self) {
        let jobs = self.jobs.len() as i64 as f64;
        self.rate = match self.quota {
            _ if self.left_cores <= 0.0 => 0.0,
            Some(quota) => {
                if quota.left_core_ns > 0.0 {
                    (self.left_cores.ceil().max(1.0) / jobs).min(1.0)
                } else {
                    0.0
                }
            }
            None if jobs <= self.left_cores => 1.0,
            None => (self.left_cores / jobs).min(1.0),
        };
    }
    fn refresh_quota(&mut self) {
        let Some(quota) = &mut self.quota else { return };
        let period = self.updated_at.as_nanos() / PERIOD_NS;
        if quota.period != period {
            *quota = Quota { period, left_core_ns: self.left_cores * PERIOD_NS as f64 };
        }
    }
    fn used_cores(&self) -> f64 {
        (self.hog_cores + self.rate * self.jobs.len() as i64 as f64).min(self.cores)
    }
    #[inline]
    fn advance(&mut self, now: SimTime) {
        if now == self.updated_at {
            return;
        }
        let elapsed_ns = now.since(self.updated_at).as_nanos() as i64 as f64;
        self.busy_core_ns += self.used_cores() * elapsed_ns;
        self.updated_at = now;
        if !self.jobs.is_empty() {
            self.virtual_ns += self.rate * elapsed_ns;
            if let Some(quota) = &mut self.quota {
                quota.left_core_ns -= self.rate * self.jobs.len() as f64 * elapsed_ns;
                if quota.left_core_ns < self.cores {
                    quota.left_core_ns = 0.0;
                }
            }
        }
        self.refresh_quota();
        if self.quota.is_some() {
            self.refresh_rate();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: f64 = 1e6;

    fn drain(cpu: &mut Cpu) -> Vec<(u32, f64)> {
        let mut done = Vec::new();
        while let Some(at) = cpu.next_event() {
            while let Some(request) = cpu.pop_finished(at) {
                done.push((request, at.as_secs_f64() * 1e3));
            }
        }
        done
    }

    #[test]
    fn two_jobs_on_one_core_each_get_half_of_it() {
        let mut cpu = Cpu::new(1.0, SimTime::ZERO);
        cpu.add(SimTime::ZERO, 1, 10.0 * MS);
        cpu.add(SimTime::ZERO, 2, 20.0 * MS);
        assert_eq!(drain(&mut cpu), [(1, 20.0), (2, 30.0)]);
        assert!((cpu.busy_core_ns(SimTime::from_secs(1)) - 30e6).abs() < 10.0);
    }

    #[test]
    fn one_job_never_gets_more_than_one_core_and_a_fifth_of_a_core_takes_five_times_as_long() {
        for (cores, ms) in [(4.0, 10.0), (0.2, 50.0)] {
            let mut cpu = Cpu::new(cores, SimTime::ZERO);
            cpu.add(SimTime::ZERO, 1, 10.0 * MS);
            assert_eq!(drain(&mut cpu), [(1, ms)]);
        }
    }

    #[test]
    fn a_hog_slows_the_requests_and_counts_as_used() {
        let mut cpu = Cpu::new(1.0, SimTime::ZERO);
        cpu.set_speed(SimTime::ZERO, 1.0, 0.8, 1.0, false);
        cpu.add(SimTime::ZERO, 1, 10.0 * MS);
        let done = drain(&mut cpu);
        assert!((done[0].1 - 50.0).abs() < 1e-5);
        assert!((cpu.busy_core_ns(SimTime::from_nanos(100_000_000)) - 90e6).abs() < 10.0);
    }

    #[test]
    fn a_quota_lets_a_burst_run_at_full_speed_and_then_stops_it_until_the_next_period() {
        let mut cpu = Cpu::new(0.2, SimTime::ZERO);
        cpu.set_speed(SimTime::ZERO, 0.2, 0.0, 1.0, true);
        cpu.add(SimTime::ZERO, 1, 10.0 * MS);
        cpu.add(SimTime::ZERO, 2, 25.0 * MS);
        // 20 ms of CPU in the first period: both run at half speed until 20 ms; the first is done, the second waits for
        // 100 ms and then needs 15 ms more.
        let done = drain(&mut cpu);
        assert!((done[0].1 - 20.0).abs() < 0.01, "{done:?}");
        assert!((done[1].1 - 115.0).abs() < 0.01, "{done:?}");
    }

    #[test]
    fn a_standstill_finishes_nothing_until_it_ends() {
        let mut cpu = Cpu::new(1.0, SimTime::ZERO);
        cpu.add(SimTime::ZERO, 1, 10.0 * MS);
        cpu.set_speed(SimTime::from_nanos(4_000_000), 1.0, 0.0, 0.0, false);
        assert_eq!(cpu.next_event(), None);
        cpu.set_speed(SimTime::from_secs(1), 1.0, 0.0, 1.0, false);
        assert_eq!(drain(&mut cpu), [(1, 1_006.0)]);
    }
}
