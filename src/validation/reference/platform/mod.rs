//! The platform and the guards, event by event: autoscaler, kubelet, probes, roll-outs, zones, `CoDel`, ejection, breakers.
//! These rows are rules, not means: what is measured is when and how often something happened.

mod autoscaler;
mod breakers;
mod codel;
mod kubelet;
mod probes;
mod rollout;
mod zones;

pub(super) use autoscaler::hpa;
pub(super) use breakers::{breaker, outlier};
pub(super) use codel::codel;
pub(super) use kubelet::{crash_loop, leak};
pub(super) use probes::{liveness, readiness};
pub(super) use rollout::rolling_update;
pub(super) use zones::zone_loss;

use crate::sim::{Event, Observer, TimedEvent};
use crate::units::SimTime;

/// Keeps what is not about single requests.
#[derive(Default)]
struct Timeline(Vec<TimedEvent>);

impl Observer for Timeline {
    fn see(&mut self, at: SimTime, event: &Event) {
        if !event.is_traffic() {
            self.0.push((at, event.clone()));
        }
    }
}

impl Timeline {
    /// Times in s and values of all events that `pick` picks.
    fn all<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Vec<(f64, T)> {
        self.0.iter().filter_map(|(at, event)| Some((at.as_secs_f64(), pick(event)?))).collect()
    }
}

fn unknown(metric: &str, of: &str) -> String {
    format!("no such metric of {of}: '{metric}'")
}
