//! The page's end of the line to the worker.

use super::message::{pack, unpack};
use super::panic::{show_card, show_error};
use super::text_of;
use crate::protocol::{FromWorker, ToWorker};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

/// The worker's loader as the bundler names it, next to the page. It is not hashed, so the page's version is added:
/// a new page must not meet an old worker from a cache.
const LOADER: &str = concat!("./worker_loader.js?v=", env!("CARGO_PKG_VERSION"));

/// The line to the worker. Clones are the same line; it lives as long as the page.
#[derive(Clone)]
pub struct Link {
    line: Rc<Line>,
}

struct Line {
    worker: Worker,
    /// What was sent before the worker was ready; `None` from then on.
    waiting: RefCell<Option<Vec<ToWorker>>>,
}

impl Link {
    /// Starts the worker. `on_message` gets each message with its companion numbers; [`FromWorker::Ready`] comes first.
    /// What is sent before is kept until then, for the browser drops it.
    ///
    /// # Errors
    /// If the browser refuses to start a worker; the text is for people.
    pub fn open(on_message: impl Fn(FromWorker, Vec<f64>) + 'static) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(LOADER, &options)
            .map_err(|thrown| format!("the simulation's worker cannot be started: {}", text_of(&thrown)))?;
        let line = Rc::new(Line { worker, waiting: RefCell::new(Some(Vec::new())) });
        line.listen(on_message);
        Ok(Self { line })
    }

    /// Sends a message, or keeps it until the worker is ready.
    pub fn send(&self, message: &ToWorker) {
        match &mut *self.line.waiting.borrow_mut() {
            Some(waiting) => waiting.push(message.clone()),
            None => self.line.post(message),
        }
    }
}

impl Line {
    /// The listeners live as long as the worker, which is as long as the page: hence the leaks.
    fn listen(self: &Rc<Self>, on_message: impl Fn(FromWorker, Vec<f64>) + 'static) {
        let line = Rc::clone(self);
        let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| line.receive(&event, &on_message));
        self.worker.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        listener.forget();
        let failed = Closure::<dyn Fn(Event)>::new(|_: Event| {
            show_card("The simulation's worker could not be loaded or has failed.", "Check the connection, then reload.");
        });
        self.worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        failed.forget();
    }

    fn receive(&self, event: &MessageEvent, on_message: &impl Fn(FromWorker, Vec<f64>)) {
        let data = event.data();
        if let Some(last_words) = data.as_string() {
            show_error(&last_words);
            return;
        }
        match unpack(&data) {
            Ok((message, numbers)) => {
                if message == FromWorker::Ready {
                    self.send_waiting();
                }
                on_message(message, numbers);
            }
            Err(error) => show_error(&format!("a message of the worker cannot be read: {error}")),
        }
    }

    fn send_waiting(&self) {
        let waiting = self.waiting.borrow_mut().take();
        waiting.iter().flatten().for_each(|message| self.post(message));
    }

    fn post(&self, message: &ToWorker) {
        let posted =
            pack(message, &[]).and_then(|parcel| self.worker.post_message(&parcel.message).map_err(|thrown| text_of(&thrown)));
        if let Err(error) = posted {
            show_error(&format!("a message to the worker cannot be sent: {error}"));
        }
    }
}
