//! The books: requests are conserved. Every arrival is somewhere, and only once.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Users' requests since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Came in.
    pub arrived: u64,
    /// Answered well.
    pub completed: u64,
    /// Answered with an error, or lost with an instance.
    pub failed: u64,
    /// Turned away: full queue or no instance at the entry.
    pub rejected: u64,
    /// Inside now.
    pub in_flight: u64,
}

/// The books do not balance: a bug of ours.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the books do not balance: {0}")]
pub struct Imbalance(String);

impl Imbalance {
    pub(super) const fn new(what: String) -> Self {
        Self(what)
    }
}

impl super::World {
    /// Users' requests so far.
    pub const fn account(&self) -> Account {
        self.account
    }

    /// Checks that requests are conserved and that every request, call and worker slot belongs to somebody,
    /// and the platform's own books.
    ///
    /// # Errors
    /// [`Imbalance`] with the first broken equation.
    pub fn check(&self) -> Result<(), Imbalance> {
        let a = self.account;
        if a.arrived != a.completed + a.failed + a.rejected + a.in_flight {
            return Err(Imbalance(format!("{a:?}")));
        }
        let waiting = self.visitors.iter().filter(|(_, v)| v.waiting).count() as u64;
        if waiting != a.in_flight {
            return Err(Imbalance(format!("{waiting} users wait, {} requests in flight", a.in_flight)));
        }
        for (index, instance) in self.instances.iter() {
            let workers = self.topology.get(instance.service).map_or(u32::MAX, |s| s.workers);
            if instance.active.len() as u64 > u64::from(workers) {
                return Err(Imbalance(format!("instance {} has more requests than workers", instance.id)));
            }
            let stray = instance.active.iter().find(|r| self.requests.get(**r).is_none_or(|r| r.instance != index));
            if let Some(stray) = stray {
                return Err(Imbalance(format!("instance {} holds request {stray}, which is elsewhere", instance.id)));
            }
        }
        self.check_platform()
    }
}
