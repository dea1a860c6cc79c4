//! One workload: its containers' resources, probes, env values and arguments, and our annotations.
//!
//! Init containers run before the first request and are left out.

use super::{ConfigMaps, Object};
use crate::scenario::import::annotations::{Annotations, PREFIX};
use crate::scenario::import::draft::{DraftService, Variable, guess_kind};
use crate::scenario::import::problems::{Code, Log};
use crate::scenario::import::quantity;
use crate::scenario::import::source::Spot;
use crate::scenario::import::yaml::{Entry, Node};
use std::collections::BTreeMap;

/// Most instances that a file may ask for.
pub(in crate::scenario::import) const REPLICAS_MAX: u32 = 1_000;
/// Longest value after `$(NAME)` was put in, in bytes; longer ones stay as they are.
const EXPANDED_LEN_MAX: usize = 4 * 1024;

/// Reads `object`; `None` if it has no containers.
pub(super) fn read(object: &Object<'_>, maps: &ConfigMaps<'_>, log: &mut Log<'_>) -> Option<DraftService> {
    let template = if object.kind == "Pod" { object.node } else { object.node.at(&["spec", "template"]).unwrap_or(object.node) };
    let containers = template.at(&["spec", "containers"]).map_or(&[][..], Node::items);
    let Some(first) = containers.first() else {
        let message = format!("{} '{}' has no containers", object.kind, object.name);
        log.add(Code::BadValue, object.node.spot, message, "it needs spec.template.spec.containers; it is left out");
        log.ignore(format!("{} {}", object.kind, object.name), object.node.spot, "it has no containers");
        return None;
    };
    let mut service = DraftService {
        name: object.name.to_owned(),
        source: object.kind.to_owned(),
        namespace: object.namespace.to_owned(),
        kind: guess_kind(object.name, first.text_at(&["image"]).unwrap_or("")),
        replicas: object.node.at(&["spec", "replicas"]).and_then(|n| replicas(n, log)),
        startup_s: containers.iter().filter_map(|c| probe_delay(c, log)).reduce(f64::max),
        ..DraftService::default()
    };
    read_resources(&mut service, containers, log);
    for container in containers {
        read_variables(&mut service, object.namespace, container, maps, log);
    }
    let of_pods = Some(template).filter(|_| object.kind != "Pod");
    for node in [Some(object.node), of_pods].into_iter().flatten() {
        read_annotations(&mut service, node.at(&["metadata", "annotations"]).map_or(&[][..], Node::entries), log);
    }
    Some(service)
}

/// Takes our annotations out of `entries`.
pub(in crate::scenario::import) fn read_annotations(service: &mut DraftService, entries: &[Entry], log: &mut Log<'_>) {
    for entry in entries.iter().filter(|e| e.key.starts_with(PREFIX)) {
        let value = entry.value.text().unwrap_or("");
        if entry.key.ends_with("/calls") {
            service.calls_spot = entry.value.spot;
        }
        if let Err((message, help)) = Annotations::set(&mut service.annotations, &entry.key, value) {
            log.add(Code::BadAnnotation, entry.value.spot, format!("{message} (on '{}')", service.name), help);
        }
    }
}

/// A number of instances.
pub(in crate::scenario::import) fn replicas(node: &Node, log: &mut Log<'_>) -> Option<u32> {
    let text = node.text()?;
    let read = text.parse::<u32>().ok().filter(|n| *n <= REPLICAS_MAX);
    if read.is_none() {
        let message = format!("'{text}' is not a number of instances");
        log.add(Code::BadValue, node.spot, message, format!("write a whole number from 0 to {REPLICAS_MAX}; 1 is assumed"));
    }
    read
}

fn probe_delay(container: &Node, log: &mut Log<'_>) -> Option<f64> {
    let node = container.at(&["readinessProbe", "initialDelaySeconds"])?;
    quantity_at(node, quantity::seconds, "a number of seconds", log)
}

fn read_resources(service: &mut DraftService, containers: &[Node], log: &mut Log<'_>) {
    let mut sum = |path: &[&str], unit: &str, read: fn(&str) -> Option<f64>| {
        let values = containers.iter().filter_map(|c| c.at(&["resources"])?.at(path));
        values.filter_map(|node| quantity_at(node, read, unit, log)).reduce(|a, b| a + b)
    };
    let cpu = |text: &str| quantity::cpu_millicores(text).map(f64::from);
    let (cpu_unit, memory_unit) = ("a CPU quantity such as 250m or 0.5", "a memory quantity such as 128Mi");
    service.cpu_request = sum(&["requests", "cpu"], cpu_unit, cpu).map(|m| m as u32);
    service.cpu_limit = sum(&["limits", "cpu"], cpu_unit, cpu).map(|m| m as u32);
    service.memory_request = sum(&["requests", "memory"], memory_unit, quantity::memory_mib);
    service.memory_limit = sum(&["limits", "memory"], memory_unit, quantity::memory_mib);
}

/// Reads a quantity; one that cannot be read is reported and then treated as missing.
pub(in crate::scenario::import) fn quantity_at<T>(
    node: &Node,
    read: fn(&str) -> Option<T>,
    wanted: &str,
    log: &mut Log<'_>,
) -> Option<T> {
    let text = node.text()?;
    let value = read(text);
    if value.is_none() {
        log.add(Code::BadValue, node.spot, format!("'{text}' is not {wanted}"), "correct it; until then it counts as missing");
    }
    value
}

/// Env values in the order in which they override each other, `$(NAME)` put in, then command and arguments.
fn read_variables(service: &mut DraftService, namespace: &str, container: &Node, maps: &ConfigMaps<'_>, log: &mut Log<'_>) {
    let mut known = BTreeMap::new();
    let mut read = Vec::new();
    for source in container.get("envFrom").map_or(&[][..], Node::items) {
        let name = source.text_at(&["configMapRef", "name"]).unwrap_or("");
        let prefix = source.text_at(&["prefix"]).unwrap_or("");
        for (key, value, spot) in maps.get(&(namespace.to_owned(), name.to_owned())).into_iter().flatten() {
            read.push(variable(format!("ConfigMap {name}"), format!("{prefix}{key}"), value, *spot));
        }
    }
    for entry in container.get("env").map_or(&[][..], Node::items) {
        read.extend(env_entry(entry, namespace, maps));
    }
    read.truncate(log.variables_left);
    for variable in &mut read {
        variable.value = expand(&variable.value, &known);
        known.insert(variable.key.clone(), variable.value.clone());
    }
    for list in ["command", "args"].iter().filter_map(|key| container.get(key)) {
        let arguments = list.items().iter().filter_map(|n| Some(("argument".to_owned(), String::new(), n.text()?, n.spot)));
        read.extend(arguments.map(|(origin, key, value, spot)| variable(origin, key, &expand(value, &known), spot)));
    }
    read.truncate(log.variables_left);
    log.variables_left -= read.len();
    service.variables.extend(read);
}

fn env_entry(entry: &Node, namespace: &str, maps: &ConfigMaps<'_>) -> Option<Variable> {
    let key = entry.text_at(&["name"])?.to_owned();
    if let Some(value) = entry.get("value") {
        return Some(variable("env".to_owned(), key, value.text()?, value.spot));
    }
    let reference = entry.at(&["valueFrom", "configMapKeyRef"])?;
    let (map, wanted) = (reference.text_at(&["name"])?, reference.text_at(&["key"])?);
    let values = maps.get(&(namespace.to_owned(), map.to_owned()))?;
    let (_, value, spot) = values.iter().find(|(k, _, _)| *k == wanted)?;
    Some(variable(format!("ConfigMap {map}"), key, value, *spot))
}

fn variable(origin: String, key: String, value: &str, spot: Spot) -> Variable {
    Variable { origin, key, value: value.to_owned(), spot, unset: Vec::new() }
}

/// Puts in `$(NAME)` for names defined before, as the kubelet does.
fn expand(value: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("$(") {
        let Some((name, next)) = after.split_once(')') else { break };
        let Some(inside) = known.get(name).filter(|v| out.len() + v.len() <= EXPANDED_LEN_MAX) else {
            out.push_str(&rest[..before.len() + 2]);
            rest = after;
            continue;
        };
        out.push_str(before);
        out.push_str(inside);
        rest = next;
    }
    out.push_str(rest);
    out
}
