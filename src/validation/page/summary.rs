//! The page's head with its counts, how to read it, what makes it reproducible.

use super::evidence::Evidence;
use super::html::{counted, escape, paragraph};
use super::{COMMAND, Section};
use crate::rng;
use crate::validation::incidents::{SEED, Status};
use crate::validation::reference::{Effort, Verdict};
use crate::validation::scale::Agreement;
use std::fmt::Write;

/// Runs that every build must repeat to the last bit, as the tests hold them.
const DIGESTS: &str = include_str!("../../../tests/digests.txt");

/// A hash of how the engine behaves: of the digests that every build must give.
pub fn engine() -> u64 {
    digests().fold(rng::label("engine"), |key, (name, digest)| rng::fold(rng::fold(key, rng::label(name)), rng::label(digest)))
}

fn digests() -> impl Iterator<Item = (&'static str, &'static str)> {
    DIGESTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.trim().split_once(' '))
}

/// Counts of good ones and of all.
struct Counts {
    rows: (usize, usize),
    whole: (usize, usize),
    lines: (usize, usize),
    laws: (usize, usize),
    systems: u64,
    comparisons: (usize, usize),
}

fn counts(evidence: &Evidence) -> Counts {
    let rows = &evidence.reference.rows;
    let lines = || evidence.incidents.iter().flat_map(|incident| &incident.rows);
    let whole = evidence
        .incidents
        .iter()
        .filter(|i| i.pattern.status == Status::Reproduced && i.rows.iter().all(|row| row.row.is_good()));
    let judged = || evidence.scale.iter().filter(|row| row.agreement != Agreement::NotKept);
    Counts {
        rows: (rows.iter().filter(|row| row.verdict == Verdict::Pass).count(), rows.len()),
        whole: (whole.count(), evidence.incidents.len()),
        lines: (lines().filter(|row| row.row.is_good()).count(), lines().count()),
        laws: (evidence.laws.iter().filter(|law| law.broken.is_empty()).count(), evidence.laws.len()),
        systems: evidence.laws.iter().map(|law| law.systems).sum(),
        comparisons: (judged().filter(|row| row.agreement == Agreement::Agrees).count(), judged().count()),
    }
}

/// The heading, one sentence with all counts, and the counts again to be seen at once.
pub(super) fn head(evidence: &Evidence) -> String {
    let counts = counts(evidence);
    let groups = evidence.reference.by_group().len();
    let lead = format!(
        "Is the simulation right? It was held to {} of {}, to {} and to {}. This page says what was expected, what was \
         measured and \
         how surely, and links each system so that you can run it yourself.",
        counted(counts.rows.1, "value"),
        counted(groups, "law and rule").replace("law and rules", "laws and rules"),
        counted(counts.whole.1, "published incident"),
        counted(counts.laws.1, "law") + " that hold for any system"
    );
    let cards = [
        card(
            "laws-and-rules",
            counts.rows,
            "reference values as expected",
            &format!("of {groups} laws and platform rules"),
            "queues",
        ),
        card(
            "incidents-whole",
            counts.whole,
            "incidents reproduced",
            &format!("{} of {} lines of their signatures", counts.lines.0, counts.lines.1),
            "incidents",
        ),
        card("laws-kept", counts.laws, "laws kept", &format!("on {} random systems in all", grouped(counts.systems)), "laws"),
        if counts.comparisons.1 > 0 {
            card("scale", counts.comparisons, "scale-model values agree", "with the system run whole", "scale-model")
        } else {
            String::new()
        },
    ];
    format!(
        "<h1>Validation</h1>\n<p class=\"lead\">{}</p>\n<dl class=\"cards\">{}</dl>\n{}<p class=\"jump\"><a \
         href=\"#limits\">What was \
         not validated</a></p>\n",
        escape(&lead),
        cards.concat(),
        provenance(evidence)
    )
}

fn card(id: &str, (good, all): (usize, usize), what: &str, more: &str, anchor: &str) -> String {
    let state = if good == all { "good" } else { "open" };
    format!(
        "<div class=\"card\" data-state=\"{state}\" data-count=\"{id}\"><dt><a href=\"#{anchor}\">{}</a></dt>\
         <dd><b>{good}</b> of {all}<small>{}</small></dd></div>",
        escape(what),
        escape(more)
    )
}

fn provenance(evidence: &Evidence) -> String {
    let effort = match evidence.effort {
        Effort::Full => "full: each mean is measured until its 95 % interval is at most half its tolerance",
        Effort::Quick => "quick: short runs, wide intervals; not for publication",
    };
    let entry = |name: &str, value: &str| format!("<div><dt>{name}</dt><dd>{value}</dd></div>");
    format!(
        "<dl class=\"provenance\" data-engine=\"{:016x}\" data-results=\"{:016x}\">{}{}{}{}</dl>\n",
        engine(),
        evidence.digest(),
        entry("Engine", &format!("sickbay {}, behaviour <code>{:016x}</code>", env!("CARGO_PKG_VERSION"), engine())),
        entry("Results", &format!("<code>{:016x}</code>, to the last bit", evidence.digest())),
        entry("Effort", effort),
        entry("Make it anew", &format!("<code>{COMMAND}</code>"))
    )
}

/// `8,000`.
fn grouped(number: u64) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1_000), number % 1_000) }
}

pub(super) fn how_to_read(evidence: &Evidence) -> Section {
    let runs = evidence.incidents.iter().flat_map(|i| &i.rows).map(|row| row.values.len()).max().unwrap_or_default();
    let items = [
        "<b>Measured</b> is always what the engine did: no measured value comes from a formula. Each row sets up a system in \
         the \
         simulator itself, plays it, and counts."
            .to_owned(),
        "<b>± 95 %</b> is half the width of a 95 % confidence interval. Reference rows get it from batch means of one long \
         run (or \
         from independent trials); a value without one is a rule that has no chance in it, or a list of times."
            .to_owned(),
        format!(
            "<b>Incidents</b> are single runs with seed {SEED}. Beside each value stands its mean over {runs} runs with seeds \
             of their \
             own, and in how many of them it was as expected."
        ),
        "<b>As expected</b> means within the tolerance beside it. In the strips the shaded \
         part is \
         what the tolerance allows, the bar the interval, the dot the value."
            .to_owned(),
        "<b>Open</b> starts the very system in the simulator, with nobody healing it. It plays another seed and shows \
         minutes, not \
         millions of requests, so its numbers move about those in the table."
            .to_owned(),
    ];
    let list: String = items.iter().map(|item| format!("<li>{item}</li>")).collect();
    Section { id: "reading", title: "How to read it".to_owned(), parts: Vec::new(), body: format!("<ul>{list}</ul>\n") }
}

pub(super) fn determinism(_: &Evidence) -> Section {
    let mut rows = String::new();
    for (name, digest) in digests() {
        // Writing to a string cannot fail.
        let _ = writeln!(rows, "<tr><th scope=\"row\">{}</th><td><code>{}</code></td></tr>", escape(name), escape(digest));
    }
    let words = "A run is a function of scenario, seed and what was done to it: no clock, no machine and no number of threads \
                 has a \
                 part in it. Time is whole nanoseconds, chance is drawn by label, and logarithms and powers are our own \
                 everywhere. The \
                 tests compare these digests in four builds: native debug, native release, WebAssembly in a browser, and the \
                 page as it \
                 is shipped. So what was measured natively here holds for the page you open.";
    let columns = [("Run", ""), ("Digest in every build", "")];
    let body =
        paragraph(words) + &super::html::table("digests", "Runs that every build repeats to the last bit", &columns, &rows);
    Section { id: "determinism", title: "The same on every machine".to_owned(), parts: Vec::new(), body }
}

pub(super) fn reproduce(evidence: &Evidence) -> Section {
    let law = evidence.laws.first().map_or("conserved", |law| law.law.name);
    let commands = [
        (COMMAND.to_owned(), "this page"),
        (format!("{COMMAND} --reference FILE.csv"), "the same with a table of your own"),
        ("cargo run --release -- validate --reference docs/validation/reference.csv".to_owned(), "the reference rows as text"),
        (
            "cargo run --release -- incident all --sensitivity".to_owned(),
            "the incidents, each chosen parameter halved and doubled",
        ),
        (format!("cargo run --release -- swarm --law {law} --seeds 1000"), "a law on more random systems"),
    ];
    let list: String = commands
        .iter()
        .map(|(command, what)| format!("<div><dt><code>{}</code></dt><dd>{what}</dd></div>", escape(command)))
        .collect();
    let body = paragraph("In a copy of the repository, with Rust:") + &format!("<dl class=\"commands\">{list}</dl>\n");
    Section { id: "reproduce", title: "Repeat it yourself".to_owned(), parts: Vec::new(), body }
}
