//! Placement by longest path: plain, linear in nodes and edges, never gives up. For graphs that are too large for
//! the better one.

use super::{NODE_GAP_PX, Placed, Placement, RANK_GAP_PX};

/// Layout by longest path.
pub(super) struct Layered;

impl Placement for Layered {
    fn place(&self, sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Option<Placed> {
        let ranks = ranks(sizes.len(), edges);
        let order = ordered(&ranks, edges);
        let (centres, width, height) = stacked(sizes, &order);
        let routes = edges.iter().map(|&(from, to)| straight(sizes, &centres, from, to)).collect();
        Some(Placed { centres, routes, width, height })
    }
}

/// Rank of each node: longest path from a node nobody calls, with the edges left out that would close a cycle.
fn ranks(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut callees = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        callees[from].push(to);
    }
    let mut ranks = vec![0; nodes];
    let (order, callees) = without_cycles(&callees);
    for caller in order {
        for &callee in &callees[caller] {
            ranks[callee] = ranks[callee].max(ranks[caller] + 1);
        }
    }
    ranks
}

/// Depth-first search without recursion: nodes in topological order, and the edges that do not lead back.
fn without_cycles(callees: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::Not; callees.len()];
    let mut kept = vec![Vec::new(); callees.len()];
    let mut finished = Vec::with_capacity(callees.len());
    for root in 0..callees.len() {
        if seen[root] != Seen::Not {
            continue;
        }
        seen[root] = Seen::OnPath;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some(&callee) = callees[node].get(*next) else {
                seen[node] = Seen::Done;
                finished.push(node);
                path.pop();
                continue;
            };
            *next += 1;
            if seen[callee] != Seen::OnPath {
                kept[node].push(callee);
            }
            if seen[callee] == Seen::Not {
                seen[callee] = Seen::OnPath;
                path.push((callee, 0));
            }
        }
    }
    finished.reverse();
    (finished, kept)
}

/// Nodes of each rank, sorted by where their callers stand, so that edges cross less.
fn ordered(ranks: &[usize], edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut callers = vec![Vec::new(); ranks.len()];
    for &(from, to) in edges {
        callers[to].push(from);
    }
    let mut order = vec![Vec::new(); ranks.iter().max().map_or(0, |&rank| rank + 1)];
    for (node, &rank) in ranks.iter().enumerate() {
        order[rank].push(node);
    }
    let mut place = vec![0.0; ranks.len()];
    for rank in &mut order {
        let wish = |node: usize| {
            let sum: f64 = callers[node].iter().map(|&caller| place[caller]).sum();
            if callers[node].is_empty() { 0.0 } else { sum / callers[node].len() as f64 }
        };
        let mut wished: Vec<_> = rank.iter().map(|&node| (wish(node), node)).collect();
        wished.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        *rank = wished.into_iter().map(|(_, node)| node).collect();
        for (at, &node) in rank.iter().enumerate() {
            place[node] = at as f64 / rank.len() as f64;
        }
    }
    order
}

/// Centres, width and height with each rank as a column, all columns centred on one line.
fn stacked(sizes: &[(f64, f64)], order: &[Vec<usize>]) -> (Vec<(f64, f64)>, f64, f64) {
    let tall = |rank: &[usize]| rank.iter().map(|&node| sizes[node].1 + NODE_GAP_PX).sum::<f64>() - NODE_GAP_PX;
    let height = order.iter().map(|rank| tall(rank)).fold(0.0, f64::max);
    let mut centres = vec![(0.0, 0.0); sizes.len()];
    let mut left = 0.0;
    for rank in order {
        let width = rank.iter().map(|&node| sizes[node].0).fold(0.0, f64::max);
        let mut top = (height - tall(rank)) / 2.0;
        for &node in rank {
            centres[node] = (left + width / 2.0, top + sizes[node].1 / 2.0);
            top += sizes[node].1 + NODE_GAP_PX;
        }
        left += width + RANK_GAP_PX;
    }
    (centres, left - RANK_GAP_PX, height)
}

/// From the side of the caller that faces the callee to the opposite side of the callee.
fn straight(sizes: &[(f64, f64)], centres: &[(f64, f64)], from: usize, to: usize) -> Vec<(f64, f64)> {
    let ((from_x, from_y), (to_x, to_y)) = (centres[from], centres[to]);
    let side = if to_x >= from_x { 0.5 } else { -0.5 };
    vec![(from_x + side * sizes[from].0, from_y), (to_x - side * sizes[to].0, to_y)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_longest_paths_and_cycles_do_no_harm() {
        assert_eq!(ranks(4, &[(0, 1), (1, 2), (0, 2), (2, 3)]), [0, 1, 2, 3]);
        assert_eq!(ranks(3, &[(0, 1), (1, 2), (2, 0)]), [0, 1, 2]);
    }
}
