//! The usual course of all metrics of a service over its rhythm.
//!
//! The mean of each metric at each twenty-fourth of a period, straight lines between. How much of it is expected of a metric is
//! what it was worth before: the regression of values on what the profile said of them, from 0 (no rhythm) to 1.
//! 104 bytes a metric; O(1) a metric and sample.

/// Slots of a period.
const SLOTS: usize = 24;
/// What slots remember: periods, and samples at least (an event must not become the usual course while it lasts).
const PERIODS: f32 = 10.0;
const SAMPLES: f32 = 2_500.0;
/// Least weight of a sample in the regression.
const WORTH_RATE: f32 = 1e-3;
/// Standard deviations that a value counts at most.
const CLIP: f32 = 8.0;
/// Least mean square of what the profile says for its worth to be told.
const SAID_MIN: f32 = 1e-6;

/// Between which slots a phase lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    slot: usize,
    around: (usize, usize),
    share: f32,
    is_known: bool,
}

/// Values and what was said of them.
#[derive(Clone, Copy, Debug, Default)]
struct Worth {
    agreed: f32,
    said: f32,
}

/// The profile of all metrics.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    metrics: usize,
    slots: Vec<f32>,
    seen: [u32; SLOTS],
    worth: Vec<Worth>,
    known: u32,
}

impl Profile {
    /// A profile of `metrics` metrics that has seen nothing.
    pub(super) fn new(metrics: usize) -> Self {
        let (slots, worth) = (vec![0.0; metrics * SLOTS], vec![Worth::default(); metrics]);
        Self { metrics, slots, seen: [0; SLOTS], worth, known: 0 }
    }
    /// Forgets everything: the rhythm is another one.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0.0);
        self.worth.fill(Worth::default());
        (self.seen, self.known) = ([0; SLOTS], 0);
    }
    /// Goes to a phase, 0 to 1.
    pub(super) fn go(&mut self, phase: f32) -> Place {
        let position = phase * SLOTS as f32;
        let slot = (position as usize).min(SLOTS - 1);
        // Slots stand for their middles.
        let from_middle = position + SLOTS as f32 - 0.5;
        let around = (from_middle as usize % SLOTS, (from_middle as usize + 1) % SLOTS);
        let is_known = self.seen[around.0] > 0 && self.seen[around.1] > 0;
        self.seen[slot] = self.seen[slot].saturating_add(1);
        self.known = self.known.saturating_add(u32::from(is_known));
        Place { slot, around, share: from_middle.fract(), is_known }
    }
    /// What is expected of a metric there, then learns its `value`; `period` in samples.
    pub(super) fn expect(&mut self, place: Place, metric: usize, value: f32, period: f32) -> f32 {
        let at = |slot: usize| self.slots[slot * self.metrics + metric];
        let said = if place.is_known { at(place.around.0) * (1.0 - place.share) + at(place.around.1) * place.share } else { 0.0 };
        let worth = &mut self.worth[metric];
        let expected = if worth.said > SAID_MIN { said * (worth.agreed / worth.said).clamp(0.0, 1.0) } else { 0.0 };
        if value.is_finite() {
            let value = value.clamp(-CLIP, CLIP);
            if place.is_known {
                let rate = WORTH_RATE.max(1.0 / self.known as f32);
                worth.agreed += rate * (value * said - worth.agreed);
                worth.said += rate * (said * said - worth.said);
            }
            let memory = (PERIODS * period).max(SAMPLES) / SLOTS as f32;
            let rate = (1.0 / memory).max(1.0 / self.seen[place.slot] as f32);
            let mean = &mut self.slots[place.slot * self.metrics + metric];
            *mean += rate * (value - *mean);
        }
        expected
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn a_course_is_expected_of_the_metric_that_has_it_and_not_of_noise() {
        let mut profile = Profile::new(2);
        let noise = |i: u32| (i as f32 * 0.618_034).fract() - 0.5;
        let course = |i: u32| if i % 240 < 120 { 1.5 } else { -1.5 };
        let mut errors = [0.0_f32; 2];
        for i in 0..240 * 12 {
            let place = profile.go((i % 240) as f32 / 240.0);
            let of_course = profile.expect(place, 0, course(i) + 0.2 * noise(i), 240.0);
            let of_noise = profile.expect(place, 1, noise(i * 31), 240.0);
            // Away from the steps, which lines between slots cannot follow.
            if i >= 240 * 6 && (20..100).contains(&(i % 120)) {
                errors = [errors[0].max((of_course - course(i)).abs()), errors[1].max(of_noise.abs())];
            }
        }
        assert!(errors[0] < 0.2 && errors[1] < 0.2, "{errors:?}");
        profile.clear();
        let place = profile.go(0.25);
        assert_eq!(profile.expect(place, 0, f32::NAN, 240.0), 0.0);
    }
}
