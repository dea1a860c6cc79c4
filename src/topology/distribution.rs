//! Random amounts as people describe them: a mean and a shape.
//!
//! Only data; the samplers are in [`crate::rng`]. All shapes are scaled to the mean, so that changing the shape never
//! changes the load.

use serde::{Deserialize, Serialize};

/// The shape of a positive random amount around its mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Always the mean.
    Constant,
    /// Memoryless; squared coefficient of variation (scv) 1.
    Exponential,
    /// Standard deviation of the logarithm, 0..=3 (0 is constant). Service demands measured in practice: 0.5 to 1.2.
    Lognormal(f64),
    /// Uniform from 0 to twice the mean; scv 1/3.
    Uniform,
    /// Two values: a share `slow` (0..1) of amounts is `factor` (> 1) times the others.
    Bimodal {
        /// Share of slow ones.
        slow: f64,
        /// How many times slower.
        factor: f64,
    },
    /// Pareto with tail index `alpha` (> 1), cut off at `cap` times the mean before scaling.
    Pareto {
        /// Tail index.
        alpha: f64,
        /// Largest value in multiples of the uncapped mean.
        cap: f64,
    },
    /// Any squared coefficient of variation: below 1 a mixture of two Erlang distributions of neighbouring order
    /// (Tijms 1994), above 1 a hyper-exponential with balanced means, 1 exponential. Range 0.01..=100.
    Scv(f64),
}

impl Default for Shape {
    /// Lognormal with shape 0.5, the mild end of what is measured.
    fn default() -> Self {
        Self::Lognormal(0.5)
    }
}

/// A positive random time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Mean in microseconds, >= 0; 0 is "no time at all".
    pub mean_us: f64,
    /// Shape around the mean.
    pub shape: Shape,
}

impl Distribution {
    /// Always `mean_us`.
    pub const fn constant(mean_us: f64) -> Self {
        Self { mean_us, shape: Shape::Constant }
    }
    /// Exponential with this mean.
    pub const fn exponential(mean_us: f64) -> Self {
        Self { mean_us, shape: Shape::Exponential }
    }
    /// Whether it is always zero.
    pub fn is_zero(&self) -> bool {
        self.mean_us <= 0.0
    }
}
