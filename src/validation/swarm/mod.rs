//! Laws that hold for any system, tried on random ones.
//!
//! A seed draws which mechanisms are on (swarm testing: a random subset finds more than everything at once, Groce et al.,
//! ISSTA 2012), then a system that uses them, then what befalls it. Each law is a function of the seed that says what
//! broke; [`replay`] is the command that shows it again.

mod blows;
mod exact;
mod generate;
mod laws;

pub(in crate::validation) use generate::Dice;
pub use generate::System;

/// A law and its name in commands.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// Name in commands: `conserved`.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    check: fn(u64) -> Result<(), String>,
}

impl Law {
    /// Tries the law on the system of `seed`.
    ///
    /// # Errors
    /// What broke, in words.
    pub fn check(&self, seed: u64) -> Result<(), String> {
        (self.check)(seed)
    }
}

/// All laws.
pub const LAWS: &[Law] = &[
    Law {
        name: "conserved",
        says: "whatever breaks, is changed or acted upon: arrived = completed + failed + rejected + in flight, and every request \
               is in one place",
        check: laws::conserved,
    },
    Law {
        name: "little",
        says: "from empty to empty, the integral of the users inside is the sum of their times (Little's law, exact)",
        check: exact::little,
    },
    Law {
        name: "utilisation",
        says: "CPU time used is the sum of the demands of the requests served (U = X S)",
        check: exact::utilisation,
    },
    Law {
        name: "time_scaling",
        says: "with all times doubled and all rates halved, the same things happen in twice the time",
        check: exact::time_scaling,
    },
    Law {
        name: "wrong_service",
        says: "healing one service leaves another that it has nothing to do with exactly as it was",
        check: laws::wrong_service,
    },
    Law {
        name: "no_change_without_event",
        says: "between two happenings no gauge moves, and a count of instances, restarts or replicas moves only with an event",
        check: laws::no_change_without_event,
    },
    Law {
        name: "watching_changes_nothing",
        says: "a run is the same watched or not, in one piece or in slices, forked or not",
        check: laws::watching_changes_nothing,
    },
    Law {
        name: "returns_or_says_why",
        says: "with all faults lifted, users are served as before, or what sustains the failure is measured: work repeated or \
               wasted, processes down, a cache cold",
        check: laws::returns_or_says_why,
    },
];

/// The command that shows what broke.
pub fn replay(law: &str, seed: u64) -> String {
    format!("cargo run -- swarm --law {law} --seed {seed}")
}

/// The law called `name`.
pub fn law(name: &str) -> Option<&'static Law> {
    LAWS.iter().find(|l| l.name == name)
}
