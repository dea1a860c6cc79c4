//! What both formats have in common before anything is assumed: workloads, the names they answer to, declared edges.

use super::annotations::Annotations;
use super::hosts;
use super::source::Spot;
use crate::topology::ServiceKind;
use std::collections::{BTreeMap, BTreeSet};

/// Longest name of a service, as `topology` demands.
const NAME_CHARS_MAX: usize = 63;

/// One env variable (or argument) that may name a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variable {
    /// What it is: `env`, `ConfigMap shop`, `argument`.
    pub origin: String,
    /// Its name; empty for an argument.
    pub key: String,
    /// Its value as far as known.
    pub value: String,
    /// Where the value stands.
    pub spot: Spot,
    /// Names of variables in it that have no value.
    pub unset: Vec<String>,
}

/// One workload as read; `None` is what the file does not say.
#[derive(Clone, Debug, Default)]
pub(super) struct DraftService {
    /// Unique name.
    pub name: String,
    /// What it was read from: `Deployment`, `service`.
    pub source: String,
    /// Its namespace; `default` in Compose.
    pub namespace: String,
    /// What it seems to be.
    pub kind: ServiceKind,
    /// Instances.
    pub replicas: Option<u32>,
    /// Most instances (from an autoscaler).
    pub replicas_max: Option<u32>,
    /// CPU request in millicores.
    pub cpu_request: Option<u32>,
    /// CPU limit in millicores.
    pub cpu_limit: Option<u32>,
    /// Memory request in MiB.
    pub memory_request: Option<f64>,
    /// Memory limit in MiB.
    pub memory_limit: Option<f64>,
    /// Seconds until it can be ready, by its probe.
    pub startup_s: Option<f64>,
    /// Env variables and arguments.
    pub variables: Vec<Variable>,
    /// Our annotations.
    pub annotations: Annotations,
    /// Where `sickbay.dev/calls` stands.
    pub calls_spot: Spot,
}

/// A dependency that the file declares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declared {
    /// Index of the caller.
    pub from: usize,
    /// The name it gives.
    pub to: String,
    /// `depends_on`, `links`.
    pub what: &'static str,
    /// Where.
    pub spot: Spot,
    /// The file says that it may be missing.
    pub may_be_missing: bool,
}

/// Where a host leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lead<'a> {
    /// To these workloads.
    Services(&'a [usize]),
    /// To something known that is not a workload of these files.
    Elsewhere,
    /// Nowhere.
    Unknown,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// Name proposed by the files.
    pub name: Option<String>,
    /// Workloads in file order.
    pub services: Vec<DraftService>,
    names: BTreeSet<String>,
    /// `name.namespace` -> workloads; an empty list is known but elsewhere.
    pub hosts: BTreeMap<String, Vec<usize>>,
    /// Declared edges.
    pub declared: Vec<Declared>,
    /// Sentence part on what was read: `12 workloads, 12 services`.
    pub counts: String,
}

impl Draft {
    /// Nothing yet, under a name if the files give one.
    pub fn named(name: Option<String>) -> Self {
        Self { name, ..Self::default() }
    }
    /// Makes `name` in `namespace` lead to `services`, unless it is taken.
    pub fn add_host(&mut self, name: &str, namespace: &str, services: Vec<usize>) {
        let key = format!("{}.{namespace}", name.to_lowercase());
        self.hosts.entry(key).or_insert(services);
    }
    /// Where `host` leads for the service `from`.
    pub fn lead(&self, from: usize, host: &str) -> Lead<'_> {
        let namespace = self.services.get(from).map_or("", |s| s.namespace.as_str());
        let found = hosts::lookup_names(host, namespace).into_iter().find_map(|name| self.hosts.get(&name));
        match found.map(Vec::as_slice) {
            None => Lead::Unknown,
            Some([]) => Lead::Elsewhere,
            Some(services) => Lead::Services(services),
        }
    }
    /// Workloads by their hosts' names without separators, for variables that are named after somebody.
    pub fn folded_hosts(&self) -> BTreeMap<String, &[usize]> {
        let label = |key: &str| hosts::folded(key.rsplit_once('.').map_or(key, |(name, _)| name));
        self.hosts.iter().filter(|(_, s)| !s.is_empty()).map(|(key, s)| (label(key), s.as_slice())).collect()
    }
    /// Adds a workload and returns its index. Its name is made unique and at most 63 characters long.
    pub fn add_service(&mut self, mut service: DraftService) -> usize {
        service.name = self.free_name(&service.name);
        self.names.insert(service.name.clone());
        self.services.push(service);
        self.services.len() - 1
    }

    fn free_name(&self, name: &str) -> String {
        let short: String = name.chars().take(56).collect();
        let first = if name.chars().count() <= NAME_CHARS_MAX { name.to_owned() } else { short.clone() };
        let others = (2_u32..=u32::MAX).map(|n| format!("{short}-{n}"));
        std::iter::once(first).chain(others).find(|name| !self.names.contains(name)).unwrap_or(short)
    }
}

/// What a workload seems to be, by its image and its name. The image counts first: `session-db` on `redis` is a cache.
pub(super) fn guess_kind(name: &str, image: &str) -> ServiceKind {
    let image = image.split('@').next().unwrap_or(image).rsplit('/').next().unwrap_or("");
    let image = image.split(':').next().unwrap_or(image).to_lowercase();
    let name = name.to_lowercase();
    let is_client = |text: &str| {
        let clients = ["loadgen", "load-gen", "load_gen", "loadtest", "load-test", "locust", "user-sim", "traffic-gen"];
        clients.iter().any(|c| text.contains(c)) || words(text).any(|w| w == "k6")
    };
    if is_client(&name) || is_client(&image) {
        return ServiceKind::Client;
    }
    kind_of_words(&image).or_else(|| kind_of_words(&name)).unwrap_or_default()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty())
}

fn kind_of_words(text: &str) -> Option<ServiceKind> {
    // Tools around a store (`redis-exporter`, `kafka-ui`) are not the store.
    let tools = ["exporter", "ui", "commander", "express", "adminer", "admin", "client", "operator", "migrate", "init"];
    if words(text).any(|w| tools.contains(&w)) {
        return None;
    }
    words(text).find_map(|word| match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "postgres" | "postgresql" | "mysql" | "mariadb" | "mongo" | "mongodb" | "cassandra" | "db" | "database" => {
            Some(ServiceKind::Database)
        }
        "redis" | "valkey" | "memcached" | "memcache" => Some(ServiceKind::Cache),
        "rabbitmq" | "kafka" | "nats" | "activemq" | "redpanda" => Some(ServiceKind::Queue),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_from_image_and_name() {
        let kinds = [
            ("loadgenerator", "example/shop:1", ServiceKind::Client),
            ("user-sim", "weave/load-test:0.1", ServiceKind::Client),
            ("session-db", "redis:alpine", ServiceKind::Cache),
            ("catalogue-db", "weave/catalogue-db:0.3", ServiceKind::Database),
            ("store", "registry.local:5000/bitnami/mongodb@sha256:ab", ServiceKind::Database),
            ("events", "confluentinc/cp-kafka:7", ServiceKind::Queue),
            ("redis-exporter", "oliver/redis_exporter", ServiceKind::Stateless),
            ("cart", "", ServiceKind::Stateless),
        ];
        for (name, image, kind) in kinds {
            assert_eq!(guess_kind(name, image), kind, "{name} {image}");
        }
    }
}
