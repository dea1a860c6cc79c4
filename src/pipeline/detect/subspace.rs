//! Detector (c): what is left of the last samples when the shapes that they usually have are taken out.
//!
//! The last [`WINDOW`] standardised samples are a vector; its main [`SHAPES`] directions are learned one sample at a time by
//! Oja's rule with deflation (Sanger, Neural Networks 2, 1989), from a start at the slowest cosines. The residual of the
//! newest samples is high when a series goes a way that it never went. O(WINDOW x SHAPES) a sample, 224 bytes.

use super::level::{Following, Level};
use std::f64::consts::PI;

/// Samples in a vector.
const WINDOW: usize = 16;
/// Directions that are learned.
const SHAPES: usize = 2;
/// Newest samples whose residual counts: older ones had their turn.
const NEWEST: usize = 4;
/// Weight of a vector when the directions learn.
const RATE: f32 = 0.01;
/// Standard deviations that a sample counts at most.
const CLIP: f64 = 8.0;
/// The usual residual: some 300 samples.
const USUAL: Following = Following { rate: 0.003, clip: 4.0 };
/// Least scale of a residual, in standard deviations of the samples.
const FLOOR: f64 = 0.02;

/// The last samples and their main directions.
#[derive(Clone, Debug)]
pub(super) struct Subspace {
    window: [f32; WINDOW],
    shapes: [[f32; WINDOW]; SHAPES],
    usual: Level,
    seen: u32,
}

impl Default for Subspace {
    fn default() -> Self {
        let cosine = |k: usize, i: usize| crate::math::sin(PI * (k as f64 * (i as f64 + 0.5) / WINDOW as f64 + 0.5));
        let scale = (2.0 / WINDOW as f64).sqrt();
        let shapes = std::array::from_fn(|k| std::array::from_fn(|i| (cosine(k, i) * scale) as f32));
        Self { window: [0.0; WINDOW], shapes, usual: Level::default(), seen: 0 }
    }
}

impl Subspace {
    /// Takes a standardised sample; returns (scales of the residual above its usual level, residual, usual residual).
    pub(super) fn update(&mut self, z: f64) -> (f64, f64, f64) {
        self.seen = self.seen.saturating_add(1);
        self.window.copy_within(1.., 0);
        self.window[WINDOW - 1] = z.clamp(-CLIP, CLIP) as f32;
        let rest = self.learn();
        let newest = &rest[WINDOW - NEWEST..];
        let residual = f64::from(dot(newest, newest) / NEWEST as f32).sqrt();
        let usual = self.usual.mean();
        let score = self.usual.update(residual, USUAL, FLOOR);
        let settled = self.seen > 2 * WINDOW as u32;
        (if settled { score.max(0.0) } else { 0.0 }, residual, usual)
    }
    /// Turns the directions towards the window and returns what they leave of it.
    fn learn(&mut self) -> [f32; WINDOW] {
        let mut rest = self.window;
        let energy = dot(&rest, &rest).max(WINDOW as f32 / 2.0);
        let rate = RATE.max(1.0 / (self.seen as f32 + 1.0)) / energy;
        for shape in &mut self.shapes {
            let along = dot(shape, &rest);
            rest.iter_mut().zip(shape.iter()).for_each(|(r, s)| *r -= along * s);
            shape.iter_mut().zip(&rest).for_each(|(s, r)| *s += rate * along * r);
            let length = dot(shape, shape).sqrt().max(f32::MIN_POSITIVE);
            shape.iter_mut().for_each(|s| *s /= length);
        }
        rest
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::Subspace;
    use crate::math;

    #[test]
    fn a_wave_is_usual_and_its_break_is_not() {
        let mut subspace = Subspace::default();
        let wave = |i: u32| 1.4 * math::sin(f64::from(i) * 0.4);
        let usual = (0..3_000).map(|i| subspace.update(wave(i))).last().expect("some");
        // The wave holds its breath: no value is out of the ordinary, the course is.
        let broken = (3_000..3_006).map(|_| subspace.update(wave(2_999)).0).fold(0.0, f64::max);
        assert!(usual.1 < 0.2 && broken > 4.0, "{usual:?} {broken}");
    }
}
