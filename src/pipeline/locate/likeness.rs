//! How alike the course of a service's metric and that of the service level in question are, around the incident.

use super::layout::Layout;
use super::shift::{self, Window};
use super::store::Store;

/// Distances from the usual level count up to this many scales: one wild value must not decide.
const CLIP: f64 = 30.0;

/// By service: correlation (-1..=1) with the target over the window and as many samples before it; of several metrics of
/// the kind the mean. `None` where nothing of the kind is measured.
pub fn likeness(layout: &Layout, store: &Store, window: Window) -> Vec<Option<f64>> {
    let mut found = vec![None; layout.services.len()];
    let Some(target) = layout.target else { return found };
    let columns = |service: usize| {
        let own = layout.own.iter().enumerate();
        own.filter(move |(_, own)| own.service == service && layout.kind(**own) == target.kind).map(|(i, own)| (i, own.metric))
    };
    let stated = columns(target.service).find(|(_, metric)| Some(*metric) == target.metric);
    let Some((reference, metric)) = stated.or_else(|| columns(target.service).next()) else { return found };
    let wanted = course(store, window, reference);
    for (service, found) in found.iter_mut().enumerate() {
        let same = columns(service).find(|(_, other)| *other == metric).or_else(|| columns(service).next());
        *found = same.and_then(|(column, _)| correlation(&wanted, &course(store, window, column)));
    }
    found
}

fn course(store: &Store, window: Window, column: usize) -> Vec<Option<f64>> {
    let series = &store.own[column];
    let first = (window.start + (window.start - window.end) + 1).min(series.len().saturating_sub(1));
    let usual = shift::usual(series, window);
    let scaled = |back: usize| {
        let usual = usual?;
        let distance = (f64::from(series.back(back)?) - usual.median) / shift::scale(usual, 0.01, 0.0);
        Some(distance.clamp(-CLIP, CLIP))
    };
    (window.end..=first).map(scaled).collect()
}

fn correlation(a: &[Option<f64>], b: &[Option<f64>]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = a.iter().zip(b).filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
    let n = pairs.len() as f64;
    if pairs.len() < 4 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (ma, mb) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(a, b)| of(a - ma, b - mb)).sum::<f64>();
    let (ab, aa, bb) = (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
    let scale = (aa * bb).sqrt();
    Some(if scale > 0.0 { ab / scale } else { 0.0 })
}
