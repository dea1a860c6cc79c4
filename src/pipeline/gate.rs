//! Hysteresis of one metric: k of the last five scrapes over a threshold to go up, n scrapes in a row below a lower
//! line to come down. Why not a plain threshold: percentiles of a 5 s window jitter around it, and every crossing
//! would be an alert.

use super::policy::{Band, Policy};
use super::types::Health;

/// Scrapes that going up looks back on.
const LOOK_BACK: u32 = 5;

/// Remembers where one metric of one service stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gate {
    level: Level,
    degraded: Line,
    critical: Line,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Level {
    #[default]
    Healthy,
    Degraded,
    Critical,
}

/// One threshold: which of the last scrapes were over it, and for how many it has been left.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    over: u8,
    left: u32,
}

impl Line {
    fn push(&mut self, value: Option<f64>, threshold: f64, exit_ratio: f64) {
        let over = value.is_some_and(|v| v >= threshold);
        self.over = ((self.over << 1) | u8::from(over)) & ((1 << LOOK_BACK) - 1);
        let below = value.is_none_or(|v| v < threshold * exit_ratio);
        self.left = if below { self.left.saturating_add(1) } else { 0 };
    }
    const fn is_entered(self, policy: &Policy) -> bool {
        self.over.count_ones() >= policy.enter_scrapes
    }
    const fn is_left(self, policy: &Policy) -> bool {
        self.left >= policy.exit_scrapes
    }
}

impl Gate {
    /// Takes in one scrape's value (`None`: not measured, for lack of requests) and returns the level.
    pub fn push(&mut self, value: Option<f64>, band: Band, policy: &Policy) -> Health {
        self.degraded.push(value, band.degraded, policy.exit_ratio);
        self.critical.push(value, band.critical, policy.exit_ratio);
        self.level = match self.level {
            _ if self.critical.is_entered(policy) => Level::Critical,
            Level::Critical if !self.critical.is_left(policy) => Level::Critical,
            _ if self.degraded.is_entered(policy) => Level::Degraded,
            Level::Degraded | Level::Critical if !self.degraded.is_left(policy) => Level::Degraded,
            _ => Level::Healthy,
        };
        self.health()
    }
    /// Where it stands.
    pub const fn health(self) -> Health {
        match self.level {
            Level::Healthy => Health::Healthy,
            Level::Degraded => Health::Degraded,
            Level::Critical => Health::Critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAND: Band = Band { degraded: 100.0, critical: 150.0 };

    fn feed(gate: &mut Gate, values: &[f64]) -> Health {
        let policy = Policy::default();
        values.iter().map(|v| gate.push(Some(*v), BAND, &policy)).last().unwrap_or_default()
    }

    #[test]
    fn two_bad_scrapes_are_not_enough_and_three_of_five_are() {
        let mut gate = Gate::default();
        assert_eq!(feed(&mut gate, &[160.0, 20.0, 160.0, 20.0]), Health::Healthy);
        assert_eq!(feed(&mut gate, &[160.0]), Health::Critical);
    }

    #[test]
    fn a_value_that_sits_just_below_the_line_does_not_leave_it() {
        let mut gate = Gate::default();
        feed(&mut gate, &[160.0; 3]);
        assert_eq!(feed(&mut gate, &[140.0; 30]), Health::Critical, "140 is above 0.9 x 150");
        assert_eq!(feed(&mut gate, &[130.0; 5]), Health::Degraded);
        assert_eq!(feed(&mut gate, &[80.0; 4]), Health::Degraded);
        assert_eq!(feed(&mut gate, &[80.0]), Health::Healthy);
    }

    #[test]
    fn a_metric_without_requests_calms_down() {
        let mut gate = Gate::default();
        feed(&mut gate, &[160.0; 3]);
        for _ in 0..Policy::default().exit_scrapes {
            gate.push(None, BAND, &Policy::default());
        }
        assert_eq!(gate.health(), Health::Healthy);
    }
}
