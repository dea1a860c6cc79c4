//! The line of numbers at the top: what users of the system feel.

use super::icons::{icon, of_health};
use super::model::{Model, Tab};
use crate::pipeline::Health;
use crate::view::{Kpis, format, words};
use leptos::prelude::*;

/// Share of success below which the number is coloured: the monitor's thresholds for errors.
const SUCCESS: (f64, f64) = (0.98, 0.95);

/// States in the order they are counted.
const STATES: [Health; 4] = [Health::Healthy, Health::Degraded, Health::Critical, Health::Unknown];

/// The strip.
pub fn kpis(model: Model) -> AnyView {
    let kpis = model.memo(|f| f.kpis);
    let level = move || match kpis.get().success_ratio {
        ratio if ratio < SUCCESS.1 => "critical",
        ratio if ratio < SUCCESS.0 => "degraded",
        _ => "healthy",
    };
    let number = move |f: fn(&Kpis) -> String| {
        move || model.read(|frame| Some(f(&frame.kpis))).unwrap_or_else(|| format::NO_VALUE.to_owned())
    };
    view! {
        <section class="kpis" aria-label="Users' view">
            <dl>
                <div
                    class="kpi"
                    data-testid="kpi-success"
                    data-level=level
                    title="Share of users' requests answered without error"
                >
                    <dt>"Success"</dt>
                    <dd>{number(|k| format::success(k.success_ratio))}</dd>
                </div>
                <div class="kpi" data-testid="kpi-p95" title="95th percentile of users' latency">
                    <dt>"p95 latency"</dt>
                    <dd>{number(|k| format::latency(k.latency_ms_p95))}</dd>
                </div>
                <div class="kpi" data-testid="kpi-rate" title="Users' requests per second">
                    <dt>"Requests"</dt>
                    <dd>{number(|k| format::rate(k.rate))}</dd>
                </div>
                <div
                    class="kpi"
                    data-testid="kpi-error-minutes"
                    title="Time so far in which at least 1 % of users' requests failed"
                >
                    <dt>"Error time"</dt>
                    <dd>{number(|k| format::span(k.error_minutes * 60.0))}</dd>
                </div>
                {budget(model)}
                <div class="kpi services" data-testid="kpi-services">
                    <dt>{move || format!("{} services", kpis.get().by_health.iter().sum::<u32>())}</dt>
                    <dd>
                        {STATES.map(|h| count(model, kpis, h)).collect_view()}
                    </dd>
                </div>
            </dl>
        </section>
    }
    .into_any()
}

/// What is left of the error budget of the entry that has least, and the burn rate that alerts.
fn budget(model: Model) -> impl IntoView {
    let worst = model.memo(|f| f.slos.iter().min_by(|a, b| a.budget_left.total_cmp(&b.budget_left)).cloned());
    let level = move || match worst.get().as_ref().map(|slo| (slo.alert().map(|b| b.pages), slo.budget_left)) {
        Some((Some(true), _)) => "critical",
        Some((Some(false), _)) => "degraded",
        Some((None, left)) if left <= 0.0 => "critical",
        _ => "healthy",
    };
    let text = move || worst.with(|w| format::or_dash(w.as_ref().map(|slo| slo.budget_left), format::percent));
    let title = move || worst.with(|w| w.as_ref().map_or_else(String::new, |slo| model.read(|f| words::objective(f, slo))));
    view! {
        <div class="kpi budget" data-testid="kpi-budget" data-level=level title=title>
            <dt>"Error budget, 30 d"</dt>
            <dd>{text}</dd>
        </div>
    }
}

/// How many services are in one state; hidden while nobody is, except for Healthy.
fn count(model: Model, kpis: Memo<Kpis>, health: Health) -> impl IntoView {
    let slot = health as usize;
    let number = move || kpis.get().by_health[slot];
    view! {
        <button
            type="button"
            class="count"
            data-health=words::health_key(health)
            hidden=move || number() == 0 && health != Health::Healthy
            title="Show as a table"
            on:click=move |_| model.tab.set(Tab::Table)
        >
            <span class="badge">{icon(of_health(health))}</span>
            <b>{number}</b>
            <span class="count-word">{words::health(health).to_lowercase()}</span>
        </button>
    }
}
