//! Published incidents as patterns: a scenario each, the signature that its source reports, and what the engine does.
//!
//! A pattern's parameters are those of its source. Whatever the source does not say is written down as [`Chosen`], with how
//! it was chosen, and [`sensitivity`] shows how the signature fares when it is halved and doubled. Nothing is tuned until a
//! number appears: a pattern that does not come out stays in the list as such, with the reason ([`Status`]).
//!
//! Runs are plays of the engine without a healer, recorded second by second; every measured value is read off such a
//! recording. The longest run is [`UNTIL_MAX`].

mod lab;
mod list;
mod patterns;
mod play;
mod record;
mod report;
mod row;
mod trace;
mod window;

pub use list::{PATTERNS, pattern};
pub use record::Record;
pub use report::{sensitivity_text, signature_text};
pub use row::{Expected, Row};

use crate::scenario::Scenario;
use crate::scenario::presets::incidents::{INCIDENTS, Incident};
use crate::units::SimTime;
use lab::Lab;

/// Longest run of a pattern.
pub const UNTIL_MAX: SimTime = SimTime::from_secs(4_000);
/// The seed of the published numbers.
pub const SEED: u64 = 42;

/// Whether a pattern's signature comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of it.
    Reproduced,
    /// As far as the engine has the mechanisms; says what is missing.
    Partly(&'static str),
}

/// A parameter that the source does not give.
#[derive(Clone, Copy)]
pub struct Chosen {
    /// Which one, and its value.
    pub what: &'static str,
    /// How it was chosen.
    pub why: &'static str,
    /// Multiplies it in a scenario, for the sensitivity; `None` if that makes no sense.
    scale: Option<fn(&mut Scenario, f64)>,
}

/// An incident pattern.
#[derive(Clone, Copy)]
pub struct Pattern {
    /// 1 to 20.
    pub number: u8,
    /// Where it was published.
    pub source: &'static str,
    /// Whether it comes out.
    pub status: Status,
    /// What the source does not say.
    pub chosen: &'static [Chosen],
    /// Further scenario files besides the preset's, for variants that another source gives.
    more: &'static [&'static str],
    /// Seconds in one line of the report.
    step_s: usize,
    measure: fn(&Lab) -> Vec<Row>,
}

/// How a signature fares when one parameter is changed.
#[derive(Clone, Debug)]
pub struct Sensitivity {
    /// Which parameter.
    pub what: &'static str,
    /// By what it was multiplied.
    pub factor: f64,
    /// The rows then.
    pub rows: Vec<Row>,
}

impl Pattern {
    /// `P01`.
    pub fn id(&self) -> String {
        format!("P{:02}", self.number)
    }
    /// Name of the preset: `p01-retry-storm`.
    pub fn name(&self) -> &'static str {
        self.incident().preset.name
    }
    /// Title for people.
    pub fn title(&self) -> &'static str {
        self.incident().preset.title
    }
    /// What to watch, in a sentence.
    pub fn watch(&self) -> &'static str {
        self.incident().preset.summary
    }
    /// Text of the scenario file that is the preset.
    pub fn scenario_text(&self) -> &'static str {
        self.incident().text
    }
    fn incident(&self) -> &'static Incident {
        let is_mine = |incident: &&Incident| incident.preset.name.starts_with(&format!("p{:02}-", self.number));
        INCIDENTS.iter().find(is_mine).unwrap_or(&INCIDENTS[0])
    }
}

/// Measures a pattern's signature.
pub fn measure(pattern: &Pattern, seed: u64) -> Vec<Row> {
    (pattern.measure)(&Lab::new(pattern, seed, None))
}

/// The story of the pattern's preset, as a table.
pub fn trace(pattern: &Pattern, seed: u64) -> String {
    trace::table(&Lab::new(pattern, seed, None).preset(), pattern.step_s)
}

/// Measures a pattern's signature with each chosen parameter halved and doubled.
pub fn sensitivity(pattern: &Pattern, seed: u64) -> Vec<Sensitivity> {
    let mut found = Vec::new();
    for chosen in pattern.chosen {
        let Some(scale) = chosen.scale else { continue };
        for factor in [0.5, 2.0] {
            let rows = (pattern.measure)(&Lab::new(pattern, seed, Some((scale, factor))));
            found.push(Sensitivity { what: chosen.what, factor, rows });
        }
    }
    found
}
