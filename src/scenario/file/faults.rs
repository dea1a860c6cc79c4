//! Planned faults and their targets: `cart`, `web -> cart`, `cart[0]`, `node 2`, `zone b`, `zones a, b`,
//! `monitoring`.

use super::form::{Context, Fields, Side, Slot, is_same_word, unknown_word};
use super::machines::{read_zone, zone};
use super::names::Names;
use super::out::Out;
use super::problems::{Code, Wrong, quoted, suggestion};
use super::scalars::SOME_TIME;
use super::system::{System, check_load};
use crate::ids::ServiceId;
use crate::scenario::PlannedFault;
use crate::scenario::import::source::Spot;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Cluster, Topology};
use crate::units::{SimDuration, SimTime};

/// Largest ordinal of an instance.
const ORDINAL_MAX: u64 = super::service::REPLICAS_MAX - 1;

/// Most arrows of a text that may be the one between caller and callee.
const SPLITS_MAX: usize = 8;

/// A planned fault before anything is said about it.
pub(super) fn usual() -> PlannedFault {
    let kind = FaultKind::InstanceKill;
    let target = FaultTarget::Service(ServiceId(u32::MAX));
    PlannedFault { at: SimTime::ZERO, spec: FaultSpec { target, kind, magnitude: kind.scale().usual, duration: None } }
}

/// One planned fault.
pub(super) fn fault(f: &mut Fields<'_, '_>, planned: &mut PlannedFault) {
    let PlannedFault { at, spec: FaultSpec { target: place, kind: what, magnitude, duration } } = planned;
    require(f, &["at", "kind", "target"]);
    f.at("at").instant(at);
    kind(f.at("kind"), what);
    if !f.is_writing() {
        *magnitude = what.scale().usual;
    }
    target(f.at("target"), place);
    let (min, max) = (what.scale().min, what.scale().max);
    let is_usual = f.is_writing() && *magnitude == what.scale().usual;
    f.at("magnitude").unless(is_usual).number(magnitude, min..=max);
    let is_endless = f.is_writing() && duration.is_none();
    f.at("for").unless(is_endless).maybe(duration, SimDuration::ZERO, |slot, time| slot.time(time, SOME_TIME));
}

/// Complains about fields that must be there and are not.
pub(super) fn require(f: &mut Fields<'_, '_>, keys: &[&str]) {
    for key in keys {
        if !f.is_writing() && !f.has(key) {
            f.complain(Code::Missing, format!("'{key}' is missing"), format!("write {key}: ..."));
        }
    }
}

fn kind(slot: Slot<'_, '_>, value: &mut FaultKind) {
    match slot.side {
        Side::Write(out) => *out = Out::Text(value.name().to_owned()),
        Side::Read(None) => {}
        Side::Read(Some(node)) => {
            let word = node.text().unwrap_or_default();
            match FaultKind::ALL.into_iter().find(|k| is_same_word(k.name(), word)) {
                Some(kind) => *value = kind,
                None => unknown_word(slot.context, slot.what, node.spot, word, FaultKind::ALL.iter().map(|k| k.name())),
            }
        }
    }
}

/// A target in words, or as a mapping for names that would be misread: `{ from: a, to: b }`.
fn target(slot: Slot<'_, '_>, value: &mut FaultTarget) {
    let context = slot.context;
    match slot.side {
        Side::Write(out) => {
            let text = value.words(|id| context.names.name(id).to_owned());
            if parse(&text, &context.names) == Ok(*value) {
                *out = Out::Text(text);
            } else {
                Slot { what: "", side: Side::Write(out), context }.group(value, target_fields);
            }
        }
        Side::Read(Some(_)) if context.problems.is_full() => {}
        Side::Read(Some(node)) => match node.text().map(|text| parse(text, &context.names)) {
            Some(Ok(target)) => *value = target,
            Some(Err(wrong)) => context.problems.add_wrong(node.spot, "target", wrong),
            None => Slot { what: "target", side: Side::Read(Some(node)), context }.group(value, target_fields),
        },
        Side::Read(None) => {}
    }
}

fn target_fields(f: &mut Fields<'_, '_>, target: &mut FaultTarget) {
    let nobody = ServiceId(u32::MAX);
    if !f.is_writing() {
        *target = match () {
            () if f.has("from") || f.has("to") => FaultTarget::Edge { from: nobody, to: nobody },
            () if f.has("instance") => FaultTarget::Instance { service: nobody, ordinal: 0 },
            () if f.has("node") => FaultTarget::Node(0),
            () if f.has("to_zone") => FaultTarget::Zones(0, 0),
            () if f.has("zone") => FaultTarget::Zone(0),
            () if f.has("monitoring") => FaultTarget::Monitoring,
            () => FaultTarget::Service(nobody),
        };
    }
    match target {
        FaultTarget::Service(service) => f.at("service").service(service),
        FaultTarget::Edge { from, to } => {
            f.at("from").service(from);
            f.at("to").service(to);
        }
        FaultTarget::Instance { service, ordinal } => {
            f.at("service").service(service);
            f.at("instance").count(ordinal, 0..=ORDINAL_MAX);
        }
        FaultTarget::Node(node) => f.at("node").count(node, 0..=9_999),
        FaultTarget::Zone(only) => zone(f.at("zone"), only),
        FaultTarget::Zones(a, b) => {
            zone(f.at("zone"), a);
            zone(f.at("to_zone"), b);
        }
        FaultTarget::Monitoring => {
            let mut whole = f.is_writing();
            f.at("monitoring").flag(&mut whole);
            if !whole && !f.is_writing() {
                f.complain(Code::NoTarget, "'monitoring' is all of it or none", "write monitoring: true, or name a service");
            }
        }
    }
}

/// Reads a target. A service's name comes before every other meaning.
fn parse(text: &str, names: &Names) -> Result<FaultTarget, Wrong> {
    if let Some(id) = names.id(text) {
        return Ok(FaultTarget::Service(id));
    }
    if let Some(edge) = edge(text, names) {
        let (from, to) = edge?;
        return Ok(FaultTarget::Edge { from, to });
    }
    if text == "monitoring" {
        return Ok(FaultTarget::Monitoring);
    }
    let instance = text.strip_suffix(']').and_then(|t| t.rsplit_once('['));
    if let Some((name, ordinal)) = instance
        && let Ok(ordinal) = ordinal.trim().parse::<u32>()
        && u64::from(ordinal) <= ORDINAL_MAX
    {
        return Ok(FaultTarget::Instance { service: service(name.trim(), names)?, ordinal });
    }
    match text.split_once(' ').map(|(word, rest)| (word, rest.trim())) {
        Some(("node", index)) if index.parse::<u32>().is_ok_and(|i| i < 10_000) => {
            Ok(FaultTarget::Node(index.parse().unwrap_or_default()))
        }
        Some(("zone", letter)) if read_zone(letter).is_some() => Ok(FaultTarget::Zone(read_zone(letter).unwrap_or_default())),
        Some(("zones", pair)) => zones(text, pair),
        _ => service(text, names).map(FaultTarget::Service),
    }
}

fn zones(text: &str, pair: &str) -> Result<FaultTarget, Wrong> {
    let zones = pair.split_once(',').and_then(|(a, b)| Some((read_zone(a)?, read_zone(b)?)));
    let (a, b) = zones.ok_or_else(|| {
        Wrong::new(Code::NoTarget, format!("{} names no two zones", quoted(text)), "write their letters: zones a, b")
    })?;
    Ok(FaultTarget::Zones(a, b))
}

/// `a -> b`; `None` if it is nothing of the kind. Names may hold arrows themselves, so several splits are tried.
pub(super) fn edge(text: &str, names: &Names) -> Option<Result<(ServiceId, ServiceId), Wrong>> {
    let ends = |at: usize| (text[..at].trim(), text[at + 2..].trim());
    let mut splits = text.match_indices("->").map(|(at, _)| ends(at)).take(SPLITS_MAX);
    if let Some(found) = splits.clone().find_map(|(from, to)| Some((names.id(from)?, names.id(to)?))) {
        return Some(Ok(found));
    }
    let (from, to) = splits.next()?;
    Some(service(from, names).and_then(|from| Ok((from, service(to, names)?))))
}

/// A service by name.
pub(super) fn service(name: &str, names: &Names) -> Result<ServiceId, Wrong> {
    names.id(name).ok_or_else(|| {
        let help = suggestion(name, names.all());
        Wrong::new(Code::UnknownService, format!("there is no service {}", quoted(name)), help)
    })
}

/// Complains about a fault whose target is not there at its time, or that does not fit it.
pub(super) fn check(fault: &PlannedFault, spot: Spot, system: &System, cluster: &Cluster, context: &mut Context<'_>) {
    let FaultSpec { target, kind, .. } = fault.spec;
    let topology = &system.topology;
    let text = target.words(|id| topology.name(id).to_owned());
    if !exists(target, topology, cluster) {
        let help = "a target must be there when the fault begins: a service, one of its calls or instances, a node, a zone";
        context.problems.add(Code::NoTarget, spot, format!("there is no {} at {}", quoted(&text), fault.at), help);
    } else if !fits(kind, target) {
        let message = format!("{} cannot be put on {}", kind.name(), quoted(&text));
        context.problems.add(Code::WrongTarget, spot, message, where_to(kind));
    } else if kind == FaultKind::TrafficSpike
        && let Err(wrong) = check_load(system.load() * fault.spec.magnitude)
    {
        context.problems.add_wrong(spot, "magnitude", wrong);
    }
}

fn exists(target: FaultTarget, topology: &Topology, cluster: &Cluster) -> bool {
    match target {
        FaultTarget::Service(id) | FaultTarget::Instance { service: id, .. } => topology.get(id).is_some(),
        FaultTarget::Edge { from, to } => topology.get(from).is_some_and(|s| s.calls().any(|c| c.to == to)),
        FaultTarget::Node(node) => (node as usize) < cluster.nodes.len(),
        FaultTarget::Zone(zone) => cluster.nodes.iter().any(|n| n.zone == zone),
        FaultTarget::Monitoring => true,
        FaultTarget::Zones(a, b) => a != b && [a, b].iter().all(|zone| cluster.nodes.iter().any(|n| n.zone == *zone)),
    }
}

fn fits(kind: FaultKind, target: FaultTarget) -> bool {
    match target {
        FaultTarget::Service(_) => kind.fits_service(),
        FaultTarget::Edge { .. } => kind.fits_edge(),
        FaultTarget::Instance { .. } => kind.fits_instance(),
        FaultTarget::Node(_) | FaultTarget::Zone(_) => kind.fits_node(),
        FaultTarget::Zones(..) => kind.fits_zones(),
        FaultTarget::Monitoring => kind.fits_monitoring(),
    }
}

fn where_to(kind: FaultKind) -> String {
    let places = [
        (kind.fits_service(), "a service"),
        (kind.fits_edge(), "a call (a -> b)"),
        (kind.fits_instance(), "an instance (a[0])"),
        (kind.fits_node(), "a node or a zone"),
        (kind.fits_zones(), "two zones (zones a, b)"),
        (kind.fits_monitoring(), "the whole monitoring (monitoring)"),
    ];
    let places: Vec<&str> = places.into_iter().filter(|(fits, _)| *fits).map(|(_, place)| place).collect();
    format!("put it on {}", places.join(", "))
}
