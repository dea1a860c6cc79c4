//! Round ticks: times as `m:ss` at steps people count in, values at 1, 2, 2.5 or 5 times a power of ten.

/// Steps between time ticks, in s.
const TIME_STEPS_S: [f64; 16] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0];
/// Steps between value ticks, in powers of ten. Round upper bounds are multiples of them.
const VALUE_STEPS: [f64; 4] = [1.0, 2.0, 2.5, 5.0];
/// Upper bounds of a value axis, in powers of ten: fine enough to use three quarters of the height or more.
const BOUNDS: [f64; 9] = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 8.0];
/// Most ticks of one axis, whatever is asked for.
const TICKS_MAX: usize = 64;

/// Ticks within `from..=to` that are at least `(to - from) / at_most` apart.
pub(super) fn time_ticks((from, to): (f64, f64), at_most: usize) -> Vec<f64> {
    let closest = (to - from) / at_most.max(1) as f64;
    let day = TIME_STEPS_S[TIME_STEPS_S.len() - 1];
    let step = TIME_STEPS_S.iter().copied().find(|&step| step >= closest).unwrap_or((closest / day).ceil() * day);
    multiples((from, to), step)
}

/// Ticks within `from..=to`, at most `at_most + 1` of them.
pub(super) fn value_ticks((from, to): (f64, f64), at_most: usize) -> Vec<f64> {
    multiples((from, to), value_step((from, to), at_most))
}

/// The distance between value ticks.
pub(super) fn value_step((from, to): (f64, f64), at_most: usize) -> f64 {
    at_least((to - from) / at_most.max(1) as f64, &VALUE_STEPS)
}

/// The smallest round upper bound that is not below `value`; 1 if that is not above 0.
pub(super) fn round_bound(value: f64) -> f64 {
    if value > 0.0 && value.is_finite() { at_least(value, &BOUNDS) } else { 1.0 }
}

/// The smallest of `mantissas` times a power of ten that is not below `value` (above 0, finite).
fn at_least(value: f64, mantissas: &[f64]) -> f64 {
    let mut power = 1.0;
    while power * 10.0 <= value && power < 1e300 {
        power *= 10.0;
    }
    while power > value && power > 1e-300 {
        power /= 10.0;
    }
    // A hair of tolerance, for 0.1 + 0.2 is not above 0.3.
    mantissas.iter().map(|mantissa| mantissa * power).find(|bound| *bound >= value * (1.0 - 1e-12)).unwrap_or(10.0 * power)
}

/// Multiples of `step` within `from..=to`, computed by multiplication: sums would drift.
fn multiples((from, to): (f64, f64), step: f64) -> Vec<f64> {
    let first = (from / step - 1e-9).ceil();
    (0..TICKS_MAX).map(|n| (first + n as f64) * step).take_while(|tick| *tick <= to + step * 1e-9).collect()
}

/// `m:ss`, or `h:mm:ss` from one hour on.
pub(super) fn time_label(time_s: f64) -> String {
    let total = time_s.round().max(0.0) as u64;
    let (hours, minutes, seconds) = (total / 3_600, total / 60 % 60, total % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// A value with as many decimals as the distance between ticks needs; thousands as `12k`.
pub(super) fn value_label(value: f64, step: f64) -> String {
    if step >= 500.0 && value != 0.0 {
        let thousands = value / 1_000.0;
        return if step >= 1_000.0 && step % 1_000.0 == 0.0 { format!("{thousands:.0}k") } else { format!("{thousands:.1}k") };
    }
    let (mut decimals, mut rest) = (0, step);
    while decimals < 6 && (rest - rest.round()).abs() > 1e-6 {
        rest *= 10.0;
        decimals += 1;
    }
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_ticked_at_steps_people_count_in() {
        assert_eq!(time_ticks((7.0, 127.0), 5), [30.0, 60.0, 90.0, 120.0]);
        assert_eq!(time_ticks((0.0, 3.0), 5), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(time_ticks((0.0, 1e6), 4).len(), 4);
        assert_eq!([0.0, 65.0, 3_725.0].map(time_label), ["0:00", "1:05", "1:02:05"]);
    }

    #[test]
    fn values_are_ticked_at_round_steps_with_the_decimals_these_need() {
        let labels = |to: f64| {
            let step = value_step((0.0, to), 4);
            value_ticks((0.0, to), 4).into_iter().map(|tick| value_label(tick, step)).collect::<Vec<_>>()
        };
        assert_eq!(labels(200.0), ["0", "50", "100", "150", "200"]);
        assert_eq!(labels(10.0), ["0.0", "2.5", "5.0", "7.5", "10.0"]);
        assert_eq!(labels(0.08), ["0.00", "0.02", "0.04", "0.06", "0.08"]);
        assert_eq!(labels(8_000.0), ["0", "2k", "4k", "6k", "8k"]);
    }

    #[test]
    fn bounds_are_round_and_never_below_the_value() {
        assert_eq!([0.0, f64::NAN, 1.0, 0.22, 101.0, 790.0, 1.21].map(round_bound), [1.0, 1.0, 1.0, 0.25, 120.0, 800.0, 1.5]);
        for value in [1e-12, 0.1 + 0.2, 7.0, 1e12] {
            assert!(round_bound(value) >= value * (1.0 - 1e-9), "{value}");
        }
    }
}
