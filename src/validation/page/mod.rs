//! The validation page: what was held to what, what came out, and what was not validated. Pure text out of results: the same
//! results give the same bytes, on any machine and any day.
//!
//! One HTML file without scripts, complete in itself. Its colours are those of the simulator's own style sheet, read from
//! there. Every number in it is computed; what words it has of its own are in `prose` and `limits`. Scenarios are links that
//! open in the simulator beside it ([`crate::view::address`]).

mod compare;
mod evidence;
mod group;
mod html;
mod incident;
mod laws;
mod limits;
mod prose;
mod scenario;
mod strip;
mod summary;

pub use evidence::{Evidence, IncidentEvidence, LawEvidence, Plan, Replicated, gather};
pub use prose::{Chapter, about};
pub use scenario::of_setup;
pub use summary::engine;

use html::{escape, tag};

/// The simulator's style sheet, whose colours these are.
const SIMULATOR_STYLE: &str = include_str!("../../../www/style.css");
/// Where its colours end.
const COLOURS_END: &str = "/* One colour for whatever has a state. */";
const OWN_STYLE: &str = include_str!("style.css");
/// The command that makes the page anew.
pub const COMMAND: &str = "cargo xtask validate";

/// The page.
pub fn render(evidence: &Evidence) -> String {
    let sections = sections(evidence);
    let main: String = sections.iter().map(section).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"description\" content=\"Sickbay's simulation held to queueing theory, to the rules of real platforms \
         and to \
         published incidents: expected, measured, and what was not validated.\">\n\
         <title>Validation · Sickbay</title>\n<link rel=\"icon\" \
         href=\"data:,\">\n<style>\n{}{OWN_STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">Skip to the results</a>\n{}<div class=\"layout\">\n{}<main \
         id=\"content\">\n{}{main}</main>\n\
         </div>\n{}</body>\n</html>\n",
        colours(),
        masthead(),
        contents(&sections),
        summary::head(evidence),
        footer(),
    )
}

/// A section of the page: anchor, heading, what is in it.
struct Section {
    id: &'static str,
    title: String,
    /// Sub-headings for the table of contents: anchor and words.
    parts: Vec<(String, String)>,
    body: String,
}

fn sections(evidence: &Evidence) -> Vec<Section> {
    let mut sections = vec![summary::how_to_read(evidence), limits::section(evidence)];
    sections.extend(group::sections(evidence));
    sections.push(incident::section(evidence));
    sections.push(laws::section(evidence));
    sections.push(compare::section(evidence));
    sections.push(summary::determinism(evidence));
    sections.push(summary::reproduce(evidence));
    sections
}

fn section(section: &Section) -> String {
    let Section { id, title, body, .. } = section;
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{}</h2>\n{body}</section>\n",
        escape(title)
    )
}

/// The style sheet's colours, light and dark.
fn colours() -> &'static str {
    let start = SIMULATOR_STYLE.find(":root {").unwrap_or(0);
    let end = SIMULATOR_STYLE.find(COLOURS_END).unwrap_or(SIMULATOR_STYLE.len());
    &SIMULATOR_STYLE[start..end]
}

fn masthead() -> String {
    let logo = "<svg class=\"logo\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><rect x=\"1.5\" y=\"1.5\" width=\"21\" \
                height=\"21\" \
                rx=\"6\"/><path d=\"M4.5 12.5h3.6l2-5 3.6 9.5 2.3-6.500 1 2h2.5\"/></svg>";
    format!(
        "<header class=\"masthead\"><a class=\"brand\" href=\"./\">{logo}<span>Sickbay</span></a>\
         <a class=\"button\" href=\"./\" data-testid=\"simulator-link\">Open the simulator</a></header>\n"
    )
}

fn contents(sections: &[Section]) -> String {
    let link = |id: &str, title: &str| format!("<a href=\"#{id}\">{}</a>", escape(title));
    let entry = |section: &Section| {
        let parts: String = section.parts.iter().map(|(id, title)| tag("li", &link(id, title))).collect();
        let inner = if parts.is_empty() { String::new() } else { format!("<ul>{parts}</ul>") };
        format!("<li>{}{inner}</li>", link(section.id, &section.title))
    };
    let entries: String = sections.iter().map(entry).collect();
    format!(
        "<nav class=\"contents\" aria-labelledby=\"contents-title\"><h2 \
         id=\"contents-title\">Contents</h2><ul>{entries}</ul></nav>\n"
    )
}

fn footer() -> String {
    format!(
        "<footer><p>Made by <code>{COMMAND}</code>. It bears no date: the same engine gives the same page.</p>\
         <p><a href=\"./\">Back to the simulator</a></p></footer>\n"
    )
}

#[cfg(test)]
mod tests;
