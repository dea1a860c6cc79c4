//! A graph that is edited: what stands stays where it is, and what is new finds a free place beside what it calls or is
//! called by. Whoever has learned where a service stands must not have to look for it after each edit.

use super::{NODE_GAP_PX, NodeBox, RANK_GAP_PX};
use crate::ids::ServiceId;
use std::collections::BTreeMap;

type Point = (f64, f64);

/// Centres of all `nodes`, in px: those in `kept` as they are, the others where there is room.
pub fn keep(
    kept: &BTreeMap<ServiceId, Point>,
    nodes: &[NodeBox],
    edges: &[(ServiceId, ServiceId)],
) -> BTreeMap<ServiceId, Point> {
    let there = |node: &&NodeBox| kept.contains_key(&node.id);
    let mut placed: Vec<(&NodeBox, Point)> = nodes.iter().filter(there).map(|node| (node, kept[&node.id])).collect();
    for node in nodes.iter().filter(|node| !kept.contains_key(&node.id)) {
        let at = free(&placed, node, wish(&placed, node, edges));
        placed.push((node, at));
    }
    placed.into_iter().map(|(node, at)| (node.id, at)).collect()
}

/// Where a node would stand if it were alone: one rank after its caller, one before its callee, else below everything.
fn wish(placed: &[(&NodeBox, Point)], node: &NodeBox, edges: &[(ServiceId, ServiceId)]) -> Point {
    let at = |id: ServiceId| placed.iter().find(|(other, _)| other.id == id).map(|(other, at)| (other.width, *at));
    let caller = edges.iter().filter(|(_, to)| *to == node.id).find_map(|(from, _)| at(*from));
    if let Some((width, (x, y))) = caller {
        return (x + (width + node.width) / 2.0 + RANK_GAP_PX, y);
    }
    let callee = edges.iter().filter(|(from, _)| *from == node.id).find_map(|(_, to)| at(*to));
    let before = callee.map(|(width, (x, y))| (x - (width + node.width) / 2.0 - RANK_GAP_PX, y));
    if let Some(found) = before.filter(|(x, _)| *x >= node.width / 2.0) {
        return found;
    }
    let left = placed.iter().map(|(other, (x, _))| x - other.width / 2.0).reduce(f64::min).unwrap_or(0.0);
    let bottom = placed.iter().map(|(other, (_, y))| y + other.height / 2.0 + NODE_GAP_PX).reduce(f64::max).unwrap_or(0.0);
    (left + node.width / 2.0, bottom + node.height / 2.0)
}

/// The free place in the column of `wish` that is nearest to it, not above the plane's edge.
fn free(placed: &[(&NodeBox, Point)], node: &NodeBox, wish: Point) -> Point {
    let step = node.height + NODE_GAP_PX;
    let is_free = |(x, y): Point| {
        let apart = |size: f64, other: f64| (size + other) / 2.0 + NODE_GAP_PX;
        let is_clear = |(o, (ox, oy)): &(&NodeBox, Point)| {
            (ox - x).abs() >= apart(o.width, node.width) || (oy - y).abs() >= apart(o.height, node.height)
        };
        y >= node.height / 2.0 && placed.iter().all(is_clear)
    };
    // Each node there can be in the way of three steps at most.
    let steps = (0..=3 * placed.len() + 1).flat_map(|k| [k as f64, -(k as f64)]);
    let mut places = steps.map(|k| (wish.0, wish.1 + k * step));
    places.find(|at| is_free(*at)).unwrap_or(wish)
}

#[cfg(test)]
mod tests {
    use super::super::layout;
    use super::*;

    fn boxes(ids: &[u32]) -> Vec<NodeBox> {
        ids.iter().map(|id| NodeBox { id: ServiceId(*id), width: 190.0, height: 66.0 }).collect()
    }

    fn edge(from: u32, to: u32) -> (ServiceId, ServiceId) {
        (ServiceId(from), ServiceId(to))
    }

    #[test]
    fn what_stands_stays_and_what_is_new_stands_free_beside_its_caller() {
        let edges = [edge(0, 1), edge(0, 2), edge(1, 3)];
        let placed = layout(&boxes(&[0, 1, 2, 3]), &edges);
        let before: BTreeMap<ServiceId, Point> = placed.positions.iter().map(|(id, x, y)| (*id, (*x, *y))).collect();
        // One goes, three come: one called by the first, one that calls the last, one alone.
        let edges = [edge(0, 1), edge(1, 3), edge(0, 4), edge(5, 3)];
        let after = keep(&before, &boxes(&[0, 1, 3, 4, 5, 6]), &edges);
        assert_eq!(after.keys().map(|id| id.0).collect::<Vec<_>>(), [0, 1, 3, 4, 5, 6]);
        for id in [0, 1, 3].map(ServiceId) {
            assert_eq!(after[&id], before[&id], "{id}");
        }
        assert!(after[&ServiceId(4)].0 > after[&ServiceId(0)].0 && after[&ServiceId(5)].0 < after[&ServiceId(3)].0);
        let all: Vec<Point> = after.values().copied().collect();
        for (i, a) in all.iter().enumerate() {
            assert!(a.0 >= 95.0 && a.1 >= 33.0, "{a:?} is off the plane");
            for b in &all[i + 1..] {
                assert!((a.0 - b.0).abs() >= 190.0 || (a.1 - b.1).abs() >= 66.0, "{a:?} and {b:?} overlap");
            }
        }
    }

    #[test]
    fn many_new_ones_of_one_caller_stack_and_an_empty_plane_is_no_trouble() {
        let ids: Vec<u32> = (0..30).collect();
        let edges: Vec<_> = (1..30).map(|to| edge(0, to)).collect();
        let after = keep(&BTreeMap::new(), &boxes(&ids), &edges);
        let mut rows: Vec<i64> = after.iter().filter(|(id, _)| id.0 > 0).map(|(_, at)| at.1 as i64).collect();
        rows.sort_unstable();
        assert!(rows.windows(2).all(|pair| pair[1] - pair[0] >= 66), "{rows:?}");
    }
}
