//! Kubernetes manifests: workloads, the Services that name them, ConfigMaps that configure them, autoscalers.
//!
//! One workload becomes one service of ours under the workload's name. It answers to its own name and to those of the
//! Services that select it, as cluster DNS would have it.

mod workload;

pub(super) use workload::{quantity_at, read_annotations, replicas};

use super::draft::Draft;
use super::problems::{Code, Log};
use super::source::Spot;
use super::yaml::{Entry, Node};
use crate::topology::SERVICES_MAX;
use std::collections::BTreeMap;

/// Kinds that run for good and take requests.
const WORKLOADS: [&str; 8] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "Rollout", "DeploymentConfig"];

/// One object of the cluster.
#[derive(Clone, Copy)]
struct Object<'a> {
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
    node: &'a Node,
}

/// Data of a ConfigMap: key -> value and its place.
type ConfigMaps<'a> = BTreeMap<(String, String), Vec<(&'a str, &'a str, Spot)>>;

/// Whether a document is a Kubernetes object.
pub(super) fn is_object(node: &Node) -> bool {
    node.text_at(&["kind"]).is_some() && node.text_at(&["apiVersion"]).is_some()
}

/// Reads the objects of all documents as one system.
pub(super) fn read(documents: &[&Node], log: &mut Log<'_>) -> Draft {
    let objects = unique(documents.iter().flat_map(|node| flatten(node)).filter_map(|node| object(node, log)).collect(), log);
    let maps = config_maps(&objects);
    let mut draft = Draft::named(system_name(&objects));
    let mut labels = Vec::new();
    for object in objects.iter().filter(|o| WORKLOADS.contains(&o.kind)) {
        if draft.services.len() >= SERVICES_MAX {
            let message = format!("more than {SERVICES_MAX} workloads");
            log.add(Code::TooLarge, object.node.spot, message, "import a part of the system");
            break;
        }
        let service = workload::read(object, &maps, log);
        if let Some(service) = service {
            draft.add_service(service);
            labels.push(*object);
        }
    }
    let service_count = add_services(&mut draft, &objects, &labels, log);
    add_autoscalers(&mut draft, &objects, log);
    ignore_others(&objects, log);
    let [documents, workloads, services] =
        [(documents.len(), "document"), (draft.services.len(), "workload"), (service_count, "service")]
            .map(|(n, w)| super::counted(n, w));
    draft.counts = format!("{documents}: {workloads}, {services}");
    draft
}

/// The items of a `List`, or the object itself.
fn flatten(node: &Node) -> Vec<&Node> {
    match (node.text_at(&["kind"]), node.get("items")) {
        (Some(kind), Some(items)) if kind.ends_with("List") => items.items().iter().collect(),
        _ => vec![node],
    }
}

fn object<'a>(node: &'a Node, log: &mut Log<'_>) -> Option<Object<'a>> {
    let kind = node.text_at(&["kind"]).unwrap_or("");
    let Some(name) = node.text_at(&["metadata", "name"]).filter(|n| !n.is_empty()) else {
        let what = if kind.is_empty() { "object without kind" } else { kind };
        if WORKLOADS.contains(&kind) || kind == "Service" {
            log.add(Code::BadValue, node.spot, format!("{what} without metadata.name"), "give it a name; it is left out");
        }
        log.ignore(what, node.spot, "it has no name");
        return None;
    };
    let namespace = node.text_at(&["metadata", "namespace"]).filter(|n| !n.is_empty()).unwrap_or("default");
    Some(Object { kind, name, namespace, node })
}

/// Of objects with the same kind, namespace and name the last stays, as `kubectl apply` would have it.
fn unique<'a>(objects: Vec<Object<'a>>, log: &mut Log<'_>) -> Vec<Object<'a>> {
    let mut last: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for (i, o) in objects.iter().enumerate() {
        if let Some(earlier) = last.insert((o.kind, o.namespace, o.name), i) {
            let first = log.sources.place(objects[earlier].node.spot);
            let message = format!("{} '{}' is defined twice; this one replaces the one at {first}", o.kind, o.name);
            log.add(Code::Duplicate, o.node.spot, message, "rename one of them if both are meant");
        }
    }
    let stays = |(i, o): (usize, Object<'a>)| (last.get(&(o.kind, o.namespace, o.name)) == Some(&i)).then_some(o);
    objects.into_iter().enumerate().filter_map(stays).collect()
}

fn config_maps<'a>(objects: &[Object<'a>]) -> ConfigMaps<'a> {
    let mut maps = ConfigMaps::new();
    for o in objects.iter().filter(|o| o.kind == "ConfigMap") {
        let data = o.node.get("data").map_or(&[][..], Node::entries);
        let values = data.iter().filter_map(|e| Some((e.key.as_str(), e.value.text()?, e.value.spot))).collect();
        maps.insert((o.namespace.to_owned(), o.name.to_owned()), values);
    }
    maps
}

/// Makes Services and workloads answer to their names; yields the number of Services.
fn add_services(draft: &mut Draft, objects: &[Object<'_>], workloads: &[Object<'_>], log: &mut Log<'_>) -> usize {
    let services: Vec<_> = objects.iter().filter(|o| o.kind == "Service").collect();
    let by_label = workloads_by_label(workloads);
    for service in &services {
        let selected = selected(service, &by_label);
        if selected.is_empty() {
            log.ignore(format!("Service {}", service.name), service.node.spot, "it selects no workload in these files");
        }
        draft.add_host(service.name, service.namespace, selected);
    }
    for (i, workload) in workloads.iter().enumerate() {
        draft.add_host(workload.name, workload.namespace, vec![i]);
    }
    services.len()
}

/// (namespace, label, value) -> workloads whose pods carry it.
type ByLabel<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>;

fn workloads_by_label<'a>(workloads: &[Object<'a>]) -> ByLabel<'a> {
    let mut by_label = ByLabel::new();
    for (i, w) in workloads.iter().enumerate() {
        let path: &[&str] = if w.kind == "Pod" { &["metadata", "labels"] } else { &["spec", "template", "metadata", "labels"] };
        for label in w.node.at(path).map_or(&[][..], Node::entries) {
            let value = label.value.text().unwrap_or("");
            by_label.entry((w.namespace, label.key.as_str(), value)).or_default().push(i);
        }
    }
    by_label
}

fn selected<'a>(service: &Object<'a>, by_label: &ByLabel<'a>) -> Vec<usize> {
    let selector = service.node.at(&["spec", "selector"]).map_or(&[][..], Node::entries);
    let key = |e: &'a Entry| (service.namespace, e.key.as_str(), e.value.text().unwrap_or(""));
    let mut sets = selector.iter().map(|e| by_label.get(&key(e)).map_or(&[][..], Vec::as_slice));
    let mut chosen = sets.next().map_or_else(Vec::new, <[usize]>::to_vec);
    for set in sets {
        chosen.retain(|i| set.binary_search(i).is_ok());
    }
    chosen
}

fn add_autoscalers(draft: &mut Draft, objects: &[Object<'_>], log: &mut Log<'_>) {
    for o in objects.iter().filter(|o| o.kind == "HorizontalPodAutoscaler") {
        let target = o.node.text_at(&["spec", "scaleTargetRef", "name"]).unwrap_or("");
        let most = o.node.text_at(&["spec", "maxReplicas"]).and_then(|t| t.parse::<u32>().ok());
        let scaled = draft.services.iter_mut().find(|s| s.name == target && s.namespace == o.namespace);
        match (scaled, most) {
            (Some(service), Some(most)) => service.replicas_max = Some(most),
            _ => log.ignore(format!("HorizontalPodAutoscaler {}", o.name), o.node.spot, "its target is not in these files"),
        }
    }
}

fn ignore_others(objects: &[Object<'_>], log: &mut Log<'_>) {
    for o in objects {
        let why = match o.kind {
            kind if WORKLOADS.contains(&kind) => continue,
            "Service" | "ConfigMap" | "HorizontalPodAutoscaler" => continue,
            "ServiceAccount" | "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
                "access rights do not change behaviour"
            }
            "Namespace" => "namespaces are read from the objects in them",
            "Secret" => "secret values are not read",
            "Job" | "CronJob" => "it runs to its end and takes no requests",
            "Ingress" | "Gateway" | "HTTPRoute" | "VirtualService" | "DestinationRule" => "routing rules are not read yet",
            "NetworkPolicy" | "PodDisruptionBudget" | "PersistentVolumeClaim" | "PersistentVolume" => {
                "it has no part in the simulation"
            }
            _ => "this kind is not known here",
        };
        log.ignore(format!("{} {}", o.kind, o.name), o.node.spot, why);
    }
}

/// `app.kubernetes.io/part-of` of the first object that has it, or the only namespace.
fn system_name(objects: &[Object<'_>]) -> Option<String> {
    let part_of = |o: &Object<'_>| o.node.text_at(&["metadata", "labels", "app.kubernetes.io/part-of"]).map(str::to_owned);
    let workloads = || objects.iter().filter(|o| WORKLOADS.contains(&o.kind));
    let first = workloads().next()?.namespace;
    let only = first != "default" && workloads().all(|o| o.namespace == first);
    objects.iter().find_map(part_of).or_else(|| only.then(|| first.to_owned()))
}
