//! The ledger: every decision with its evidence, candidates, scores and outcome, newest first.

use super::decision::{chip, follow, why};
use crate::app::model::Model;
use crate::ids::DecisionId;
use crate::pipeline::DecisionState;
use crate::protocol::ToWorker;
use crate::view::{format, words};
use leptos::prelude::*;

/// The tab.
pub fn ledger(model: Model) -> AnyView {
    let ids = model.memo(|f| f.decisions.iter().map(|d| d.id).collect::<Vec<_>>());
    let is_past = model.memo(|f| f.is_past);
    view! {
        <div class="ledger" data-testid="ledger">
            <button
                type="button"
                class="button"
                data-testid="post-mortem"
                title="Saves what this run's record says about its incidents, as Markdown to complete"
                on:click=move |_| model.send(&ToWorker::PostMortem)
            >
                "Draft a post-mortem"
            </button>
            {move || ids.with(Vec::is_empty).then(|| view! {
                <div class="empty">
                    <p><b>{move || if is_past.get() { "No decisions until then" } else { "No decisions yet" }}</b></p>
                    <p>"Break something: what the healer decides is recorded here, with its reasons."</p>
                </div>
            })}
            <For each=move || ids.get() key=|id| *id children=move |id| entry(model, id) />
        </div>
    }
    .into_any()
}

fn entry(model: Model, id: DecisionId) -> AnyView {
    let decision = follow(model, id);
    let opened = RwSignal::new(false);
    let state = Memo::new(move |_| decision.with(|d| d.as_ref().map_or(DecisionState::Expired, |d| d.state)));
    let at = move || decision.with(|d| d.as_ref().map(|d| format::clock(d.at)));
    let title = move || decision.with(|d| d.as_ref().map(|d| model.peek(|f| words::decision(f, d))));
    let key = move || decision.with(|d| d.as_ref().map(|d| words::choice_key(&d.chosen.choice)));
    let outcome = move || decision.with(|d| d.as_ref().map(|d| d.outcome.clone()).filter(|o| !o.is_empty()));
    let body = move || {
        // Made when it is opened: most entries never are.
        opened.get().then(|| {
            view! {
                {decision.with_untracked(|d| d.as_ref().map(|d| model.peek(|f| Some(why(f, d)))))}
                {move || outcome().map(|text| view! { <p class="outcome">{text}</p> })}
            }
        })
    };
    view! {
        <details
            class="entry"
            data-testid="ledger-entry"
            data-state=move || words::state_key(state.get())
            on:toggle=move |_| opened.set(true)
        >
            <summary>
                <time>{at}</time>
                <span class="entry-title">{title}</span>
                {move || chip(state.get())}
                <code class="class">{key}</code>
            </summary>
            <div class="entry-body">{body}</div>
        </details>
    }
    .into_any()
}
