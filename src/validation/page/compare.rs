//! Systems against their scale models: the same quantity measured in both.

use super::Section;
use super::evidence::Evidence;
use super::html::{State, escape, interval, open, paragraph, table, verdict};
use super::scenario::address;
use crate::validation::reference::short;
use crate::validation::scale::{Agreement, SYSTEMS, ScaleRow};
use crate::view::address::SEED;

const INTRO: &str = "A system too large for one thread can be run as a model of itself, in which one replica stands for \
                     several and the \
                     traffic is divided by as many. These systems are small enough to be run whole, too: what the whole one \
                     measured is \
                     what the model is held to. What must differ is pooling, so such a quantity is shown and not judged.";
const NONE: &str = "A system too large for one thread can be run as a model of itself, in which one replica stands for \
                    several. No model \
                    was compared with its whole system when this page was made: take its numbers for a sketch.";

pub(super) fn section(evidence: &Evidence) -> Section {
    let rows = &evidence.scale;
    let body = if rows.is_empty() { paragraph(NONE) } else { paragraph(INTRO) + &comparison(rows) };
    Section { id: "scale-model", title: "Scale model".to_owned(), parts: Vec::new(), body }
}

fn comparison(rows: &[ScaleRow]) -> String {
    let columns = [
        ("System and quantity", "wide"),
        ("Whole system ± 95 %", "number middle"),
        ("Model ± 95 %", "number middle"),
        ("Off by", "number narrow"),
        ("May be off by", "number narrow"),
        ("Verdict", "middle"),
        ("Scenario", "link"),
    ];
    let judged = rows.iter().filter(|row| row.agreement != Agreement::NotKept).count();
    let agree = rows.iter().filter(|row| row.agreement == Agreement::Agrees).count();
    let caption = format!("Models and whole systems: {agree} of {judged} quantities agree, {} are not kept", rows.len() - judged);
    table("scale", &caption, &columns, &rows.iter().map(row).collect::<String>())
}

fn row(row: &ScaleRow) -> String {
    let (state, word) = match row.agreement {
        Agreement::Agrees => (State::Good, "agrees"),
        Agreement::Differs => (State::Bad, "off"),
        Agreement::NotKept => (State::Open, "not kept"),
    };
    let note = if row.note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(row.note)) };
    format!(
        "<tr><th scope=\"row\">{}<small>{}, 1 for {}</small></th><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{:+.1} %</td><td class=\"number\">{}</td><td>{}{note}</td><td>{}</td></tr>\n",
        row.quantity.words(),
        escape(row.system),
        row.scale,
        interval(row.full, row.full_half_width),
        interval(row.model, row.model_half_width),
        100.0 * row.off(),
        row.allowed.map_or_else(|| "–".to_owned(), |allowed| format!("±{}", short(allowed))),
        verdict(state, word),
        link(row),
    )
}

/// Opens the model.
fn link(row: &ScaleRow) -> String {
    let system = SYSTEMS.iter().find(|system| system.name == row.system);
    let address = system.and_then(|system| {
        let mut scenario = system.scenario();
        system.about.clone_into(&mut scenario.about);
        address(&scenario, SEED).ok()
    });
    address.map_or_else(|| "–".to_owned(), |address| open(&address, &format!("{}, {}", row.system, row.quantity.words())))
}
