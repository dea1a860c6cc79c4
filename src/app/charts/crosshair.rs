//! The crosshair that all charts share: by pointer, by arrow keys, in three modes.

use super::legend::value_at;
use super::painter::Painter;
use crate::app::model::{CrosshairMode, Model};
use crate::view::chart::PlotArea;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent};

/// Steps of an arrow key, and with Shift, in s.
const STEPS_S: (f64, f64) = (1.0, 10.0);

/// Off, line, line and values, off ...
pub fn next_mode(model: Model) {
    model.crosshair_mode.update(|mode| {
        *mode = match mode {
            CrosshairMode::Off => CrosshairMode::Line,
            CrosshairMode::Line => CrosshairMode::Values,
            CrosshairMode::Values => CrosshairMode::Off,
        }
    });
}

/// The pointer moves over a plot.
pub fn on_move(painter: Painter, slot: usize, event: &PointerEvent) {
    let area = painter.areas.with_untracked(|a| a[slot]);
    let time = area.and_then(|a| a.time_at(f64::from(event.offset_x())));
    painter.model.crosshair.set(time);
}

/// Arrows move it, Home and End go to the edges, Escape takes it away.
pub fn on_key(painter: Painter, slot: usize, event: &KeyboardEvent) {
    let Some((from, to)) = painter.areas.with_untracked(|a| a[slot].map(|a| a.window_s)) else { return };
    let step = if event.shift_key() { STEPS_S.1 } else { STEPS_S.0 };
    let at = painter.model.crosshair.get_untracked().unwrap_or(to);
    let next = match event.key().as_str() {
        "ArrowLeft" => Some(at - step),
        "ArrowRight" => Some(at + step),
        "Home" => Some(from),
        "End" => Some(to),
        "Escape" => None,
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    painter.model.crosshair.set(next.map(|t| t.clamp(from, to)));
}

/// The line and the points on it, over the canvas.
pub fn overlay(painter: Painter, slot: usize) -> impl IntoView {
    let shown = move || {
        let on = painter.model.crosshair_mode.get() != CrosshairMode::Off;
        let (area, time) = (painter.areas.with(|a| a[slot])?, painter.model.crosshair.get()?);
        (on && (area.window_s.0..=area.window_s.1).contains(&time)).then_some((area, time))
    };
    move || {
        shown().map(|(area, time)| {
            let x = format!("{:.1}", area.x_of(time));
            view! {
                <svg class="crosshair" aria-hidden="true">
                    <line x1=x.clone() x2=x.clone() y1=area.top.to_string() y2=(area.top + area.height).to_string() />
                    {points(painter.model, slot, area, time, &x)}
                </svg>
            }
        })
    }
}

fn points(model: Model, slot: usize, area: PlotArea, time: f64, x: &str) -> impl IntoView + use<> {
    let values = model.read(|frame| {
        let lines = frame.charts.get(slot).map(|c| c.lines.as_slice()).unwrap_or_default();
        model.columns.with(|columns| lines.iter().filter_map(|l| Some((l.slot, value_at(l, columns, time)?))).collect::<Vec<_>>())
    });
    let dot = |(slot, value): (u8, f64)| {
        view! { <circle class=format!("dot slot-{slot}") cx=x.to_owned() cy=format!("{:.1}", area.y_of(value)) r="3.500" /> }
    };
    values.into_iter().map(dot).collect_view()
}
