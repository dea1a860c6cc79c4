//! A stretch of a run, and what can be measured in it. A share or rate of nothing is `NaN`, which fits no expectation.

use super::record::{AtInstance, Attempts, Record, Second, Served};
use crate::ids::{InstanceId, ServiceId};
use crate::sim::{Exit, Gauges};
use crate::telemetry::Histogram;
use std::collections::BTreeMap;

/// The seconds `from_s..to_s` of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'r> {
    record: &'r Record,
    from_s: usize,
    to_s: usize,
}

impl Record {
    /// Seconds `from_s..to_s`, as far as there are any.
    pub(super) fn window(&self, from_s: usize, to_s: usize) -> Window<'_> {
        let end = self.seconds.len();
        Window { record: self, from_s: from_s.min(end), to_s: to_s.min(end) }
    }
    /// The first second from `from_s` on in which `holds`, counted from `from_s`; `NaN` if there is none.
    pub(super) fn seconds_until(&self, from_s: usize, holds: impl Fn(Window<'_>) -> bool) -> f64 {
        let found = (from_s..self.seconds.len()).position(|s| holds(self.window(s, s + 1)));
        found.map_or(f64::NAN, |seconds| seconds as f64)
    }
    /// Back-offs of one service's instance that ended most often for this reason, s.
    pub(super) fn back_offs(&self, service: &str, exit: Exit) -> Vec<f64> {
        let id = self.id(service);
        let mut by_instance: BTreeMap<InstanceId, Vec<f64>> = BTreeMap::new();
        for e in self.exits.iter().filter(|e| e.service == id && e.exit == exit) {
            by_instance.entry(e.instance).or_default().extend(e.back_off.map(|b| b.as_secs_f64()));
        }
        by_instance.into_values().max_by_key(Vec::len).unwrap_or_default()
    }
    /// When processes of a service ended for this reason, s.
    pub(super) fn exits(&self, service: &str, exit: Exit) -> Vec<f64> {
        let id = self.id(service);
        self.exits.iter().filter(|e| e.service == id && e.exit == exit).map(|e| e.at.as_secs_f64()).collect()
    }
    /// Changes of the number of instances wanted of a service between two times: seconds, from, to.
    pub(super) fn scalings(&self, service: &str, from_s: f64, to_s: f64) -> Vec<(f64, u32, u32)> {
        let id = self.id(service);
        let all = self.scaled.iter().filter(|s| s.1 == id).map(|(at, _, from, to)| (at.as_secs_f64(), *from, *to));
        all.filter(|(at, ..)| (from_s..to_s).contains(at)).collect()
    }
}

impl<'r> Window<'r> {
    fn seconds(self) -> &'r [Second] {
        &self.record.seconds[self.from_s..self.to_s]
    }
    fn length_s(self) -> f64 {
        self.to_s.saturating_sub(self.from_s) as f64
    }
    /// Users' requests that arrived per second, at all entries together.
    pub fn offered(self) -> f64 {
        self.seconds().iter().map(|s| s.arrived).sum::<f64>() / self.length_s()
    }
    fn users(self, entry: Option<ServiceId>) -> (f64, f64, Histogram) {
        let (mut ok, mut failed, mut latency) = (0.0, 0.0, Histogram::default());
        for second in self.seconds() {
            let chosen = second.users.iter().enumerate().filter(|(id, _)| entry.is_none_or(|e| e.index() == *id));
            for (_, users) in chosen {
                ok += users.ok;
                failed += users.failed;
                latency.add(&users.latency);
            }
        }
        (ok, failed, latency)
    }
    /// Good answers to users per second.
    pub fn goodput(self) -> f64 {
        self.users(None).0 / self.length_s()
    }
    /// Good answers over all answers.
    pub fn success(self) -> f64 {
        let (ok, failed, _) = self.users(None);
        ok / (ok + failed)
    }
    /// Good answers over all answers at one entry.
    pub fn success_of(self, entry: &str) -> f64 {
        let (ok, failed, _) = self.users(Some(self.record.id(entry)));
        ok / (ok + failed)
    }
    /// Quantile of the users' latency, ms.
    pub fn latency_ms(self, q: f64) -> f64 {
        self.users(None).2.quantile_ms(q).unwrap_or(f64::NAN)
    }
    /// Sums over an edge.
    pub fn edge(self, from: &str, to: &str) -> Attempts {
        let key = (self.record.id(from), self.record.id(to));
        let mut sum = Attempts::default();
        for edge in self.seconds().iter().filter_map(|s| s.edges.get(&key)) {
            sum.all += edge.all;
            sum.first += edge.first;
            sum.ok += edge.ok;
            sum.timed_out += edge.timed_out;
            sum.rejected += edge.rejected;
            sum.latency_s += edge.latency_s;
            sum.held += edge.held;
            sum.no_connection += edge.no_connection;
        }
        sum
    }
    /// Attempts per second on an edge.
    pub fn attempts(self, from: &str, to: &str) -> f64 {
        self.edge(from, to).all / self.length_s()
    }
    /// Attempts per call on an edge.
    pub fn per_call(self, from: &str, to: &str) -> f64 {
        let edge = self.edge(from, to);
        edge.all / edge.first
    }
    /// Mean time of an attempt on an edge, ms.
    pub fn attempt_ms(self, from: &str, to: &str) -> f64 {
        let edge = self.edge(from, to);
        edge.latency_s * 1e3 / edge.all
    }
    /// Good attempts over all attempts on an edge, those that its guards held back included.
    pub fn edge_success(self, from: &str, to: &str) -> f64 {
        let edge = self.edge(from, to);
        edge.ok / (edge.all + edge.held)
    }
    /// Sums over a service.
    pub fn service(self, service: &str) -> Served {
        let id = self.record.id(service);
        let mut sum = Served::default();
        for one in self.seconds().iter().filter_map(|s| s.services.get(id.index())) {
            sum.served += one.served;
            sum.ok += one.ok;
            sum.rejected += one.rejected;
            sum.prompt += one.prompt;
            sum.waited_max_s = sum.waited_max_s.max(one.waited_max_s);
        }
        sum
    }
    /// Requests that a service finished per second, for whomever.
    pub fn throughput(self, service: &str) -> f64 {
        self.service(service).served / self.length_s()
    }
    fn gauges(self, service: &str) -> impl Iterator<Item = Gauges> + 'r {
        let id = self.record.id(service);
        self.seconds().iter().filter_map(move |s| s.gauges.get(id.index()).copied())
    }
    /// A gauge at the end of each second, folded.
    pub fn fold(self, service: &str, start: f64, read: fn(&Gauges) -> f64, fold: fn(f64, f64) -> f64) -> f64 {
        self.gauges(service).map(|g| read(&g)).fold(start, fold)
    }
    /// Requests that wait at the end of the window.
    pub fn queue_end(self, service: &str) -> f64 {
        self.gauges(service).last().map_or(f64::NAN, |g| g.queue_len as f64)
    }
    /// Requests that wait, on average.
    pub fn queue_mean(self, service: &str) -> f64 {
        self.fold(service, 0.0, |g| g.queue_len as f64, |a, b| a + b) / self.length_s()
    }
    /// Most requests that wait at the end of a second.
    pub fn queue_max(self, service: &str) -> f64 {
        self.fold(service, 0.0, |g| g.queue_len as f64, f64::max)
    }
    /// Requests that hold a worker, on average.
    pub fn active_mean(self, service: &str) -> f64 {
        self.fold(service, 0.0, |g| g.active as f64, |a, b| a + b) / self.length_s()
    }
    /// Least number of instances that take traffic.
    pub fn ready_min(self, service: &str) -> f64 {
        self.fold(service, f64::INFINITY, |g| f64::from(g.ready), f64::min)
    }
    /// Most instances that take traffic.
    pub fn ready_max(self, service: &str) -> f64 {
        self.fold(service, 0.0, |g| f64::from(g.ready), f64::max)
    }
    /// CPU used over the limits of the running instances.
    pub fn cpu(self, service: &str) -> f64 {
        let id = self.record.id(service);
        let read = |s: &Second| s.gauges.get(id.index()).copied().unwrap_or_default();
        let before = self.from_s.checked_sub(1).and_then(|s| self.record.seconds.get(s)).map(read).unwrap_or_default();
        let end = self.seconds().last().map(read).unwrap_or_default();
        let limit: f64 = self.gauges(service).map(|g| g.cpu_limit_cores).sum();
        (end.cpu_busy_core_ns - before.cpu_busy_core_ns) / 1e9 / limit
    }
    /// Share of look-ups that the cache answered.
    pub fn hits(self, cache: &str) -> f64 {
        let id = self.record.id(cache);
        let counts = self.seconds().iter().filter_map(|s| s.caches.get(&id));
        let (asked, hits) = counts.fold((0.0, 0.0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
        hits / asked
    }
    /// Sums by instance of a service.
    pub fn instances(self, service: &str) -> BTreeMap<InstanceId, AtInstance> {
        let id = self.record.id(service);
        let mut sums: BTreeMap<InstanceId, AtInstance> = BTreeMap::new();
        for (instance, one) in self.seconds().iter().flat_map(|s| &s.instances).filter(|(_, one)| one.service == id) {
            let sum = sums.entry(*instance).or_insert(AtInstance { service: id, ..AtInstance::default() });
            sum.served += one.served;
            sum.ok += one.ok;
            sum.latency_s += one.latency_s;
            sum.work_s += one.work_s;
        }
        sums
    }
    /// Attempts per call, over all edges.
    pub fn tries(self) -> f64 {
        let edges = self.seconds().iter().flat_map(|s| s.edges.values());
        let (all, first) = edges.fold((0.0, 0.0), |sum, edge| (sum.0 + edge.all, sum.1 + edge.first));
        all / first
    }
    /// Attempts anywhere per call that a user makes.
    pub fn amplification(self) -> f64 {
        let of_users = |from: &ServiceId| self.record.clients.get(from.index()).copied().unwrap_or(false);
        let edges = self.seconds().iter().flat_map(|s| &s.edges);
        let (mut calls, mut all) = (0.0, 0.0);
        for ((from, _), edge) in edges {
            all += edge.all;
            calls += if of_users(from) { edge.first } else { 0.0 };
        }
        all / calls
    }
    /// Requests that wait at the window's end, at all services that are not users.
    pub fn waiting(self) -> f64 {
        let last = self.seconds().last().map(|s| s.gauges.iter().zip(&self.record.clients));
        last.into_iter().flatten().filter(|(_, client)| !**client).map(|(g, _)| g.queue_len as f64).sum()
    }
    /// Instances that take traffic and instances wanted at the window's end, users left out.
    pub fn ready(self) -> (u32, u32) {
        let last = self.seconds().last().map(|s| s.gauges.iter().zip(&self.record.clients));
        let counted = last.into_iter().flatten().filter(|(_, client)| !**client);
        counted.fold((0, 0), |(ready, desired), (g, _)| (ready + g.ready, desired + g.desired))
    }
}
