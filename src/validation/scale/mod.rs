//! The scale model against the full run: what a model in which one replica stands for `w` keeps, and what it cannot.
//!
//! Each system is run in full and as its model, with several seeds; expected is what the full run measured. Where a model
//! cannot agree (fewer instances pool less), the row says so and shows by how much it is off: it is [`Agreement::NotKept`],
//! never left out. A model's run is longer by the scale where the system is steady, so that both count as many requests.

mod play;
mod systems;

use crate::validation::reference::mean_interval;
use serde::Serialize;
use std::fmt::Write;

pub use systems::{SYSTEMS, System};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// CPU used over CPU there is, of the watched service.
    Utilisation,
    /// Share of the users' requests that ended well.
    Goodput,
    /// Attempts at the watched service for each user's request.
    Attempts,
    /// Mean latency of the users' requests that ended, in ms.
    Mean,
    /// Median of the same.
    P50,
    /// 99th percentile of the same.
    P99,
}

impl Quantity {
    /// In words, with its unit.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Utilisation => "CPU use",
            Self::Goodput => "share of users served well",
            Self::Attempts => "attempts per user",
            Self::Mean => "mean latency, ms",
            Self::P50 => "median latency, ms",
            Self::P99 => "p99 latency, ms",
        }
    }
}

/// How near the model must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Near {
    /// Within this share of the full run's value.
    Share(f64),
    /// Within this amount.
    Amount(f64),
    /// It cannot be: the row only shows how far off it is.
    Not(&'static str),
}

/// What came of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Near enough.
    Agrees,
    /// Too far off.
    Differs,
    /// A model does not keep this; not judged.
    NotKept,
}

impl Agreement {
    /// `PASS`, `FAIL` or `NOT KEPT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agrees => "PASS",
            Self::Differs => "FAIL",
            Self::NotKept => "NOT KEPT",
        }
    }
}

/// One quantity of one system: the full run's and the model's.
#[derive(Clone, Debug, Serialize)]
pub struct ScaleRow {
    /// The system's name in commands.
    pub system: &'static str,
    /// How many replicas one of the model's stands for.
    pub scale: u32,
    /// What is compared.
    pub quantity: Quantity,
    /// The full run's mean over seeds: what is expected.
    pub full: f64,
    /// Half the width of its 95 % interval, from three seeds on.
    pub full_half_width: Option<f64>,
    /// The model's mean over seeds.
    pub model: f64,
    /// Half the width of its 95 % interval, from three seeds on.
    pub model_half_width: Option<f64>,
    /// How far off it may be, in the quantity's unit; `None` if it is not judged.
    pub allowed: Option<f64>,
    /// Near enough or not.
    pub agreement: Agreement,
    /// Why it is not kept; empty otherwise.
    pub note: &'static str,
}

impl ScaleRow {
    /// How far the model is off, as a share of the full run's value.
    pub fn off(&self) -> f64 {
        if self.full == 0.0 { self.model } else { self.model / self.full - 1.0 }
    }
    /// One line of text.
    pub fn line(&self) -> String {
        let value = |v: f64, half: Option<f64>| half.map_or(format!("{v:.4}"), |half| format!("{v:.4} ±{half:.4}"));
        let allowed = self.allowed.map_or("-".to_owned(), |a| format!("±{a:.4}"));
        let mut line = format!(
            "{:<9}{:<16}{:<28}full {:<18} 1:{} {:<18} {:>+6.1} %  allowed {allowed:<9}",
            self.agreement.name(),
            self.system,
            self.quantity.words(),
            value(self.full, self.full_half_width),
            self.scale,
            value(self.model, self.model_half_width),
            self.off() * 100.0,
        );
        if !self.note.is_empty() {
            let _ = write!(line, " {}", self.note);
        }
        line.trim_end().to_owned()
    }
}

/// How thorough a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// One seed and a fifth of the time: for tests.
    Quick,
    /// Five seeds.
    Full,
}

/// Compares one system's model with its full run.
pub fn compare(system: &System, care: Care) -> Vec<ScaleRow> {
    let seeds = if care == Care::Quick { 1..=1 } else { 1..=5 };
    let full: Vec<play::Outcome> = seeds.clone().map(|seed| play::play(system, 1, seed, care)).collect();
    let model: Vec<play::Outcome> = seeds.map(|seed| play::play(system, system.scale, seed, care)).collect();
    let row = |(quantity, near): &(Quantity, Near)| {
        let of = |outcomes: &[play::Outcome]| mean_interval(&outcomes.iter().map(|o| o.of(*quantity)).collect::<Vec<f64>>());
        row_of(system, *quantity, *near, of(&full), of(&model))
    };
    system.expects.iter().map(row).collect()
}

type Mean = (f64, Option<f64>);

fn row_of(system: &System, quantity: Quantity, near: Near, full: Mean, model: Mean) -> ScaleRow {
    let (allowed, note) = match near {
        Near::Share(share) => (Some(share * full.0.abs()), ""),
        Near::Amount(amount) => (Some(amount), ""),
        Near::Not(why) => (None, why),
    };
    let agreement = match allowed {
        None => Agreement::NotKept,
        Some(allowed) if (model.0 - full.0).abs() <= allowed => Agreement::Agrees,
        Some(_) => Agreement::Differs,
    };
    ScaleRow {
        system: system.name,
        scale: system.scale,
        quantity,
        full: full.0,
        full_half_width: full.1,
        model: model.0,
        model_half_width: model.1,
        allowed,
        agreement,
        note,
    }
}
