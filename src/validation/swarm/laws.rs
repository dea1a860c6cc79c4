//! The laws that hold on any system, whatever befalls it.

use super::blows::{fault, strike};
use super::generate::{Dice, Kind, System};
use crate::action::Action;
use crate::ids::{ActionId, ServiceId};
use crate::rng;
use crate::sim::{Event, Gauges, Observer, Outcome, Rejection, TimedEvent, World};
use crate::topology::Topology;
use crate::units::{SimDuration, SimTime};

/// Happenings of one run: an end to any storm.
pub(super) const HAPPENINGS_MAX: u64 = 1_500_000;

pub(super) fn world(system: &System) -> World {
    World::new(system.topology.clone(), system.cluster.clone(), system.seed)
}
fn seconds(world: &World, more: u64) -> SimTime {
    world.now() + SimDuration::from_secs(more)
}

pub(super) fn conserved(seed: u64) -> Result<(), String> {
    let system = System::any(seed);
    let (mut world, mut dice) = (world(&system), Dice::new(seed, "blows"));
    for number in 0..8 {
        let until = seconds(&world, 1 + u64::from(dice.below(5)));
        world.run(until, HAPPENINGS_MAX / 8, &mut ());
        world.check().map_err(|e| format!("at {}: {e}", world.now()))?;
        strike(&mut world, &mut dice, number);
        world.check().map_err(|e| format!("after blow {number} at {}: {e}", world.now()))?;
    }
    let until = seconds(&world, 10);
    world.run(until, HAPPENINGS_MAX / 4, &mut ());
    world.check().map_err(|e| format!("at the end, {}: {e}", world.now()))
}

/// Two systems side by side that share nothing but the machines; what is done to one does not reach the other.
pub(super) fn wrong_service(seed: u64) -> Result<(), String> {
    let system = System::of(seed, Kind::Plain);
    let half = system.topology.slots() as u32;
    let mut both: Topology = system.topology.clone();
    for (_, service) in system.topology.services() {
        let mut twin = service.clone();
        twin.name = format!("other-{}", twin.name);
        for call in twin.calls_mut() {
            call.to = ServiceId(call.to.0 + half);
        }
        both.push(twin);
    }
    let mut dice = Dice::new(seed, "wrong service");
    let healed = ServiceId(half + dice.below(half));
    let run = |act: bool| {
        let mut world = World::new(both.clone(), system.cluster.clone(), seed);
        let mut first = FirstHalf { half, hash: 0 };
        world.run(SimTime::from_secs(4), HAPPENINGS_MAX, &mut first);
        if act {
            world.apply(ActionId(1), Action::Restart { service: healed });
        }
        world.run(SimTime::from_secs(20), HAPPENINGS_MAX, &mut first);
        first.hash
    };
    if run(true) == run(false) {
        Ok(())
    } else {
        Err(format!("restarting {healed} changed what happened at services below s{half}"))
    }
}

/// Hashes what happens to the users and calls of the first services.
struct FirstHalf {
    half: u32,
    hash: u64,
}

impl Observer for FirstHalf {
    fn see(&mut self, at: SimTime, event: &Event) {
        let (who, what) = match event {
            Event::Served { service, latency, ok, .. } => (service, latency.as_nanos() << 1 | u64::from(*ok)),
            Event::UserServed { entry, latency, ok } => (entry, latency.as_nanos() << 1 | u64::from(*ok)),
            Event::Attempted { from, latency, outcome, .. } => (from, latency.as_nanos() << 2 | *outcome as u64),
            _ => return,
        };
        if who.0 < self.half {
            self.hash = rng::fold(rng::fold(rng::fold(self.hash, at.as_nanos()), u64::from(who.0)), what);
        }
    }
}

fn counts(gauges: &Gauges) -> [u64; 6] {
    let wide = u64::from;
    [gauges.queue_len, gauges.active, wide(gauges.restarts), wide(gauges.ready), wide(gauges.pods), wide(gauges.desired)]
}

pub(super) fn no_change_without_event(seed: u64) -> Result<(), String> {
    let system = System::any(seed);
    let (mut world, mut dice) = (world(&system), Dice::new(seed, "changes"));
    let id = ServiceId(0);
    world.run(SimTime::from_secs(2), HAPPENINGS_MAX, &mut ());
    let _ = world.inject(fault(&world, &mut dice, id));
    world.apply(ActionId(1), Action::Restart { service: id });
    world.flush(&mut ());
    for _ in 0..4_000 {
        let Some(before) = world.gauges(id).as_ref().map(counts) else { return Ok(()) };
        let mut seen: Vec<TimedEvent> = Vec::new();
        let handled = world.handled();
        world.run(seconds(&world, 30), 1, &mut seen);
        let Some(after) = world.gauges(id).as_ref().map(counts) else { return Ok(()) };
        if world.handled() == handled && before != after {
            return Err(format!("nothing was handled by {}, yet {before:?} became {after:?}", world.now()));
        }
        let is_told = |told: fn(&Event) -> bool| seen.iter().any(|(_, event)| told(event));
        let exited = is_told(|e| matches!(e, Event::Exited { .. }));
        if before[2] != after[2] && !exited {
            return Err(format!("restarts went from {} to {} at {} without an exit", before[2], after[2], world.now()));
        }
        let moved =
            exited || is_told(|e| matches!(e, Event::BecameReady { .. } | Event::BecameUnready { .. } | Event::Draining { .. }));
        if before[3] != after[3] && !moved {
            return Err(format!("ready instances went from {} to {} at {} unannounced", before[3], after[3], world.now()));
        }
    }
    Ok(())
}

pub(super) fn watching_changes_nothing(seed: u64) -> Result<(), String> {
    let system = System::any(seed);
    let befall = |world: &mut World| {
        let mut dice = Dice::new(seed, "watched");
        for number in 0..3 {
            strike(world, &mut dice, number);
        }
    };
    let (half, end) = (SimTime::from_secs(6), SimTime::from_secs(12));
    let mut plain = world(&system);
    plain.run(half, u64::MAX, &mut ());
    let mut fork = plain.clone();
    befall(&mut plain);
    befall(&mut fork);
    plain.run(end, u64::MAX, &mut ());
    for second in 7..=12 {
        let mut seen: Vec<TimedEvent> = Vec::new();
        while !fork.run(SimTime::from_secs(second), 97, &mut seen) {
            fork.digest();
        }
    }
    if plain.digest() != fork.digest() {
        return Err(format!("whole {:016x}, forked and sliced {:016x}", plain.digest(), fork.digest()));
    }
    let mut again = world(&system);
    let mut seen: Vec<TimedEvent> = Vec::new();
    again.run(half, u64::MAX, &mut seen);
    befall(&mut again);
    again.run(end, u64::MAX, &mut seen);
    if again.digest() == plain.digest() { Ok(()) } else { Err("a second run of the same seed differs".to_owned()) }
}

/// What a stretch of time looked like to users and callers.
#[derive(Default)]
struct Stretch {
    served: u64,
    good: u64,
    again: u64,
    failed: u64,
    timeouts: u64,
    rejected: u64,
    absent: u64,
    exits: u64,
    missed: u64,
}

impl Observer for Stretch {
    fn see(&mut self, _at: SimTime, event: &Event) {
        match event {
            Event::UserServed { ok, .. } => {
                self.served += 1;
                self.good += u64::from(*ok);
            }
            Event::Attempted { attempt, outcome, .. } => {
                self.again += u64::from(*attempt > 1);
                self.failed += u64::from(*outcome != Outcome::Ok);
                self.timeouts += u64::from(*outcome == Outcome::Timeout);
            }
            Event::Rejected { reason: Rejection::NoInstance, .. } => self.absent += 1,
            // Turned away at a door, or held back by a guard.
            Event::Rejected { .. } | Event::Held { .. } => self.rejected += 1,
            Event::Exited { .. } => self.exits += 1,
            Event::CacheAsked { hit: false, .. } => self.missed += 1,
            _ => {}
        }
    }
}

impl Stretch {
    fn success(&self) -> f64 {
        self.good as f64 / self.served.max(1) as f64
    }
    /// How far the success shares of two stretches may differ by chance (three standard errors).
    fn chance(&self, other: &Self) -> f64 {
        let share = (self.good + other.good) as f64 / (self.served + other.served).max(1) as f64;
        let each = |served: u64| 1.0 / served.max(1) as f64;
        3.0 * (share * (1.0 - share) * (each(self.served) + each(other.served))).sqrt()
    }
    /// Events per user served.
    fn per_user(&self, events: u64) -> f64 {
        events as f64 / self.served.max(1) as f64
    }
    /// Retries per failed attempt.
    fn persistence(&self) -> f64 {
        self.again as f64 / self.failed.max(1) as f64
    }
    /// What a user's request meets more often than before: time-outs, shut doors, nobody at all, cold caches, retries of
    /// others, and failures that a spent retry budget lets pass. In events per user, to be held against the success
    /// that was lost.
    fn sustains(&self, before: &Self) -> [(&'static str, f64); 6] {
        let more = |read: fn(&Self) -> u64| (self.per_user(read(self)) - before.per_user(read(before))).max(0.0);
        let spent = (before.persistence() - self.persistence()).max(0.0) * self.per_user(self.failed);
        [
            ("time-outs", more(|s| s.timeouts)),
            ("refusals", more(|s| s.rejected)),
            ("nobody there", more(|s| s.absent)),
            ("cache misses", more(|s| s.missed)),
            ("retries", more(|s| s.again)),
            ("failures that were retried before", spent),
        ]
    }
}

pub(super) fn returns_or_says_why(seed: u64) -> Result<(), String> {
    let system = System::any(seed);
    let (mut world, mut dice) = (world(&system), Dice::new(seed, "lifted"));
    let (mut before, mut after) = (Stretch::default(), Stretch::default());
    let waiting = |world: &World| -> u64 {
        world.topology().services().filter_map(|(id, _)| world.gauges(id)).map(|g| g.queue_len + g.active).sum()
    };
    world.run(SimTime::from_secs(5), HAPPENINGS_MAX, &mut ());
    world.run(SimTime::from_secs(15), HAPPENINGS_MAX, &mut before);
    let waited_before = waiting(&world);
    for _ in 0..3 {
        let id = ServiceId(dice.below(system.topology.slots() as u32));
        let spec = fault(&world, &mut dice, id);
        let _ = world.inject(spec);
    }
    world.run(SimTime::from_secs(25), HAPPENINGS_MAX, &mut ());
    for id in world.faults().iter().map(|f| f.id).collect::<Vec<_>>() {
        world.remove_fault(id);
    }
    world.run(SimTime::from_secs(70), HAPPENINGS_MAX, &mut ());
    world.run(SimTime::from_secs(80), HAPPENINGS_MAX, &mut after);
    let down = world.topology().services().any(|(id, s)| world.gauges(id).is_some_and(|g| g.ready < s.replicas.min(g.desired)));
    let backlog = waiting(&world) > waited_before + 20;
    // What was overloaded or broken before anything befell it has nothing to return to.
    if before.success() < 0.6 {
        return Ok(());
    }
    let lost = before.success() - after.success();
    if lost < 0.1 + before.chance(&after) || down || after.exits > 0 || backlog || after.served < 50 {
        return Ok(());
    }
    // It must be enough to explain what was lost, not only more than before.
    let sustains = after.sustains(&before);
    if sustains.iter().map(|(_, more)| more).sum::<f64>() >= lost / 2.0 {
        return Ok(());
    }
    let (before, after) = (before.success(), after.success());
    Err(format!("success {before:.3} before, {after:.3} after, and too little sustains it (per user): {sustains:.2?}"))
}
