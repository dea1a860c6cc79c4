//! Users. In an open loop they come however slow the answers are; in a closed loop each waits for the answer and thinks.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Rejection};
use super::request::{ReplyKind, ReplyTo, Visitor};
use super::sample::Sampler;
use crate::ids::ServiceId;
use crate::math;
use crate::rng::{self, Stream};
use crate::topology::{Arrivals, Shape, Workload};
use crate::units::{SimDuration, SimTime};

const GAP: u64 = rng::label("gap");
const ENDPOINT: u64 = rng::label("endpoint");
const LEVEL: u64 = rng::label("level");
const PATIENCE: u64 = rng::label("patience");
const THINK: u64 = rng::label("think");
const ADMIT: u64 = rng::label("admit");
/// Priorities: 64 business levels of 128 user levels each (DAGOR).
const LEVELS: u32 = 64 * 128;
/// A rate that changes steadily is followed in steps of this length.
const RATE_STEP: SimDuration = SimDuration::from_secs(1);
/// Period of the daily swing if none is given.
const DAY: SimDuration = SimDuration::from_secs(86_400);

/// How users enter at one service, now.
#[derive(Clone, Debug)]
pub(super) struct EntryState {
    arrivals: Stream,
    switches: Stream,
    /// When the next user arrives; `None` without users.
    next_arrival: Option<SimTime>,
    arrival_event: u64,
    /// Users per second now, spikes included.
    rate: f64,
    /// The level of an MMPP.
    level: usize,
    level_event: u64,
    shape_event: u64,
    /// Share of users let in.
    pub admitted: f64,
    /// Gaps between users, mean 1 (in ns).
    gap: Sampler,
}

impl EntryState {
    pub fn new(seed: u64, label: u64) -> Self {
        Self {
            arrivals: Stream::new(seed, label),
            switches: Stream::new(seed, rng::fold(label, rng::label("switches"))),
            next_arrival: None,
            arrival_event: 0,
            rate: 0.0,
            level: 0,
            level_event: 0,
            shape_event: 0,
            admitted: 1.0,
            gap: Sampler::Exponential(1.0),
        }
    }
}

impl World {
    /// Starts the users of a service that just came to be.
    pub(super) fn begin_entry(&mut self, id: ServiceId) {
        let Some(service) = self.topology.get(id) else { return };
        let workload = service.workload.clone();
        let mut tables = Vec::new();
        let unit = |shape| crate::topology::Distribution { mean_us: 1e-3, shape };
        let gap = match workload.arrivals {
            Arrivals::Regular => Sampler::Constant(1.0),
            Arrivals::Renewal(scv) => Sampler::new(unit(Shape::Scv(scv)), &mut tables),
            _ => Sampler::Exponential(1.0),
        };
        if let Some(state) = self.services[id.index()].as_mut() {
            state.entry.gap = gap;
        }
        match workload.arrivals {
            Arrivals::Closed { users, .. } => {
                for _ in 0..users {
                    self.add_thinker(id);
                }
            }
            Arrivals::Mmpp { leave, .. } => self.arm_level(id, leave),
            _ => {}
        }
        self.refresh_rate(id);
        self.arm_shape(id, &workload);
    }

    /// A closed loop's user, who thinks first.
    fn add_thinker(&mut self, id: ServiceId) {
        let stamp = self.next_stamp();
        let Some(state) = self.services[id.index()].as_mut() else { return };
        let key = state.entry.arrivals.next_key();
        let visitor = Visitor {
            entry: id,
            entered_at: self.now,
            key,
            slot: super::request::NOBODY,
            event: 0,
            stamp,
            made: 0,
            failures: 0,
            waiting: false,
        };
        let index = self.visitors.insert(visitor);
        self.think(index);
    }

    fn think(&mut self, index: u32) {
        let Some(visitor) = self.visitors.get(index) else { return };
        let Some(service) = self.topology.get(visitor.entry) else { return };
        let think = match service.workload.arrivals {
            Arrivals::Closed { think, .. } | Arrivals::Sessions { think, .. } => think,
            _ => return,
        };
        let key = rng::fold(rng::fold(visitor.key, THINK), u64::from(visitor.made));
        let mut tables = Vec::new();
        let wait_ns = Sampler::new(think, &mut tables).draw(key, &tables);
        let event = self.calendar.schedule(self.now + SimDuration::from_nanos(wait_ns as u64), Happening::UserTurn, index);
        if let Some(visitor) = self.visitors.get_mut(index) {
            (visitor.event, visitor.waiting) = (event, false);
        }
    }

    fn arm_level(&mut self, id: ServiceId, leave: [f64; 2]) {
        let Some(state) = self.services[id.index()].as_mut() else { return };
        let rate = leave[state.entry.level];
        if rate > 0.0 {
            let wait = rng::exponential(state.entry.switches.next_key()) / rate;
            let at = self.now + SimDuration::from_secs_f64(wait);
            state.entry.level_event = self.calendar.schedule(at, Happening::RateTurn, id.0);
        }
    }

    /// Arms the next planned change of the rate.
    fn arm_shape(&mut self, id: ServiceId, workload: &Workload) {
        let now = self.now;
        let moving = workload.swing > 0.0
            || workload.changes.iter().any(|c| c.ramp > SimDuration::ZERO && c.at <= now && now < c.at + c.ramp);
        let next = workload.changes.iter().map(|c| c.at).filter(|at| *at > now).min();
        let step = moving.then(|| now + RATE_STEP);
        let at = match (next, step) {
            (Some(a), Some(b)) => a.min(b),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => return,
        };
        let event = self.calendar.schedule(at, Happening::RateTurn, id.0);
        if let Some(state) = self.services[id.index()].as_mut() {
            state.entry.shape_event = event;
        }
    }

    /// The rate changes by itself: an MMPP's level, a planned change, the daily swing.
    pub(super) fn rate_turn(&mut self, index: u32, seq: u64) {
        let id = ServiceId(index);
        let Some(workload) = self.topology.get(id).map(|s| s.workload.clone()) else { return };
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        if seq == state.entry.level_event {
            state.entry.level = 1 - state.entry.level;
            if let Arrivals::Mmpp { leave, .. } = workload.arrivals {
                self.arm_level(id, leave);
            }
        } else if seq == state.entry.shape_event {
            self.arm_shape(id, &workload);
        } else {
            return;
        }
        self.refresh_rate(id);
    }

    /// Derives the rate at which users come to `id` from everything that acts on it.
    pub(super) fn refresh_rate(&mut self, id: ServiceId) {
        let Some(service) = self.topology.get(id) else { return };
        let base = service.entry_rate.0;
        if base <= 0.0 && self.services[id.index()].as_ref().is_none_or(|s| s.entry.rate == 0.0) {
            return;
        }
        let workload = &service.workload;
        let level = self.services[id.index()].as_ref().map_or(0, |s| s.entry.level);
        let level = if let Arrivals::Mmpp { rates, .. } = workload.arrivals { rates[level] } else { 1.0 };
        let open = !matches!(workload.arrivals, Arrivals::Closed { .. });
        let planned = planned_factor(workload, self.now);
        let rate = if open { base * level * planned * self.traffic_factor(id) } else { 0.0 };
        self.set_rate(id, rate);
    }

    /// A gap in progress keeps the share of it that is left, so the arrivals stay one process whose clock merely runs
    /// faster or slower.
    fn set_rate(&mut self, id: ServiceId, rate: f64) {
        let now = self.now;
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        let entry = &mut state.entry;
        if entry.rate.to_bits() == rate.to_bits() {
            return;
        }
        let left = match entry.next_arrival {
            Some(at) if entry.rate > 0.0 => at.since(now).as_secs_f64() * entry.rate,
            _ => entry.gap.draw(entry.arrivals.next_key(), &[]),
        };
        entry.rate = rate;
        entry.next_arrival = None;
        entry.arrival_event = 0;
        if rate > 0.0 {
            let at = now + SimDuration::from_secs_f64(left / rate);
            entry.next_arrival = Some(at);
            entry.arrival_event = self.calendar.schedule(at, Happening::Arrive, id.0);
        }
    }

    /// A user comes to a service.
    pub(super) fn arrive(&mut self, index: u32, seq: u64) {
        let (now, id) = (self.now, ServiceId(index));
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        let entry = &mut state.entry;
        if entry.arrival_event != seq || entry.rate <= 0.0 {
            return;
        }
        let key = entry.arrivals.next_key();
        let gap = entry.gap.draw(rng::fold(key, GAP), &[]) / entry.rate;
        let at = now + SimDuration::from_secs_f64(gap);
        entry.next_arrival = Some(at);
        entry.arrival_event = self.calendar.schedule(at, Happening::Arrive, index);
        let stamp = self.next_stamp();
        let slot = super::request::NOBODY;
        let visitor = Visitor { entry: id, entered_at: now, key, slot, event: 0, stamp, made: 0, failures: 0, waiting: false };
        let visitor = self.visitors.insert(visitor);
        self.enter(visitor);
    }

    /// A visitor's next request enters.
    fn enter(&mut self, index: u32) {
        let (now, stamp) = (self.now, self.next_stamp());
        self.account.arrived += 1;
        self.account.in_flight += 1;
        let Some(visitor) = self.visitors.get_mut(index) else { return };
        visitor.made += 1;
        (visitor.entered_at, visitor.waiting, visitor.stamp, visitor.event) = (now, true, stamp, 0);
        let id = visitor.entry;
        let key = if visitor.made == 1 { visitor.key } else { rng::fold(visitor.key, u64::from(visitor.made)) };
        let Some(service) = self.topology.get(id) else { return self.user_answered(index, stamp, ReplyKind::Rejected) };
        let mut deadline = SimTime::FAR_FUTURE;
        if let Some(patience) = service.workload.patience {
            let mut tables = Vec::new();
            let wait_ns = Sampler::new(patience, &mut tables).draw(rng::fold(key, PATIENCE), &tables);
            deadline = now + SimDuration::from_nanos(wait_ns as u64);
            let event = self.calendar.schedule(deadline, Happening::UserTurn, index);
            if let Some(visitor) = self.visitors.get_mut(index) {
                visitor.event = event;
            }
        }
        let level = rng::below(rng::fold(key, LEVEL), LEVELS) as u16;
        let request = self.new_request(key, id, ReplyTo::User { visitor: index, stamp }, deadline, level);
        self.sample(request);
        let admitted = self.services[id.index()].as_ref().map_or(1.0, |s| s.entry.admitted);
        if admitted < 1.0 && !rng::chance(rng::fold(key, ADMIT), admitted) {
            return self.reject(request, Rejection::Shed);
        }
        let Some(target) = self.choose_entry(id, rng::fold(key, rng::label("pick"))) else {
            return self.reject(request, Rejection::NoInstance);
        };
        let endpoint = self.endpoint_for(id, key);
        let instance_stamp = self.instances.get(target.instance).map_or(0, |i| i.stamp);
        if let Some(request) = self.requests.get_mut(request) {
            (request.instance, request.instance_stamp, request.endpoint) = (target.instance, instance_stamp, endpoint);
        }
        if let Some(state) = self.services[id.index()].as_mut() {
            state.ingress.sent(target.slot);
        }
        if let Some(visitor) = self.visitors.get_mut(index) {
            visitor.slot = target.slot;
        }
        self.enter_instance(request);
    }

    fn endpoint_for(&self, id: ServiceId, key: u64) -> u16 {
        let plan = &self.plan.services[id.index()];
        if plan.endpoint_count <= 1 {
            return 0;
        }
        let draw = rng::uniform(rng::fold(key, ENDPOINT));
        let first = plan.first_endpoint as usize;
        let programs = &self.plan.endpoints[first..first + plan.endpoint_count as usize];
        programs.iter().position(|p| draw < p.share_to).unwrap_or(0) as u16
    }

    /// A user has thought for long enough, or has no patience left.
    pub(super) fn user_turn(&mut self, index: u32, seq: u64) {
        let Some(visitor) = self.visitors.get(index).filter(|v| v.event == seq) else { return };
        if visitor.waiting {
            let stamp = visitor.stamp;
            self.user_answered(index, stamp, ReplyKind::Error);
        } else {
            self.enter(index);
        }
    }

    /// A user has an answer, or has stopped waiting for one.
    pub(super) fn user_answered(&mut self, index: u32, stamp: u32, kind: ReplyKind) {
        let Some(visitor) = self.visitors.get_mut(index).filter(|v| v.stamp == stamp && v.waiting) else { return };
        let ok = kind == ReplyKind::Ok;
        (visitor.waiting, visitor.event) = (false, 0);
        visitor.failures = if ok { 0 } else { visitor.failures + 1 };
        let visitor = *visitor;
        self.account.in_flight -= 1;
        match kind {
            ReplyKind::Ok => self.account.completed += 1,
            ReplyKind::Error => self.account.failed += 1,
            ReplyKind::Rejected => self.account.rejected += 1,
        }
        if let Some(state) = self.services.get_mut(visitor.entry.index()).and_then(Option::as_mut)
            && visitor.slot != super::request::NOBODY
        {
            state.ingress.ended(visitor.slot);
        }
        self.emit(Event::UserServed { entry: visitor.entry, latency: self.now.since(visitor.entered_at), ok });
        let stays = match self.topology.get(visitor.entry).map(|s| &s.workload.arrivals) {
            Some(Arrivals::Closed { .. }) => true,
            Some(Arrivals::Sessions { requests, failures_max, .. }) => {
                visitor.made < *requests && visitor.failures < (*failures_max).max(1)
            }
            _ => false,
        };
        if let Some(visitor) = self.visitors.get_mut(index) {
            visitor.slot = super::request::NOBODY;
        }
        if stays {
            self.think(index);
        } else {
            self.visitors.forget(index);
        }
    }
}

/// The multiple of the base rate by the plan: the last change that has begun, and the swing.
fn planned_factor(workload: &Workload, now: SimTime) -> f64 {
    let mut factor = 1.0;
    for change in workload.changes.iter().filter(|c| c.at <= now) {
        let done = if change.ramp == SimDuration::ZERO {
            1.0
        } else {
            (now.since(change.at).as_secs_f64() / change.ramp.as_secs_f64()).min(1.0)
        };
        factor += (change.factor - factor) * done;
    }
    if workload.swing > 0.0 {
        let period = if workload.swing_period == SimDuration::ZERO { DAY } else { workload.swing_period };
        let phase = now.as_secs_f64() / period.as_secs_f64() * std::f64::consts::TAU;
        factor *= 1.0 + workload.swing * math::sin(phase);
    }
    factor.max(0.0)
}
