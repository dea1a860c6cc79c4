//! Who was conspicuous first: a cause comes before what it causes, if samples come often enough to tell.

use super::evidence::floors;
use super::kind::MetricKind;
use super::layout::Layout;
use super::shift::{self, Window};
use super::store::Store;

/// Robust standard deviations from which on a sample is conspicuous.
const CONSPICUOUS: f64 = 4.0;

/// By service: the share of the other conspicuous services that became so later, 0..=1; 0 for one that is not.
pub fn leads(layout: &Layout, store: &Store, window: Window) -> Vec<f64> {
    let firsts = firsts(layout, store, window);
    let others = firsts.iter().flatten().count().saturating_sub(1).max(1) as f64;
    let lead = |own: &Option<usize>| own.map_or(0.0, |own| firsts.iter().flatten().filter(|other| **other > own).count() as f64);
    firsts.iter().map(|own| lead(own) / others).collect()
}

/// By service: the sample of the window, counted from its first, from which on one of its metrics was conspicuous twice in
/// a row.
fn firsts(layout: &Layout, store: &Store, window: Window) -> Vec<Option<usize>> {
    let mut firsts: Vec<Option<usize>> = vec![None; layout.services.len()];
    for (i, column) in layout.own.iter().enumerate() {
        let kind = layout.kind(*column);
        if matches!(kind, MetricKind::Other | MetricKind::Traffic | MetricKind::CallLatency) {
            continue;
        }
        let Some(usual) = shift::usual(&store.own[i], window) else { continue };
        let limit = CONSPICUOUS * shift::scale(usual, floors(kind).relative, 0.0);
        let is_out =
            |back: usize| store.own[i].back(back).is_some_and(|value| (f64::from(value) - usual.median) * kind.sign() > limit);
        let first = (window.end + 1..=window.start).rev().find(|back| is_out(*back) && is_out(back - 1));
        let first = first.map(|back| window.start - back);
        let known = &mut firsts[column.service];
        *known = [*known, first].into_iter().flatten().min();
    }
    firsts
}
