//! Processor sharing: the requests of one instance share its cores equally, none getting more than one core.
//!
//! Virtual time makes a change of the number of jobs O(log n): all jobs progress at the same rate
//! min(1, cores / n), so a job finishes when the virtual time has grown by its demand, whoever comes and goes.

use crate::units::{SimDuration, SimTime};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Least share of the cores that a stray process leaves to the requests (the kernel's scheduler starves nobody).
const LEFT_MIN: f64 = 0.01;
/// Two jobs whose finishing virtual times differ by less than this many ns finish together (rounding of integer time).
const TOGETHER_NS: f64 = 1.0;

#[derive(Clone, Copy, Debug)]
struct Job {
    finish_v: f64,
    order: u64,
    request: u32,
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    /// Earliest finish is greatest, for the max-heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other.finish_v.total_cmp(&self.finish_v).then(other.order.cmp(&self.order))
    }
}

/// The CPU of one instance.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    cores: f64,
    hog_cores: f64,
    virtual_ns: f64,
    updated_at: SimTime,
    jobs: BinaryHeap<Job>,
    order: u64,
    busy_core_ns: f64,
}

impl Cpu {
    /// An idle CPU with this limit in cores (> 0).
    pub fn new(cores: f64, now: SimTime) -> Self {
        let jobs = BinaryHeap::new();
        Self { cores, hog_cores: 0.0, virtual_ns: 0.0, updated_at: now, jobs, order: 0, busy_core_ns: 0.0 }
    }
    /// Sets the share (0..1) of the limit that a stray process takes.
    pub fn set_hog(&mut self, now: SimTime, share: f64) {
        self.advance(now);
        self.hog_cores = self.cores * share;
    }
    /// Adds a job of `work` CPU time.
    pub fn add(&mut self, now: SimTime, request: u32, work: SimDuration) {
        self.advance(now);
        self.order += 1;
        self.jobs.push(Job { finish_v: self.virtual_ns + work.as_nanos() as f64, order: self.order, request });
    }
    /// When the next job finishes if nothing changes.
    pub fn next_finish(&self) -> Option<SimTime> {
        let job = self.jobs.peek()?;
        let left_ns = (job.finish_v - self.virtual_ns).max(0.0) / self.rate();
        Some(self.updated_at + SimDuration::from_nanos(left_ns.ceil() as u64))
    }
    /// Takes the next job that is finished at `now`.
    pub fn pop_finished(&mut self, now: SimTime) -> Option<u32> {
        self.advance(now);
        if self.jobs.peek()?.finish_v > self.virtual_ns + TOGETHER_NS {
            return None;
        }
        let job = self.jobs.pop()?;
        if self.jobs.is_empty() {
            self.virtual_ns = 0.0;
        }
        Some(job.request)
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
    }

    /// Progress of each job per ns.
    fn rate(&self) -> f64 {
        let left = (self.cores - self.hog_cores).max(self.cores * LEFT_MIN);
        (left / self.jobs.len() as f64).min(1.0)
    }
    fn used_cores(&self) -> f64 {
        let requests = if self.jobs.is_empty() { 0.0 } else { self.rate() * self.jobs.len() as f64 };
        (self.hog_cores + requests).min(self.cores)
    }
    fn advance(&mut self, now: SimTime) {
        let elapsed_ns = now.since(self.updated_at).as_nanos() as f64;
        self.busy_core_ns = self.busy_core_ns(now);
        self.updated_at = now;
        if !self.jobs.is_empty() {
            self.virtual_ns += self.rate() * elapsed_ns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(cpu: &mut Cpu) -> Vec<(u32, f64)> {
        let mut done = Vec::new();
        while let Some(at) = cpu.next_finish() {
            while let Some(request) = cpu.pop_finished(at) {
                done.push((request, at.as_secs_f64() * 1e3));
            }
        }
        done
    }

    #[test]
    fn two_jobs_on_one_core_each_get_half_of_it() {
        let mut cpu = Cpu::new(1.0, SimTime::ZERO);
        cpu.add(SimTime::ZERO, 1, SimDuration::from_millis(10));
        cpu.add(SimTime::ZERO, 2, SimDuration::from_millis(20));
        assert_eq!(drain(&mut cpu), [(1, 20.0), (2, 30.0)]);
        assert!((cpu.busy_core_ns(SimTime::from_secs(1)) - 30e6).abs() < 10.0);
    }

    #[test]
    fn one_job_never_gets_more_than_one_core_and_a_fifth_of_a_core_takes_five_times_as_long() {
        for (cores, ms) in [(4.0, 10.0), (0.2, 50.0)] {
            let mut cpu = Cpu::new(cores, SimTime::ZERO);
            cpu.add(SimTime::ZERO, 1, SimDuration::from_millis(10));
            assert_eq!(drain(&mut cpu), [(1, ms)]);
        }
    }

    #[test]
    fn a_hog_slows_the_requests_and_counts_as_used() {
        let mut cpu = Cpu::new(1.0, SimTime::ZERO);
        cpu.set_hog(SimTime::ZERO, 0.8);
        cpu.add(SimTime::ZERO, 1, SimDuration::from_millis(10));
        let done = drain(&mut cpu);
        assert!((done[0].1 - 50.0).abs() < 1e-5);
        assert!((cpu.busy_core_ns(SimTime::from_nanos(100_000_000)) - 90e6).abs() < 10.0);
    }
}
