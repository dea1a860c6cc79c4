//! A 4-ary heap of numbers, least first: half as deep as a binary one, and the four children share a cache line.

/// Children of a node.
const ARITY: usize = 4;

/// Numbers of which the least can be taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    items: Vec<u128>,
}

impl Heap {
    /// The least.
    pub fn first(&self) -> Option<u128> {
        self.items.first().copied()
    }
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
    pub fn len(&self) -> usize {
        self.items.len()
    }
    pub fn push(&mut self, item: u128) {
        self.items.push(item);
        let items = self.items.as_mut_slice();
        let mut i = items.len() - 1;
        while i > 0 {
            let parent = (i - 1) / ARITY;
            if item >= items[parent] {
                break;
            }
            items[i] = items[parent];
            i = parent;
        }
        items[i] = item;
    }
    /// Takes the least.
    pub fn pop(&mut self) -> Option<u128> {
        let last = self.items.pop()?;
        let Some(first) = self.items.first_mut() else { return Some(last) };
        let first = std::mem::replace(first, last);
        self.sift_down();
        Some(first)
    }

    fn sift_down(&mut self) {
        let items = self.items.as_mut_slice();
        let (item, mut i) = (items[0], 0);
        loop {
            let first = i * ARITY + 1;
            let Some(children) = items.get(first..(first + ARITY).min(items.len())) else { break };
            let mut least = 0;
            let Some(mut value) = children.first().copied() else { break };
            for (child, candidate) in children.iter().enumerate().skip(1) {
                if *candidate < value {
                    (least, value) = (child, *candidate);
                }
            }
            if value >= item {
                break;
            }
            items[i] = value;
            i = first + least;
        }
        items[i] = item;
    }
}

#[cfg(test)]
mod tests {
    use super::Heap;
    use crate::rng;

    #[test]
    fn numbers_come_out_in_order_however_they_went_in() {
        let mut heap = Heap::default();
        for count in 0..200_u64 {
            (0..count).for_each(|i| heap.push(u128::from(rng::mix(i) % 50)));
            let out: Vec<u128> = std::iter::from_fn(|| heap.pop()).collect();
            assert!(out.is_sorted() && out.len() as u64 == count);
        }
    }
}
