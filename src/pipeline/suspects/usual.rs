//! What is usual of each number that exporters tell: an exponentially weighted mean over calm scrapes.

use crate::ids::ServiceId;
use crate::telemetry::{Inventory, Metric};
use std::collections::BTreeMap;

/// Scrapes before a usual level is known: two metric windows after one that is left out.
const SCRAPES_MIN: u32 = 15;
/// Share of a new sample afterwards: a time constant of one minute.
const WEIGHT: f64 = 1.0 / 60.0;

/// Of whom and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Latency(ServiceId),
    Waited(ServiceId),
    Uneven(ServiceId),
    CpuBusiest(ServiceId),
    Hits(ServiceId),
    EdgeLatency(ServiceId, ServiceId),
    EdgeRate(ServiceId, ServiceId),
    EdgeFailed(ServiceId, ServiceId),
    PoolUsed(ServiceId, ServiceId),
    PoolWaited(ServiceId, ServiceId),
    PathLatency(u8, u8),
    PathTimedOut(u8, u8),
    Foreign(u32),
    Level(ServiceId, Metric),
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    scrapes: u32,
    mean: f64,
}

/// All usual levels; one entry a number told.
#[derive(Clone, Debug, Default)]
pub(super) struct Usual {
    levels: BTreeMap<Key, Level>,
}

impl Usual {
    /// The usual level, once known.
    pub fn of(&self, key: Key) -> Option<f64> {
        self.levels.get(&key).filter(|l| l.scrapes >= SCRAPES_MIN).map(|l| l.mean)
    }
    /// Learns from a scrape. While something is wrong only what is not known yet is learned.
    pub fn learn(&mut self, inventory: &Inventory, levels: impl Iterator<Item = (Key, f64)>, is_calm: bool) {
        for s in &inventory.services {
            let id = s.service;
            let told = [(Key::Latency(id), s.latency_ms), (Key::Waited(id), s.waited_ms), (Key::Hits(id), s.hit_ratio)];
            told.into_iter().for_each(|(key, value)| self.sample(key, value, is_calm));
            self.sample(Key::Uneven(id), Some(s.uneven), is_calm);
            self.sample(Key::CpuBusiest(id), Some(s.cpu_busiest), is_calm);
        }
        for e in &inventory.edges {
            self.sample(Key::EdgeLatency(e.from, e.to), e.latency_ms, is_calm);
            self.sample(Key::EdgeRate(e.from, e.to), Some(e.rate), is_calm);
            self.sample(Key::EdgeFailed(e.from, e.to), Some(e.failed), is_calm);
            self.sample(Key::PoolUsed(e.from, e.to), e.pool.map(|p| p.in_use), is_calm);
            self.sample(Key::PoolWaited(e.from, e.to), e.pool.map(|p| p.wait_ms), is_calm);
        }
        for p in &inventory.paths {
            self.sample(Key::PathLatency(p.zones.0, p.zones.1), p.latency_ms, is_calm);
            self.sample(Key::PathTimedOut(p.zones.0, p.zones.1), Some(p.timed_out), is_calm);
        }
        for (node, n) in inventory.nodes.iter().enumerate() {
            self.sample(Key::Foreign(node as u32), Some(n.foreign), is_calm);
        }
        for (key, value) in levels {
            self.sample(key, Some(value), is_calm);
        }
    }
    fn sample(&mut self, key: Key, value: Option<f64>, is_calm: bool) {
        let Some(value) = value.filter(|v| v.is_finite()) else { return };
        let level = self.levels.entry(key).or_default();
        if level.scrapes < SCRAPES_MIN {
            level.scrapes += 1;
            // The first window, while instances warm up, counts for little.
            let counted = level.scrapes.saturating_sub(Metric::WINDOW_S as u32).max(1);
            level.mean += (value - level.mean) / f64::from(counted);
        } else if is_calm {
            level.mean += (value - level.mean) * WEIGHT;
        }
    }
    /// Forgets who is no longer declared.
    pub fn retain(&mut self, is_there: impl Fn(ServiceId) -> bool) {
        self.levels.retain(|key, _| match key {
            Key::Latency(a) | Key::Waited(a) | Key::Uneven(a) | Key::CpuBusiest(a) | Key::Hits(a) | Key::Level(a, _) => {
                is_there(*a)
            }
            Key::EdgeLatency(a, b)
            | Key::EdgeRate(a, b)
            | Key::EdgeFailed(a, b)
            | Key::PoolUsed(a, b)
            | Key::PoolWaited(a, b) => is_there(*a) && is_there(*b),
            Key::PathLatency(..) | Key::PathTimedOut(..) | Key::Foreign(_) => true,
        });
    }
}
