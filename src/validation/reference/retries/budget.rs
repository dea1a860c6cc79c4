//! Budgets that limit retries to a share of the requests, or of the successes.

use super::amplify::failing;
use super::{known, load_and_success};
use crate::topology::{CallPolicy, RetryBudget};
use crate::units::{Ratio, SimDuration};
use crate::validation::reference::experiment::Experiment;
use crate::validation::reference::lab::{Setup, call, retrying, users, whole};
use crate::validation::reference::row::Row;
use crate::validation::reference::steady::Steady;

/// Users' requests per second.
const RATE: f64 = 1_000.0;
/// Over how long requests count for a ratio budget (Linkerd's ttl).
const WINDOW: SimDuration = SimDuration::from_secs(10);
/// Capacity of the token bucket: small, so that what is measured is its refill.
const BUCKET: f64 = 10.0;

/// Retries may be a share of the requests; everything fails.
pub(in crate::validation::reference) fn ratio_budget(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let ratio = Ratio::new(params.need("ratio={n}")?).map_err(|error| error.to_string())?;
    if !params.has("hard down") {
        return Err("needs 'hard down'".to_owned());
    }
    params.finish()?;
    let budget = RetryBudget::Ratio { ratio, floor_per_s: 0.0, window: WINDOW };
    let policy = CallPolicy { budget, ..retrying(10) };
    let setup = Setup::of(vec![users(RATE, vec![vec![call(1, policy)]]), failing(1.0)?]);
    let mut steady = load_and_success(Steady::new(setup, RATE, 20.0), "max load factor");
    // What the budget saved up at the start is gone after two windows.
    steady.settle_s = 4.0 * WINDOW.as_secs_f64();
    known(&steady, &row.metric)?;
    Ok(steady.experiment(&row.metric))
}

/// Successes earn tokens, retries spend them.
pub(in crate::validation::reference) fn token_bucket(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let service = failing(params.need("p={n}")?)?;
    let retries = whole("N", params.need("N={n} retries")?, 0, 9)?;
    let per_success = params.need("deposit {n} per success")?;
    let cost = params.need("cost {n}")?;
    let max = params.find("bucket {n}").unwrap_or(BUCKET);
    params.finish()?;
    let budget = RetryBudget::Tokens { max, cost, timeout_cost: cost, per_success };
    let policy = CallPolicy { budget, ..retrying(retries as u8 + 1) };
    let setup = Setup::of(vec![users(RATE, vec![vec![call(1, policy)]]), service]);
    let steady = load_and_success(Steady::new(setup, RATE, 50.0), "load factor (steady)");
    known(&steady, &row.metric)?;
    Ok(steady.experiment(&row.metric))
}
