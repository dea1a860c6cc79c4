//! The story: what is wrong, since when, whose fault it is, what is being done; or that all is well.

use super::{decision, suspects};
use crate::app::header::inject;
use crate::app::icons::{Icon, icon, of_health};
use crate::app::model::{Model, Selection};
use crate::ids::ServiceId;
use crate::pipeline::suspects::Place;
use crate::pipeline::{Autonomy, FailureClass, Health, Incident, LEARNING};
use crate::scenario::presets::{Group, PRESETS};
use crate::units::SimTime;
use crate::view::address::OWN;
use crate::view::picks::{Pick, picks};
use crate::view::{Frame, format, words};
use leptos::prelude::*;

/// A resolved incident stays the story for this long, in s.
const AFTERGLOW_S: f64 = 45.0;
/// Suggestions of what to break while all is well.
const SUGGESTIONS: usize = 4;

/// What the story is about now.
#[derive(Clone, Debug, Default, PartialEq)]
enum Plot {
    #[default]
    Starting,
    Calm,
    Uneasy,
    Trouble,
    Healed,
}

fn plot(frame: &Frame) -> Plot {
    let ill = frame.services.iter().any(|s| matches!(s.signal.health, Health::Degraded | Health::Critical));
    match of_incident(frame) {
        Plot::Calm | Plot::Healed if ill => Plot::Uneasy,
        plot => plot,
    }
}

fn of_incident(frame: &Frame) -> Plot {
    match &frame.incident {
        Some(incident) => match incident.resolved_at {
            None => Plot::Trouble,
            Some(at) if frame.now.since(at).as_secs_f64() < AFTERGLOW_S => Plot::Healed,
            Some(_) => Plot::Calm,
        },
        None if frame.services.iter().all(|s| s.signal.health == Health::Unknown) => Plot::Starting,
        None => Plot::Calm,
    }
}

/// The tab.
pub fn story(model: Model) -> AnyView {
    let plot = model.memo(plot);
    let head = move || match plot.get() {
        Plot::Starting => starting(),
        Plot::Calm => calm(model),
        Plot::Uneasy => uneasy(model),
        Plot::Trouble => trouble(model),
        Plot::Healed => healed(model),
    };
    view! {
        <div class="story">
            {watch(model)}
            {stopped(model)}
            {head}
            {decision::card(model)}
            {suspects::suspects(model)}
            {move || (matches!(plot.get(), Plot::Trouble | Plot::Uneasy)).then(|| symptoms(model))}
            {forecasts(model)}
            {move || (matches!(plot.get(), Plot::Calm | Plot::Uneasy)).then(|| suggestions(model))}
        </div>
    }
    .into_any()
}

/// What keeps the healer from acting, whatever the dial says.
fn stopped(model: Model) -> impl IntoView {
    let of = model.memo(|f| (f.is_stopped, f.is_dry_run));
    let body = move || {
        let text = match of.get() {
            (true, _) => "Healing is stopped: nothing new is done until it is released (K). Watching and alerting go on.",
            (false, true) => "Dry run: decisions go their way, and nothing is carried out (D ends it).",
            (false, false) => return None,
        };
        Some(view! { <p class="stopped" data-testid="stopped">{text}</p> })
    };
    view! { {body} }
}

/// What to watch: an incident or a file's plan comes by itself, so it is said beforehand.
fn watch(model: Model) -> impl IntoView {
    let about = model.memo(|f| f.about.clone());
    let text = Memo::new(move |_| {
        let name = model.address.with(|a| a.preset.clone());
        let preset = PRESETS.iter().find(|p| p.name == name && p.group == Group::Incidents);
        sentence(preset.map_or_else(|| if name == OWN { about.get() } else { String::new() }, |p| p.summary.to_owned()))
    });
    let body = move || {
        (!text.with(String::is_empty)).then(|| {
            view! {
                <details class="watch" open=true>
                    <summary>"What to watch"</summary>
                    <p data-testid="watch">{text}</p>
                </details>
            }
        })
    };
    view! { {body} }
}

/// With a capital and a full stop: summaries are written as parts of a list.
fn sentence(mut text: String) -> String {
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    if text.ends_with(|c: char| c.is_alphanumeric() || c == '%') {
        text.push('.');
    }
    text
}

fn starting() -> AnyView {
    view! {
        <div class="headline" data-health="unknown">
            <h2>"Waiting for the first samples"</h2>
            <p>"The monitor scrapes every service once a second."</p>
        </div>
    }
    .into_any()
}

fn calm(model: Model) -> AnyView {
    view! {
        <div class="headline" data-health="healthy">
            <h2><span class="badge big">{icon(Icon::Check)}</span>{move || model.read(words::summary)}</h2>
            <p>"Nothing is wrong. The healer watches every service once a second."</p>
        </div>
    }
    .into_any()
}

/// Somebody is not well, but no worse than usual.
fn uneasy(model: Model) -> AnyView {
    let worst = worst(model);
    view! {
        <div class="headline" data-health=move || words::health_key(worst.get())>
            <h2><span class="badge big">{move || icon(of_health(worst.get()))}</span>{move || model.read(words::summary)}</h2>
            <p>"No incident: it is how they usually are, or it has only just begun."</p>
        </div>
    }
    .into_any()
}

fn worst(model: Model) -> Memo<Health> {
    model.memo(|f| f.services.iter().map(|s| s.signal.health).max().unwrap_or_default())
}

fn trouble(model: Model) -> AnyView {
    let incident = move || model.read(|f| f.incident.clone());
    let since = move || {
        model.read(|f| {
            f.incident.as_ref().map(|i| (format::clock(i.detected_at), format::span(f.now.since(i.detected_at).as_secs_f64())))
        })
    };
    let title = move || model.read(|f| f.incident.as_ref().map(|i| headline(f, i))).unwrap_or_default();
    let worst = worst(model);
    let is_learning = model.memo(|f| {
        f.now < SimTime::ZERO + LEARNING
            && !f.is_stopped
            && f.autonomy > Autonomy::Off
            && ["rules", "bandit"].contains(&f.policy.as_str())
    });
    let patience =
        format!("The healer learns what is usual until {} and acts from then on.", format::clock(SimTime::ZERO + LEARNING));
    let learning = move || is_learning.get().then(|| view! { <p data-testid="learning">{patience.clone()}</p> });
    let when = move || since().map(|(clock, span)| format!("since {clock}, for {span}"));
    view! {
        <div class="headline" data-health=move || words::health_key(worst.get())>
            <p class="when">{when}</p>
            <h2><span class="badge big">{move || icon(of_health(worst.get()))}</span>{title}</h2>
            {move || cause(model, incident())}
            {learning}
        </div>
    }
    .into_any()
}

/// The cause while it is unwell, else the worst of those that are.
fn headline(frame: &Frame, incident: &Incident) -> String {
    let ill = |id: &ServiceId| {
        let health = frame.service(*id)?.signal.health;
        matches!(health, Health::Degraded | Health::Critical).then_some((health, *id))
    };
    let worst = || incident.services.iter().filter_map(ill).max_by_key(|(health, _)| *health);
    match incident.cause.as_ref().and_then(ill).or_else(worst) {
        Some((health, id)) => format!("{} is {}", frame.name(id), words::health_key(health)),
        None => "Recovering".to_owned(),
    }
}

fn cause(model: Model, incident: Option<Incident>) -> Option<AnyView> {
    let incident = incident?;
    let class = incident.class?;
    let others: Vec<_> = incident.services.iter().copied().filter(|id| Some(*id) != incident.cause).collect();
    let place = incident.place.or(incident.cause.map(Place::Service));
    let (name, others) = model.peek(|f| (place.map(|p| p.words(|id| f.name(id))), words::names(f, &others)));
    let impact = (!others.is_empty()).then(|| view! { <p>"Felt by "{others}"."</p> });
    let name = name.unwrap_or_default();
    let line = match class {
        FailureClass::Unknown => {
            view! { <p>{format!("Most likely cause: {name}; of which kind is not known yet.")}</p> }.into_any()
        }
        _ => view! { <p>{format!("Cause: {name} {} ", words::class(class))}<code class="class">{class.name()}</code></p> }
            .into_any(),
    };
    let body = view! {
        {line}
        {impact}
    };
    Some(body.into_any())
}

/// Unhealthy services with their reasons, worst first.
fn symptoms(model: Model) -> impl IntoView {
    let ill = model.memo(|f| {
        let mut ill: Vec<_> =
            f.services.iter().filter(|s| matches!(s.signal.health, Health::Degraded | Health::Critical)).collect();
        ill.sort_by_key(|s| (std::cmp::Reverse(s.signal.health), s.signal.since));
        ill.iter().map(|s| s.id).collect::<Vec<_>>()
    });
    let child = move |id: ServiceId| {
        let service = model.service(id);
        let health = move || service.with(|s| s.as_ref().map(|s| s.signal.health).unwrap_or_default());
        let name = move || service.with(|s| s.as_ref().map(|s| s.name.clone()));
        let reason = move || service.with(|s| s.as_ref().and_then(|s| s.signal.reasons.first().map(|r| briefly(&r.text))));
        view! {
            <li>
                <button
                    type="button"
                    class="symptom"
                    data-health=move || words::health_key(health())
                    on:click=move |_| model.select(Some(Selection::Service(id)))
                >
                    <span class="badge">{move || icon(of_health(health()))}</span>
                    <span class="symptom-name">{name}</span>
                    <span class="symptom-reason">{reason}</span>
                </button>
            </li>
        }
    };
    view! { <ul class="symptoms" aria-label="Symptoms"><For each=move || ill.get() key=|id| *id children=child /></ul> }
}

/// A reason without its threshold, for a narrow row.
fn briefly(reason: &str) -> String {
    reason.split(" >= ").next().unwrap_or(reason).trim_end_matches(" was").to_owned()
}

fn healed(model: Model) -> AnyView {
    let text = move || {
        model.read(|f| {
            let incident = f.incident.as_ref()?;
            let since = f.incident_began.unwrap_or(incident.detected_at);
            let took = format::span(incident.mitigated_after(since)?.as_secs_f64());
            let what = if f.incident_began.is_some() { "the fault began" } else { "the first symptom came" };
            let who = words::names(f, &incident.services);
            Some((
                format!("All healthy again after {took}"),
                format!("Counted from {}, when {what}. Touched: {who}.", format::clock(since)),
            ))
        })
    };
    view! {
        <div class="headline" data-health="healthy">
            <h2><span class="badge big">{icon(Icon::Check)}</span>{move || text().map(|t| t.0)}</h2>
            <p>{move || text().map(|t| t.1)}</p>
        </div>
    }
    .into_any()
}

/// Services that will probably be in trouble soon.
fn forecasts(model: Model) -> impl IntoView {
    let coming = model.memo(|f| {
        let one = |s: &crate::view::ServiceFrame| {
            let forecast = s.forecast.filter(|f| words::is_warning(s, f))?;
            let (expected, earliest, latest) = forecast.breach_in_s?;
            let metric = words::metric(forecast.metric);
            let limit = words::metric_value(forecast.metric, forecast.threshold);
            let chance = format::percent(forecast.breach_probability.get());
            Some((
                s.id,
                format!("{}: {metric} reaches {limit} in about {}", s.name, format::span(expected)),
                format!("{} to {}, probability {chance}", format::span(earliest), format::span(latest)),
            ))
        };
        f.services.iter().filter_map(one).take(3).collect::<Vec<_>>()
    });
    let rows = move || {
        coming
            .get()
            .into_iter()
            .map(|(id, text, range)| {
                view! {
                    <button type="button" class="forecast" on:click=move |_| model.select(Some(Selection::Service(id)))>
                        {icon(Icon::Trend)}
                        <span><b>{text}</b><small>{range}</small></span>
                    </button>
                }
            })
            .collect_view()
    };
    view! { <div class="forecasts">{rows}</div> }
}

fn suggestions(model: Model) -> impl IntoView {
    // The system can be another one, or be edited, while the suggestions stand.
    let picked = model.memo(|f| picks(f).into_iter().take(SUGGESTIONS).collect::<Vec<_>>());
    let one = move |pick: Pick| {
        let (title, lesson) = (pick.title.clone(), pick.lesson);
        view! {
            <button type="button" class="suggestion" on:click=move |_| inject(model, &pick)>
                {icon(Icon::Bolt)}
                <span><b>{title}</b><small>{lesson}</small></span>
            </button>
        }
    };
    let items = move || picked.get().into_iter().map(one).collect_view();
    view! {
        <section class="suggestions" aria-label="Things to break">
            <h3>"Break something and watch"</h3>
            {items}
        </section>
    }
}
