//! What each sign of a coming breach is worth, in log-odds.
//!
//! Fitted by maximum likelihood on tuning seeds of generated systems and of the boutique together
//! (`headless breach --simulated --scenarios generated,boutique --seeds 0..100 --fit`); they depend on no name, number of
//! services or seed. The probabilities are those of the arena's episodes, each of which has a fault: elsewhere breaches that
//! nothing announces are rarer.

use super::super::policy::Thresholds;
use super::signs::Signs;
use crate::math;
use crate::telemetry::Metric;

/// By metric, in the order of [`Thresholds::METRICS`], and by sign, in the order of [`Sign::ALL`](super::signs::Sign::ALL).
pub const TABLE: [Signs; Thresholds::METRICS.len()] = [
    // CpuUtilisation
    [
        -9.066, // Prior
        2.402,  // Line
        -2.091, // Trend
        0.006,  // Rising
        -3.107, // Level
        3.647,  // Near
        1.222,  // Scatters
        3.003,  // Peak
        0.453,  // Over
        0.640,  // Lately
        -3.477, // Rough
        4.064,  // Jump
        1.449,  // Often
        3.811,  // Flaps
        4.593,  // Usual
        0.390,  // Thin
        2.467,  // Strain
        -0.958, // Strained
        1.023,  // Callees
        -1.141, // CalleesIll
        0.147,  // Load
        -0.159, // Missing
    ],
    // MemoryUtilisation
    [
        -7.147, // Prior
        3.441,  // Line
        2.817,  // Trend
        5.140,  // Rising
        0.000,  // Level
        0.000,  // Near
        0.000,  // Scatters
        0.000,  // Peak
        4.434,  // Over
        8.251,  // Lately
        0.000,  // Rough
        0.000,  // Jump
        -0.343, // Often
        9.689,  // Flaps
        0.000,  // Usual
        0.171,  // Thin
        0.000,  // Strain
        -0.077, // Strained
        2.431,  // Callees
        -3.041, // CalleesIll
        0.028,  // Load
        3.901,  // Missing
    ],
    // ErrorRatio
    [
        -3.427, // Prior
        1.870,  // Line
        -1.572, // Trend
        -0.212, // Rising
        3.271,  // Level
        -0.098, // Near
        1.544,  // Scatters
        0.982,  // Peak
        1.688,  // Over
        0.223,  // Lately
        -2.514, // Rough
        1.287,  // Jump
        -3.558, // Often
        3.717,  // Flaps
        1.998,  // Usual
        0.149,  // Thin
        -1.011, // Strain
        0.731,  // Strained
        3.427,  // Callees
        -2.213, // CalleesIll
        -0.424, // Load
        -0.076, // Missing
    ],
    // LatencyP95
    [
        -4.344, // Prior
        -0.609, // Line
        0.850,  // Trend
        -0.227, // Rising
        1.470,  // Level
        -0.068, // Near
        0.895,  // Scatters
        2.809,  // Peak
        2.471,  // Over
        1.507,  // Lately
        -3.118, // Rough
        1.051,  // Jump
        -1.660, // Often
        2.797,  // Flaps
        1.752,  // Usual
        -1.548, // Thin
        -0.703, // Strain
        0.274,  // Strained
        0.386,  // Callees
        -0.983, // CalleesIll
        0.084,  // Load
        -1.678, // Missing
    ],
];

/// When a breach comes that no trend announces, by how likely it is: from which probability on, and the 5 %, 50 % and 95 %
/// quantiles of the seconds until then, of those that came within two horizons. Measured by the same command; the most
/// likely ones first.
pub const TIMES: [(f64, [f64; 3]); 3] = [(0.9, [1.0, 5.0, 25.0]), (0.7, [1.0, 6.0, 31.0]), (0.5, [1.0, 7.0, 38.0])];

/// The row of the table that a metric has.
pub fn row(metric: Metric) -> Option<usize> {
    Thresholds::METRICS.iter().position(|m| *m == metric)
}

/// The probability of a breach within the horizon: the logistic function of signs times weights.
pub fn probability(weights: &Signs, signs: &Signs) -> f64 {
    let log_odds: f64 = weights.iter().zip(signs).map(|(w, s)| w * s).sum();
    1.0 / (1.0 + math::exp(-log_odds))
}
