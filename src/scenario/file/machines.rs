//! What keeps instances running: probes, autoscaler, roll-outs; and the machines they run on.

use super::form::{Fields, Side, Slot};
use super::out::Out;
use super::problems::{Code, Wrong, quoted};
use super::scalars::{SOME, SOME_TIME, TIMES};
use super::server::check_order;
use super::service::REPLICAS_MAX;
use crate::scenario::{ZONES, roomy_cluster};
use crate::topology::{Autoscaler, Cluster, Network, Node, Probe, Probes, RollOut, Topology};
use crate::units::{Mebibytes, Millicores, SimDuration};

/// Most nodes of a cluster.
const NODES_MAX: usize = 10_000;
/// Most zones.
pub(super) const ZONES_MAX: u8 = 16;
/// Most pods of one node.
const PODS_MAX: u64 = 1_000;

/// `probes: { readiness: on, liveness: { period: 10s, ... } }`
pub(super) fn probes(f: &mut Fields<'_, '_>, p: &mut Probes) {
    let Probes { readiness, liveness } = p;
    f.at("readiness").option(readiness, Probe::default(), probe);
    f.at("liveness").option(liveness, Probe::default(), probe);
}

fn probe(f: &mut Fields<'_, '_>, p: &mut Probe) {
    let Probe { period, timeout, failures, successes, deep } = p;
    f.at("period").time(period, SOME_TIME);
    f.at("timeout").time(timeout, SOME_TIME);
    f.at("failures").count(failures, SOME);
    f.at("successes").count(successes, SOME);
    f.at("deep").flag(deep);
}

/// `autoscaler: { min: 1, max: 10, target: 80%, ... }`
pub(super) fn autoscaler(f: &mut Fields<'_, '_>, a: &mut Autoscaler) {
    let Autoscaler { min, max, target, tolerance, sync, metric_lag, scale_in_window } = a;
    f.at("min").count(min, 1..=REPLICAS_MAX);
    f.at("max").count(max, 1..=REPLICAS_MAX);
    f.at("target").share(target, 0.01..=10.0);
    f.at("tolerance").share(tolerance, 0.0..=1.0);
    f.at("sync").time(sync, SOME_TIME);
    f.at("metric_lag").time(metric_lag, TIMES);
    f.at("scale_in_window").time(scale_in_window, TIMES);
    check_order(f, *min, *max);
}

/// `roll_out: { surge: 25%, unavailable: 25%, deadline: 600s }`
pub(super) fn roll_out(f: &mut Fields<'_, '_>, r: &mut RollOut) {
    let RollOut { surge, unavailable, deadline } = r;
    f.at("surge").ratio(surge);
    f.at("unavailable").ratio(unavailable);
    f.at("deadline").time(deadline, SOME_TIME);
}

/// What `zones`, `nodes_per_zone` and `node` say: equal nodes.
#[derive(Clone, Debug, PartialEq)]
struct Plan {
    zones: u8,
    per_zone: u32,
    node: Node,
}

impl Plan {
    /// Equal nodes, if `nodes` are such.
    fn of(nodes: &[Node]) -> Option<Self> {
        let first = nodes.first()?;
        let zones = nodes.iter().map(|n| n.zone.saturating_add(1)).max()?;
        let per_zone = u32::try_from(nodes.len() / usize::from(zones)).ok()?;
        let plan = Self { zones, per_zone, node: first.clone() };
        (zones <= ZONES_MAX && plan.nodes() == nodes).then_some(plan)
    }
    fn nodes(&self) -> Vec<Node> {
        let mut nodes = Cluster::zones(self.zones, self.per_zone, self.node.cpu, self.node.memory).nodes;
        nodes.iter_mut().for_each(|n| n.pods_max = self.node.pods_max);
        nodes
    }
}

/// The machines; what the file does not say is the roomy cluster that a scenario without one gets.
pub(super) fn cluster(slot: Slot<'_, '_>, own: &mut Cluster, topology: &Topology) {
    slot.group(own, |f, c| {
        let Cluster { nodes, network: delays, endpoint_delay, image_pull, node_autoscale } = c;
        machines(f, nodes, topology);
        f.at("network").group(delays, network);
        f.at("endpoint_delay").time(endpoint_delay, TIMES);
        f.at("image_pull").time(image_pull, TIMES);
        f.at("node_autoscale").maybe(node_autoscale, SimDuration::ZERO, |slot, time| slot.time(time, TIMES));
    });
}

fn network(f: &mut Fields<'_, '_>, n: &mut Network) {
    let Network { same_node, same_zone, cross_zone, retransmit } = n;
    f.at("same_node").time(same_node, TIMES);
    f.at("same_zone").time(same_zone, TIMES);
    f.at("cross_zone").time(cross_zone, TIMES);
    f.at("retransmit").time(retransmit, SOME_TIME);
}

/// Equal nodes by their number and size, or else a list of them. Nothing is written if the roomy cluster is meant.
fn machines(f: &mut Fields<'_, '_>, nodes: &mut Vec<Node>, topology: &Topology) {
    let roomy = |zones, per_zone| roomy_cluster(topology, zones, per_zone).nodes;
    let is_plan = ["zones", "nodes_per_zone", "node"].iter().any(|key| f.has(key));
    if is_plan && f.has("nodes") {
        let help = "write either a list of nodes, or zones, nodes_per_zone and node";
        f.complain(Code::Contradiction, "nodes and zones both say which machines there are", help);
    }
    let written = (f.is_writing() && *nodes != roomy(ZONES, None)).then(|| Plan::of(nodes));
    let mut plan = written.clone().flatten().unwrap_or(Plan { zones: ZONES, per_zone: 0, node: usual_node() });
    let is_silent = f.is_writing() && !matches!(written, Some(Some(_)));
    f.at("zones").unless(is_silent).count(&mut plan.zones, 1..=u64::from(ZONES_MAX));
    f.at("nodes_per_zone").unless(is_silent).count(&mut plan.per_zone, 1..=NODES_MAX as u64);
    if !f.is_writing() {
        let per_zone = Some(plan.per_zone).filter(|n| *n > 0);
        let usual = roomy(plan.zones, per_zone);
        plan.per_zone = per_zone.unwrap_or((usual.len() / usize::from(plan.zones)) as u32);
        plan.node = usual.first().cloned().unwrap_or_else(usual_node);
    }
    f.at("node").unless(is_silent).group(&mut plan.node, size);
    let is_listed = f.has("nodes") || matches!(written, Some(None));
    f.at("nodes").unless(!is_listed).list(nodes, NODES_MAX, &usual_node(), |slot, node| slot.group(node, node_fields));
    if u64::from(plan.per_zone) * u64::from(plan.zones) > NODES_MAX as u64 {
        f.complain(Code::TooMany, "more nodes than a cluster may have", format!("write at most {NODES_MAX} in all"));
    } else if is_plan {
        *nodes = plan.nodes();
    }
}

fn usual_node() -> Node {
    Node { name: String::new(), zone: 0, cpu: Millicores(16_000), memory: Mebibytes(65_536.0), pods_max: 110 }
}

fn size(f: &mut Fields<'_, '_>, node: &mut Node) {
    f.at("cpu").cpu(&mut node.cpu);
    f.at("memory").memory(&mut node.memory);
    f.at("pods").count(&mut node.pods_max, 0..=PODS_MAX);
}

fn node_fields(f: &mut Fields<'_, '_>, node: &mut Node) {
    f.at("name").text(&mut node.name, 1, 63);
    zone(f.at("zone"), &mut node.zone);
    size(f, node);
    let Node { name, zone: _, cpu: _, memory: _, pods_max: _ } = node;
    if name.is_empty() && f.context.problems.count() == 0 {
        f.complain(Code::Missing, "a node without 'name'", "write a name such as node-a1");
    }
}

/// A zone by its letter.
pub(super) fn zone(slot: Slot<'_, '_>, value: &mut u8) {
    match slot.side {
        Side::Write(out) => *out = Out::Text(char::from(b'a' + (*value).min(25)).to_string()),
        Side::Read(None) => {}
        Side::Read(Some(node)) => match node.text().and_then(read_zone) {
            Some(zone) => *value = zone,
            None => {
                let message = format!("{} is not a zone", quoted(node.text().unwrap_or_default()));
                let wrong = Wrong::new(Code::WrongType, message, "write its letter, a to p");
                slot.context.problems.add_wrong(node.spot, slot.what, wrong);
            }
        },
    }
}

/// `a` is zone 0.
pub(super) fn read_zone(text: &str) -> Option<u8> {
    let mut letters = text.trim().bytes();
    let letter = letters.next()?.to_ascii_lowercase();
    let zone = letter.checked_sub(b'a')?;
    (letters.next().is_none() && zone < ZONES_MAX).then_some(zone)
}
