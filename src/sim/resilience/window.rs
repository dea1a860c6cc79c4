//! Two counters over a sliding window of time.
//!
//! A ring of `N` slots with running sums: counting costs O(1), and so does forgetting (at most `N` slots at once). The
//! running slot is partly filled, so the window is between (N - 1) / N of its length and its whole length.

use crate::units::{SimDuration, SimTime};

/// Two counters over the last `N` slots.
#[derive(Clone, Debug)]
pub(super) struct Window<const N: usize> {
    slots: [[u32; 2]; N],
    sums: [u32; 2],
    /// Number of the running slot since the scenario's start.
    slot: u64,
}

impl<const N: usize> Window<N> {
    /// Nothing counted yet.
    pub const fn new() -> Self {
        Self { slots: [[0; 2]; N], sums: [0; 2], slot: 0 }
    }
    /// Forgets what is older than `length` at `now`. Another length than before forgets everything.
    pub fn advance(&mut self, now: SimTime, length: SimDuration) {
        let slot = now.as_nanos() / (length.as_nanos() / N as u64).max(1);
        if slot == self.slot {
            return;
        }
        let Some(passed) = slot.checked_sub(self.slot).filter(|&passed| passed < N as u64) else {
            self.clear();
            self.slot = slot;
            return;
        };
        for number in self.slot + 1..=self.slot + passed {
            let old = std::mem::take(&mut self.slots[(number % N as u64) as usize]);
            self.sums = [self.sums[0] - old[0], self.sums[1] - old[1]];
        }
        self.slot = slot;
    }
    /// Adds one to counter 0 or 1 in the running slot.
    pub const fn count(&mut self, counter: usize) {
        self.slots[(self.slot % N as u64) as usize][counter] += 1;
        self.sums[counter] += 1;
    }
    /// Both counters over the window.
    pub const fn sums(&self) -> [u32; 2] {
        self.sums
    }
    /// Forgets everything.
    pub const fn clear(&mut self) {
        self.slots = [[0; 2]; N];
        self.sums = [0; 2];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: SimDuration = SimDuration::from_secs(10);

    #[test]
    fn what_is_older_than_the_window_is_forgotten_slot_by_slot() {
        let mut window = Window::<10>::new();
        for second in 0..10 {
            window.advance(SimTime::from_secs(second), LENGTH);
            window.count(0);
        }
        window.count(1);
        assert_eq!(window.sums(), [10, 1]);
        window.advance(SimTime::from_secs(12), LENGTH);
        assert_eq!(window.sums(), [7, 1]);
        window.advance(SimTime::from_secs(19), LENGTH);
        assert_eq!(window.sums(), [0, 0]);
    }

    #[test]
    fn the_sums_agree_with_a_list_of_all_that_was_counted() {
        let (mut window, mut list, mut now_s) = (Window::<10>::new(), Vec::new(), 0);
        for n in 0..2_000 {
            now_s += u64::from(crate::rng::below(n, 20) / 17 * crate::rng::below(n + 9_999, 7));
            window.advance(SimTime::from_secs(now_s), LENGTH);
            window.count((n % 2) as usize);
            list.push((now_s, n % 2));
            let counted = |counter| list.iter().filter(|&&(at, which)| at + 10 > now_s && which == counter).count() as u32;
            assert_eq!(window.sums(), [counted(0), counted(1)]);
        }
    }

    #[test]
    fn a_long_silence_or_another_length_forgets_everything() {
        let mut window = Window::<10>::new();
        window.count(0);
        window.advance(SimTime::from_secs(1_000), LENGTH);
        assert_eq!(window.sums(), [0, 0]);
        window.count(0);
        window.advance(SimTime::from_secs(1_000), SimDuration::from_secs(100));
        assert_eq!(window.sums(), [0, 0]);
        window.advance(SimTime::from_secs(1_000), SimDuration::ZERO);
        window.count(1);
        assert_eq!(window.sums(), [0, 1], "a window of no length has slots of 1 ns");
    }
}
