//! The whole run to go: as a link that can be copied, as a file, and kept in this browser by name. Nothing is sent to anybody.

use super::dialogs::follow;
use super::icons::{Icon, icon};
use super::keep::{self, Record};
use super::model::Model;
use crate::protocol::ToWorker;
use crate::view::address::Address;
use crate::view::format;
use crate::web::{clipboard, download, store};
use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen_futures::spawn_local;

/// Longest link that is offered, in bytes: chat programs and mail cut longer ones.
const LINK_LEN_MAX: usize = 8_000;
/// The run as link and file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The page's address with the run.
    pub link: String,
    /// The file's text.
    pub text: String,
}

impl Shared {
    /// What the worker sent.
    pub fn of(packed: &str, text: String) -> Self {
        let here = window().location().href().unwrap_or_default();
        let page = here.split('#').next().unwrap_or_default();
        Self { link: format!("{page}{}", Address::of_run(packed)), text }
    }
    fn is_too_long(&self) -> bool {
        self.link.len() > LINK_LEN_MAX
    }
}

/// State of the dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Closed.
    #[default]
    Closed,
    /// The worker was asked.
    Asked,
    /// Open.
    Known(Arc<Shared>),
}

impl Share {
    fn known(&self) -> Option<&Shared> {
        if let Self::Known(shared) = self { Some(shared) } else { None }
    }
}

/// Asks for the run, to open the dialog with it.
pub fn ask(model: Model) {
    model.share.set(Share::Asked);
    model.send(&ToWorker::Share);
}

/// The dialog.
pub fn share(model: Model) -> AnyView {
    let (dialog, field) = (NodeRef::<Dialog>::new(), NodeRef::<Input>::new());
    follow(dialog, Signal::derive(move || model.share.with(|share| share.known().is_some())));
    let close = move || model.share.set(Share::Closed);
    let kept = RwSignal::new(Ok(Vec::new()));
    Effect::new(move |_| {
        if model.share.with(|share| share.known().is_some()) {
            look(kept);
        }
    });
    let shared = move |read: fn(&Shared) -> String| model.share.with(|share| share.known().map(read).unwrap_or_default());
    let link = move || shared(|s| s.link.clone());
    let copy = move |_| {
        if let Some(field) = field.get_untracked() {
            // Selected, it can be copied by hand where the browser refuses.
            field.select();
        }
        let link = model.share.with_untracked(|share| share.known().map(|s| s.link.clone()).unwrap_or_default());
        clipboard::copy(&link, move |done| {
            model.say(if done {
                "The link is copied."
            } else {
                "The browser did not let the page copy: the link is selected, press Ctrl+C."
            });
        });
    };
    let save = move |_| {
        let text = model.share.with_untracked(|share| share.known().map(|s| s.text.clone()).unwrap_or_default());
        let file = model.peek(|f| file_name(&f.scenario, f.end.as_secs_f64()));
        match download::save(&file, "application/json", &text) {
            Ok(()) => model.say(format!("Saved as {file}. Drop it on the page to play it again.")),
            Err(error) => model.say(error),
        }
    };
    view! {
        <dialog class="dialog" data-testid="share-dialog" aria-labelledby="share-title" node_ref=dialog on:close=move |_| close()>
            <header>
                <h2 id="share-title">{icon(Icon::Share)}"Share or keep this run"</h2>
                <button type="button" class="button square" aria-label="Close" on:click=move |_| close()>
                    {icon(Icon::Cross)}
                </button>
            </header>
            <div class="dialog-body">
                <p>
                    "The link is the whole run up to "
                    {move || model.read(|f| format::clock_s(f.end.as_secs_f64()))}
                    ": the system, the seed and everything that was done. "
                    "Who opens it has the same run, request by request. It is not stored anywhere."
                </p>
                <label class="stacked">
                    "Link"
                    <input type="text" readonly data-testid="share-link" prop:value=link node_ref=field />
                </label>
                <div class="dialog-actions">
                    <span class="muted" data-testid="share-size">{move || shared(size)}</span>
                    <span class="grow"></span>
                    <button type="button" class="button" data-testid="share-save" on:click=save>"Save as file"</button>
                    <button type="button" class="button primary" data-testid="share-copy" on:click=copy>"Copy link"</button>
                </div>
                {naming(model, kept)}
                {list(model, kept)}
            </div>
        </dialog>
    }
    .into_any()
}

/// `online-boutique-69s.sickbay.json`.
fn file_name(system: &str, end_s: f64) -> String {
    let is_plain = |c: char| c.is_alphanumeric();
    let words: Vec<String> = system.split(|c| !is_plain(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    format!("{}-{end_s:.0}s.sickbay.json", words.join("-"))
}

fn size(shared: &Shared) -> String {
    let kilobytes = shared.link.len() as f64 / 1_000.0;
    match shared.is_too_long() {
        true => format!("{kilobytes:.1} kB: many programs cut links longer than 8 kB, so send the file instead."),
        false => format!("{kilobytes:.1} kB."),
    }
}

type Kept = RwSignal<Result<Vec<Record>, String>>;

/// Reads what is kept.
fn look(kept: Kept) {
    spawn_local(async move { kept.set(keep::all().await) });
}

fn naming(model: Model, kept: Kept) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let keep_it = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name = field.get_untracked().map(|field| field.value().trim().to_owned()).unwrap_or_default();
        keep::keep_as(model, name, move |done| {
            match done {
                Ok(()) => model.say("Kept in this browser."),
                Err(error) => model.say(format!("The run could not be kept: {error}")),
            }
            look(kept);
        });
    };
    view! {
        <form class="keep-form" on:submit=keep_it>
            <label class="stacked">
                "Keep in this browser as"
                <input
                    type="text"
                    required
                    maxlength="63"
                    autocomplete="off"
                    placeholder="payment outage"
                    data-testid="keep-name"
                    node_ref=field
                />
            </label>
            <button type="submit" class="button" data-testid="keep-do">"Keep"</button>
        </form>
    }
}

fn list(model: Model, kept: Kept) -> impl IntoView {
    let rows = move || match kept.get() {
        Err(error) => view! { <p class="muted">{format!("This browser keeps nothing for the page: {error}")}</p> }.into_any(),
        Ok(records) if records.is_empty() => view! { <p class="muted">"Nothing is kept yet."</p> }.into_any(),
        Ok(records) => {
            let rows = records.into_iter().map(|record| row(model, kept, record)).collect_view();
            view! { <ul class="kept" data-testid="kept">{rows}</ul> }.into_any()
        }
    };
    view! {
        <h3>"Runs in this browser"</h3>
        {rows}
    }
}

fn row(model: Model, kept: Kept, record: Record) -> impl IntoView {
    let words = record.words();
    let kind = keep::origin(model, &record);
    let when = js_sys::Date::new(&record.written_ms.into()).to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED);
    let when = format!("{kind}{}", String::from(when));
    let (open_label, forget_label) = (format!("Open {words}"), format!("Forget {words}"));
    let key = record.key.clone();
    let open = move |_| {
        model.share.set(Share::Closed);
        keep::restore(model, &Record { is_playing: false, ..record.clone() });
    };
    let forget = move |_| {
        let key = key.clone();
        spawn_local(async move {
            if let Err(error) = store::remove(&key).await {
                model.say(format!("The run could not be forgotten: {error}"));
            }
            look(kept);
        });
    };
    view! {
        <li>
            <span>
                <strong>{words}</strong>
                <small class="muted">{when}</small>
            </span>
            <button type="button" class="button small" aria-label=open_label on:click=open>"Open"</button>
            <button type="button" class="button small square" aria-label=forget_label on:click=forget>{icon(Icon::Trash)}</button>
        </li>
    }
}
