//! What an action comes to for the service that it is done to. To a person who said no, two actions that come to the same are
//! one proposal: taking the slowest instance out of a service that has one is a restart of it.

use super::ledger::family;
use crate::ids::ServiceId;
use crate::platform::Action;

/// What is changed, whatever the way there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Effect {
    /// Every instance is replaced by one of the same kind.
    ReplaceAll(ServiceId),
    /// One of several instances is.
    ReplaceOne(ServiceId),
    /// Some requests are turned away at it.
    TurnAway(ServiceId),
    /// What no other action comes to.
    Only(Action),
}

impl Effect {
    /// What `action` comes to if its service has one instance at most (`is_single`), or several.
    pub const fn of(action: Action, is_single: bool) -> Self {
        match action {
            Action::Restart { service } => Self::ReplaceAll(service),
            Action::RerouteService { service } | Action::Evict { service, .. } if is_single => Self::ReplaceAll(service),
            Action::RerouteService { service } | Action::Evict { service, .. } => Self::ReplaceOne(service),
            Action::Shed { service, .. } | Action::RateLimit { service, .. } | Action::ThrottleEntry { entry: service, .. } => {
                Self::TurnAway(service)
            }
            other => Self::Only(family(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::InstanceId;

    const A: ServiceId = ServiceId(0);
    const B: ServiceId = ServiceId(1);

    #[test]
    fn moving_the_only_instance_is_a_restart_and_moving_one_of_several_is_not() {
        let (restart, slowest) = (Action::Restart { service: A }, Action::RerouteService { service: A });
        assert_eq!(Effect::of(restart, true), Effect::of(slowest, true));
        assert_ne!(Effect::of(restart, false), Effect::of(slowest, false));
        assert_ne!(Effect::of(restart, true), Effect::of(Action::RerouteService { service: B }, true));
        let evict = Action::Evict { service: A, instance: InstanceId(3) };
        assert_eq!(Effect::of(evict, false), Effect::of(slowest, false));
    }

    #[test]
    fn turning_requests_away_is_one_effect_and_more_instances_another() {
        let (shed, limit) = (Action::Shed { service: A, percent: 20 }, Action::RateLimit { service: A, per_s: 9 });
        assert_eq!(Effect::of(shed, false), Effect::of(limit, false));
        let more = |by| Effect::of(Action::ScaleUp { service: A, by }, false);
        assert_eq!(more(1), more(3), "whatever the amount");
        assert_ne!(more(1), Effect::of(shed, false));
    }
}
