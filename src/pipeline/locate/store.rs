//! The series behind the evidence: each column's own, and two made of pairs that share a call edge.
//!
//! - *gap*: latency that the caller sees less latency that the callee sees. A network fault opens it and nothing else
//!   does for long;
//! - *fan-out*: requests of the callee for each request of the caller. A program that fails half-way stops calling.
//!
//! Values that come more often than once in [`BUCKET_S`] are averaged, so that the history always spans at least 20
//! minutes in bounded memory.

use super::kind::MetricKind;
use super::layout::Layout;
use super::series::Series;

/// Shortest time between two values of a history, seconds.
pub const BUCKET_S: f64 = 10.0;

/// A fan-out series: the callee's requests for each of the caller's.
#[derive(Clone, Debug)]
pub struct FanOut {
    /// Index of the caller.
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// Columns of the callee's and of the caller's requests.
    columns: (usize, usize),
    /// The ratio.
    pub series: Series,
}

/// All series.
#[derive(Clone, Debug)]
pub struct Store {
    /// One for each column of [`Layout::own`].
    pub own: Vec<Series>,
    /// One for each edge of [`Layout::edges`]: caller-seen less callee-seen.
    pub gaps: Vec<Series>,
    /// One for each edge: what the caller sees.
    pub callers: Vec<Series>,
    /// One for each edge: what the callee sees.
    pub callees: Vec<Series>,
    /// One for each call between services whose requests are counted.
    pub fan_outs: Vec<FanOut>,
    own_bucket: Bucket,
    edge_bucket: Bucket,
    bucket_ends_s: Option<f64>,
    last_s: Option<f64>,
    /// Times of the newest values, seconds; as many as a series keeps.
    times: std::collections::VecDeque<f64>,
}

impl Store {
    /// Empty series for the layout.
    pub fn new(layout: &Layout) -> Self {
        let (own, edge_columns) = layout.widths();
        let edges = layout.edges.len();
        Self {
            own: vec![Series::default(); own],
            gaps: vec![Series::default(); edges],
            callers: vec![Series::default(); edges],
            callees: vec![Series::default(); edges],
            fan_outs: fan_outs(layout),
            own_bucket: Bucket::new(own),
            edge_bucket: Bucket::new(edge_columns),
            bucket_ends_s: None,
            last_s: None,
            times: std::collections::VecDeque::with_capacity(super::series::HISTORY),
        }
    }

    /// Takes in what was measured at `at_s`; missing values are `NaN`. Returns whether the histories grew.
    pub fn push(&mut self, layout: &Layout, at_s: f64, own: &[f64], edges: &[f64]) -> bool {
        self.own_bucket.add(own);
        self.edge_bucket.add(edges);
        let step = self.last_s.map_or(BUCKET_S, |last| at_s - last);
        self.last_s = Some(at_s);
        let ends = *self.bucket_ends_s.get_or_insert(at_s + BUCKET_S - step);
        if at_s + 0.5 * step.min(BUCKET_S) < ends {
            return false;
        }
        self.bucket_ends_s = Some(at_s + BUCKET_S);
        self.close(layout, at_s);
        true
    }

    /// Time of the value `back` before the newest.
    pub fn time(&self, back: usize) -> Option<f64> {
        self.times.len().checked_sub(back + 1).map(|at| self.times[at])
    }

    /// Values that a series knows, missing ones included.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    fn close(&mut self, layout: &Layout, at_s: f64) {
        if self.times.len() == super::series::HISTORY {
            self.times.pop_front();
        }
        self.times.push_back(at_s);
        self.own_bucket.close();
        self.edge_bucket.close();
        for (series, value) in self.own.iter_mut().zip(&self.own_bucket.means) {
            series.push(*value);
        }
        let edge_values = &self.edge_bucket.means;
        let value = |column: Option<usize>| column.map_or(f64::NAN, |column| edge_values[column]);
        for (i, edge) in layout.edges.iter().enumerate() {
            let (caller, callee) = (value(edge.caller), value(edge.callee));
            self.callers[i].push(caller);
            self.callees[i].push(callee);
            // Below zero it is rounding: no callee takes longer than its caller waits.
            self.gaps[i].push(if caller < callee { 0.0 } else { caller - callee });
        }
        let own = &self.own_bucket.means;
        for fan_out in &mut self.fan_outs {
            let (to, from) = (own[fan_out.columns.0], own[fan_out.columns.1]);
            fan_out.series.push(if from > 0.0 { to / from } else { f64::NAN });
        }
    }
}

fn fan_outs(layout: &Layout) -> Vec<FanOut> {
    let column =
        |service: usize| layout.own.iter().position(|own| own.service == service && layout.kind(*own) == MetricKind::Traffic);
    let made = layout.calls.iter().filter_map(|(from, to)| {
        let columns = (column(*to)?, column(*from)?);
        Some(FanOut { from: *from, to: *to, columns, series: Series::default() })
    });
    made.collect()
}

/// Means of a few rows, missing values left out.
#[derive(Clone, Debug)]
struct Bucket {
    sums: Vec<(f64, u32)>,
    means: Vec<f64>,
}

impl Bucket {
    fn new(width: usize) -> Self {
        Self { sums: vec![(0.0, 0); width], means: vec![f64::NAN; width] }
    }

    fn add(&mut self, row: &[f64]) {
        for ((sum, count), value) in self.sums.iter_mut().zip(row).filter(|(_, value)| value.is_finite()) {
            *sum += value;
            *count += 1;
        }
    }

    fn close(&mut self) {
        for (mean, (sum, count)) in self.means.iter_mut().zip(&mut self.sums) {
            *mean = if *count > 0 { *sum / f64::from(*count) } else { f64::NAN };
            (*sum, *count) = (0.0, 0);
        }
    }
}
