//! The fault menu: what to break, how much, how long. At the pointer, or where the keyboard's focus was.

use super::graph::focus_element;
use super::icons::{Icon, icon};
use super::model::{Model, OpenMenu};
use super::panel::faults_on;
use crate::math;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::units::SimDuration;
use crate::view::words;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Duration offered first, in s.
const DURATION_S: &str = "60";
/// Steps of the slider; its scale is logarithmic where the range spans more than two orders of magnitude.
const STEPS: f64 = 200.0;
/// Width and height kept free for the menu, in px, so that it opens within the window.
const SIZE: (f64, f64) = (316.0, 470.0);

/// The menu while it is open.
pub fn fault_menu(model: Model) -> AnyView {
    let open = move || model.menu.get().map(|menu| body(model, menu));
    view! { <div class="menu-layer">{open}</div> }.into_any()
}

fn kinds(target: FaultTarget) -> Vec<FaultKind> {
    let fits = |kind: &FaultKind| match target {
        FaultTarget::Service(_) => kind.fits_service(),
        FaultTarget::Edge { .. } => kind.fits_edge(),
        FaultTarget::Instance { .. } => kind.fits_instance(),
        FaultTarget::Node(_) | FaultTarget::Zone(_) => kind.fits_node(),
        FaultTarget::Zones(..) => kind.fits_zones(),
        FaultTarget::Monitoring => kind.fits_monitoring(),
    };
    FaultKind::ALL.into_iter().filter(fits).collect()
}

fn close(model: Model) {
    let target = model.menu.get_untracked().map(|m| m.target);
    model.menu.set(None);
    if let Some(FaultTarget::Service(id)) = target {
        focus_element(&format!("[data-service='{}']", id.0));
    }
}

fn body(model: Model, menu: OpenMenu) -> impl IntoView {
    let kinds = kinds(menu.target);
    let chosen = RwSignal::new(kinds.first().copied().unwrap_or(FaultKind::Latency));
    let magnitude = RwSignal::new(chosen.get_untracked().scale().usual);
    let duration = RwSignal::new(DURATION_S.to_owned());
    let name = model.peek(|f| words::target(f, menu.target));
    let label = format!("Break {name}");
    let frame = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        if let Some(element) = frame.get() {
            place(&element, menu.at);
            focus_element(".menu-layer [role=radio][aria-checked=true]");
        }
    });
    let choose = move |kind: FaultKind| {
        chosen.set(kind);
        magnitude.set(kind.scale().usual);
    };
    let inject = move || {
        model.inject(FaultSpec {
            target: menu.target,
            kind: chosen.get_untracked(),
            magnitude: magnitude.get_untracked(),
            duration: length(&duration.get_untracked()),
        });
        // What will be refused stays to be mended.
        let scale = chosen.get_untracked().scale();
        if (scale.min..=scale.max).contains(&magnitude.get_untracked()) {
            close(model);
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            close(model);
        }
        event.stop_propagation();
    };
    view! {
        <div
            class="scrim"
            on:click=move |_| close(model)
            on:contextmenu=move |event| { event.prevent_default(); close(model) }
        ></div>
        <div class="popover fault-menu" role="dialog" aria-label=label data-testid="fault-menu" node_ref=frame on:keydown=on_key>
            <p class="menu-head">{icon(Icon::Bolt)}"Break "<b>{name}</b></p>
            <div class="kinds" role="radiogroup" aria-label="What breaks">
                {kinds.into_iter().map(|kind| kind_item(kind, chosen, choose)).collect_view()}
            </div>
            {amount(chosen, magnitude)}
            {time(duration)}
            <button
                type="button"
                class="button primary fault wide-button"
                data-testid="fault-inject"
                on:click=move |_| inject()
            >
                {icon(Icon::Bolt)}
                "Break it"
            </button>
            {faults_on(model, menu.target)}
        </div>
    }
}

fn kind_item(kind: FaultKind, chosen: RwSignal<FaultKind>, choose: impl Fn(FaultKind) + Copy + 'static) -> impl IntoView {
    let on_key = move |event: web_sys::KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowDown" | "ArrowRight" => "nextElementSibling",
            "ArrowUp" | "ArrowLeft" => "previousElementSibling",
            _ => return,
        };
        event.prevent_default();
        let element = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let sibling =
            element.and_then(|e| if next.starts_with("next") { e.next_element_sibling() } else { e.previous_element_sibling() });
        if let Some(button) = sibling.and_then(|s| s.dyn_into::<web_sys::HtmlElement>().ok()) {
            // A hidden button cannot take the focus: then it stays.
            let _ = button.focus();
            button.click();
        }
    };
    view! {
        <button
            type="button"
            role="radio"
            class="kind"
            data-testid=format!("fault-{}", kind.name())
            aria-checked=move || (chosen.get() == kind).to_string()
            tabindex=move || if chosen.get() == kind { "0" } else { "-1" }
            title=effect_of(kind)
            on:click=move |_| choose(kind)
            on:keydown=on_key
        >
            {kind.scale().label}
        </button>
    }
}

fn amount(chosen: RwSignal<FaultKind>, magnitude: RwSignal<f64>) -> impl IntoView {
    let scale = move || chosen.get().scale();
    let position = move || slider_of(chosen.get(), magnitude.get()).to_string();
    let slid = move |text: &str| magnitude.set(of_slider(chosen.get_untracked(), text.parse().unwrap_or(0.0)));
    // The field is its own while somebody types (`0.` is on the way to `0.9`); it is written when the magnitude comes from
    // elsewhere.
    let field = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        let value = magnitude.get();
        if let Some(field) = field.get()
            && !value.is_nan()
            && field.value().parse() != Ok(value)
        {
            field.set_value(&value.to_string());
        }
    });
    // Without a number the magnitude is none, and injecting is refused with the range.
    let typed = move |text: String| magnitude.set(text.parse().unwrap_or(f64::NAN));
    view! {
        <p class="effect">{move || effect_of(chosen.get())}</p>
        <div class="amount">
            <label for="fault-magnitude">{move || format!("{}, {} to {}", scale().unit, scale().min, scale().max)}</label>
            <input
                type="range"
                min="0"
                max=STEPS.to_string()
                aria-label="Magnitude, by slider"
                prop:value=position
                on:input:target=move |event| slid(&event.target().value())
            />
            <input
                type="number"
                id="fault-magnitude"
                data-testid="fault-magnitude"
                step="any"
                min=move || scale().min.to_string()
                max=move || scale().max.to_string()
                node_ref=field
                on:input:target=move |event| typed(event.target().value())
            />
        </div>
    }
}

fn time(duration: RwSignal<String>) -> impl IntoView {
    view! {
        <div class="amount duration">
            <label for="fault-duration">"duration, s"</label>
            <span class="muted">
                {move || if length(&duration.get()).is_some() { "then it ends by itself" } else { "until I stop it" }}
            </span>
            <input
                type="number"
                id="fault-duration"
                data-testid="fault-duration"
                min="1"
                step="any"
                placeholder="∞"
                prop:value=move || duration.get()
                on:input:target=move |event| duration.set(event.target().value())
            />
        </div>
    }
}

/// An empty or unreadable field is no end.
fn length(text: &str) -> Option<SimDuration> {
    text.trim().parse::<f64>().ok().filter(|s| *s > 0.0).map(SimDuration::from_secs_f64)
}

fn is_logarithmic(kind: FaultKind) -> bool {
    let scale = kind.scale();
    scale.min > 0.0 && scale.max / scale.min > 100.0
}

fn slider_of(kind: FaultKind, value: f64) -> f64 {
    let scale = kind.scale();
    let value = if value.is_nan() { scale.min } else { value.clamp(scale.min, scale.max) };
    let share = if is_logarithmic(kind) {
        math::ln(value / scale.min) / math::ln(scale.max / scale.min)
    } else {
        (value - scale.min) / (scale.max - scale.min)
    };
    (share * STEPS).round()
}

fn of_slider(kind: FaultKind, position: f64) -> f64 {
    let (scale, share) = (kind.scale(), position / STEPS);
    let value = if is_logarithmic(kind) {
        scale.min * math::pow(scale.max / scale.min, share)
    } else {
        scale.min + (scale.max - scale.min) * share
    };
    let grain = match kind {
        FaultKind::InstanceKill | FaultKind::Hang | FaultKind::Latency | FaultKind::SlowResponses => 1.0,
        FaultKind::PoolLeak => 0.001,
        _ if scale.max <= 1.0 => 0.01,
        _ => 0.1,
    };
    // Rounded to what people would type, and to three digits at most.
    ((value / grain).round() * grain * 1000.0).round() / 1000.0
}

fn effect_of(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::CpuHog => "A stray process takes this share of each instance's CPU.",
        FaultKind::MemoryLeak => "Every instance leaks; a restart frees what was leaked.",
        FaultKind::ErrorBurst => "Each instance fails this share of its requests.",
        FaultKind::Latency => "Every message takes longer.",
        FaultKind::InstanceKill => "Instances die at once, and again every 10 s.",
        FaultKind::CrashLoop => "Every instance exits soon after it became ready.",
        FaultKind::Partition => "Messages on this path are lost without an answer.",
        FaultKind::TrafficSpike => "Multiplies the users' requests that lead here.",
        FaultKind::Hang => "Nothing in these instances moves any more; a restart cures it.",
        FaultKind::SlowResponses => "Every request waits longer, without using CPU.",
        FaultKind::BadDeploy => "A version that fails this share is rolled out; a roll-back cures it, a restart does not.",
        FaultKind::BadConfig => "A bad setting reaches all instances at once; a roll-back cures it.",
        FaultKind::CacheFlush => "The cache loses this share of what it holds, once.",
        FaultKind::HotKey => "This share of requests falls on one key.",
        FaultKind::NoNewConnections => "New connections fail; old ones live until they are renewed.",
        FaultKind::PoolLeak => "This share of attempts never gives its connection back; a restart of the caller frees them.",
        FaultKind::Outage => "Everything on the machine is gone, without a word.",
        FaultKind::NoisyNeighbour => "Another tenant takes this share of the machine's CPU.",
        FaultKind::TelemetryLate => "All is well, but monitoring hears of it late.",
        FaultKind::TelemetryMissing => "All is well, but this share of samples is lost on the way.",
        FaultKind::TelemetryFrozen => "All is well, but the exporter repeats what it said.",
        FaultKind::TelemetryWrong => "All is well, but the exporter tells this many times what is so.",
    }
}

/// Puts the menu at the pointer, moved so far that it is within the window.
fn place(element: &web_sys::HtmlElement, at: (f64, f64)) {
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|v| v.as_f64()).unwrap_or(0.0);
    let (width, height) = (size(window().inner_width()), size(window().inner_height()));
    let taken = (SIZE.0.max(f64::from(element.offset_width())), SIZE.1.max(f64::from(element.offset_height())));
    let (left, top) = (at.0.min(width - taken.0 - 8.0).max(8.0), at.1.min(height - taken.1 - 8.0).max(8.0));
    let style = element.style();
    // Both are well-formed lengths: the browser takes them.
    let _ = style.set_property("left", &format!("{left:.0}px"));
    let _ = style.set_property("top", &format!("{top:.0}px"));
}
