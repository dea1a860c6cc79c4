//! One labelled incident.

use super::table::Table;
use super::times::recovered;
use crate::pipeline::FailureClass;
use crate::pipeline::locate::Layout;
use crate::validation::table::{Problem, Record, records};
use serde::Deserialize;

/// The texts of a case's files; `None` where there is no such file.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// `metrics.csv`.
    pub metrics: String,
    /// `edges.csv`.
    pub edges: Option<String>,
    /// `graph.csv`.
    pub graph: Option<String>,
    /// `truth.json`.
    pub truth: Option<String>,
}

/// What was really done.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Truth {
    /// The service that it was done to.
    pub service: Option<String>,
    /// The class, if it is of one.
    pub class: Option<String>,
    /// When it was done, seconds.
    pub injected_at_s: Option<f64>,
    /// The service level that was seen to fail. Like the graph, this is told to the locator.
    pub target: Option<TargetName>,
    /// What was done before: seconds relative to this one, and to whom.
    #[serde(default)]
    pub earlier_faults: Vec<(f64, String)>,
}

/// A service level.
#[derive(Clone, Debug, Deserialize)]
pub struct TargetName {
    /// The service.
    pub node: String,
    /// `latency`, `availability`.
    pub metric: String,
    /// `Average`, `p99`.
    #[serde(default)]
    pub agg: String,
}

/// A case, read.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its directory's name.
    pub name: String,
    /// Who and what is measured.
    pub layout: Layout,
    /// Time of each row, seconds.
    pub times: Vec<f64>,
    /// Services' own metrics, by row.
    pub own: Vec<Vec<f64>>,
    /// Measurements of edges, by row; all missing where there is none.
    pub edges: Vec<Vec<f64>>,
    /// What was really done, if it is known.
    pub truth: Option<Truth>,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// A problem with code, place and help for a table that cannot be read.
    pub fn read(name: &str, texts: &Texts) -> Result<Self, Problem> {
        let metrics = Table::read(&texts.metrics, &format!("{name}/metrics.csv"))?;
        let edges = texts.edges.as_ref().map(|text| Table::read(text, &format!("{name}/edges.csv"))).transpose()?;
        let truth = texts.truth.as_ref().map(|text| read_truth(text, name)).transpose()?;
        let mut layout = Layout::default();
        own_columns(&mut layout, &metrics, name)?;
        if let Some(edges) = &edges {
            edge_columns(&mut layout, edges, name)?;
        }
        if let Some(graph) = &texts.graph {
            calls(&mut layout, graph, name)?;
        }
        if let Some(target) = truth.as_ref().and_then(|truth| truth.target.as_ref()) {
            layout.set_target(&target.node, &[&target.metric, &target.agg]);
        }
        let times = recovered(&metrics.times);
        let edges = edges.map_or_else(|| vec![Vec::new(); times.len()], |edges| aligned(&edges, &times));
        Ok(Self { name: name.to_owned(), layout, times, own: metrics.rows, edges, truth })
    }
}

fn read_truth(text: &str, name: &str) -> Result<Truth, Problem> {
    serde_json::from_str(text).map_err(|e| {
        let help = "it is an object with service, class and injected_at_s";
        Problem::new("E0705", format!("{name}/truth.json"), e.to_string(), help)
    })
}

fn own_columns(layout: &mut Layout, table: &Table, name: &str) -> Result<(), Problem> {
    for column in &table.columns {
        let Some((service, metric)) = column.rsplit_once('|') else {
            let place = format!("{name}/metrics.csv:1");
            return Err(Problem::new("E0706", place, format!("'{column}' names no metric"), "write columns as service|metric"));
        };
        layout.own(service, metric);
    }
    Ok(())
}

fn edge_columns(layout: &mut Layout, table: &Table, name: &str) -> Result<(), Problem> {
    for column in &table.columns {
        let parts = column.rsplit_once('|').and_then(|(edge, metric)| Some((edge.split_once('>')?, metric)));
        let Some(((from, to), metric)) = parts else {
            let place = format!("{name}/edges.csv:1");
            return Err(Problem::new(
                "E0706",
                place,
                format!("'{column}' names no edge"),
                "write columns as caller>callee|metric",
            ));
        };
        layout.edge(from, to, metric);
    }
    Ok(())
}

fn calls(layout: &mut Layout, text: &str, name: &str) -> Result<(), Problem> {
    let file = format!("{name}/graph.csv");
    for Record { line, cells } in records(&file, text)?.into_iter().skip(1) {
        let [from, to, ..] = cells.as_slice() else {
            let what = format!("'{}' is no pair", cells.join(","));
            return Err(Problem::new("E0703", format!("{file}:{line}"), what, "write lines as caller,callee"));
        };
        layout.call(from, to);
    }
    Ok(())
}

/// Rows of the table at the given times: the nearest not further away than half the usual step, else all missing.
fn aligned(table: &Table, times: &[f64]) -> Vec<Vec<f64>> {
    let known = recovered(&table.times);
    let step = if times.len() > 1 { (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64 } else { 1.0 };
    let missing = vec![f64::NAN; table.columns.len()];
    let mut next = 0;
    let nearest = |at: &f64| {
        while next + 1 < known.len() && (known[next + 1] - at).abs() <= (known[next] - at).abs() {
            next += 1;
        }
        if (known[next] - at).abs() <= 0.5 * step { table.rows[next].clone() } else { missing.clone() }
    };
    times.iter().map(nearest).collect()
}

impl Truth {
    /// The class, if it is one that the locator knows.
    pub fn fault_class(&self) -> Option<FailureClass> {
        self.class.as_deref().and_then(FailureClass::by_name)
    }
}
