//! Faults on one service or call, each with what is left of it and a button to take it away.

use crate::app::icons::{Icon, icon};
use crate::app::model::Model;
use crate::ids::FaultId;
use crate::sim::fault::{ActiveFault, FaultTarget};
use crate::view::{format, words};
use leptos::prelude::*;

/// The list; nothing while there is no fault on it.
pub fn faults(model: Model, target: FaultTarget) -> impl IntoView {
    let ids = model.memo(move |f| f.faults.iter().filter(|x| x.spec.target == target).map(|x| x.id).collect::<Vec<_>>());
    move || {
        (!ids.with(Vec::is_empty)).then(|| {
            view! {
                <section class="group">
                    <h3>"Broken by you"</h3>
                    <ul class="rows">{ids.get().into_iter().map(|id| row(model, id)).collect_view()}</ul>
                </section>
            }
        })
    }
}

fn row(model: Model, id: FaultId) -> impl IntoView {
    let fault = model.memo(move |f| f.faults.iter().find(|x| x.id == id).copied());
    let what = move || fault.with(|x| x.map(|x| words::fault(&x.spec)));
    let left = move || fault.get().map(|x| model.read(|f| remaining(&x, f.now.since(x.since).as_secs_f64())));
    view! {
        <li class="fault-row">
            <span class="fault-mark">{icon(Icon::Bolt)}</span>
            <span>{what}<small>{left}</small></span>
            <button
                type="button"
                class="button small square"
                aria-label=move || format!("Remove {}", what().unwrap_or_default())
                title="Remove this fault"
                on:click=move |_| model.remove_fault(id)
            >
                {icon(Icon::Cross)}
            </button>
        </li>
    }
}

fn remaining(fault: &ActiveFault, age_s: f64) -> String {
    match fault.spec.duration {
        Some(length) => format!("{} left", format::span((length.as_secs_f64() - age_s).max(0.0))),
        None => format!("for {}, until you stop it", format::span(age_s)),
    }
}
