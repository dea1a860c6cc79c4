//! Keys that work everywhere on the page. Single letters do nothing while somebody types or a dialog is open.

use super::model::{ImportState, Model};
use super::panel::TABS;
use super::{scrubber, share, transport};
use crate::pipeline::DecisionState;
use crate::session::Command;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

/// Listens for as long as the page lives.
pub fn listen(model: Model) {
    let listener = window_event_listener(leptos::ev::keydown, move |event| on_key(model, &event));
    let clicks = window_event_listener(leptos::ev::click, |event| leave_focus(&event));
    on_cleanup(move || {
        listener.remove();
        clicks.remove();
    });
}

/// Who clicks a button with the mouse does not mean to press it again with Space, which is time's: the focus leaves it. A click
/// by keyboard has no count and keeps it.
fn leave_focus(event: &web_sys::MouseEvent) {
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let pressed = target.and_then(|t| t.closest("button, summary").ok().flatten());
    let is_free = |button: &Element| button.closest("dialog, [role=dialog]").ok().flatten().is_none();
    if event.detail() > 0
        && let Some(button) = pressed.filter(is_free).and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // What has no focus stays without.
        let _ = button.blur();
    }
}

fn on_key(model: Model, event: &KeyboardEvent) {
    if event.default_prevented() || is_typing(event) {
        return;
    }
    let command = event.ctrl_key() || event.meta_key();
    let done = match (command, event.key().as_str()) {
        (true, "z" | "Z") => undo(model, event.shift_key()),
        (true, "y") => undo(model, true),
        (true, _) => false,
        (false, key) => !event.alt_key() && plain(model, key, event),
    };
    if done {
        event.prevent_default();
    }
}

fn undo(model: Model, again: bool) -> bool {
    model.command(if again { Command::Redo } else { Command::Undo });
    true
}

fn plain(model: Model, key: &str, event: &KeyboardEvent) -> bool {
    match key {
        " " if !is_on_control(event) => transport::play_or_pause(model),
        "." => step(model),
        "," => scrubber::seek_by(model, -1.0),
        "ArrowLeft" | "ArrowRight" => scrubber::stride(model, key == "ArrowRight", event.shift_key()),
        "Home" => scrubber::seek(model, 0.0),
        "End" if model.peek(|f| f.is_past) => scrubber::back_to_live(model),
        "[" => transport::change_speed(model, -1),
        "]" => transport::change_speed(model, 1),
        "a" | "A" => answer(model, true),
        "r" | "R" => answer(model, false),
        "k" | "K" => model.command(Command::SetKillSwitch(!model.peek(|f| f.is_stopped))),
        "d" | "D" => model.command(Command::SetDryRun(!model.peek(|f| f.is_dry_run))),
        "i" | "I" => model.import.set(ImportState::Asking),
        "s" | "S" => share::ask(model),
        "n" | "N" => model.naming.set(Some(None)),
        "l" | "L" => click("[data-testid=fit]"),
        "?" => model.help.set(true),
        "Escape" if event.shift_key() => model.command(Command::StopAllFaults),
        "Escape" => model.select(None),
        _ => return tab(model, key),
    }
    true
}

fn step(model: Model) {
    if !model.peek(|f| f.playing) {
        model.send(&crate::protocol::ToWorker::Step);
    }
}

fn tab(model: Model, key: &str) -> bool {
    let number = key.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let tab = number.and_then(|n| TABS.get(n)).map(|(tab, ..)| *tab);
    if let Some(tab) = tab {
        model.tab.set(tab);
    }
    tab.is_some()
}

fn answer(model: Model, approve: bool) {
    let awaiting = model.peek(|f| f.decisions.iter().find(|d| d.state == DecisionState::AwaitingApproval).map(|d| d.id));
    if let Some(id) = awaiting {
        model.answer(id, approve);
    }
}

fn click(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(button) = found.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        button.click();
    }
}

fn target_of(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()
}

fn within(event: &KeyboardEvent, selector: &str) -> bool {
    target_of(event).and_then(|element| element.closest(selector).ok().flatten()).is_some()
}

fn is_typing(event: &KeyboardEvent) -> bool {
    within(event, "input, textarea, select, dialog, [contenteditable]")
}

/// Space on a button presses the button.
fn is_on_control(event: &KeyboardEvent) -> bool {
    // A service in the graph is chosen by Enter; Space stays time's.
    within(event, "button, summary, a, [role=button]:not(.node)")
}
