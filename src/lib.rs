//! Sickbay: a self-healing laboratory for microservices.
//!
//! A deterministic simulator of services ([`sim`]) is watched and healed by a pipeline ([`pipeline`]) that sees only
//! what a monitor would see ([`telemetry`], [`platform`]). A [`session`] closes the loop; [`view`] makes frames of it
//! for the page. See `ARCHITECTURE.md` for the layers, the import table and the invariants.
//!
//! The determinism contract: a run is a function of (scenario, seed, journal). The same three give the same digest in
//! native debug, native release and wasm builds, with a page or without.
#![warn(missing_docs)]

pub mod action;
pub mod host;
pub mod ids;
pub mod math;
pub mod pipeline;
pub mod platform;
pub mod protocol;
pub mod rng;
pub mod scenario;
pub mod session;
pub mod sim;
pub mod telemetry;
pub mod topology;
pub mod units;
pub mod validation;
pub mod view;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod web;
