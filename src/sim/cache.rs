//! Look-aside caches: who asks, what is kept, what is fetched and filled.
//!
//! Keys are grouped by popularity into at most [`CLASSES_MAX`] classes; of each class a share is resident. A hit is drawn
//! with that share. Only a good answer of the origin, in time for the asker, fills the cache: what times out leaves
//! nothing behind, so a cold cache in front of a small origin can stay cold (Huang et al., OSDI 2022, section 5.3). When
//! it is full, keys leave as least-recently-used order would let them: by Che's approximation a class loses keys in
//! proportion to keys x popularity x exp(-popularity x T), with T such that the expected residents fill the cache.

use super::World;
use super::event::Event;
use super::plan::LookupPlan;
use super::request::Role;
use crate::ids::ServiceId;
use crate::math;
use crate::rng;

/// Most popularity classes.
const CLASSES_MAX: u32 = 32;
const KEY: u64 = rng::label("key");
const HIT: u64 = rng::label("hit");
const EVICT: u64 = rng::label("evict");
/// Bisection steps for the characteristic time (relative error 2^-60).
const BISECTIONS: u32 = 60;

/// Keys of one size of popularity.
#[derive(Clone, Copy, Debug)]
struct Class {
    keys: f64,
    /// Share of all requests that ask for keys of this class.
    mass: f64,
    resident: f64,
    /// Relative rate at which keys of this class leave a full cache.
    leaving: f64,
}

/// One set of keys.
#[derive(Clone, Debug)]
struct Space {
    id: u64,
    /// Capacity for which `leaving` was computed.
    capacity: f64,
    classes: Vec<Class>,
}

/// What a cache service keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct CacheState {
    spaces: Vec<Space>,
    evicted: u64,
}

impl Space {
    fn new(plan: &LookupPlan, capacity: f64) -> Self {
        let mut space = Self { id: plan.space, capacity: -1.0, classes: classes(plan.keys, plan.zipf) };
        space.set_capacity(capacity);
        space
    }
    fn resident(&self) -> f64 {
        self.classes.iter().map(|c| c.resident).sum()
    }
    /// Che's characteristic time for this capacity, in requests.
    fn set_capacity(&mut self, capacity: f64) {
        if self.capacity.to_bits() == capacity.to_bits() {
            return;
        }
        self.capacity = capacity;
        let expected = |time: f64| self.classes.iter().map(|c| c.keys * (1.0 - math::exp(-c.mass / c.keys * time))).sum::<f64>();
        let (mut low, mut high) = (0.0, 1.0);
        while expected(high) < capacity && high < 1e15 {
            high *= 2.0;
        }
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (low + high);
            if expected(middle) < capacity {
                low = middle;
            } else {
                high = middle;
            }
        }
        for class in &mut self.classes {
            class.leaving = class.mass * math::exp(-class.mass / class.keys * high) + 1e-300;
        }
    }
    fn class_of(&self, draw: f64) -> usize {
        let mut left = draw;
        let found = self.classes.iter().position(|c| {
            left -= c.mass;
            left < 0.0
        });
        found.unwrap_or(self.classes.len() - 1)
    }
    fn fill(&mut self, class: usize, key: u64) {
        let class = &mut self.classes[class];
        class.resident = (class.resident + 1.0).min(class.keys);
        let mut round = 0;
        while self.resident() > self.capacity && round < CLASSES_MAX {
            round += 1;
            self.evict(rng::fold(key, u64::from(round)));
        }
    }
    fn evict(&mut self, key: u64) {
        let weight = |c: &Class| if c.resident > 0.0 { c.leaving } else { 0.0 };
        let all: f64 = self.classes.iter().map(weight).sum();
        let mut left = rng::uniform(key) * all;
        let chosen = self.classes.iter_mut().find(|c| {
            left -= weight(c);
            left < 0.0
        });
        if let Some(class) = chosen {
            class.resident = (class.resident - 1.0).max(0.0);
        }
    }
}

/// Ranks in geometrically growing groups, with Zipf's popularity.
fn classes(keys: u32, zipf: f64) -> Vec<Class> {
    let weight = |rank: f64| math::pow(rank, -zipf);
    let factor = math::pow(f64::from(keys), 1.0 / f64::from(CLASSES_MAX)).max(1.0);
    let (mut found, mut from, mut edge) = (Vec::new(), 1_u32, 1.0_f64);
    while from <= keys {
        edge = (edge * factor).max(f64::from(from));
        let to = if found.len() as u32 == CLASSES_MAX - 1 { keys } else { (edge as u32).clamp(from, keys) };
        let count = f64::from(to - from + 1);
        // The sum of the weights of a group, by the midpoint rule on the ranks' logarithms for large groups.
        let mass = if count <= 64.0 {
            (from..=to).map(|rank| weight(f64::from(rank))).sum()
        } else {
            integral(f64::from(from) - 0.5, f64::from(to) + 0.5, zipf)
        };
        found.push(Class { keys: count, mass, resident: 0.0, leaving: 0.0 });
        from = to + 1;
    }
    let all: f64 = found.iter().map(|c| c.mass).sum();
    for class in &mut found {
        class.mass /= all;
    }
    found
}

fn integral(from: f64, to: f64, zipf: f64) -> f64 {
    if (zipf - 1.0).abs() < 1e-9 {
        return math::ln(to) - math::ln(from);
    }
    (math::pow(to, 1.0 - zipf) - math::pow(from, 1.0 - zipf)) / (1.0 - zipf)
}

impl World {
    /// Asks the cache.
    pub(super) fn ask(&mut self, index: u32, lookup: u32) {
        let call = self.plan.lookups[lookup as usize].cache;
        let Some(request) = self.requests.get_mut(index) else { return };
        let key = rng::fold(request.key, self.plan.calls[call as usize].salt);
        (request.pending, request.wanted, request.failed, request.needs_some) = (0, 0, false, false);
        self.start_call(index, call, key, Role::Cache);
    }

    fn lookup_of(&self, index: u32) -> Option<(u32, u64)> {
        let request = self.requests.get(index)?;
        match self.plan.ops[request.op as usize] {
            super::plan::Op::Ask { lookup } => Some((lookup, request.key)),
            _ => None,
        }
    }

    /// The cache has answered, or failed to: then nothing is known, and the origin is asked.
    pub(super) fn cache_answered(&mut self, index: u32, ok: bool) {
        let Some((lookup, key)) = self.lookup_of(index) else { return };
        let plan = self.plan.lookups[lookup as usize].clone();
        let edge = &self.plan.edges[self.plan.calls[plan.cache as usize].edge as usize];
        let (from, cache) = (edge.from, edge.to);
        let (class, share) = self.class_share(&plan, cache, key);
        let hit = ok && rng::chance(rng::fold(key, HIT), share);
        self.emit(Event::CacheAsked { from, cache, hit });
        let Some(request) = self.requests.get_mut(index) else { return };
        if hit {
            request.op += 1;
            return self.advance(index);
        }
        request.step = request.step.wrapping_add(1).max(1);
        let (request_at, request_stamp) = (request.instance, request.stamp);
        if plan.coalesce && self.joins_a_fetch(index, &plan, class, key) {
            return;
        }
        if self.issue(index, plan.origin, plan.origin_count, 0, Role::Origin) {
            self.fetched(index);
        } else if self.requests.get(index).is_none_or(|r| r.stamp != request_stamp) {
            self.wake_waiters(request_at, &plan, key, false);
        }
    }

    /// The popularity class of the request's key, and how much of it the cache keeps.
    fn class_share(&mut self, plan: &LookupPlan, cache: ServiceId, key: u64) -> (usize, f64) {
        let capacity = self.cache_capacity(cache);
        let Some(state) = self.services[cache.index()].as_mut() else { return (0, 0.0) };
        let kept = state.cache.get_or_insert_with(Box::default);
        let position = kept.spaces.iter().position(|s| s.id == plan.space).unwrap_or_else(|| {
            kept.spaces.push(Space::new(plan, capacity));
            kept.spaces.len() - 1
        });
        let space = &mut kept.spaces[position];
        space.set_capacity(capacity);
        let class = space.class_of(rng::uniform(rng::fold(key, KEY)));
        (class, space.classes[class].resident / space.classes[class].keys)
    }

    fn cache_capacity(&self, cache: ServiceId) -> f64 {
        let per_instance = self.topology.get(cache).map_or(0, |s| s.cache_keys);
        let instances = self.services[cache.index()].as_ref().map_or(0, |s| s.ready.len());
        f64::from(per_instance) * instances as f64
    }

    /// Identifies one key: its class and its place in it.
    fn key_name(plan: &LookupPlan, class: usize, keys: f64, key: u64) -> u64 {
        let place = rng::below(rng::fold(key, KEY + 1), keys as u32);
        rng::fold(plan.space, (class as u64) << 32 | u64::from(place))
    }

    /// Waits for another request's fetch of the same key if there is one; otherwise this one is the fetch to wait for.
    fn joins_a_fetch(&mut self, index: u32, plan: &LookupPlan, class: usize, key: u64) -> bool {
        let cache = self.plan.edges[self.plan.calls[plan.cache as usize].edge as usize].to;
        let keys = self.class_keys(plan, cache, class);
        let name = Self::key_name(plan, class, keys, key);
        let Some(request) = self.requests.get(index) else { return false };
        let (at, stamp) = (request.instance, request.stamp);
        let Some(instance) = self.instances.get_mut(at) else { return false };
        if let Some((_, waiting)) = instance.fetching.iter_mut().find(|(fetched, _)| *fetched == name) {
            waiting.push((index, stamp));
            return true;
        }
        instance.fetching.push((name, Vec::new()));
        false
    }

    fn class_keys(&self, plan: &LookupPlan, cache: ServiceId, class: usize) -> f64 {
        let kept = self.services[cache.index()].as_ref().and_then(|s| s.cache.as_ref());
        let space = kept.and_then(|c| c.spaces.iter().find(|s| s.id == plan.space));
        space.and_then(|s| s.classes.get(class)).map_or(1.0, |c| c.keys)
    }

    /// The last call to the origin ended.
    pub(super) fn origin_settled(&mut self, index: u32) {
        let Some((lookup, key)) = self.lookup_of(index) else { return };
        let (at, stamp) = self.requests.get(index).map_or((super::request::NOBODY, 0), |r| (r.instance, r.stamp));
        if self.settled(index) {
            self.fetched(index);
        } else if self.requests.get(index).is_none_or(|r| r.stamp != stamp) {
            let plan = self.plan.lookups[lookup as usize].clone();
            self.wake_waiters(at, &plan, key, false);
        }
    }

    /// The origin has answered well: the cache is filled, and the request goes on.
    fn fetched(&mut self, index: u32) {
        let Some((lookup, key)) = self.lookup_of(index) else { return };
        let plan = self.plan.lookups[lookup as usize].clone();
        let cache = self.plan.edges[self.plan.calls[plan.cache as usize].edge as usize].to;
        let (class, _) = self.class_share(&plan, cache, key);
        let is_up = self.services[cache.index()].as_ref().is_some_and(|s| !s.ready.is_empty());
        if let Some(kept) = self.services[cache.index()].as_mut().and_then(|s| s.cache.as_mut()).filter(|_| is_up) {
            kept.evicted += 1;
            let draw = rng::fold(rng::fold(key, EVICT), kept.evicted);
            if let Some(space) = kept.spaces.iter_mut().find(|s| s.id == plan.space) {
                space.fill(class, draw);
            }
        }
        let at = self.requests.get(index).map_or(super::request::NOBODY, |r| r.instance);
        if let Some(request) = self.requests.get_mut(index) {
            request.op += 1;
        }
        self.wake_waiters(at, &plan, key, true);
        self.advance(index);
    }

    /// Those who waited for the same key go on, or fail with the fetch.
    fn wake_waiters(&mut self, at: u32, plan: &LookupPlan, key: u64, ok: bool) {
        if !plan.coalesce {
            return;
        }
        let cache = self.plan.edges[self.plan.calls[plan.cache as usize].edge as usize].to;
        let (class, _) = self.class_share(plan, cache, key);
        let name = Self::key_name(plan, class, self.class_keys(plan, cache, class), key);
        let Some(instance) = self.instances.get_mut(at) else { return };
        let Some(position) = instance.fetching.iter().position(|(fetched, _)| *fetched == name) else { return };
        let (_, waiting) = instance.fetching.swap_remove(position);
        for (waiter, stamp) in waiting {
            let Some(request) = self.requests.get_mut(waiter).filter(|r| r.stamp == stamp) else { continue };
            if ok {
                request.op += 1;
                self.advance(waiter);
            } else {
                self.finish(waiter, false);
            }
        }
    }

    /// The cache loses this share of what it keeps.
    pub(super) fn flush_cache(&mut self, id: ServiceId, share: f64) {
        if let Some(kept) = self.services[id.index()].as_mut().and_then(|s| s.cache.as_mut()) {
            for class in kept.spaces.iter_mut().flat_map(|s| &mut s.classes) {
                class.resident *= 1.0 - share;
            }
        }
    }

    /// One of a cache's instances died, and with it its part of the keys.
    pub(super) fn cache_instance_lost(&mut self, id: ServiceId) {
        let left = self.services[id.index()].as_ref().map_or(0, |s| s.ready.len());
        self.flush_cache(id, 1.0 / (left + 1) as f64);
    }

    /// Fills the cache with the most popular keys that have room, as a warm-up job reading the origin would.
    pub(super) fn warm_cache(&mut self, id: ServiceId) {
        let capacity = self.cache_capacity(id);
        if let Some(kept) = self.services[id.index()].as_mut().and_then(|s| s.cache.as_mut()) {
            let mut room = capacity;
            for class in kept.spaces.iter_mut().flat_map(|s| &mut s.classes) {
                class.resident = class.keys.min(room);
                room -= class.resident;
            }
        }
    }

    /// Share of requests that a cache would answer now, weighted over its sets of keys; `None` if it was never asked.
    pub fn cache_hit_share(&self, id: ServiceId) -> Option<f64> {
        let kept = self.services.get(id.index())?.as_ref()?.cache.as_ref()?;
        let hits = kept.spaces.iter().map(|s| s.classes.iter().map(|c| c.mass * c.resident / c.keys).sum::<f64>());
        (!kept.spaces.is_empty()).then(|| hits.sum::<f64>() / kept.spaces.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(keys: u32, zipf: f64, capacity: f64) -> Space {
        let plan = LookupPlan { cache: 0, origin: 0, origin_count: 0, keys, zipf, coalesce: false, space: 1 };
        Space::new(&plan, capacity)
    }

    #[test]
    fn classes_hold_all_keys_and_all_requests() {
        for (keys, zipf) in [(1, 1.0), (7, 0.0), (1_000, 0.9), (1_000_000, 1.1)] {
            let classes = classes(keys, zipf);
            assert!(classes.len() as u32 <= CLASSES_MAX);
            assert_eq!(classes.iter().map(|c| c.keys).sum::<f64>(), f64::from(keys));
            assert!((classes.iter().map(|c| c.mass).sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_full_cache_settles_at_the_hit_share_of_che_s_approximation() {
        let mut space = space(10_000, 0.9, 1_000.0);
        for i in 0..400_000_u64 {
            let class = space.class_of(rng::uniform(rng::mix(i)));
            let share = space.classes[class].resident / space.classes[class].keys;
            if !rng::chance(rng::fold(i, 1), share) {
                space.fill(class, rng::fold(i, 2));
            }
        }
        assert!(space.resident() <= 1_000.0);
        let hits: f64 = space.classes.iter().map(|c| c.mass * c.resident / c.keys).sum();
        // Che: sum of mass x (1 - exp(-mass / keys x T)) with T from the capacity.
        let time = {
            let held = |t: f64| space.classes.iter().map(|c| c.keys * (1.0 - math::exp(-c.mass / c.keys * t))).sum::<f64>();
            (0..200_000).map(|i| f64::from(i) * 1.0).find(|t| held(*t) >= 1_000.0).expect("reached")
        };
        let che: f64 = space.classes.iter().map(|c| c.mass * (1.0 - math::exp(-c.mass / c.keys * time))).sum();
        assert!((hits - che).abs() < 0.03, "{hits} {che}");
    }
}
