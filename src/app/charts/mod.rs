//! The four charts at the foot: canvases drawn by plotters, captions and legends in HTML, one crosshair for all.

mod crosshair;
mod legend;
mod painter;

use super::icons::{Icon, icon};
use super::model::{CrosshairMode, Model};
use crate::view::CHARTS;
use leptos::prelude::*;
use painter::Painter;

/// Lengths of history offered, in s.
const WINDOWS: [(f64, &str); 4] = [(60.0, "1 m"), (120.0, "2 m"), (300.0, "5 m"), (600.0, "10 m")];

/// The charts.
pub fn charts(model: Model) -> AnyView {
    let painter = Painter::new(model);
    view! {
        <section class="charts" aria-label="Charts">
            {bar(model)}
            <div class="chart-grid">{(0..CHARTS).map(|slot| chart(painter, slot)).collect_view()}</div>
        </section>
    }
    .into_any()
}

/// What the charts are about, how much history they show, what the crosshair shows.
fn bar(model: Model) -> impl IntoView {
    let subject = Memo::new(move |_| model.selection.get().map(|s| model.read(|f| f.name(s.service()))));
    let windows = WINDOWS.map(|(seconds, word)| {
        view! {
            <button
                type="button"
                role="radio"
                aria-checked=move || (model.window_s.get() == seconds).to_string()
                on:click=move |_| model.window_s.set(seconds)
            >
                {word}
            </button>
        }
    });
    let mode = move || match model.crosshair_mode.get() {
        CrosshairMode::Off => "Crosshair: off",
        CrosshairMode::Line => "Crosshair: line",
        CrosshairMode::Values => "Crosshair: values",
    };
    let all = move || {
        subject.get().is_some().then(|| {
            view! {
                <button type="button" class="button small" on:click=move |_| model.select(None)>
                    {icon(Icon::Cross)}
                    "Whole system"
                </button>
            }
        })
    };
    view! {
        <div class="chart-bar">
            <h2>{move || subject.get().unwrap_or_else(|| "Whole system".to_owned())}</h2>
            {all}
            <span class="grow"></span>
            <button
                type="button"
                class="button small"
                title="Crosshair: off, line, line and values"
                on:click=move |_| crosshair::next_mode(model)
            >
                {icon(Icon::Line)}
                {mode}
            </button>
            <div class="segments small" role="radiogroup" aria-label="History in view">{windows.collect_view()}</div>
        </div>
    }
}

fn chart(painter: Painter, slot: usize) -> impl IntoView {
    let model = painter.model;
    let title = model.memo(move |f| f.charts.get(slot).map(|c| (c.title.clone(), c.unit.clone())).unwrap_or_default());
    let takeaway = move || legend::takeaway(model, slot);
    view! {
        <figure class="chart" data-testid=format!("chart-{slot}")>
            <figcaption>
                <span class="chart-title">{move || title.get().0}<small>{move || title.get().1}</small></span>
                {legend::legend(model, slot)}
            </figcaption>
            <div
                class="plot"
                tabindex="0"
                role="img"
                aria-label=takeaway
                on:pointermove=move |event| crosshair::on_move(painter, slot, &event)
                on:pointerdown=move |event| crosshair::on_move(painter, slot, &event)
                on:pointerleave=move |_| model.crosshair.set(None)
                on:blur=move |_| model.crosshair.set(None)
                on:keydown=move |event| crosshair::on_key(painter, slot, &event)
            >
                <canvas node_ref=painter.canvases[slot] aria-hidden="true"></canvas>
                {crosshair::overlay(painter, slot)}
            </div>
        </figure>
    }
}
