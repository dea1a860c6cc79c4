//! Where the graph's nodes stand and how its edges run: ranks from left to right, callers before callees.
//!
//! The Sugiyama layout of `dugong` does it behind a trait of our own, under a budget of work; where that is not
//! enough (or there are more nodes than anybody can read), a plain placement by longest path does it, which is
//! linear and cannot fail. Nodes without edges are packed in a grid below. Lengths are CSS px at zoom 1; the
//! origin is the upper left corner.

mod keep;
mod layered;
mod sugiyama;

use crate::ids::ServiceId;
pub use keep::keep;
use layered::Layered;
use std::collections::{BTreeMap, BTreeSet};
use sugiyama::Sugiyama;

/// Room between two neighbours of one rank (room for an edge's label), in px.
const NODE_GAP_PX: f64 = 28.0;
/// Room between two ranks, in px: an edge's arrow and its traffic must be seen.
const RANK_GAP_PX: f64 = 60.0;
/// Room around everything, in px.
const MARGIN_PX: f64 = 16.0;
/// Most nodes for the Sugiyama layout: 100 take about 35 ms, 300 a quarter of a second.
const SUGIYAMA_NODES_MAX: usize = 150;

/// Points (x, y) of an edge, in px.
pub type Route = Vec<(f64, f64)>;

/// One node to place.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeBox {
    /// Which service.
    pub id: ServiceId,
    /// Its width in px.
    pub width: f64,
    /// Its height in px.
    pub height: f64,
}

/// Where everything is, in px.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Centre (x, y) of each node, in the order given.
    pub positions: Vec<(ServiceId, f64, f64)>,
    /// Points of each edge from the caller's border to the callee's (at least two), in the order given. Edges of a
    /// node with itself, repeated ones and those of unknown nodes are left out.
    pub edges: Vec<(ServiceId, ServiceId, Route)>,
    /// Width of everything.
    pub width: f64,
    /// Height of everything.
    pub height: f64,
}

/// A way to place nodes that have edges.
trait Placement {
    /// Centres of `sizes` (width, height) and points of `edges` (positions in `sizes`); `None` if it gave up.
    fn place(&self, sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Option<Placed>;
}

/// What a placement found.
#[derive(Default)]
struct Placed {
    centres: Vec<(f64, f64)>,
    routes: Vec<Route>,
    width: f64,
    height: f64,
}

/// Places `nodes` and routes `edges`. The same input gives the same layout, everywhere.
pub fn layout(nodes: &[NodeBox], edges: &[(ServiceId, ServiceId)]) -> Layout {
    let edges = known_edges(nodes, edges);
    let linked: BTreeSet<usize> = edges.iter().flat_map(|&(from, to)| [from, to]).collect();
    let linked: Vec<usize> = linked.into_iter().collect();
    let isolated: Vec<usize> = (0..nodes.len()).filter(|node| linked.binary_search(node).is_err()).collect();
    let placed = place(nodes, &linked, &edges);
    let mut centres = vec![(0.0, 0.0); nodes.len()];
    for (&node, &(x, y)) in linked.iter().zip(&placed.centres) {
        centres[node] = (x + MARGIN_PX, y + MARGIN_PX);
    }
    let (width, height) = pack_isolated(nodes, &isolated, (placed.width, placed.height), &mut centres);
    Layout {
        positions: nodes.iter().zip(&centres).map(|(node, &(x, y))| (node.id, x, y)).collect(),
        edges: edges
            .iter()
            .zip(placed.routes)
            .map(|(&(from, to), route)| (nodes[from].id, nodes[to].id, shifted(route)))
            .collect(),
        width: width + 2.0 * MARGIN_PX,
        height: height + 2.0 * MARGIN_PX,
    }
}

fn shifted(route: Route) -> Route {
    route.into_iter().map(|(x, y)| (x + MARGIN_PX, y + MARGIN_PX)).collect()
}

/// Edges as positions in `nodes`.
fn known_edges(nodes: &[NodeBox], edges: &[(ServiceId, ServiceId)]) -> Vec<(usize, usize)> {
    let index: BTreeMap<ServiceId, usize> = nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
    let mut seen = BTreeSet::new();
    edges
        .iter()
        .filter_map(|(from, to)| Some((*index.get(from)?, *index.get(to)?)))
        .filter(|&(from, to)| from != to && seen.insert((from, to)))
        .collect()
}

/// Places the nodes that have edges.
fn place(nodes: &[NodeBox], linked: &[usize], edges: &[(usize, usize)]) -> Placed {
    if linked.is_empty() {
        return Placed::default();
    }
    let sizes: Vec<_> = linked.iter().map(|&node| (nodes[node].width, nodes[node].height)).collect();
    let rank_of = |node: usize| linked.binary_search(&node).unwrap_or_default();
    let edges: Vec<_> = edges.iter().map(|&(from, to)| (rank_of(from), rank_of(to))).collect();
    let best = if sizes.len() <= SUGIYAMA_NODES_MAX { Sugiyama.place(&sizes, &edges) } else { None };
    best.or_else(|| Layered.place(&sizes, &edges)).unwrap_or_default()
}

/// Packs nodes without edges in rows below what is placed, as wide as that (or as a square, if nothing is).
/// Returns width and height of everything.
fn pack_isolated(nodes: &[NodeBox], isolated: &[usize], placed: (f64, f64), centres: &mut [(f64, f64)]) -> (f64, f64) {
    if isolated.is_empty() {
        return placed;
    }
    let cell_width = isolated.iter().map(|&node| nodes[node].width).fold(0.0, f64::max) + NODE_GAP_PX;
    let cell_height = isolated.iter().map(|&node| nodes[node].height).fold(0.0, f64::max) + NODE_GAP_PX;
    let square = (isolated.len() as f64).sqrt().ceil() as usize;
    let across = (((placed.0 + NODE_GAP_PX) / cell_width).floor() as usize).max(square);
    let top = if placed.1 > 0.0 { placed.1 + NODE_GAP_PX } else { 0.0 };
    for (number, &node) in isolated.iter().enumerate() {
        let (column, row) = (number % across, number / across);
        let x = column as f64 * cell_width + (cell_width - NODE_GAP_PX) / 2.0;
        let y = top + row as f64 * cell_height + (cell_height - NODE_GAP_PX) / 2.0;
        centres[node] = (x + MARGIN_PX, y + MARGIN_PX);
    }
    let width = across.min(isolated.len()) as f64 * cell_width - NODE_GAP_PX;
    let height = isolated.len().div_ceil(across) as f64 * cell_height - NODE_GAP_PX;
    (placed.0.max(width), top + height)
}

#[cfg(test)]
mod tests;
