//! Our own annotations: what a deployment file cannot say about behaviour. See `docs/annotations.md`.
//!
//! They stand in a workload's `metadata.annotations` (or its pod template's) in Kubernetes, in `labels` in Compose.
//!
//! | key | value | meaning |
//! |---|---|---|
//! | `sickbay.dev/entry-rate` | `40` | users' requests entering here, per second |
//! | `sickbay.dev/demand-ms` | `1.2` | mean CPU time of a request on one core, in ms |
//! | `sickbay.dev/wait-ms` | `30` | mean time of a request without CPU, in ms |
//! | `sickbay.dev/sigma` | `0.3` | lognormal shape of both, 0 is constant |
//! | `sickbay.dev/error-ratio` | `0.001` | share of requests that fail by themselves |
//! | `sickbay.dev/memory-base` | `48Mi` | memory of an idle instance |
//! | `sickbay.dev/calls` | `auth,mail=0.1?;log` | `;` between stages, `,` between parallel calls, `=` share, `?` optional |

use super::quantity;

/// What all our keys start with.
pub(super) const PREFIX: &str = "sickbay.dev/";
/// Most calls of one service.
const CALLS_MAX: usize = 256;

/// One call that `sickbay.dev/calls` asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WantedCall {
    /// The callee's name.
    pub to: String,
    /// Share of requests that make it, 0..=1.
    pub probability: f64,
    /// The caller can answer without it.
    pub optional: bool,
}

/// The annotations of one workload; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Annotations {
    /// Users' requests per second, 0..=100,000.
    pub entry_rate: Option<f64>,
    /// CPU time in ms, 0..=60,000.
    pub demand_ms: Option<f64>,
    /// Waiting time in ms, 0..=600,000.
    pub wait_ms: Option<f64>,
    /// Lognormal shape, 0..=3.
    pub sigma: Option<f64>,
    /// Share of failing requests, 0..=1.
    pub error_ratio: Option<f64>,
    /// Memory of an idle instance in MiB.
    pub memory_base: Option<f64>,
    /// Calls by stage.
    pub calls: Option<Vec<Vec<WantedCall>>>,
}

impl Annotations {
    /// Takes over one annotation; keys of others are none of our business.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), (String, String)> {
        let Some(name) = key.strip_prefix(PREFIX) else { return Ok(()) };
        let number = |max: f64| number(name, value, max).map(Some);
        match name {
            "entry-rate" => self.entry_rate = number(100_000.0)?,
            "demand-ms" => self.demand_ms = number(60_000.0)?,
            "wait-ms" => self.wait_ms = number(600_000.0)?,
            "sigma" => self.sigma = number(3.0)?,
            "error-ratio" => self.error_ratio = number(1.0)?,
            "memory-base" => self.memory_base = Some(memory(value)?),
            "calls" => self.calls = Some(calls(value)?),
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}

fn number(name: &str, value: &str, max: f64) -> Result<f64, (String, String)> {
    let read = value.trim().parse::<f64>().ok().filter(|v| (0.0..=max).contains(v));
    read.ok_or_else(|| (format!("{PREFIX}{name} is '{value}'"), format!("write a number from 0 to {max}")))
}

fn memory(value: &str) -> Result<f64, (String, String)> {
    quantity::memory_mib(value)
        .ok_or_else(|| (format!("{PREFIX}memory-base is '{value}'"), "write a quantity such as 48Mi".to_owned()))
}

fn unknown(name: &str) -> (String, String) {
    let known = "entry-rate, demand-ms, wait-ms, sigma, error-ratio, memory-base, calls";
    (format!("{PREFIX}{name} is not an annotation of ours"), format!("known are {known}"))
}

fn calls(value: &str) -> Result<Vec<Vec<WantedCall>>, (String, String)> {
    let stages = value.split(';').map(|stage| stage.split(',').filter(|c| !c.trim().is_empty()).map(call).collect());
    let stages: Vec<Vec<WantedCall>> = stages.collect::<Result<_, _>>()?;
    if stages.iter().flatten().count() > CALLS_MAX {
        return Err((format!("{PREFIX}calls lists more than {CALLS_MAX} calls"), "list fewer".to_owned()));
    }
    Ok(stages.into_iter().filter(|stage| !stage.is_empty()).collect())
}

fn call(text: &str) -> Result<WantedCall, (String, String)> {
    let text = text.trim();
    let (text, optional) = text.strip_suffix('?').map_or((text, false), |t| (t.trim_end(), true));
    let (to, probability) = match text.split_once('=') {
        Some((to, p)) => (to.trim(), p.trim().parse::<f64>().ok().filter(|p| (0.0..=1.0).contains(p))),
        None => (text, Some(1.0)),
    };
    match probability {
        Some(probability) if !to.is_empty() => Ok(WantedCall { to: to.to_owned(), probability, optional }),
        _ => Err((
            format!("{PREFIX}calls has '{text}'"),
            "write name, name=0.4 or name=0.4? with a probability from 0 to 1; ',' is parallel, ';' is one after the other"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_by_stage_with_probability_and_option() {
        let mut read = Annotations::default();
        read.set("sickbay.dev/calls", "auth, catalog=0.5 ; billing=0.05?").unwrap();
        let stages = read.calls.unwrap();
        let flat: Vec<Vec<_>> =
            stages.iter().map(|s| s.iter().map(|c| (c.to.as_str(), c.probability, c.optional)).collect()).collect();
        assert_eq!(flat, [vec![("auth", 1.0, false), ("catalog", 0.5, false)], vec![("billing", 0.05, true)]]);
    }

    #[test]
    fn bad_annotations_are_refused_with_help_and_foreign_ones_left_alone() {
        let mut read = Annotations::default();
        for (key, value) in
            [("entry-rate", "fast"), ("sigma", "-1"), ("error-ratio", "2"), ("calls", "a=x"), ("calls", "=1"), ("x", "1")]
        {
            let (message, help) = read.set(&format!("{PREFIX}{key}"), value).unwrap_err();
            assert!(message.contains(PREFIX) && !help.is_empty());
        }
        assert_eq!(read.set("prometheus.io/scrape", "true"), Ok(()));
        assert_eq!(read, Annotations::default());
    }
}
