//! The layout of a frame's graph, by id. Made anew for another run and on request; an edit leaves everything where it is.

use super::route;
use crate::ids::ServiceId;
use crate::view::Frame;
use crate::view::layout::{NodeBox, keep, layout};
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
    /// Scenario, seed, and how often a layout was asked for: another of these is another layout.
    pub about: (String, u64, u64),
    /// Where everything stands, and where what was removed stood: undo puts it back there.
    remembered: BTreeMap<ServiceId, Point>,
}

/// Room around everything in px: halos, badges and ports stand out of the boxes.
const MARGIN_PX: f64 = 18.0;

/// Lays the frame's graph out, or what is new of it if `before` is of the same run. `asked` counts requests for a layout;
/// `coming` is a call that a new service is to get, by the service's name.
pub fn plan_of(frame: &Frame, asked: u64, coming: Option<&(ServiceId, String)>, before: Option<&Plan>) -> Plan {
    let about = (frame.scenario.clone(), frame.seed, asked);
    match before.filter(|plan| plan.about == about && !plan.nodes.is_empty()) {
        Some(before) => edited(frame, coming, before),
        None => Plan { about, ..anew(frame) },
    }
}

fn boxes(frame: &Frame) -> Vec<NodeBox> {
    frame.services.iter().map(|s| NodeBox { id: s.id, width: NODE_WIDTH, height: NODE_HEIGHT }).collect()
}

/// What stood stays; ways of new calls are drawn straight.
fn edited(frame: &Frame, coming: Option<&(ServiceId, String)>, before: &Plan) -> Plan {
    let edges: Vec<_> = frame.edges.iter().map(|e| (e.from, e.to)).collect();
    let new = coming.and_then(|(from, name)| Some((*from, frame.services.iter().find(|s| s.name == *name)?.id)));
    let ties: Vec<_> = edges.iter().copied().chain(new).collect();
    let nodes = keep(&before.remembered, &boxes(frame), &ties);
    let at = |id: ServiceId| nodes.get(&id).copied().unwrap_or_default();
    let is_known = |ends: &(ServiceId, ServiceId)| nodes.contains_key(&ends.0) && nodes.contains_key(&ends.1);
    let way = |(from, to): (ServiceId, ServiceId)| {
        let drawn = before.routes.get(&(from, to)).cloned();
        ((from, to), drawn.unwrap_or_else(|| route::points(at(from), at(to), &[])))
    };
    let routes = edges.into_iter().filter(is_known).filter(|(from, to)| from != to).map(way).collect();
    let mut remembered = before.remembered.clone();
    remembered.extend(nodes.iter().map(|(id, at)| (*id, *at)));
    measured(Plan { nodes, routes, remembered, about: before.about.clone(), size: (0.0, 0.0) })
}

fn anew(frame: &Frame) -> Plan {
    let boxes = boxes(frame);
    let edges: Vec<_> = frame.edges.iter().map(|e| (e.from, e.to)).collect();
    let placed = layout(&boxes, &edges);
    let nodes: BTreeMap<ServiceId, Point> = placed.positions.into_iter().map(|(id, x, y)| (id, (x, y))).collect();
    let at = |id: ServiceId| nodes.get(&id).copied().unwrap_or_default();
    let routed = placed.edges.into_iter().map(|(from, to, route)| {
        let bends = bends(&nodes, at(from), at(to), &route);
        ((from, to), route::points(at(from), at(to), &bends))
    });
    let routes = routed.collect();
    trimmed(Plan { nodes, routes, ..Plan::default() })
}

/// Where a route passes the columns of the ranks between its ends; what it does between ranks is drawn anew.
fn bends(nodes: &BTreeMap<ServiceId, Point>, from: Point, to: Point, route: &[Point]) -> Vec<Point> {
    let between = |x: f64| x > from.0 + NODE_WIDTH && x < to.0 - NODE_WIDTH;
    let in_column = |x: f64| nodes.values().any(|centre| (centre.0 - x).abs() < 2.0);
    route.iter().copied().filter(|(x, _)| between(*x) && in_column(*x)).collect()
}

/// Lower and upper corner of everything that is drawn.
fn extent(plan: &Plan) -> Option<(Point, Point)> {
    let (half_width, half_height) = (NODE_WIDTH / 2.0, NODE_HEIGHT / 2.0);
    let corners = |(x, y): &Point| [(x - half_width, y - half_height), (x + half_width, y + half_height)];
    let mut all = plan.nodes.values().flat_map(corners).chain(plan.routes.values().flatten().copied());
    let first = all.next()?;
    let wider = |(low, high): (Point, Point), p: Point| ((low.0.min(p.0), low.1.min(p.1)), (high.0.max(p.0), high.1.max(p.1)));
    Some(all.fold((first, first), wider))
}

/// Moves everything so that it begins at the margin, and measures it.
fn trimmed(mut plan: Plan) -> Plan {
    let Some((low, _)) = extent(&plan) else { return plan };
    let shift = (MARGIN_PX - low.0, MARGIN_PX - low.1);
    for point in plan.nodes.values_mut().chain(plan.routes.values_mut().flatten()) {
        *point = (point.0 + shift.0, point.1 + shift.1);
    }
    plan.remembered.clone_from(&plan.nodes);
    measured(plan)
}

/// The plane begins at its origin, whatever was taken away there.
fn measured(mut plan: Plan) -> Plan {
    plan.size = extent(&plan).map_or((0.0, 0.0), |(_, high)| (high.0 + MARGIN_PX, high.1 + MARGIN_PX));
    plan
}
