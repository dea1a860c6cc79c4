//! Evidence about connection pools: are they exhausted, and if so, by what?
//!
//! A pool is full for one of two reasons. Its connections are at work: the callee is slow, or there are more calls than it was
//! made for; then what is given back accounts for what is taken (Little's law: connections at work = calls a second times the
//! time that each takes). Or they are not: somebody took them and never gave them back. The difference between what is taken
//! and what the calls that gave theirs back had taken tells a leak from a slow callee.

use super::clue::{Clue, Clues};
use super::evidence::{BAD_GAP_SHARE, SLOW_MS, Scene, squeeze};
use super::usual::Key;
use crate::ids::ServiceId;
use crate::telemetry::{EdgeFacts, Inventory, PoolFacts};

/// Attempts that wait for a connection and count as 0.7: half of a usual pool.
const WAITING: f64 = 5.0;
/// Share of a pool that is taken without being at work from which on it leaks: half of a full one.
const LEAKING: f64 = 0.5;
/// Share of a pool that is taken from which on it is exhausted.
const EXHAUSTED: f64 = 0.9;

/// The pool that a service is short of connections in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::pipeline) struct Short {
    /// Whom it calls with it.
    pub to: ServiceId,
    /// Whether connections are taken that no call accounts for.
    pub is_leaking: bool,
}

/// The fullest of a service's pools, if it is exhausted.
pub(in crate::pipeline) fn short(inventory: &Inventory, service: ServiceId) -> Option<Short> {
    let own = inventory.edges.iter().filter(|e| e.from == service).filter_map(|e| Some((e.to, e.pool?)));
    let full = own.filter(|(_, pool)| pool.in_use >= EXHAUSTED || pool.gave_up > BAD_GAP_SHARE);
    let worst = full.max_by(|a, b| held(&a.1).total_cmp(&held(&b.1)).then(a.1.waiting.total_cmp(&b.1.waiting)));
    worst.map(|(to, pool)| Short { to, is_leaking: held(&pool) >= LEAKING })
}

/// Share of the connections that is taken and not at work.
fn held(pool: &PoolFacts) -> f64 {
    (pool.in_use - pool.busy).clamp(0.0, 1.0)
}

/// What a call's pool says, strongest over several with [`add`].
fn add(scene: &Scene, edge: &EdgeFacts, pool: &PoolFacts, clues: &mut Clues) {
    let usual = |key: Key| scene.usual.of(key).unwrap_or(0.0);
    let used = (pool.in_use - usual(Key::PoolUsed(edge.from, edge.to))).max(0.0);
    let waits = (pool.wait_ms - usual(Key::PoolWaited(edge.from, edge.to))).max(0.0);
    let told = [
        (Clue::PoolUsed, used),
        (Clue::PoolHeld, held(pool).min(used)),
        (Clue::PoolWaited, squeeze(waits, SLOW_MS).max(squeeze(pool.waiting, WAITING))),
        (Clue::PoolGaveUp, squeeze(pool.gave_up, BAD_GAP_SHARE)),
    ];
    for (clue, strength) in told {
        clues.set(clue, clues.of(clue).max(strength));
    }
}

/// What a service's own pools say. A pool of which nobody gets a connection carries nothing and says the most.
pub(super) fn of_service(scene: &Scene, id: ServiceId, clues: &mut Clues) {
    let own = scene.inventory.edges.iter().filter(|e| e.from == id);
    own.for_each(|edge| of_edge(scene, edge, clues));
}

/// What the pool of one call says.
pub(super) fn of_edge(scene: &Scene, edge: &EdgeFacts, clues: &mut Clues) {
    if let Some(pool) = &edge.pool {
        add(scene, edge, pool, clues);
    }
}

/// Milliseconds more than usual that a call waits for a connection; as long as can be where attempts give up.
pub(super) fn waits_ms(scene: &Scene, edge: &EdgeFacts) -> f64 {
    let Some(pool) = &edge.pool else { return 0.0 };
    if pool.gave_up > BAD_GAP_SHARE {
        return f64::INFINITY;
    }
    (pool.wait_ms - scene.usual.of(Key::PoolWaited(edge.from, edge.to)).unwrap_or(0.0)).max(0.0)
}
