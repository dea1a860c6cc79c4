//! The policy `rules`: what could be done about a finding, with a score each. A score is the chance that it removes
//! the cause, less what it costs (capacity, lost requests, a cold start); all in 0..=1 and judged by hand from what the
//! actions do. Whether a candidate is admissible at all is decided elsewhere ([`super::decide`]).

use super::classify::{Finding, Trouble, View};
use super::collect::Clue;
use super::types::{Candidate, Choice, Health};
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::{Metric, Subject};
use crate::topology::ServiceKind;
use crate::units::SimDuration;

/// Load that counts as risen, times usual: twice what a random minute at tens of requests per second scatters.
const LOAD_RISEN: f64 = 1.25;
/// Seconds over which load is averaged: requests that time out are answered late and in heaps.
const LOAD_S: u64 = 8;
/// CPU that makes a service suspect of something beside its requests, times what its calls explain.
const STRAY_RATIO: f64 = 1.3;
/// CPU that scaling aims at, share of the limit: below Degraded with some room.
const CPU_TARGET: f64 = 0.55;
/// What holding is worth when nothing calls for it: actions that score less are not worth their cost.
const HOLD_SCORE: f64 = 0.15;
/// What paging is worth: less than anything that might help.
const PAGE_SCORE: f64 = 0.05;
/// Off the score of restarting something with a state to reload: it is away, or cold, meanwhile.
const STATEFUL_COST: f64 = 0.15;
/// Instances up to which one more is worth it when they are killed in turn: at one kill every 10 s and back-offs of up
/// to 40 s, four are away at a time.
const BRIDGE_INSTANCES: f64 = 5.0;
/// Seconds that the platform's own restarts get before a person is called: start-up and the first two back-offs.
const KUBELET_S: u64 = 40;
/// Seconds that a log clue counts.
const CLUE_S: u64 = 60;

/// Candidates for one finding, unordered.
pub(super) fn candidates(view: &View, finding: &Finding) -> Vec<Candidate> {
    let service = finding.diagnosis.service;
    let mut list = match finding.trouble {
        Trouble::Cpu => cpu(view, service),
        Trouble::Memory => memory(view, service),
        // In a crash loop callers learn late who is ready, so that it may look ready and fail everything.
        Trouble::Errors if is_crashing(view, service) => down(view, service),
        Trouble::Errors => errors(view, service),
        Trouble::Latency => latency(view, service),
        Trouble::Down => down(view, service),
        Trouble::Edge { from, to, alone } => edge(view, from, to, alone),
        Trouble::Host => host(view, finding.diagnosis.cause),
        Trouble::Dependency => dependency(view, finding),
    };
    if !list.iter().any(|c| c.choice == Choice::Hold) {
        list.push(candidate(Choice::Hold, HOLD_SCORE, "waiting removes no cause".to_owned()));
    }
    if !list.iter().any(|c| c.choice == Choice::Page) {
        list.push(candidate(Choice::Page, PAGE_SCORE, "the catalogue has something to try first".to_owned()));
    }
    list
}

fn candidate(choice: Choice, score: f64, reason: String) -> Candidate {
    Candidate { choice, score, vetoed: false, reason }
}
fn act(action: Action, score: f64, reason: impl Into<String>) -> Candidate {
    candidate(Choice::Act(action), score, reason.into())
}
fn restart(view: &View, service: ServiceId, score: f64, reason: impl Into<String>) -> Candidate {
    let is_stateful = view.wiring.get(service).is_some_and(|n| n.kind != ServiceKind::Stateless);
    let score = if is_stateful { score - STATEFUL_COST } else { score };
    act(Action::Restart { service }, score.max(0.0), reason)
}

fn cpu(view: &View, service: ServiceId) -> Vec<Candidate> {
    let load = load_ratio(view, service);
    let has_risen = load.is_none_or(|l| l >= LOAD_RISEN);
    let told = load.map_or_else(|| "load before is unknown".to_owned(), |l| format!("users' load is {l:.1} times the usual"));
    let scale = Action::ScaleUp { service, by: scale_by(view, service, load) };
    let out = Action::RerouteService { service };
    if is_stray(view, service) {
        return vec![
            restart(
                view,
                service,
                0.85,
                "its calls do not explain its CPU, so something else uses it: new instances start without it",
            ),
            act(scale, 0.5, "new instances are free of what uses the CPU, the old ones keep it"),
            act(out, 0.3, "replaces one instance only"),
        ];
    }
    if has_risen {
        return vec![
            act(scale, 0.9, format!("{told}: more instances share it")),
            restart(view, service, 0.2, format!("{told}: new instances would get the same load")),
            act(out, 0.1, "fewer instances would have to carry the load meanwhile"),
        ];
    }
    let is_critical = view.monitor.level(service, Metric::CpuUtilisation) == Health::Critical;
    vec![
        act(
            scale,
            if is_critical { 0.55 } else { 0.3 },
            format!("{told}, its callers repeat calls: more instances answer them sooner"),
        ),
        candidate(Choice::Hold, 0.5, format!("{told}, its callers repeat calls: ends with what makes them repeat")),
        restart(view, service, 0.2, "new instances would get the same calls"),
    ]
}

/// Uses clearly more CPU than its calls explain: usual CPU, times how much more it is called, over instances.
fn is_stray(view: &View, service: ServiceId) -> bool {
    let subject = Subject::Service(service);
    let usual_cpu = view.collector.usual(subject, Metric::CpuUtilisation);
    let usual_ready = view.collector.usual(subject, Metric::ReplicasReady).unwrap_or(1.0);
    let (Some(cpu), Some(usual_cpu), Some(calls)) = (
        view.collector.mean(subject, Metric::CpuUtilisation, SimDuration::from_secs(LOAD_S)),
        usual_cpu,
        call_ratio(view, service),
    ) else {
        return false;
    };
    let expected = usual_cpu * calls * usual_ready / ready(view, service).max(1.0);
    cpu >= STRAY_RATIO * expected
}

/// Calls that reach a service, repeated ones too, times usual; for an entry its requests.
fn call_ratio(view: &View, service: ServiceId) -> Option<f64> {
    let callers = view.wiring.callers(service);
    if callers.is_empty() {
        return load_ratio(view, service);
    }
    let sum = |value: &dyn Fn(Subject) -> Option<f64>| {
        callers.iter().filter_map(|from| value(Subject::Edge { from: *from, to: service })).sum::<f64>()
    };
    let now = sum(&|edge| view.collector.mean(edge, Metric::RequestRate, SimDuration::from_secs(LOAD_S)));
    let usual = sum(&|edge| view.collector.usual(edge, Metric::RequestRate));
    (usual > 0.0).then(|| now / usual)
}

fn memory(view: &View, service: ServiceId) -> Vec<Candidate> {
    let load = load_ratio(view, service).filter(|l| *l >= LOAD_RISEN);
    let is_rising =
        view.forecasts.get(&service).is_some_and(|f| f.metric == Metric::MemoryUtilisation && f.breach_in_s.is_some());
    let is_short = is_rising
        || view.monitor.level(service, Metric::MemoryUtilisation) == Health::Critical
        || has_clue(view, service, Clue::OutOfMemory);
    let scale = Action::ScaleUp { service, by: 1 };
    let out = Action::RerouteService { service };
    if let Some(load) = load {
        return vec![
            act(scale, 0.7, format!("load is {load:.1} times the usual: fewer requests in flight per instance")),
            restart(view, service, 0.6, "frees memory, but the load comes back"),
            act(out, 0.2, "replaces one instance only"),
        ];
    }
    let score = if is_short { 0.9 } else { 0.1 };
    vec![
        restart(view, service, score, "new instances start with what a fresh process needs"),
        act(out, if is_short { 0.4 } else { 0.05 }, "replaces one instance only"),
        act(scale, if is_short { 0.3 } else { 0.05 }, "the load is as usual: what is leaked stays leaked"),
    ]
}

fn errors(view: &View, service: ServiceId) -> Vec<Candidate> {
    vec![
        restart(view, service, 0.85, "its own errors, resources are not short: new instances start from a clean state"),
        act(
            Action::RerouteService { service },
            if ready(view, service) >= 2.0 { 0.5 } else { 0.45 },
            "replaces one instance only",
        ),
        act(Action::ScaleUp { service, by: 1 }, 0.25, "dilutes the errors, the failing instances stay"),
    ]
}

/// Whether its processes end by themselves, and the platform starts them again.
fn is_crashing(view: &View, service: ServiceId) -> bool {
    view.monitor.instances(service).restarts >= 1.0 && has_clue(view, service, Clue::Crash)
}

fn latency(view: &View, service: ServiceId) -> Vec<Candidate> {
    let queue = view.collector.of(service, Metric::QueueLen).unwrap_or(0.0);
    let (scale, why) = if queue >= 1.0 {
        (0.75, format!("{queue:.0} requests wait for a worker: more instances bring more workers"))
    } else {
        (0.3, "no request waits for a worker".to_owned())
    };
    vec![
        act(Action::RerouteService { service }, 0.7, "slow without being short: takes its slowest instance out"),
        restart(view, service, 0.6, "replaces all instances, at a rolling restart's cost"),
        act(Action::ScaleUp { service, by: 1 }, scale, why),
    ]
}

fn down(view: &View, service: ServiceId) -> Vec<Candidate> {
    let instances = view.monitor.instances(service);
    let since = view.monitor.signal(service).map_or(SimDuration::ZERO, |s| view.now.since(s.since));
    let is_patient = since < SimDuration::from_secs(KUBELET_S);
    let killed = has_clue(view, service, Clue::Killed) && !has_clue(view, service, Clue::Crash);
    let is_crash_loop = instances.restarts >= f64::from(view.policy.crash_loop_restarts);
    let mut list = vec![
        restart(view, service, 0.1, "the platform restarts its instances already"),
        act(Action::RerouteService { service }, 0.05, "there is nothing to route to"),
    ];
    let scale = Action::ScaleUp { service, by: 1 };
    if killed && is_crash_loop && instances.desired.is_none_or(|desired| desired < BRIDGE_INSTANCES) {
        list.push(act(scale, 0.6, "instances are killed one by one but work in between: one more bridges the gap"));
    } else {
        list.push(act(scale, 0.1, "another instance of the same would end like the others"));
    }
    if is_patient {
        let text = format!("the platform is restarting instances; {KUBELET_S} s for that are not over");
        list.push(candidate(Choice::Hold, 0.5, text));
    } else {
        let text = format!("{:.0} restarts in a minute and no cure in the catalogue", instances.restarts);
        list.push(candidate(Choice::Page, 0.5, text));
    }
    list
}

fn edge(view: &View, from: ServiceId, to: ServiceId, alone: bool) -> Vec<Candidate> {
    let name = view.wiring.name(to);
    let why = if alone {
        "only caller: path or host, the path is cheaper to change"
    } else {
        "other callers reach it well: the path is bad"
    };
    vec![
        act(Action::RerouteEdge { from, to }, 0.9, format!("{name} itself is well; {why}")),
        act(
            Action::RerouteService { service: to },
            if alone { 0.6 } else { 0.2 },
            format!("helps only if an instance's host of {name} is slow"),
        ),
        restart(view, to, if alone { 0.5 } else { 0.16 }, format!("helps only if all hosts of {name} are slow")),
    ]
}

fn host(view: &View, host: ServiceId) -> Vec<Candidate> {
    let is_single = ready(view, host) < 2.0;
    vec![
        act(
            Action::RerouteService { service: host },
            if is_single { 0.85 } else { 0.65 },
            "all paths to it are bad: takes its slowest instance out",
        ),
        restart(view, host, 0.8, "replaces all instances, on other hosts"),
        act(Action::ScaleUp { service: host, by: 1 }, 0.2, "dilutes it, the slow instances stay"),
    ]
}

fn dependency(view: &View, finding: &Finding) -> Vec<Candidate> {
    let (service, cause) = (finding.diagnosis.service, view.wiring.name(finding.diagnosis.cause));
    let veto = |action, reason: &str| Candidate { vetoed: true, ..act(action, 0.0, format!("{cause} is the cause: {reason}")) };
    vec![
        candidate(Choice::Hold, 0.9, format!("{cause} is the cause; it is acted on there")),
        veto(Action::Restart { service }, "new instances would suffer from it too"),
        veto(Action::ScaleUp { service, by: 1 }, "more instances would press it harder"),
    ]
}

/// How many more instances: what brings the CPU to its target, at most as many as there are.
fn scale_by(view: &View, service: ServiceId, load: Option<f64>) -> u32 {
    let now = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(1.0).max(1.0);
    let cpu = view.collector.of(service, Metric::CpuUtilisation).unwrap_or(1.0);
    let usual = view.collector.usual(Subject::Service(service), Metric::CpuUtilisation).unwrap_or(0.0);
    let wanted = (now * cpu.max(usual * load.unwrap_or(1.0)) / CPU_TARGET).ceil();
    let limit = view.wiring.get(service).map_or(1.0, |n| f64::from(n.replicas_max)) - now;
    (wanted - now).min(now).min(limit).max(1.0) as u32
}

/// The users' load that reaches a service, times usual: the most risen of the entries that lead to it, because calls
/// inside are multiplied by retries when something is slow. `None` if not known.
pub(super) fn load_ratio(view: &View, service: ServiceId) -> Option<f64> {
    let (mut open, mut seen, mut ratio) = (vec![service], vec![service], None::<f64>);
    while let Some(id) = open.pop() {
        let callers = view.wiring.callers(id);
        if callers.is_empty() {
            let subject = Subject::Service(id);
            let usual = view.collector.usual(subject, Metric::RequestRate).filter(|u| *u > 0.0);
            let now = view.collector.mean(subject, Metric::RequestRate, SimDuration::from_secs(LOAD_S));
            let here = now.zip(usual).map(|(now, usual)| now / usual);
            ratio = ratio.into_iter().chain(here).reduce(f64::max);
        }
        for caller in callers.iter().filter(|c| !seen.contains(c)).copied().collect::<Vec<_>>() {
            seen.push(caller);
            open.push(caller);
        }
    }
    ratio
}

fn ready(view: &View, service: ServiceId) -> f64 {
    view.monitor.instances(service).ready.unwrap_or(1.0)
}

fn has_clue(view: &View, service: ServiceId, clue: Clue) -> bool {
    view.collector.clue(service, clue, SimDuration::from_secs(CLUE_S)).is_some()
}

/// The action for people: `SCALE_UP by 2`, `TRAFFIC_REROUTE around one instance`.
pub(super) fn words(view: &View, action: Action) -> String {
    match action {
        Action::ScaleUp { by, .. } => format!("{} by {by}", action.name()),
        Action::ScaleTo { replicas, .. } => format!("{} {replicas}", action.name()),
        Action::RerouteService { service } => format!("{} around one instance of {}", action.name(), view.wiring.name(service)),
        _ => match action.edge() {
            Some((_, to)) => format!("{} of calls to {}", action.name(), view.wiring.name(to)),
            None => action.name().to_owned(),
        },
    }
}
