//! The selected service or call: state and reasons, numbers, forecast, faults, decisions, and how to change it.

use super::{decision, editing, faults, insight};
use crate::app::icons::{Icon, icon, of_health, of_kind};
use crate::app::model::{Model, OpenMenu, Selection};
use crate::ids::ServiceId;
use crate::view::{ServiceFrame, format, words};
use leptos::prelude::*;
use web_sys::MouseEvent;

/// Decisions about the service that are listed.
const DECISIONS: usize = 4;

type Service = Memo<Option<ServiceFrame>>;

/// The tab.
pub fn service_tab(model: Model) -> AnyView {
    let body = move || match model.selection.get() {
        None => nothing(model),
        Some(Selection::Service(id)) => about_service(model, id),
        Some(Selection::Edge(from, to)) => about_edge(model, from, to),
    };
    view! { <div class="details">{body}</div> }.into_any()
}

fn nothing(model: Model) -> AnyView {
    view! {
        <div class="empty">
            <p><b>"Nothing selected"</b></p>
            <p>"Click a service or a call in the graph, or walk there with the arrow keys and press Enter."</p>
        </div>
        {insight::learned(model)}
    }
    .into_any()
}

fn about_service(model: Model, id: ServiceId) -> AnyView {
    let service = model.service(id);
    let me = Selection::Service(id);
    view! {
        {title(model, service, me)}
        {reasons(service)}
        {numbers(service)}
        {forecast(service)}
        {insight::objective(model, id)}
        {faults::faults(model, me.target())}
        {decisions(model, id)}
        {insight::learned(model)}
        {editing::calls(model, id)}
        {editing::identity(model, id)}
    }
    .into_any()
}

fn title(model: Model, service: Service, me: Selection) -> impl IntoView {
    let of = move |f: fn(&ServiceFrame) -> String| move || service.with(|s| s.as_ref().map(f).unwrap_or_default());
    let health = move || service.with(|s| s.as_ref().map(|s| s.signal.health).unwrap_or_default());
    let since = move || service.with(|s| s.as_ref().map(|s| format!("since {}", format::clock(s.signal.since))));
    let kind = move || service.with(|s| s.as_ref().map(|s| icon(of_kind(s.kind))));
    view! {
        <div class="headline" data-health=move || words::health_key(health())>
            <div class="headline-row">
                <h2>{kind}{of(|s| s.name.clone())}</h2>
                {break_button(model, me, false)}
            </div>
            <p class="state">
                <span class="badge">{move || icon(of_health(health()))}</span>
                <b>{move || words::health(health())}</b>
                <span class="muted">{since}</span>
                {move || service.with(|s| s.as_ref().is_some_and(|s| s.healing)).then(|| view! {
                    <span class="chip" data-state="executing">"Healing"</span>
                })}
            </p>
        </div>
    }
}

/// Opens the fault menu beside itself; without its word where room is short.
pub fn break_button(model: Model, me: Selection, short: bool) -> impl IntoView {
    let open = move |event: MouseEvent| {
        let at = (f64::from(event.client_x()), f64::from(event.client_y()));
        // A click by keyboard has no place: then the menu finds one of its own.
        model.menu.set(Some(OpenMenu { target: me.target(), at }));
    };
    view! {
        <button type="button" class="button break small" class:square=short aria-label="Break" title="Break it (F)" on:click=open>
            {icon(Icon::Bolt)}
            {(!short).then_some("Break")}
        </button>
    }
}

fn reasons(service: Service) -> impl IntoView {
    let lines = move || {
        service.with(|s| {
            s.as_ref()
                .map(|s| s.signal.reasons.iter().chain(&s.signal.notes).map(|r| r.text.clone()).collect::<Vec<_>>())
                .unwrap_or_default()
        })
    };
    let lines = Memo::new(move |_| lines());
    move || {
        (!lines.with(Vec::is_empty)).then(|| {
            view! {
                <ul class="evidence" aria-label="Reasons">
                    {lines.get().into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}
                </ul>
            }
        })
    }
}

fn numbers(service: Service) -> impl IntoView {
    let tile = move |label: &'static str, f: fn(&ServiceFrame) -> String| {
        let text = move || service.with(|s| s.as_ref().map(f).unwrap_or_default());
        view! { <div class="tile"><dt>{label}</dt><dd>{text}</dd></div> }
    };
    view! {
        <dl class="tiles">
            {tile("Requests", |s| format::or_dash(s.rate, format::rate))}
            {tile("p95 latency", |s| format::or_dash(s.latency_ms_p95, format::latency))}
            {tile("Errors", |s| format::or_dash(s.error_ratio, format::percent))}
            {tile("CPU", |s| format::or_dash(s.cpu, format::percent))}
            {tile("Memory", |s| format::or_dash(s.memory, format::percent))}
            {tile("Queue", |s| format::or_dash(s.queue_len, format::number))}
            {tile("Instances", |s| format!("{} of {}", s.ready, s.desired))}
            {tile("Restarts", |s| s.restarts.to_string())}
        </dl>
    }
}

fn forecast(service: Service) -> impl IntoView {
    let text = move || {
        service.with(|s| {
            let forecast = s.as_ref()?.forecast?;
            let value = |v: f64| words::metric_value(forecast.metric, v);
            let heading = forecast.breach_in_s.map(|(expected, ..)| {
                let chance = format::percent(forecast.breach_probability.get());
                format!("; reaches {} in about {} (probability {chance})", value(forecast.threshold), format::span(expected))
            });
            let (metric, ahead) = (words::metric(forecast.metric), format::span(forecast.horizon_s));
            let range =
                format!("{metric} in {ahead}: {} ({} to {})", value(forecast.value), value(forecast.low), value(forecast.high));
            Some(range + &heading.unwrap_or_default())
        })
    };
    move || text().map(|text| view! { <p class="forecast-line">{icon(Icon::Trend)}{text}</p> })
}

fn decisions(model: Model, id: ServiceId) -> impl IntoView {
    let newest = model.memo(move |f| {
        let about = f.decisions.iter().filter(|d| d.service == id || d.diagnosis.cause == id);
        about.take(DECISIONS).map(|d| (d.id, d.at, words::decision(f, d), d.state)).collect::<Vec<_>>()
    });
    let rows = move || {
        newest
            .get()
            .into_iter()
            .map(|(_, at, text, state)| {
                view! { <li><time>{format::clock(at)}</time><span>{text}</span>{decision::chip(state)}</li> }
            })
            .collect_view()
    };
    move || {
        (!newest.with(Vec::is_empty)).then(|| {
            view! {
                <section class="group">
                    <h3>"Decisions"</h3>
                    <ul class="rows decisions-of">{rows()}</ul>
                </section>
            }
        })
    }
}

fn about_edge(model: Model, from: ServiceId, to: ServiceId) -> AnyView {
    let edge = model.edge(from, to);
    let me = Selection::Edge(from, to);
    let names = model.memo(move |f| format!("{} → {}", f.name(from), f.name(to)));
    let tile = move |label: &'static str, f: fn(&crate::view::EdgeFrame) -> String| {
        view! { <div class="tile"><dt>{label}</dt><dd>{move || edge.with(|e| e.as_ref().map(f))}</dd></div> }
    };
    view! {
        <div class="headline">
            <div class="headline-row">
                <h2>{move || names.get()}</h2>
                {break_button(model, me, false)}
            </div>
            <p class="state muted">"Call, as the caller sees it"</p>
        </div>
        <dl class="tiles">
            {tile("Attempts", |e| format::rate(e.rate))}
            {tile("Failed", |e| format::percent(e.error_ratio))}
            {tile("Median latency", |e| format::or_dash(e.latency_ms_p50, format::latency))}
            {tile("Path", |e| if e.rerouted { "Detour".to_owned() } else { "Direct".to_owned() })}
        </dl>
        {faults::faults(model, me.target())}
        {editing::edge_actions(model, from, to)}
    }
    .into_any()
}
