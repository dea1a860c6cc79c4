//! The main directions of a stream of vectors, and what they leave of one.
//!
//! An exponentially weighted second-moment matrix, and a basis that follows its leading eigenvectors by one step of orthogonal
//! iteration (Golub and Van Loan, "Matrix Computations", 8.2.4) every few vectors: unlike Oja's rule on single vectors this does
//! not forget the quiet directions when a loud one comes by. For vectors of n: O(n^2) a vector, and a step of O(n^2) a direction
//! once in as many vectors as there are directions, so again O(n^2) a vector on average. No allocation after the first.

/// Least vectors between two steps of the iteration; the directions turn slowly. With more directions it is as many as those.
const EVERY: u32 = 8;
/// Vectors before the first step at most: a matrix of fewer has no directions worth following if the numbers are many.
const FIRST: u32 = 100;
/// Least length of a direction that was stepped: below that the matrix has none left for it.
const LENGTH_MIN: f32 = 1e-6;

/// Directions of vectors of `n` numbers.
#[derive(Clone, Debug)]
pub(super) struct LowRank {
    n: usize,
    moments: Vec<f32>,
    basis: Vec<f32>,
    stepped: Vec<f32>,
    every: u32,
    first: u32,
    seen: u32,
}

impl LowRank {
    /// Follows `rank` directions of vectors of `n` numbers, from the vector `first` on.
    pub(super) fn new(n: usize, rank: usize, first: u32) -> Self {
        // Any start will do that no eigenvector is orthogonal to: multiples of the golden section.
        let start = |i: usize| (i as f32 * 0.618_034 + 0.3).fract() - 0.5;
        // No numbers at all is no direction, in rows of one.
        let (rank, n) = (if n == 0 { 0 } else { rank }, n.max(1));
        let mut basis: Vec<f32> = (0..n * rank).map(start).collect();
        orthonormal(&mut basis, n);
        Self {
            n,
            moments: vec![0.0; n * n],
            stepped: basis.clone(),
            basis,
            every: EVERY.max(rank as u32),
            first: first.min(FIRST),
            seen: 0,
        }
    }
    /// Leaves in `vector` what the directions do not explain; `each` is told every direction's coordinate.
    pub(super) fn take_out(&self, vector: &mut [f32], mut each: impl FnMut(usize, f32)) {
        for (i, direction) in self.basis.chunks_exact(self.n).enumerate() {
            let along = dot(direction, vector);
            vector.iter_mut().zip(direction).for_each(|(v, d)| *v -= along * d);
            each(i, along);
        }
    }
    /// Learns a vector; it weighs at least `rate`.
    pub(super) fn learn(&mut self, vector: &[f32], rate: f32) {
        self.seen = self.seen.saturating_add(1);
        let rate = rate.max(1.0 / self.seen as f32);
        for (row, a) in self.moments.chunks_exact_mut(self.n).zip(vector) {
            row.iter_mut().zip(vector).for_each(|(m, b)| *m += rate * (a * b - *m));
        }
        if self.seen >= self.first && self.seen.is_multiple_of(self.every) {
            self.step();
        }
    }
    fn step(&mut self) {
        let directions = self.basis.chunks_exact(self.n);
        for (stepped, direction) in self.stepped.chunks_exact_mut(self.n).zip(directions) {
            stepped.iter_mut().zip(self.moments.chunks_exact(self.n)).for_each(|(s, row)| *s = dot(row, direction));
        }
        if orthonormal(&mut self.stepped, self.n) {
            std::mem::swap(&mut self.basis, &mut self.stepped);
        }
    }
}

/// Makes the rows of `n` numbers orthogonal and of length 1, in order (Gram and Schmidt); false if one has no length left.
fn orthonormal(rows: &mut [f32], n: usize) -> bool {
    for i in 0..rows.len() / n {
        let (before, rest) = rows.split_at_mut(i * n);
        let row = &mut rest[..n];
        for earlier in before.chunks_exact(n) {
            let along = dot(earlier, row);
            row.iter_mut().zip(earlier).for_each(|(r, e)| *r -= along * e);
        }
        let length = dot(row, row).sqrt();
        if length < LENGTH_MIN {
            return false;
        }
        row.iter_mut().for_each(|r| *r /= length);
    }
    true
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LowRank};

    #[test]
    fn the_directions_of_two_hidden_causes_are_found() {
        let mut low = LowRank::new(6, 2, FIRST);
        let noise = |i: u32| (i as f32 * 0.618_034).fract() - 0.5;
        let vector = |i: u32| {
            let (a, b) = (noise(i), noise(i * 7 + 3));
            [a, a, 2.0 * b, -a, b, a + b]
        };
        (0..2_000).for_each(|i| low.learn(&vector(i), 1e-4));
        let mut explained = vector(2_001);
        low.take_out(&mut explained, |_, _| ());
        assert!(explained.iter().all(|v| v.abs() < 0.02), "{explained:?}");
        let mut odd = [1.0, -1.0, 0.0, 0.0, 0.0, 0.0];
        low.take_out(&mut odd, |_, _| ());
        assert!(odd[0] > 0.5 && odd[1] < -0.5, "{odd:?}");
    }
}
