//! What was not validated: what is known to be missing, in words, and what this very page shows to be weak, in counts.

use super::Section;
use super::evidence::Evidence;
use super::html::{anchor, counted, escape};
use crate::validation::incidents::Status;
use crate::validation::reference::{Measured, ReportRow, Verdict};
use crate::validation::scale::Agreement;

/// What no row, incident or law on this page speaks about.
const OUTSIDE: &[(&str, &str)] = &[
    (
        "No real deployment.",
        "No cluster was measured and no production trace was replayed. Rules of container platforms, proxies and client \
         libraries are \
         held to their documentation and source, not to a running one.",
    ),
    (
        "No parameters of your system.",
        "CPU time per request, latencies and error rates of an imported system are defaults until you annotate them. Right \
         mechanisms \
         with wrong parameters give wrong milliseconds: read effects and orders of magnitude.",
    ),
    (
        "Not the healer.",
        "Everything here is played without one. Whether its diagnoses and decisions are good is another question, and is not \
         answered \
         on this page.",
    ),
    (
        "Not what is left out.",
        "Bandwidth and congestion of links, disks, page caches, the kernel beyond CPU shares and quotas, and consistency of \
         data are \
         not simulated. An incident that lives on one of these does not come out.",
    ),
    (
        "Few mechanisms at a time.",
        "A reference row holds one or two of them. All together are held only by the laws, which say that nothing is lost or \
         made up, \
         not that every number is right.",
    ),
    (
        "Not the far tail.",
        "Means, shares and quantiles up to the 99.9th percentile were measured. What happens once in a million requests was \
         not.",
    ),
];

pub(super) fn section(evidence: &Evidence) -> Section {
    let outside = OUTSIDE.iter().map(|(what, why)| format!("<li><b>{}</b> {}</li>", escape(what), escape(why)));
    let items: String = outside.chain(inside(evidence).into_iter().map(|item| format!("<li>{item}</li>"))).collect();
    let body = format!("<ul class=\"limits\">{items}</ul>\n");
    Section { id: "limits", title: "What was not validated".to_owned(), parts: Vec::new(), body }
}

/// What the results themselves show, as far as there is anything to show.
fn inside(evidence: &Evidence) -> Vec<String> {
    [
        failing(evidence),
        partly(evidence),
        shaky(evidence),
        wide(evidence),
        borrowed(evidence),
        chosen(evidence),
        unscaled(evidence),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn failing(evidence: &Evidence) -> Option<String> {
    let bad: Vec<&ReportRow> = evidence.reference.rows.iter().filter(|row| row.verdict != Verdict::Pass).collect();
    let link = |row: &&ReportRow| format!("<a href=\"#row-{}\">{}</a>", anchor(&row.id), escape(&row.id));
    let links: Vec<String> = bad.iter().map(link).collect();
    let what = counted(bad.len(), "reference value");
    (!bad.is_empty()).then(|| format!("<b>{what} not as expected or not measured:</b> {}.", links.join(", ")))
}

fn partly(evidence: &Evidence) -> Option<String> {
    let part = |status| matches!(status, Status::Partly(_));
    let partly: Vec<String> = evidence
        .incidents
        .iter()
        .filter(|incident| part(incident.pattern.status))
        .map(|incident| format!("<a href=\"#incident-{}\">{}</a>", incident.pattern.name(), escape(incident.pattern.title())))
        .collect();
    let what = counted(partly.len(), "incident");
    (!partly.is_empty())
        .then(|| format!("<b>{what} come out only in part,</b> with the reason beside each: {}.", partly.join(", ")))
}

/// As expected with the published seed, but not with every other.
fn shaky(evidence: &Evidence) -> Option<String> {
    let lines: Vec<_> = evidence.incidents.iter().flat_map(|i| &i.rows).collect();
    let shaky = lines.iter().filter(|row| row.row.is_good() && row.fitting() < row.values.len()).count();
    (shaky > 0).then(|| {
        format!(
            "<b>{shaky} of {} lines of incidents hold with the published seed and not with every other.</b> Their column “as \
             expected in” says how often they do.",
            lines.len()
        )
    })
}

/// Within the tolerance, but with an interval that reaches out of it.
fn wide(evidence: &Evidence) -> Option<String> {
    let out = |row: &&ReportRow| match (row.band, &row.measured) {
        (Some((low, high)), Some(Measured::Number { value, half_width: Some(half) })) => {
            value - half < low || value + half > high
        }
        _ => false,
    };
    let count = evidence.reference.rows.iter().filter(|row| row.verdict == Verdict::Pass).filter(out).count();
    (count > 0).then(|| {
        let what = counted(count, "value");
        format!("<b>{what} within the tolerance with an interval that reaches out of it:</b> another seed might not pass.")
    })
}

/// Expected values that are themselves of a simulation.
fn borrowed(evidence: &Evidence) -> Option<String> {
    let rows = &evidence.reference.rows;
    let count = rows.iter().filter(|row| row.how == "des").count();
    (count > 0).then(|| {
        format!(
            "<b>{count} of {} expected values come from another simulation,</b> written apart from this one: two programs may \
             share a \
             mistaken idea. They are marked in the column “source”.",
            rows.len()
        )
    })
}

fn chosen(evidence: &Evidence) -> Option<String> {
    let count: usize = evidence.incidents.iter().map(|incident| incident.pattern.chosen.len()).sum();
    let what = counted(count, "parameter");
    (count > 0).then(|| format!("<b>{what} of the incidents are not given by any source</b> and were chosen; each says why."))
}

fn unscaled(evidence: &Evidence) -> Option<String> {
    let rows = &evidence.scale;
    let lost = rows.iter().filter(|row| row.agreement == Agreement::NotKept).count();
    if rows.is_empty() {
        return Some("<b>Not the scale model:</b> none was compared with its whole system.".to_owned());
    }
    (lost > 0).then(|| {
        format!(
            "<b>{lost} of {} quantities are not kept by scale models</b> and not judged: with fewer instances there is less \
             pooling. \
             <a href=\"#scale-model\">By how much they are off</a> is shown.",
            rows.len()
        )
    })
}
