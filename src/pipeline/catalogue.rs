//! The catalogue: every kind of action, what it needs, costs, risks and reaches, what to expect of it, and how it is
//! taken back. Data, in one place; who weighs it is `policy_rules`, who forbids is `envelope`.
//!
//! The unit of harm, cost and risk is a service that is wholly out for [`HORIZON_S`]: 1.0. So the worth of an action is
//! `chance x harm x (1 - takes / horizon) - cost - risk x reach`: what it saves of the horizon if it removes the cause,
//! less what it costs even if all goes well, less what may go wrong times how much that reaches.
//!
//! Costs and risks are estimates of this project, each with its reason; chances depend on what is the matter and stand
//! with the rules.

use super::types::Worth;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::units::SimDuration;

/// Seconds that harm is counted over: after ten minutes a person who was paged has taken over in any case.
pub const HORIZON_S: f64 = 600.0;
/// What an instance more costs over the horizon: fifty of them weigh as much as a service that is out.
pub const INSTANCE_COST: f64 = 0.02;
/// What turning all users away costs for as long as such a measure usually stays (two minutes of the horizon).
pub const REFUSAL_COST: f64 = 0.2;
/// What it costs to empty something that keeps data: it is away, or cold, for a minute or two.
pub const STATE_COST: f64 = 0.15;

/// A kind of action, without target and amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// More instances.
    ScaleOut,
    /// Fewer.
    ScaleIn,
    /// More CPU for each.
    Resize,
    /// All instances anew.
    Restart,
    /// One instance elsewhere, drained first.
    Evict,
    /// The slowest instance replaced, its successor first.
    MoveSlowest,
    /// Calls on another path.
    RerouteEdge,
    /// No traffic to a zone.
    DrainZone,
    /// The last change taken back.
    RollBack,
    /// No further instance gets the new version.
    PauseRollOut,
    /// A share of requests turned away at the service.
    Shed,
    /// A limit at each instance's door.
    RateLimit,
    /// No calls on an edge.
    OpenBreaker,
    /// One attempt a call.
    CutRetries,
    /// More attempts a call.
    AddRetries,
    /// Longer patience.
    RaiseTimeout,
    /// More connections.
    RaisePool,
    /// Random back-off.
    AddJitter,
    /// Waiting requests dropped.
    FlushQueue,
    /// A cache filled.
    WarmCache,
    /// Another primary.
    FailOver,
    /// A node emptied.
    CordonNode,
    /// A share of users turned away at the edge.
    ThrottleEntry,
    /// A person called.
    Page,
    /// Nothing, on purpose.
    Hold,
}

/// How far it reaches when it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blast {
    /// Nothing.
    Nobody,
    /// One of several instances.
    Instance,
    /// One caller's calls to one callee.
    Edge,
    /// All instances of a service.
    Service,
    /// Whoever has instances on the machine or in the zone.
    Machine,
    /// All users.
    Users,
}

impl Blast {
    /// Share of a service's harm that it can do.
    pub const fn reach(self) -> f64 {
        match self {
            Self::Nobody => 0.0,
            Self::Instance => 0.3,
            Self::Edge => 0.5,
            Self::Service => 1.0,
            Self::Machine => 1.5,
            Self::Users => 2.0,
        }
    }
}

/// How it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// Not at all: what was done is done, and leaves nothing behind.
    Never,
    /// By another action, if it made things worse.
    IfWorse,
    /// The same, and if it did nothing.
    IfUseless,
    /// The same, and when its service has been calm for some time: it costs as long as it stays.
    WhenCalm,
}

/// What is known of a kind of action before it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which.
    pub kind: Kind,
    /// Name in weights files and reports.
    pub name: &'static str,
    /// What must hold for it to be of use; checked by the envelope and the platform.
    pub needs: &'static str,
    /// What to expect.
    pub effect: &'static str,
    /// Seconds from the decision to the effect.
    pub takes_s: f64,
    /// What it costs even if all goes well, in horizons of a service that is out.
    pub cost: f64,
    /// Probability that it makes things worse.
    pub risk: f64,
    /// Whom that would reach.
    pub blast: Blast,
    /// How it is taken back.
    pub undo: Undo,
}

const fn entry(kind: Kind, name: &'static str, weights: (f64, f64, f64), blast: Blast, undo: Undo) -> Entry {
    let (takes_s, cost, risk) = weights;
    Entry { kind, name, needs: "", effect: "", takes_s, cost, risk, blast, undo }
}
impl Entry {
    const fn says(self, needs: &'static str, effect: &'static str) -> Self {
        Self { needs, effect, ..self }
    }
}

/// All kinds. Times: a second of control plane, five to start an instance, and a metric window to see it; a roll-out starts
/// at least twice.
pub const CATALOGUE: [Entry; 25] = [
    entry(Kind::ScaleOut, "scale_out", (10.0, INSTANCE_COST, 0.01), Blast::Service, Undo::WhenCalm)
        .says("room on the nodes, below replicas_max", "the same load on more instances"),
    entry(Kind::ScaleIn, "scale_in", (5.0, 0.0, 0.05), Blast::Service, Undo::IfWorse)
        .says("CPU low enough for fewer, more than declared", "capacity given back"),
    entry(Kind::Resize, "resize", (20.0, 0.03, 0.05), Blast::Service, Undo::IfWorse)
        .says("room on the nodes", "each instance works faster, those that a key is bound to as well"),
    entry(Kind::Restart, "restart", (15.0, 0.01, 0.05), Blast::Service, Undo::Never)
        .says("no other change under way", "what lived in the processes is gone: leaks, strays, hangs, broken state"),
    entry(Kind::Evict, "evict", (10.0, 0.02, 0.05), Blast::Instance, Undo::Never)
        .says("more ready instances than the disruption budget asks for", "one instance anew on another machine"),
    entry(Kind::MoveSlowest, "move_slowest", (12.0, 0.01, 0.03), Blast::Instance, Undo::Never)
        .says("room for one more", "the instance that callers wait for longest is replaced"),
    entry(Kind::RerouteEdge, "reroute_edge", (3.0, 0.01, 0.03), Blast::Edge, Undo::IfUseless)
        .says("a detour", "calls avoid the direct path, for the price of a longer one"),
    entry(Kind::DrainZone, "drain_zone", (3.0, 0.02, 0.05), Blast::Service, Undo::IfWorse)
        .says("enough ready instances in other zones", "no request is sent to the zone"),
    entry(Kind::RollBack, "roll_back", (10.0, 0.02, 0.08), Blast::Service, Undo::Never)
        .says("a change of version or configuration to take back", "what came with the last change is gone, good or bad"),
    entry(Kind::PauseRollOut, "pause_roll_out", (2.0, 0.01, 0.01), Blast::Service, Undo::IfUseless)
        .says("a roll-out under way", "no further instance gets the new version"),
    entry(Kind::Shed, "shed", (2.0, 0.02, 0.05), Blast::Service, Undo::WhenCalm)
        .says("more requests than it can answer", "the requests let in are answered in time"),
    entry(Kind::RateLimit, "rate_limit", (2.0, 0.02, 0.05), Blast::Service, Undo::WhenCalm)
        .says("more requests than it can answer", "each instance takes what it can finish"),
    entry(Kind::OpenBreaker, "open_breaker", (2.0, 0.15, 0.05), Blast::Edge, Undo::WhenCalm)
        .says("callers that can do without", "callers no longer wait, the callee gets room to recover"),
    entry(Kind::CutRetries, "cut_retries", (2.0, 0.02, 0.02), Blast::Edge, Undo::WhenCalm)
        .says("callers that try again", "a storm of retries ends"),
    entry(Kind::AddRetries, "add_retries", (2.0, 0.02, 0.05), Blast::Edge, Undo::WhenCalm)
        .says("several instances, callers that try seldom", "a call that one instance lost is answered by another"),
    entry(Kind::RaiseTimeout, "raise_timeout", (2.0, 0.02, 0.05), Blast::Edge, Undo::WhenCalm)
        .says("a callee that answers late but well", "answers are waited for instead of being asked for again"),
    entry(Kind::RaisePool, "raise_pool", (2.0, 0.01, 0.03), Blast::Edge, Undo::IfWorse)
        .says("a pool", "calls no longer wait for a connection"),
    entry(Kind::AddJitter, "add_jitter", (2.0, 0.0, 0.01), Blast::Edge, Undo::Never)
        .says("retries in step", "retries spread over time"),
    entry(Kind::FlushQueue, "flush_queue", (2.0, 0.02, 0.03), Blast::Service, Undo::Never)
        .says("requests that wait longer than their users", "what nobody waits for any more is not worked on"),
    entry(Kind::WarmCache, "warm_cache", (3.0, 0.01, 0.01), Blast::Service, Undo::Never)
        .says("a cache", "the most popular keys are there again, what stands behind it is asked less"),
    entry(Kind::FailOver, "fail_over", (8.0, 0.03, 0.10), Blast::Service, Undo::Never)
        .says("a database", "the ailing primary is restarted, another answers meanwhile"),
    entry(Kind::CordonNode, "cordon_node", (15.0, 0.03, 0.05), Blast::Machine, Undo::IfWorse)
        .says("room on other nodes, the disruption budget", "the service leaves the machine, nothing new comes to it"),
    entry(Kind::ThrottleEntry, "throttle_entry", (2.0, 0.0, 0.03), Blast::Users, Undo::WhenCalm)
        .says("more users than the system can serve", "those who are let in are served"),
    entry(Kind::Page, "page", (300.0, 0.3, 0.0), Blast::Nobody, Undo::Never)
        .says("somebody on call", "a person looks at it within minutes"),
    entry(Kind::Hold, "hold", (60.0, 0.0, 0.0), Blast::Nobody, Undo::Never).says("nothing", "what passes by itself passes"),
];

impl Kind {
    /// Its entry.
    pub fn entry(self) -> &'static Entry {
        // The table is in the order of the variants; a test holds it to that.
        &CATALOGUE[self as usize]
    }
    /// The kind that an action is of; `None` for those that only take another back.
    pub const fn of(action: Action) -> Option<Self> {
        Some(match action {
            Action::ScaleUp { .. } => Self::ScaleOut,
            Action::ScaleTo { .. } => Self::ScaleIn,
            Action::Resize { .. } => Self::Resize,
            Action::Restart { .. } => Self::Restart,
            Action::Evict { .. } => Self::Evict,
            Action::RerouteService { .. } => Self::MoveSlowest,
            Action::RerouteEdge { .. } => Self::RerouteEdge,
            Action::DrainZone { .. } => Self::DrainZone,
            Action::RollBack { .. } => Self::RollBack,
            Action::PauseRollOut { .. } => Self::PauseRollOut,
            Action::Shed { .. } => Self::Shed,
            Action::RateLimit { .. } => Self::RateLimit,
            Action::OpenBreaker { .. } => Self::OpenBreaker,
            Action::SetAttempts { attempts: 0 | 1, .. } => Self::CutRetries,
            Action::SetAttempts { .. } => Self::AddRetries,
            Action::SetTimeout { .. } => Self::RaiseTimeout,
            Action::SetPool { .. } => Self::RaisePool,
            Action::AddJitter { .. } => Self::AddJitter,
            Action::FlushQueue { .. } => Self::FlushQueue,
            Action::WarmCache { .. } => Self::WarmCache,
            Action::FailOver { .. } => Self::FailOver,
            Action::CordonNode { .. } => Self::CordonNode,
            Action::ThrottleEntry { .. } => Self::ThrottleEntry,
            Action::UndrainZone { .. }
            | Action::ResumeRollOut { .. }
            | Action::CloseBreaker { .. }
            | Action::UncordonNode { .. }
            | Action::RestoreEdge { .. } => return None,
        })
    }
}

impl Entry {
    /// What doing it is worth, if it removes the cause with probability `chance`, the harm is `harm` a horizon, and this
    /// time it costs `more` beside its usual cost.
    pub fn worth(&self, chance: f64, harm: f64, more: f64) -> Worth {
        let saved = harm * (1.0 - self.takes_s / HORIZON_S);
        Worth { chance, saved, cost: self.cost + more, risk: self.risk * self.blast.reach() }
    }
}

/// What an action with its amount costs beyond its kind's usual cost.
pub(super) fn extra_cost(wiring: &Wiring, action: Action) -> f64 {
    let is_stateful = wiring.keeps_state(action.service());
    match action {
        Action::ScaleUp { by, .. } => INSTANCE_COST * f64::from(by.saturating_sub(1)),
        Action::Restart { .. } | Action::FailOver { .. } | Action::Evict { .. } | Action::RollBack { .. } if is_stateful => {
            STATE_COST
        }
        Action::Shed { percent, .. } => REFUSAL_COST * f64::from(percent) / 100.0,
        Action::ThrottleEntry { percent, .. } => REFUSAL_COST * (1.0 - f64::from(percent.min(100)) / 100.0),
        _ => 0.0,
    }
}

/// The action that takes `action` back; `desired` is how many instances its service wanted before.
pub(super) fn undo(wiring: &Wiring, desired: Option<f64>, action: Action) -> Option<Action> {
    let declared = |from: ServiceId, to: ServiceId| wiring.terms(from, to);
    match action {
        Action::ScaleUp { service, .. } | Action::ScaleTo { service, .. } => {
            let replicas = desired.filter(|d| *d >= 1.0)? as u32;
            Some(Action::ScaleTo { service, replicas })
        }
        Action::Resize { service, .. } => Some(Action::Resize { service, cpu: wiring.get(service)?.cpu_limit }),
        Action::RerouteEdge { from, to } => Some(Action::RestoreEdge { from, to }),
        Action::DrainZone { service, zone } => Some(Action::UndrainZone { service, zone }),
        Action::PauseRollOut { service } => Some(Action::ResumeRollOut { service }),
        Action::Shed { service, .. } => Some(Action::Shed { service, percent: 0 }),
        Action::RateLimit { service, .. } => Some(Action::RateLimit { service, per_s: 0 }),
        Action::OpenBreaker { from, to } => Some(Action::CloseBreaker { from, to }),
        Action::SetAttempts { from, to, .. } => Some(Action::SetAttempts { from, to, attempts: declared(from, to)?.attempts }),
        Action::SetTimeout { from, to, .. } => Some(Action::SetTimeout { from, to, timeout: declared(from, to)?.timeout }),
        Action::SetPool { from, to, .. } => Some(Action::SetPool { from, to, size: declared(from, to)?.pool? }),
        Action::CordonNode { service, node } => Some(Action::UncordonNode { service, node }),
        Action::ThrottleEntry { entry, .. } => Some(Action::ThrottleEntry { entry, percent: 100 }),
        _ => None,
    }
}

/// How long a service must have been calm before a measure that costs is taken back: twice what a pattern that comes and
/// goes with a window takes, and short against the horizon.
pub(super) const CALM: SimDuration = SimDuration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Call, Service, Topology};
    use crate::units::Millicores;

    const A: ServiceId = ServiceId(0);
    const B: ServiceId = ServiceId(1);

    fn wiring() -> Wiring {
        let mut topology = Topology::default();
        topology.push(Service::named("a"));
        topology.push(Service::named("b"));
        topology.get_mut(A).expect("pushed").stages.push(vec![Call::to(B)]);
        Wiring::of(&topology)
    }

    #[test]
    fn every_kind_stands_at_its_place_and_says_what_it_needs_and_does() {
        for (place, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.kind as usize, place, "{entry:?}");
            assert!(!entry.needs.is_empty() && !entry.effect.is_empty());
            assert!((0.0..=1.0).contains(&entry.risk) && entry.cost >= 0.0 && entry.takes_s < HORIZON_S, "{entry:?}");
            let same = CATALOGUE.iter().filter(|other| other.name == entry.name).count();
            assert_eq!(same, 1, "{}", entry.name);
        }
    }

    #[test]
    fn what_can_be_taken_back_has_an_action_for_it_and_the_rest_has_none() {
        let actions = [
            Action::ScaleUp { service: B, by: 2 },
            Action::ScaleTo { service: B, replicas: 1 },
            Action::Resize { service: B, cpu: Millicores(900) },
            Action::Restart { service: B },
            Action::RerouteService { service: B },
            Action::RerouteEdge { from: A, to: B },
            Action::DrainZone { service: B, zone: 0 },
            Action::RollBack { service: B },
            Action::PauseRollOut { service: B },
            Action::Shed { service: B, percent: 20 },
            Action::RateLimit { service: B, per_s: 10 },
            Action::OpenBreaker { from: A, to: B },
            Action::SetAttempts { from: A, to: B, attempts: 1 },
            Action::SetTimeout { from: A, to: B, timeout: SimDuration::from_secs(2) },
            Action::AddJitter { from: A, to: B },
            Action::FlushQueue { service: B },
            Action::WarmCache { service: B },
            Action::FailOver { service: B },
            Action::CordonNode { service: B, node: 0 },
            Action::ThrottleEntry { entry: A, percent: 50 },
        ];
        let wiring = wiring();
        for action in actions {
            let kind = Kind::of(action).expect("in the catalogue");
            let undo = undo(&wiring, Some(1.0), action);
            assert_eq!(undo.is_some(), kind.entry().undo != Undo::Never, "{action:?}");
            assert!(undo.is_none_or(|back| back.service() == action.service()));
        }
        let back = undo(&wiring, None, Action::SetAttempts { from: A, to: B, attempts: 1 });
        assert_eq!(back, Some(Action::SetAttempts { from: A, to: B, attempts: 2 }), "what was declared");
    }

    #[test]
    fn worth_is_what_is_saved_less_cost_and_risk() {
        let worth = Kind::Restart.entry().worth(0.8, 1.0, 0.0);
        assert!((worth.score() - (0.8 * (1.0 - 15.0 / 600.0) - 0.01 - 0.05)).abs() < 1e-12);
        assert!(Kind::Page.entry().worth(0.9, 0.3, 0.0).score() < 0.0, "nobody is called for a little harm");
        assert!(Kind::Page.entry().worth(0.9, 1.0, 0.0).score() > 0.0);
    }
}
