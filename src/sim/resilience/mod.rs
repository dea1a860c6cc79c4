//! The state machines behind the guards of [`crate::topology::CallPolicy`], [`crate::topology::ServerPolicy`] and the
//! [`crate::topology::Autoscaler`].
//!
//! Each is a plain value without input or output: time is an argument, randomness is an argument (a key for
//! [`crate::rng`]), and the policy is an argument too, so that a setting changed in a run takes effect with the next
//! call. They sit on the engine's hot path: constant time and no allocation once warm, no trait objects. Every caller
//! instance and every server instance has its own; nothing is shared.

pub(super) mod autoscaler;
pub(super) mod backoff;
pub(super) mod breaker;
pub(super) mod budget;
pub(super) mod codel;
pub(super) mod concurrency;
pub(super) mod dagor;
pub(super) mod outlier;
pub(super) mod rate_limit;
pub(super) mod throttle;
mod window;
