//! The event log, newest first, by kind.

use crate::app::icons::{icon, of_event};
use crate::app::model::{Model, Selection};
use crate::view::{LogEntry, LogKind, format};
use leptos::prelude::*;

/// Kinds in the filter's order, with key and word.
const KINDS: [(LogKind, &str, &str); 6] = [
    (LogKind::Fault, "fault", "Faults"),
    (LogKind::Alert, "alert", "Health"),
    (LogKind::Decision, "decision", "Decisions"),
    (LogKind::Platform, "platform", "Platform"),
    (LogKind::Edit, "edit", "Edits"),
    (LogKind::Service, "service", "Service logs"),
];

/// The key of a kind, for style sheet and tests.
pub fn key_of(kind: LogKind) -> &'static str {
    KINDS.iter().find(|(k, ..)| *k == kind).map_or("service", |(_, key, _)| key)
}

/// The tab.
pub fn log(model: Model) -> AnyView {
    let only = RwSignal::new(None::<LogKind>);
    let search = RwSignal::new(String::new());
    let entries = Memo::new(move |_| {
        let wanted = search.get().to_lowercase();
        model.read(|f| {
            let matches = |e: &&LogEntry| {
                only.get().is_none_or(|kind| e.kind == kind) && (wanted.is_empty() || e.text.to_lowercase().contains(&wanted))
            };
            f.log.iter().filter(matches).cloned().collect::<Vec<_>>()
        })
    });
    let filter = move |kind: Option<LogKind>, word: &'static str| {
        view! {
            <button
                type="button"
                class="filter"
                aria-pressed=move || (only.get() == kind).to_string()
                on:click=move |_| only.set(kind)
            >
                {word}
            </button>
        }
    };
    view! {
        <div class="log">
            <div class="filters" role="group" aria-label="Kinds of events">
                {filter(None, "All")}
                {KINDS.map(|(kind, _, word)| filter(Some(kind), word)).collect_view()}
            </div>
            <label class="field">
                <span class="hidden">"Find in the log"</span>
                <input
                    type="search"
                    placeholder="Find in the log"
                    on:input:target=move |event| search.set(event.target().value())
                />
            </label>
            {move || entries.with(Vec::is_empty).then(|| view! { <div class="empty"><p><b>"Nothing here"</b></p></div> })}
            <ol class="events" data-testid="event-log">
                <For each=move || entries.get() key=|entry| entry.number children=move |entry| line(model, entry) />
            </ol>
        </div>
    }
    .into_any()
}

fn line(model: Model, entry: LogEntry) -> AnyView {
    let service = entry.service;
    let name = service.map(|id| model.peek(|f| f.name(id)));
    let link = name.map(|name| {
        let go = move |_| model.select(service.map(Selection::Service));
        view! { <button type="button" class="link" on:click=go>{name}</button> }
    });
    view! {
        <li class="event" data-testid="event-entry" data-kind=key_of(entry.kind)>
            <time>{format::clock(entry.at)}</time>
            <span class="event-icon">{icon(of_event(entry.kind))}</span>
            <span class="event-text">{link}" "{entry.text}</span>
        </li>
    }
    .into_any()
}
