//! The policy `rules`: for each case, what could be done about it and how likely that is to remove the cause. What an action
//! is worth follows from that and from the catalogue ([`super::catalogue`]); whether it is admissible at all is decided
//! elsewhere ([`super::envelope`]).
//!
//! The chances were set by what the actions do to a cause of that kind and checked against how often they helped on
//! generated episodes of the seeds that may be tuned on; `headless train` prints those counts.

use super::aim;
use super::catalogue::{self, Kind};
use super::classify::{Finding, Trouble, View};
use super::situation::{self, Case};
use super::surge;
use super::types::{Candidate, Choice, Health, Worth};
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::{Metric, Subject};
use crate::units::SimDuration;

/// Harm of a service that is Critical, in services that are out: users of it are failed, or wait too long to matter.
const HARM_CRITICAL: f64 = 1.0;
/// Of one that is Degraded: above the objectives, mostly served.
const HARM_DEGRADED: f64 = 0.3;

/// Times the usual latency from which a service is slower than it always was, and for how long: a 95th percentile of a few
/// hundred requests scatters, but not for two windows, and not so far.
const SLOWER: f64 = 1.4;
const SLOWER_S: f64 = 10.0;
const MUCH_SLOWER: f64 = 2.0;
const MUCH_SLOWER_S: f64 = 1.0;
/// How far back it is looked whether it was always so, and the seconds that trouble takes to be found.
const HISTORY: SimDuration = SimDuration::from_secs(180);
const ONSET_S: f64 = 5.0;
/// Seconds ago that count as earlier where nothing is known to be usual.
const AGO_S: f64 = 15.0;
/// Seconds before memory is full at which there is no more time: as long as a restart takes, instance by instance.
const FULL_IN_S: f64 = 30.0;

/// One row: in this case, this kind of action removes the cause with this probability, because...
pub(super) struct Rule {
    pub case: Case,
    pub kind: Kind,
    pub chance: f64,
    pub why: &'static str,
}

const fn rule(case: Case, kind: Kind, chance: f64, why: &'static str) -> Rule {
    Rule { case, kind, chance, why }
}

/// The table. Whatever is not in it is not tried. Every case can be held or paged, with the chances below if not said.
pub(super) const RULES: &[Rule] = &[
    rule(Case::CpuLoad, Kind::ScaleOut, 0.9, "more instances share it"),
    rule(Case::CpuLoad, Kind::Resize, 0.5, "each instance does more of it"),
    rule(Case::CpuLoad, Kind::ThrottleEntry, 0.5, "those who are let in are served"),
    rule(Case::CpuLoad, Kind::Shed, 0.4, "what is let in is served"),
    rule(Case::CpuLoad, Kind::Restart, 0.1, "new instances would get the same load"),
    rule(Case::CpuLoad, Kind::MoveSlowest, 0.05, "fewer instances would have to carry the load meanwhile"),
    rule(Case::CpuStray, Kind::Restart, 0.85, "something else uses it, and new instances start without it"),
    rule(Case::CpuStray, Kind::ScaleOut, 0.5, "new instances are free of what uses the CPU, the old ones keep it"),
    rule(Case::CpuStray, Kind::MoveSlowest, 0.35, "replaces one instance only"),
    rule(Case::CpuStray, Kind::Resize, 0.3, "leaves more for the requests"),
    rule(Case::HotInstance, Kind::Resize, 0.8, "most ask for what one instance has: it works faster"),
    rule(Case::HotInstance, Kind::ScaleOut, 0.25, "what else it has goes elsewhere"),
    rule(Case::HotInstance, Kind::MoveSlowest, 0.1, "another instance would have the same to do"),
    rule(Case::HotInstance, Kind::Restart, 0.1, "a new instance would have the same to do"),
    rule(Case::CpuRepeats, Kind::ScaleOut, 0.55, "callers repeat calls, and more instances answer them sooner"),
    rule(Case::CpuRepeats, Kind::WarmCache, 0.6, "what its cache knows it is not asked"),
    rule(Case::CpuRepeats, Kind::CutRetries, 0.4, "callers repeat calls, and stop"),
    rule(Case::CpuRepeats, Kind::Restart, 0.2, "new instances would get the same calls"),
    rule(Case::CpuRepeats, Kind::Hold, 0.55, "callers repeat calls: ends with what makes them repeat"),
    rule(Case::MemoryLoad, Kind::ScaleOut, 0.35, "fewer requests in flight per instance"),
    rule(Case::MemoryLoad, Kind::Restart, 0.55, "frees memory, but the load comes back"),
    rule(Case::MemoryLoad, Kind::MoveSlowest, 0.4, "replaces the fullest instance only"),
    rule(Case::MemoryLeak, Kind::Restart, 0.9, "new instances start with what a fresh process needs"),
    rule(Case::MemoryLeak, Kind::MoveSlowest, 0.6, "replaces one instance only"),
    rule(Case::MemoryLeak, Kind::ScaleOut, 0.3, "what is leaked stays leaked"),
    rule(Case::MemoryHigh, Kind::Restart, 0.1, "a fresh process may need as much"),
    rule(Case::Errors, Kind::Restart, 0.85, "new instances start from a clean state"),
    rule(Case::Errors, Kind::MoveSlowest, 0.5, "replaces one instance only"),
    rule(Case::Errors, Kind::ScaleOut, 0.3, "dilutes the errors, the failing instances stay"),
    rule(Case::Errors, Kind::RollBack, 0.25, "no change is known that it would take back"),
    rule(Case::Changed, Kind::RollBack, 0.9, "what came with the change goes with it"),
    rule(Case::Changed, Kind::Restart, 0.35, "new instances would be of the changed kind as well"),
    rule(Case::Changed, Kind::MoveSlowest, 0.25, "replaces one instance only"),
    rule(Case::LatencyQueue, Kind::ScaleOut, 0.5, "more instances bring more workers"),
    rule(Case::LatencyQueue, Kind::MoveSlowest, 0.5, "if one instance holds them up"),
    rule(Case::LatencyQueue, Kind::Restart, 0.35, "new instances start with empty queues"),
    rule(Case::LatencyQueue, Kind::RaisePool, 0.3, "if callers wait for connections as well"),
    rule(Case::LatencyQueue, Kind::FlushQueue, 0.25, "if they wait longer than their users"),
    rule(Case::Latency, Kind::MoveSlowest, 0.7, "slow without being short: takes its slowest instance out"),
    rule(Case::Latency, Kind::Restart, 0.25, "replaces all instances, at a rolling restart's cost"),
    rule(Case::Latency, Kind::FailOver, 0.2, "the ailing primary is restarted"),
    rule(Case::Latency, Kind::ScaleOut, 0.25, "more instances would be as slow"),
    rule(Case::Latency, Kind::RollBack, 0.2, "no change is known that it would take back"),
    rule(Case::DownEarly, Kind::Hold, 0.8, "the platform is restarting instances"),
    rule(Case::DownEarly, Kind::Restart, 0.1, "the platform restarts its instances already"),
    rule(Case::DownEarly, Kind::ScaleOut, 0.1, "another instance of the same would end like the others"),
    rule(
        Case::DownKilled,
        Kind::ScaleOut,
        0.6,
        "instances are killed one by one but work in between: more of them bridge the gap",
    ),
    rule(Case::DownKilled, Kind::AddRetries, 0.45, "a call that is lost with an instance is answered by another"),
    rule(Case::DownKilled, Kind::Restart, 0.45, "new instances do not have to wait for a back-off"),
    rule(Case::DownSilent, Kind::ScaleOut, 0.8, "another instance is placed where there is room"),
    rule(Case::DownSilent, Kind::Restart, 0.7, "its instances are placed anew"),
    rule(Case::DownLong, Kind::Restart, 0.5, "new instances do not wait for a back-off that has grown to minutes"),
    rule(Case::DownLong, Kind::ScaleOut, 0.1, "another instance of the same would end like the others"),
    rule(Case::LossMost, Kind::RerouteEdge, 0.6, "the path is bad"),
    rule(Case::LossMost, Kind::MoveSlowest, 0.55, "if its instance hangs, or its host is cut off"),
    rule(Case::LossMost, Kind::Restart, 0.4, "if all its instances hang, or their hosts are cut off"),
    rule(Case::LossMost, Kind::OpenBreaker, 0.3, "the caller can do without it"),
    rule(Case::LossSome, Kind::MoveSlowest, 0.65, "if an instance hangs, or its host is cut off"),
    rule(Case::LossSome, Kind::RerouteEdge, 0.68, "if the path is bad, and not one of the instances"),
    rule(Case::LossSome, Kind::Restart, 0.3, "if several instances hang, or their hosts are cut off"),
    rule(Case::LossSome, Kind::OpenBreaker, 0.25, "the caller can do without it"),
    rule(Case::LateShared, Kind::RerouteEdge, 0.55, "the path is slow"),
    rule(Case::LateShared, Kind::MoveSlowest, 0.5, "helps only if an instance's host is slow"),
    rule(Case::LateShared, Kind::Restart, 0.2, "helps only if all its hosts are slow"),
    rule(Case::LateAlone, Kind::RerouteEdge, 0.7, "path or host, and the path is cheaper to change"),
    rule(Case::LateAlone, Kind::MoveSlowest, 0.6, "if an instance's host is slow"),
    rule(Case::LateAlone, Kind::Restart, 0.4, "if all its hosts are slow"),
    rule(Case::HostSingle, Kind::MoveSlowest, 0.9, "takes its slowest instance out, on another host"),
    rule(Case::HostSingle, Kind::Restart, 0.5, "replaces all instances, on other hosts"),
    rule(Case::HostSingle, Kind::ScaleOut, 0.3, "dilutes it, the slow instance stays"),
    rule(Case::HostMany, Kind::Restart, 0.6, "replaces all instances, on other hosts"),
    rule(Case::HostMany, Kind::MoveSlowest, 0.7, "takes its slowest instance out, on another host"),
    rule(Case::HostMany, Kind::ScaleOut, 0.3, "dilutes it, the slow instances stay"),
    rule(Case::Hung, Kind::Evict, 0.9, "takes out the instance that answers nothing"),
    rule(Case::Hung, Kind::MoveSlowest, 0.6, "helps if that is the one that hangs"),
    rule(Case::Hung, Kind::Restart, 0.8, "new instances work, but those that work are replaced as well"),
    rule(Case::Machine, Kind::CordonNode, 0.9, "its instances there are replaced elsewhere"),
    rule(Case::Machine, Kind::Restart, 0.5, "instances are placed anew, perhaps there again"),
    rule(Case::Machine, Kind::ScaleOut, 0.4, "more instances elsewhere, those there stay"),
    rule(Case::Neighbour, Kind::CordonNode, 0.85, "its instances there are replaced elsewhere"),
    rule(Case::Neighbour, Kind::DrainZone, 0.8, "requests go to the other zones"),
    rule(Case::Neighbour, Kind::MoveSlowest, 0.75, "its slowest instance is replaced, where there is room"),
    rule(Case::Neighbour, Kind::ScaleOut, 0.6, "more instances elsewhere take most of the requests"),
    rule(Case::Neighbour, Kind::Restart, 0.3, "instances are placed anew, perhaps there again"),
    rule(Case::Zone, Kind::DrainZone, 0.85, "requests go to the other zones"),
    rule(Case::Zone, Kind::ScaleOut, 0.5, "more instances in other zones, those there stay"),
    rule(Case::ZoneAll, Kind::ScaleOut, 0.85, "another instance is placed where the others are not"),
    rule(Case::ZoneAll, Kind::Restart, 0.5, "instances are placed anew, perhaps there again"),
    rule(Case::Ways, Kind::DrainZone, 0.8, "nothing has to go that way any more"),
    rule(Case::Ways, Kind::ScaleOut, 0.2, "more instances on the callers' side"),
    rule(Case::PoolLeak, Kind::Restart, 0.85, "what leaked is closed with its process"),
    rule(Case::PoolLeak, Kind::RollBack, 0.25, "no change is known that it would take back"),
    rule(Case::PoolLeak, Kind::MoveSlowest, 0.4, "replaces one instance only"),
    rule(Case::PoolLeak, Kind::ScaleOut, 0.35, "new instances have pools of their own, the old ones stay empty"),
    rule(Case::PoolLeak, Kind::RaisePool, 0.3, "lasts until the larger pool has leaked away"),
    rule(Case::PoolSmall, Kind::RaisePool, 0.85, "calls that waited get a connection"),
    rule(Case::PoolSmall, Kind::ScaleOut, 0.5, "each instance brings a pool of its own"),
    rule(Case::PoolSmall, Kind::Restart, 0.05, "new instances would have pools of the same size"),
];

/// Chance that trouble passes by itself within a minute, where the table does not say.
const HOLD: Rule = rule(Case::Dependency, Kind::Hold, 0.1, "waiting removes no cause");
/// Chance that a person mends it.
const PAGE: Rule = rule(Case::Dependency, Kind::Page, 0.9, "a person may know more than the catalogue");

/// What is made of the table's chances: `rules` takes them as they are, `bandit` has learned better ones.
pub(super) trait Chances {
    /// The chance that `kind` removes the cause in this case; the table says `prior`.
    fn chance(&self, view: &View, finding: &Finding, case: Case, kind: Kind, prior: f64) -> f64;
}

/// The table itself.
pub(super) struct Table;

impl Chances for Table {
    fn chance(&self, _: &View, _: &Finding, _: Case, _: Kind, prior: f64) -> f64 {
        prior
    }
}

/// Candidates for one finding, unordered.
pub(super) fn candidates(view: &View, finding: &Finding, chances: &dyn Chances) -> Vec<Candidate> {
    let case = Case::of(view, finding);
    if case == Case::Dependency {
        return dependency(view, finding);
    }
    let told = situation::told(view, case, aim::target(finding));
    let said: Vec<&Rule> = RULES.iter().filter(|rule| rule.case == case).collect();
    let is_said = |kind: Kind| said.iter().any(|rule| rule.kind == kind);
    let usual = [&HOLD, &PAGE].into_iter().filter(|rule| !is_said(rule.kind));
    let all = said.iter().copied().chain(usual);
    let aimed = all.flat_map(|rule| aim::aims(view, finding, rule.kind).into_iter().map(move |choice| (rule, choice)));
    aimed
        .map(|(rule, choice)| {
            let chance = match choice {
                Choice::Act(_) => chances.chance(view, finding, case, rule.kind, rule.chance),
                Choice::Hold | Choice::Page => rule.chance,
            };
            let more = if let Choice::Act(action) = choice { catalogue::extra_cost(view.wiring, action) } else { 0.0 };
            let worth = rule.kind.entry().worth(chance, harm(view, finding), more);
            candidate(choice, worth, format!("{told}: {}", rule.why))
        })
        .collect()
}

fn candidate(choice: Choice, worth: Worth, reason: String) -> Candidate {
    Candidate { choice, score: worth.score(), worth, vetoed: false, reason }
}

/// What is suffered, in services that are out. A busy CPU alone hurts nobody yet: it is a risk if it is at its limit, and
/// what it is there for below, unless it is held to be behind what others suffer.
fn harm(view: &View, finding: &Finding) -> f64 {
    let service = finding.diagnosis.service;
    if let Some(cpu) = surge::shortage(view, service).filter(|_| finding.trouble == Trouble::Cpu) {
        return if cpu >= 1.0 { HARM_CRITICAL } else { HARM_DEGRADED };
    }
    if is_filling_slowly(view, finding) {
        return 0.0;
    }
    if finding.is_early {
        return view.forecasts.get(&service).map_or(HARM_DEGRADED, |f| f.breach_probability.get());
    }
    if finding.trouble == Trouble::Latency && !is_slower(view, service) {
        return 0.0;
    }
    let is_critical = finding.severity == Health::Critical;
    let felt = [Metric::ErrorRatio, Metric::LatencyP95].map(|metric| view.monitor.level(service, metric));
    if finding.trouble == Trouble::Cpu && !finding.is_believed && felt.iter().all(|level| *level < Health::Degraded) {
        return if is_critical { HARM_DEGRADED } else { 0.0 };
    }
    if is_critical { HARM_CRITICAL } else { HARM_DEGRADED }
}

/// Whether a service is clearly slower than it always was: than usual, and than in the worse times before it was last
/// found to be slow. What has been slow from the start is held against itself some time ago.
fn is_slower(view: &View, service: ServiceId) -> bool {
    let subject = Subject::Service(service);
    let samples = view.collector.window(subject, Metric::LatencyP95, HISTORY);
    let older_than = |seconds: f64| samples.iter().filter(move |(at, _)| *at < -seconds).map(|(_, value)| *value).collect();
    let since = view.monitor.signal(service).map_or(0.0, |signal| view.now.since(signal.since).as_secs_f64());
    let usual = view.collector.usual(subject, Metric::LatencyP95).or_else(|| quantile(older_than(AGO_S), 0.5));
    let Some(usual) = usual else { return false };
    let worse = quantile(older_than(since + ONSET_S), 0.75).map_or(usual, |worse| worse.max(usual));
    let is_above = |span: f64, times: f64| {
        let lately = samples.iter().filter(|(at, _)| *at >= -span).map(|(_, value)| *value);
        lately.reduce(f64::min).is_some_and(|least| least >= times * worse)
    };
    is_above(MUCH_SLOWER_S, MUCH_SLOWER) || is_above(SLOWER_S, SLOWER)
}

fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get((values.len() as f64 * share) as usize).copied()
}

/// Whether memory fills so slowly that there is time: what is emptied later has to be emptied less often.
fn is_filling_slowly(view: &View, finding: &Finding) -> bool {
    let service = finding.diagnosis.service;
    let forecast = view.forecasts.get(&service).filter(|f| f.metric == Metric::MemoryUtilisation);
    let level = view.collector.of(service, Metric::MemoryUtilisation);
    let (Some(forecast), Some(level)) = (forecast, level) else { return false };
    let per_s = (forecast.value - level) / forecast.horizon_s;
    let is_mild = view.monitor.level(service, Metric::MemoryUtilisation) < Health::Critical;
    finding.trouble == Trouble::Memory && is_mild && (1.0 - level) > FULL_IN_S * per_s.max(0.0)
}

/// Somebody else is the cause: it is acted on there.
fn dependency(view: &View, finding: &Finding) -> Vec<Candidate> {
    let (service, cause) = (finding.diagnosis.service, view.wiring.name(finding.diagnosis.cause));
    let veto = |action, reason: &str| Candidate {
        vetoed: true,
        ..candidate(Choice::Act(action), Worth::default(), format!("{cause} is the cause: {reason}"))
    };
    let hold = Kind::Hold.entry().worth(0.9, HARM_CRITICAL, 0.0);
    vec![
        candidate(Choice::Hold, hold, format!("{cause} is the cause; it is acted on there")),
        veto(Action::Restart { service }, "new instances would suffer from it too"),
        veto(Action::ScaleUp { service, by: 1 }, "more instances would press it harder"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_pair_once_a_probability_each_and_something_for_every_case() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!((0.0..=1.0).contains(&rule.chance));
            let same = RULES[..at].iter().any(|earlier| (earlier.case, earlier.kind) == (rule.case, rule.kind));
            assert!(!same, "{:?} {:?}", rule.case, rule.kind);
        }
        for case in Case::ALL.into_iter().filter(|case| *case != Case::Dependency) {
            assert!(RULES.iter().any(|rule| rule.case == case), "{case:?}");
            assert_eq!(Case::named(case.name()), Some(case));
        }
    }
}
