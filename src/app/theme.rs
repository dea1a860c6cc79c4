//! Light and dark: the system's choice, until the person at the page chooses.

use super::model::Model;
use crate::view::chart::{ChartStyle, Colour};
use crate::web::storage;
use leptos::prelude::*;

/// Key of the choice in the browser's storage.
const KEY: &str = "theme";

/// Shows the theme chosen earlier, if one was.
pub fn restore() {
    if let Some(name) = storage::get(KEY).filter(|name| name == "light" || name == "dark") {
        show(&name);
    }
}

/// Changes to the other theme and remembers it.
pub fn toggle(model: Model) {
    let name = if is_dark() { "light" } else { "dark" };
    show(name);
    storage::set(KEY, name);
    model.redraw.update(|n| *n += 1);
}

fn show(name: &str) {
    if let Some(root) = document().document_element() {
        // Setting a well-formed attribute cannot fail.
        let _ = root.set_attribute("data-theme", name);
    }
}

/// Whether the page is dark now.
pub fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|m| m.matches()),
    }
}

/// The charts' colours: those of the style sheet.
pub fn chart_style() -> ChartStyle {
    let mut style = if is_dark() { ChartStyle::dark() } else { ChartStyle::light() };
    let sheet = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    let read = |name: &str, colour: &mut Colour| {
        let text = sheet.as_ref().and_then(|s| s.get_property_value(name).ok());
        if let Some(found) = text.and_then(|t| Colour::parse(&t)) {
            *colour = found;
        }
    };
    for (number, slot) in style.slots.iter_mut().enumerate() {
        read(&format!("--slot-{number}"), slot);
    }
    read("--line-strong", &mut style.axis);
    read("--grid", &mut style.grid);
    read("--muted", &mut style.text);
    read("--degraded", &mut style.bands[0]);
    read("--critical", &mut style.bands[1]);
    style
}
