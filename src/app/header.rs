//! The header: which system runs, what to break, how far the healer may go, undo and redo.

use super::icons::{Icon, icon};
use super::model::{ImportState, Model};
use super::{share, theme};
use crate::pipeline::Autonomy;
use crate::protocol::ToWorker;
use crate::scenario::presets::{Group, PRESETS, Preset};
use crate::session::Command;
use crate::view::address::OWN;
use crate::view::picks::{Pick, picks};
use crate::view::words;
use leptos::prelude::*;

/// Policies: name in messages, name people see.
const POLICIES: [(&str, &str); 5] = [
    ("rules", "Rules"),
    ("bandit", "Bandit (learned)"),
    ("seed", "Seed rules"),
    ("kubernetes", "Kubernetes only"),
    ("none", "No healer"),
];

/// The header.
pub fn header(model: Model) -> AnyView {
    view! {
        <header class="header">
            {brand()}
            {system(model)}
            {chaos(model)}
            {scale(model)}
            {healing(model)}
            {tools(model)}
        </header>
    }
    .into_any()
}

fn brand() -> impl IntoView {
    view! {
        <h1 class="brand">
            <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
                <rect x="1.500" y="1.500" width="21" height="21" rx="6" />
                <path d="M4.500 12.500h3.600l2-5 3.600 9.500 2.300-6.500 1 2h2.500" />
            </svg>
            <span>"Sickbay"</span>
        </h1>
    }
}

fn system(model: Model) -> impl IntoView {
    let imported = model.memo(|f| f.scenario.clone());
    let chosen = move || model.address.with(|a| a.preset.clone());
    let options = Group::ALL.map(|group| {
        let of_group = PRESETS.iter().filter(|p| p.group == group);
        let option = |p: &'static Preset| {
            view! { <option value=p.name title=p.summary selected=move || chosen() == p.name>{p.title}</option> }
        };
        view! { <optgroup label=group.label()>{of_group.map(option).collect_view()}</optgroup> }
    });
    let summary = move || PRESETS.iter().find(|p| p.name == chosen()).map_or("The running system", |p| p.summary);
    let own = move || (chosen() == OWN).then(|| view! { <option value=OWN selected=true>{imported.get()}</option> });
    view! {
        <label class="field">
            <span class="hidden">"System"</span>
            <select
                data-testid="preset"
                title=summary
                prop:value=chosen
                on:change:target=move |event| open_preset(model, event.target().value())
            >
                {options.collect_view()}
                {own}
            </select>
        </label>
        <button
            type="button"
            class="button"
            data-testid="import-open"
            title="Import Kubernetes manifests or Compose files"
            on:click=move |_| model.import.set(ImportState::Asking)
        >
            {icon(Icon::Import)}
            <span class="wide">"Import"</span>
        </button>
    }
}

/// Says so when the running system is a model of a larger one: then rates and counts are the model's.
fn scale(model: Model) -> impl IntoView {
    let scale = model.memo(|f| f.scale);
    let notes = model.memo(|f| f.scale_notes.clone());
    let badge = move || {
        let w = scale.get();
        (w > 1).then(|| {
            let title = move || notes.with(|notes| words::scale(w, notes));
            view! { <span class="chip" data-testid="scale" title=title>{format!("1:{w} model")}</span> }
        })
    };
    view! { {badge} }
}

fn open_preset(model: Model, name: String) {
    if name == OWN {
        return;
    }
    model.selection.set(None);
    model.send(&ToWorker::OpenPreset { name: name.clone(), seed: model.seed() });
    model.send(&ToWorker::Play);
    model.address.update(|a| (a.preset, a.file) = (name, None));
}

fn chaos(model: Model) -> impl IntoView {
    let next = RwSignal::new(0_usize);
    let open = RwSignal::new(false);
    let faults = model.memo(|f| f.faults.len());
    let break_next = move |_| {
        let picks = model.peek(picks);
        if let Some(pick) = picks.get(next.get_untracked() % picks.len().max(1)) {
            next.update(|n| *n += 1);
            inject(model, pick);
        }
    };
    let stop = move || {
        (faults.get() > 0).then(|| {
            view! {
                <button
                    type="button"
                    class="button stop"
                    data-testid="stop-all"
                    title="Remove all faults (Shift+Esc)"
                    on:click=move |_| model.command(Command::StopAllFaults)
                >
                    {icon(Icon::Stop)}
                    {move || format!("Stop all ({})", faults.get())}
                </button>
            }
        })
    };
    view! {
        <div
            class="split"
            on:keydown=move |event| {
                if event.key() == "Escape" && open.get_untracked() {
                    event.prevent_default();
                    open.set(false);
                }
            }
        >
            <button
                type="button"
                class="button break"
                data-testid="break-something"
                title="Break something instructive; each click breaks the next"
                on:click=break_next
            >
                {icon(Icon::Bolt)}
                "Break"
                <span class="long">"something"</span>
            </button>
            <button
                type="button"
                class="button break caret"
                aria-label="Choose what to break"
                aria-haspopup="true"
                aria-expanded=move || open.get().to_string()
                data-testid="break-menu"
                on:click=move |_| open.update(|o| *o = !*o)
            >
                {icon(Icon::Caret)}
            </button>
            {move || open.get().then(|| pick_menu(model, open))}
        </div>
        {stop}
    }
}

/// Breaks what the pick says, and says so.
pub fn inject(model: Model, pick: &Pick) {
    model.inject(pick.spec);
    model.say(format!("⚡ {}. {}", pick.title, pick.lesson));
}

fn pick_menu(model: Model, open: RwSignal<bool>) -> impl IntoView {
    let items = model.peek(picks).into_iter().map(|pick| {
        let (title, lesson) = (pick.title.clone(), pick.lesson);
        let choose = move |_| {
            open.set(false);
            inject(model, &pick);
        };
        view! {
            <button type="button" class="menu-item" on:click=choose>
                <span class="menu-title">{icon(Icon::Bolt)}{title}</span>
                <span class="menu-text">{lesson}</span>
            </button>
        }
    });
    view! {
        <div class="scrim" on:click=move |_| open.set(false)></div>
        <div
            class="popover picks"
            role="group"
            aria-label="What to break"
        >
            {items.collect_view()}
            <p class="menu-hint">"Or right-click, long-press or press F on any service or call."</p>
        </div>
    }
}

fn healing(model: Model) -> impl IntoView {
    let autonomy = model.memo(|f| f.autonomy);
    let buttons = Autonomy::ALL.map(|level| {
        let testid = format!("heal-{}", level.name().to_lowercase());
        view! {
            <button
                type="button"
                role="radio"
                data-testid=testid
                title=explained(level)
                aria-checked=move || (autonomy.get() == level).to_string()
                on:click=move |_| model.command(Command::SetAutonomy(level))
            >
                {level.name()}
            </button>
        }
    });
    let policy = model.memo(|f| f.policy.clone());
    let options = POLICIES.map(|(key, label)| view! { <option value=key selected=move || policy.get() == key>{label}</option> });
    view! {
        <div class="dial">
            <span class="dial-label" id="dial-label">{icon(Icon::Heal)}"Heal"</span>
            <div class="segments" role="radiogroup" aria-labelledby="dial-label">{buttons.collect_view()}</div>
        </div>
        {kill_switch(model)}
        {dry_run(model)}
        <label class="field">
            <span class="hidden">"Healing policy"</span>
            <select
                data-testid="policy"
                title="Healing policy"
                prop:value=move || policy.get()
                on:change:target=move |event| model.command(Command::SetPolicy(event.target().value()))
            >
                {options.collect_view()}
            </select>
        </label>
    }
}

/// Ends all healing at once, whatever the dial says, until it is released.
fn kill_switch(model: Model) -> impl IntoView {
    let is_on = model.memo(|f| f.is_stopped);
    let words = move || if is_on.get() { "Release healing" } else { "Stop healing" };
    let title = move || match is_on.get() {
        true => "Kill switch is on: nothing is done, watching and alerting go on. Release it (K)",
        false => "Kill switch: no new action from now on, what awaits approval ends (K)",
    };
    view! {
        <button
            type="button"
            class="button kill"
            data-testid="kill-switch"
            data-state=move || if is_on.get() { "on" } else { "off" }
            aria-label=words
            title=title
            on:click=move |_| model.command(Command::SetKillSwitch(!is_on.get_untracked()))
        >
            {icon(Icon::Power)}
            <span class="wide">{words}</span>
        </button>
    }
}

/// Lets decisions go the full way without being carried out.
fn dry_run(model: Model) -> impl IntoView {
    let is_on = model.memo(|f| f.is_dry_run);
    view! {
        <button
            type="button"
            class="button toggle"
            data-testid="dry-run"
            aria-pressed=move || is_on.get().to_string()
            title="Dry run: decide as set, but only ask the platform what it would do (D)"
            on:click=move |_| model.command(Command::SetDryRun(!is_on.get_untracked()))
        >
            "Dry"<span class="wide">" run"</span>
        </button>
    }
}

const fn explained(level: Autonomy) -> &'static str {
    match level {
        Autonomy::Off => "Off: watch and alert only",
        Autonomy::Advise => "Advise: decide and record, never act",
        Autonomy::Ask => "Ask: act after your approval, or when the time to object is over",
        Autonomy::Auto => "Auto: act at once",
    }
}

fn tools(model: Model) -> impl IntoView {
    let undo = model.memo(|f| f.undo.clone());
    let redo = model.memo(|f| f.redo.clone());
    let title = |verb: &str, what: Option<String>| what.map_or_else(|| format!("Nothing to {verb}"), |w| format!("{verb} {w}"));
    view! {
        <div class="tools">
            <button
                type="button"
                class="button square"
                data-testid="share"
                aria-label="Share or keep this run"
                title="Share or keep this run (S)"
                on:click=move |_| share::ask(model)
            >
                {icon(Icon::Share)}
            </button>
            <button
                type="button"
                class="button square"
                data-testid="undo"
                aria-label=move || title("undo", undo.get())
                title=move || title("undo", undo.get())
                disabled=move || undo.with(Option::is_none)
                on:click=move |_| model.command(Command::Undo)
            >
                {icon(Icon::Undo)}
            </button>
            <button
                type="button"
                class="button square"
                data-testid="redo"
                aria-label=move || title("redo", redo.get())
                title=move || title("redo", redo.get())
                disabled=move || redo.with(Option::is_none)
                on:click=move |_| model.command(Command::Redo)
            >
                {icon(Icon::Redo)}
            </button>
            <button
                type="button"
                class="button square theme-toggle"
                data-testid="theme"
                aria-label="Light or dark"
                title="Light or dark"
                on:click=move |_| theme::toggle(model)
            >
                <span class="sun">{icon(Icon::Sun)}</span>
                <span class="moon">{icon(Icon::Moon)}</span>
            </button>
            <button
                type="button"
                class="button square"
                data-testid="help"
                aria-label="Help and keys"
                title="Help and keys (?)"
                on:click=move |_| model.help.set(true)
            >
                {icon(Icon::Help)}
            </button>
        </div>
    }
}
