//! What each kind of evidence is worth for each kind of suspect, in log-odds.
//!
//! The signs and sizes were set by hand from what the kinds of fault do, then fitted by maximum likelihood on tuning
//! seeds with the hand-set ones as what is held before (`headless arena --diagnosis --fit`); they depend on no
//! name, number of services or seed.

use super::clue::Clue::{self, *};
use super::{Place, Row};

/// Kinds of evidence that count for a row, with their weights.
pub type Weights = &'static [(Clue, f64)];

/// By row, in the order of [`Row::ALL`].
pub const TABLE: [Weights; Row::COUNT] = [
    // Cpu
    &[
        (Prior, -2.76),
        (CpuExtra, 9.43),
        (CpuBusiest, 2.07),
        (SlowOwn, 0.82),
        (RateOwn, -3.08),
        (RateUp, -1.33),
        (Foreign, -6.00),
        (Uneven, -1.00),
        (Missing, -0.48),
        (Down, -3.00),
        (First, 0.91),
    ],
    // Memory
    &[
        (Prior, -2.53),
        (Memory, 5.62),
        (OutOfMemory, 8.52),
        (CpuExtra, -0.50),
        (CpuBusiest, -2.00),
        (Waited, -0.53),
        (RateUp, -1.12),
        (First, 0.10),
    ],
    // Slow
    &[
        (Prior, -1.80),
        (SlowOwn, 2.23),
        (CpuExtra, -2.19),
        (CpuBusiest, -4.26),
        (GapLatency, -0.47),
        (Waited, 0.12),
        (Foreign, -7.49),
        (Uneven, -0.18),
        (Errors, -0.22),
        (CalleeIll, -1.50),
        (Silent, -5.05),
        (RateOwn, -1.32),
        (PathBad, 0.38),
        (First, 1.75),
    ],
    // Application
    &[
        (Prior, -1.36),
        (Errors, 0.77),
        (Crashed, 5.93),
        (Killed, 4.59),
        (Unhealthy, 2.01),
        (Silent, 3.15),
        (Missing, 3.89),
        (ChangedErrors, -1.71),
        (ConfiguredErrors, -1.72),
        (OutOfMemory, -5.04),
        (NodeLost, -4.01),
        (Down, -6.03),
        (CpuBusiest, -0.76),
        (RateOwn, -0.94),
        (TimedOut, -0.68),
        (GapErrors, 0.00),
        (Unconnected, -3.00),
        (First, 4.61),
    ],
    // Change
    &[
        (Prior, -2.47),
        (ChangedErrors, 6.25),
        (ConfiguredErrors, 5.32),
        (Changed, 1.55),
        (Configured, 0.65),
        (Crashed, -1.00),
        (OutOfMemory, -2.00),
        (First, 1.48),
    ],
    // NetworkHost
    &[
        (Prior, -2.72),
        (GapLatency, 1.86),
        (GapErrors, 1.38),
        (GapCallers, 1.45),
        (GapCalls, 2.16),
        (Unconnected, 3.17),
        (TimedOut, -0.07),
        (Missing, -2.23),
        (Silent, -3.11),
        (Down, -6.01),
        (CpuBusiest, -1.08),
        (Waited, 0.39),
        (PathBad, -0.15),
        (Foreign, -3.04),
        (Killed, -1.00),
        (Crashed, -2.00),
        (Unhealthy, -0.52),
        (First, 1.43),
    ],
    // Overload
    &[
        (Prior, -1.04),
        (RateOwn, 6.92),
        (RateUp, 0.98),
        (HitDrop, 3.53),
        (Uneven, 5.01),
        (CpuBusiest, 3.00),
        (Waited, 1.61),
        (Refused, -1.30),
        (CpuExtra, -1.06),
        (RateDown, -1.00),
        (Silent, 0.09),
        (Missing, -2.06),
        (Down, -3.01),
        (First, 0.60),
    ],
    // NetworkEdge
    &[
        (Prior, -2.12),
        (GapLatency, 2.47),
        (GapErrors, 1.28),
        (TimedOut, 2.13),
        (Unconnected, -2.00),
        (Elsewhere, -5.53),
        (GapCalls, -4.16),
        (Missing, -2.00),
        (Silent, -3.06),
        (Down, -6.00),
        (PathBad, -0.92),
        (CpuBusiest, -1.00),
        (Waited, -1.03),
        (Foreign, -3.00),
        (CalleeIll, -1.21),
    ],
    // Node
    &[(Prior, -3.34), (Down, 16.25), (Elsewhere, -5.81)],
    // NoisyNode
    &[(Prior, -4.16), (Foreign, 18.25), (Elsewhere, -6.12)],
    // Zone
    &[(Prior, -4.44), (Down, 18.54)],
    // NoisyZone
    &[(Prior, -3.93), (Foreign, 23.84)],
    // NetworkZones
    &[(Prior, -1.89), (PathBad, 2.41), (Elsewhere, 0.62)],
];

/// The rows that a place can be suspected under; users outside only of coming in numbers.
pub fn rows(place: Place, is_healable: bool) -> &'static [Row] {
    match place {
        Place::Service(_) if !is_healable => &[Row::Overload],
        Place::Service(_) => &[Row::Cpu, Row::Memory, Row::Slow, Row::Application, Row::Change, Row::NetworkHost, Row::Overload],
        Place::Edge { .. } => &[Row::NetworkEdge],
        Place::Node(_) => &[Row::Node, Row::NoisyNode],
        Place::Zone(_) => &[Row::Zone, Row::NoisyZone],
        Place::Zones(..) => &[Row::NetworkZones],
    }
}
