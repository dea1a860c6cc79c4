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
        (Prior, -5.33),
        (CpuExtra, 13.73),
        (CpuBusiest, 2.05),
        (SlowOwn, 0.71),
        (RateOwn, -3.09),
        (RateUp, -1.50),
        (Foreign, -6.00),
        (Uneven, -0.98),
        (Missing, -0.48),
        (Down, -3.00),
        (First, 0.89),
    ],
    // Memory
    &[
        (Prior, -5.64),
        (Memory, 10.66),
        (Logs, -0.44),
        (OutOfMemory, 23.74),
        (CpuExtra, -0.50),
        (CpuBusiest, -2.00),
        (Waited, -0.54),
        (RateUp, -1.17),
        (First, -0.74),
    ],
    // Slow
    &[
        (Prior, -3.28),
        (SlowOwn, 2.28),
        (PoolHeld, -2.03),
        (Logs, -0.27),
        (SpansMore, -0.80),
        (SpansFewer, -0.24),
        (CpuExtra, -2.59),
        (CpuBusiest, -8.00),
        (GapLatency, 0.35),
        (Waited, -0.01),
        (Foreign, -7.73),
        (Uneven, -0.39),
        (Errors, 0.08),
        (CalleeIll, -3.91),
        (Silent, -6.66),
        (RateOwn, -2.16),
        (PathBad, 0.79),
        (First, 5.43),
    ],
    // Application
    &[
        (Prior, 0.75),
        (Errors, 0.14),
        (PoolHeld, -4.36),
        (Logs, 0.39),
        (SpansMore, -0.10),
        (SpansFewer, -0.82),
        (Crashed, 11.46),
        (Killed, 4.66),
        (Unhealthy, 2.16),
        (Silent, -0.99),
        (Missing, 4.61),
        (ChangedErrors, -0.94),
        (ConfiguredErrors, -1.77),
        (OutOfMemory, -10.45),
        (NodeLost, -4.01),
        (Down, -6.03),
        (CpuBusiest, -1.33),
        (RateOwn, -0.93),
        (TimedOut, -1.11),
        (GapErrors, 0.93),
        (Unconnected, -3.37),
        (First, 5.28),
    ],
    // Change
    &[
        (Prior, -3.48),
        (ChangedErrors, 4.97),
        (Logs, 0.64),
        (ConfiguredErrors, 6.92),
        (Changed, 2.19),
        (Configured, 0.67),
        (Crashed, -1.00),
        (OutOfMemory, -2.00),
        (First, 3.52),
    ],
    // NetworkHost
    &[
        (Prior, -5.32),
        (GapLatency, 2.50),
        (Logs, -0.15),
        (SpansMore, -0.15),
        (SpansFewer, -0.32),
        (GapErrors, 0.88),
        (GapCallers, 1.04),
        (GapCalls, 8.44),
        (Unconnected, 4.65),
        (TimedOut, 0.25),
        (Missing, -0.07),
        (Silent, -3.10),
        (Down, -6.01),
        (CpuBusiest, -1.12),
        (Waited, 0.13),
        (PathBad, -1.08),
        (Foreign, -3.04),
        (Killed, -1.00),
        (Crashed, -2.00),
        (Unhealthy, -0.52),
        (First, 2.57),
    ],
    // Overload
    &[
        (Prior, -0.73),
        (RateOwn, 14.87),
        (PoolHeld, -2.10),
        (Logs, -1.87),
        (SpansMore, 0.47),
        (SpansFewer, -0.58),
        (RateUp, 1.04),
        (HitDrop, 11.87),
        (Uneven, 8.25),
        (CpuBusiest, 4.94),
        (Waited, 2.55),
        (Refused, -0.56),
        (CpuExtra, -1.24),
        (RateDown, -3.24),
        (Silent, 0.74),
        (Missing, -1.98),
        (Down, -3.01),
        (First, 1.07),
    ],
    // NetworkEdge
    &[
        (Prior, -4.48),
        (GapLatency, 4.46),
        (PoolHeld, -1.98),
        (GapErrors, 1.10),
        (TimedOut, 3.08),
        (Unconnected, -2.00),
        (Elsewhere, -17.03),
        (GapCalls, -5.71),
        (Missing, -2.00),
        (Silent, -3.07),
        (Down, -6.00),
        (PathBad, -0.89),
        (CpuBusiest, -1.00),
        (Waited, -1.05),
        (Foreign, -3.00),
        (CalleeIll, -0.36),
    ],
    // Node
    &[(Prior, -3.02), (Down, 29.65), (Elsewhere, -8.52)],
    // NoisyNode
    &[(Prior, -4.50), (Foreign, 30.48), (Elsewhere, -9.91)],
    // Zone
    &[(Prior, -3.93), (Down, 28.51)],
    // NoisyZone
    &[(Prior, -3.99), (Foreign, 28.58)],
    // NetworkZones
    &[(Prior, 0.48), (PathBad, 6.67), (Elsewhere, 0.37)],
    // Pool
    &[
        (Prior, -4.05),
        (PoolHeld, 12.40),
        (PoolUsed, 0.53),
        (PoolWaited, 1.15),
        (PoolGaveUp, 2.02),
        (CalleeIll, -1.47),
        (Missing, -0.05),
        (Silent, -2.02),
        (Down, -3.00),
        (RateOwn, -1.07),
        (CpuBusiest, -1.00),
        (Logs, 0.45),
        (First, 0.71),
    ],
];

/// The rows that a place can be suspected under; users outside only of coming in numbers.
pub fn rows(place: Place, is_healable: bool) -> &'static [Row] {
    match place {
        Place::Service(_) if !is_healable => &[Row::Overload],
        Place::Service(_) => {
            &[Row::Cpu, Row::Memory, Row::Slow, Row::Application, Row::Change, Row::NetworkHost, Row::Overload, Row::Pool]
        }
        Place::Edge { .. } => &[Row::NetworkEdge],
        Place::Node(_) => &[Row::Node, Row::NoisyNode],
        Place::Zone(_) => &[Row::Zone, Row::NoisyZone],
        Place::Zones(..) => &[Row::NetworkZones],
    }
}
