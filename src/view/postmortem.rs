//! The draft of a post-mortem with its charts: Markdown that names pictures, and the pictures as SVG.
//!
//! Pictures are named by reference, and the references stand at the text's end, so that the same text serves both forms: with
//! files beside it, which code hosts show, and as one file that carries them as data, which editors and browsers show. The
//! lines of block characters stay in both for whoever shows neither.
//!
//! Bounds: six charts an incident of the draft, 340 columns a line, 60 markers a chart.

use super::capture::{Plotter, service_charts, system_charts};
use super::chart::{ChartStyle, Picture, svg};
use super::frame::{ChartFrame, LogKind, Marker};
use crate::pipeline::Incident;
use crate::session::Session;
use crate::units::SimTime;
use std::fmt::Write;

/// Where the pictures lie, seen from the text.
const FOLDER: &str = "charts";
/// Size of a picture in px: the width of a text on code hosts.
const WIDTH: u32 = 760;
const HEIGHT: u32 = 210;
/// Columns of a line.
const COLUMNS: usize = 340;
/// Markers on one chart: the first.
const MARKERS_LEN_MAX: usize = 60;
/// What the pictures' colours mean.
const KEY: &str = "How to read the charts:\n\n\
                   - red line through the chart: a fault begins or ends; red bar at the foot: it is in force\n\
                   - blue line: a decision, or what came of it\n\
                   - grey line: a change by people\n\
                   - amber tick at the top: an alert\n\
                   - level amber and red lines, shaded above: from here on Degraded, from here on Critical";

/// A draft and its pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    text: String,
    charts: Vec<DraftChart>,
}

/// One picture of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftChart {
    /// `incident-1-errors`: unique in the draft.
    pub name: String,
    /// The picture.
    pub svg: String,
}

/// Drafts the post-mortem of a run so far; reading changes nothing.
pub fn draft(session: &Session) -> Draft {
    let mut charts = Vec::new();
    let text = session.post_mortem_with(&mut |incident, span| pictures(session, incident, span, &mut charts));
    Draft { text, charts }
}

impl Draft {
    /// The text as one file among others, and each other's path beside it with its content.
    pub fn into_files(self) -> (String, Vec<(String, String)>) {
        let path = |name: &str| format!("{FOLDER}/{name}.svg");
        let text = referring(&self.text, self.charts.iter().map(|c| (c.name.as_str(), path(&c.name))));
        (text, self.charts.into_iter().map(|c| (path(&c.name), c.svg)).collect())
    }
    /// One file that carries all.
    pub fn into_one_file(self) -> String {
        referring(&self.text, self.charts.iter().map(|c| (c.name.as_str(), data_address(&c.svg))))
    }
    /// Its pictures, in the order in which the text names them.
    pub fn charts(&self) -> &[DraftChart] {
        &self.charts
    }
}

/// The text with the addresses of its pictures at the end.
fn referring<'a>(text: &str, pictures: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut out = text.to_owned();
    for (number, (name, address)) in pictures.enumerate() {
        let _ = writeln!(out, "{}[{name}]: {address}", if number == 0 { "\n" } else { "" });
    }
    out
}

/// A picture as an address: everything that could end or change an address in Markdown is escaped.
fn data_address(svg: &str) -> String {
    let mut out = String::from("data:image/svg+xml,");
    for byte in svg.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/:=;,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Draws an incident's charts and returns the lines that name them: what users felt, and the service that is to blame.
fn pictures(session: &Session, incident: &Incident, span: (SimTime, SimTime), out: &mut Vec<DraftChart>) -> String {
    let window_s = (span.0.as_secs_f64(), span.1.as_secs_f64());
    let mut columns = Vec::new();
    let mut plotter = Plotter { window_s, columns: COLUMNS, out: &mut columns };
    let (mut names, mut charts) = (vec!["users-latency", "users-errors"], system_charts(session, &mut plotter));
    charts.truncate(names.len());
    let about = incident.cause.or_else(|| incident.services.first().copied());
    if let Some(id) = about.filter(|id| session.world().topology().get(*id).is_some()) {
        let of_service = service_charts(session, id, &mut plotter);
        names.extend(["latency", "errors", "resources", "requests"]);
        // What is drawn is the past: neither the forecast of now nor the detectors' rows belong on it.
        charts.extend(of_service.into_iter().map(|c| ChartFrame { forecast: Vec::new(), lanes: Vec::new(), ..c }));
    }
    let (markers, style, mut text) = (markers(session, window_s), ChartStyle::light(), String::new());
    for (chart, name) in charts.iter().zip(names).filter(|(chart, _)| chart.lines.iter().any(|line| line.columns > 0)) {
        let picture = Picture { chart, columns: &columns, window_s, markers: &markers, style: &style };
        let Ok(svg) = svg(&picture, WIDTH, HEIGHT) else { continue };
        let name = format!("incident-{}-{name}", incident.id);
        let _ = writeln!(text, "![{}, {} to {}][{name}]\n", chart.title, span.0, span.1);
        out.push(DraftChart { name, svg });
    }
    if text.is_empty() { text } else { format!("{text}{KEY}\n\n") }
}

fn markers(session: &Session, window_s: (f64, f64)) -> Vec<Marker> {
    let is_marked = |kind| matches!(kind, LogKind::Fault | LogKind::Alert | LogKind::Decision | LogKind::Edit);
    let all = session.events().entries().filter(|e| is_marked(e.kind));
    let all = all.map(|e| Marker { at_s: e.at.as_secs_f64(), kind: e.kind, text: e.text.clone() });
    all.filter(|m| (window_s.0..=window_s.1).contains(&m.at_s)).take(MARKERS_LEN_MAX).collect()
}
