//! One call edge: width by rate, colour by failed attempts, moving dashes by rate, a label when it matters.

use super::route::{self, Drawn};
use super::stage::Stage;
use crate::app::icons::{self, Icon};
use crate::app::model::Selection;
use crate::ids::ServiceId;
use crate::view::{EdgeFrame, format};
use leptos::prelude::*;
use web_sys::{KeyboardEvent, MouseEvent};

/// Share of failed attempts from which an edge is coloured and labelled: the monitor's thresholds for errors.
const ERRORS: (f64, f64) = (0.02, 0.05);

type Edge = Memo<Option<EdgeFrame>>;

fn of<T: Default>(edge: Edge, f: impl FnOnce(&EdgeFrame) -> T) -> T {
    edge.with(|e| e.as_ref().map(f).unwrap_or_default())
}

/// The edge between two services.
pub fn edge(stage: Stage, from: ServiceId, to: ServiceId, dimmed: Signal<bool>) -> AnyView {
    let model = stage.model;
    let edge = model.edge(from, to);
    let names = model.memo(move |f| (f.name(from), f.name(to)));
    let me = Selection::Edge(from, to);
    let drawn = Memo::new(move |_| stage.plan.with(|p| p.routes.get(&(from, to)).map(|r| route::draw(r)).unwrap_or_default()));
    let selected = move || model.selection.get() == Some(me);
    let label = move || names.with(|(from, to)| of(edge, |e| spoken(e, from, to)));
    view! {
        <g
            class="edge"
            class:dim=dimmed
            class:selected=selected
            class:rerouted=move || of(edge, |e| e.rerouted)
            class:faulty=move || of(edge, |e| !e.faults.is_empty())
            role="button"
            tabindex=move || if stage.focus.get() == Some(me) { "0" } else { "-1" }
            aria-label=label
            aria-pressed=move || selected().to_string()
            data-testid=move || names.with(|(from, to)| format!("edge-{from}-{to}"))
            data-errors=move || of(edge, |e| severity(e.error_ratio))
            data-pace=move || of(edge, |e| route::pace(e.rate)).to_string()
            on:click=move |event: MouseEvent| {
                event.stop_propagation();
                if !stage.click_ends_drag() {
                    model.select(Some(me));
                }
            }
            on:pointerenter=move |_| stage.hovered.set(Some(me))
            on:pointerleave=move |_| stage.hovered.set(None)
            on:contextmenu=move |event: MouseEvent| stage.open_menu(&event, me)
            on:focus=move |_| stage.focus.set(Some(me))
            on:keydown=move |event: KeyboardEvent| stage.on_key(&event, me)
            on:pointerdown=move |event| {
                event.stop_propagation();
                stage.on_down(&event, Some(me.target()));
            }
        >
            <title>{label}</title>
            {lines(edge, drawn)}
        </g>
    }
    .into_any()
}

fn lines(edge: Edge, drawn: Memo<Drawn>) -> impl IntoView {
    let line = move || drawn.with(|d| d.line.clone());
    let width = move || format!("{:.2}", of(edge, |e| route::width_px(e.rate)));
    view! {
        <path class="edge-hit" d=line />
        <path class="edge-line" d=line stroke-width=width />
        <path class="edge-flow" d=line />
        <path class="edge-head" d=move || drawn.with(|d| d.head.clone()) />
    }
}

/// The label at the middle, above all nodes: everything while the edge is looked at, else only what is wrong.
pub fn note(stage: Stage, from: ServiceId, to: ServiceId) -> AnyView {
    let edge = stage.model.edge(from, to);
    let me = Some(Selection::Edge(from, to));
    let looked_at = Memo::new(move |_| stage.hovered.get() == me || stage.model.selection.get() == me || stage.focus.get() == me);
    let text = Memo::new(move |_| {
        let failing = of(edge, |e| e.error_ratio >= ERRORS.0);
        match (looked_at.get(), failing) {
            (true, _) => of(edge, written),
            (false, true) => of(edge, |e| format::percent(e.error_ratio)),
            (false, false) => String::new(),
        }
    });
    let place = move || {
        let (x, y) = stage.plan.with(|p| p.routes.get(&(from, to)).map(|r| route::draw(r).middle).unwrap_or_default());
        format!("translate({x:.1} {y:.1})")
    };
    // 6.4 px a character of the label's 10.5 px type, and a margin.
    let width = move || text.with(|t| t.chars().count()) as f64 * 6.4 + 16.0;
    let left = move || format!("{:.1}", -width() / 2.0);
    view! {
        <g class="edge-note" transform=place data-errors=move || of(edge, |e| severity(e.error_ratio))>
            <g class="edge-label" class:shown=move || text.with(|t| !t.is_empty())>
                <rect x=left y="-10" width=move || format!("{:.1}", width()) height="20" rx="10" />
                <text y="3.6">{move || text.get()}</text>
            </g>
            <g class="bolt" class:shown=move || of(edge, |e| !e.faults.is_empty()) transform="translate(0 -20)">
                <circle r="10" />
                <path transform="translate(-6.4 -6.4) scale(.8)" d=icons::shape(Icon::Bolt) />
            </g>
        </g>
    }
    .into_any()
}

fn severity(error_ratio: f64) -> &'static str {
    match error_ratio {
        ratio if ratio >= ERRORS.1 => "high",
        ratio if ratio >= ERRORS.0 => "some",
        _ => "none",
    }
}

fn written(edge: &EdgeFrame) -> String {
    let mut text = format::rate(edge.rate);
    if let Some(latency) = edge.latency_ms_p50 {
        text += &format!(" · {}", format::latency(latency));
    }
    if edge.error_ratio >= 0.001 {
        text += &format!(" · {} failed", format::percent(edge.error_ratio));
    }
    if edge.rerouted {
        text += " · detour";
    }
    text
}

fn spoken(edge: &EdgeFrame, from: &str, to: &str) -> String {
    let fault = if edge.faults.is_empty() { "" } else { ", broken by you" };
    format!("{from} calls {to}: {}{fault}", written(edge).replace(" ·", ","))
}
