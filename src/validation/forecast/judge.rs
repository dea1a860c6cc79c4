//! Judging probabilities against what then happened: average precision, best F1, Brier score, calibration.

/// One decision: the probability that was said, and whether it came so.
pub type Call = (f64, bool);

/// How good a set of probabilities is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Marks {
    /// Decisions judged.
    pub decisions: usize,
    /// Share of them after which it came so.
    pub base: f64,
    /// Area under precision over recall, by steps: mean precision at each hit.
    pub average_precision: f64,
    /// Best F1 over all thresholds, and that threshold.
    pub f1: f64,
    /// Where it is reached.
    pub f1_at: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// The same for always saying the base rate.
    pub climatology: f64,
    /// Mean distance between what was said and what came, over ten bins of equal width, weighted by their decisions.
    pub calibration_error: f64,
}

/// Judges `calls`, in any order. All zero without a hit or without a miss.
pub fn marks(calls: &[Call]) -> Marks {
    let hits = calls.iter().filter(|call| call.1).count();
    let n = calls.len();
    if hits == 0 || hits == n {
        return Marks { decisions: n, ..Marks::default() };
    }
    let base = hits as f64 / n as f64;
    let (average_precision, f1, f1_at) = ranked(calls, hits);
    let square = |p: f64, hit: bool| (p - f64::from(u8::from(hit))) * (p - f64::from(u8::from(hit)));
    Marks {
        decisions: n,
        base,
        average_precision,
        f1,
        f1_at,
        brier: calls.iter().map(|(p, hit)| square(*p, *hit)).sum::<f64>() / n as f64,
        climatology: base * (1.0 - base),
        calibration_error: calibration_error(calls),
    }
}

/// Average precision, best F1 and its threshold. Equal scores count together, so that the order of the rows is of no account.
fn ranked(calls: &[Call], hits: usize) -> (f64, f64, f64) {
    let mut sorted: Vec<Call> = calls.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut area, mut best, mut best_at, mut seen) = (0, 0.0, 0.0, f64::INFINITY, 0);
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let new = group.iter().filter(|call| call.1).count();
        found += new;
        seen += group.len();
        area += new as f64 / hits as f64 * (found as f64 / seen as f64);
        let f1 = 2.0 * found as f64 / (hits + seen) as f64;
        if f1 > best {
            (best, best_at) = (f1, group[0].0);
        }
    }
    (area, best, best_at)
}

fn calibration_error(calls: &[Call]) -> f64 {
    const BINS: usize = 10;
    let mut bins = [(0.0, 0.0); BINS];
    for (p, hit) in calls {
        let bin = &mut bins[((p * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += p;
        bin.1 += f64::from(u8::from(*hit));
    }
    bins.iter().map(|(said, came)| (said - came).abs()).sum::<f64>() / calls.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_order_has_average_precision_one_and_ties_have_the_base_rate() {
        let perfect = marks(&[(0.9, true), (0.8, true), (0.2, false), (0.1, false)]);
        assert_eq!((perfect.average_precision, perfect.f1, perfect.f1_at), (1.0, 1.0, 0.8));
        let ties = marks(&[(0.5, true), (0.5, false), (0.5, false), (0.5, false)]);
        assert_eq!((ties.average_precision, ties.base), (0.25, 0.25));
    }

    #[test]
    fn saying_the_base_rate_scores_as_climatology() {
        let said = marks(&[(0.25, true), (0.25, false), (0.25, false), (0.25, false)]);
        assert!((said.brier - said.climatology).abs() < 1e-12 && said.calibration_error < 1e-12);
    }
}
