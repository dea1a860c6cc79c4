//! One service as a box: name, health by colour, icon, word and border, instances, its three numbers, two gauges.

use super::plan::{NODE_HEIGHT, NODE_WIDTH, Point};
use super::stage::Stage;
use crate::app::icons::{self, Icon};
use crate::app::model::{OpenMenu, Selection};
use crate::ids::ServiceId;
use crate::pipeline::Health;
use crate::view::{ServiceFrame, format, words};
use leptos::prelude::*;
use web_sys::{KeyboardEvent, MouseEvent};

/// Characters of a name that fit into the box, and in the smaller type.
const NAME_CHARS: (usize, usize) = (21, 25);
/// The same in the larger type seen from afar.
const FAR_NAME_CHARS: usize = 15;
/// Length of one gauge in px.
const GAUGE_PX: f64 = 80.0;

type Service = Memo<Option<ServiceFrame>>;

fn of<T: Default>(service: Service, f: impl FnOnce(&ServiceFrame) -> T) -> T {
    service.with(|s| s.as_ref().map(f).unwrap_or_default())
}

fn health(service: Service) -> Health {
    of(service, |s| s.signal.health)
}

/// The node of service `id`.
pub fn node(stage: Stage, id: ServiceId, dimmed: Signal<bool>) -> AnyView {
    let model = stage.model;
    let service = model.service(id);
    let me = Selection::Service(id);
    let centre = move || stage.plan.with(|p| p.nodes.get(&id).copied().unwrap_or_default());
    let place = move || {
        let (x, y) = centre();
        format!("translate({:.1} {:.1})", x - NODE_WIDTH / 2.0, y - NODE_HEIGHT / 2.0)
    };
    let selected = move || model.selection.get() == Some(me);
    view! {
        <g
            class="node"
            class:dim=dimmed
            class:selected=selected
            class:healing=move || of(service, |s| s.healing)
            class:faulty=move || of(service, |s| !s.faults.is_empty())
            transform=place
            role="button"
            tabindex=move || if stage.is_tab_stop(me) { "0" } else { "-1" }
            aria-pressed=move || selected().to_string()
            data-testid=move || format!("node-{}", of(service, |s| s.name.clone()))
            data-health=move || words::health_key(health(service))
            data-service=id.0.to_string()
            on:click=move |event: MouseEvent| {
                event.stop_propagation();
                if !stage.click_ends_drag() {
                    model.select(Some(me));
                }
            }
            on:dblclick=move |_| model.select(Some(me))
            on:contextmenu=move |event: MouseEvent| stage.open_menu(&event, me)
            on:focus=move |_| stage.focus.set(Some(me))
            on:keydown=move |event: KeyboardEvent| stage.on_key(&event, me)
            on:pointerdown=move |event| {
                event.stop_propagation();
                stage.on_down(&event, Some(me.target()));
            }
        >
            <title>{move || of(service, label)}</title>
            {frame_boxes()}
            {head(stage, service)}
            {numbers(service)}
            {fault_badge(service)}
            {port(stage, id)}
        </g>
    }
    .into_any()
}

fn frame_boxes() -> impl IntoView {
    let (width, height) = (NODE_WIDTH.to_string(), NODE_HEIGHT.to_string());
    let (inner_width, inner_height) = ((NODE_WIDTH - 7.0).to_string(), (NODE_HEIGHT - 7.0).to_string());
    view! {
        <rect
            class="node-halo"
            x="-5"
            y="-5"
            width=(NODE_WIDTH + 10.0).to_string()
            height=(NODE_HEIGHT + 10.0).to_string()
            rx="15"
        />
        <rect class="node-box" width=width height=height rx="11" />
        <rect class="node-inner" x="3.5" y="3.5" width=inner_width height=inner_height rx="8" />
    }
}

fn head(stage: Stage, service: Service) -> impl IntoView {
    let far = Memo::new(move |_| stage.is_far());
    let most = move || if far.get() { FAR_NAME_CHARS } else { NAME_CHARS.1 };
    let name = move || of(service, |s| format::shortened(&s.name, most()));
    let long = move || of(service, |s| s.name.chars().count() > NAME_CHARS.0);
    let badge = move || icons::shape(icons::of_health(health(service)));
    view! {
        <text class="node-name" class:long=long x="12" y="21">{name}</text>
        <circle class="node-badge" cx="19" cy="35" r="7.5" />
        <path class="node-badge-icon" transform="translate(13.4 29.4) scale(.7)" d=badge />
        <text class="node-word" x="32" y="39">{move || state_word(service)}</text>
        <text class="node-side" x=(NODE_WIDTH - 12.0).to_string() y="39">{move || of(service, side_note)}</text>
    }
}

fn state_word(service: Service) -> String {
    of(service, |s| match (s.healing, s.signal.health) {
        (true, Health::Healthy | Health::Unknown) => "Healing".to_owned(),
        (true, health) => format!("{}, healing", words::health(health)),
        (false, health) => words::health(health).to_owned(),
    })
}

/// Time to a forecast breach if one is coming, else instances.
fn side_note(service: &ServiceFrame) -> String {
    match service.forecast.and_then(|f| Some((f, f.breach_in_s?.0))) {
        Some((forecast, expected)) if words::is_warning(service, &forecast) => {
            format!("{} ↗ {}", words::metric(forecast.metric).trim_end_matches(" latency"), format::span(expected))
        }
        _ => format!("{}/{}", service.ready, service.desired),
    }
}

fn numbers(service: Service) -> impl IntoView {
    let rate = move || of(service, |s| format::or_dash(s.rate, format::rate));
    let latency = move || of(service, |s| format::or_dash(s.latency_ms_p95, format::latency));
    let errors = move || of(service, |s| format::or_dash(s.error_ratio, format::percent));
    let level = move |f: fn(&ServiceFrame) -> Option<f64>| {
        format!("{:.1}", of(service, f).unwrap_or_default().clamp(0.0, 1.0) * GAUGE_PX)
    };
    let right = (NODE_WIDTH - 12.0).to_string();
    view! {
        <text class="node-number" x="12" y="54">{rate}</text>
        <text class="node-number mid" x=(NODE_WIDTH / 2.0).to_string() y="54">{latency}</text>
        <text
            class="node-number end"
            class:bad=move || of(service, |s| s.error_ratio.unwrap_or_default() >= 0.02)
            x=right
            y="54"
        >
            {errors}
        </text>
        <rect class="gauge-track" x="12" y="59.500" width=GAUGE_PX.to_string() height="2.500" rx="1.200" />
        <rect
            class="gauge"
            class:high=move || of(service, |s| s.cpu.unwrap_or_default() >= 0.7)
            x="12"
            y="59.500"
            height="2.500"
            rx="1.200"
            width=move || level(|s| s.cpu)
        />
        <rect class="gauge-track" x="98" y="59.500" width=GAUGE_PX.to_string() height="2.500" rx="1.200" />
        <rect
            class="gauge"
            class:high=move || of(service, |s| s.memory.unwrap_or_default() >= 0.65)
            x="98"
            y="59.500"
            height="2.500"
            rx="1.200"
            width=move || level(|s| s.memory)
        />
    }
}

fn fault_badge(service: Service) -> impl IntoView {
    let at = format!("translate({} 0)", NODE_WIDTH - 14.0);
    view! {
        <g class="bolt" class:shown=move || of(service, |s| !s.faults.is_empty()) transform=at>
            <circle r="10" />
            <path transform="translate(-6.400 -6.400) scale(.8)" d=icons::shape(Icon::Bolt) />
        </g>
    }
}

/// The handle that edges are drawn from; the panel does the same by keyboard.
fn port(stage: Stage, id: ServiceId) -> impl IntoView {
    view! {
        <g
            class="port"
            transform=format!("translate({NODE_WIDTH} {})", NODE_HEIGHT / 2.0)
            on:pointerdown=move |event| stage.on_port(&event, id)
        >
            <circle class="port-hit" r="14" />
            <circle class="port-dot" r="6" />
            <path d="M-3 0h6M0 -3v6" />
        </g>
    }
}

/// What is read out (an SVG element is named by its title): name, state, instances, numbers, faults.
fn label(service: &ServiceFrame) -> String {
    let mut text = format!("{}: {}", service.name, words::health(service.signal.health));
    if service.healing {
        text += ", healing";
    }
    text += &format!(", {} of {} instances ready", service.ready, service.desired);
    if let (Some(rate), Some(latency)) = (service.rate, service.latency_ms_p95) {
        let errors = service.error_ratio.unwrap_or_default();
        text += &format!(", {}, p95 {}, errors {}", format::rate(rate), format::latency(latency), format::percent(errors));
    }
    if !service.faults.is_empty() {
        text += ", broken by you";
    }
    text
}

impl Stage {
    /// The one node or edge that Tab reaches: the focused one, else the first service.
    fn is_tab_stop(self, me: Selection) -> bool {
        match self.focus.get() {
            Some(focus) => focus == me,
            None => self.plan.with(|p| p.nodes.keys().next().map(|id| Selection::Service(*id))) == Some(me),
        }
    }
    /// Opens the fault menu at the pointer.
    pub fn open_menu(self, event: &MouseEvent, on: Selection) {
        event.prevent_default();
        event.stop_propagation();
        let at: Point = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.model.menu.set(Some(OpenMenu { target: on.target(), at }));
    }
}
