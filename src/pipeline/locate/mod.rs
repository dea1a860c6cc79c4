//! Locate: which service is to blame for an incident, and what kind of failure is it?
//!
//! A [`Locator`] takes in every service's metrics, sample by sample, whatever they are called (`kind`), and what is known
//! of call edges. It keeps a bounded history of each series (`series`) and notices by itself when something is wrong
//! (`alarm`). Asked for a diagnosis, it measures how far each series has moved from what was usual (`shift`), draws
//! evidence for each service from that over the call graph (`evidence`, `calls`), holds it against the course of the
//! service level in question (`likeness`), asks who was conspicuous first (`order`), and weighs every pair of service and
//! class of failure (`hypothesis`). Each verdict can be read back to its contributions.
//!
//! Bounds: about 1.1 kB a series and constant time a sample; a diagnosis sorts each history once. Times are seconds, of
//! whatever origin.

mod alarm;
mod calls;
mod evidence;
mod hypothesis;
mod kind;
mod layout;
mod likeness;
mod order;
mod series;
mod shift;
mod store;
mod verdict;

pub use alarm::Incident;
pub use evidence::{Clue, Piece};
pub use hypothesis::{Contribution, Hypothesis};
pub use kind::MetricKind;
pub use layout::{EdgeColumns, Layout, OwnColumn, Target};
pub use verdict::{Suspect, Verdict};

use alarm::Alarm;
use shift::Window;
use store::Store;

/// Seconds after the beginning that a diagnosis looks at: long enough for two samples of a minute to agree, short enough
/// that the consequences do not drown the cause.
pub const WINDOW_S: f64 = 300.0;
/// Samples that it looks at in any case.
pub const WINDOW_MIN: usize = 5;

/// Watches a system and says who is to blame.
#[derive(Clone, Debug)]
pub struct Locator {
    layout: Layout,
    store: Store,
    alarm: Alarm,
}

impl Locator {
    /// Watches a system of that layout, nothing known yet.
    pub fn new(layout: Layout) -> Self {
        Self { store: Store::new(&layout), alarm: Alarm::default(), layout }
    }

    /// What is watched.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Takes in what was measured at `at_s`, one value a column of the layout, missing ones as `NaN`. Returns the incident
    /// that it makes out, if it begins to.
    pub fn observe(&mut self, at_s: f64, own: &[f64], edges: &[f64]) -> Option<Incident> {
        if !self.store.push(&self.layout, at_s, own, edges) {
            return None;
        }
        self.alarm.step(&self.layout, &self.store)
    }

    /// The newest incident, as long as it is news: until twice the window of a diagnosis has passed.
    pub fn incident(&self) -> Option<Incident> {
        let now_s = self.store.time(0)?;
        self.alarm.newest().filter(|incident| now_s - incident.began_s < 2.0 * self.window_s())
    }

    /// Whether everything that a diagnosis of an incident since `from_s` looks at has been measured.
    pub fn is_complete(&self, from_s: f64) -> bool {
        self.store.time(0).is_some_and(|now_s| now_s + 0.5 * self.step_s() >= from_s + self.window_s())
    }

    /// Who is to blame for what began at `from_s`. `None` if nothing was measured before or since.
    pub fn diagnose(&self, from_s: f64) -> Option<Verdict> {
        let window = self.window(from_s)?;
        let evidence = evidence::gather(&self.layout, &self.store, window);
        let likeness = likeness::likeness(&self.layout, &self.store, window);
        let relation = hypothesis::relation(&self.layout, &likeness);
        Some(verdict::verdict(&self.layout, hypothesis::weigh(&self.layout, &evidence, &relation)))
    }

    /// Seconds between two samples of the history.
    fn step_s(&self) -> f64 {
        match (self.store.time(0), self.store.time(1)) {
            (Some(new), Some(old)) => new - old,
            _ => store::BUCKET_S,
        }
    }

    fn window_s(&self) -> f64 {
        WINDOW_S.max(WINDOW_MIN as f64 * self.step_s())
    }

    /// The samples of the window: from the first that covers time after `from_s`.
    fn window(&self, from_s: f64) -> Option<Window> {
        let step_s = self.step_s();
        let since = |back: &usize| self.store.time(*back).is_some_and(|at_s| at_s + step_s > from_s);
        let start = (0..self.store.len()).take_while(since).last()?;
        let samples = (self.window_s() / step_s).round() as usize;
        let window = Window { start, end: (start + 1).saturating_sub(samples) };
        (start + 1 < self.store.len()).then_some(window)
    }
}

#[cfg(test)]
mod tests;
