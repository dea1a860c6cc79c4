//! Prepared samplers: each draw is a pure function of a key.
//!
//! Lognormal draws come from a table of the inverse distribution, linear between 1,024 equal steps of probability; in
//! the outermost 1 % on either side, where the curve bends too much for that, they are computed. Relative error below
//! 0.1 %. That costs a tenth of computing each draw.

use crate::math;
use crate::rng;
use crate::topology::{Distribution, Shape};

/// Steps of a table.
const STEPS: usize = 1_024;
/// Probability on either side that is computed.
const TAIL: f64 = 0.01;
/// Most phases of an Erlang distribution (squared coefficient of variation 0.01).
const PHASES_MAX: u32 = 100;

/// The inverse distribution of a lognormal variable with mean 1.
#[derive(Clone, Debug)]
pub(super) struct Table {
    sigma: f64,
    values: Vec<f64>,
}

/// A random amount in ns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sampler {
    Zero,
    Constant(f64),
    Exponential(f64),
    Uniform(f64),
    Lognormal {
        mean: f64,
        table: u32,
    },
    Bimodal {
        base: f64,
        slow: f64,
        factor: f64,
    },
    Pareto {
        scale: f64,
        alpha: f64,
        cap: f64,
    },
    /// `fewer` is the probability of one phase less than `phases`.
    Erlang {
        phase_mean: f64,
        phases: u32,
        fewer: f64,
    },
    Hyper {
        first: f64,
        first_mean: f64,
        second_mean: f64,
    },
}

impl Sampler {
    /// Prepares `distribution`; tables are shared.
    pub fn new(distribution: Distribution, tables: &mut Vec<Table>) -> Self {
        let mean = distribution.mean_us * 1e3;
        if !(mean > 0.0 && mean.is_finite()) {
            return Self::Zero;
        }
        match distribution.shape {
            Shape::Constant => Self::Constant(mean),
            Shape::Exponential => Self::Exponential(mean),
            Shape::Uniform => Self::Uniform(2.0 * mean),
            Shape::Lognormal(sigma) if sigma <= 0.0 => Self::Constant(mean),
            Shape::Lognormal(sigma) => Self::Lognormal { mean, table: table_of(sigma, tables) },
            Shape::Bimodal { slow, factor } => Self::Bimodal { base: mean / (1.0 + slow * (factor - 1.0)), slow, factor },
            Shape::Pareto { alpha, cap } => Self::pareto(mean, alpha, cap),
            Shape::Scv(scv) => Self::scv(mean, scv),
        }
    }

    fn pareto(mean: f64, alpha: f64, cap: f64) -> Self {
        let alpha = alpha.max(1.01);
        let cap = cap.max(1.0) * alpha / (alpha - 1.0);
        let capped_mean = (alpha - math::pow(cap, 1.0 - alpha)) / (alpha - 1.0);
        Self::Pareto { scale: mean / capped_mean, alpha, cap }
    }

    /// Tijms, Stochastic Models (1994): mixtures that have this squared coefficient of variation.
    fn scv(mean: f64, scv: f64) -> Self {
        if scv > 1.0 {
            let first = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt());
            return Self::Hyper { first, first_mean: mean / (2.0 * first), second_mean: mean / (2.0 * (1.0 - first)) };
        }
        let phases = ((1.0 / scv.max(1.0 / f64::from(PHASES_MAX))).ceil() as u32).clamp(1, PHASES_MAX);
        let k = f64::from(phases);
        let scv = scv.max(1.0 / k);
        let fewer = ((k * scv - (k * (1.0 + scv) - k * k * scv).max(0.0).sqrt()) / (1.0 + scv)).clamp(0.0, 1.0);
        Self::Erlang { phase_mean: mean / (k - fewer), phases, fewer }
    }

    /// The amount that belongs to `key`.
    #[inline]
    pub fn draw(self, key: u64, tables: &[Table]) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::Constant(mean) => mean,
            Self::Exponential(mean) => mean * rng::exponential(key),
            Self::Uniform(width) => width * rng::uniform(key),
            Self::Lognormal { mean, table } => mean * tables[table as usize].at(rng::uniform(key)),
            Self::Bimodal { base, slow, factor } => {
                if rng::chance(key, slow) {
                    base * factor
                } else {
                    base
                }
            }
            Self::Pareto { scale, alpha, cap } => scale * math::pow(rng::uniform(key), -1.0 / alpha).min(cap),
            Self::Erlang { phase_mean, phases, fewer } => {
                let phases = phases - u32::from(rng::chance(rng::fold(key, 0), fewer));
                (1..=phases).map(|i| phase_mean * rng::exponential(rng::fold(key, u64::from(i)))).sum()
            }
            Self::Hyper { first, first_mean, second_mean } => {
                let mean = if rng::chance(rng::fold(key, 0), first) { first_mean } else { second_mean };
                mean * rng::exponential(key)
            }
        }
    }
}

fn table_of(sigma: f64, tables: &mut Vec<Table>) -> u32 {
    if let Some(known) = tables.iter().position(|t| t.sigma.to_bits() == sigma.to_bits()) {
        return known as u32;
    }
    let inner = |i: usize| (i as f64 / STEPS as f64).clamp(TAIL * 0.5, 1.0 - TAIL * 0.5);
    tables.push(Table { sigma, values: (0..=STEPS).map(|i| exact(inner(i), sigma)).collect() });
    tables.len() as u32 - 1
}

fn exact(p: f64, sigma: f64) -> f64 {
    math::exp(sigma * math::normal_quantile(p) - 0.5 * sigma * sigma)
}

impl Table {
    fn at(&self, p: f64) -> f64 {
        if !(TAIL..=1.0 - TAIL).contains(&p) {
            return exact(p, self.sigma);
        }
        let place = p * STEPS as f64;
        let i = place as usize;
        self.values[i] + (self.values[i + 1] - self.values[i]) * (place - i as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, label};

    fn moments(shape: Shape) -> (f64, f64) {
        let mut tables = Vec::new();
        let sampler = Sampler::new(Distribution { mean_us: 10.0, shape }, &mut tables);
        let mut stream = Stream::new(5, label("sampler"));
        let values: Vec<f64> = (0..200_000).map(|_| sampler.draw(stream.next_key(), &tables) / 1e4).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64 / mean / mean)
    }

    #[test]
    fn every_shape_has_its_mean_and_its_variation() {
        let shapes = [
            (Shape::Constant, 0.0),
            (Shape::Exponential, 1.0),
            (Shape::Uniform, 1.0 / 3.0),
            (Shape::Lognormal(0.5), 0.284),
            (Shape::Bimodal { slow: 0.1, factor: 11.0 }, 2.25),
            (Shape::Scv(0.9), 0.9),
            (Shape::Scv(0.3), 0.3),
            (Shape::Scv(4.0), 4.0),
        ];
        for (shape, scv) in shapes {
            let (mean, got) = moments(shape);
            assert!((mean - 1.0).abs() < 0.02 && (got - scv).abs() < 0.05 + 0.06 * scv, "{shape:?}: {mean} {got}");
        }
        let (mean, _) = moments(Shape::Pareto { alpha: 1.5, cap: 20.0 });
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
    }

    #[test]
    fn the_table_is_within_a_thousandth_of_the_truth() {
        for sigma in [0.5, 1.2] {
            let mut tables = Vec::new();
            table_of(sigma, &mut tables);
            for i in 1..10_000 {
                let p = f64::from(i) / 10_000.0;
                assert!((tables[0].at(p) / exact(p, sigma) - 1.0).abs() < 1e-3, "{sigma} {p}");
            }
        }
    }
}
