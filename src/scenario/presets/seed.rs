//! The seed's own system. Its starting levels (CPU, memory, errors, latency) are not assigned but follow from load, demand
//! and limits; this is the arithmetic.
//!
//! Load: orders 150/s, profiles 50/s. Orders call auth and catalog in parallel; a profile needs auth only when its session
//! is not cached (1 in 10), because with every request its median of 40 ms could not lie below auth's 50 ms.
//!
//! | service | requests/s | CPU time | CPU | latency (median) |
//! |---|---|---|---|---|
//! | auth | (150 x .97 + 5) x 1.01 = 152.1 | 1.972 ms | .30 | 47.4 ms wait + 2.6 ms = 50 ms |
//! | profile | 50 | 4 ms | .20 | 35 ms wait + 5 ms = 40 ms for the 9 in 10 without a call |
//! | catalog | 150 x .97 x 1.02 = 148.5 | 2.694 ms | .40 | 56 ms wait + 4 ms = 60 ms |
//! | orders | 150 | 3.333 ms | .50 | slower of both 61 ms + network 1 ms + CPU 6 ms + wait 1.7 ms = 70 ms |
//!
//! CPU = rate x CPU time / limit (1 core, so CPU time is service time; processor sharing stretches it by 1 / (1 - CPU) on
//! average, the median less). Of orders 3 % fail by themselves before they call (.97); failed calls are repeated once
//! (1.01, 1.02). Wait is the lognormal's mean, median x e^(sigma^2 / 2).
//!
//! Errors: auth 1 %, catalog 2 % by themselves. A call is tried twice, so an order loses .01^2 + .02^2 = .05 % to them; its
//! own 2.95 % make 3 %. A profile loses .1 x .01^2 = .001 %, its own .499 % make .5 %.
//!
//! Memory: base = level x limit - requests in the instance (rate x latency) x memory of one.

use crate::ids::ServiceId;
use crate::topology::{Call, Demand, Service, Shape, Topology};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio};

/// Memory limit of each service in MiB.
const MEMORY_LIMIT: f64 = 512.0;
/// Memory of one request in MiB.
const MEMORY_PER_REQUEST: f64 = 0.25;
/// Lognormal shape: small, so that the 95th percentile of latency stays below 100 ms.
const SIGMA: f64 = 0.15;

/// What differs between the four.
struct Level {
    name: &'static str,
    cpu_us: f64,
    wait_us: f64,
    error_ratio: f64,
    /// Share of the memory limit.
    memory: f64,
    /// Requests in the instance on average.
    in_flight: f64,
    entry_rate: f64,
}

/// The four services.
pub(super) fn topology() -> Topology {
    let mut topology = Topology::default();
    let auth = topology.push(service(&Level {
        name: "auth-service",
        cpu_us: 1_972.0,
        wait_us: 47_900.0,
        error_ratio: 0.01,
        memory: 0.4,
        in_flight: 8.0,
        entry_rate: 0.0,
    }));
    topology.push(Service {
        stages: vec![vec![Call { probability: Ratio::saturating(0.1), ..Call::to(auth) }]],
        ..service(&Level {
            name: "user-profile-service",
            cpu_us: 4_000.0,
            wait_us: 34_900.0,
            error_ratio: 0.004_99,
            memory: 0.3,
            in_flight: 2.2,
            entry_rate: 50.0,
        })
    });
    let catalog = topology.push(service(&Level {
        name: "product-catalog-service",
        cpu_us: 2_694.0,
        wait_us: 56_500.0,
        error_ratio: 0.02,
        memory: 0.5,
        in_flight: 9.4,
        entry_rate: 0.0,
    }));
    topology.push(orders(auth, catalog));
    topology
}

fn orders(auth: ServiceId, catalog: ServiceId) -> Service {
    let level = Level {
        name: "order-processing-service",
        cpu_us: 3_333.0,
        wait_us: 1_700.0,
        error_ratio: 0.029_5,
        memory: 0.6,
        in_flight: 11.0,
        entry_rate: 150.0,
    };
    Service { stages: vec![vec![Call::to(auth), Call::to(catalog)]], ..service(&level) }
}

fn service(level: &Level) -> Service {
    Service {
        cpu_request: Millicores(500),
        cpu_limit: Millicores(1_000),
        memory_request: Mebibytes(MEMORY_LIMIT / 2.0),
        memory_limit: Mebibytes(MEMORY_LIMIT),
        memory_base: Mebibytes(level.memory * MEMORY_LIMIT - level.in_flight * MEMORY_PER_REQUEST),
        memory_per_request: Mebibytes(MEMORY_PER_REQUEST),
        demand: Demand {
            cpu_us_mean: level.cpu_us,
            wait_us_mean: level.wait_us,
            shape: Shape::Lognormal(SIGMA),
            error_ratio: Ratio::saturating(level.error_ratio),
        },
        entry_rate: PerSecond(level.entry_rate),
        ..Service::named(level.name)
    }
}
