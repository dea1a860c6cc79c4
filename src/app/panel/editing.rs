//! Changing the drawn system without a mouse: add, redirect and remove calls, rename and remove services. Every edit
//! can be undone, and none of them stops or resets the run.

use super::service::break_button;
use crate::app::icons::{Icon, icon};
use crate::app::model::{Model, Selection};
use crate::ids::ServiceId;
use crate::topology::TopologyEdit;
use crate::view::Frame;
use leptos::prelude::*;

/// Services that `from` may newly call, by name.
fn callable(frame: &Frame, from: ServiceId) -> Vec<(ServiceId, String)> {
    let mut all: Vec<_> = frame.services.iter().filter(|s| frame.can_call(from, s.id)).map(|s| (s.id, s.name.clone())).collect();
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all
}

fn parse(text: &str) -> Option<ServiceId> {
    text.parse().ok().map(ServiceId)
}

fn options(all: Vec<(ServiceId, String)>) -> impl IntoView {
    all.into_iter().map(|(id, name)| view! { <option value=id.0.to_string()>{name}</option> }).collect_view()
}

/// What the service calls, and who calls it.
pub fn calls(model: Model, from: ServiceId) -> impl IntoView {
    let callees = model.memo(move |f| f.edges.iter().filter(|e| e.from == from).map(|e| e.to).collect::<Vec<_>>());
    let callers =
        model.memo(move |f| f.edges.iter().filter(|e| e.to == from).map(|e| (e.from, f.name(e.from))).collect::<Vec<_>>());
    let caller_links = move || {
        callers
            .get()
            .into_iter()
            .map(|(id, name)| {
                view! {
                    <button
                        type="button"
                        class="link"
                        on:click=move |_| model.select(Some(Selection::Service(id)))
                    >
                        {name}
                    </button>
                }
            })
            .collect_view()
    };
    view! {
        <section class="group">
            <h3>"Calls"</h3>
            <ul class="rows">
                <For each=move || callees.get() key=|to| *to children=move |to| call_row(model, from, to) />
            </ul>
            {add_call(model, from)}
            {move || (!callers.with(Vec::is_empty)).then(|| view! { <p class="callers">"Called by "{caller_links()}</p> })}
        </section>
    }
}

fn call_row(model: Model, from: ServiceId, to: ServiceId) -> impl IntoView {
    let names = model.memo(move |f| (f.name(from), f.name(to)));
    let testid = move |verb: &str| names.with(|(from, to)| format!("{verb}-edge-{from}-{to}"));
    let to_name = move || names.with(|(_, to)| to.clone());
    let others = model.memo(move |f| callable(f, from));
    let redirect = move |text: String| {
        if let Some(new_to) = parse(&text) {
            model.edit(TopologyEdit::RedirectCall { from, to, new_to });
        }
    };
    view! {
        <li class="call-row">
            <button
                type="button"
                class="link"
                on:click=move |_| model.select(Some(Selection::Edge(from, to)))
            >
                "→ "
                {to_name}
            </button>
            <select
                data-testid=move || testid("redirect")
                aria-label=move || format!("Redirect the call to {} to", to_name())
                title="Redirect this call"
                on:change:target=move |event| redirect(event.target().value())
            >
                <option value="">"redirect…"</option>
                {move || options(others.get())}
            </select>
            {break_button(model, Selection::Edge(from, to), true)}
            <button
                type="button"
                class="button small square"
                data-testid=move || testid("remove")
                aria-label=move || format!("Remove the call to {}", to_name())
                title="Remove this call"
                on:click=move |_| model.edit(TopologyEdit::RemoveCall { from, to })
            >
                {icon(Icon::Trash)}
            </button>
        </li>
    }
}

fn add_call(model: Model, from: ServiceId) -> impl IntoView {
    let choice = NodeRef::<leptos::html::Select>::new();
    let others = model.memo(move |f| callable(f, from));
    let add = move |_| {
        if let Some(to) = choice.get_untracked().and_then(|select| parse(&select.value())) {
            model.connect_services(from, to);
        }
    };
    view! {
        <div class="add-row">
            <label class="field grow">
                <span class="hidden">"New call to"</span>
                <select id="add-dependency" data-testid="add-dependency" node_ref=choice>
                    <option value="">"Add a call to…"</option>
                    {move || options(others.get())}
                </select>
            </label>
            <button type="button" class="button small" data-testid="add-dependency-do" on:click=add>
                {icon(Icon::Plus)}
                "Add"
            </button>
            <button
                type="button"
                class="button small"
                title="A new service, called by this one"
                on:click=move |_| model.naming.set(Some(Some(from)))
            >
                {icon(Icon::Box)}
                "New"
            </button>
        </div>
    }
}

/// Rename and remove.
pub fn identity(model: Model, id: ServiceId) -> impl IntoView {
    let name = model.memo(move |f| f.name(id));
    let field = NodeRef::<leptos::html::Input>::new();
    let rename = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let new = field.get_untracked().map(|f| f.value().trim().to_owned()).unwrap_or_default();
        if new != name.get_untracked() {
            model.edit(TopologyEdit::Rename(id, new));
        }
    };
    view! {
        <section class="group">
            <h3>"This service"</h3>
            <form class="add-row" on:submit=rename>
                <label class="field grow">
                    <span class="hidden">"Name"</span>
                    <input
                        type="text"
                        data-testid="rename"
                        maxlength="63"
                        autocomplete="off"
                        spellcheck="false"
                        node_ref=field
                        prop:value=move || name.get()
                    />
                </label>
                <button type="submit" class="button small">{icon(Icon::Pencil)}"Rename"</button>
                <button
                    type="button"
                    class="button small danger"
                    data-testid="remove-service"
                    on:click=move |_| model.edit(TopologyEdit::RemoveService(id))
                >
                    {icon(Icon::Trash)}
                    "Remove"
                </button>
            </form>
        </section>
    }
}

/// What can be done to a selected call.
pub fn edge_actions(model: Model, from: ServiceId, to: ServiceId) -> impl IntoView {
    let names = model.memo(move |f| (f.name(from), f.name(to)));
    let link = move |id: ServiceId, name: String| {
        view! { <button type="button" class="link" on:click=move |_| model.select(Some(Selection::Service(id)))>{name}</button> }
    };
    view! {
        <section class="group">
            <h3>"This call"</h3>
            <p class="callers">"From "{move || link(from, names.get().0)}" to "{move || link(to, names.get().1)}</p>
            <ul class="rows">{call_row(model, from, to)}</ul>
        </section>
    }
}
