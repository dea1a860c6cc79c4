//! Evidence from calls: who stops calling, and whose callers see more latency than it does itself.

use super::evidence::{Piece, Scene};
use super::kind::MetricKind;
use super::shift::{self, Shift, Window, squeeze};
use super::store::Store;

/// Calls for each request from which on a callee counts in full: those made for one request in thirty tell little.
const CALLED_OFTEN: f64 = 0.5;

/// The same by which [`CALLED_OFTEN`] is reached: below this a callee does not count at all.
const CALLED_AT_ALL: f64 = 0.1;

/// Sum over callees of the share of calls that are missing, less what is usual noise.
pub fn fan_out(store: &Store, window: Window, service: usize) -> Piece {
    let mut sum = Piece::default();
    let mut most = 0.0;
    for fan_out in store.fan_outs.iter().filter(|fan_out| fan_out.from == service) {
        let (Some(usual), Some(low)) = (shift::usual(&fan_out.series, window), shift::level(&fan_out.series, window, -1.0))
        else {
            continue;
        };
        if usual.median <= 0.0 {
            continue;
        }
        let noise = shift::scale(usual, 0.1, 0.0) / usual.median;
        let missing = (1.0 - low / usual.median - noise).max(0.0)
            * ((usual.median - CALLED_AT_ALL) / (CALLED_OFTEN - CALLED_AT_ALL)).clamp(0.0, 1.0);
        if missing > most {
            most = missing;
            sum = Piece { strength: sum.strength, about: fan_out.to, usual: usual.median, value: low };
        }
        sum.strength += missing;
    }
    sum
}

/// Of what the caller usually waits, the part that a gap must reach to be one: medians of few calls scatter as much.
const WAIT_SHARE: f64 = 0.2;

/// Gap of the edges into the service: mean over its callers of the squeezed score, times the share of the caller's rise
/// that the service itself does not see.
pub fn gap(scene: &Scene, service: usize) -> Piece {
    let (store, window) = (scene.store, scene.window);
    let (mut sum, mut count, mut most) = (0.0, 0, Piece::default());
    for (i, _) in scene.layout.edges.iter().enumerate().filter(|(_, edge)| edge.to == service) {
        let wait = shift::usual(&store.callers[i], window).map_or(0.0, |usual| usual.median);
        let floor = (WAIT_SHARE * wait).max(0.5 * scene.usual_wait);
        let Some(gap) = shift::sustained(&store.gaps[i], window, 1.0, 0.1, floor) else { continue };
        let callee = shift::sustained(&store.callees[i], window, 1.0, 0.1, floor).map_or(0.0, |callee| callee.delta);
        let share = if gap.delta > 0.0 { gap.delta / (gap.delta + callee) } else { 0.0 };
        let strength = share * squeeze(gap.score);
        if strength >= most.strength {
            most = Piece { strength, about: i, usual: gap.usual, value: gap.value };
        }
        sum += strength;
        count += 1;
    }
    Piece { strength: if count == 0 { 0.0 } else { sum / f64::from(count) }, ..most }
}

/// What a gap is worth that may be of any callee.
const GUESS: f64 = 0.6;

/// The same without measured edges: what callers wait for those whom they call has risen by more than any callee's own
/// latency has. A service counts by the share of its callers that say so, and by the share of all who say so that call it:
/// the one that they have in common gets most.
pub fn wait(scene: &Scene, service: usize) -> Piece {
    let all: f64 = scene.votes.iter().map(|vote| vote.strength).sum();
    let (mut sum, mut count, mut most) = (0.0, 0, Piece::default());
    for vote in scene.layout.callers(service).map(|caller| scene.votes[caller]) {
        if vote.strength >= most.strength {
            most = vote;
        }
        (sum, count) = (sum + vote.strength, count + 1);
    }
    let strength = if all > 0.0 { GUESS * sum / f64::from(count.max(1)) * sum / all } else { 0.0 };
    Piece { strength, ..most }
}

/// What the caller waits longer for a call than its callees take longer on average over its calls.
pub fn vote(scene: &Scene, caller: usize) -> Option<Piece> {
    let callees = || scene.layout.callees(caller);
    let all_calls: f64 = callees().map(|callee| scene.calls(callee, caller)).sum();
    let took = |callee: usize| {
        let latencies = scene.shifts.iter().filter(|shifts| shifts.kind == MetricKind::Latency);
        let longest = latencies.filter_map(|shifts| shifts.by_service[callee]).map(Shift::sure).fold(0.0, f64::max);
        longest * scene.calls(callee, caller) / all_calls
    };
    let explained: f64 = callees().map(took).sum();
    let waits = scene.shifts.iter().filter(|shifts| shifts.kind == MetricKind::CallLatency);
    let votes = waits.filter_map(|shifts| Some((shifts.metric, shifts.by_service[caller]?))).map(|(metric, wait)| {
        let share = if wait.delta > 0.0 { (1.0 - explained / wait.delta).max(0.0) } else { 0.0 };
        Piece { strength: share * squeeze(wait.score), about: metric, usual: wait.usual, value: wait.value }
    });
    votes.max_by(|a, b| a.strength.total_cmp(&b.strength))
}
