//! The layout of a frame's graph, by id. Made again only when services or edges come or go.

use crate::ids::ServiceId;
use crate::view::Frame;
use crate::view::layout::{NodeBox, layout};
use std::collections::BTreeMap;

/// Width of a node's box in px.
pub const NODE_WIDTH: f64 = 176.0;
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

/// Lays the frame's graph out.
pub fn plan_of(frame: &Frame) -> Plan {
    let boxes: Vec<NodeBox> =
        frame.services.iter().map(|s| NodeBox { id: s.id, width: NODE_WIDTH, height: NODE_HEIGHT }).collect();
    let edges: Vec<_> = frame.edges.iter().map(|e| (e.from, e.to)).collect();
    let placed = layout(&boxes, &edges);
    Plan {
        nodes: placed.positions.into_iter().map(|(id, x, y)| (id, (x, y))).collect(),
        routes: placed.edges.into_iter().map(|(from, to, points)| ((from, to), points)).collect(),
        size: (placed.width, placed.height),
    }
}
