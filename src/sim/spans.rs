//! Which requests are followed on their way, and the spans that come of it.
//!
//! The decision falls where a user's request enters (head-based sampling) and goes with all that the request causes. As a
//! rate-limiting sampler does, one request is taken, and then the next that enters after a gap; gaps are exponential, so that
//! no rhythm of the traffic is met, and keyed by the request. Nothing that happens depends on it: a request that is followed
//! carries two numbers more than the others, and no draw and no time comes of them.
//!
//! A span is exported by the process that worked, at its answer. A process that dies exports none, and neither does one that
//! was never reached.

use super::World;
use super::event::Rejection;
use super::request::{NOBODY, Request};
use crate::rng;
use crate::telemetry::Span;
use crate::units::SimDuration;

const GAP: u64 = rng::label("trace");
/// Most requests followed per second, all entries together: 500 of them, enough to miss a call that one in a hundred makes, in
/// half a minute; and a part of the traffic that costs nothing to speak of.
const TRACES_PER_S: f64 = 20.0;
/// No trace.
pub(super) const UNTRACED: u32 = 0;

impl World {
    /// Follows a user's request if it is time for the next.
    #[inline]
    pub(super) fn sample(&mut self, index: u32) {
        if self.now < self.next_trace {
            return;
        }
        let Some(request) = self.requests.get_mut(index) else { return };
        request.trace = request.stamp;
        let gap_s = rng::exponential(rng::fold(request.key, GAP)) / TRACES_PER_S;
        self.next_trace = self.now + SimDuration::from_secs_f64(gap_s);
    }

    /// A service has answered: if the request is followed, its span is exported.
    #[inline]
    pub(super) fn end_span(&mut self, request: &Request, is_ok: bool) {
        if request.trace != UNTRACED {
            self.spans.push(Span {
                trace: u64::from(request.trace),
                id: u64::from(request.stamp),
                parent: (request.parent_span != UNTRACED).then(|| u64::from(request.parent_span)),
                service: request.service,
                start: request.arrived_at,
                duration: self.now.since(request.arrived_at),
                is_ok,
            });
        }
    }

    /// As [`World::end_span`] for a request that was turned away: by an instance that runs, or there is no span.
    pub(super) fn refuse_span(&mut self, request: &Request, reason: Rejection) {
        let is_absent = matches!(reason, Rejection::Refused | Rejection::NoInstance | Rejection::Cancelled);
        if !is_absent && request.instance != NOBODY {
            self.end_span(request, false);
        }
    }
}
