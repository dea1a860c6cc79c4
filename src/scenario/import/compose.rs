//! Docker Compose: services, their dependencies, env values, limits, health checks.
//!
//! Several files are merged in the order given, as `docker compose -f a -f b` does; see [`merge`]. Variables come from
//! `.env` files among them; see [`super::interpolate`].

mod merge;

use super::draft::{Declared, Draft, DraftService, Variable, guess_kind};
use super::interpolate::{Variables, interpolate};
use super::kubernetes::{quantity_at, read_annotations, replicas};
use super::problems::{Code, Log};
use super::quantity;
use super::yaml::{Entry, Node, Value};
use crate::topology::SERVICES_MAX;

/// Compose has one name space.
const NAMESPACE: &str = "default";

/// Whether a document is a Compose file: `services:`, or the oldest form with services at the top.
pub(super) fn is_compose(node: &Node) -> bool {
    if node.text_at(&["kind"]).is_some() {
        return false;
    }
    matches!(node.get("services").map(|s| &s.value), Some(Value::Map(_))) || is_version_one(node)
}

fn is_version_one(node: &Node) -> bool {
    let is_service = |e: &Entry| e.value.get("image").is_some() || e.value.get("build").is_some();
    !node.entries().is_empty() && node.get("services").is_none() && node.entries().iter().all(is_service)
}

/// Reads all documents as one project.
pub(super) fn read(documents: Vec<Node>, variables: &Variables, log: &mut Log<'_>) -> Draft {
    let documents: Vec<Node> = documents.into_iter().map(with_services).collect();
    let count = documents.len();
    let name = documents.iter().rev().find_map(|d| d.text_at(&["name"])).map(|n| interpolate(n, variables).text);
    for document in &documents {
        ignore_sections(document, log);
    }
    let services = merge::extended(merge::merged(documents), log);
    let mut draft = Draft::named(name.filter(|n| !n.is_empty()));
    let entries = services.entries();
    if entries.len() > SERVICES_MAX {
        let message = format!("more than {SERVICES_MAX} services");
        log.add(Code::TooLarge, services.spot, message, "import a part of the system");
        return draft;
    }
    for entry in entries {
        let mut reader = Reader { variables, log: &mut *log };
        let service = reader.service(entry);
        draft.add_service(service);
    }
    add_hosts(&mut draft, entries, variables);
    for (from, entry) in entries.iter().enumerate() {
        add_declared(&mut draft, from, &entry.value, log);
    }
    let files = if count == 1 { String::new() } else { format!("{count} files: ") };
    draft.counts = format!("{files}{}", super::counted(draft.services.len(), "service"));
    draft
}

fn with_services(node: Node) -> Node {
    if !is_version_one(&node) {
        return node;
    }
    let spot = node.spot;
    Node { spot, value: Value::Map(vec![Entry { key: "services".to_owned(), spot, value: node }]) }
}

fn ignore_sections(document: &Node, log: &mut Log<'_>) {
    for entry in document.entries() {
        let why = match entry.key.as_str() {
            "services" | "version" | "name" => continue,
            key if key.starts_with("x-") => "extension; what services take from it by alias is read there",
            "networks" | "volumes" | "configs" | "secrets" => "it has no part in the simulation",
            "include" => "included files are not fetched; drop them together with this one",
            _ => "this section is not known here",
        };
        log.ignore(&entry.key, entry.spot, why);
    }
}

/// Makes services answer to their names, then to the other names given to them.
fn add_hosts(draft: &mut Draft, entries: &[Entry], variables: &Variables) {
    for (i, entry) in entries.iter().enumerate() {
        draft.add_host(&entry.key, NAMESPACE, vec![i]);
    }
    for (i, entry) in entries.iter().enumerate() {
        let networks = entry.value.get("networks").map_or(&[][..], Node::entries);
        let aliases = networks.iter().flat_map(|n| n.value.get("aliases").map_or(&[][..], Node::items));
        let names = ["container_name", "hostname"].iter().filter_map(|key| entry.value.get(key));
        for name in names.chain(aliases).filter_map(Node::text) {
            let name = interpolate(name, variables).text;
            if !name.is_empty() {
                draft.add_host(&name, NAMESPACE, vec![i]);
            }
        }
    }
    for entry in entries {
        for link in entry.value.get("links").map_or(&[][..], Node::items).iter().filter_map(Node::text) {
            let (name, alias) = link.split_once(':').unwrap_or((link, link));
            if let Some(i) = entries.iter().position(|e| e.key == name) {
                draft.add_host(alias, NAMESPACE, vec![i]);
            }
        }
    }
}

fn add_declared(draft: &mut Draft, from: usize, service: &Node, log: &mut Log<'_>) {
    for entry in service.get("depends_on").map_or(&[][..], Node::entries) {
        if entry.value.text_at(&["condition"]) == Some("service_completed_successfully") {
            log.ignore(format!("depends_on {}", entry.key), entry.spot, "it waits for a job to end, which takes no requests");
            continue;
        }
        let may_be_missing = entry.value.text_at(&["required"]) == Some("false");
        draft.declared.push(Declared { from, to: entry.key.clone(), what: "depends_on", spot: entry.spot, may_be_missing });
    }
    for item in service.get("links").map_or(&[][..], Node::items) {
        if let Some(text) = item.text() {
            let to = text.split(':').next().unwrap_or(text).to_owned();
            draft.declared.push(Declared { from, to, what: "links", spot: item.spot, may_be_missing: false });
        }
    }
}

/// Reads one service.
struct Reader<'r, 'a> {
    variables: &'r Variables,
    log: &'r mut Log<'a>,
}

impl Reader<'_, '_> {
    fn service(&mut self, entry: &Entry) -> DraftService {
        let node = &entry.value;
        let image = node.text_at(&["image"]).map(|i| interpolate(i, self.variables).text).unwrap_or_default();
        let replicas_node = self.value(node, &["deploy", "replicas"]).or_else(|| self.value(node, &["scale"]));
        let mut service = DraftService {
            name: entry.key.clone(),
            source: "service".to_owned(),
            namespace: NAMESPACE.to_owned(),
            kind: guess_kind(&entry.key, &image),
            replicas: replicas_node.and_then(|n| replicas(&n, self.log)),
            cpu_limit: self.cpu(node, &[&["deploy", "resources", "limits", "cpus"], &["cpus"]]),
            cpu_request: self.cpu(node, &[&["deploy", "resources", "reservations", "cpus"]]),
            memory_limit: self.memory(node, &[&["deploy", "resources", "limits", "memory"], &["mem_limit"]]),
            memory_request: self.memory(node, &[&["deploy", "resources", "reservations", "memory"], &["mem_reservation"]]),
            startup_s: self.startup(node),
            ..DraftService::default()
        };
        for key in ["labels", "annotations"] {
            read_annotations(&mut service, node.get(key).map_or(&[][..], Node::entries), self.log);
        }
        if let Some(labels) = node.at(&["deploy", "labels"]) {
            read_annotations(&mut service, labels.entries(), self.log);
        }
        self.read_variables(&mut service, node);
        service
    }

    /// The scalar at `path` with its variables put in, unless nothing is left of it.
    fn value(&self, node: &Node, path: &[&str]) -> Option<Node> {
        let found = node.at(path)?;
        let text = interpolate(found.text()?, self.variables).text;
        (!text.is_empty()).then_some(Node { spot: found.spot, value: Value::Scalar(text) })
    }

    fn cpu(&mut self, node: &Node, paths: &[&[&str]]) -> Option<u32> {
        let found = paths.iter().find_map(|path| self.value(node, path))?;
        // `cpus: 0` means no limit.
        let is_unlimited = found.text().and_then(|t| t.parse::<f64>().ok()) == Some(0.0);
        if is_unlimited { None } else { quantity_at(&found, quantity::cpu_millicores, "a number of CPUs such as 0.5", self.log) }
    }

    fn memory(&mut self, node: &Node, paths: &[&[&str]]) -> Option<f64> {
        let found = paths.iter().find_map(|path| self.value(node, path))?;
        if found.text() == Some("0") {
            return None;
        }
        quantity_at(&found, quantity::compose_memory_mib, "a memory quantity such as 128M", self.log)
    }

    fn startup(&mut self, node: &Node) -> Option<f64> {
        let found = self.value(node, &["healthcheck", "start_period"])?;
        quantity_at(&found, quantity::seconds, "a duration such as 20s", self.log)
    }

    fn read_variables(&mut self, service: &mut DraftService, node: &Node) {
        for entry in node.get("environment").map_or(&[][..], Node::entries) {
            // Without a value the variable is passed through from the shell, or from a .env file.
            let (text, spot) = match &entry.value.value {
                Value::Scalar(text) => (text.clone(), entry.value.spot),
                Value::Null => (format!("${{{}}}", entry.key), entry.spot),
                _ => continue,
            };
            self.push(service, "env", &entry.key, &text, spot);
        }
        for key in ["entrypoint", "command"] {
            let Some(found) = node.get(key) else { continue };
            for argument in std::iter::once(found).chain(found.items()) {
                if let Some(text) = argument.text() {
                    self.push(service, "argument", "", text, argument.spot);
                }
            }
        }
    }

    fn push(&mut self, service: &mut DraftService, origin: &str, key: &str, text: &str, spot: super::source::Spot) {
        if self.log.variables_left > 0 {
            self.log.variables_left -= 1;
            let read = interpolate(text, self.variables);
            let (origin, key) = (origin.to_owned(), key.to_owned());
            service.variables.push(Variable { origin, key, value: read.text, spot, unset: read.unset });
        }
    }
}
