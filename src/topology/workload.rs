//! How users come. Open loop and closed loop differ in kind: in an open loop users come however slow the answers are, so
//! only an open loop can collapse altogether; a closed loop slows down with the system.

use super::client::Balancing;
use super::distribution::Distribution;
use crate::units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// The process by which users' requests arrive at an entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Independent users: exponential gaps.
    #[default]
    Poisson,
    /// Equal gaps.
    Regular,
    /// Independent gaps with this squared coefficient of variation ([`super::Shape::Scv`]).
    Renewal(f64),
    /// Poisson whose rate switches between two levels (MMPP(2)): `rates` are multiples of the entry rate, `leave` the
    /// rates at which each level is left, per second.
    Mmpp {
        /// Multiples of the entry rate in the two levels.
        rates: [f64; 2],
        /// Switches per second out of each level.
        leave: [f64; 2],
    },
    /// A closed loop: `users` users, each thinking for a while after each answer. The entry rate is not used.
    Closed {
        /// How many users.
        users: u32,
        /// Time between an answer and the user's next request.
        think: Distribution,
    },
    /// Sessions: users come by the entry rate (Poisson), make `requests` requests each with think times between, and leave
    /// in anger after `failures_max` failures in a row.
    Sessions {
        /// Requests of one session, 1..=10,000.
        requests: u32,
        /// Time between an answer and the next request.
        think: Distribution,
        /// Failures in a row after which a user leaves.
        failures_max: u32,
    },
}

/// One change of the entry rate: it moves linearly to `factor` times the base within `ramp`, and stays there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateChange {
    /// When it begins.
    pub at: SimTime,
    /// How long the way takes; 0 is a step.
    pub ramp: SimDuration,
    /// Multiple of the base rate afterwards, 0..=1,000.
    pub factor: f64,
}

/// How the users of one entry come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// The process.
    pub arrivals: Arrivals,
    /// Daily swing: the rate is multiplied by 1 + amplitude sin(2 pi t / period); amplitude 0..1.
    pub swing: f64,
    /// Period of the swing; 24 h if zero.
    pub swing_period: SimDuration,
    /// Planned changes of the rate, by time (a recorded trace is a list of steps). At most 10,000.
    pub changes: Vec<RateChange>,
    /// A user has no more use for an answer after this long: drawn per request; `None` waits for ever. The deadline is
    /// handed on to the entry service.
    pub patience: Option<Distribution>,
    /// How the balancer in front of the entry chooses an instance.
    pub balancing: Balancing,
}
