//! The decision card: what, why, how sure, what else was considered and why not; Approve, Reject, and what came of it.

use crate::app::icons::{Icon, icon};
use crate::app::model::Model;
use crate::ids::DecisionId;
use crate::pipeline::{Candidate, Decision, DecisionState};
use crate::view::{Frame, format, words};
use leptos::prelude::*;

/// A decision that is over stays on the card this long, in s.
const AFTERGLOW_S: f64 = 60.0;

fn shown(frame: &Frame) -> Option<DecisionId> {
    let decision = words::foremost(&frame.decisions)?;
    let fresh = frame.now.since(decision.at).as_secs_f64() < AFTERGLOW_S;
    (words::is_open(decision.state) || fresh).then_some(decision.id)
}

/// The card of the foremost decision, if there is one worth showing.
pub fn card(model: Model) -> impl IntoView {
    let id = model.memo(shown);
    move || id.get().map(|id| one(model, id))
}

/// What awaits approval, in one row that stays in view where the card may be far down the page (styled away elsewhere).
pub fn ask(model: Model) -> AnyView {
    let waiting = model.memo(|f| {
        let decision = f.decisions.iter().find(|d| d.state == DecisionState::AwaitingApproval)?;
        Some((decision.id, words::decision(f, decision)))
    });
    let left = move |id: DecisionId| {
        model.read(|f| {
            let expires = f.decisions.iter().find(|d| d.id == id)?.expires_at?;
            Some(format!("in {}", format::span(expires.since(f.now).as_secs_f64())))
        })
    };
    let row = move || {
        waiting.get().map(|(id, title)| {
            view! {
                <div class="ask" role="group" aria-label="Approval needed">
                    <span class="ask-text"><b>{title}</b>" "{move || left(id)}</span>
                    <button
                        type="button"
                        class="button primary"
                        data-testid="ask-approve"
                        on:click=move |_| model.answer(id, true)
                    >
                        "Approve"
                    </button>
                    <button type="button" class="button" data-testid="ask-reject" on:click=move |_| model.answer(id, false)>
                        "Reject"
                    </button>
                </div>
            }
        })
    };
    view! { {row} }.into_any()
}

/// One decision of the frame, followed over time.
pub fn follow(model: Model, id: DecisionId) -> Memo<Option<Decision>> {
    model.memo(move |f| f.decisions.iter().find(|d| d.id == id).cloned())
}

fn one(model: Model, id: DecisionId) -> AnyView {
    let decision = follow(model, id);
    let state = Memo::new(move |_| decision.with(|d| d.as_ref().map_or(DecisionState::Expired, |d| d.state)));
    let title = move || decision.with(|d| d.as_ref().map(|d| model.peek(|f| words::decision(f, d))));
    let outcome = move || decision.with(|d| d.as_ref().map(|d| d.outcome.clone()).filter(|o| !o.is_empty()));
    let body = move || decision.with_untracked(|d| d.as_ref().map(|d| model.peek(|f| Some(why(f, d)))));
    view! {
        <article class="card" data-testid="decision-card" data-state=move || words::state_key(state.get()) aria-label="Decision">
            <header>
                <span class="card-kind">{icon(Icon::Diamond)}"Decision"</span>
                {move || chip(state.get())}
            </header>
            <h3>{title}</h3>
            {move || (state.get() == DecisionState::AwaitingApproval).then(|| approval(model, id))}
            {move || outcome().map(|text| view! { <p class="outcome">{text}</p> })}
            {body()}
        </article>
    }
    .into_any()
}

/// The state as a word in its colour.
pub fn chip(state: DecisionState) -> AnyView {
    view! { <span class="chip" data-state=words::state_key(state)>{state.words()}</span> }.into_any()
}

/// Approve, Reject and the time left; when it is over, the decision is carried out.
fn approval(model: Model, id: DecisionId) -> impl IntoView {
    let left = model.memo(move |f| {
        let decision = f.decisions.iter().find(|d| d.id == id)?;
        let expires = decision.expires_at?;
        let (left, all) = (expires.since(f.now).as_secs_f64(), expires.since(decision.at).as_secs_f64());
        Some((left, (left / all.max(0.001)).clamp(0.0, 1.0), decision.is_dry_run || f.is_dry_run))
    });
    let note = move || {
        left.get().map(|(seconds, _, is_dry_run)| {
            let what = if is_dry_run { "Rehearsed (dry run)" } else { "Carried out" };
            format!("{what} in {} unless you object", format::span(seconds))
        })
    };
    let bar = move || format!("{:.1}%", left.get().map_or(0.0, |(_, share, _)| share * 100.0));
    view! {
        <div class="approval">
            <div class="approval-buttons">
                <button
                    type="button"
                    class="button primary"
                    data-testid="approve"
                    on:click=move |_| model.answer(id, true)
                >
                    {icon(Icon::Check)}
                    "Approve"
                    <kbd>"A"</kbd>
                </button>
                <button
                    type="button"
                    class="button"
                    data-testid="reject"
                    on:click=move |_| model.answer(id, false)
                >
                    {icon(Icon::Cross)}
                    "Reject"
                    <kbd>"R"</kbd>
                </button>
            </div>
            <svg class="countdown" aria-hidden="true">
                <rect class="track" width="100%" height="100%" rx="2" />
                <rect class="left" width=bar height="100%" rx="2" />
            </svg>
            <p class="note">{note}</p>
        </div>
    }
}

/// A probability as a bar and in per cent.
pub fn bar(share: f64) -> impl IntoView {
    view! {
        <svg aria-hidden="true">
            <rect class="track" width="100%" height="100%" rx="2" />
            <rect class="left" width=format!("{:.0}%", share * 100.0) height="100%" rx="2" />
        </svg>
        <b>{format::percent(share)}</b>
    }
}

/// Diagnosis, evidence, forecast and what was rejected: fixed when the decision was taken.
pub fn why(frame: &Frame, decision: &Decision) -> AnyView {
    let diagnosis = &decision.diagnosis;
    let evidence = diagnosis.evidence.iter().map(|e| view! { <li>{e.text.clone()}</li> }).collect_view();
    let confidence = diagnosis.confidence.get();
    let place = diagnosis.place.words(|id| frame.name(id));
    let about = format!("{place}: {}", words::class(diagnosis.class));
    view! {
        <p class="about">{about}" "<code class="class">{diagnosis.class.name()}</code></p>
        <div class="confidence" title="How sure the diagnosis was when this was decided; the suspects' figures are those of now">
            <span>"Confidence when decided"</span>
            {bar(confidence)}
        </div>
        <ul class="evidence" aria-label="Evidence">{evidence}</ul>
        {forecast(decision)}
        <p class="reason">{decision.chosen.reason.clone()}</p>
        {rejected(frame, &decision.rejected)}
    }
    .into_any()
}

fn forecast(decision: &Decision) -> Option<impl IntoView + use<>> {
    let forecast = decision.forecast?;
    let value = |v: f64| words::metric_value(forecast.metric, v);
    let text = format!(
        "Forecast: {} {} in {} (90 %: {} to {}), limit {}",
        words::metric(forecast.metric),
        value(forecast.value),
        format::span(forecast.horizon_s),
        value(forecast.low),
        value(forecast.high),
        value(forecast.threshold)
    );
    Some(view! { <p class="forecast-line">{icon(Icon::Trend)}{text}</p> })
}

fn rejected(frame: &Frame, candidates: &[Candidate]) -> Option<impl IntoView + use<>> {
    if candidates.is_empty() {
        return None;
    }
    let rows = candidates.iter().map(|candidate| {
        let score = if candidate.vetoed { "vetoed".to_owned() } else { format!("{:.2}", candidate.score) };
        view! {
            <li class:vetoed=candidate.vetoed>
                <span class="alternative">{words::choice(frame, &candidate.choice)}</span>
                <span class="score">{score}</span>
                <span class="because">{candidate.reason.clone()}</span>
            </li>
        }
    });
    let title = format!("Why not something else? ({})", candidates.len());
    Some(view! { <details class="alternatives"><summary>{title}</summary><ul>{rows.collect_view()}</ul></details> })
}
