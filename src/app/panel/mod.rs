//! The panel on the right: the story of what is wrong, the selected service, and the same as lists and tables.

mod alerts;
pub mod decision;
mod editing;
mod faults;
mod insight;
mod ledger;
mod log;
mod service;
mod story;
mod suspects;
mod tables;

use super::model::{Model, Tab};
use crate::pipeline::DecisionState;
pub use faults::faults as faults_on;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// Tabs in order, with their test id and word.
pub const TABS: [(Tab, &str, &str); 6] = [
    (Tab::Story, "story", "Story"),
    (Tab::Service, "service", "Service"),
    (Tab::Decisions, "decisions", "Decisions"),
    (Tab::Alerts, "alerts", "Alerts"),
    (Tab::Log, "log", "Log"),
    (Tab::Table, "table", "Table"),
];

/// The panel.
pub fn panel(model: Model) -> AnyView {
    let body = move || match model.tab.get() {
        Tab::Story => story::story(model),
        Tab::Service => service::service_tab(model),
        Tab::Decisions => ledger::ledger(model),
        Tab::Alerts => alerts::alerts(model),
        Tab::Log => log::log(model),
        Tab::Table => tables::tables(model),
    };
    view! {
        <section class="panel" aria-label="Story and details">
            <div class="tabs" role="tablist" aria-label="Panel" on:keydown=move |event| on_key(model, &event)>
                {TABS.map(|(tab, key, word)| tab_button(model, tab, key, word)).collect_view()}
            </div>
            <div
                class="tab-body"
                role="tabpanel"
                id="tab-body"
                tabindex="0"
                aria-labelledby=move || format!("tab-{}", key_of(model.tab.get()))
            >
                {body}
            </div>
        </section>
    }
    .into_any()
}

fn key_of(tab: Tab) -> &'static str {
    TABS.iter().find(|(t, ..)| *t == tab).map_or("story", |(_, key, _)| key)
}

fn tab_button(model: Model, tab: Tab, key: &'static str, word: &'static str) -> impl IntoView {
    let selected = move || model.tab.get() == tab;
    let count = model.memo(move |f| match tab {
        Tab::Decisions => f.decisions.iter().filter(|d| d.state == DecisionState::AwaitingApproval).count(),
        Tab::Alerts => f.alerts.iter().filter(|a| a.resolved_at.is_none()).count(),
        _ => 0,
    });
    view! {
        <button
            type="button"
            role="tab"
            id=format!("tab-{key}")
            data-testid=format!("tab-{key}")
            aria-controls="tab-body"
            aria-selected=move || selected().to_string()
            tabindex=move || if selected() { "0" } else { "-1" }
            on:click=move |_| model.tab.set(tab)
        >
            {word}
            {move || (count.get() > 0).then(|| view! { <span class="tab-count">{move || count.get()}</span> })}
        </button>
    }
}

fn on_key(model: Model, event: &KeyboardEvent) {
    let at = TABS.iter().position(|(t, ..)| *t == model.tab.get_untracked()).unwrap_or(0);
    let next = match event.key().as_str() {
        "ArrowRight" => (at + 1) % TABS.len(),
        "ArrowLeft" => (at + TABS.len() - 1) % TABS.len(),
        "Home" => 0,
        "End" => TABS.len() - 1,
        _ => return,
    };
    event.prevent_default();
    model.tab.set(TABS[next].0);
    super::graph::focus_element(&format!("#tab-{}", TABS[next].1));
}
