use super::*;
use crate::rng;

fn nodes(count: u32) -> Vec<NodeBox> {
    (0..count).map(|id| NodeBox { id: ServiceId(id), width: 120.0 + f64::from(id % 5) * 10.0, height: 56.0 }).collect()
}

fn edges(pairs: &[(u32, u32)]) -> Vec<(ServiceId, ServiceId)> {
    pairs.iter().map(|&(from, to)| (ServiceId(from), ServiceId(to))).collect()
}

/// A graph with about `per_node` edges a node, some of which close cycles.
fn random_edges(count: u32, per_node: u32) -> Vec<(ServiceId, ServiceId)> {
    let pick = |key: u32, part: u64| ServiceId(rng::below(rng::fold(u64::from(key), part), count));
    (0..count * per_node).map(|key| (pick(key, 1), pick(key, 2))).collect()
}

fn assert_sound(nodes: &[NodeBox], layout: &Layout) {
    assert_eq!(layout.positions.len(), nodes.len());
    for (at, (node, &(id, x, y))) in nodes.iter().zip(&layout.positions).enumerate() {
        assert_eq!(node.id, id);
        let (half_width, half_height) = (node.width / 2.0, node.height / 2.0);
        assert!(x - half_width >= 0.0 && x + half_width <= layout.width, "{id} is within the width");
        assert!(y - half_height >= 0.0 && y + half_height <= layout.height, "{id} is within the height");
        for (other, &(other_id, other_x, other_y)) in nodes.iter().zip(&layout.positions).skip(at + 1) {
            let apart_x = (x - other_x).abs() - half_width - other.width / 2.0;
            let apart_y = (y - other_y).abs() - half_height - other.height / 2.0;
            assert!(apart_x >= 0.0 || apart_y >= 0.0, "{id} and {other_id} overlap");
        }
    }
    assert!(layout.edges.iter().all(|(_, _, points)| points.len() >= 2));
    assert!(layout.edges.iter().flat_map(|edge| &edge.2).all(|(x, y)| x.is_finite() && y.is_finite()));
}

#[test]
fn callers_stand_left_of_what_they_call() {
    let nodes = nodes(4);
    let layout = layout(&nodes, &edges(&[(0, 1), (0, 2), (1, 3), (2, 3)]));
    assert_sound(&nodes, &layout);
    let x: Vec<f64> = layout.positions.iter().map(|position| position.1).collect();
    assert!(x[0] < x[1] && x[0] < x[2] && x[1] < x[3] && x[2] < x[3], "{x:?}");
    let gap = (x[1] - nodes[1].width / 2.0) - (x[0] + nodes[0].width / 2.0);
    assert!(gap >= RANK_GAP_PX, "there is room for an arrow: {gap}");
    let first = &layout.edges[0].2;
    assert!(first[0].0 < first[first.len() - 1].0, "edges run from caller to callee");
}

#[test]
fn nothing_overlaps_and_the_same_graph_gives_the_same_layout() {
    for (count, per_node) in [(1, 0), (2, 1), (12, 2), (40, 2), (100, 2)] {
        let (nodes, edges) = (nodes(count), random_edges(count, per_node));
        let first = layout(&nodes, &edges);
        assert_sound(&nodes, &first);
        assert_eq!(first, layout(&nodes, &edges));
    }
}

#[test]
fn cycles_self_calls_repeated_and_dangling_edges_do_no_harm() {
    let nodes = nodes(3);
    let layout = layout(&nodes, &edges(&[(0, 1), (1, 2), (2, 0), (1, 1), (0, 1), (0, 9)]));
    assert_sound(&nodes, &layout);
    assert_eq!(layout.edges.len(), 3);
}

#[test]
fn services_without_edges_are_packed_in_a_grid_below() {
    let nodes = nodes(12);
    let layout = layout(&nodes, &edges(&[(0, 1), (1, 2)]));
    assert_sound(&nodes, &layout);
    let lowest_linked = layout.positions[..3].iter().map(|position| position.2).fold(0.0, f64::max);
    assert!(layout.positions[3..].iter().all(|position| position.2 > lowest_linked));
    assert!(layout.width < 900.0 && layout.height < 500.0, "{} x {}", layout.width, layout.height);
}

#[test]
fn no_services_make_an_empty_layout() {
    assert!(layout(&[], &[]).positions.is_empty());
}

#[test]
fn three_hundred_services_are_placed_without_the_slow_layout() {
    let nodes = nodes(300);
    let layout = layout(&nodes, &random_edges(300, 3));
    assert_sound(&nodes, &layout);
}
