//! The reference rows, chapter by chapter and group by group.

use super::Section;
use super::evidence::Evidence;
use super::html::{State, anchor, classed, counted, escape, interval, paragraph, table, verdict};
use super::prose::{Chapter, about};
use super::scenario::link;
use super::strip::strip;
use crate::validation::reference::{Measured, ReportRow, Verdict};

const COLUMNS: [(&str, &str); 7] = [
    ("Quantity and setting", "wide"),
    ("Expected", "number narrow"),
    ("Measured ± 95 %", "number middle"),
    ("Within tolerance", "middle"),
    ("Verdict", "judged"),
    ("Source", "middle"),
    ("Scenario", "link"),
];

/// A section for each chapter that has rows, and one for groups without words.
pub(super) fn sections(evidence: &Evidence) -> Vec<Section> {
    let rows = &evidence.reference.rows;
    let chapters = Chapter::ALL.into_iter().filter_map(|chapter| {
        let (id, title, words) = chapter.words();
        section(id, title, words, rows.iter().filter(|row| about(&row.group).is_some_and(|about| about.chapter == chapter)))
    });
    let others =
        section("others", "Other rows", "Groups that the table names.", rows.iter().filter(|row| about(&row.group).is_none()));
    chapters.chain(others).collect()
}

fn section<'a>(id: &'static str, title: &str, words: &str, rows: impl Iterator<Item = &'a ReportRow>) -> Option<Section> {
    let mut groups: Vec<(&str, Vec<&ReportRow>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(group, _)| *group == row.group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&row.group, vec![row])),
        }
    }
    let heading = |group: &str| about(group).map_or_else(|| group.to_owned(), |about| about.title.to_owned());
    let parts: Vec<(String, String)> = groups.iter().map(|(group, _)| (part_id(group), heading(group))).collect();
    let bodies: String = groups.iter().map(|(group, rows)| part(group, &heading(group), rows)).collect();
    (!groups.is_empty()).then(|| Section { id, title: title.to_owned(), parts, body: paragraph(words) + &bodies })
}

fn part_id(group: &str) -> String {
    format!("law-{}", anchor(group))
}

fn part(group: &str, heading: &str, rows: &[&ReportRow]) -> String {
    let id = part_id(group);
    let words = about(group).map(|about| paragraph(about.words)).unwrap_or_default();
    let passed = rows.iter().filter(|row| row.verdict == Verdict::Pass).count();
    let caption = format!("{heading}: {passed} of {} as expected", counted(rows.len(), "value"));
    let body: String = rows.iter().map(|row| table_row(row)).collect();
    format!(
        "<h3 id=\"{id}\" data-group=\"{}\">{}</h3>\n{words}{}",
        escape(group),
        escape(heading),
        table(&id, &caption, &COLUMNS, &body)
    )
}

fn table_row(row: &ReportRow) -> String {
    let setting = row.params.replace(';', "; ").replace(";  ", "; ");
    let (state, word) = match row.verdict {
        Verdict::Pass => (State::Good, "as expected"),
        Verdict::Fail => (State::Bad, "off"),
        Verdict::Unsupported => (State::Open, "not measured"),
    };
    let measured = match &row.measured {
        Some(Measured::Number { value, half_width }) => interval(*value, *half_width),
        Some(_) => escape(&row.measured_text.replace('/', " / ")),
        None => classed("span", "muted", &escape(&row.reason)),
    };
    format!(
        "<tr id=\"{}\"><th scope=\"row\"><span class=\"id\">{}</span> {}<small>{}</small></th><td class=\"number\">{}</td>\
         <td class=\"number\">{measured}</td><td>{}<small>{}</small></td><td>{}</td><td \
         class=\"source\">{}<small>{}</small></td>\
         <td>{}</td></tr>\n",
        escape(&format!("row-{}", anchor(&row.id))),
        escape(&row.id),
        escape(&row.metric),
        escape(&setting),
        escape(&row.expected.replace('/', " / ")),
        strip(row),
        escape(&tolerance(&row.tolerance)),
        verdict(state, word),
        escape(&row.source),
        escape(kind(&row.how)),
        link(row),
    )
}

/// A tolerance as people write it: `5%` is ±5 %, `+-0.02` is ±0.02, the rest is as the table says it.
fn tolerance(text: &str) -> String {
    let plain = text.strip_suffix('%').filter(|number| number.parse::<f64>().is_ok());
    plain.map_or_else(|| text.replace("+-", "±").replace(">=", "≥").replace("<=", "≤"), |number| format!("±{number} %"))
}

/// Where an expected value comes from, in kind.
pub(super) fn kind(how: &str) -> &str {
    match how {
        "closed" => "closed form or rule",
        "numeric" => "numerical solution",
        "fixedpoint" => "fixed point",
        "des" => "another simulation",
        other => other,
    }
}
