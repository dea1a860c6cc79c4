//! Draws the charts: once per animation frame at most, and only if a frame came, the size or the theme changed. Then
//! tells the worker that it may send the next frame, and the page's `body` which frame is shown (for tests).

use crate::app::model::Model;
use crate::app::theme;
use crate::protocol::ToWorker;
use crate::view::chart::{ChartStyle, PlotArea};
use crate::view::{CHARTS, Frame};
use crate::web::canvas::{draw_chart, fit};
use leptos::html::Canvas;
use leptos::prelude::*;

/// Canvases and where their plots are. A handle: copies share everything.
#[derive(Clone, Copy)]
pub struct Painter {
    /// The page's model.
    pub model: Model,
    /// The canvases.
    pub canvases: [NodeRef<Canvas>; CHARTS],
    /// Where each plot is within its canvas, once drawn.
    pub areas: RwSignal<[Option<PlotArea>; CHARTS]>,
    style: StoredValue<Option<(u64, ChartStyle)>>,
    pending: StoredValue<bool>,
    drawn: StoredValue<Option<u64>>,
}

impl Painter {
    /// A painter that follows the model.
    pub fn new(model: Model) -> Self {
        let painter = Self {
            model,
            canvases: std::array::from_fn(|_| NodeRef::new()),
            areas: RwSignal::new([None; CHARTS]),
            style: StoredValue::new(None),
            pending: StoredValue::new(false),
            drawn: StoredValue::new(None),
        };
        Effect::new(move |_| {
            model.redraw.track();
            model.frame.track();
            painter.schedule();
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| model.redraw.update(|n| *n += 1));
        on_cleanup(move || resized.remove());
        painter
    }
    fn schedule(self) {
        if !self.pending.get_value() {
            self.pending.set_value(true);
            request_animation_frame(move || self.paint());
        }
    }
    fn paint(self) {
        self.pending.set_value(false);
        let Some(frame) = self.model.frame.get_untracked() else { return };
        let style = self.style();
        let areas = std::array::from_fn(|slot| self.paint_one(&frame, slot, &style));
        if self.areas.with_untracked(|old| *old != areas) {
            self.areas.set(areas);
        }
        if self.drawn.get_value() != Some(frame.number) {
            self.drawn.set_value(Some(frame.number));
            show_on_body(&frame);
            self.model.send(&ToWorker::FrameDrawn);
        }
    }
    fn paint_one(self, frame: &Frame, slot: usize, style: &ChartStyle) -> Option<PlotArea> {
        let canvas = self.canvases[slot].get_untracked()?;
        let chart = frame.charts.get(slot)?;
        let columns = fit(&canvas);
        if slot == 0 && columns > 0 && self.model.chart_columns.get_untracked() != columns {
            self.model.chart_columns.set(columns);
        }
        // A canvas without room (a hidden one) is not drawn; it is when there is room again.
        self.model.columns.with_untracked(|c| draw_chart(&canvas, chart, c, frame.window_s, &frame.markers, style)).ok()
    }
    /// The style sheet's colours, read again only when something asked for a redraw.
    fn style(self) -> ChartStyle {
        let turn = self.model.redraw.get_untracked();
        if let Some((_, style)) = self.style.get_value().filter(|(read_at, _)| *read_at == turn) {
            return style;
        }
        let style = theme::chart_style();
        self.style.set_value(Some((turn, style.clone())));
        style
    }
}

fn show_on_body(frame: &Frame) {
    let Some(body) = document().body() else { return };
    let attributes = [
        ("data-digest", frame.digest.clone()),
        ("data-now-ns", frame.now.as_nanos().to_string()),
        ("data-playing", frame.playing.to_string()),
        ("data-ready", "true".to_owned()),
    ];
    for (name, value) in attributes {
        // Setting a well-formed attribute cannot fail.
        let _ = body.set_attribute(name, &value);
    }
}
