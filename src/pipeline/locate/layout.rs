//! What is measured of whom: services, their metrics, who calls whom, and what is known of each call edge.

use super::kind::MetricKind;

/// A column of a service's own metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnColumn {
    /// Index of the service.
    pub service: usize,
    /// Index of the metric's name.
    pub metric: usize,
}

/// A call edge whose latency is measured at one end or at both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeColumns {
    /// Index of the calling service.
    pub from: usize,
    /// Index of the called service.
    pub to: usize,
    /// Column of the latency that the caller sees.
    pub caller: Option<usize>,
    /// Column of the latency that the called service sees.
    pub callee: Option<usize>,
}

/// The service level that people look at: which service's which metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Index of the service.
    pub service: usize,
    /// What is promised.
    pub kind: MetricKind,
    /// Index of the metric in which it is stated, if it is measured.
    pub metric: Option<usize>,
}

/// Names and structure; built once, before the first sample.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Names of services, in order of first mention.
    pub services: Vec<String>,
    /// Names of metrics and what they measure.
    pub metrics: Vec<(String, MetricKind)>,
    /// A column each, in the order in which values come.
    pub own: Vec<OwnColumn>,
    /// Measured call edges.
    pub edges: Vec<EdgeColumns>,
    /// Who calls whom, measured or not: (caller, callee), no pair twice.
    pub calls: Vec<(usize, usize)>,
    /// The service level in question, if one was named.
    pub target: Option<Target>,
    edge_columns: usize,
}

impl Layout {
    /// Adds a column of a service's own metrics.
    pub fn own(&mut self, service: &str, metric: &str) {
        let service = self.service(service);
        let metric =
            position_or_push(&mut self.metrics, |known| known.0 == metric, || (metric.to_owned(), MetricKind::of(metric)));
        self.own.push(OwnColumn { service, metric });
    }

    /// Adds a column of an edge: `metric` says at which end it is measured (`caller` or `callee`); otherwise it only
    /// takes its place among the values.
    pub fn edge(&mut self, from: &str, to: &str, metric: &str) {
        self.call(from, to);
        let (from, to) = (self.service(from), self.service(to));
        let column = Some(self.edge_columns);
        self.edge_columns += 1;
        let fresh = || EdgeColumns { from, to, ..EdgeColumns::default() };
        let edge = position_or_push(&mut self.edges, |edge| (edge.from, edge.to) == (from, to), fresh);
        let name = metric.to_lowercase();
        if name.contains("callee") {
            self.edges[edge].callee = self.edges[edge].callee.or(column);
        } else if name.contains("caller") {
            self.edges[edge].caller = self.edges[edge].caller.or(column);
        }
    }

    /// Notes that `from` calls `to`.
    pub fn call(&mut self, from: &str, to: &str) {
        let pair = (self.service(from), self.service(to));
        if pair.0 != pair.1 {
            position_or_push(&mut self.calls, |known| *known == pair, || pair);
        }
    }

    /// Names the service level in question, as the words of its metric's name (`latency`, `Average`); nothing if the
    /// service is unknown.
    pub fn set_target(&mut self, service: &str, words: &[&str]) {
        let Some(service) = self.services.iter().position(|name| name == service) else { return };
        let kind = MetricKind::of(&words.join("_"));
        let is_it = |column: &&OwnColumn| {
            let name = self.metrics[column.metric].0.to_lowercase();
            column.service == service && words.iter().all(|word| name.contains(&word.to_lowercase()))
        };
        let metric = self.own.iter().find(is_it).map(|column| column.metric);
        self.target = Some(Target { service, kind, metric });
    }

    /// Values in a row of own metrics and in a row of edges.
    pub fn widths(&self) -> (usize, usize) {
        (self.own.len(), self.edge_columns)
    }

    /// What a column measures.
    pub fn kind(&self, column: OwnColumn) -> MetricKind {
        self.metrics[column.metric].1
    }

    /// Callees of a service.
    pub fn callees(&self, service: usize) -> impl Iterator<Item = usize> {
        self.calls.iter().filter(move |call| call.0 == service).map(|call| call.1)
    }

    /// Callers of a service.
    pub fn callers(&self, service: usize) -> impl Iterator<Item = usize> {
        self.calls.iter().filter(move |call| call.1 == service).map(|call| call.0)
    }

    /// Whether the service can be a suspect: something is measured of it, or somebody calls it by its name.
    pub fn is_suspect(&self, service: usize) -> bool {
        let is_called = || self.callers(service).next().is_some() && !self.is_address(service);
        self.has_own(service) || self.is_on_edge(service) || is_called()
    }

    /// Whether a measured edge begins or ends at the service.
    pub fn is_on_edge(&self, service: usize) -> bool {
        self.edges.iter().any(|edge| edge.to == service || edge.from == service)
    }

    /// Whether the service has metrics of its own.
    pub fn has_own(&self, service: usize) -> bool {
        self.own.iter().any(|column| column.service == service)
    }

    /// Whether the name is an address that callers call (a host's name, an IP number) and of which nothing is known but
    /// what they see: a load balancer, or somebody outside. Not one with an account before an `@`: that is a data store.
    pub fn is_address(&self, service: usize) -> bool {
        let name = &self.services[service];
        let parts = name.split('.').filter(|part| !part.is_empty()).count();
        parts > 2 && !name.contains('@') && self.callees(service).next().is_none()
    }

    /// By service: whether a request to `service` can reach it.
    pub fn reached_from(&self, service: usize) -> Vec<bool> {
        let mut reached = vec![false; self.services.len()];
        let mut open = vec![service];
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut reached[next], true) {
                open.extend(self.callees(next));
            }
        }
        reached
    }

    fn service(&mut self, name: &str) -> usize {
        position_or_push(&mut self.services, |known| known == name, || name.to_owned())
    }
}

fn position_or_push<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool, fresh: impl FnOnce() -> T) -> usize {
    list.iter().position(is_it).unwrap_or_else(|| {
        list.push(fresh());
        list.len() - 1
    })
}
