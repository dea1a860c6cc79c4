//! The upper end of a chart's value axis. The lower end is 0: half a bar must mean half as much.
//!
//! It is round, and sticky: it grows at once, but shrinks only when less than half of the height is used, so that
//! the picture does not breathe with each sample.

use super::ticks::round_bound;
use crate::view::ChartFrame;

/// The bound shrinks when the values need less than this share of it.
const SHRINK_BELOW: f64 = 0.45;
/// Thresholds are shown if Critical is at most this many times the largest value: farther ones would flatten it.
const THRESHOLD_REACH: f64 = 3.0;
/// A forecast may stretch the axis to at most this many times what the measured values need.
const FORECAST_REACH: f64 = 1.5;
/// Free height above the highest thing shown, as a factor.
const HEADROOM: f64 = 1.05;

/// The upper end for `chart`, given the one it had.
pub(super) fn upper_bound(chart: &ChartFrame, previous: Option<f64>) -> f64 {
    let needed = needed(chart);
    match previous {
        Some(bound) if bound.is_finite() && needed <= bound && needed >= bound * SHRINK_BELOW => bound,
        _ => round_bound(needed),
    }
}

/// The highest value to show.
fn needed(chart: &ChartFrame) -> f64 {
    let measured = chart.lines.iter().filter_map(|line| line.max).filter(|max| max.is_finite()).fold(0.0, f64::max);
    let mut needed = measured * HEADROOM;
    if let Some((_, critical)) = chart.thresholds
        && (measured == 0.0 || critical <= measured * THRESHOLD_REACH)
    {
        needed = needed.max(critical * HEADROOM);
    }
    let forecast = chart.forecast.iter().map(|point| point.3).filter(|high| high.is_finite()).fold(0.0, f64::max);
    needed = needed.max(if needed > 0.0 { forecast.min(needed * FORECAST_REACH) } else { forecast });
    if chart.unit == "%" && measured <= 100.0 { needed.min(100.0) } else { needed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::LineFrame;

    fn chart(max: f64, thresholds: Option<(f64, f64)>) -> ChartFrame {
        let line =
            LineFrame { label: "p95".into(), slot: 0, offset: 0, columns: 1, last: Some(max), min: Some(0.0), max: Some(max) };
        ChartFrame {
            title: "Latency".into(),
            unit: "ms".into(),
            lines: vec![line],
            thresholds,
            forecast: Vec::new(),
            lanes: Vec::new(),
            truth: Vec::new(),
        }
    }

    #[test]
    fn the_bound_grows_at_once_and_shrinks_only_when_half_the_height_is_unused() {
        let first = upper_bound(&chart(90.0, None), None);
        assert_eq!(first, 100.0);
        assert_eq!(upper_bound(&chart(60.0, None), Some(first)), 100.0);
        assert_eq!(upper_bound(&chart(130.0, None), Some(first)), 150.0);
        assert_eq!(upper_bound(&chart(20.0, None), Some(first)), 25.0);
    }

    #[test]
    fn thresholds_are_shown_when_they_are_near() {
        assert!(upper_bound(&chart(60.0, Some((100.0, 150.0))), None) >= 150.0);
        assert_eq!(upper_bound(&chart(9.0, Some((100.0, 150.0))), None), 10.0);
        assert!(upper_bound(&chart(0.0, Some((2.0, 5.0))), None) >= 5.0);
    }

    #[test]
    fn percentages_end_at_a_hundred_and_wild_forecasts_do_not_flatten_the_past() {
        let mut percent = chart(99.0, None);
        percent.unit = "%".into();
        assert_eq!(upper_bound(&percent, None), 100.0);
        let mut wild = chart(100.0, None);
        wild.forecast = vec![(10.0, 0.0, 500.0, 1e9)];
        assert!(upper_bound(&wild, None) <= 200.0);
    }
}
