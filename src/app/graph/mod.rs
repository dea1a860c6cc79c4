//! The service graph: an SVG with a DOM element per service and call, so that everybody can reach them.

mod edge;
mod node;
mod plan;
mod route;
mod stage;
mod walk;

use super::icons::{Icon, icon};
use super::model::{Model, Selection};
use crate::ids::ServiceId;
use leptos::prelude::*;
use plan::NODE_WIDTH;
use stage::Stage;
use std::collections::BTreeSet;

pub use walk::focus_element;

/// The graph with its tools.
pub fn graph(model: Model) -> AnyView {
    let stage = Stage::new(model);
    let transform = move || {
        let camera = stage.camera.get();
        format!("translate({:.2} {:.2}) scale({:.4})", camera.x, camera.y, camera.zoom)
    };
    view! {
        <section class="graph" aria-label="Service graph">
            <svg
                class="stage"
                class:paused=model.memo(|f| !f.playing)
                class:far=move || stage.is_far()
                class:drawing=move || stage.draft.with(Option::is_some)
                node_ref=stage.svg
                role="group"
                aria-label="Services and calls. Arrow keys walk, Enter selects, F breaks, E connects, Delete removes."
                on:wheel=move |event| stage.on_wheel(&event)
                on:pointerdown=move |event| stage.on_down(&event, None)
                on:pointermove=move |event| stage.on_move(&event)
                on:pointerup=move |event| stage.on_up(&event)
                on:pointercancel=move |_| stage.on_cancel()
                on:click=move |_| {
                    if !stage.click_ends_drag() {
                        model.select(None);
                    }
                }
                on:contextmenu=move |event| event.prevent_default()
            >
                <g transform=transform>
                    {edges(stage)}
                    {draft(stage)}
                    {nodes(stage)}
                    {notes(stage)}
                </g>
            </svg>
            {empty_note(model)}
            {tools(stage)}
        </section>
    }
    .into_any()
}

/// Services that stay bright: the selection's neighbourhood up and down the calls; `None` if all do.
fn bright(model: Model) -> Memo<Option<BTreeSet<ServiceId>>> {
    let structure = model.memo(|f| f.structure);
    Memo::new(move |_| {
        let selection = model.selection.get()?;
        structure.track();
        Some(model.peek(|f| match selection {
            Selection::Service(id) => f.connected(id),
            Selection::Edge(from, to) => BTreeSet::from([from, to]),
        }))
    })
}

fn nodes(stage: Stage) -> impl IntoView {
    let ids = stage.model.memo(|f| f.services.iter().map(|s| s.id).collect::<Vec<_>>());
    let bright = bright(stage.model);
    let child = move |id: ServiceId| {
        let dimmed = Signal::derive(move || bright.with(|b| b.as_ref().is_some_and(|b| !b.contains(&id))));
        node::node(stage, id, dimmed)
    };
    view! { <For each=move || ids.get() key=|id| *id children=child /> }
}

fn edges(stage: Stage) -> impl IntoView {
    let ids = stage.model.memo(|f| f.edges.iter().map(|e| (e.from, e.to)).collect::<Vec<_>>());
    let bright = bright(stage.model);
    let child = move |(from, to): (ServiceId, ServiceId)| {
        let dark = move |b: &BTreeSet<ServiceId>| !(b.contains(&from) && b.contains(&to));
        let dimmed = Signal::derive(move || bright.with(|b| b.as_ref().is_some_and(dark)));
        edge::edge(stage, from, to, dimmed)
    };
    view! { <For each=move || ids.get() key=|ends| *ends children=child /> }
}

/// The edges' labels, above everything.
fn notes(stage: Stage) -> impl IntoView {
    let ids = stage.model.memo(|f| f.edges.iter().map(|e| (e.from, e.to)).collect::<Vec<_>>());
    view! { <For each=move || ids.get() key=|ends| *ends children=move |(from, to)| edge::note(stage, from, to) /> }
}

/// The edge under the pointer.
fn draft(stage: Stage) -> impl IntoView {
    let path = move || {
        let draft = stage.draft.get()?;
        let (x, y) = stage.plan.with(|p| p.nodes.get(&draft.from).copied())?;
        Some(route::path(&[(x + NODE_WIDTH / 2.0, y), draft.at]))
    };
    view! { <path class="draft" d=move || path().unwrap_or_default() /> }
}

fn empty_note(model: Model) -> impl IntoView {
    let empty = model.memo(|f| f.services.is_empty());
    let waiting = move || model.frame.with(Option::is_none);
    move || match (waiting(), empty.get()) {
        (true, _) => {
            view! { <p class="graph-note"><span class="spinner" aria-hidden="true"></span>"Starting the engine…"</p> }.into_any()
        }
        (_, true) => view! { <p class="graph-note">"No services. Add one, or import a file."</p> }.into_any(),
        _ => ().into_any(),
    }
}

fn tools(stage: Stage) -> impl IntoView {
    let model = stage.model;
    view! {
        <div class="graph-tools" role="toolbar" aria-label="Graph">
            <button
                type="button"
                class="tool"
                data-testid="add-service"
                title="Add a service"
                on:click=move |_| model.naming.set(Some(None))
            >
                {icon(Icon::Plus)}
                <span>"Service"</span>
            </button>
            <button
                type="button"
                class="tool square"
                title="Zoom in"
                aria-label="Zoom in"
                on:click=move |_| stage.zoom_by(1.25)
            >
                {icon(Icon::Plus)}
            </button>
            <button
                type="button"
                class="tool square"
                title="Zoom out"
                aria-label="Zoom out"
                on:click=move |_| stage.zoom_by(0.8)
            >
                {icon(Icon::Minus)}
            </button>
            <button
                type="button"
                class="tool square"
                title="Lay out anew and show everything (L)"
                aria-label="Lay out anew and show everything"
                data-testid="fit"
                on:click=move |_| stage.fit()
            >
                {icon(Icon::Fit)}
            </button>
        </div>
    }
}
