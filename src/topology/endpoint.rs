//! What a request does at a service: a call tree, step by step.

use super::client::CallPolicy;
use super::distribution::Distribution;
use super::service::Demand;
use crate::ids::ServiceId;
use crate::units::Ratio;
use serde::{Deserialize, Serialize};

/// Whether the caller waits for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallMode {
    /// The caller's worker is held until the answer comes.
    #[default]
    Wait,
    /// Sent and forgotten (a message to a queue): the caller goes on at once and never learns the outcome.
    Async,
    /// The request itself moves on: the caller is done with it, and whoever gets it answers the original requester
    /// (stations in a pipeline). With several hand-offs in one stage the probabilities choose at most one of them.
    HandOff,
}

/// One edge of the call graph, seen from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The callee.
    pub to: ServiceId,
    /// The callee's endpoint: 0 is its main one, `i` its `endpoints[i - 1]`; one that does not exist means 0.
    pub endpoint: u16,
    /// Share of the caller's requests that make this call.
    pub probability: Ratio,
    /// How many such calls are made at once, 1..=1,000.
    pub count: u16,
    /// Whether the caller can answer without it: a failed optional call does not fail the request.
    pub optional: bool,
    /// Whether the caller waits.
    pub mode: CallMode,
    /// Time-outs, retries, load balancing and the rest. Two calls between the same services share the first one's.
    pub policy: CallPolicy,
}

impl Call {
    /// A required call made by every request, with the default policy.
    pub fn to(to: ServiceId) -> Self {
        Self {
            to,
            endpoint: 0,
            probability: Ratio::ONE,
            count: 1,
            optional: false,
            mode: CallMode::Wait,
            policy: CallPolicy::default(),
        }
    }
}

/// A look-aside cache in front of other calls: ask the cache, on a miss ask the origin and fill the cache.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheLookup {
    /// The call to a service of kind `Cache`. If it fails, that counts as a miss.
    pub cache: Call,
    /// Distinct keys, 1..=10^9.
    pub keys: u32,
    /// Zipf exponent of their popularity, 0..=3: 0 is uniform.
    pub zipf: f64,
    /// The calls made on a miss, in parallel. Success fills the cache.
    pub origin: Vec<Call>,
    /// Concurrent misses of the same key at one caller instance wait for the first one's answer (a lease, request
    /// coalescing). Keys of the popularity class's size are compared, so it matters for popular keys only.
    pub coalesce: bool,
}

/// One step of a request. Steps run one after the other; the worker is held throughout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// CPU time on one core.
    Cpu(Distribution),
    /// Waiting without CPU: disk, an outside interface.
    Wait(Distribution),
    /// Calls in parallel. `need` of them must succeed; 0 means all that are not optional.
    Calls {
        /// The calls.
        calls: Vec<Call>,
        /// How many good answers are enough (k of n): the step ends with the k-th.
        need: u16,
    },
    /// A look-aside cache.
    Cached(Box<CacheLookup>),
    /// Holds one of the instance's named locks while it works: others wait in line, their workers held.
    Lock {
        /// Which lock of the instance, 0..=15.
        lock: u8,
        /// How long it is held.
        hold: Distribution,
    },
}

/// A further kind of request that a service answers, besides its main one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name, such as `POST /orders`; unique within the service.
    pub name: String,
    /// Weight among the service's endpoints for users' requests entering here (the main one has weight 1); >= 0.
    pub share: f64,
    /// What a request costs before its steps.
    pub demand: Demand,
    /// What it does then.
    pub steps: Vec<Step>,
}

impl Step {
    /// The calls of this step, in order.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let (plain, lookup): (&[Call], Option<&CacheLookup>) = match self {
            Self::Calls { calls, .. } => (calls, None),
            Self::Cached(lookup) => (&lookup.origin, Some(lookup)),
            Self::Cpu(_) | Self::Wait(_) | Self::Lock { .. } => (&[], None),
        };
        lookup.map(|l| &l.cache).into_iter().chain(plain)
    }
    /// Its calls, for changing: the cache's, if any, is the first.
    pub fn calls_mut(&mut self) -> Vec<&mut Call> {
        match self {
            Self::Calls { calls, .. } => calls.iter_mut().collect(),
            Self::Cached(lookup) => std::iter::once(&mut lookup.cache).chain(&mut lookup.origin).collect(),
            Self::Cpu(_) | Self::Wait(_) | Self::Lock { .. } => Vec::new(),
        }
    }
}
