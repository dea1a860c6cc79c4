//! The call edges of an import as a graph. How they are found is the business of [`find`].

mod find;

use super::draft::Draft;
use super::preview::FoundEdge;
use super::problems::Log;
use super::source::Spot;
use std::collections::BTreeMap;

/// Most edges of one import (bounds the cycle checks).
const EDGES_MAX: usize = 8_192;
/// One call edge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    /// Index of the caller.
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// Share of the caller's requests that make the call, 0..=1.
    pub probability: f64,
    /// The caller can answer without it.
    pub optional: bool,
    /// Stage given by an annotation.
    pub stage: Option<usize>,
    /// Inferred, not declared.
    pub inferred: bool,
    /// What was found, and where.
    pub evidence: String,
    /// Where.
    pub spot: Spot,
}

/// All edges of an import.
#[derive(Clone, Debug, Default)]
pub(super) struct Wiring {
    /// Edges in the order found; no cycle unless an error was logged.
    pub links: Vec<Link>,
    index: BTreeMap<(usize, usize), usize>,
    callees: Vec<Vec<usize>>,
}

impl Wiring {
    /// The edges as people read them.
    pub fn found(&self, draft: &Draft) -> Vec<FoundEdge> {
        let name = |i: usize| draft.services.get(i).map_or_else(String::new, |s| s.name.clone());
        let edge =
            |l: &Link| FoundEdge { from: name(l.from), to: name(l.to), evidence: l.evidence.clone(), inferred: l.inferred };
        self.links.iter().map(edge).collect()
    }

    /// Whom `from` calls.
    pub fn callees(&self, from: usize) -> &[usize] {
        self.callees.get(from).map_or(&[], Vec::as_slice)
    }

    /// The edges of each caller, in the order found.
    pub fn links_by_caller(&self) -> Vec<Vec<&Link>> {
        let mut links = vec![Vec::new(); self.callees.len()];
        for link in &self.links {
            links[link.from].push(link);
        }
        links
    }

    /// Whether nobody depends on itself.
    pub fn is_acyclic(&self) -> bool {
        self.closing_link().is_none()
    }

    /// Callees first, callers last; complete because there is no cycle.
    pub fn callees_first(&self) -> Vec<usize> {
        let (mut order, mut state) = (Vec::new(), vec![0_usize; self.callees.len()]);
        for root in 0..self.callees.len() {
            let mut path = vec![root];
            while let Some(&at) = path.last() {
                match self.callees[at].get(state[at]) {
                    Some(&next) => {
                        state[at] += 1;
                        if state[next] == 0 {
                            path.push(next);
                        }
                    }
                    None => {
                        path.pop();
                        if state[at] <= self.callees[at].len() {
                            state[at] = self.callees[at].len() + 1;
                            order.push(at);
                        }
                    }
                }
            }
        }
        order
    }

    /// Adds an edge; the first evidence for it stays, an annotation's settings win.
    fn add(&mut self, draft: &Draft, link: Link, log: &mut Log<'_>) {
        let key = (link.from, link.to);
        if link.from == link.to {
            let name = &draft.services[link.from].name;
            log.ignore(
                format!("call of {name} to itself"),
                link.spot,
                format!("its own address, not a dependency ({})", link.evidence),
            );
        } else if self.links.len() >= EDGES_MAX {
            log.ignore(format!("edge: {}", link.evidence), link.spot, format!("more than {EDGES_MAX} edges"));
        } else if let Some(&known) = self.index.get(&key) {
            let known = &mut self.links[known];
            if known.stage.is_none() && link.stage.is_some() {
                (known.stage, known.probability, known.optional) = (link.stage, link.probability, link.optional);
            }
        } else {
            self.index.insert(key, self.links.len());
            self.callees[link.from].push(link.to);
            self.links.push(link);
        }
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.callees.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(&self.callees[at]);
            }
        }
        false
    }

    /// An edge that closes a cycle: in an order with callees first, only such an edge points forward.
    fn closing_link(&self) -> Option<&Link> {
        let mut position = vec![0; self.callees.len()];
        self.callees_first().iter().enumerate().for_each(|(i, s)| position[*s] = i);
        self.links.iter().find(|l| position[l.to] >= position[l.from])
    }
}
