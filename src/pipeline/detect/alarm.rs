//! From evidence to one score and an alarm, with a rest after each.
//!
//! An incident is told once: after an alarm all is silent for [`REST`] samples, unless the evidence grows by half again. A
//! score below that is reported as 0, so whoever alarms at another threshold gets the same rest.

/// Evidence (nats) at which the score is 0.5 and an alarm is raised.
const ALARM: f64 = 2.5;
/// Evidence below which nothing is told and no rest begins.
const LEAST: f64 = 2.0;
/// Samples of silence after something was told.
const REST: u32 = 150;
/// How much stronger evidence must be to break the silence.
const STRONGER: f64 = 1.5;

/// The rest after the last alarm.
#[derive(Clone, Debug)]
pub struct Refractory {
    least: f64,
    told: f64,
    rest: u32,
}

impl Default for Refractory {
    fn default() -> Self {
        Self::telling_from(LEAST)
    }
}

impl Refractory {
    /// Tells what has more than `least` nats.
    pub fn telling_from(least: f64) -> Self {
        Self { least, told: 0.0, rest: 0 }
    }
    /// The score (0 to 1) of a sample's evidence in nats.
    pub fn score(&mut self, nats: f64) -> f64 {
        self.rest = self.rest.saturating_sub(1);
        let is_news = self.rest == 0 || nats > STRONGER * self.told;
        if nats <= self.least || !is_news {
            return 0.0;
        }
        (self.told, self.rest) = (nats, REST);
        nats / (nats + ALARM)
    }
}

/// Score from which on a sample is an alarm.
pub const ALARM_SCORE: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::{ALARM_SCORE, Refractory};

    #[test]
    fn an_incident_is_told_once_and_again_when_it_grows() {
        let mut refractory = Refractory::default();
        let scores: Vec<f64> = [5.0, 6.0, 9.0, 9.0].map(|nats| refractory.score(nats)).to_vec();
        assert!(scores[0] > ALARM_SCORE && scores[2] > scores[0]);
        assert_eq!([scores[1], scores[3]], [0.0, 0.0]);
        (0..150).for_each(|_| {
            refractory.score(0.0);
        });
        assert!(refractory.score(5.0) > ALARM_SCORE);
    }

    #[test]
    fn weak_evidence_does_not_begin_a_rest() {
        let mut refractory = Refractory::default();
        assert_eq!(refractory.score(1.9), 0.0);
        assert!(refractory.score(2.1) > 0.0);
    }
}
