//! The graph by keyboard: arrows walk (along calls where there are some), Enter selects, F breaks, E connects, Delete
//! removes, Escape clears.

use super::stage::Stage;
use crate::app::model::{OpenMenu, Selection, Tab};
use crate::ids::ServiceId;
use crate::topology::TopologyEdit;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, SvgElement};

type Point = (f64, f64);

impl Stage {
    /// A key was pressed on a node or an edge.
    pub fn on_key(self, event: &KeyboardEvent, on: Selection) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let model = self.model;
        match event.key().as_str() {
            "ArrowRight" => self.walk(on, (1.0, 0.0)),
            "ArrowLeft" => self.walk(on, (-1.0, 0.0)),
            "ArrowDown" => self.walk(on, (0.0, 1.0)),
            "ArrowUp" => self.walk(on, (0.0, -1.0)),
            "Enter" => model.select(Some(on)),
            "f" | "F" | "ContextMenu" => self.menu_by_key(on),
            "F10" if event.shift_key() => self.menu_by_key(on),
            "e" | "E" => self.ask_for_callee(on),
            "Delete" | "Backspace" => self.remove(on),
            "Escape" if !event.shift_key() => model.select(None),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }
    fn menu_by_key(self, on: Selection) {
        let at = self.client(self.position(on));
        self.model.menu.set(Some(OpenMenu { target: on.target(), at }));
    }
    /// Opens the service's tab with the focus on the choice of callees.
    fn ask_for_callee(self, on: Selection) {
        self.model.select(Some(Selection::Service(on.service())));
        self.model.tab.set(Tab::Service);
        request_animation_frame(|| focus_element("#add-dependency"));
    }
    fn remove(self, on: Selection) {
        self.focus.set(None);
        self.model.edit(match on {
            Selection::Service(id) => TopologyEdit::RemoveService(id),
            Selection::Edge(from, to) => TopologyEdit::RemoveCall { from, to },
        });
    }
    fn position(self, of: Selection) -> Point {
        let centre = |id: ServiceId| self.plan.with_untracked(|p| p.nodes.get(&id).copied().unwrap_or_default());
        match of {
            Selection::Service(id) => centre(id),
            Selection::Edge(from, to) => {
                let (a, b) = (centre(from), centre(to));
                ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
            }
        }
    }
    /// Moves the focus to the best service in a direction: near, little off the line, and better still a neighbour.
    fn walk(self, on: Selection, towards: Point) {
        let start = self.position(on);
        let linked = self.model.peek(|f| {
            let ends = |e: &crate::view::EdgeFrame| [(e.from, e.to), (e.to, e.from)];
            f.edges.iter().flat_map(ends).filter(|(a, _)| *a == on.service()).map(|(_, b)| b).collect::<Vec<_>>()
        });
        let cost = |id: ServiceId, at: Point| {
            let (dx, dy) = (at.0 - start.0, at.1 - start.1);
            let (along, across) = (dx * towards.0 + dy * towards.1, (dx * towards.1 - dy * towards.0).abs());
            let discount = if linked.contains(&id) { 0.5 } else { 1.0 };
            (along > 1.0).then_some((along + across * 2.0) * discount)
        };
        let best = self.plan.with_untracked(|p| {
            let costs = p.nodes.iter().filter_map(|(id, at)| Some((*id, cost(*id, *at)?)));
            costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(id, _)| id)
        });
        if let Some(id) = best {
            self.focus.set(Some(Selection::Service(id)));
            focus_element(&format!("[data-service='{}']", id.0));
        }
    }
}

/// Gives the keyboard's focus to the first element that matches.
pub fn focus_element(selector: &str) {
    let Ok(Some(element)) = document().query_selector(selector) else { return };
    // An element that cannot take the focus leaves it where it was: nothing to do about it.
    let _ = match element.dyn_ref::<SvgElement>() {
        Some(svg) => svg.focus(),
        None => element.unchecked_ref::<HtmlElement>().focus(),
    };
}
