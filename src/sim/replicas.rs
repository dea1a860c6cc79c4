//! The controller that keeps the wanted number of instances of the wanted version: Kubernetes' Deployment and replica set
//! controllers in one.
//!
//! One rule serves scaling and roll-outs alike: compare what there is with what is wanted, and start or drain instances
//! within the surge and the share that may be missing. It runs whenever something changed ([`World::wake`]), in an event
//! of its own, so that no change is made in the middle of another.

use super::World;
use super::calendar::Happening;
use super::event::Event;
use super::instance::Life;
use super::rollout::Roll;
use crate::action::ActionStatus;
use crate::ids::ServiceId;
use crate::topology::RollOut;

/// The instances of a service that stay, by what the controller does with them.
#[derive(Debug, Default)]
struct Tally {
    /// Index of each, the oldest first, and whether it is ready.
    old: Vec<(u32, bool)>,
    new: Vec<(u32, bool)>,
    /// Instances wanted, and those beyond that a change needs for a while.
    desired: u32,
    surplus: u32,
}

impl Tally {
    fn total(&self) -> u32 {
        (self.old.len() + self.new.len()) as u32
    }
    fn ready(list: &[(u32, bool)]) -> u32 {
        list.iter().filter(|(_, ready)| *ready).count() as u32
    }
    fn wanted(&self) -> u32 {
        self.desired + self.surplus
    }
}

/// Surge, rounded up, and instances that may be missing, rounded down (Kubernetes `maxSurge`, `maxUnavailable`); if both
/// were zero nothing could move, so then one may be missing (`ResolveFenceposts`).
pub(super) fn allowances(roll_out: &RollOut, desired: u32) -> (u32, u32) {
    let share = |ratio: f64| ratio * f64::from(desired);
    let (surge, missing) = (share(roll_out.surge.get()).ceil() as u32, share(roll_out.unavailable.get()).floor() as u32);
    if surge == 0 && missing == 0 { (0, 1) } else { (surge, missing) }
}

impl World {
    /// The controller looks at the service after everything that is due now.
    pub(super) fn wake(&mut self, id: ServiceId) {
        if self.versions_mut(id).is_some_and(|v| v.wake == 0) {
            let seq = self.calendar.schedule(self.now, Happening::RollOutStep, id.0);
            if let Some(versions) = self.versions_mut(id) {
                versions.wake = seq;
            }
        }
    }

    fn tally(&self, id: ServiceId) -> Option<Tally> {
        let state = self.services.get(id.index())?.as_ref()?;
        let surplus = state.change.as_ref().map_or(0, |c| u32::from(c.leaving.is_some()));
        let mut tally = Tally { desired: state.desired, surplus, ..Tally::default() };
        for index in state.instances.iter() {
            let Some(instance) = self.instances.get(*index).filter(|i| i.life != Life::Draining) else { continue };
            let is_old = state.versions.is_old(instance.version, instance.id);
            let list = if is_old { &mut tally.old } else { &mut tally.new };
            list.push((*index, instance.is_available()));
        }
        Some(tally)
    }

    /// One step towards the wanted number of instances of the wanted version.
    pub(super) fn settle(&mut self, id: ServiceId) {
        let Some(tally) = self.tally(id) else { return };
        let Some(roll) = self.services[id.index()].as_ref().map(|s| s.versions.roll) else { return };
        match roll {
            Some(roll) if !tally.old.is_empty() && !roll.is_paused => self.replace(id, &tally, roll),
            _ => self.resize_set(id, &tally),
        }
        self.note_progress(id);
    }

    /// Scales: starts what is missing, drains what is too many.
    fn resize_set(&mut self, id: ServiceId, tally: &Tally) {
        for _ in tally.total()..tally.wanted() {
            self.spawn(id, false);
        }
        let excess = tally.total().saturating_sub(tally.wanted()) as usize;
        if excess > 0 {
            let mut all: Vec<(u32, bool)> = tally.old.iter().chain(&tally.new).copied().collect();
            // Not ready ones first, then the newest (Kubernetes `ActivePodsWithRanks`, abridged).
            all.sort_by_key(|(index, ready)| (*ready, std::cmp::Reverse(self.instances.get(*index).map(|i| i.id))));
            for (index, _) in all.into_iter().take(excess) {
                self.drain(index);
            }
        }
    }

    /// Replaces: new instances as far as the surge allows, then old ones go as far as enough stay ready (Kubernetes
    /// `reconcileNewReplicaSet`, `reconcileOldReplicaSets`).
    fn replace(&mut self, id: ServiceId, tally: &Tally, roll: Roll) {
        let Some(service) = self.topology.get(id) else { return };
        let (surge, missing) = allowances(&service.roll_out, tally.desired);
        let budget = if roll.is_restart { service.ready_min } else { 0 };
        let new = tally.new.len() as u32;
        let room = (tally.wanted() + surge).saturating_sub(tally.total());
        let fresh = room.min(tally.wanted().saturating_sub(new));
        for _ in 0..fresh {
            self.spawn(id, false);
        }
        let stay = tally.desired.saturating_sub(missing).max(budget);
        let (old_ready, new_ready) = (Tally::ready(&tally.old), Tally::ready(&tally.new));
        let unready_new = new + fresh - new_ready;
        let most = (tally.total() + fresh).saturating_sub(stay + unready_new) as usize;
        let (ill, well): (Vec<_>, Vec<_>) = tally.old.iter().copied().partition(|(_, ready)| !ready);
        let ill_go = ill.len().min(most);
        let well_go = ((old_ready + new_ready).saturating_sub(stay) as usize).min(most - ill_go);
        for (index, _) in ill.into_iter().take(ill_go).chain(well.into_iter().take(well_go)) {
            self.drain(index);
        }
        if fresh as usize + ill_go + well_go > 0 {
            self.wake(id);
        }
    }

    /// Notes how far the roll-out is, and ends it when all is as wanted.
    fn note_progress(&mut self, id: ServiceId) {
        let Some(tally) = self.tally(id) else { return };
        let now = self.now;
        let progress = (tally.old.len() as u32, Tally::ready(&tally.new));
        let Some(versions) = self.versions_mut(id) else { return };
        let version = versions.current();
        let Some(roll) = versions.roll.as_mut() else { return };
        if roll.progress != progress {
            (roll.progress, roll.progress_at) = (progress, now);
        }
        if tally.old.is_empty() && progress.1 >= tally.desired {
            versions.roll = None;
            self.emit(Event::RollOutEnded { service: id, version, complete: true });
            self.end_rolling_change(id, ActionStatus::Done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::allowances;
    use crate::topology::RollOut;
    use crate::units::Ratio;

    #[test]
    fn surge_rounds_up_and_missing_rounds_down_and_something_always_moves() {
        let usual = RollOut::default();
        let cases = [(10, (3, 2)), (4, (1, 1)), (3, (1, 0)), (1, (1, 0)), (0, (0, 1))];
        for (desired, expected) in cases {
            assert_eq!(allowances(&usual, desired), expected, "{desired} replicas");
        }
        assert_eq!(allowances(&RollOut { surge: Ratio::ZERO, ..usual }, 1), (0, 1));
    }
}
