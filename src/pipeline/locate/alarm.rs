//! Noticing that something is wrong.
//!
//! If a service level is in question, its own metric decides; otherwise the likeliest hypothesis on the newest three
//! samples does. One incident at a time: the next can only begin once the evidence has gone, or points at somebody else
//! after the diagnosis of the first is due.

use super::evidence;
use super::hypothesis;
use super::kind::MetricKind;
use super::layout::Layout;
use super::shift::{self, Window};
use super::store::Store;

/// The newest samples, two of which must agree.
const NEWEST: Window = Window { start: 2, end: 0 };
/// Samples before anything is called unusual.
const WARM_UP: usize = 8;
/// Score of a hypothesis from which on it is an incident.
const OPEN: f64 = 2.5;
/// Score below which it is over.
const CLOSE: f64 = 1.5;
/// Robust standard deviations of the service level in question from which on it is an incident.
const TARGET_OPEN: f64 = 3.0;

/// Something went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incident {
    /// The earliest that it can have begun: the first of the three samples two of which agree, seconds.
    pub began_s: f64,
    /// When it was noticed, seconds.
    pub noticed_s: f64,
    /// Index of the service that was suspected then.
    pub suspect: usize,
}

/// The state of watching.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    newest: Option<Incident>,
    is_open: bool,
    since_opened: usize,
}

impl Alarm {
    /// The newest incident.
    pub fn newest(&self) -> Option<Incident> {
        self.newest
    }

    /// Looks at the newest samples; returns an incident that begins.
    pub fn step(&mut self, layout: &Layout, store: &Store) -> Option<Incident> {
        if store.len() < WARM_UP {
            return None;
        }
        let (suspect, score) = strongest(layout, store);
        self.since_opened += 1;
        let is_other = self.newest.is_some_and(|newest| newest.suspect != suspect) && self.since_opened >= super::WINDOW_MIN;
        if self.is_open && (score < CLOSE || is_other) {
            self.is_open = false;
        }
        if self.is_open || score < OPEN {
            return None;
        }
        (self.is_open, self.since_opened) = (true, 0);
        let (began_s, noticed_s) = (store.time(NEWEST.start)?, store.time(0)?);
        self.newest = Some(Incident { began_s, noticed_s, suspect });
        self.newest
    }
}

/// The service that the newest samples speak against most, and how much.
fn strongest(layout: &Layout, store: &Store) -> (usize, f64) {
    if let Some(target) = layout.target {
        return (target.service, OPEN / TARGET_OPEN * target_score(layout, store));
    }
    let evidence = evidence::gather(layout, store, NEWEST);
    let relation = vec![1.0; layout.services.len()];
    let likeliest = hypothesis::weigh(layout, &evidence, &relation).into_iter().next();
    likeliest.map_or((0, 0.0), |hypothesis| (hypothesis.service, hypothesis.score))
}

fn target_score(layout: &Layout, store: &Store) -> f64 {
    let Some(target) = layout.target else { return 0.0 };
    let is_it = |column: &super::layout::OwnColumn| {
        let is_stated = target.metric.is_none_or(|metric| metric == column.metric);
        column.service == target.service && layout.kind(*column) == target.kind && is_stated
    };
    let columns = layout.own.iter().enumerate().filter(|(_, column)| is_it(column));
    let relative = if target.kind == MetricKind::Success { 0.003 } else { 0.03 };
    let shifts = columns.filter_map(|(i, _)| shift::sustained(&store.own[i], NEWEST, target.kind.sign(), relative, 0.0));
    shifts.map(|shift| shift.score).fold(0.0, f64::max)
}
