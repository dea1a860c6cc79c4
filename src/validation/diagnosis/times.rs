//! Times that were rounded when they were written.
//!
//! Six digits of seconds since 1970 (`1.68126e+09`) step by 10,000 s: dozens of rows share a time. Where the time moves
//! on, the true one has just crossed the middle between two written ones, so that an even step and a start can be found
//! which agree with every row. Rows are then even; gaps that were in the data cannot be recovered.

/// The same times, made even if neighbours are equal; as they are otherwise.
pub fn recovered(times: &[f64]) -> Vec<f64> {
    let is_rounded = times.windows(2).any(|pair| pair[1] <= pair[0]);
    let moves: Vec<usize> = (1..times.len()).filter(|row| times[*row] > times[row - 1]).collect();
    if !is_rounded {
        return times.to_vec();
    }
    let (Some(first), Some(last)) = (moves.first(), moves.last()) else { return even(times[0], 1.0, times.len()) };
    if first == last {
        return even(times[0], (times[*last] - times[0]) / times.len() as f64, times.len());
    }
    let middle = |row: usize| 0.5 * (times[row] + times[row - 1]);
    let step = round_step((middle(*last) - middle(*first)) / (last - first) as f64);
    even(start(times, &moves, step), step, times.len())
}

/// The latest start that keeps every crossing before its row; on a multiple of the step if one fits within it.
fn start(times: &[f64], moves: &[usize], step: f64) -> f64 {
    let crossing = |row: &usize| 0.5 * (times[*row] + times[row - 1]) - *row as f64 * step;
    let earliest = moves.iter().map(crossing).fold(f64::NEG_INFINITY, f64::max);
    let latest = moves.iter().map(crossing).fold(f64::INFINITY, f64::min) + step;
    let even = (earliest / step).ceil() * step;
    if even < latest.max(earliest + 0.5 * step) { even } else { earliest }
}

/// Steps are round numbers: to the nearest minute above 50 s, to the nearest second above half a second.
fn round_step(step: f64) -> f64 {
    if step > 50.0 {
        (step / 60.0).round() * 60.0
    } else if step > 0.5 {
        step.round()
    } else {
        step
    }
}

fn even(start: f64, step: f64, count: usize) -> Vec<f64> {
    (0..count).map(|row| start + row as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::recovered;

    #[test]
    fn exact_times_stay() {
        assert_eq!(recovered(&[1.0, 2.0, 5.0]), [1.0, 2.0, 5.0]);
    }

    #[test]
    fn rounded_times_are_recovered_to_the_sample() {
        for start in [1_681_263_600.0, 1_681_768_920.0, 1_681_305_300.0] {
            let exact: Vec<f64> = (0..293).map(|row| start + f64::from(row) * 300.0).collect();
            let rounded: Vec<f64> = exact.iter().map(|at| (at / 10_000.0_f64).round() * 10_000.0).collect();
            let found = recovered(&rounded);
            assert!((found[292] - exact[292]).abs() < 300.0, "{} {}", found[292], exact[292]);
            assert!((found[1] - found[0] - 300.0).abs() < 1e-6);
        }
    }
}
