//! `headless detect`: the streaming detectors over recorded series, and how good they are.
//!
//! ```text
//! headless detect --nab DIR [--out OUT] [--range-known] [--score]
//! ```

mod files;
mod nab;
mod table;

use crate::Failure;
use crate::arguments::{Arguments, Usage};

/// Runs them.
pub fn detect(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &["--nab", "--out"], &["--range-known", "--score"]).map_err(Failure::Usage)?;
    let usage = |text: &str| Err(Failure::Usage(Usage(text.into())));
    if let Some(word) = arguments.words.first() {
        return usage(&format!("detect takes no '{word}'"));
    }
    let (out, is_scored) = (arguments.values("--out").last(), arguments.has("--score"));
    if out.is_none() && !is_scored {
        return usage("detect needs --out OUT (scores as files), --score (how good they are), or both");
    }
    match arguments.values("--nab").last() {
        Some(directory) => nab::run(directory, out, arguments.has("--range-known"), is_scored),
        None => usage("detect needs --nab DIR"),
    }
}
