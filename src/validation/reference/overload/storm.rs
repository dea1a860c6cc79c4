//! One station, users who time out and retry, and a trigger: the smallest system with two equilibria.

use crate::ids::ServiceId;
use crate::sim::World;
use crate::sim::fault::FaultKind;
use crate::topology::{CallPolicy, Jitter, QueueOrder, ServerPolicy, Shape};
use crate::units::SimDuration;
use crate::validation::reference::lab::{Setup, at, call, play, retrying, station, users};
use crate::validation::reference::meter::Meter;

/// At the end of a run goodput is measured for this long.
pub(super) const TAIL_S: f64 = 100.0;
/// Step in which a run may be found to be lost for good.
const STEP_S: f64 = 20.0;

/// What the server does with those who wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Waiting {
    /// All wait, in order; work that nobody waits for any more is done all the same.
    Unbounded,
    /// At most this many wait; the others are turned away at once.
    Bounded(u32),
    /// All wait, in order; whoever's caller has given up is dropped when the turn comes.
    DropExpired,
    /// The last to come is served first; whoever's caller has given up is dropped.
    LastFirst,
}

/// A station, its users, and what happens to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Storm {
    pub servers: u32,
    pub mean_s: f64,
    pub timeout_s: f64,
    pub attempts: u8,
    /// A retry waits uniformly up to this long.
    pub jitter_s: f64,
    pub waiting: Waiting,
    /// Users' requests over what the station can serve.
    pub load: f64,
    /// Share of the capacity that the trigger takes.
    pub loss: f64,
    pub trigger_at_s: f64,
    pub trigger_s: f64,
    /// Length of the run.
    pub horizon_s: f64,
}

impl Storm {
    /// The station of the region map, without load: 20 servers of 10 ms, time-out 1 s, the trigger takes 90 % for 20 s.
    pub const USUAL: Self = Self {
        servers: 20,
        mean_s: 0.01,
        timeout_s: 1.0,
        attempts: 3,
        jitter_s: 0.1,
        waiting: Waiting::Unbounded,
        load: 0.0,
        loss: 0.9,
        trigger_at_s: 60.0,
        trigger_s: 20.0,
        horizon_s: 400.0,
    };
    /// Requests that the station can serve per second.
    pub fn capacity(&self) -> f64 {
        f64::from(self.servers) / self.mean_s
    }
    /// Requests that a run simulates, roughly: what is served, and what is turned away.
    pub fn cost(&self) -> f64 {
        self.capacity() * self.load * f64::from(self.attempts) * self.horizon_s
    }
    /// The system.
    pub fn setup(&self) -> Setup {
        let jitter = SimDuration::from_secs_f64(self.jitter_s);
        let expires = matches!(self.waiting, Waiting::DropExpired | Waiting::LastFirst);
        let policy = CallPolicy {
            timeout: SimDuration::from_secs_f64(self.timeout_s),
            backoff_base: jitter,
            backoff_max: jitter,
            jitter: Jitter::Full,
            propagate_deadline: expires,
            ..retrying(self.attempts)
        };
        let mut service = station("service", self.servers, self.mean_s, Shape::Exponential);
        service.server = ServerPolicy { drop_expired: expires, ..service.server };
        match self.waiting {
            Waiting::Bounded(most) => service.queue_len_max = most,
            Waiting::LastFirst => service.server.order = QueueOrder::Lifo,
            Waiting::Unbounded | Waiting::DropExpired => {}
        }
        let people = users(self.load * self.capacity(), vec![vec![call(1, policy)]]);
        let setup = Setup::of(vec![people, service]);
        setup.fault(1, FaultKind::CpuHog, self.loss, self.trigger_at_s, self.trigger_s)
    }
    /// Good answers per request offered, in the last [`TAIL_S`] of the run.
    ///
    /// # Errors
    /// Says why the trigger could not be pulled.
    pub fn goodput(&self, seed: u64) -> Result<f64, String> {
        let setup = self.setup();
        let (mut world, mut meter) = (setup.world(seed), Meter::new(2));
        let from = at(self.horizon_s - TAIL_S);
        let mut now_s = self.trigger_at_s + self.trigger_s;
        while now_s < self.horizon_s - TAIL_S {
            play(&mut world, &setup, at(now_s), &mut meter)?;
            if self.is_lost(&world) {
                return Ok(0.0);
            }
            now_s += STEP_S;
        }
        play(&mut world, &setup, from, &mut meter)?;
        meter.reset(from);
        let arrived = world.account().arrived;
        play(&mut world, &setup, at(self.horizon_s), &mut meter)?;
        Ok(meter.users_well / (world.account().arrived - arrived).max(1) as f64)
    }
    /// Whether so much work waits, in order and without bound, that no answer comes in time until the end of the run: even
    /// with nothing more to do, the station would not be through with it.
    fn is_lost(&self, world: &World) -> bool {
        let waiting = world.gauges(ServiceId(1)).map_or(0.0, |gauges| gauges.queue_len as f64);
        let left_s = self.horizon_s - world.now().as_secs_f64();
        self.waiting == Waiting::Unbounded && waiting / self.capacity() > left_s + self.timeout_s
    }
}
