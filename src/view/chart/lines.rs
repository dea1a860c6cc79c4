//! From columns and forecasts to points of a path, in (time in s, value).

use crate::view::LineFrame;
use crate::view::columns::COLUMN_LEN;

/// A line is broken where samples are this many times farther apart than the closest ones.
const GAP_FACTOR: f64 = 4.0;

/// One column: time in s, min, max.
type Column = (f64, f64, f64);

/// A line's columns within the window. A range that is not in the companion array, or numbers that are not finite,
/// are left out: a frame and its array that do not fit must not bring the page down.
pub(super) fn columns_of(line: &LineFrame, numbers: &[f64], window_s: (f64, f64)) -> Vec<Column> {
    let end = line.columns.checked_mul(COLUMN_LEN).and_then(|len| line.offset.checked_add(len));
    let own = end.and_then(|end| numbers.get(line.offset..end)).unwrap_or_default();
    own.chunks_exact(COLUMN_LEN)
        .map(|column| (column[0], column[1], column[2]))
        .filter(|&(time_s, min, max)| min.is_finite() && max.is_finite() && (window_s.0..=window_s.1).contains(&time_s))
        .collect()
}

/// One path per unbroken stretch: each column gives its nearer extreme first, then its other one.
pub(super) fn paths(columns: &[Column]) -> Vec<Vec<(f64, f64)>> {
    let closest_s = columns.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f64::INFINITY, f64::min);
    let mut paths: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last_s = f64::NEG_INFINITY;
    for &(time_s, min, max) in columns {
        if time_s - last_s > closest_s * GAP_FACTOR || paths.is_empty() {
            paths.push(Vec::new());
        }
        last_s = time_s;
        if let Some(path) = paths.last_mut() {
            push_column(path, time_s, min, max);
        }
    }
    paths
}

fn push_column(path: &mut Vec<(f64, f64)>, time_s: f64, min: f64, max: f64) {
    let before = path.last().map_or(min, |point| point.1);
    let (near, far) = if (before - min).abs() <= (before - max).abs() { (min, max) } else { (max, min) };
    path.push((time_s, near));
    if far != near {
        path.push((time_s, far));
    }
}

/// The part of a forecast (time in s, low, expected, high) that is within the window, cut at its right edge.
pub(super) fn fan_within(fan: &[(f64, f64, f64, f64)], window_s: (f64, f64)) -> Vec<(f64, f64, f64, f64)> {
    let finite = |point: &&(f64, f64, f64, f64)| [point.0, point.1, point.2, point.3].iter().all(|number| number.is_finite());
    let mut within: Vec<(f64, f64, f64, f64)> = Vec::new();
    for &point in fan.iter().filter(finite).filter(|point| point.0 >= window_s.0) {
        if point.0 <= window_s.1 {
            within.push(point);
            continue;
        }
        if let Some(&before) = within.last() {
            let share = (window_s.1 - before.0) / (point.0 - before.0);
            let cut = |from: f64, to: f64| from + share * (to - from);
            within.push((window_s.1, cut(before.1, point.1), cut(before.2, point.2), cut(before.3, point.3)));
        }
        break;
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_one_path_that_touches_every_extreme() {
        let path = &paths(&[(0.0, 1.0, 5.0), (1.0, 2.0, 2.0), (2.0, 0.0, 3.0)])[0];
        assert_eq!(path[..], [(0.0, 1.0), (0.0, 5.0), (1.0, 2.0), (2.0, 3.0), (2.0, 0.0)]);
    }

    #[test]
    fn a_gap_in_the_samples_breaks_the_line() {
        let columns: Vec<_> = [0.0, 1.0, 2.0, 9.0, 10.0].into_iter().map(|time_s| (time_s, 1.0, 1.0)).collect();
        assert_eq!(paths(&columns).iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
        assert!(paths(&[]).is_empty());
    }

    #[test]
    fn a_line_that_points_outside_of_the_companion_array_is_empty() {
        let line =
            |offset, columns| LineFrame { label: String::new(), slot: 0, offset, columns, last: None, min: None, max: None };
        assert_eq!(columns_of(&line(0, 1), &[1.0, 2.0, 3.0], (0.0, 9.0)), [(1.0, 2.0, 3.0)]);
        assert!(columns_of(&line(1, 1), &[1.0, 2.0, 3.0], (0.0, 9.0)).is_empty());
        assert!(columns_of(&line(3, usize::MAX), &[1.0, 2.0, 3.0], (0.0, 9.0)).is_empty());
    }

    #[test]
    fn a_fan_is_cut_at_the_right_edge() {
        let fan = [(10.0, 0.0, 1.0, 2.0), (20.0, 10.0, 11.0, 12.0), (30.0, 0.0, 0.0, 0.0)];
        assert_eq!(fan_within(&fan, (0.0, 15.0)), [(10.0, 0.0, 1.0, 2.0), (15.0, 5.0, 6.0, 7.0)]);
    }
}
