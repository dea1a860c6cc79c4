//! What a family makes of a row: a run, shared by all rows that need the same one, and which of its findings is meant.

use super::lab::Setup;
use super::measure::Measured;
use std::sync::Arc;

/// How much time may be spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// As precise as the tolerances ask for.
    #[default]
    Full,
    /// Shorter runs: good for wide tolerances and for tests.
    Quick,
}

/// What the rows that share a run want of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    /// How much time may be spent.
    pub effort: Effort,
    /// Which repetition this is: 0 for the published numbers, others to see how much of them is luck.
    pub repetition: u64,
    /// Findings, and how far each may be off (in its unit).
    pub allowances: Vec<(String, f64)>,
}

impl Wants {
    /// `full` or, if in a hurry, `quick`.
    pub fn choose<T>(&self, full: T, quick: T) -> T {
        if self.effort == Effort::Full { full } else { quick }
    }
    /// The seed to use where an experiment would use `seed`.
    pub const fn seed(&self, seed: u64) -> u64 {
        /// Further apart than any experiment's own seeds.
        const STRIDE: u64 = 1_000_003;
        seed.wrapping_add(self.repetition.wrapping_mul(STRIDE))
    }
    /// The same wishes for the parts of which the one finding of a run is made.
    pub fn for_parts(&self, parts: &[String]) -> Self {
        let most = self.allowances.iter().map(|(_, most)| *most).reduce(f64::min);
        let allowances = most.map(|most| parts.iter().map(|part| (part.clone(), most)).collect()).unwrap_or_default();
        Self { allowances, ..*self }
    }
    /// How far a finding may be off.
    pub fn allowance(&self, finding: &str) -> Option<f64> {
        self.allowances.iter().filter(|(name, _)| name == finding).map(|(_, most)| *most).reduce(f64::min)
    }
}

/// What a run found, by name.
pub(super) type Findings = Vec<(String, Measured)>;

/// Runs the engine and tells what it found.
pub(super) type Run = Arc<dyn Fn(&Wants) -> Result<Findings, String> + Send + Sync>;

/// How one row is measured.
#[derive(Clone)]
pub(super) struct Experiment {
    /// Rows with equal keys share one run.
    pub key: String,
    /// Which of the run's findings is this row's.
    pub finding: String,
    /// Requests that the run will simulate, roughly: the dear ones are begun first.
    pub cost: f64,
    /// The system, where there is one in particular.
    pub setup: Option<Arc<Setup>>,
    /// Runs it.
    pub run: Run,
    /// The row's load (rho, lambda), for tolerances that depend on it.
    pub load: Option<f64>,
}

impl Experiment {
    /// A run that needs only its own function.
    pub fn new(
        key: impl std::fmt::Debug,
        finding: impl Into<String>,
        cost: f64,
        run: impl Fn(&Wants) -> Result<Findings, String> + Send + Sync + 'static,
    ) -> Self {
        let (key, finding) = (format!("{key:?}"), finding.into());
        Self { key, finding, cost, setup: None, run: Arc::new(run), load: None }
    }
    /// The same with the system that it plays.
    pub fn with_setup(mut self, setup: Setup) -> Self {
        self.setup = Some(Arc::new(setup));
        self
    }
    /// The same with the row's load.
    pub const fn with_load(mut self, load: f64) -> Self {
        self.load = Some(load);
        self
    }
}

/// The one finding of a run.
pub(super) fn only(finding: &str, measured: Measured) -> Findings {
    vec![(finding.to_owned(), measured)]
}
