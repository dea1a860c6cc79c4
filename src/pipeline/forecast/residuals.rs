//! How far from a forecast things went, by lead, as they were: no distribution is assumed.
//!
//! Leads are pooled by octaves (1, 2-3, 4-7, ...). Bounds: [`KEPT`] errors an octave, [`OCTAVES_MAX`] octaves.

/// Errors kept an octave: enough for a 5 % quantile, few enough to forget what is no longer so.
const KEPT: usize = 96;
/// Octaves of leads: up to 255 samples ahead are told apart.
const OCTAVES_MAX: usize = 8;
/// Errors taken per octave and look: neighbours say the same again.
const PER_LOOK: usize = 4;

/// Rings of errors (value minus forecast).
#[derive(Clone, Debug)]
pub(super) struct Residuals {
    rings: Vec<Ring>,
}

#[derive(Clone, Debug, Default)]
struct Ring {
    /// In order of size, for reading.
    sorted: Vec<f64>,
    /// In order of coming, for forgetting.
    coming: Vec<f64>,
    next: usize,
}

impl Residuals {
    pub fn new(horizon: usize) -> Self {
        Self { rings: vec![Ring::default(); octave(horizon.max(1) - 1) + 1] }
    }
    /// Takes in the error at `lead` (from 0).
    pub fn add(&mut self, lead: usize, error: f64) {
        let octave = octave(lead);
        let first = (1 << octave) - 1;
        let every = ((1_usize << octave) / PER_LOOK).max(1);
        if (lead - first.min(lead)).is_multiple_of(every) && error.is_finite() {
            let last = self.rings.len() - 1;
            self.rings[octave.min(last)].add(error);
        }
    }
    /// The error that a share `p` of all errors at this lead stays below; `None` with too few of them.
    pub fn quantile(&self, lead: usize, p: f64) -> Option<f64> {
        let sorted = &self.ring(lead).sorted;
        if sorted.len() < PER_LOOK {
            return None;
        }
        let place = p * (sorted.len() - 1) as f64;
        let below = place as usize;
        let above = (below + 1).min(sorted.len() - 1);
        Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
    }
    fn ring(&self, lead: usize) -> &Ring {
        &self.rings[octave(lead).min(self.rings.len() - 1)]
    }
}

impl Ring {
    fn add(&mut self, error: f64) {
        if self.coming.len() < KEPT {
            self.coming.push(error);
        } else {
            let old = std::mem::replace(&mut self.coming[self.next], error);
            self.next = (self.next + 1) % KEPT;
            let place = self.sorted.partition_point(|e| *e < old);
            self.sorted.remove(place);
        }
        let place = self.sorted.partition_point(|e| *e < error);
        self.sorted.insert(place, error);
    }
}

fn octave(lead: usize) -> usize {
    ((lead + 1).ilog2() as usize).min(OCTAVES_MAX - 1)
}
