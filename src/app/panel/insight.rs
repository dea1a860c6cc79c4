//! What the pipeline learned beside the numbers: how an entry stands against its objective, log templates, calls that are
//! not as declared.

use crate::app::model::Model;
use crate::ids::ServiceId;
use crate::view::{format, words};
use leptos::prelude::*;

/// The objective of an entry with its burn rates; nothing for other services.
pub fn objective(model: Model, id: ServiceId) -> impl IntoView {
    let slo = model.memo(move |f| f.slos.iter().find(|s| s.service == id).cloned());
    let text = move || slo.with(|s| s.as_ref().map(|s| model.read(|f| words::objective(f, s))));
    let burns = move || {
        let all = slo.get().map(|s| s.burn).into_iter().flatten();
        all.map(|burn| {
            let state = if burn.since.is_some() { "alerts" } else { "quiet" };
            let windows = format!("{} and {}", format::span(burn.windows_s.0), format::span(burn.windows_s.1));
            let rates = format!("{:.1} and {:.1} of {}", burn.rates.0, burn.rates.1, burn.limit);
            view! { <li><span>"Burn over "{windows}</span><span>{rates}", "{state}</span></li> }
        })
        .collect_view()
    };
    move || {
        text().map(|text| {
            view! {
                <section class="group" data-testid="objective">
                    <h3>"Objective"</h3>
                    <p class="muted">{text}</p>
                    <ul class="rows">{burns()}</ul>
                </section>
            }
        })
    }
}

/// Calls and log lines as they were learned, of the selected service or of the whole system.
pub fn learned(model: Model) -> impl IntoView {
    let insight = model.memo(|f| f.insight.clone());
    let calls = move || {
        insight.with(|i| {
            let odd = model.read(|f| i.odd_edges.iter().map(|e| words::odd_edge(f, e)).collect::<Vec<_>>());
            let seen = model.read(|f| i.calls.iter().map(|e| words::observed_edge(f, e)).collect::<Vec<_>>());
            let retries = i.amplification.map(|a| format!("{a:.2} attempts for each call due"));
            std::iter::once(words::observed(i)).chain(odd).chain(retries).chain(seen).collect::<Vec<_>>()
        })
    };
    let calls = Memo::new(move |_| calls());
    let line = |t: &crate::pipeline::LogTemplate| format!("{}: {} in all, {:.0} in 10 s", t.text, t.count, t.recent);
    let templates = Memo::new(move |_| insight.with(|i| i.templates.iter().map(line).collect::<Vec<_>>()));
    let list = |lines: Memo<Vec<String>>| move || lines.get().into_iter().map(|text| view! { <li>{text}</li> }).collect_view();
    view! {
        <section class="group" data-testid="learned">
            <h3>"Calls as traces show them"</h3>
            <ul class="evidence">{list(calls)}</ul>
            {move || (!templates.with(Vec::is_empty)).then(|| view! {
                <h3>"Log templates"</h3>
                <ul class="evidence">{list(templates)}</ul>
            })}
        </section>
    }
}
