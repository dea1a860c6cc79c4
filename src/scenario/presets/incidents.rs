//! The incident patterns as presets. Each is a scenario file with its signature and report beside it (`tests/scenarios`);
//! what is measured of it is in `validation::incidents`.

use super::{Group, Preset};

/// A pattern's preset and its file.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// Name, title, and what to watch.
    pub preset: Preset,
    /// Text of the scenario file.
    pub text: &'static str,
}

macro_rules! incident {
    ($name:literal, $directory:literal, $title:literal, $watch:literal) => {
        Incident {
            preset: Preset { name: $name, title: $title, summary: $watch, group: Group::Incidents },
            text: include_str!(concat!("../../../tests/scenarios/", $directory, "/scenario.yaml")),
        }
    };
}

/// All patterns, P01 first.
pub const INCIDENTS: &[Incident] = &[
    incident!(
        "p01-retry-storm",
        "p01_retry_storm",
        "P01 Retry storm",
        "a ten-second burst fills a queue, and retries keep it full until the repair at 1:40"
    ),
    incident!(
        "p02-retries-at-every-layer",
        "p02_retries_at_every_layer",
        "P02 Retries at every layer",
        "five layers of three tries each: when the database fails at 0:30, its load grows 243-fold"
    ),
    incident!(
        "p10-goodput-collapse",
        "p10_goodput_collapse",
        "P10 Goodput collapse",
        "after a burst the server is busy with answers that nobody waits for: full throughput, no goodput"
    ),
    incident!(
        "p16-queue-backlog",
        "p16_queue_backlog",
        "P16 Queue backlog",
        "two minutes of standstill at 10 % headroom take twenty to work off: watch the queue, not the errors"
    ),
];
