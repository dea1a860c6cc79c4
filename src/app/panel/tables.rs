//! Services and calls as tables: the graph for those who cannot see it, and for copying.

use crate::app::icons::{icon, of_health};
use crate::app::model::{Model, Selection};
use crate::ids::ServiceId;
use crate::view::{EdgeFrame, ServiceFrame, format, words};
use leptos::prelude::*;

/// The tab.
pub fn tables(model: Model) -> AnyView {
    let services = model.memo(|f| f.services.iter().map(|s| s.id).collect::<Vec<_>>());
    let edges = model.memo(|f| f.edges.iter().map(|e| (e.from, e.to)).collect::<Vec<_>>());
    view! {
        <div class="tables">
            <div class="table-scroll" tabindex="0" role="region" aria-label="Services">
                <table>
                    <caption>"Services"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Service"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Inst."</th>
                            <th scope="col">"/s"</th>
                            <th scope="col">"p95"</th>
                            <th scope="col">"Errors"</th>
                            <th scope="col">"CPU"</th>
                            <th scope="col">"Mem."</th>
                        </tr>
                    </thead>
                    <tbody><For each=move || services.get() key=|id| *id children=move |id| service_row(model, id) /></tbody>
                </table>
            </div>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Calls">
                <table>
                    <caption>"Calls"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"From"</th>
                            <th scope="col">"To"</th>
                            <th scope="col">"/s"</th>
                            <th scope="col">"Failed"</th>
                            <th scope="col">"p50"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=move || edges.get()
                            key=|ends| *ends
                            children=move |(from, to)| edge_row(model, from, to)
                        />
                    </tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn service_row(model: Model, id: ServiceId) -> AnyView {
    let service = model.service(id);
    let cell = move |f: fn(&ServiceFrame) -> String| view! { <td>{move || service.with(|s| s.as_ref().map(f))}</td> };
    let health = move || service.with(|s| s.as_ref().map(|s| s.signal.health).unwrap_or_default());
    view! {
        <tr data-health=move || words::health_key(health())>
            <th scope="row">
                <button
                    type="button"
                    class="link"
                    on:click=move |_| model.select(Some(Selection::Service(id)))
                >
                    {move || service.with(|s| s.as_ref().map(|s| s.name.clone()))}
                </button>
            </th>
            <td class="state-cell">
                <span class="badge">{move || icon(of_health(health()))}</span>
                {move || words::health(health())}
            </td>
            {cell(|s| format!("{}/{}", s.ready, s.desired))}
            {cell(|s| format::or_dash(s.rate, format::number))}
            {cell(|s| format::or_dash(s.latency_ms_p95, format::latency))}
            {cell(|s| format::or_dash(s.error_ratio, format::percent))}
            {cell(|s| format::or_dash(s.cpu, format::percent))}
            {cell(|s| format::or_dash(s.memory, format::percent))}
        </tr>
    }
    .into_any()
}

fn edge_row(model: Model, from: ServiceId, to: ServiceId) -> AnyView {
    let edge = model.edge(from, to);
    let names = model.memo(move |f| (f.name(from), f.name(to)));
    let cell = move |f: fn(&EdgeFrame) -> String| view! { <td>{move || edge.with(|e| e.as_ref().map(f))}</td> };
    view! {
        <tr>
            <th scope="row">
                <button
                    type="button"
                    class="link"
                    on:click=move |_| model.select(Some(Selection::Edge(from, to)))
                >
                    {move || names.get().0}
                </button>
            </th>
            <td>{move || names.get().1}</td>
            {cell(|e| format::number(e.rate))}
            {cell(|e| format::percent(e.error_ratio))}
            {cell(|e| format::or_dash(e.latency_ms_p50, format::latency))}
        </tr>
    }
    .into_any()
}
