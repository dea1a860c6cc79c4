//! The transport bar: play, pause, step, speed, the clock, and a strip of what happened.

use super::icons::{Icon, icon};
use super::model::Model;
use crate::pipeline::Health;
use crate::protocol::ToWorker;
use crate::view::{Frame, LogKind, Marker, format, pace, words};
use leptos::prelude::*;

/// Speeds offered: simulated seconds per wall second, and what people see; 0 is as fast as possible.
pub const SPEEDS: [(f64, &str, &str); 8] = [
    (0.1, "0.1", "0.1×"),
    (0.25, "0.25", "¼×"),
    (0.5, "0.5", "½×"),
    (1.0, "1", "1×"),
    (2.0, "2", "2×"),
    (5.0, "5", "5×"),
    (10.0, "10", "10×"),
    (0.0, "max", "max"),
];
/// Stands for a speed that is not offered.
const OTHER: &str = "other";
/// Most changes of health kept for the ribbon; the oldest are forgotten.
const RIBBON_LEN_MAX: usize = 400;

/// Plays or pauses.
pub fn play_or_pause(model: Model) {
    let playing = model.peek(|f| f.playing);
    model.send(if playing { &ToWorker::Pause } else { &ToWorker::Play });
}

/// One speed faster (`1`) or slower (`-1`) than the one asked for last: the frame may not know of it yet.
pub fn change_speed(model: Model, by: isize) {
    let speed = model.speed_asked.get_untracked().unwrap_or_else(|| model.peek(|f| f.speed));
    set_speed(model, pace::neighbour(&SPEEDS.map(|(speed, ..)| speed), speed, by));
}

fn set_speed(model: Model, speed: f64) {
    model.speed_asked.set(Some(speed));
    model.send(&ToWorker::SetSpeed(speed));
}

/// The bar.
pub fn transport(model: Model) -> AnyView {
    let playing = model.memo(|f| f.playing);
    let word = move || if playing.get() { "Pause" } else { "Play" };
    view! {
        <footer class="transport" aria-label="Time">
            <button
                type="button"
                class="button square play"
                data-testid="play-pause"
                aria-label=word
                title=move || format!("{} (Space)", word())
                on:click=move |_| play_or_pause(model)
            >
                {move || icon(if playing.get() { Icon::Pause } else { Icon::Play })}
            </button>
            <button
                type="button"
                class="button square"
                data-testid="step"
                aria-label="Step one second"
                title="Step one second (.)"
                disabled=move || playing.get()
                on:click=move |_| model.send(&ToWorker::Step)
            >
                {icon(Icon::Step)}
            </button>
            {speed(model)}
            <output class="clock" data-testid="clock" aria-label="Simulated time">
                {move || model.read(|f| f.now.to_string())}
            </output>
            {strip(model)}
            {status(model)}
        </footer>
    }
    .into_any()
}

fn speed(model: Model) -> impl IntoView {
    let asked = model.memo(|f| f.speed);
    Effect::new(move |_| {
        if model.speed_asked.get() == Some(asked.get()) {
            model.speed_asked.set(None);
        }
    });
    let listed = move || SPEEDS.iter().find(|(s, ..)| *s == asked.get()).map(|(_, key, _)| *key);
    let value = move || listed().unwrap_or(OTHER);
    // A link can ask for any speed.
    let other =
        move || listed().is_none().then(|| view! { <option value=OTHER selected=true>{format!("{}×", asked.get())}</option> });
    let set = move |text: String| {
        if let Some((speed, ..)) = SPEEDS.iter().find(|(_, key, _)| *key == text) {
            set_speed(model, *speed);
        }
    };
    view! {
        <label class="field">
            <span class="hidden">"Speed"</span>
            <select
                data-testid="speed"
                title="Speed ([ slower, ] faster)"
                prop:value=value
                on:change:target=move |event| set(event.target().value())
            >
                {SPEEDS.map(|(_, key, word)| view! {
                    <option value=key selected=move || value() == key>{word}</option>
                }).collect_view()}
                {other}
            </select>
        </label>
    }
}

/// Whether it is live, how fast it really is, how much traffic that is, and the seed.
fn status(model: Model) -> impl IntoView {
    let live = model.memo(|f| f.playing);
    view! {
        <p class="status" class:live=move || live.get()>
            <span class="live-dot" aria-hidden="true"></span>
            <span class="state-word">{move || if live.get() { "Live" } else { "Paused" }}</span>
            {pace(model)}
            <span
                class="muted seed"
                title="The seed: the same seed and the same deeds give the same run"
            >
                {move || model.read(|f| format!("seed {}", f.seed))}
            </span>
        </p>
    }
}

/// Simulated seconds a real second, the system's traffic, and how much of it this machine simulates.
fn pace(model: Model) -> impl IntoView {
    let pace = model.memo(pace::of);
    let wall = move || pace.with(|p| p.wall.clone());
    view! {
        <span
            class="pace"
            class:short=move || pace.with(|p| p.is_short)
            data-testid="pace"
            title=move || pace.with(|p| p.explained.clone())
        >
            <span class="reached" data-testid="pace-speed">{move || pace.with(|p| p.speed.clone())}</span>
            <span data-testid="pace-rpc">{move || pace.with(|p| p.rpc.clone())}<small>" RPC/s"</small></span>
            <span class="wall" data-testid="pace-wall">{wall}<small>" RPC/real s"</small></span>
        </span>
    }
}

/// Worst health over time, from the frames that were shown; forgotten when a run begins anew.
fn ribbon(model: Model) -> RwSignal<Vec<(f64, Health)>> {
    let changes = RwSignal::new(Vec::<(f64, Health)>::new());
    let seen = StoredValue::new((String::new(), 0_u64, 0.0_f64));
    Effect::new(move |_| {
        let Some(frame) = model.frame.get() else { return };
        let (now, worst) = (frame.now.as_secs_f64(), worst(&frame));
        let fresh = seen.with_value(|(name, seed, at)| *name != frame.scenario || *seed != frame.seed || now < *at);
        seen.set_value((frame.scenario.clone(), frame.seed, now));
        if fresh {
            changes.set(vec![(now, worst)]);
        } else if changes.with_untracked(|c| c.last().is_none_or(|(_, health)| *health != worst)) {
            changes.update(|c| {
                c.push((now, worst));
                if c.len() > RIBBON_LEN_MAX {
                    c.remove(0);
                }
            });
        }
    });
    changes
}

fn worst(frame: &Frame) -> Health {
    frame.services.iter().map(|s| s.signal.health).max().unwrap_or_default()
}

/// The strip: ribbon of health and marks over the charts' window.
fn strip(model: Model) -> impl IntoView {
    let changes = ribbon(model);
    let window = move || model.read(|f| Some(f.window_s)).unwrap_or((0.0, 1.0));
    let place = |(from, to): (f64, f64), at: f64| ((at - from) / (to - from).max(0.001) * 100.0).clamp(0.0, 100.0);
    let bands = move || {
        let (range, now) = (window(), model.read(|f| f.now.as_secs_f64()));
        let changes = changes.get();
        let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([now]).collect::<Vec<_>>();
        changes
            .into_iter()
            .zip(ends)
            .filter(|(_, end)| *end >= range.0)
            .map(|((at, health), end)| {
                let (left, right) = (place(range, at), place(range, end));
                view! {
                    <rect
                        class="band"
                        data-health=words::health_key(health)
                        x=format!("{left:.2}%")
                        width=format!("{:.2}%", right - left)
                        y="12"
                        height="5"
                    />
                }
            })
            .collect_view()
    };
    let markers = model.memo(|f| f.markers.clone());
    let marks = move || {
        let range = window();
        markers.get().into_iter().map(|m| mark(&m, place(range, m.at_s))).collect_view()
    };
    view! {
        <div class="strip" role="img" aria-label=move || markers.with(|m| spoken(m))>
            <svg aria-hidden="true">
                <rect class="band-track" x="0" y="12" width="100%" height="5" rx="2.500" />
                {bands}
                {marks}
            </svg>
            <span class="strip-label start">{move || format::clock_s(window().0.max(0.0))}</span>
            <span class="strip-label end">{move || format::clock_s(window().1)}</span>
        </div>
    }
}

fn mark(marker: &Marker, left: f64) -> impl IntoView + use<> {
    let (class, shape) = match marker.kind {
        LogKind::Fault => ("mark fault", "M-4 0h8l-4 8z"),
        LogKind::Decision => ("mark decision", "M0 0l4 4-4 4-4-4z"),
        LogKind::Alert => ("mark alert", "M-4 4a4 4 0 1 0 8 0a4 4 0 1 0-8 0"),
        _ => ("mark edit", "M-3 1h6v6h-6z"),
    };
    let text = format!("{} {}", format::clock_s(marker.at_s), marker.text);
    view! {
        <svg x=format!("{left:.2}%") overflow="visible">
            <path class=class d=shape transform="translate(0 1)"><title>{text}</title></path>
        </svg>
    }
}

fn spoken(markers: &[Marker]) -> String {
    let newest: Vec<String> = markers.iter().rev().take(3).map(|m| format!("{} {}", format::clock_s(m.at_s), m.text)).collect();
    if newest.is_empty() { "Nothing happened in view".to_owned() } else { format!("Newest: {}", newest.join("; ")) }
}
