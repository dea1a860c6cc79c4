//! What the healer is held to: every threshold, time and bound, with its unit and its reason. A policy is chosen by
//! name; the three differ in how they decide, not in what they see.

use crate::telemetry::Metric;
use serde::{Deserialize, Serialize};

/// Two thresholds of one metric, in its unit; `degraded < critical`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// At or above: Degraded.
    pub degraded: f64,
    /// At or above: Critical.
    pub critical: f64,
}

/// The thresholds of the four health metrics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// CPU used, share of the limit.
    pub cpu: Band,
    /// Memory used, share of the limit.
    pub memory: Band,
    /// Share of requests that fail.
    pub error_ratio: Band,
    /// 95th percentile of latency, ms.
    pub latency_ms: Band,
}

impl Thresholds {
    /// The metrics that have thresholds, in the order in which reasons are listed.
    pub const METRICS: [Metric; 4] = [Metric::CpuUtilisation, Metric::MemoryUtilisation, Metric::ErrorRatio, Metric::LatencyP95];

    /// The thresholds of `metric`, if it has any.
    pub const fn of(&self, metric: Metric) -> Option<Band> {
        match metric {
            Metric::CpuUtilisation => Some(self.cpu),
            Metric::MemoryUtilisation => Some(self.memory),
            Metric::ErrorRatio => Some(self.error_ratio),
            Metric::LatencyP95 => Some(self.latency_ms),
            _ => None,
        }
    }
}

impl Default for Thresholds {
    /// The seed's: CPU 70/85 %, memory 65/80 %, errors 2/5 %, latency 100/150 ms.
    fn default() -> Self {
        Self {
            cpu: Band { degraded: 0.70, critical: 0.85 },
            memory: Band { degraded: 0.65, critical: 0.80 },
            error_ratio: Band { degraded: 0.02, critical: 0.05 },
            latency_ms: Band { degraded: 100.0, critical: 150.0 },
        }
    }
}

/// How a policy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSet {
    /// Scores candidates on evidence, forecasts and what was tried.
    Rules,
    /// The same, with chances corrected by what came of earlier tries.
    Bandit,
    /// The seed's literal table.
    Seed,
    /// Leaves it to the cluster's own controllers: probes with restarts, and autoscalers. Never decides by itself.
    Kubernetes,
    /// Never decides.
    None,
}

/// A healing policy: a rule set and the numbers it works with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// One of [`Policy::NAMES`].
    pub name: String,
    /// How it decides.
    pub rule_set: RuleSet,
    /// When a service is Degraded or Critical.
    pub thresholds: Thresholds,
    /// Scrapes of the last five that must be over a threshold before it counts. Three of five: one bad 5 s window
    /// touches five scrapes but a spike shorter than three never alarms.
    pub enter_scrapes: u32,
    /// A threshold is left below this share of it: values that sit on the line do not flap.
    pub exit_ratio: f64,
    /// Scrapes in a row below the exit line before it is left: one metric window.
    pub exit_scrapes: u32,
    /// Scrapes in a row without a ready instance before that is Critical: one could be a scrape between two states.
    pub unready_scrapes: u32,
    /// Seconds a service may take to its first ready instance; the start-up objective is 5 s, nodes may be full.
    pub first_ready_s: u64,
    /// Restarts within [`Policy::RESTART_WINDOW_S`] that make a crash loop (kubelet shows `CrashLoopBackOff` at about as many).
    pub crash_loop_restarts: u32,
    /// Seconds ahead that forecasts look: an action needs 5 s to start instances and 10 s to settle, doubled.
    pub horizon_s: f64,
    /// Probability of a breach within the horizon that may trigger an action before anything is broken.
    pub act_probability: f64,
    /// Scrapes in a row with the same diagnosis before deciding on it.
    pub patience_scrapes: u32,
    /// The same for services that are only Degraded: less harm in waiting, more chance that it passes.
    pub degraded_scrapes: u32,
    /// Seconds after an action's end before the next one on the same service: a window to fill and one to look.
    pub cooldown_s: u64,
    /// Most actions started within [`Policy::ACTION_WINDOW_S`], all services together: a healer that needs more is
    /// chasing symptoms, and every action costs capacity.
    pub actions_max: usize,
    /// Seconds a person has to object in `Ask`.
    pub approval_s: u64,
    /// Seconds after an action's end before its effect is judged: the metric window (5 s) plus slack.
    pub settle_s: u64,
    /// Seconds after an action's end until which an effect may still show: twice the settling time and a half.
    pub watch_s: u64,
}

impl Policy {
    /// All names that [`Policy::named`] knows.
    pub const NAMES: [&'static str; 5] = ["rules", "bandit", "seed", "kubernetes", "none"];
    /// Seconds over which restarts are counted: kubelet's back-off reaches 40 s after three.
    pub const RESTART_WINDOW_S: u64 = 60;
    /// Seconds over which actions are counted.
    pub const ACTION_WINDOW_S: u64 = 60;

    /// The policy called `name`, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        let rule_set = match name {
            "rules" => RuleSet::Rules,
            "bandit" => RuleSet::Bandit,
            "seed" => RuleSet::Seed,
            "kubernetes" => RuleSet::Kubernetes,
            "none" => RuleSet::None,
            _ => return None,
        };
        Some(Self { name: name.to_owned(), rule_set, ..Self::default() })
    }
}

impl Default for Policy {
    /// The policy `rules`.
    fn default() -> Self {
        Self {
            name: "rules".to_owned(),
            rule_set: RuleSet::Rules,
            thresholds: Thresholds::default(),
            enter_scrapes: 3,
            exit_ratio: 0.9,
            exit_scrapes: 5,
            unready_scrapes: 2,
            first_ready_s: 30,
            crash_loop_restarts: 3,
            horizon_s: 30.0,
            act_probability: 0.8,
            patience_scrapes: 3,
            degraded_scrapes: 10,
            cooldown_s: 15,
            actions_max: 8,
            approval_s: 8,
            settle_s: 7,
            watch_s: 18,
        }
    }
}
