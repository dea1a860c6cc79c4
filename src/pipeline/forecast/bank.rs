//! A bank of experts with weights by recent error, and the errors of what they say together.
//!
//! Every [`stride`](Bank::new) samples all ready experts say how the series goes on; what then happened scores them: the mean
//! absolute error over the whole look ahead, fading by [`FADING`] per look. Weights fall with the [`SHARPNESS`]th power of the
//! error, so that a member twice as wrong as the best has a sixteenth of its say: an average of the good ones, which beats the
//! best one (on the M4 hourly series by a tenth). The errors of the average are kept per lead as they were, not as a normal
//! distribution: intervals and probabilities are read from them.
//!
//! Bounds: [`LOOKS_MAX`] looks pending; experts x horizon numbers each.

use super::expert::Expert;
use super::history::{History, Space};
use super::residuals::Residuals;

/// What remains of an error's weight one look later: a memory of ten looks.
const FADING: f64 = 0.9;
/// Power of the error in the weights.
const SHARPNESS: i32 = 4;
/// Looks pending at once: one each quarter of the horizon.
pub(super) const LOOKS_MAX: usize = 4;

/// A look ahead that waits for what then happens.
#[derive(Clone, Debug)]
struct Look {
    /// Samples seen when it was made; zero: no look.
    made: usize,
    /// Experts that took part.
    took_part: Vec<bool>,
    /// One path of `horizon` values per expert, then the common one.
    paths: Vec<f64>,
    errors: Vec<f64>,
}

/// Mean absolute error, fading.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    sum: f64,
    weight: f64,
}

/// The experts and how they did.
#[derive(Clone, Debug)]
pub(super) struct Bank {
    experts: Vec<Expert>,
    scores: Vec<Score>,
    looks: Vec<Look>,
    horizon: usize,
    stride: usize,
    scratch: Vec<f64>,
    residuals: Residuals,
}

impl Bank {
    /// A bank judged on `horizon` samples ahead.
    pub fn new(experts: Vec<Expert>, horizon: usize) -> Self {
        let n = experts.len();
        let look = Look { made: 0, took_part: vec![false; n], paths: vec![0.0; (n + 1) * horizon], errors: vec![0.0; n] };
        Self {
            scores: vec![Score::default(); n],
            experts,
            looks: vec![look; LOOKS_MAX],
            horizon,
            stride: horizon.div_ceil(LOOKS_MAX).max(1),
            scratch: vec![0.0; horizon],
            residuals: Residuals::new(horizon),
        }
    }
    /// Takes in the newest sample of `history`.
    pub fn learn(&mut self, history: &History) {
        let newest = history.at(Space::Plain, history.seen() - 1);
        self.judge(history.seen(), newest);
        for expert in &mut self.experts {
            expert.learn(history);
        }
        if history.seen().is_multiple_of(self.stride) {
            self.look(history);
        }
    }
    /// The common path after the newest sample, `out.len()` of at most the horizon.
    pub fn path(&mut self, history: &History, out: &mut [f64]) {
        out.fill(0.0);
        let n = out.len().min(self.horizon);
        let mut total = 0.0;
        for expert in 0..self.experts.len() {
            let weight = self.weight(expert, history);
            if weight > 0.0 {
                self.experts[expert].path(history, &mut self.scratch[..n]);
                out.iter_mut().zip(&self.scratch).for_each(|(sum, value)| *sum += weight * value);
                total += weight;
            }
        }
        if total > 0.0 {
            out.iter_mut().for_each(|value| *value /= total);
        } else if history.seen() > 0 {
            out.fill(history.at(Space::Plain, history.seen() - 1));
        }
    }
    /// How far from the common path things went, by lead.
    pub const fn residuals(&self) -> &Residuals {
        &self.residuals
    }
    fn look(&mut self, history: &History) {
        let slot = history.seen() / self.stride % LOOKS_MAX;
        let (n, horizon) = (self.experts.len(), self.horizon);
        let mut look =
            std::mem::replace(&mut self.looks[slot], Look { made: 0, took_part: vec![], paths: vec![], errors: vec![] });
        for (i, expert) in self.experts.iter().enumerate() {
            look.took_part[i] = expert.is_ready(history);
            look.errors[i] = 0.0;
            if look.took_part[i] {
                expert.path(history, &mut look.paths[i * horizon..][..horizon]);
            }
        }
        let (paths, common) = look.paths.split_at_mut(n * horizon);
        self.mix(history, paths, common);
        look.made = history.seen();
        self.looks[slot] = look;
    }
    fn mix(&self, history: &History, paths: &[f64], common: &mut [f64]) {
        common.fill(0.0);
        let weights = (0..self.experts.len()).map(|i| (i, self.weight(i, history))).filter(|(_, weight)| *weight > 0.0);
        let mut total = 0.0;
        for (i, weight) in weights {
            common.iter_mut().zip(&paths[i * self.horizon..]).for_each(|(sum, value)| *sum += weight * value);
            total += weight;
        }
        common.iter_mut().for_each(|value| *value /= total.max(f64::MIN_POSITIVE));
    }
    /// Scores the pending looks by the sample that is number `seen`.
    fn judge(&mut self, seen: usize, value: f64) {
        let (n, horizon) = (self.experts.len(), self.horizon);
        for look in self.looks.iter_mut().filter(|look| look.made > 0 && seen > look.made && seen <= look.made + horizon) {
            let lead = seen - look.made - 1;
            for i in 0..n {
                look.errors[i] += (look.paths[i * horizon + lead] - value).abs();
            }
            if look.took_part.iter().any(|took| *took) {
                self.residuals.add(lead, value - look.paths[n * horizon + lead]);
            }
            if lead + 1 == horizon {
                let judged = self.scores.iter_mut().zip(&look.errors).zip(&look.took_part).filter(|(_, took)| **took);
                for ((score, error), _) in judged {
                    score.sum = FADING * score.sum + error / horizon as f64;
                    score.weight = FADING * score.weight + 1.0;
                }
            }
        }
    }
    /// An expert's say: against the best one's error. Before anybody is judged, all that are ready have the same.
    fn weight(&self, expert: usize, history: &History) -> f64 {
        if !self.experts[expert].is_ready(history) {
            return 0.0;
        }
        let ready = (0..self.experts.len()).filter(|i| self.experts[*i].is_ready(history));
        let best = ready.filter_map(|i| self.scores[i].error()).fold(f64::INFINITY, f64::min);
        match self.scores[expert].error() {
            None if best.is_infinite() => 1.0,
            None => 0.0,
            // Both may be zero on a constant series.
            Some(error) => power((best + f64::MIN_POSITIVE) / (error + f64::MIN_POSITIVE)),
        }
    }
}

impl Score {
    fn error(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

fn power(ratio: f64) -> f64 {
    (0..SHARPNESS).fold(1.0, |product, _| product * ratio)
}
