//! The layout of a frame's graph, by id. Made again only when services or edges come or go.

use super::route;
use crate::ids::ServiceId;
use crate::view::Frame;
use crate::view::layout::{NodeBox, layout};
use std::collections::BTreeMap;

/// Width of a node's box in px.
pub const NODE_WIDTH: f64 = 190.0;
/// Height of a node's box in px.
pub const NODE_HEIGHT: f64 = 66.0;

/// A point in px.
pub type Point = (f64, f64);

/// The layout, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Centres.
    pub nodes: BTreeMap<ServiceId, Point>,
    /// Routes.
    pub routes: BTreeMap<(ServiceId, ServiceId), Vec<Point>>,
    /// Width and height of everything.
    pub size: Point,
}

/// Room around everything in px: halos, badges and ports stand out of the boxes.
const MARGIN_PX: f64 = 18.0;

/// Lays the frame's graph out.
pub fn plan_of(frame: &Frame) -> Plan {
    let boxes: Vec<NodeBox> =
        frame.services.iter().map(|s| NodeBox { id: s.id, width: NODE_WIDTH, height: NODE_HEIGHT }).collect();
    let edges: Vec<_> = frame.edges.iter().map(|e| (e.from, e.to)).collect();
    let placed = layout(&boxes, &edges);
    let nodes: BTreeMap<ServiceId, Point> = placed.positions.into_iter().map(|(id, x, y)| (id, (x, y))).collect();
    let at = |id: ServiceId| nodes.get(&id).copied().unwrap_or_default();
    let routed = placed.edges.into_iter().map(|(from, to, route)| {
        let bends = bends(&nodes, at(from), at(to), &route);
        ((from, to), route::points(at(from), at(to), &bends))
    });
    let routes = routed.collect();
    trimmed(Plan { nodes, routes, size: (0.0, 0.0) })
}

/// Where a route passes the columns of the ranks between its ends; what it does between ranks is drawn anew.
fn bends(nodes: &BTreeMap<ServiceId, Point>, from: Point, to: Point, route: &[Point]) -> Vec<Point> {
    let between = |x: f64| x > from.0 + NODE_WIDTH && x < to.0 - NODE_WIDTH;
    let in_column = |x: f64| nodes.values().any(|centre| (centre.0 - x).abs() < 2.0);
    route.iter().copied().filter(|(x, _)| between(*x) && in_column(*x)).collect()
}

/// Moves everything so that it begins at the margin, and measures it.
fn trimmed(mut plan: Plan) -> Plan {
    let (half_width, half_height) = (NODE_WIDTH / 2.0, NODE_HEIGHT / 2.0);
    let corners = |(x, y): &Point| [(x - half_width, y - half_height), (x + half_width, y + half_height)];
    let all: Vec<Point> = plan.nodes.values().flat_map(corners).chain(plan.routes.values().flatten().copied()).collect();
    if all.is_empty() {
        return plan;
    }
    let low = all.iter().fold((f64::MAX, f64::MAX), |low, p| (low.0.min(p.0), low.1.min(p.1)));
    let high = all.iter().fold((f64::MIN, f64::MIN), |high, p| (high.0.max(p.0), high.1.max(p.1)));
    let shift = (MARGIN_PX - low.0, MARGIN_PX - low.1);
    for point in plan.nodes.values_mut().chain(plan.routes.values_mut().flatten()) {
        *point = (point.0 + shift.0, point.1 + shift.1);
    }
    plan.size = (high.0 - low.0 + 2.0 * MARGIN_PX, high.1 - low.1 + 2.0 * MARGIN_PX);
    plan
}
