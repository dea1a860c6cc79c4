//! The import dialog: files or text in, a preview out, and only then another system. Nothing leaves the browser.

mod files;
mod preview;

use super::icons::{Icon, icon};
use super::model::{ImportState, Model};
use crate::protocol::{SourceFile, ToWorker};
use leptos::html::{Dialog, Textarea};
use leptos::prelude::*;

pub use files::listen_for_drops;

/// Name of pasted text in messages.
const PASTED: &str = "pasted text";

/// The dialog; it opens whenever the model says so.
pub fn import_dialog(model: Model) -> AnyView {
    let dialog = NodeRef::<Dialog>::new();
    let is_open = Memo::new(move |_| model.import.with(|state| *state != ImportState::Closed));
    Effect::new(move |_| {
        let Some(element) = dialog.get() else { return };
        match (is_open.get(), element.open()) {
            // Refused only for a dialog that is not in the document, and this one is.
            (true, false) => drop(element.show_modal()),
            (false, true) => element.close(),
            _ => {}
        }
    });
    let body = move || match model.import.get() {
        ImportState::Closed => ().into_any(),
        ImportState::Asking => asking(model),
        ImportState::Reading => {
            view! { <p class="reading"><span class="spinner" aria-hidden="true"></span>"Reading…"</p> }.into_any()
        }
        ImportState::Found(found) => preview::preview(model, &found),
    };
    view! {
        <dialog
            class="dialog wide"
            data-testid="import-dialog"
            aria-labelledby="import-title"
            node_ref=dialog
            on:close=move |_| closed(model)
        >
            <header>
                <h2 id="import-title">{icon(Icon::Import)}"Import a system"</h2>
                <button
                    type="button"
                    class="button square"
                    aria-label="Close"
                    data-testid="import-cancel"
                    on:click=move |_| model.import.set(ImportState::Closed)
                >
                    {icon(Icon::Cross)}
                </button>
            </header>
            <div class="dialog-body">{body}</div>
        </dialog>
    }
    .into_any()
}

/// However it was closed: what was previewed is forgotten, the running system goes on.
fn closed(model: Model) {
    model.send(&ToWorker::CancelImport);
    model.import.set(ImportState::Closed);
}

/// Has the worker read the files.
pub fn read_sources(model: Model, files: Vec<SourceFile>) {
    model.import.set(ImportState::Reading);
    model.send(&ToWorker::PreviewImport(files));
}

fn asking(model: Model) -> AnyView {
    let text = NodeRef::<Textarea>::new();
    let read = move |_| {
        let pasted = text.get_untracked().map(|t| t.value()).unwrap_or_default();
        if pasted.trim().is_empty() {
            model.say("Nothing to read: drop a file, choose one, or paste its text.");
        } else {
            read_sources(model, vec![SourceFile { name: PASTED.to_owned(), text: pasted }]);
        }
    };
    view! {
        <label class="drop">
            {icon(Icon::File)}
            <b>"Drop files here, or choose them"</b>
            <span class="muted">
                "Kubernetes manifests, Docker Compose files (several at once), a scenario file, "
                "or a saved run, which is played at once. "
                "Files never leave this browser."
            </span>
            <input
                type="file"
                multiple
                data-testid="import-file"
                accept=".yaml,.yml,.json,.txt"
                on:change:target=move |event| files::read_list(model, event.target().files())
            />
        </label>
        <label class="paste">
            <span>"or paste the text"</span>
            <textarea
                data-testid="import-text"
                rows="9"
                spellcheck="false"
                autocomplete="off"
                placeholder="apiVersion: apps/v1\nkind: Deployment\n…"
                node_ref=text
            ></textarea>
        </label>
        <div class="dialog-actions">
            <span class="muted grow">"You see what was found before anything is replaced."</span>
            <button type="button" class="button primary" data-testid="import-read" on:click=read>"Read"</button>
        </div>
    }
    .into_any()
}
