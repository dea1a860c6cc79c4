//! A table made ready to run: each row its experiment, each run once, however many rows share it.

use super::experiment::{Effort, Experiment, Findings, Wants};
use super::lab::Setup;
use super::report::{Report, ReportRow};
use super::row::Row;
use super::tolerance::{Expected, Tolerance};
use super::{balancing, networks, overload, platform, retries, stations, tail};
use crate::validation::parallel::in_parallel;
use std::collections::BTreeMap;

type Family = fn(&Row) -> Result<Experiment, String>;

/// Groups of the table and who can measure them. A group that ends in `(` stands for all that begin so.
const FAMILIES: &[(&str, Family)] = &[
    ("M/M/1", stations::mm1),
    ("M/M/c", stations::mmc),
    ("M/G/1 FIFO", stations::mg1),
    ("M/G/1-PS", stations::mg1_ps),
    ("M/M/c-PS", stations::mmc_ps),
    ("M/M/1/K loss", stations::mm1k),
    ("M/M/c/K loss", stations::mmck),
    ("Allen-Cunneen", stations::allen_cunneen),
    ("MMPP/M/1", stations::mmpp),
    ("M/M/1+D (deadline checked at dequeue)", stations::deadline),
    ("Erlang-A", stations::erlang_a),
    ("Jackson", networks::jackson),
    ("closed MVA", networks::closed),
    ("power of d choices", balancing::power_of_choices),
    ("balls in bins", balancing::balls_in_bins),
    ("retry, independent failures", retries::independent),
    ("nested retries", retries::nested),
    ("retry budget", retries::ratio_budget),
    ("token-bucket retries", retries::token_bucket),
    ("retry fixed point, free fast rejection", retries::fixed_point),
    ("gRPC retryThrottling", retries::grpc_throttling),
    ("AWS SDK standard", retries::aws_standard),
    ("retry storm, timeout without cancellation, unbounded FIFO", overload::hidden_capacity),
    ("retry storm, bounded FIFO", overload::critical_bound),
    ("retry storm region map", overload::region_map),
    ("OSDI22 retry experiment, sign pattern", overload::osdi_pattern),
    ("collapse after spike (", overload::collapse_after_spike),
    ("queue sizing", overload::queue_sizing),
    ("client adaptive throttling", overload::adaptive_throttling),
    ("DAGOR subsequent overload", overload::dagor),
    ("fan-out", tail::fan_out),
    ("parallel join", tail::parallel_join),
    ("hedging", tail::hedging),
    ("lognormal sampler", tail::lognormal),
    ("HPA", platform::hpa),
    ("CrashLoopBackOff", platform::crash_loop),
    ("leak->OOMKill", platform::leak),
    ("zone loss", platform::zone_loss),
    ("liveness", platform::liveness),
    ("readiness", platform::readiness),
    ("rolling update", platform::rolling_update),
    ("CoDel", platform::codel),
    ("outlier ejection", platform::outlier),
    ("circuit breaker", platform::breaker),
];

/// The groups that can be measured, as tables name them.
pub fn groups() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|(group, _)| *group)
}

fn family(group: &str) -> Option<Family> {
    let fits = |name: &str| name == group || name.ends_with('(') && group.starts_with(name);
    FAMILIES.iter().find(|(name, _)| fits(name)).map(|(_, family)| *family)
}

/// A row, understood.
struct Planned {
    experiment: Experiment,
    expected: Expected,
    tolerance: Tolerance,
}

/// A run that several rows may share.
struct Job {
    experiment: Experiment,
    wants: Wants,
}

/// A table made ready to run.
pub struct Suite {
    rows: Vec<Row>,
    planned: Vec<Result<Planned, String>>,
    jobs: Vec<Job>,
}

impl Suite {
    /// Understands each row, as far as possible.
    pub fn plan(rows: Vec<Row>, effort: Effort) -> Self {
        let planned: Vec<Result<Planned, String>> = rows.iter().map(plan).collect();
        let mut jobs: BTreeMap<&str, Job> = BTreeMap::new();
        for planned in planned.iter().flatten() {
            let experiment = &planned.experiment;
            let wants = Wants { effort, ..Wants::default() };
            let job = jobs.entry(&experiment.key).or_insert_with(|| Job { experiment: experiment.clone(), wants });
            if let Some(allowance) = planned.tolerance.allowance(&planned.expected).filter(|most| most.is_finite()) {
                job.wants.allowances.push((experiment.finding.clone(), allowance));
            }
        }
        let mut jobs: Vec<Job> = jobs.into_values().collect();
        jobs.sort_by(|a, b| b.experiment.cost.total_cmp(&a.experiment.cost));
        Self { rows, planned, jobs }
    }
    /// The same with other seeds: `repetition` 0 is the usual one.
    pub fn repetition(mut self, repetition: u64) -> Self {
        self.jobs.iter_mut().for_each(|job| job.wants.repetition = repetition);
        self
    }
    /// How many runs there are.
    pub fn runs(&self) -> usize {
        self.jobs.len()
    }
    /// Rows that cannot be measured, known before anything runs: id and reason.
    pub fn problems(&self) -> Vec<(String, String)> {
        let problem = |(row, planned): (&Row, &Result<Planned, String>)| Some((row.id.clone(), planned.as_ref().err()?.clone()));
        self.rows.iter().zip(&self.planned).filter_map(problem).collect()
    }
    /// Each row's name, its group and the system that is played for it, where there is one in particular.
    pub fn setups(&self) -> impl Iterator<Item = (&str, &str, Option<&Setup>)> {
        let rows = self.rows.iter().zip(&self.planned);
        rows.map(|(row, planned)| {
            let setup = planned.as_ref().ok().and_then(|planned| planned.experiment.setup.as_deref());
            (row.id.as_str(), row.group.as_str(), setup)
        })
    }
    /// Runs everything on `threads` threads (at least one); the dearest runs are begun first, so that none is left over at
    /// the end. The report does not depend on the number of threads.
    pub fn run(&self, threads: usize) -> Report {
        let results = in_parallel(&self.jobs, threads, |job| (job.experiment.run)(&job.wants));
        let keys = self.jobs.iter().map(|job| job.experiment.key.as_str());
        let found: BTreeMap<&str, Result<Findings, String>> = keys.zip(results).collect();
        Report { rows: self.rows.iter().zip(&self.planned).map(|(row, planned)| judge(row, planned, &found)).collect() }
    }
}

fn plan(row: &Row) -> Result<Planned, String> {
    let Row { line, group, value, tol, .. } = row;
    let family = family(group)
        .ok_or_else(|| format!("line {line}: E0606 no such group: '{group}'; help: 'headless validate --groups' lists them"))?;
    let expected = Expected::parse(value).ok_or_else(|| {
        format!("line {line}: E0607 value not understood: '{value}'; help: a number, a list 1/2/3 or 1>2, or a range 1..2")
    })?;
    let experiment = family(row)
        .map_err(|why| format!("line {line}: E0608 {why}; help: params and metric are read as in the other rows of the group"))?;
    let tolerance = Tolerance::parse(tol, experiment.load).ok_or_else(|| {
        format!("line {line}: E0609 tolerance not understood: '{tol}'; help: such as 3%, +-0.01, exact, range, verdict")
    })?;
    Ok(Planned { experiment, expected, tolerance })
}

fn judge(row: &Row, planned: &Result<Planned, String>, found: &BTreeMap<&str, Result<Findings, String>>) -> ReportRow {
    let setup = planned.as_ref().ok().and_then(|planned| planned.experiment.setup.clone());
    let result = planned.as_ref().map_err(Clone::clone).and_then(|planned| {
        let findings = found.get(planned.experiment.key.as_str()).ok_or("it was not run")?.as_ref().map_err(Clone::clone)?;
        let mine = findings.iter().find(|(name, _)| *name == planned.experiment.finding);
        let measured = mine.map(|(_, measured)| measured.clone()).ok_or("the run did not measure this")?;
        let near = planned.tolerance.judge(&planned.expected, &measured)?;
        Ok((measured, near))
    });
    let band = planned.as_ref().ok().and_then(|planned| planned.tolerance.band(&planned.expected));
    ReportRow::of(row, result, band, setup)
}
