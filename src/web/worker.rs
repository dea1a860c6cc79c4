//! The worker's side: lends [`Host`] the browser's clock, timer and way to the page.
//!
//! A turn of work is at most about 16 ms long; between two turns messages are read. A worker with nothing to do sets
//! no timer.

use super::message::{pack, unpack};
use super::panic::{install_in_worker, say};
use super::text_of;
use crate::host::Host;
use crate::protocol::{FromWorker, ToWorker};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// The worker as long as it lives.
struct Desk {
    scope: DedicatedWorkerGlobalScope,
    host: RefCell<Host>,
    /// The timer that is set, if one is.
    timer: Cell<Option<i32>>,
    on_timer: OnceCell<Closure<dyn Fn()>>,
}

/// Starts the worker: from then on it serves messages. Its `main` calls this, once.
pub fn start() {
    install_in_worker();
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let desk = Rc::new(Desk { scope, host: RefCell::default(), timer: Cell::new(None), on_timer: OnceCell::new() });
    let timed = Rc::clone(&desk);
    let on_timer = Closure::new(move || {
        timed.timer.set(None);
        timed.turn();
    });
    // It was empty: this is the only place that sets it.
    let _ = desk.on_timer.set(on_timer);
    let told = Rc::clone(&desk);
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| told.receive(&event));
    desk.scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    on_message.forget();
    desk.post(&FromWorker::Ready, &[]);
}

impl Desk {
    fn receive(&self, event: &MessageEvent) {
        match unpack::<ToWorker>(&event.data()) {
            Ok((message, _)) => {
                self.host.borrow_mut().handle(message, &mut |answer, numbers| self.post(&answer, &numbers));
                self.set_timer(0.0);
            }
            Err(error) => say(&format!("a message to the worker cannot be read: {error}")),
        }
    }

    fn turn(&self) {
        let wall_ms = || self.wall_ms();
        let next = self.host.borrow_mut().turn(&wall_ms, &mut |answer, numbers| self.post(&answer, &numbers));
        if let Some(delay_ms) = next {
            self.set_timer(delay_ms);
        }
    }

    /// Milliseconds since the worker's start.
    fn wall_ms(&self) -> f64 {
        self.scope.performance().map_or_else(js_sys::Date::now, |performance| performance.now())
    }

    /// One timer at a time: a new one replaces it.
    fn set_timer(&self, delay_ms: f64) {
        if let Some(timer) = self.timer.take() {
            self.scope.clear_timeout_with_handle(timer);
        }
        let Some(on_timer) = self.on_timer.get() else { return };
        let function = on_timer.as_ref().unchecked_ref();
        match self.scope.set_timeout_with_callback_and_timeout_and_arguments_0(function, delay_ms.ceil() as i32) {
            Ok(timer) => self.timer.set(Some(timer)),
            Err(thrown) => say(&format!("the worker cannot set a timer: {}", text_of(&thrown))),
        }
    }

    fn post(&self, message: &FromWorker, numbers: &[f64]) {
        let posted = pack(message, numbers).and_then(|parcel| {
            self.scope.post_message_with_transfer(&parcel.message, &parcel.transfer).map_err(|thrown| text_of(&thrown))
        });
        if let Err(error) = posted {
            say(&format!("a message of the worker cannot be sent: {error}"));
        }
    }
}
