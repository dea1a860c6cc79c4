//! Shapes of edges: an SVG path that leaves a caller level on its right side, passes other ranks level, and arrives
//! level on the callee's left side; its arrowhead, and where its label stands.

use super::plan::{NODE_WIDTH, Point};
use crate::math;

/// Length of an arrowhead in px.
const HEAD_PX: f64 = 8.0;
/// Half its width in px.
const HEAD_HALF_PX: f64 = 4.0;

/// What is drawn of one route.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// The line, ending where the head begins.
    pub line: String,
    /// The head.
    pub head: String,
    /// Where the label stands: on the line, in the middle of its longest piece.
    pub middle: Point,
}

/// The points of an edge between two centres, by way of `bends` in the columns of other ranks, which are passed
/// level over the width of a node, so that the line does not touch the nodes there.
pub fn points(from: Point, to: Point, bends: &[Point]) -> Vec<Point> {
    let half = NODE_WIDTH / 2.0;
    let mut points = vec![(from.0 + half, from.1)];
    for bend in bends {
        points.extend([(bend.0 - half, bend.1), (bend.0 + half, bend.1)]);
    }
    points.push((to.0 - half, to.1));
    points
}

/// Draws a route of at least two points; anything shorter gives nothing.
pub fn draw(points: &[Point]) -> Drawn {
    let [.., tip] = *points else { return Drawn::default() };
    let mut line = points.to_vec();
    let base = (tip.0 - HEAD_PX, tip.1);
    if let Some(last) = line.last_mut() {
        *last = base;
    }
    let (top, bottom) = (base.1 - HEAD_HALF_PX, base.1 + HEAD_HALF_PX);
    let head = format!("M{:.1} {:.1}L{:.1} {top:.1}L{:.1} {bottom:.1}z", tip.0, tip.1, base.0, base.0);
    Drawn { line: path(&line), head, middle: middle(points) }
}

/// A path whose pieces all begin and end level.
pub fn path(points: &[Point]) -> String {
    let Some((first, rest)) = points.split_first() else { return String::new() };
    let mut text = format!("M{:.1} {:.1}", first.0, first.1);
    let mut before = *first;
    for &(x, y) in rest {
        let reach = if x > before.0 { (x - before.0) / 2.0 } else { NODE_WIDTH / 2.0 };
        text += &format!("C{:.1} {:.1} {:.1} {y:.1} {x:.1} {y:.1}", before.0 + reach, before.1, x - reach);
        before = (x, y);
    }
    text
}

/// The middle of the longest piece: a level S goes through the middle of its ends.
fn middle(points: &[Point]) -> Point {
    let longest = points.windows(2).max_by(|a, b| distance(a[0], a[1]).total_cmp(&distance(b[0], b[1])));
    longest.map_or((0.0, 0.0), |ends| ((ends[0].0 + ends[1].0) / 2.0, (ends[0].1 + ends[1].1) / 2.0))
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
