//! Detector (a): how far a sample lies from the level, or from the level and the profile of its phase.
//!
//! The profile holds the usual distance from the level at each twenty-fourth of a cycle (a day, when samples carry a time of
//! day). It is used only while it halves the error of the level alone: on a series without that rhythm it would add noise.
//! O(1) a sample, 172 bytes.

use super::level::{Following, Level};

/// Slots of a cycle: hours of a day.
const SLOTS: usize = 24;
/// Half of a series of some hundred samples counts, so that slow drift is followed and an incident is not.
const LEVEL: Following = Following { rate: 0.002, clip: 4.0 };
/// Least weight of a new sample in its slot: four days at five minutes a sample.
const SLOT_RATE: f32 = 0.02;
/// Samples of a slot before it is believed.
const SLOT_SEEN: u8 = 6;
/// Scales of a deviation that a slot learns at most.
const SLOT_CLIP: f64 = 8.0;
/// The profile is used while its error is at most this share of the level's.
const GAIN: f64 = 0.5;

/// Level, scale and profile of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Seasonal {
    level: Level,
    slots: [f32; SLOTS],
    seen: [u8; SLOTS],
    /// Weighted mean absolute errors without and with the profile.
    errors: Option<(f32, f32)>,
}

/// What the level says of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deviation {
    /// Standard deviations from what was expected, signed.
    pub(super) z: f64,
    /// Standard deviations from the level alone, signed.
    pub(super) from_level: f64,
    /// What was expected, in the series' unit.
    pub(super) expected: f64,
}

impl Seasonal {
    /// Takes a sample in. `phase` is its place in the cycle, 0 to 1, if there is a cycle.
    pub(super) fn update(&mut self, x: f64, phase: Option<f64>, floor: f64) -> Deviation {
        let (mean, sigma) = (self.level.mean(), self.level.sigma(floor));
        let usual = phase.and_then(|p| self.usual(p));
        let from_level = self.level.update(x, LEVEL, floor);
        if let Some(p) = phase {
            self.learn(p, (x - mean).clamp(-SLOT_CLIP * sigma, SLOT_CLIP * sigma));
        }
        let Some(usual) = usual else { return Deviation { z: from_level, from_level, expected: mean } };
        let rest = x - mean - usual;
        let (plain, with) = self.errors.unwrap_or((sigma as f32, sigma as f32));
        let deviation = if f64::from(with) < GAIN * f64::from(plain) {
            // As in `Level`: mean absolute error to standard deviation.
            let z = rest / (1.2533 * f64::from(with)).max(floor);
            Deviation { z, from_level, expected: mean + usual }
        } else {
            Deviation { z: from_level, from_level, expected: mean }
        };
        let track = |error: f32, new: f64| error + LEVEL.rate as f32 * ((new.abs().min(SLOT_CLIP * sigma)) as f32 - error);
        self.errors = Some((track(plain, x - mean), track(with, rest)));
        deviation
    }
    /// The usual distance from the level at a phase, between the two nearest slots; `None` before both are known.
    fn usual(&self, phase: f64) -> Option<f64> {
        let (slot, share) = place(phase - 0.5 / SLOTS as f64);
        let next = (slot + 1) % SLOTS;
        let known = self.seen[slot] >= SLOT_SEEN && self.seen[next] >= SLOT_SEEN;
        known.then(|| f64::from(self.slots[slot]) * (1.0 - share) + f64::from(self.slots[next]) * share)
    }
    fn learn(&mut self, phase: f64, distance: f64) {
        let (slot, _) = place(phase);
        self.seen[slot] = self.seen[slot].saturating_add(1);
        let rate = SLOT_RATE.max(1.0 / f32::from(self.seen[slot]));
        self.slots[slot] += rate * (distance as f32 - self.slots[slot]);
    }
}

/// The slot of a phase and how far into it, 0 to 1.
fn place(phase: f64) -> (usize, f64) {
    let position = (phase - phase.floor()) * SLOTS as f64;
    let slot = position.floor();
    (slot as usize % SLOTS, position - slot)
}

#[cfg(test)]
mod tests {
    use super::Seasonal;

    /// A day of two halves, ten high and ten low, sampled each five minutes.
    fn value(i: u32) -> f64 {
        let noise = (f64::from(i) * 0.618_033_988_749_894_9).fract() - 0.5;
        noise + if i % 288 < 144 { 10.0 } else { -10.0 }
    }

    #[test]
    fn a_value_that_is_usual_at_noon_is_odd_at_midnight() {
        let mut seasonal = Seasonal::default();
        let mut feed = |i: u32, x: f64| seasonal.update(x, Some(f64::from(i % 288) / 288.0), 1e-6).z;
        (0..288 * 10).for_each(|i| {
            feed(i, value(i));
        });
        let usual = feed(2_880 + 72, 10.0);
        let odd = feed(2_880 + 216, 10.0);
        assert!(usual.abs() < 2.0 && odd > 10.0, "{usual} {odd}");
    }

    #[test]
    fn a_rhythm_that_is_not_there_is_not_used() {
        let mut seasonal = Seasonal::default();
        let last = (0..3_000).map(|i| seasonal.update(value(i * 7 % 1_001), Some(f64::from(i % 288) / 288.0), 1e-6)).last();
        let last = last.expect("some");
        assert_eq!(last.z.to_bits(), last.from_level.to_bits());
    }
}
