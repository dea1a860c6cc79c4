//! What the page says: refusals and hints as a toast, and two regions for those who listen instead of look.

use super::model::Model;
use crate::pipeline::DecisionState;
use crate::view::words;
use leptos::prelude::*;

/// The toast and the live regions.
pub fn messages(model: Model) -> AnyView {
    let summary = model.memo(words::summary);
    let wanted = model.memo(|f| {
        let decision = f.decisions.iter().find(|d| d.state == DecisionState::AwaitingApproval)?;
        Some(format!("Approval needed: {}. Press A to approve, R to reject.", words::decision(f, decision)))
    });
    let toast = move || {
        model.message.get().map(|message| {
            view! {
                <div class="toast">
                    <p>{message.text}</p>
                    <button type="button" class="link" aria-label="Dismiss" on:click=move |_| model.message.set(None)>"×"</button>
                </div>
            }
        })
    };
    view! {
        <div class="toasts" role="status" data-testid="message">{toast}</div>
        <div class="hidden" role="status">{move || summary.get()}</div>
        <div class="hidden" role="alert">{move || wanted.get()}</div>
    }
    .into_any()
}
