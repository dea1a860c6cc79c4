//! The layered layout of the `dugong` crate (a port of Dagre), under a budget.
//!
//! Chosen over `rust-sugiyama`, which hangs on cycles and overlaps, and `dagre`, which is 6 to 31 times slower.

use super::{NODE_GAP_PX, Placed, Placement, RANK_GAP_PX};
use dugong::graphlib::{Graph, GraphOptions};
use dugong::{EdgeLabel, GraphLabel, NodeLabel, RankDir, WorkControl, WorkError, layout_controlled};

/// Most work for one layout, in `dugong`'s units: 12 nodes take 10 thousand, 100 nodes 0.75 million in 35 ms.
const WORK_UNITS_MAX: usize = 3_000_000;
/// Room between two edges that run side by side, in px.
const EDGE_GAP_PX: f64 = 12.0;

/// Layout by `dugong`.
pub(super) struct Sugiyama;

/// Work that may still be done.
struct Budget {
    units_left: usize,
}

impl WorkControl for Budget {
    fn charge(&mut self, units: usize) -> Result<(), WorkError> {
        self.units_left = self.units_left.checked_sub(units).ok_or(WorkError::Interrupted)?;
        Ok(())
    }
}

impl Placement for Sugiyama {
    fn place(&self, sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Option<Placed> {
        let mut graph = graph_of(sizes, edges);
        layout_controlled(&mut graph, &mut Budget { units_left: WORK_UNITS_MAX }).ok()?;
        read(&graph, sizes.len(), edges)
    }
}

/// Names that do not look like array indices keep their order of insertion.
fn name(node: usize) -> String {
    format!("n{node}")
}

fn graph_of(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Graph<NodeLabel, EdgeLabel, GraphLabel> {
    let mut graph = Graph::new(GraphOptions { multigraph: false, compound: false, directed: true });
    graph.set_graph(GraphLabel {
        rankdir: RankDir::LR,
        nodesep: NODE_GAP_PX,
        ranksep: RANK_GAP_PX,
        edgesep: EDGE_GAP_PX,
        ..GraphLabel::default()
    });
    for (node, &(width, height)) in sizes.iter().enumerate() {
        graph.set_node(name(node), NodeLabel { width, height, ..NodeLabel::default() });
    }
    for &(from, to) in edges {
        graph.set_edge_with_label(name(from), name(to), EdgeLabel { weight: 1.0, ..EdgeLabel::default() });
    }
    graph
}

/// `None` if a coordinate is missing or not finite: then the other placement takes over.
fn read(graph: &Graph<NodeLabel, EdgeLabel, GraphLabel>, nodes: usize, edges: &[(usize, usize)]) -> Option<Placed> {
    let centre = |node: usize| {
        let label = graph.node(&name(node))?;
        Some((finite(label.x?)?, finite(label.y?)?))
    };
    let route = |&(from, to): &(usize, usize)| {
        let points = &graph.edge(&name(from), &name(to), None)?.points;
        let points: Option<Vec<_>> = points.iter().map(|point| Some((finite(point.x)?, finite(point.y)?))).collect();
        points.filter(|points| points.len() >= 2)
    };
    Some(Placed {
        centres: (0..nodes).map(centre).collect::<Option<_>>()?,
        routes: edges.iter().map(route).collect::<Option<_>>()?,
        width: finite(graph.graph().width)?,
        height: finite(graph.graph().height)?,
    })
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_beyond_the_budget_is_refused() {
        let mut budget = Budget { units_left: 10 };
        assert_eq!(budget.charge(7), Ok(()));
        assert_eq!(budget.charge(4), Err(WorkError::Interrupted));
    }
}
