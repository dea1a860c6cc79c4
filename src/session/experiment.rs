//! A whole run as a text: what was started, with which seed, what was done and when. Whoever opens it has the same run, bit by
//! bit, up to the same moment.
//!
//! As a file it is JSON that can be read; as part of a link it is the same, deflated (RFC 1951) and written in base64's
//! alphabet for addresses (RFC 4648, section 5).

use super::{Journal, Timeline};
use crate::scenario::Scenario;
use crate::scenario::file;
use crate::scenario::file::RunDefaults;
use crate::units::SimTime;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version that is written, and read.
const VERSION: u32 = 1;
/// The key that tells such a file, with its version.
const KEY: &str = "\"sickbay_run\"";
/// Longest text that is unpacked, in bytes: a link of some kB can hold gigabytes of nothing.
const UNPACKED_MAX: usize = 16 << 20;
/// Effort of deflating, 0 to 10: it is done once, for people.
const EFFORT: u8 = 9;
/// Longest run that is played again, s: two days.
const UNTIL_S_MAX: u64 = 172_800;

/// Why a run cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExperimentError {
    /// The text or the link is cut off or not one of ours.
    #[error("E0501 this is no run of Sickbay, or it was cut off on its way ({0}): copy the whole link, or send the file")]
    Unreadable(String),
    /// A newer version wrote it.
    #[error("E0502 this run was saved by a newer Sickbay (format {0}; this one reads {VERSION}): reload the page for the newest")]
    Newer(u32),
    /// The system in it cannot be run.
    #[error("E0503 the system in this run cannot be opened: {0}")]
    Scenario(String),
    /// What was done is not in order of time, or too late.
    #[error("E0504 this run's list of commands is not in order, or longer than {} hours", UNTIL_S_MAX / 3_600)]
    Disorder,
}

/// A run to be played again.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// What was started.
    pub scenario: Scenario,
    /// The seed.
    pub seed: u64,
    /// What was done.
    pub journal: Journal,
    /// The present.
    pub end: SimTime,
    /// The run's digest at the present, if that was reached.
    pub digest: Option<u64>,
}

/// How it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    sickbay_run: u32,
    seed: u64,
    until_ns: u64,
    /// Hexadecimal: JSON's numbers end at 2^53 for many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    journal: Journal,
    scenario: String,
}

/// Only the version, so that a newer file is told from a broken one.
#[derive(Deserialize)]
struct Version {
    sickbay_run: u32,
}

impl Experiment {
    /// The run up to its present, wherever it is looked at.
    pub fn of(timeline: &Timeline) -> Self {
        let furthest = timeline.furthest();
        let is_reached = furthest.now() == timeline.end();
        Self {
            scenario: furthest.scenario().clone(),
            seed: furthest.seed(),
            journal: timeline.journal().clone(),
            end: timeline.end(),
            digest: is_reached.then(|| furthest.digest()),
        }
    }
    /// Whether a text means to be a run.
    pub fn is_one(text: &str) -> bool {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        start.starts_with('{') && start[1..].trim_start().starts_with(KEY)
    }
    /// The run as a file.
    pub fn to_text(&self) -> String {
        // Numbers, texts and lists of them can always be written.
        serde_json::to_string_pretty(&self.written()).unwrap_or_default() + "\n"
    }
    fn written(&self) -> Written {
        Written {
            sickbay_run: VERSION,
            seed: self.seed,
            until_ns: self.end.as_nanos(),
            digest: self.digest.map(|digest| format!("{digest:016x}")),
            journal: self.journal.clone(),
            scenario: file::write(&self.scenario, &RunDefaults::default()),
        }
    }
    /// Reads a file.
    ///
    /// # Errors
    /// [`ExperimentError`]; nothing of it is run.
    pub fn read(text: &str) -> Result<Self, ExperimentError> {
        let text = text.trim_start_matches('\u{feff}');
        let unreadable = |error: serde_json::Error| ExperimentError::Unreadable(error.to_string());
        let version: Version = serde_json::from_str(text).map_err(unreadable)?;
        if version.sickbay_run > VERSION {
            return Err(ExperimentError::Newer(version.sickbay_run));
        }
        let written: Written = serde_json::from_str(text).map_err(unreadable)?;
        let end = SimTime::from_nanos(written.until_ns);
        let is_ordered = written.journal.is_sorted_by_key(|(at, _)| *at);
        let is_within = written.journal.last().is_none_or(|(at, _)| *at <= end) && end <= SimTime::from_secs(UNTIL_S_MAX);
        if !is_ordered || !is_within {
            return Err(ExperimentError::Disorder);
        }
        let loaded = file::read_named("the run's scenario", &written.scenario).map_err(|problems| {
            let first = problems.first().map_or_else(String::new, |p| format!("{}: {}", p.place, p.message));
            ExperimentError::Scenario(first)
        })?;
        let digest = written.digest.and_then(|digits| u64::from_str_radix(&digits, 16).ok());
        Ok(Self { scenario: loaded.scenario, seed: written.seed, journal: written.journal, end, digest })
    }
    /// The run as a part of a link.
    pub fn packed(&self) -> String {
        let short = serde_json::to_string(&self.written()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(miniz_oxide::deflate::compress_to_vec(short.as_bytes(), EFFORT))
    }
    /// Reads the part of a link.
    ///
    /// # Errors
    /// [`ExperimentError`]; nothing of it is run.
    pub fn unpack(packed: &str) -> Result<Self, ExperimentError> {
        let unreadable = |error: String| ExperimentError::Unreadable(error);
        let deflated = URL_SAFE_NO_PAD.decode(packed.trim().trim_end_matches('=')).map_err(|e| unreadable(e.to_string()))?;
        let bytes =
            miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, UNPACKED_MAX).map_err(|e| unreadable(e.to_string()))?;
        Self::read(&String::from_utf8(bytes).map_err(|e| unreadable(e.to_string()))?)
    }
    /// A timeline that plays it again.
    pub fn timeline(self) -> Timeline {
        Timeline::replay(self.scenario, self.seed, self.journal, self.end)
    }
}
