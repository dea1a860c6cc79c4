//! One container: CPU, memory, workers, queue, life cycle, and its view of the services it calls.

use super::client::ClientState;
use super::cpu::Cpu;
use super::fault::FaultKind;
use super::guard::ServerState;
use super::nodes::Reservation;
use super::probe::ProbeState;
use super::request::NOBODY;
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
    /// No node has room for it yet.
    Pending,
    /// The process is starting; not ready yet.
    Starting,
    /// Takes traffic (unless its readiness probe fails).
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
    /// Its number within the service, from 0: the lowest that was free when it was created.
    pub slot: u32,
    /// Index of its node; [`NOBODY`] while it has no place, and for users outside the system.
    pub node: u32,
    /// What it reserves there.
    pub reserved: Reservation,
    pub zone: u8,
    /// The version of the service that it runs.
    pub version: u32,
    pub life: Life,
    /// Whether callers may choose it: ready, and its readiness probe has not failed.
    pub in_service: bool,
    /// Nothing moves in it (fault).
    pub hung: bool,
    /// Changes with each start and exit: what was sent to an earlier process is refused.
    pub stamp: u32,
    /// When its present life phase began.
    pub since: SimTime,
    /// Its CPU limit in cores.
    pub cores: f64,
    pub cpu: Cpu,
    /// Sequence number of the CPU event that counts, and when it is due.
    pub cpu_event: u64,
    pub cpu_due: SimTime,
    /// Requests that hold a worker.
    pub active: Vec<u32>,
    /// Requests that wait for a worker.
    pub queue: VecDeque<u32>,
    /// When the queue was last empty (for adaptive LIFO).
    pub queue_empty_at: SimTime,
    /// Limits and controllers at its door; `None` if the service has none.
    pub guard: Option<Box<ServerState>>,
    /// Its view of each service it calls, by the edge's local number.
    pub clients: Vec<ClientState>,
    /// Holders and waiters of its named locks.
    pub locks: Vec<(bool, VecDeque<u32>)>,
    /// Keys being fetched from an origin, and who waits for them (request coalescing).
    pub fetching: Vec<(u64, Vec<(u32, u32)>)>,
    /// Share of CPU lost to garbage collection, and the rate of requests it is derived from.
    pub collecting: f64,
    pub request_rate: f64,
    pub rate_at: SimTime,
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
    /// Sequence numbers of the platform's timers that count: start or ready, leak, crash, grace.
    pub life_timer: u64,
    pub leak_timer: u64,
    pub crash_timer: u64,
    pub grace_timer: u64,
    pub probes: ProbeState,
}

impl Instance {
    pub fn new(id: InstanceId, service: ServiceId, slot: u32, cores: f64, now: SimTime) -> Self {
        Self {
            id,
            service,
            slot,
            node: NOBODY,
            reserved: Reservation::default(),
            zone: 0,
            version: 0,
            life: Life::Pending,
            in_service: false,
            hung: false,
            stamp: 0,
            since: now,
            cores,
            cpu: Cpu::new(cores, now),
            cpu_event: 0,
            cpu_due: SimTime::FAR_FUTURE,
            active: Vec::new(),
            queue: VecDeque::new(),
            queue_empty_at: now,
            guard: None,
            clients: Vec::new(),
            locks: Vec::new(),
            fetching: Vec::new(),
            collecting: 0.0,
            request_rate: 0.0,
            rate_at: now,
            leaked_mib: 0.0,
            leaked_at: now,
            leaking: false,
            crashes: 0,
            restarts: 0,
            effects: Vec::new(),
            seen_latency_ns: 0.0,
            life_timer: 0,
            leak_timer: 0,
            crash_timer: 0,
            grace_timer: 0,
            probes: ProbeState::default(),
        }
    }
    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        !matches!(self.life, Life::BackOff | Life::Pending)
    }
    /// Whether it works as far as the platform can tell.
    pub fn is_available(&self) -> bool {
        self.life == Life::Ready && self.probes.has_passed && !self.probes.is_fenced
    }
    /// Whether its process listens.
    pub fn is_listening(&self) -> bool {
        matches!(self.life, Life::Ready | Life::Draining)
    }
    /// Whether it is not about to go.
    pub fn stays(&self) -> bool {
        self.life != Life::Draining
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
        if self.effects.is_empty() {
            return SimDuration::ZERO;
        }
        SimDuration::from_secs_f64(self.sum(FaultKind::Latency) / 1e3)
    }
    /// Extra wait of each of its requests in ns, from faults in it.
    pub fn extra_wait_ns(&self) -> f64 {
        if self.effects.is_empty() { 0.0 } else { self.sum(FaultKind::SlowResponses) * 1e6 }
    }
    /// Share of its requests that fail because of corrupt state.
    pub fn error_share(&self) -> f64 {
        if self.effects.is_empty() {
            return 0.0;
        }
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
    /// Forgets what died with the process.
    pub fn forget_process(&mut self, now: SimTime) {
        self.leaked_mib = 0.0;
        self.leaking = false;
        self.hung = false;
        self.in_service = false;
        self.collecting = 0.0;
        self.request_rate = 0.0;
        self.cpu.clear(now);
        self.cpu_event = 0;
        self.cpu_due = SimTime::FAR_FUTURE;
        self.locks.clear();
        self.fetching.clear();
        self.guard = None;
        self.effects.retain(|e| e.1 == FaultKind::Latency);
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
        let mut instance = Instance::new(InstanceId(0), ServiceId(0), 0, 1.0, SimTime::ZERO);
        let seconds: Vec<u64> =
            (0..8).map(|_| instance.next_back_off(SimTime::from_secs(1)).as_nanos() / 1_000_000_000).collect();
        assert_eq!(seconds, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(instance.next_back_off(SimTime::from_secs(601)), SimDuration::ZERO, "forgiven after 10 minutes");
    }
}
