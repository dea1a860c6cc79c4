//! A wheel of ticks: numbers hang at the spoke of their tick in no order, and are taken all at once when it begins.
//!
//! One store for all spokes, chained: nothing is allocated in the steady state, and a clone copies three flat vectors.

/// Ticks in a turn.
pub(super) const SPOKES: u64 = 4_096;
/// Bits of a word of the map.
const WORD: u64 = u64::BITS as u64;
/// The end of a chain.
const END: u32 = u32::MAX;

/// Numbers by tick.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    /// The first item of each spoke.
    heads: Box<[u32; SPOKES as usize]>,
    /// Which spokes have any, a bit each.
    map: Box<[u64; (SPOKES / WORD) as usize]>,
    items: Vec<Item>,
    free: u32,
    len: usize,
}

/// A number, or a free place.
#[derive(Clone, Copy, Debug)]
struct Item {
    number: u128,
    /// The next one at the same spoke, or the next free place.
    next: u32,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            heads: Box::new([END; SPOKES as usize]),
            map: Box::new([0; (SPOKES / WORD) as usize]),
            items: Vec::new(),
            free: END,
            len: 0,
        }
    }
}

impl Wheel {
    pub const fn len(&self) -> usize {
        self.len
    }
    /// Hangs `number` at `tick`, which is less than a turn ahead.
    #[inline]
    pub fn push(&mut self, tick: u64, number: u128) {
        let spoke = (tick % SPOKES) as usize;
        let item = Item { number, next: self.heads[spoke] };
        self.heads[spoke] = self.free;
        if let Some(place) = self.items.get_mut(self.free as usize) {
            self.free = std::mem::replace(place, item).next;
        } else {
            self.heads[spoke] = self.items.len() as u32;
            self.items.push(item);
        }
        self.map[spoke / WORD as usize] |= 1 << (spoke as u64 % WORD);
        self.len += 1;
    }
    /// The first tick after `tick` that has items, if any has: less than a turn ahead.
    pub fn next_after(&self, tick: u64) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        let from = tick + 1;
        let (first, words) = ((from % SPOKES) / WORD, SPOKES / WORD);
        let skipped = from % WORD;
        for step in 0..=words {
            let mut word = self.map[((first + step) % words) as usize];
            if step == 0 {
                word &= u64::MAX << skipped;
            }
            if word != 0 {
                return Some(from - skipped + step * WORD + u64::from(word.trailing_zeros()));
            }
        }
        None
    }
    /// Takes everything at `tick`.
    #[inline]
    pub fn take(&mut self, tick: u64, mut give: impl FnMut(u128)) {
        let spoke = (tick % SPOKES) as usize;
        let mut place = std::mem::replace(&mut self.heads[spoke], END);
        self.map[spoke / WORD as usize] &= !(1 << (spoke as u64 % WORD));
        while let Some(item) = self.items.get_mut(place as usize) {
            give(item.number);
            let next = std::mem::replace(&mut item.next, self.free);
            self.free = place;
            place = next;
            self.len -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SPOKES, Wheel};

    #[test]
    fn what_hangs_at_a_tick_is_found_and_taken_once_all_round_the_wheel() {
        let mut wheel = Wheel::default();
        for tick in [0, 1, 63, 64, 4_000, 123_456_789] {
            for ahead in [1, 2, 64, 100, SPOKES - 1] {
                wheel.push(tick + ahead, 5);
                wheel.push(tick + ahead, 6);
                assert_eq!(wheel.next_after(tick), Some(tick + ahead), "{tick} {ahead}");
                let mut taken = Vec::new();
                wheel.take(tick + ahead, |item| taken.push(item));
                taken.sort_unstable();
                assert_eq!((taken, wheel.len(), wheel.next_after(tick)), (vec![5, 6], 0, None));
            }
        }
        assert_eq!(wheel.items.len(), 2, "places are used again");
    }

    #[test]
    fn the_next_tick_is_the_nearest() {
        let mut wheel = Wheel::default();
        for ahead in [3_000, 70, 500] {
            wheel.push(9_999 + ahead, u128::from(ahead));
        }
        assert_eq!(wheel.next_after(9_999), Some(10_069));
        wheel.take(10_069, |_| {});
        assert_eq!(wheel.next_after(9_999), Some(10_499));
        assert_eq!(wheel.next_after(10_499), Some(12_999));
    }
}
