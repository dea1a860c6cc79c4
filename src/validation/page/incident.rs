//! The published incidents: who says what, what came out in the published run and over all its repetitions.

use super::Section;
use super::evidence::{Evidence, IncidentEvidence, Replicated};
use super::html::{State, counted, escape, interval, open, paragraph, table, verdict};
use crate::validation::incidents::{SEED, Status};
use crate::validation::reference::short;
use crate::view::address::Address;

const INTRO: &str = "Each incident is a scenario with the parameters of its source, played without a healer. Its signature is \
                     what the source reports. What no source gives is listed with how it was chosen, and where the outcome \
                     hangs on it, that is said.";

pub(super) fn section(evidence: &Evidence) -> Section {
    let parts = evidence.incidents.iter().map(|one| (id(one), title(one))).collect();
    let body = paragraph(INTRO) + &evidence.incidents.iter().map(part).collect::<String>();
    Section { id: "incidents", title: "Published incidents".to_owned(), parts, body }
}

fn id(incident: &IncidentEvidence) -> String {
    format!("incident-{}", incident.pattern.name())
}

fn title(incident: &IncidentEvidence) -> String {
    incident.pattern.title().to_owned()
}

fn part(incident: &IncidentEvidence) -> String {
    let pattern = incident.pattern;
    let status = match pattern.status {
        Status::Reproduced => String::new(),
        Status::Partly(why) => format!("<p class=\"notice\"><b>Reproduced in part:</b> {}.</p>\n", escape(why)),
    };
    let state = match (pattern.status, incident.rows.iter().all(|row| row.row.is_good())) {
        (Status::Reproduced, true) => verdict(State::Good, "reproduced"),
        (Status::Reproduced, false) => verdict(State::Bad, "off"),
        (Status::Partly(_), _) => verdict(State::Open, "reproduced in part"),
    };
    let link = open(&Address::of_preset(pattern.name(), SEED), pattern.title());
    format!(
        "<h3 id=\"{}\" data-incident=\"{}\">{}</h3>\n<p class=\"facts\">{state} {link}</p>\n<p>What to watch: {}.</p>\n\
         <p class=\"muted\">Source: {}.</p>\n{status}{}{}",
        id(incident),
        pattern.id(),
        escape(pattern.title()),
        escape(pattern.watch()),
        escape(pattern.source),
        signature(incident),
        chosen(incident),
    )
}

fn signature(incident: &IncidentEvidence) -> String {
    let runs = incident.rows.first().map_or(0, |row| row.values.len());
    let mean = format!("Mean of {runs} runs ± 95 %");
    let columns = [
        ("What is measured", "wide"),
        ("Expected", "number narrow"),
        ("Measured", "number narrow"),
        (mean.as_str(), "number middle"),
        ("As expected in", "number narrow"),
        ("Verdict", "judged"),
        ("Source", "middle"),
    ];
    let good = incident.rows.iter().filter(|row| row.row.is_good()).count();
    let caption =
        format!("{}: {good} of {} as expected with seed {SEED}", incident.pattern.title(), counted(incident.rows.len(), "line"));
    table(&id(incident), &caption, &columns, &incident.rows.iter().map(row).collect::<String>())
}

fn row(replicated: &Replicated) -> String {
    let row = &replicated.row;
    let good = row.is_good();
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{} of {}</td><td>{}</td><td class=\"source\">{}</td></tr>\n",
        escape(&row.what),
        escape(&expected(&row.expected.to_string())),
        number(row.measured),
        over_runs(replicated),
        replicated.fitting(),
        replicated.values.len(),
        verdict(State::of(good), if good { "as expected" } else { "off" }),
        escape(row.source),
    )
}

/// `>= 0.9` as people write it.
fn expected(text: &str) -> String {
    text.replace(">=", "≥").replace("<=", "≤").replace("+-", "±")
}

fn number(value: f64) -> String {
    if value.is_finite() { short(value) } else { "not measured".to_owned() }
}

fn over_runs(replicated: &Replicated) -> String {
    let same = replicated.values.iter().all(|value| value.to_bits() == replicated.row.measured.to_bits());
    match replicated.mean() {
        _ if same => "the same in all".to_owned(),
        (mean, _) if !mean.is_finite() => "not measured".to_owned(),
        (mean, half) => interval(mean, half),
    }
}

fn chosen(incident: &IncidentEvidence) -> String {
    let chosen = incident.pattern.chosen;
    if chosen.is_empty() {
        return String::new();
    }
    let item = |what: &str, why: &str| format!("<li><b>{}</b>: {}.</li>", escape(what), escape(why));
    let items: String = chosen.iter().map(|chosen| item(chosen.what, chosen.why)).collect();
    let summary = format!("{} that the source does not give", counted(chosen.len(), "parameter"));
    format!("<details><summary>{summary}</summary><ul>{items}</ul></details>\n")
}
