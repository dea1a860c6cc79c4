//! A panic is our bug, so it must be seen: a card in the page with the message and what to do. A worker cannot draw;
//! it says its last words to the page, which does.
//!
//! After a panic no Rust code is relied on any more: the card's button calls the browser's own function.

use super::text_of;
use js_sys::{Array, Function, Reflect};
use std::panic::{PanicHookInfo, set_hook};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, Document, Element, Window};

/// Longest message shown, in characters.
const TEXT_LEN_MAX: usize = 2_000;

/// Shows panics of the page in the page (and in the console).
pub fn install_in_page() {
    set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        show_error(&words(info));
    }));
}

/// Tells the page of panics of this worker (and the console).
pub fn install_in_worker() {
    set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        say(&words(info));
    }));
}

/// Tells the page, from a worker, that the run cannot go on.
pub fn say(last_words: &str) {
    if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        // Nobody is left to tell if this fails, too.
        let _ = scope.post_message(&JsValue::from_str(last_words));
    }
}

fn words(info: &PanicHookInfo) -> String {
    info.to_string().chars().take(TEXT_LEN_MAX).collect()
}

/// Shows an error of our own in the page, with how to get back to where it happened.
pub fn show_error(text: &str) {
    show_card(text, &hint().unwrap_or_else(|| "Reload to start again.".into()));
}

/// Where the run was: together with the address this replays it.
fn hint() -> Option<String> {
    let window = web_sys::window()?;
    let address = window.location().href().ok()?;
    let now_ns = window.document()?.body()?.get_attribute("data-now-ns")?;
    Some(format!("Reload to start again. To report it: {address} at {now_ns} ns of simulated time."))
}

/// Shows a card with a message, a hint and a button to reload. The first one stays: what follows is a consequence.
pub fn show_card(text: &str, hint: &str) {
    if let Some(window) = web_sys::window()
        && let Err(thrown) = build_card(&window, text, hint)
    {
        web_sys::console::error_2(&"the error card cannot be shown".into(), &text_of(&thrown).into());
    }
}

fn build_card(window: &Window, text: &str, hint: &str) -> Result<(), JsValue> {
    let document = window.document().ok_or("there is no document")?;
    let body = document.body().ok_or("there is no body")?;
    if document.get_element_by_id("panic-card").is_some() {
        return Ok(());
    }
    let card = element(&document, "section", "")?;
    card.set_id("panic-card");
    card.set_attribute("role", "alert")?;
    card.set_attribute("data-testid", "panic-card")?;
    for (tag, text) in [("h2", "Sickbay has stopped"), ("pre", text), ("p", hint)] {
        let part = element(&document, tag, text)?;
        card.append_child(&part)?;
    }
    let button = element(&document, "button", "Reload")?;
    button.add_event_listener_with_callback("click", &reload_of(window)?)?;
    card.append_child(&button)?;
    body.append_child(&card)?;
    Ok(())
}

fn element(document: &Document, tag: &str, text: &str) -> Result<Element, JsValue> {
    let element = document.create_element(tag)?;
    element.set_text_content((!text.is_empty()).then_some(text));
    Ok(element)
}

/// `location.reload` bound to its object: a listener without any Rust in it.
fn reload_of(window: &Window) -> Result<Function, JsValue> {
    let location = window.location();
    let reload: Function = Reflect::get(&location, &"reload".into())?.dyn_into()?;
    let bind: Function = Reflect::get(&reload, &"bind".into())?.dyn_into()?;
    bind.apply(&reload, &Array::of1(&location))?.dyn_into()
}
