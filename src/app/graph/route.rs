//! Shapes of edges: a smooth SVG path through a route's points, its arrowhead, and where its label stands.

use crate::math;

/// Length of an arrowhead in px.
const HEAD_PX: f64 = 9.0;
/// Half its width in px.
const HEAD_HALF_PX: f64 = 4.5;

type Point = (f64, f64);

/// What is drawn of one route.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// The line, ending where the head begins.
    pub line: String,
    /// The head.
    pub head: String,
    /// The middle.
    pub middle: Point,
}

/// Draws a route of at least two points; anything shorter gives nothing.
pub fn draw(route: &[Point]) -> Drawn {
    let [.., before, tip] = *route else { return Drawn::default() };
    let route = if route.len() == 2 { relaxed(before, tip) } else { route.to_vec() };
    let before = route[route.len() - 2];
    let (back, side) = head_base(before, tip);
    let mut points = route.clone();
    if let Some(last) = points.last_mut() {
        *last = back;
    }
    let head = format!(
        "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}z",
        tip.0,
        tip.1,
        back.0 + side.0,
        back.1 + side.1,
        back.0 - side.0,
        back.1 - side.1
    );
    Drawn { line: smooth(&points), head, middle: middle(&route) }
}

/// A plain line from a port to a free point, for an edge being drawn.
pub fn straight(from: Point, to: Point) -> String {
    smooth(&relaxed(from, to))
}

/// Two points become an S that leaves and arrives level.
fn relaxed(from: Point, to: Point) -> Vec<Point> {
    let reach = ((to.0 - from.0) * 0.4).abs().max(12.0);
    vec![from, (from.0 + reach, from.1), (to.0 - reach, to.1), to]
}

fn head_base(before: Point, tip: Point) -> (Point, Point) {
    let (dx, dy) = (tip.0 - before.0, tip.1 - before.1);
    let length = (dx * dx + dy * dy).sqrt().max(1e-6);
    let (ux, uy) = (dx / length, dy / length);
    ((tip.0 - ux * HEAD_PX, tip.1 - uy * HEAD_PX), (-uy * HEAD_HALF_PX, ux * HEAD_HALF_PX))
}

/// Corners become curves: each inner point is the control point between the middles of its two sides.
fn smooth(points: &[Point]) -> String {
    let mut path = format!("M{:.1} {:.1}", points[0].0, points[0].1);
    for pair in points.windows(2).skip(1) {
        let (control, next) = (pair[0], pair[1]);
        let end = if next == points[points.len() - 1] { next } else { half(control, next) };
        path += &format!("Q{:.1} {:.1} {:.1} {:.1}", control.0, control.1, end.0, end.1);
    }
    if points.len() == 2 {
        path += &format!("L{:.1} {:.1}", points[1].0, points[1].1);
    }
    path
}

fn half(a: Point, b: Point) -> Point {
    ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
}

/// The point half-way along the polyline.
fn middle(points: &[Point]) -> Point {
    let lengths: Vec<f64> = points.windows(2).map(|p| distance(p[0], p[1])).collect();
    let mut left = lengths.iter().sum::<f64>() / 2.0;
    for (pair, length) in points.windows(2).zip(lengths) {
        if left <= length && length > 0.0 {
            let share = left / length;
            return (pair[0].0 + (pair[1].0 - pair[0].0) * share, pair[0].1 + (pair[1].1 - pair[0].1) * share);
        }
        left -= length;
    }
    points[0]
}

/// Distance of two points.
pub fn distance(a: Point, b: Point) -> f64 {
    let (dx, dy) = (a.0 - b.0, a.1 - b.1);
    (dx * dx + dy * dy).sqrt()
}

/// Width of an edge's line in px: 1.5 without traffic, one more for each factor of ten or so, at most 6.
pub fn width_px(rate: f64) -> f64 {
    (1.5 + math::ln(1.0 + rate.max(0.0)) * 0.5).min(6.0)
}

/// Pace of the dots on an edge, 0 (none) to 5 (fast).
pub fn pace(rate: f64) -> u8 {
    match rate {
        r if r < 0.05 => 0,
        r if r < 2.0 => 1,
        r if r < 10.0 => 2,
        r if r < 50.0 => 3,
        r if r < 200.0 => 4,
        _ => 5,
    }
}
