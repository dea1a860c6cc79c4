//! The simulator behind the platform's seam: events become counters and log lines, counters become scrapes.
//!
//! This is the only file that knows both sides. What it hands on is what exporters and a log collector would: never
//! the faults, never a request.

use super::edges::EdgeMeter;
use super::inventory::{Census, Ending, Instance, Pools};
use super::meter::{Meter, UserStats};
use super::spans::SpanCollector;
use super::{Action, Platform, Receipt, Scrape};
use crate::ids::{ActionId, InstanceId, ServiceId};
use crate::sim::fault::{FaultKind, FaultTarget};
use crate::sim::{Event, Exit, Gauges, InstanceGauges, NodeGauges, Observer, Outcome, PoolGauges, Rejection, TimedEvent, World};
use crate::telemetry::{Inventory, Level, LogLine, Metric, NodeFacts, Observation, Span, Subject};
use crate::topology::Topology;
use crate::units::{SimDuration, SimTime};
use std::collections::{BTreeSet, VecDeque};

/// At least this share of users' requests failed: an error second.
const ERROR_SECOND_RATIO: f64 = 0.01;

/// CPU use and capacity at one scrape, in core-nanoseconds since the start.
#[derive(Clone, Copy, Debug, Default)]
struct CpuMark {
    busy: f64,
    capacity: f64,
}

/// What is kept about one service between scrapes.
#[derive(Clone, Debug, Default)]
struct ServiceMeter {
    requests: Meter,
    cpu: VecDeque<CpuMark>,
    errors: u32,
    rejections: u32,
}

/// A simulated system that can be watched and acted on.
#[derive(Clone, Debug)]
pub struct Simulated {
    world: World,
    exporters: Exporters,
    stats: UserStats,
    scraped_at: SimTime,
}

/// What watches the world: counters, and lines for the log.
#[derive(Clone, Debug, Default)]
struct Exporters {
    services: Vec<ServiceMeter>,
    /// By the world's edge number.
    edges: Vec<EdgeMeter>,
    users: Meter,
    census: Census,
    spans: SpanCollector,
    logs: Vec<LogLine>,
    receipts: Vec<Receipt>,
    notable: Vec<TimedEvent>,
}

impl Simulated {
    /// Watches `world` from now on.
    pub fn new(world: World) -> Self {
        let stats = UserStats { success_ratio: 1.0, ..UserStats::default() };
        Self { world, exporters: Exporters::default(), stats, scraped_at: SimTime::ZERO }
    }
    /// The simulated system.
    pub const fn world(&self) -> &World {
        &self.world
    }
    /// The simulated system, for faults and edits.
    pub const fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }
    /// Moves the system to `until`, or until `happenings_max` were handled; true when `until` was reached.
    pub fn run(&mut self, until: SimTime, happenings_max: u64) -> bool {
        self.world.run(until, happenings_max, &mut self.exporters)
    }
    /// How the users fare, as of the last scrape.
    pub const fn users(&self) -> UserStats {
        self.stats
    }
    /// Takes the events that people want to read one by one: faults, starts, exits, ended actions.
    pub fn drain_notable(&mut self) -> Vec<TimedEvent> {
        self.world.flush(&mut self.exporters);
        std::mem::take(&mut self.exporters.notable)
    }
}

impl Observer for Exporters {
    fn see(&mut self, at: SimTime, event: &Event) {
        self.count(event);
        self.tally(event);
        if !event.is_traffic() {
            self.note(at, event);
            self.notable.push((at, event.clone()));
        }
    }
    fn see_span(&mut self, span: &Span) {
        self.spans.take_in(span);
    }
}

impl Exporters {
    fn service(&mut self, id: ServiceId) -> &mut ServiceMeter {
        if self.services.len() <= id.index() {
            self.services.resize_with(id.index() + 1, ServiceMeter::default);
        }
        &mut self.services[id.index()]
    }
    fn edge(&mut self, number: u32, from: ServiceId, to: ServiceId) -> &mut EdgeMeter {
        let number = number as usize;
        if self.edges.len() <= number {
            self.edges.resize_with(number + 1, EdgeMeter::default);
        }
        let meter = &mut self.edges[number];
        meter.ends.get_or_insert((from, to));
        meter
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::Served { service, latency, ok, .. } => {
                let meter = self.service(*service);
                meter.requests.record(*latency, *ok);
                meter.errors += u32::from(!*ok);
            }
            Event::Rejected { service, .. } => {
                let meter = self.service(*service);
                meter.requests.refuse();
                meter.rejections += 1;
            }
            Event::Attempted { from, to, edge, latency, outcome, .. } => {
                let meter = self.edge(*edge, *from, *to);
                meter.attempts.record(*latency, *outcome == Outcome::Ok);
                meter.timeouts += u32::from(*outcome == Outcome::Timeout);
            }
            Event::Held { from, to, edge, reason } => {
                let meter = self.edge(*edge, *from, *to);
                meter.attempts.refuse();
                meter.held += u32::from(*reason != Rejection::PoolTimeout);
                meter.starved += u32::from(*reason == Rejection::PoolTimeout);
            }
            Event::UserServed { latency, ok, .. } => self.users.record(*latency, *ok),
            _ => {}
        }
    }

    /// Counts what proxies, application servers and the kubelet count beside.
    fn tally(&mut self, event: &Event) {
        let census = &mut self.census;
        match event {
            Event::Served { service, instance, latency, waited, .. } => census.served(*service, *instance, *latency, *waited),
            Event::Rejected { service, .. } => census.refused(*service),
            Event::Attempted { from, to, edge, latency, outcome, zones, .. } => {
                let ending = match outcome {
                    Outcome::Ok => Ending::Well,
                    Outcome::Error => Ending::Badly,
                    Outcome::Timeout => Ending::TimedOut,
                    Outcome::Rejected => Ending::Refused,
                };
                census.attempted((*edge, *from, *to), ending, *latency, *zones);
            }
            Event::Held { from, to, edge, reason } => {
                let ending = if *reason == Rejection::Handshake { Ending::Unconnected } else { Ending::Refused };
                census.attempted((*edge, *from, *to), ending, SimDuration::ZERO, (u8::MAX, u8::MAX));
            }
            Event::CacheAsked { cache, hit, .. } => census.asked(*cache, *hit),
            Event::Exited { service, exit, .. } => {
                let exits = census.exits(*service);
                match exit {
                    Exit::OutOfMemory => exits.out_of_memory += 1,
                    Exit::Killed => exits.killed += 1,
                    Exit::Crashed => exits.crashed += 1,
                    Exit::Unhealthy => exits.unhealthy += 1,
                    Exit::NodeLost => exits.node_lost += 1,
                    Exit::Retired => {}
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::Started { service, instance } => self.say(at, *service, *instance, Level::Info, "container started".into()),
            Event::BecameReady { service, instance } => {
                self.say(at, *service, *instance, Level::Info, "readiness probe passed".into())
            }
            Event::BecameUnready { service, instance } => {
                self.say(at, *service, *instance, Level::Warn, "not ready: taken out of load balancing".into())
            }
            Event::Pending { service, instance } => {
                self.say(at, *service, *instance, Level::Warn, "pod cannot be scheduled: no node has room".into())
            }
            Event::Exited { service, instance, exit, back_off } => self.say_exit(at, *service, *instance, *exit, *back_off),
            Event::RollOutBegan { service, version } => {
                self.tell(at, *service, format!("roll-out of revision {version} began"));
            }
            Event::FaultBegan(fault) if fault.spec.kind == FaultKind::BadConfig => {
                // What is pushed is on record; that it is bad is not.
                if let FaultTarget::Service(service) = fault.spec.target {
                    self.tell(at, service, "configuration changed".to_owned());
                }
            }
            Event::ActionEnded(receipt) => self.receipts.push(receipt.clone()),
            _ => {}
        }
    }

    fn say(&mut self, at: SimTime, service: ServiceId, instance: InstanceId, level: Level, text: String) {
        self.logs.push(LogLine { at, service, instance: Some(instance), level, text });
    }

    /// A line of the platform about a service as a whole.
    fn tell(&mut self, at: SimTime, service: ServiceId, text: String) {
        self.logs.push(LogLine { at, service, instance: None, level: Level::Info, text });
    }

    fn say_exit(&mut self, at: SimTime, service: ServiceId, instance: InstanceId, exit: Exit, wait: Option<SimDuration>) {
        let (level, text) = match exit {
            Exit::OutOfMemory => (Level::Error, "OOMKilled: memory above its limit, exit code 137"),
            Exit::Killed => (Level::Error, "killed, exit code 137"),
            Exit::Crashed => (Level::Error, "exited with code 1"),
            Exit::Unhealthy => (Level::Error, "killed: liveness probe failed, exit code 137"),
            Exit::NodeLost => (Level::Error, "lost with its node"),
            Exit::Retired => (Level::Info, "terminated after draining"),
        };
        self.say(at, service, instance, level, text.into());
        if let Some(wait) = wait.filter(|w| *w > SimDuration::ZERO) {
            let text = format!("back-off {:.0} s before restarting the failed container", wait.as_secs_f64());
            self.say(at, service, instance, Level::Warn, text);
        }
    }

    /// Errors, rejections and time-outs of the last second, folded to a line each.
    fn say_counts(&mut self, now: SimTime, topology: &Topology) {
        let line = |service, level, text| LogLine { at: now, service, instance: None, level, text };
        for (index, meter) in self.services.iter_mut().enumerate() {
            let id = ServiceId(index as u32);
            let (errors, rejections) = (std::mem::take(&mut meter.errors), std::mem::take(&mut meter.rejections));
            if errors > 0 {
                self.logs.push(line(id, Level::Error, format!("request failed (x{errors})")));
            }
            if rejections > 0 {
                self.logs.push(line(id, Level::Warn, format!("request rejected (x{rejections})")));
            }
        }
        for meter in &mut self.edges {
            let Some((from, to)) = meter.ends else { continue };
            let said = meter.words(topology.name(to));
            self.logs.extend(said.into_iter().map(|(level, text)| line(from, level, text)));
        }
    }
}

impl Simulated {
    fn observe_service(&mut self, now: SimTime, id: ServiceId, out: &mut Vec<Observation>) {
        let Some(gauges) = self.world.gauges(id) else { return };
        let elapsed_ns = now.since(self.scraped_at).as_nanos() as f64;
        let objective = self.world.topology().get(id).filter(|s| s.is_entry()).map(|s| s.objective);
        let meter = self.exporters.service(id);
        meter.requests.hold_to(objective.map_or(SimDuration::from_nanos(u64::MAX), |o| o.within));
        meter.requests.roll();
        let cpu = meter.cpu_utilisation(&gauges, elapsed_ns);
        let requests = &meter.requests;
        let values = [
            (Metric::CpuUtilisation, cpu),
            (Metric::MemoryUtilisation, (gauges.cpu_limit_cores > 0.0).then_some(gauges.memory_ratio_max)),
            (Metric::ErrorRatio, requests.error_ratio()),
            (Metric::LatencyP50, requests.latency_ms(0.5)),
            (Metric::LatencyP95, requests.latency_ms(0.95)),
            (Metric::LatencyP99, requests.latency_ms(0.99)),
            (Metric::RequestRate, Some(requests.rate())),
            (Metric::QueueLen, Some(gauges.queue_len as f64)),
            (Metric::Restarts, Some(f64::from(gauges.restarts))),
            (Metric::ReplicasReady, Some(f64::from(gauges.ready))),
            (Metric::ReplicasDesired, Some(f64::from(gauges.desired))),
            (Metric::GoodRatio, objective.and(requests.good_ratio())),
        ];
        push_all(out, now, Subject::Service(id), &values);
    }

    fn observe_edges(&mut self, now: SimTime, out: &mut Vec<Observation>) {
        let drawn: BTreeSet<_> = self.world.topology().edges().map(|e| (e.from, e.to)).collect();
        for meter in &mut self.exporters.edges {
            let Some((from, to)) = meter.ends.filter(|ends| drawn.contains(ends)) else { continue };
            let attempts = &mut meter.attempts;
            attempts.roll();
            let values = [
                (Metric::RequestRate, Some(attempts.rate())),
                (Metric::ErrorRatio, attempts.error_ratio()),
                (Metric::LatencyP50, attempts.latency_ms(0.5)),
                (Metric::LatencyP95, attempts.latency_ms(0.95)),
            ];
            push_all(out, now, Subject::Edge { from, to }, &values);
        }
    }

    fn take_inventory(&mut self, now: SimTime) -> Inventory {
        let elapsed_ns = now.since(self.scraped_at).as_nanos() as f64;
        let (world, census) = (&self.world, &mut self.exporters.census);
        world.pool_gauges().for_each(|gauges| census.pools(gauges.edge, told(gauges)));
        census.roll();
        let (mut services, mut there) = (Vec::new(), BTreeSet::new());
        for (id, _) in world.topology().services() {
            let instances: Vec<Instance> = world.instance_gauges(id).map(exported).collect();
            there.extend(instances.iter().map(|i| i.id));
            services.push(census.facts(id, world.revisions(id), &instances, elapsed_ns));
        }
        census.retain(&there);
        let drawn = world.topology().edges().map(|e| (e.from, e.to)).collect();
        let node = |n: NodeGauges| NodeFacts { zone: n.zone, is_up: n.is_up, foreign: n.foreign, room_cpu: n.room_cpu };
        let nodes = world.node_gauges().map(node).collect();
        Inventory { services, edges: census.edges(&drawn), nodes, paths: census.paths() }
    }

    fn observe_users(&mut self) {
        let (ok, failed) = self.exporters.users.roll();
        self.stats.ended += ok + failed;
        self.stats.errors += failed;
        if failed as f64 >= ERROR_SECOND_RATIO * (ok + failed) as f64 && failed > 0 {
            self.stats.error_seconds += 1;
        }
        self.stats.rate = self.exporters.users.rate();
        self.stats.success_ratio = 1.0 - self.exporters.users.error_ratio().unwrap_or(0.0);
        self.stats.latency_ms_p95 = self.exporters.users.latency_ms(0.95).unwrap_or(0.0);
    }
}

impl ServiceMeter {
    /// CPU used over the window as a share of the limits that were there; `None` before the second scrape or while
    /// nothing runs.
    fn cpu_utilisation(&mut self, gauges: &Gauges, elapsed_ns: f64) -> Option<f64> {
        let capacity = self.cpu.back().map_or(0.0, |m| m.capacity) + gauges.cpu_limit_cores * elapsed_ns;
        self.cpu.push_back(CpuMark { busy: gauges.cpu_busy_core_ns, capacity });
        if self.cpu.len() > Metric::WINDOW_S as usize + 1 {
            self.cpu.pop_front();
        }
        let (first, last) = (self.cpu.front()?, self.cpu.back()?);
        let grown = last.capacity - first.capacity;
        (grown > 0.0).then(|| ((last.busy - first.busy) / grown).clamp(0.0, 1.0))
    }
}

const fn exported(i: InstanceGauges) -> Instance {
    Instance {
        id: i.id,
        place: i.place,
        is_ready: i.is_ready,
        cpu_busy_core_ns: i.cpu_busy_core_ns,
        cpu_limit_cores: i.cpu_limit_cores,
    }
}

const fn told(g: PoolGauges) -> Pools {
    let counts = [g.counts.taken, g.counts.gave_up, g.counts.waited_ns, g.counts.used_ns];
    Pools { size: g.size, in_use: g.in_use, waiting: g.waiting, counts }
}

fn push_all(out: &mut Vec<Observation>, at: SimTime, subject: Subject, values: &[(Metric, Option<f64>)]) {
    out.extend(values.iter().filter_map(|(metric, value)| Some(Observation { at, subject, metric: *metric, value: (*value)? })));
}

impl Platform for Simulated {
    fn observe(&mut self, now: SimTime) -> Scrape {
        self.world.flush(&mut self.exporters);
        let mut observations = Vec::new();
        for id in self.world.topology().services().map(|(id, _)| id).collect::<Vec<_>>() {
            self.observe_service(now, id, &mut observations);
        }
        self.observe_edges(now, &mut observations);
        self.observe_users();
        self.exporters.say_counts(now, self.world.topology());
        let inventory = self.take_inventory(now);
        self.scraped_at = now;
        let (spans, spans_dropped) = self.exporters.spans.roll();
        let (logs, receipts) = (&mut self.exporters.logs, &mut self.exporters.receipts);
        let (logs, receipts) = (std::mem::take(logs), std::mem::take(receipts));
        Scrape { observations, inventory, logs, spans, spans_dropped, receipts }
    }

    fn apply(&mut self, _now: SimTime, id: ActionId, action: Action) -> Receipt {
        self.world.apply(id, action)
    }

    fn rehearse(&self, _now: SimTime, id: ActionId, action: Action) -> Receipt {
        self.world.rehearse(id, action)
    }
}
