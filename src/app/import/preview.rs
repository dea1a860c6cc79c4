//! What an import found: services with what was assumed, calls with their evidence, what was ignored and why, and
//! problems with place and help.

use crate::app::icons::{Icon, icon};
use crate::app::model::{ImportState, Model};
use crate::protocol::ToWorker;
use crate::scenario::import::{FoundEdge, FoundService, Gravity, Ignored, Preview, Problem};
use crate::view::address::OWN;
use crate::view::format;
use leptos::prelude::*;
use std::sync::Arc;

/// Rows shown of each list; the rest is counted.
const ROWS: usize = 200;

/// The preview with Accept and Cancel.
pub fn preview(model: Model, found: &Arc<Preview>) -> AnyView {
    let accept = move |_| {
        model.selection.set(None);
        model.send(&ToWorker::AcceptImport { seed: model.seed() });
        model.send(&ToWorker::Play);
        model.address.update(|a| (a.preset, a.file) = (OWN.to_owned(), None));
        model.import.set(ImportState::Closed);
    };
    let runnable = found.runnable;
    let note = if runnable { "Accepting replaces the running system." } else { "Nothing to run here; the running system stays." };
    view! {
        <div class="preview" data-testid="import-preview">
            <p class="preview-summary"><b>{found.name.clone()}</b>" "{found.summary.clone()}</p>
            {problems(&found.problems)}
            {found.edges_unknown.then(edges_unknown)}
            {services(&found.services)}
            {edges(&found.edges)}
            {ignored(&found.ignored)}
        </div>
        <div class="dialog-actions">
            <span class="muted grow">
                {note}
            </span>
            <button type="button" class="button" on:click=move |_| model.import.set(ImportState::Asking)>"Back"</button>
            <button
                type="button"
                class="button primary"
                data-testid="import-accept"
                disabled=!runnable
                on:click=accept
            >
                {icon(Icon::Play)}
                "Run it"
            </button>
        </div>
    }
    .into_any()
}

fn edges_unknown() -> impl IntoView {
    view! {
        <p class="notice" data-testid="import-edges-unknown">
            {icon(Icon::Bang)}
            <span>
                <b>"Calls unknown."</b>
                " These files don't say who calls whom. "
                "Run the system and draw the calls (drag from a service's edge, or press E), or import files that name them."
            </span>
        </p>
    }
}

fn problems(problems: &[Problem]) -> impl IntoView {
    let one = |problem: &Problem| {
        let gravity = match problem.gravity {
            Gravity::Error => "critical",
            Gravity::Warning => "degraded",
            Gravity::Note => "unknown",
        };
        view! {
            <li class="problem" data-testid="import-problem" data-health=gravity>
                <p><code>{problem.code.clone()}</code>" "<span class="place">{problem.place.clone()}</span></p>
                <p><b>{problem.message.clone()}</b></p>
                {problem.snippet.clone().map(|snippet| view! { <pre>{snippet}</pre> })}
                <p class="muted">{problem.help.clone()}</p>
            </li>
        }
    };
    let rows = problems.iter().take(ROWS).map(one).collect_view();
    (!problems.is_empty()).then(|| view! { <ul class="problems" aria-label="Problems">{rows}</ul> })
}

fn services(services: &[FoundService]) -> impl IntoView {
    let one = |service: &FoundService| {
        let size = format!("{} × {}m CPU, {} MiB", service.replicas, service.cpu_millicores, format::number(service.memory_mib));
        let assumed = (!service.assumed.is_empty()).then(|| view! { <small>"assumed "{service.assumed.join("; ")}</small> });
        view! {
            <li>
                <b>{service.name.clone()}</b>
                <span class="muted">{service.source.clone()}</span>
                <span>{size}</span>
                {assumed}
            </li>
        }
    };
    group(format!("{} services", services.len()), services.iter().take(ROWS).map(one).collect_view(), !services.is_empty(), true)
}

fn edges(edges: &[FoundEdge]) -> impl IntoView {
    let one = |edge: &FoundEdge| {
        let how = if edge.inferred { "inferred" } else { "declared" };
        view! {
            <li data-testid="import-edge">
                <b>{format!("{} → {}", edge.from, edge.to)}</b>
                <span class="chip" data-state=how>{how}</span>
                <small>{edge.evidence.clone()}</small>
            </li>
        }
    };
    let inferred = edges.iter().filter(|e| e.inferred).count();
    let title = format!("{} calls, {inferred} of them inferred", edges.len());
    group(title, edges.iter().take(ROWS).map(one).collect_view(), !edges.is_empty(), true)
}

fn ignored(ignored: &[Ignored]) -> impl IntoView {
    let one = |item: &Ignored| {
        view! {
            <li>
                <b>{item.what.clone()}</b>
                <span class="muted">{item.place.clone()}</span>
                <small>{item.why.clone()}</small>
            </li>
        }
    };
    group(format!("{} not used", ignored.len()), ignored.iter().take(ROWS).map(one).collect_view(), !ignored.is_empty(), false)
}

fn group(title: String, rows: impl IntoView + 'static, any: bool, open: bool) -> Option<AnyView> {
    any.then(|| view! { <details class="found" open=open><summary>{title}</summary><ul>{rows}</ul></details> }.into_any())
}
