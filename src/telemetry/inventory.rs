//! What exporters tell beside the metrics of services and calls: instances and where they are, machines, changes, and the
//! counters of proxies and of application servers that diagnosis reads. All of it is what a real cluster shows (cAdvisor,
//! kube-state-metrics, node exporter, Envoy's statistics by zone, a cache's hit counters); nothing is known that they do not.
//!
//! Window values cover the last [`super::Metric::WINDOW_S`] seconds. Bounds: one entry a service, called edge, node, and
//! pair of zones with traffic between them.

use crate::ids::{InstanceId, ServiceId};
use serde::{Deserialize, Serialize};

/// Why processes of a service ended, counted since the run's start (`kube_pod_container_status_last_terminated_reason`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exits {
    /// Memory above the limit.
    pub out_of_memory: u32,
    /// A signal from outside.
    pub killed: u32,
    /// They gave up by themselves.
    pub crashed: u32,
    /// Their liveness probe failed.
    pub unhealthy: u32,
    /// Their node went away.
    pub node_lost: u32,
}

/// What is told of one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// Whom it is about.
    pub service: ServiceId,
    /// Mean latency of answered requests, ms; `None` without any.
    pub latency_ms: Option<f64>,
    /// Mean time that answered requests waited for a worker, ms.
    pub waited_ms: Option<f64>,
    /// Share of requests turned away without being worked on.
    pub refused: f64,
    /// CPU used by the busiest instance, as a share of its limit.
    pub cpu_busiest: f64,
    /// Answers of the instance with the most, as a multiple of an even share; 1 is even.
    pub uneven: f64,
    /// Ready instances that answered nothing while the others answered at least five times each.
    pub silent: Vec<InstanceId>,
    /// Changes of its template so far: roll-outs and restarts.
    pub generation: u32,
    /// Changes of its configuration so far.
    pub configured: u32,
    /// Ended processes.
    pub exits: Exits,
    /// Share of questions that it answered from what it keeps, for a cache that was asked.
    pub hit_ratio: Option<f64>,
    /// Node and zone of each instance that has a place.
    pub places: Vec<(u32, u8)>,
}

/// What callers' proxies tell of one call edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EdgeFacts {
    /// The caller.
    pub from: ServiceId,
    /// The callee.
    pub to: ServiceId,
    /// Attempts that ended, sent or not, per second.
    pub rate: f64,
    /// Mean latency of answered attempts, ms; `None` without any.
    pub latency_ms: Option<f64>,
    /// Share of attempts not answered well.
    pub failed: f64,
    /// Share of attempts without an answer in time.
    pub timed_out: f64,
    /// Share of attempts for which no connection could be made.
    pub unconnected: f64,
    /// The callers' connection pools, if they use any.
    pub pool: Option<PoolFacts>,
}

/// What the callers' connection pools of one call edge tell, all instances together: HikariCP's and Go's `sql.DB` gauges of
/// active, idle and pending connections, their counters of waiting, usage and time-outs; Envoy's `upstream_rq_pending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolFacts {
    /// Share of the connections that is taken; 1 if there are none.
    pub in_use: f64,
    /// Share of the connections that attempts which gave theirs back had taken, on average over the window (`usage`).
    pub busy: f64,
    /// Attempts that wait for a connection.
    pub waiting: f64,
    /// Share of attempts that gave up waiting for one.
    pub gave_up: f64,
    /// Mean time that attempts waited for one, ms.
    pub wait_ms: f64,
}

/// What is told of one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Its zone.
    pub zone: u8,
    /// Whether its exporter answers.
    pub is_up: bool,
    /// Share of its CPU used by other tenants.
    pub foreign: f64,
    /// Millicores that can still be reserved: `kube_node_status_allocatable` less the requests of its pods; 0 while nothing
    /// new is placed on it.
    pub room_cpu: u32,
}

/// What callers' proxies tell of the way between two zones, all services together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PathFacts {
    /// The zones, the smaller number first.
    pub zones: (u8, u8),
    /// Attempts per second.
    pub rate: f64,
    /// Share of attempts without an answer in time.
    pub timed_out: f64,
    /// Mean latency of answered attempts, ms; `None` without any.
    pub latency_ms: Option<f64>,
}

/// Everything told at one scrape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// By service.
    pub services: Vec<ServiceFacts>,
    /// By edge.
    pub edges: Vec<EdgeFacts>,
    /// By the node's index.
    pub nodes: Vec<NodeFacts>,
    /// By pair of zones.
    pub paths: Vec<PathFacts>,
}
