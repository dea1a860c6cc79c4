//! How a scenario wants to be run, unless the one who runs it says otherwise.

use super::form::{Case, Fields};
use super::scalars::SOME_TIME;
use crate::units::{SimDuration, SimTime};

/// Who decides about healing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// The rules.
    Rules,
    /// The rules, corrected by what came of earlier tries.
    Bandit,
    /// The seed system's four fixed rules.
    Seed,
    /// Probes, restarts and autoscalers of the cluster itself.
    Kubernetes,
    /// Nobody.
    None,
}

impl PolicyChoice {
    /// Name in files and commands: `rules`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Bandit => "bandit",
            Self::Seed => "seed",
            Self::Kubernetes => "kubernetes",
            Self::None => "none",
        }
    }
}

/// Where the heal dial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealDial {
    /// Watches only.
    Off,
    /// Says what it would do.
    Advise,
    /// Asks before it acts.
    Ask,
    /// Acts.
    Auto,
}

impl HealDial {
    /// Name in files and commands: `auto`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Advise => "advise",
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }
}

/// How to run a scenario; whatever is `None` is for the one who runs it to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunDefaults {
    /// Seed of all chance.
    pub seed: Option<u64>,
    /// End of the run, up to a week.
    pub until: Option<SimTime>,
    /// Healing policy.
    pub policy: Option<PolicyChoice>,
    /// Heal dial.
    pub heal: Option<HealDial>,
}

const POLICIES: [Case<PolicyChoice>; 5] = [
    Case::word("rules", PolicyChoice::Rules),
    Case::word("bandit", PolicyChoice::Bandit),
    Case::word("seed", PolicyChoice::Seed),
    Case::word("kubernetes", PolicyChoice::Kubernetes),
    Case::word("none", PolicyChoice::None),
];
const DIALS: [Case<HealDial>; 4] = [
    Case::word("off", HealDial::Off),
    Case::word("advise", HealDial::Advise),
    Case::word("ask", HealDial::Ask),
    Case::word("auto", HealDial::Auto),
];

/// The fields, at the top of a file. Nothing is written of what is `None`.
pub(super) fn run_defaults(f: &mut Fields<'_, '_>, run: &mut RunDefaults) {
    let RunDefaults { seed, until, policy, heal } = run;
    let is_writing = f.is_writing();
    let is_closed = |is_set: bool| is_writing && !is_set;
    f.at("seed").unless(is_closed(seed.is_some())).maybe(seed, 0, |slot, seed| slot.count(seed, 0..=u64::MAX));
    let mut end = until.map(|end| end.since(SimTime::ZERO));
    let week = SimDuration::ZERO;
    f.at("until").unless(is_closed(end.is_some())).maybe(&mut end, week, |slot, end| slot.time(end, SOME_TIME));
    *until = end.map(|end| SimTime::ZERO + end);
    choice(f, "policy", policy, &POLICIES);
    choice(f, "heal", heal, &DIALS);
}

fn choice<T: Clone>(f: &mut Fields<'_, '_>, key: &'static str, value: &mut Option<T>, cases: &[Case<T>]) {
    let is_open = if f.is_writing() { value.is_some() } else { f.has(key) };
    let Some(mut own) = value.clone().or_else(|| cases.first().map(Case::usual)) else { return };
    f.at(key).unless(!is_open).cases(&mut own, cases);
    if is_open {
        *value = Some(own);
    }
}
