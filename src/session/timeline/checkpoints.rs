//! Moments of a run that are kept, so that any other is found soon.

use super::super::Session;
use crate::units::{SimDuration, SimTime};

/// Simulated time between two checkpoints at first: a fraction of a second of work for a dozen services.
const SPACING: SimDuration = SimDuration::from_secs(10);
/// Services in all checkpoints together: some 60 MB, as a service takes some 60 kB of world, series and detectors.
const SERVICES_MAX: usize = 1_000;
/// Fewest and most checkpoints.
const LEN: (usize, usize) = (4, 32);

/// Forks of a run at earlier moments, in order; the first is its start. When there are too many, every other one goes, so that
/// they lie evenly over the whole run, however long it is.
#[derive(Debug)]
pub(super) struct Checkpoints {
    kept: Vec<Session>,
    spacing: SimDuration,
}

impl Checkpoints {
    /// With the run's start.
    pub fn starting_with(session: &Session) -> Self {
        Self { kept: vec![session.clone()], spacing: SPACING }
    }
    /// Keeps the run as it is now, unless a moment shortly before is kept.
    pub fn offer(&mut self, session: &Session) {
        let now = session.now();
        let after = self.kept.partition_point(|kept| kept.now() <= now);
        let is_near = after > 0 && now.since(self.kept[after - 1].now()) < self.spacing;
        let is_early = self.kept.get(after).is_some_and(|next| next.now().since(now) < self.spacing);
        if is_near || is_early {
            return;
        }
        self.kept.insert(after, session.clone());
        let services = session.world().topology().services().count().max(1);
        if self.kept.len() > (SERVICES_MAX / services).clamp(LEN.0, LEN.1) {
            self.thin();
        }
    }
    fn thin(&mut self) {
        self.spacing = SimDuration::from_nanos(self.spacing.as_nanos() * 2);
        let spacing = self.spacing;
        let mut last = None;
        self.kept.retain(|kept| {
            let stays = last.is_none_or(|last| kept.now().since(last) >= spacing);
            if stays {
                last = Some(kept.now());
            }
            stays
        });
    }
    /// A fork of the last one at or before `moment`; of the start if there is none.
    pub fn before(&self, moment: SimTime) -> Session {
        let after = self.kept.partition_point(|kept| kept.now() <= moment);
        self.kept[after.saturating_sub(1)].clone()
    }
    /// Forgets what was later than `moment`, but never the start.
    pub fn forget_after(&mut self, moment: SimTime) {
        let after = self.kept.partition_point(|kept| kept.now() <= moment);
        self.kept.truncate(after.max(1));
    }
}
