//! One container: CPU, memory, workers, queue, life cycle.

use super::cpu::Cpu;
use super::fault::FaultKind;
use crate::ids::{FaultId, InstanceId, ServiceId};
use crate::units::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Back-off before the second restart; doubles each time (kubelet `MaxContainerBackOff` and its base of 10 s).
const BACK_OFF_BASE: SimDuration = SimDuration::from_secs(10);
/// Longest back-off (kubelet: 5 minutes).
const BACK_OFF_MAX: SimDuration = SimDuration::from_secs(300);
/// Up for this long, a container is forgiven its earlier crashes (kubelet: twice the longest back-off).
const BACK_OFF_RESET: SimDuration = SimDuration::from_secs(600);

/// Where in its life an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// The process is starting; not ready yet.
    Starting,
    /// Takes traffic.
    Ready,
    /// Takes no new traffic, finishes what it has, then goes away.
    Draining,
    /// The process ended; the kubelet starts it again after the back-off.
    BackOff,
}

/// One instance.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub id: InstanceId,
    pub service: ServiceId,
    pub life: Life,
    /// Changes with each start and exit: timers of an earlier process are stale.
    pub stamp: u32,
    pub since: SimTime,
    pub cpu: Cpu,
    /// Sequence number of the CPU event that counts.
    pub cpu_event: u64,
    /// Requests that hold a worker.
    pub active: Vec<u32>,
    /// Requests that wait for a worker.
    pub queue: VecDeque<u32>,
    pub leaked_mib: f64,
    pub leaked_at: SimTime,
    pub leaking: bool,
    /// Crashes in a row, for the back-off.
    pub crashes: u32,
    /// Restarts in all.
    pub restarts: u32,
    /// Faults that live in this process or on its host.
    pub effects: Vec<(FaultId, FaultKind, f64)>,
    /// Mean latency in ns that callers saw, exponentially weighted (1/16 a sample), 0 before the first.
    pub seen_latency_ns: f64,
}

impl Instance {
    pub fn new(id: InstanceId, service: ServiceId, cores: f64, now: SimTime) -> Self {
        Self {
            id,
            service,
            life: Life::Starting,
            stamp: 0,
            since: now,
            cpu: Cpu::new(cores, now),
            cpu_event: 0,
            active: Vec::new(),
            queue: VecDeque::new(),
            leaked_mib: 0.0,
            leaked_at: now,
            leaking: false,
            crashes: 0,
            restarts: 0,
            effects: Vec::new(),
            seen_latency_ns: 0.0,
        }
    }
    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        self.life != Life::BackOff
    }
    /// Requests in it.
    pub fn load(&self) -> usize {
        self.active.len() + self.queue.len()
    }
    /// Share of the CPU limit taken by stray processes, below 1.
    pub fn hog_share(&self) -> f64 {
        self.sum(FaultKind::CpuHog).min(0.99)
    }
    /// Extra one-way delay of its messages.
    pub fn extra_delay(&self) -> SimDuration {
        SimDuration::from_secs_f64(self.sum(FaultKind::Latency) / 1e3)
    }
    /// Share of its requests that fail because of corrupt state.
    pub fn error_share(&self) -> f64 {
        let good = self.effects.iter().filter(|e| e.1 == FaultKind::ErrorBurst).fold(1.0, |good, e| good * (1.0 - e.2));
        1.0 - good
    }
    /// Back-off before the next start: none after the first crash, then 10 s doubling to 300 s.
    pub fn next_back_off(&mut self, now: SimTime) -> SimDuration {
        if now.since(self.since) >= BACK_OFF_RESET {
            self.crashes = 0;
        }
        self.crashes += 1;
        match self.crashes {
            1 => SimDuration::ZERO,
            n => {
                let doubled = BACK_OFF_BASE.as_nanos() << (n - 2).min(5);
                SimDuration::from_nanos(doubled.min(BACK_OFF_MAX.as_nanos()))
            }
        }
    }
    /// Counts one attempt that a caller saw end.
    pub fn note_seen(&mut self, latency: SimDuration) {
        let sample = latency.as_nanos() as f64;
        let step = if self.seen_latency_ns == 0.0 { 1.0 } else { 1.0 / 16.0 };
        self.seen_latency_ns += (sample - self.seen_latency_ns) * step;
    }

    fn sum(&self, kind: FaultKind) -> f64 {
        self.effects.iter().filter(|e| e.1 == kind).map(|e| e.2).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_follows_the_kubelet() {
        let mut instance = Instance::new(InstanceId(0), ServiceId(0), 1.0, SimTime::ZERO);
        let seconds: Vec<u64> =
            (0..8).map(|_| instance.next_back_off(SimTime::from_secs(1)).as_nanos() / 1_000_000_000).collect();
        assert_eq!(seconds, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(instance.next_back_off(SimTime::from_secs(601)), SimDuration::ZERO, "forgiven after 10 minutes");
    }
}
