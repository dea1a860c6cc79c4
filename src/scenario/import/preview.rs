//! What an import found, for people to look at before it replaces the running system.

use serde::{Deserialize, Serialize};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// Worth knowing.
    Note,
    /// Something was left out or guessed.
    Warning,
    /// Nothing can be run from this.
    Error,
}

/// One problem with outside input: a stable code, a place, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable code: `E0003`, `W0002`.
    pub code: String,
    /// How bad.
    pub gravity: Gravity,
    /// `file:line:column` as far as known.
    pub place: String,
    /// The line in question, if there is one (at most 160 characters).
    pub snippet: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// One call edge that was read or inferred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundEdge {
    /// The caller's name.
    pub from: String,
    /// The callee's name.
    pub to: String,
    /// `file:line` and what was found there: `env CART_SERVICE_ADDR=cartservice:7070`.
    pub evidence: String,
    /// Inferred (from an env value), not declared.
    pub inferred: bool,
}

/// One service that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundService {
    /// Its name.
    pub name: String,
    /// What it was read from: `Deployment`, `service`.
    pub source: String,
    /// Instances.
    pub replicas: u32,
    /// CPU limit of one instance in millicores.
    pub cpu_millicores: u32,
    /// Memory limit of one instance in MiB.
    pub memory_mib: f64,
    /// What was not in the file and therefore assumed: `memory limit: 256 MiB`.
    pub assumed: Vec<String>,
}

/// What was not used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// `ServiceAccount frontend`.
    pub what: String,
    /// Where.
    pub place: String,
    /// Why.
    pub why: String,
}

/// What an import found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Name proposed for the system.
    pub name: String,
    /// One sentence: documents, workloads, what was ignored.
    pub summary: String,
    /// Services.
    pub services: Vec<FoundService>,
    /// Edges with their evidence.
    pub edges: Vec<FoundEdge>,
    /// No edge was found among several services: draw or import them.
    pub edges_unknown: bool,
    /// Not used.
    pub ignored: Vec<Ignored>,
    /// Problems, gravest first.
    pub problems: Vec<Problem>,
    /// Whether there is a system to run.
    pub runnable: bool,
}
