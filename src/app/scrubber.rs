//! The scrubber: the whole run as a strip with its health and what happened, to be dragged to any moment; and the bar that says
//! so while the past is looked at.
//!
//! A moment is sought by the worker, which may take a while in a large system, so at most one search is on its way: what is
//! wanted meanwhile is asked for when it has been found.

use super::icons::{Icon, icon};
use super::keep;
use super::model::Model;
use crate::protocol::ToWorker;
use crate::units::{SimDuration, SimTime};
use crate::view::{Frame, LogKind, Marker, format, words};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

/// Seconds that an arrow key goes, and with Shift.
const STRIDE_S: (f64, f64) = (1.0, 10.0);
/// Shortest run that the strip shows, s: a run that has just begun would move under the pointer.
const SHOWN_S_MIN: f64 = 30.0;
/// The earliest moment that is looked at, s: the first sample, before which nothing is known.
const FIRST_S: f64 = 1.0;
/// Two moments this close in s are the same.
const SAME_S: f64 = 1e-6;

/// What is sought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seeking {
    /// The moment that is wanted, in s.
    pub wanted_s: Option<f64>,
    /// The moment that the worker was asked for.
    pub asked_s: Option<f64>,
}

/// Looks at a moment, in s; whole seconds are when samples come.
pub fn seek(model: Model, moment_s: f64) {
    let end = model.peek(|f| f.end.as_secs_f64());
    let moment_s = if moment_s >= end { end } else { moment_s.round().max(FIRST_S) };
    model.seeking.update(|seeking| seeking.wanted_s = Some(moment_s));
    ask(model);
}

/// Looks at a moment so many seconds later (or earlier) than the one that is shown or wanted.
pub fn seek_by(model: Model, seconds: f64) {
    let from = model.seeking.with_untracked(|s| s.wanted_s).unwrap_or_else(|| model.peek(|f| f.now.as_secs_f64()));
    // Between two samples, a step back leads to the one before.
    let from = if seconds < 0.0 { from.ceil() } else { from.floor() };
    seek(model, from + seconds);
}

/// Looks at the present again.
pub fn back_to_live(model: Model) {
    model.seeking.set(Seeking::default());
    model.send(&ToWorker::Live);
}

/// One stride, for a key.
pub fn stride(model: Model, forward: bool, is_long: bool) {
    let seconds = if is_long { STRIDE_S.1 } else { STRIDE_S.0 };
    seek_by(model, if forward { seconds } else { -seconds });
}

fn ask(model: Model) {
    let seeking = model.seeking.get_untracked();
    if let (Some(wanted), None) = (seeking.wanted_s, seeking.asked_s) {
        model.seeking.update(|seeking| seeking.asked_s = Some(wanted));
        model.send(&ToWorker::Seek(SimTime::ZERO + SimDuration::from_secs_f64(wanted)));
    }
}

/// A new frame: what was asked for has been found, or another run is shown.
pub fn found(model: Model, frame: &Frame) {
    let Seeking { wanted_s, asked_s } = model.seeking.get_untracked();
    let Some(asked) = asked_s else { return };
    if frame.is_past && (frame.now.as_secs_f64() - asked).abs() > SAME_S {
        return;
    }
    let is_last = wanted_s.is_none_or(|wanted| (wanted - asked).abs() <= SAME_S);
    model.seeking.set(Seeking { wanted_s: wanted_s.filter(|_| !is_last), asked_s: None });
    ask(model);
}

/// The strip.
pub fn scrubber(model: Model) -> impl IntoView {
    let now = move || model.seeking.get().wanted_s.unwrap_or_else(|| model.read(|f| f.now.as_secs_f64()));
    let end = model.memo(|f| f.end.as_secs_f64());
    let text = move || format!("{} of {}", format::clock_s(now()), format::clock_s(end.get()));
    let to_pointer = move |event: &PointerEvent| {
        if let Some(share) = share_under(event) {
            seek(model, share * shown_s(end.get_untracked()));
        }
    };
    let press = move |event: PointerEvent| {
        if event.button() == 0 {
            capture_pointer(&event);
            to_pointer(&event);
        }
    };
    view! {
        <div
            class="strip"
            data-testid="scrubber"
            role="slider"
            tabindex="0"
            aria-label="Time: the whole run"
            aria-valuemin="0"
            aria-valuemax=move || format!("{:.0}", end.get())
            aria-valuenow=move || format!("{:.0}", now())
            aria-valuetext=text
            title="Drag to any moment (arrow keys: 1 s, with Shift 10 s; Home: start; End: present)"
            on:pointerdown=press
            on:pointermove=move |event| if event.buttons() & 1 == 1 { to_pointer(&event) }
        >
            <svg aria-hidden="true">
                <rect class="band-track" x="0" y="12" width="100%" height="5" rx="2.500" />
                {window(model, end)}
                {bands(model, end)}
                {marks(model, end)}
                <svg x=move || percent(now(), end.get()) overflow="visible">
                    <path class="thumb" d="M0 8v13" />
                    <circle class="thumb" r="4.500" cy="14.500" />
                </svg>
            </svg>
            <span class="strip-label start">{format::clock_s(0.0)}</span>
            <span class="strip-label end">{move || format::clock_s(shown_s(end.get()))}</span>
        </div>
    }
}

/// Seconds that the strip is long.
fn shown_s(end_s: f64) -> f64 {
    end_s.max(SHOWN_S_MIN)
}

/// Where a moment stands on the strip.
fn percent(at_s: f64, end_s: f64) -> String {
    format!("{:.2}%", (at_s / shown_s(end_s) * 100.0).clamp(0.0, 100.0))
}

/// Where on the strip the pointer is: 0 its left end, 1 its right.
fn share_under(event: &PointerEvent) -> Option<f64> {
    let strip = event.current_target()?.dyn_into::<Element>().ok()?.get_bounding_client_rect();
    (strip.width() > 0.0).then(|| ((f64::from(event.client_x()) - strip.left()) / strip.width()).clamp(0.0, 1.0))
}

/// A drag goes on outside of the strip.
fn capture_pointer(event: &PointerEvent) {
    let strip = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    // A pointer that is gone already cannot be captured, and need not be.
    let _ = strip.map(|strip| strip.set_pointer_capture(event.pointer_id()));
}

/// What the charts show.
fn window(model: Model, end: Memo<f64>) -> impl IntoView {
    let range = model.memo(|f| f.window_s);
    let left = move || range.get().0.max(0.0);
    let length = move || range.get().1.min(end.get()) - left();
    let (x, width) = (move || percent(left(), end.get()), move || percent(length(), end.get()));
    view! { <rect class="brush" x=x width=width y="9" height="11" rx="2" /> }
}

fn bands(model: Model, end: Memo<f64>) -> impl IntoView {
    move || {
        let end_s = end.get();
        model.overview.with(|overview| {
            let changes = &overview.ribbon;
            let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([end_s]);
            changes
                .iter()
                .zip(ends)
                .map(|((at, health), until)| {
                    view! {
                        <rect
                            class="band"
                            data-health=words::health_key(*health)
                            x=percent(*at, end_s)
                            width=percent(until - at, end_s)
                            y="12"
                            height="5"
                        />
                    }
                })
                .collect_view()
        })
    }
}

fn marks(model: Model, end: Memo<f64>) -> impl IntoView {
    move || model.overview.with(|overview| overview.markers.iter().map(|m| mark(m, percent(m.at_s, end.get()))).collect_view())
}

fn mark(marker: &Marker, left: String) -> impl IntoView + use<> {
    let (class, shape) = match marker.kind {
        LogKind::Fault => ("mark fault", "M-4 0h8l-4 8z"),
        LogKind::Decision => ("mark decision", "M0 0l4 4-4 4-4-4z"),
        LogKind::Alert => ("mark alert", "M-4 4a4 4 0 1 0 8 0a4 4 0 1 0-8 0"),
        _ => ("mark edit", "M-3 1h6v6h-6z"),
    };
    let text = format!("{} {}", format::clock_s(marker.at_s), marker.text);
    view! {
        <svg x=left overflow="visible">
            <path class=class d=shape transform="translate(0 1)"><title>{text}</title></path>
        </svg>
    }
}

/// While the past is looked at: of what, and the two ways out. It stands where the pace of the present does, so that nothing
/// moves.
pub fn past(model: Model) -> impl IntoView {
    let text = move || {
        let (now, end) = model.read(|f| (f.now.as_secs_f64(), f.end.as_secs_f64()));
        format!("{} of {}", format::clock_s(now), format::clock_s(end))
    };
    view! {
        <span class="past-bar" data-testid="past-bar">
            <span
                class="past-of"
                role="status"
                title="What was done then is done: play it again, or let it go another way from here"
            >
                {text}
            </span>
            <button
                type="button"
                class="button"
                data-testid="go-on"
                title="Make this moment the present. The run as it was is kept."
                on:click=move |_| go_on(model)
            >
                {icon(Icon::Fork)}
                "Go on from here"
            </button>
            <button
                type="button"
                class="button primary"
                data-testid="live"
                title="Back to the present (End)"
                on:click=move |_| back_to_live(model)
            >
                <span class="live-dot" aria-hidden="true"></span>
                "Back to live"
            </button>
        </span>
    }
}

/// Makes the moment looked at the present, which waits for what is to be done otherwise.
fn go_on(model: Model) {
    keep::keep_left(model);
    model.send(&ToWorker::GoOnFromHere);
    model.say("This is the present now, paused. The run as it was is kept: Other run.");
}

/// The way back to the run that was left, if one was.
pub fn other(model: Model) -> impl IntoView {
    let has_other = model.memo(|f| f.has_other && !f.is_past);
    move || {
        has_other.get().then(|| {
            view! {
                <button
                    type="button"
                    class="button small"
                    data-testid="return-to-other"
                    title="This run went another way. The one that was left is kept: go back to it; this one is kept instead."
                    on:click=move |_| model.send(&ToWorker::ReturnToOther)
                >
                    {icon(Icon::Fork)}
                    "Other run"
                </button>
            }
        })
    }
}
