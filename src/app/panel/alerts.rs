//! Alerts: firing ones first, then those that ended.

use crate::app::icons::{Icon, icon};
use crate::app::model::{Model, Selection};
use crate::pipeline::{Alert, Severity};
use crate::units::SimTime;
use crate::view::format;
use leptos::prelude::*;

/// The tab.
pub fn alerts(model: Model) -> AnyView {
    let all = model.memo(|f| f.alerts.clone());
    let rows = move || {
        let (firing, ended): (Vec<_>, Vec<_>) = all.get().into_iter().partition(|a| a.resolved_at.is_none());
        firing.into_iter().chain(ended).map(|alert| row(model, alert)).collect_view()
    };
    view! {
        <div class="alerts" data-testid="alerts">
            {move || all.with(Vec::is_empty).then(|| view! {
                <div class="empty"><p><b>"No alerts"</b></p><p>"Nobody has been paged in this run."</p></div>
            })}
            <ul class="rows">{rows}</ul>
        </div>
    }
    .into_any()
}

fn row(model: Model, alert: Alert) -> impl IntoView {
    let (key, word) = match (alert.resolved_at, alert.severity) {
        (Some(_), _) => ("healthy", "Resolved"),
        (None, Severity::Warning) => ("degraded", "Warning"),
        (None, Severity::Critical) => ("critical", "Critical"),
    };
    let service = alert.service;
    let when = match alert.resolved_at {
        Some(end) => format!("{}, lasted {}", format::clock(alert.at), format::span(end.since(alert.at).as_secs_f64())),
        None => firing_since(alert.at),
    };
    view! {
        <li>
            <button type="button" class="alert" data-health=key on:click=move |_| model.select(Some(Selection::Service(service)))>
                <span class="badge">{icon(if alert.resolved_at.is_some() { Icon::Check } else { Icon::Bell })}</span>
                <span><b>{alert.text}</b><small>{word}" · "{when}</small></span>
            </button>
        </li>
    }
}

fn firing_since(at: SimTime) -> String {
    format!("firing since {}", format::clock(at))
}
