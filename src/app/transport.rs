//! The transport bar: play, pause, step, speed, the clock, and the scrubber.

use super::icons::{Icon, icon};
use super::model::Model;
use super::scrubber;
use crate::protocol::ToWorker;
use crate::view::pace;
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
                class="button square back"
                data-testid="step-back"
                aria-label="Back one second"
                title="Back one second (,)"
                on:click=move |_| scrubber::seek_by(model, -1.0)
            >
                {icon(Icon::StepBack)}
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
            {scrubber::scrubber(model)}
            {scrubber::other(model)}
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
    let state = model.memo(|f| (f.is_past, f.playing));
    let is_past = model.memo(|f| f.is_past);
    let word = move || match state.get() {
        (true, _) => "Past",
        (false, true) => "Live",
        (false, false) => "Paused",
    };
    view! {
        <div class="status" class:live=move || state.get() == (false, true) class:past=move || is_past.get()>
            <span class="live-dot" aria-hidden="true"></span>
            <span class="state-word" data-testid="time-state">{word}</span>
            {move || if is_past.get() { scrubber::past(model).into_any() } else { present(model).into_any() }}
        </div>
    }
}

/// How fast the present goes, and the seed.
fn present(model: Model) -> impl IntoView {
    view! {
        {pace(model)}
        <span
            class="muted seed"
            title="The seed: the same seed and the same deeds give the same run"
        >
            {move || model.read(|f| format!("seed {}", f.seed))}
        </span>
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
