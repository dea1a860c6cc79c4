//! Files from a picker or dropped anywhere on the page.

use super::read_sources;
use crate::app::model::{ImportState, Model};
use crate::protocol::SourceFile;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File, FileList};

/// Largest input in bytes, all files together; the reader itself takes less, and says so with a place and a hint.
const BYTES_MAX: f64 = 12.0 * 1024.0 * 1024.0;

/// Takes files dropped anywhere on the page for an import, for as long as the page lives.
pub fn listen_for_drops(model: Model) {
    let over = window_event_listener(leptos::ev::dragover, |event: DragEvent| event.prevent_default());
    let dropped = window_event_listener(leptos::ev::drop, move |event: DragEvent| {
        event.prevent_default();
        let files = event.data_transfer().and_then(|data| data.files());
        if files.as_ref().is_some_and(|files| files.length() > 0) {
            read_list(model, files);
        }
    });
    on_cleanup(move || {
        over.remove();
        dropped.remove();
    });
}

/// Reads files and has the worker look at them.
pub fn read_list(model: Model, files: Option<FileList>) {
    let files: Vec<File> = files.map(|list| (0..list.length()).filter_map(|i| list.get(i)).collect()).unwrap_or_default();
    if files.is_empty() {
        return;
    }
    let size: f64 = files.iter().map(|file| file.size()).sum();
    if size > BYTES_MAX {
        model.import.set(ImportState::Asking);
        model.say(format!("{:.0} MB is too much: at most 12 MB can be read at once.", size / 1e6));
        return;
    }
    model.import.set(ImportState::Reading);
    spawn_local(async move {
        let mut sources = Vec::with_capacity(files.len());
        for file in &files {
            match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
                Some(text) => sources.push(SourceFile { name: file.name(), text }),
                None => model.say(format!("{} cannot be read as text.", file.name())),
            }
        }
        if sources.is_empty() {
            model.import.set(ImportState::Asking);
        } else {
            read_sources(model, sources);
        }
    });
}
