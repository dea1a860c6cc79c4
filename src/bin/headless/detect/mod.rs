//! `headless detect`: the streaming detectors over recorded series and in the running pipeline, and how good they are.
//!
//! ```text
//! headless detect --nab DIR [--out OUT] [--range-known] [--score]
//! headless detect --multivariate DIR [--out OUT] [--score]
//! headless detect --simulated [--seeds FIRST..END] [--scenarios PRESET,...] [--onsets]
//! ```

mod files;
mod multivariate;
mod nab;
mod simulated;
mod table;

use crate::Failure;
use crate::arguments::{Arguments, Usage};

/// Runs them.
pub fn detect(words: &[String]) -> Result<(), Failure> {
    if words.iter().any(|word| word == "--simulated") {
        return simulated::run(words);
    }
    let arguments =
        Arguments::parse(words, &["--nab", "--multivariate", "--out"], &["--range-known", "--score"]).map_err(Failure::Usage)?;
    let usage = |text: &str| Err(Failure::Usage(Usage(text.into())));
    if let Some(word) = arguments.words.first() {
        return usage(&format!("detect takes no '{word}'"));
    }
    let (out, is_scored) = (arguments.values("--out").last(), arguments.has("--score"));
    if out.is_none() && !is_scored {
        return usage("detect needs --out OUT (scores as files), --score (how good they are), or both");
    }
    let range_is_known = arguments.has("--range-known");
    match (arguments.values("--nab").last(), arguments.values("--multivariate").last()) {
        (Some(directory), None) => nab::run(directory, out, range_is_known, is_scored),
        (None, Some(_)) if range_is_known => usage("--range-known goes with --nab"),
        (None, Some(directory)) => multivariate::run(directory, out, is_scored),
        (Some(_), Some(_)) => usage("detect takes --nab DIR or --multivariate DIR, not both"),
        (None, None) => usage("detect needs --nab DIR or --multivariate DIR"),
    }
}
