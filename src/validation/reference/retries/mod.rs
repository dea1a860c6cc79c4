//! Retries: what they multiply, what limits them, and when they feed themselves.

mod amplify;
mod budget;
mod quota;

pub(super) use amplify::{fixed_point, independent, nested};
pub(super) use budget::{ratio_budget, token_bucket};
pub(super) use quota::{aws_standard, grpc_throttling};

use super::steady::Steady;

/// What a row may ask of users who retry against service 1.
fn load_and_success(steady: Steady, load_factor: &str) -> Steady {
    steady.metric(load_factor, |m, _| (m.of(1).attempted, m.users)).metric("success", |m, _| (m.users_well, m.users))
}

fn known(steady: &Steady, finding: &str) -> Result<(), String> {
    let found = steady.metrics.iter().any(|metric| metric.name == finding);
    if found { Ok(()) } else { Err(format!("no such metric of retries: '{finding}'")) }
}
