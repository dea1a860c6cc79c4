//! What the page tells: everything is run, nothing is looked up.
//!
//! Reference rows have intervals of their own (batch means). An incident is one run, so it is repeated with further seeds;
//! a law is tried on as many random systems.

use crate::rng;
use crate::validation::incidents::{self, PATTERNS, Pattern, Row};
use crate::validation::parallel::in_parallel;
use crate::validation::reference::{self, Effort, Report, Suite, mean_interval};
use crate::validation::scale::{Agreement, Care, SYSTEMS, ScaleRow, compare};
use crate::validation::swarm::{LAWS, Law};

/// How much is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The reference table.
    pub rows: Vec<reference::Row>,
    /// How precise its rows shall be.
    pub effort: Effort,
    /// Runs of each incident, each with a seed of its own: the published one and those that follow it.
    pub replications: u64,
    /// Random systems for each law.
    pub systems: u64,
    /// Whether scale models are compared with their whole systems.
    pub scale: bool,
    /// Threads, at least one. Results do not depend on it.
    pub threads: usize,
}

/// All results.
#[derive(Clone)]
pub struct Evidence {
    /// How precise the rows were asked to be.
    pub effort: Effort,
    /// The reference table's rows.
    pub reference: Report,
    /// The incidents, P01 first.
    pub incidents: Vec<IncidentEvidence>,
    /// The laws on random systems.
    pub laws: Vec<LawEvidence>,
    /// Systems against their scale models; empty if none were compared.
    pub scale: Vec<ScaleRow>,
}

/// An incident's signature, repeated.
#[derive(Clone)]
pub struct IncidentEvidence {
    /// Which.
    pub pattern: &'static Pattern,
    /// Its rows.
    pub rows: Vec<Replicated>,
}

/// One line of a signature over all its runs.
#[derive(Clone, Debug)]
pub struct Replicated {
    /// As measured with the published seed.
    pub row: Row,
    /// The value of each run, the published one first; not finite where it could not be measured.
    pub values: Vec<f64>,
}

impl Replicated {
    /// Runs in which it came out as expected.
    pub fn fitting(&self) -> usize {
        self.values.iter().filter(|value| self.row.expected.fits(**value)).count()
    }
    /// Mean and half the width of its 95 % interval over the runs in which it could be measured.
    pub fn mean(&self) -> (f64, Option<f64>) {
        mean_interval(&self.values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<_>>())
    }
}

/// A law and the random systems it was tried on.
#[derive(Clone, Debug)]
pub struct LawEvidence {
    /// Which.
    pub law: &'static Law,
    /// Random systems.
    pub systems: u64,
    /// Those that broke it: seed and reason.
    pub broken: Vec<(u64, String)>,
}

impl Evidence {
    /// A hash of every result, to the last bit: the same on every machine.
    pub fn digest(&self) -> u64 {
        let text = |key: u64, text: &str| rng::fold(key, rng::label(text));
        let mut key = rng::label("validation");
        for row in &self.reference.rows {
            key = text(text(key, &row.id), &format!("{:?} {}", row.measured, row.verdict.name()));
        }
        for replicated in self.incidents.iter().flat_map(|incident| &incident.rows) {
            key = replicated.values.iter().fold(text(key, &replicated.row.what), |key, value| rng::fold(key, value.to_bits()));
        }
        for law in &self.laws {
            key = rng::fold(text(key, law.law.name), law.systems - law.broken.len() as u64);
        }
        self.scale.iter().fold(key, |key, row| text(key, &format!("{row:?}")))
    }
    /// Whether everything came out as expected, incidents that are said to come out only in part aside.
    pub fn is_good(&self) -> bool {
        let whole = |incident: &&IncidentEvidence| incident.pattern.status == incidents::Status::Reproduced;
        self.reference.is_good()
            && self.incidents.iter().filter(whole).flat_map(|incident| &incident.rows).all(|row| row.row.is_good())
            && self.laws.iter().all(|law| law.broken.is_empty())
            && self.scale.iter().all(|row| row.agreement != Agreement::Differs)
    }
}

/// Runs everything. `tell` is told what is done, for those who wait.
pub fn gather(plan: Plan, tell: &mut dyn FnMut(&str)) -> Evidence {
    let Plan { rows, effort, replications, systems, scale, threads } = plan;
    let suite = Suite::plan(rows, effort);
    tell(&format!("reference rows: {} runs", suite.runs()));
    let reference = suite.run(threads.max(1));
    tell(&format!("incidents: {} patterns, {replications} runs of each", PATTERNS.len()));
    let incidents = incidents(replications.max(1), threads);
    tell(&format!("laws: {} on {systems} random systems each", LAWS.len()));
    let laws = laws(systems.max(1), threads);
    tell(&format!("scale model: {} systems", SYSTEMS.len()));
    let care = if effort == Effort::Full { Care::Full } else { Care::Quick };
    let scale = if scale { SYSTEMS } else { &[] };
    let scale = in_parallel(scale, threads, |system| compare(system, care)).concat();
    Evidence { effort, reference, incidents, laws, scale }
}

fn incidents(replications: u64, threads: usize) -> Vec<IncidentEvidence> {
    let jobs: Vec<(&'static Pattern, u64)> =
        PATTERNS.iter().flat_map(|pattern| (0..replications).map(move |n| (pattern, incidents::SEED + n))).collect();
    let runs = in_parallel(&jobs, threads, |(pattern, seed)| incidents::measure(pattern, *seed));
    let of_pattern = |(pattern, runs): (&'static Pattern, &[Vec<Row>])| {
        let value = |run: &Vec<Row>, at: usize| run.get(at).map_or(f64::NAN, |row| row.measured);
        let replicated =
            |(at, row): (usize, &Row)| Replicated { row: row.clone(), values: runs.iter().map(|run| value(run, at)).collect() };
        let rows = runs.first().map(|rows| rows.iter().enumerate().map(replicated).collect()).unwrap_or_default();
        IncidentEvidence { pattern, rows }
    };
    PATTERNS.iter().zip(runs.chunks(replications as usize)).map(of_pattern).collect()
}

fn laws(systems: u64, threads: usize) -> Vec<LawEvidence> {
    let jobs: Vec<(&'static Law, u64)> = LAWS.iter().flat_map(|law| (0..systems).map(move |seed| (law, seed))).collect();
    let outcomes = in_parallel(&jobs, threads, |(law, seed)| law.check(*seed).err().map(|why| (*seed, why)));
    let of_law = |(law, outcomes): (&'static Law, &[Option<(u64, String)>])| LawEvidence {
        law,
        systems,
        broken: outcomes.iter().flatten().cloned().collect(),
    };
    LAWS.iter().zip(outcomes.chunks(systems as usize)).map(of_law).collect()
}
