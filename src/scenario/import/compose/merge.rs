//! Merging of Compose files, and `extends`.
//!
//! Mappings are merged key by key and the later file wins; lists are appended; what stands for one thing although it is
//! written as a list (`command`, `entrypoint`, a health check's `test`) is replaced. Things that may be written as a list
//! or as a mapping are made mappings first, so that the forms mix.

use crate::scenario::import::problems::{Code, Log};
use crate::scenario::import::yaml::{Entry, NODES_MAX, Node, Value};

/// Longest chain of `extends`.
const EXTENDS_MAX: usize = 16;

/// The merged `services` of all documents.
pub(super) fn merged(documents: Vec<Node>) -> Node {
    let mut all = Node { spot: Default::default(), value: Value::Map(Vec::new()) };
    for document in documents {
        let Value::Map(entries) = document.value else { continue };
        for mut services in entries.into_iter().filter(|e| e.key == "services").map(|e| e.value) {
            normalise_services(&mut services);
            merge(&mut all, services);
        }
    }
    // A service without a body says nothing yet; one that is a list or text is no service.
    if let Value::Map(entries) = &mut all.value {
        entries.retain(|e| matches!(e.value.value, Value::Map(_) | Value::Null));
    }
    all
}

fn normalise_services(services: &mut Node) {
    let Value::Map(entries) = &mut services.value else { return };
    for service in entries {
        let Value::Map(parts) = &mut service.value.value else { continue };
        for part in parts {
            if matches!(part.key.as_str(), "environment" | "labels" | "annotations" | "depends_on" | "networks") {
                list_to_map(&mut part.value);
            }
        }
    }
}

/// `- KEY=value` becomes `KEY: value`, `- name` becomes `name:` (no value).
fn list_to_map(node: &mut Node) {
    let Value::List(items) = &mut node.value else { return };
    let entry = |item: Node| {
        let (key, value) = match item.text()?.split_once('=') {
            Some((key, value)) => (key.to_owned(), Value::Scalar(value.to_owned())),
            None => (item.text()?.to_owned(), Value::Null),
        };
        Some(Entry { key, spot: item.spot, value: Node { spot: item.spot, value } })
    };
    let mut map = Node { spot: node.spot, value: Value::Map(Vec::new()) };
    let entries = std::mem::take(items).into_iter().filter_map(entry).collect();
    merge(&mut map, Node { spot: node.spot, value: Value::Map(entries) });
    *node = map;
}

/// Puts `over` on top of `base`.
fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Map(into), Value::Map(from)) => merge_entries(into, from),
        (Value::List(into), Value::List(from)) => into.extend(from),
        // An empty body in a later file (`web:`) changes nothing.
        (Value::Map(_), Value::Null) => {}
        (_, value) => *base = Node { spot: over.spot, value },
    }
}

fn merge_entries(into: &mut Vec<Entry>, from: Vec<Entry>) {
    let mut index: std::collections::BTreeMap<String, usize> = into.iter().enumerate().map(|(i, e)| (e.key.clone(), i)).collect();
    for entry in from {
        match index.get(&entry.key) {
            Some(&i) if matches!(entry.key.as_str(), "command" | "entrypoint" | "test") => into[i].value = entry.value,
            Some(&i) => merge(&mut into[i].value, entry.value),
            None => {
                index.insert(entry.key.clone(), into.len());
                into.push(entry);
            }
        }
    }
}

/// The services with `extends` carried out: the extended service lies under the extending one.
pub(super) fn extended(services: Node, log: &mut Log<'_>) -> Node {
    if services.entries().iter().all(|e| e.value.get("extends").is_none()) {
        return services;
    }
    let mut nodes_left = NODES_MAX;
    let entries = services.entries().iter().map(|e| {
        let value = extend(&services, e, &mut nodes_left, log);
        Entry { key: e.key.clone(), spot: e.spot, value }
    });
    let value = Value::Map(entries.collect());
    Node { spot: services.spot, value }
}

fn extend(services: &Node, entry: &Entry, nodes_left: &mut usize, log: &mut Log<'_>) -> Node {
    let mut chain = vec![&entry.value];
    while let Some(extends) = chain.last().and_then(|last| last.get("extends")) {
        let name = extends.text().or_else(|| extends.text_at(&["service"])).unwrap_or("");
        let is_other_file = extends.get("file").is_some();
        match services.get(name).filter(|_| chain.len() <= EXTENDS_MAX) {
            Some(base) => chain.push(base),
            None if is_other_file => {
                log.ignore(
                    format!("extends {name}"),
                    extends.spot,
                    "other files are not fetched; drop them together with this one",
                );
                break;
            }
            None => {
                let message = format!("'{}' extends '{name}', which is not here or leads back to it", entry.key);
                log.add(Code::UnknownDependency, extends.spot, message, "name a service of these files");
                break;
            }
        }
    }
    let needed: usize = chain.iter().map(|n| n.count()).sum();
    if needed > *nodes_left {
        log.add(Code::TooLarge, entry.spot, format!("extends make more than {NODES_MAX} nodes"), "import a part of the system");
        return Node::default();
    }
    *nodes_left -= needed;
    let mut whole = Node { spot: entry.value.spot, value: Value::Map(Vec::new()) };
    for node in chain.iter().rev() {
        let mut layer = (*node).clone();
        if let Value::Map(parts) = &mut layer.value {
            parts.retain(|p| p.key != "extends");
        }
        merge(&mut whole, layer);
    }
    whole
}
