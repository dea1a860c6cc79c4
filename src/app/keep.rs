//! What is kept in this browser, so that a reload or a crash loses nothing: each tab's run by itself, and runs by name.
//!
//! A tab's run is written again after each deed and every few seconds. The tab knows its record by a name that it takes from the
//! tab's own store when it opens and puts back when it leaves: a reloaded tab finds it, a duplicated tab does not, so that two
//! tabs never write the same record. A tab that crashed could not put it back; its run is offered to the next tab that opens.

use super::model::Model;
use crate::protocol::ToWorker;
use crate::units::SimTime;
use crate::view::address::OWN;
use crate::view::format;
use crate::web::{self, storage, store};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// Under which the tab's own store has the name of the tab's record.
const TAB: &str = "tab";
/// How the keys of runs begin that were left for another course.
const LEFT: &str = "left-";
/// How often a run to which nothing is done is written: how much of it has to be waited for after a crash.
const PERIOD: Duration = Duration::from_secs(5);
/// How long after a deed: several at once are written once.
const SOON: Duration = Duration::from_millis(400);
/// A record this long not written belongs to no tab any more, in ms: background tabs may be slowed to a timer a minute.
const LEFT_MS: f64 = 90_000.0;
/// Records of tabs that are kept; the oldest go.
const TABS_MAX: usize = 12;

/// A run as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its key in the store.
    pub key: String,
    /// The name that somebody gave it; `None` for a tab's own.
    pub name: Option<String>,
    /// What runs.
    pub system: String,
    /// The page's fragment when it was written: the link that was opened.
    pub fragment: String,
    /// When it was written, by the wall clock, ms since 1970.
    pub written_ms: f64,
    /// The run as a file.
    pub text: String,
    /// The run's present.
    pub end: SimTime,
    /// Whether time went on.
    pub is_playing: bool,
    /// Whether its tab was closed or left as usual.
    pub is_closed: bool,
}

impl Record {
    /// In words: `boutique at 1:09`.
    pub fn words(&self) -> String {
        let at = format::clock_s(self.end.as_secs_f64());
        match &self.name {
            Some(name) => format!("{name} ({}, at {at})", self.system),
            None => format!("{}, at {at}", self.system),
        }
    }
}

/// What this tab keeps.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// Its record, once there is one.
    record: Option<Record>,
    /// Its key.
    key: String,
    /// The browser refused once: it is not asked again.
    is_refused: bool,
    /// A write is due soon.
    is_due: bool,
}

/// Opens what this tab ran before it was reloaded, or else `open`s what the address asks for. From then on the run is kept.
pub fn start(model: Model, open: impl FnOnce() + 'static) {
    let known = storage::take_from_tab(TAB);
    let key = known.clone().unwrap_or_else(|| format!("tab-{:.0}-{:08x}", js_sys::Date::now(), web::new_seed()));
    model.keeping.update_value(|keeping| keeping.key = key);
    leptos::leptos_dom::helpers::set_interval(move || ask(model), PERIOD);
    let left = window_event_listener(leptos::ev::pagehide, move |_| leave(model));
    on_cleanup(move || left.remove());
    spawn_local(async move {
        let records = all().await.unwrap_or_default();
        let fragment = window().location().hash().unwrap_or_default();
        let own = records.iter().find(|record| Some(&record.key) == known.as_ref() && record.fragment == fragment);
        match own {
            Some(record) => restore(model, record),
            None => {
                open();
                offer_interrupted(model, &records);
            }
        }
        forget_old(&records).await;
    });
}

/// Every run that is kept, the newest first.
///
/// # Errors
/// What the browser says.
pub async fn all() -> Result<Vec<Record>, String> {
    let texts = store::all().await?;
    let mut records: Vec<Record> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    records.sort_by(|a, b| b.written_ms.total_cmp(&a.written_ms));
    Ok(records)
}

/// How a record came to be kept, in words; nothing for one that has a name.
pub fn origin(model: Model, record: &Record) -> &'static str {
    let is_own = model.keeping.with_value(|keeping| keeping.key == record.key);
    match (&record.name, is_own) {
        (Some(_), _) => "",
        (None, true) => "This tab. ",
        (None, false) if record.key.starts_with(LEFT) => "Left for another course. ",
        (None, false) => "Saved by itself in another tab. ",
    }
}

/// Opens a kept run.
pub fn restore(model: Model, record: &Record) {
    let Record { text, end, is_playing, .. } = record.clone();
    model.address.update(|address| OWN.clone_into(&mut address.preset));
    model.selection.set(None);
    model.send(&ToWorker::OpenKept { text, end, is_playing });
    model.say(format!("Your run is back: {}.", record.words()));
}

/// A deed was done: the run is written soon.
pub fn soon(model: Model) {
    let is_due = model.keeping.try_update_value(|keeping| std::mem::replace(&mut keeping.is_due, true));
    if is_due == Some(false) {
        set_timeout(move || ask(model), SOON);
    }
}

fn ask(model: Model) {
    model.keeping.update_value(|keeping| keeping.is_due = false);
    let runs = model.frame.with_untracked(Option::is_some);
    if runs && !model.keeping.with_value(|keeping| keeping.is_refused) {
        model.send(&ToWorker::Keep);
    }
}

/// The worker says what to keep.
pub fn keep(model: Model, text: Option<String>, end: SimTime) {
    let (system, is_playing) = model.peek(|f| (f.scenario.clone(), f.playing));
    let fragment = window().location().hash().unwrap_or_default();
    let record = model.keeping.try_update_value(|keeping| {
        let before = keeping.record.take();
        let text = text.or_else(|| before.map(|record| record.text))?;
        let (key, written_ms) = (keeping.key.clone(), js_sys::Date::now());
        let record = Record { key, name: None, system, fragment, written_ms, text, end, is_playing, is_closed: false };
        keeping.record = Some(record.clone());
        Some(record)
    });
    if let Some(record) = record.flatten() {
        spawn_local(async move {
            match write(&record).await {
                Ok(()) => show_on_body(record.end),
                Err(_) => model.keeping.update_value(|keeping| keeping.is_refused = true),
            }
        });
    }
}

/// Up to when the run is kept, for tests.
fn show_on_body(end: SimTime) {
    // Setting a well-formed attribute cannot fail.
    let _ = document().body().map(|body| body.set_attribute("data-kept-ns", &end.as_nanos().to_string()));
}

/// Keeps the run that is about to be left for another course, which the tab's own record will be about.
pub fn keep_left(model: Model) {
    let Some(record) = model.keeping.with_value(|keeping| keeping.record.clone()) else { return };
    let written_ms = js_sys::Date::now();
    let key = format!("{LEFT}{}-{written_ms:.0}", record.key);
    spawn_local(async move {
        // As long as the tab lives, the run is in it, too.
        let _ = write(&Record { key, written_ms, is_playing: false, is_closed: true, ..record }).await;
    });
}

/// Keeps the run as it is under a name.
pub fn keep_as(model: Model, name: String, told: impl FnOnce(Result<(), String>) + 'static) {
    let record = model.keeping.with_value(|keeping| keeping.record.clone());
    let Some(record) = record else {
        told(Err("nothing has been kept yet: try again in a moment".to_owned()));
        return;
    };
    let written_ms = js_sys::Date::now();
    let key = format!("named-{name}");
    let record = Record { key, name: Some(name), written_ms, is_closed: true, is_playing: false, ..record };
    spawn_local(async move { told(write(&record).await) });
}

async fn write(record: &Record) -> Result<(), String> {
    let text = serde_json::to_string(record).map_err(|error| error.to_string())?;
    store::put(&record.key, &text).await
}

/// The tab is reloaded, left or closed.
fn leave(model: Model) {
    let (key, record) = model.keeping.with_value(|keeping| (keeping.key.clone(), keeping.record.clone()));
    storage::set_in_tab(TAB, &key);
    if let Some(record) = record {
        spawn_local(async move {
            // The page may be gone before it is written; then its run is offered as if it had crashed.
            let _ = write(&Record { is_closed: true, ..record }).await;
        });
    }
}

/// A run of a tab that crashed.
fn offer_interrupted(model: Model, records: &[Record]) {
    let is_left = |record: &&Record| {
        let age_ms = js_sys::Date::now() - record.written_ms;
        record.name.is_none() && !record.is_closed && age_ms > LEFT_MS
    };
    if let Some(record) = records.iter().find(is_left) {
        model.say(format!("A run was interrupted: {}. It is kept under Share (S).", record.words()));
    }
}

async fn forget_old(records: &[Record]) {
    for record in records.iter().filter(|record| record.name.is_none()).skip(TABS_MAX) {
        // What cannot be forgotten now is tried again by the next page.
        let _ = store::remove(&record.key).await;
    }
}
