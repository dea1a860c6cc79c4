//! The page: components, and the model behind them. It shows frames and sends messages; it holds no truth of its own.
//!
//! Components are plain functions of the [`model::Model`]. Each reads from the newest frame through memos, so that a
//! frame (ten a second at most) touches only the text and attributes that changed.

pub mod charts;
pub mod dialogs;
pub mod fault_menu;
pub mod graph;
pub mod header;
pub mod icons;
pub mod import;
pub mod keep;
pub mod keys;
pub mod kpis;
pub mod messages;
pub mod model;
pub mod panel;
pub mod scrubber;
pub mod share;
pub mod theme;
pub mod transport;

use crate::protocol::{FromWorker, SourceFile, ToWorker};
use crate::units::SimTime;
use crate::view::Frame;
use crate::view::address::{Address, OWN, SEED};
use crate::web::link::Link;
use crate::web::panic;
use leptos::prelude::*;
use model::{ImportState, Model, Selection};
use std::sync::Arc;

/// Name of a file that came in a link, in messages.
const LINK: &str = "the link";

/// Starts the page: shows it, starts the worker, opens what the address asks for.
pub fn start() {
    panic::install_in_page();
    theme::restore();
    let fragment = window().location().hash().unwrap_or_default();
    let model = Model::new(Address::parse(&fragment));
    mount_to_body(move || page(model));
    take_boot_note_away();
    match Link::open(move |message, columns| receive(model, message, columns)) {
        Ok(link) => {
            model.connect(link);
            keep::start(model, move || {
                open_address(model);
                complain(model, &fragment);
            });
        }
        Err(error) => panic::show_error(&error),
    }
}

/// Removes the static note that stands for a page that is not up yet.
fn take_boot_note_away() {
    if let Some(note) = document().get_element_by_id("boot") {
        note.remove();
    }
}

fn page(model: Model) -> impl IntoView {
    keys::listen(model);
    import::listen_for_drops(model);
    follow_address(model);
    follow_view(model);
    follow_new_service(model);
    view! {
        <div class="app">
            <div class="notices">
                {panel::decision::ask(model)}
                {messages::messages(model)}
            </div>
            {header::header(model)}
            {kpis::kpis(model)}
            <main class="main">
                {graph::graph(model)}
                {panel::panel(model)}
            </main>
            {charts::charts(model)}
            {transport::transport(model)}
        </div>
        {fault_menu::fault_menu(model)}
        {import::import_dialog(model)}
        {dialogs::new_service(model)}
        {dialogs::help(model)}
        {share::share(model)}
    }
}

fn open_address(model: Model) {
    let address = model.address.get_untracked();
    let is_run = address.run.is_some();
    model.send(&match (address.run, address.file) {
        (Some(packed), _) => ToWorker::OpenRun { packed },
        (None, Some(text)) => ToWorker::OpenFile { file: SourceFile { name: LINK.to_owned(), text }, seed: address.seed },
        (None, None) => ToWorker::OpenPreset { name: address.preset, seed: address.seed.unwrap_or(SEED) },
    });
    if let Some(speed) = address.speed {
        model.send(&ToWorker::SetSpeed(speed));
    }
    if is_run {
        return;
    }
    model.send(&match address.until_s {
        Some(until) => ToWorker::PlayUntil(SimTime::from_secs(until)),
        None => ToWorker::Play,
    });
}

/// Says what of a link could not be read.
fn complain(model: Model, fragment: &str) {
    let problems = Address::problems(fragment);
    if !problems.is_empty() {
        model.say(problems.join(" "));
    }
}

/// A link to a preset that does not exist must not leave the page empty.
fn open_default_if_nothing_runs(model: Model) {
    if model.frame.with_untracked(Option::is_none) && !model.address.with_untracked(Address::is_default_system) {
        model.address.set(Address::default());
        open_address(model);
    }
}

/// Another link in the same tab opens another run.
fn follow_address(model: Model) {
    let listener = window_event_listener(leptos::ev::hashchange, move |_| {
        let fragment = window().location().hash().unwrap_or_default();
        model.address.set(Address::parse(&fragment));
        model.selection.set(None);
        open_address(model);
        complain(model, &fragment);
    });
    on_cleanup(move || listener.remove());
}

fn receive(model: Model, message: FromWorker, columns: Vec<f64>) {
    match message {
        FromWorker::Ready => {}
        FromWorker::Frame(frame) => show(model, *frame, columns),
        FromWorker::Overview(overview) => model.overview.set(*overview),
        FromWorker::Preview(found) => {
            // An answer that comes after the dialog was closed is of no interest any more.
            if model.import.with_untracked(|state| *state == ImportState::Reading) {
                model.import.set(ImportState::Found(Arc::new(*found)));
            }
        }
        FromWorker::Broken(found) => {
            model.import.set(ImportState::Found(Arc::new(*found)));
            open_default_if_nothing_runs(model);
        }
        FromWorker::PostMortem(text) => {
            let saved = crate::web::download::save("post-mortem.md", "text/markdown", &text);
            model.say(saved.err().unwrap_or_else(|| drafted(&text)));
        }
        FromWorker::Shared { packed, text } => model.share.set(share::Share::Known(Arc::new(share::Shared::of(&packed, text)))),
        FromWorker::Kept { text, end } => keep::keep(model, text, end),
        FromWorker::RunOpened => {
            model.import.set(ImportState::Closed);
            model.address.update(|a| OWN.clone_into(&mut a.preset));
        }
        FromWorker::Refused(text) => {
            model.pending_call.set(None);
            model.say(text);
            open_default_if_nothing_runs(model);
        }
    }
}

/// What was saved.
fn drafted(text: &str) -> String {
    let incidents = match text.matches("\n## Incident ").count() {
        1 => "one incident".to_owned(),
        many => format!("{many} incidents"),
    };
    format!("Saved post-mortem.md: the draft on {incidents}, {} lines for people to complete.", text.lines().count())
}

fn show(model: Model, frame: Frame, columns: Vec<f64>) {
    let gone = model.selection.get_untracked().is_some_and(|selection| match selection {
        Selection::Service(id) => frame.service(id).is_none(),
        Selection::Edge(from, to) => frame.edge(from, to).is_none(),
    });
    scrubber::found(model, &frame);
    model.columns.set(Arc::new(columns));
    model.frame.set(Some(Arc::new(frame)));
    if gone {
        model.select(None);
    }
}

/// Tells the worker what the charts shall show, whenever that changes.
fn follow_view(model: Model) {
    Effect::new(move |_| {
        model.send(&ToWorker::View {
            selection: model.selection.get().map(Selection::service),
            columns: model.chart_columns.get(),
            window_s: model.window_s.get(),
        });
    });
}

/// Connects a service that was asked for together with a call to it, as soon as it is there.
fn follow_new_service(model: Model) {
    let arrived = model.memo(move |f| {
        let (from, name) = model.pending_call.get()?;
        f.services.iter().find(|s| s.name == name).map(|s| (from, s.id))
    });
    Effect::new(move |_| {
        if let Some((from, to)) = arrived.get() {
            model.pending_call.set(None);
            model.connect_services(from, to);
        }
    });
}
