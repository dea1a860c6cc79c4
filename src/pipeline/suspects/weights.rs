//! What each kind of evidence is worth for each kind of suspect, in log-odds.
//!
//! The signs and sizes were set by hand from what the kinds of fault do, then fitted by maximum likelihood on tuning
//! seeds of generated systems and of the boutique together, with the hand-set ones as what is held before
//! (`headless arena --diagnosis --fit --scenarios generated,boutique --seeds 0..204`); they depend on no
//! name, number of services or seed.

use super::clue::Clue::{self, *};
use super::{Place, Row};

/// Kinds of evidence that count for a row, with their weights.
pub type Weights = &'static [(Clue, f64)];

/// By row, in the order of [`Row::ALL`].
pub const TABLE: [Weights; Row::COUNT] = [
    // Cpu
    &[
        (Prior, -4.41),
        (CpuExtra, 13.41),
        (CpuBusiest, 2.05),
        (SlowOwn, 0.71),
        (RateOwn, -3.09),
        (RateUp, -1.49),
        (Foreign, -6.00),
        (Uneven, -0.98),
        (Missing, -0.48),
        (Down, -3.00),
        (First, 0.89),
    ],
    // Memory
    &[
        (Prior, -4.31),
        (Memory, 8.32),
        (OutOfMemory, 18.39),
        (CpuExtra, -0.50),
        (CpuBusiest, -2.00),
        (Waited, -0.54),
        (RateUp, -1.17),
        (First, -0.60),
    ],
    // Slow
    &[
        (Prior, -2.33),
        (SlowOwn, 2.51),
        (CpuExtra, -2.19),
        (CpuBusiest, -7.92),
        (GapLatency, -0.37),
        (Waited, -0.62),
        (Foreign, -7.72),
        (Uneven, 1.51),
        (Errors, 0.17),
        (CalleeIll, -2.64),
        (Silent, -10.47),
        (RateOwn, -1.89),
        (PathBad, 0.57),
        (First, 3.43),
    ],
    // Application
    &[
        (Prior, 0.83),
        (Errors, 0.46),
        (Crashed, 9.62),
        (Killed, 4.62),
        (Unhealthy, 1.71),
        (Silent, -2.03),
        (Missing, 8.39),
        (ChangedErrors, -1.80),
        (ConfiguredErrors, -1.76),
        (OutOfMemory, -10.34),
        (NodeLost, -4.01),
        (Down, -6.03),
        (CpuBusiest, -1.29),
        (RateOwn, -0.91),
        (TimedOut, 0.71),
        (GapErrors, 1.22),
        (Unconnected, -3.00),
        (First, 2.93),
    ],
    // Change
    &[
        (Prior, -3.55),
        (ChangedErrors, 11.64),
        (ConfiguredErrors, 6.73),
        (Changed, 2.00),
        (Configured, 0.67),
        (Crashed, -1.00),
        (OutOfMemory, -2.00),
        (First, 1.96),
    ],
    // NetworkHost
    &[
        (Prior, -2.80),
        (GapLatency, 2.04),
        (GapErrors, 1.76),
        (GapCallers, 1.35),
        (GapCalls, 4.80),
        (Unconnected, 3.24),
        (TimedOut, -0.39),
        (Missing, -2.24),
        (Silent, -3.09),
        (Down, -6.01),
        (CpuBusiest, -1.12),
        (Waited, -0.80),
        (PathBad, 0.28),
        (Foreign, -3.04),
        (Killed, -1.00),
        (Crashed, -2.00),
        (Unhealthy, -0.52),
        (First, 1.95),
    ],
    // Overload
    &[
        (Prior, -1.56),
        (RateOwn, 11.45),
        (RateUp, 0.45),
        (HitDrop, 10.83),
        (Uneven, 4.78),
        (CpuBusiest, 4.82),
        (Waited, 2.45),
        (Refused, -1.24),
        (CpuExtra, -1.34),
        (RateDown, -1.46),
        (Silent, 1.24),
        (Missing, -2.49),
        (Down, -3.01),
        (First, 0.66),
    ],
    // NetworkEdge
    &[
        (Prior, -3.31),
        (GapLatency, 3.81),
        (GapErrors, 1.00),
        (TimedOut, 2.26),
        (Unconnected, -2.00),
        (Elsewhere, -10.70),
        (GapCalls, -5.17),
        (Missing, -2.00),
        (Silent, -3.07),
        (Down, -6.00),
        (PathBad, -0.85),
        (CpuBusiest, -1.00),
        (Waited, -1.03),
        (Foreign, -3.00),
        (CalleeIll, -0.73),
    ],
    // Node
    &[(Prior, -3.07), (Down, 19.59), (Elsewhere, -7.13)],
    // NoisyNode
    &[(Prior, -4.07), (Foreign, 22.17), (Elsewhere, -8.29)],
    // Zone
    &[(Prior, -3.87), (Down, 19.54)],
    // NoisyZone
    &[(Prior, -3.99), (Foreign, 21.23)],
    // NetworkZones
    &[(Prior, -2.61), (PathBad, 4.93), (Elsewhere, 0.30)],
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
