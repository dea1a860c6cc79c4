//! Small dialogs: a new service's name, and the sheet of keys.

use super::icons::{Icon, icon};
use super::model::Model;
use leptos::html::{Dialog, Input};
use leptos::prelude::*;

/// Keys and what they do.
const KEYS: [(&str, &str); 23] = [
    ("Space", "Play or pause"),
    (". ,", "Step one second, and back"),
    ("← →", "Through time, 1 s (with Shift 10 s), outside of graph and charts"),
    ("Home", "The start of the run"),
    ("End", "Back to the present"),
    ("[ ]", "Slower, faster"),
    ("A  R", "Approve or reject the decision"),
    ("K", "Kill switch: stop healing, or release it"),
    ("D", "Dry run on or off"),
    ("Shift Esc", "Stop all faults"),
    ("Ctrl Z", "Undo an edit (the run goes on)"),
    ("Ctrl Shift Z", "Redo"),
    ("1 … 6", "Tabs of the panel"),
    ("I", "Import"),
    ("S", "Share or keep the run"),
    ("N", "New service"),
    ("L", "Lay the graph out anew and show all of it"),
    ("← ↑ → ↓", "Walk through the graph; move the crosshair in a chart"),
    ("Enter", "Select"),
    ("F", "Break the service or call in focus"),
    ("E", "Connect it to another"),
    ("Delete", "Remove it"),
    ("Esc", "Clear the selection"),
];

/// What the heal dial and the policies are.
const TERMS: [(&str, &str); 2] = [
    (
        "Heal dial",
        "Off only watches. Advise says what it would do. Ask gives you 8 s of the run to approve (A) or reject (R), then acts. \
         Auto acts at once.",
    ),
    (
        "Policy",
        "rules weighs what each action would save, cost and risk. bandit does the same with chances learned from experience. \
         seed has fixed thresholds and a plain list of rules. kubernetes leaves it to probes and autoscalers. none only watches.",
    ),
];

fn terms() -> impl IntoView {
    TERMS.map(|(term, what)| view! { <div><dt>{term}</dt><dd>{what}</dd></div> }).collect_view()
}

/// Opens and closes a native dialog as a signal says.
pub(super) fn follow(dialog: NodeRef<Dialog>, open: Signal<bool>) {
    Effect::new(move |_| {
        let Some(element) = dialog.get() else { return };
        match (open.get(), element.open()) {
            // Refused only for a dialog that is not in the document, and this one is.
            (true, false) => drop(element.show_modal()),
            (false, true) => element.close(),
            _ => {}
        }
    });
}

/// The dialog that asks for a new service's name.
pub fn new_service(model: Model) -> AnyView {
    let (dialog, field) = (NodeRef::<Dialog>::new(), NodeRef::<Input>::new());
    follow(dialog, Signal::derive(move || model.naming.with(Option::is_some)));
    let caller = move || model.naming.get().flatten().map(|id| model.peek(|f| f.name(id)));
    let add = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name = field.get_untracked().map(|f| f.value().trim().to_owned()).unwrap_or_default();
        let from = model.naming.get_untracked().flatten();
        model.naming.set(None);
        if let Some(input) = field.get_untracked() {
            input.set_value("");
        }
        model.add_service(&name, from);
    };
    view! {
        <dialog
            class="dialog"
            data-testid="new-service"
            aria-labelledby="new-title"
            node_ref=dialog
            on:close=move |_| model.naming.set(None)
        >
            <form on:submit=add>
                <header><h2 id="new-title">{icon(Icon::Box)}"New service"</h2></header>
                <div class="dialog-body">
                    <label class="stacked">
                        "Name"
                        <input
                            type="text"
                            data-testid="new-service-name"
                            required
                            maxlength="63"
                            autocomplete="off"
                            spellcheck="false"
                            placeholder="wishlist"
                            node_ref=field
                        />
                    </label>
                    <p class="muted">{move || caller().map(|name| format!("{name} will call it with every request."))}</p>
                </div>
                <div class="dialog-actions">
                    <span class="grow"></span>
                    <button type="button" class="button" on:click=move |_| model.naming.set(None)>"Cancel"</button>
                    <button type="submit" class="button primary" data-testid="new-service-do">"Add"</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// The help sheet.
pub fn help(model: Model) -> AnyView {
    let dialog = NodeRef::<Dialog>::new();
    follow(dialog, model.help.into());
    let rows = KEYS.map(|(keys, what)| {
        let keys = keys.split_whitespace().map(|key| view! { <kbd>{key}</kbd> }).collect_view();
        view! { <div><dt>{keys}</dt><dd>{what}</dd></div> }
    });
    view! {
        <dialog
            class="dialog wide"
            data-testid="help-sheet"
            aria-labelledby="help-title"
            node_ref=dialog
            on:close=move |_| model.help.set(false)
        >
            <header>
                <h2 id="help-title">{icon(Icon::Help)}"How Sickbay works"</h2>
                <button
                    type="button"
                    class="button square"
                    aria-label="Close"
                    on:click=move |_| model.help.set(false)
                >
                    {icon(Icon::Cross)}
                </button>
            </header>
            <div class="dialog-body">
                <p>
                    "A system of services runs in this tab: every request is simulated, nothing is scripted. "
                    "A healer sees only what a monitor would see, "
                    "finds out what is wrong, decides, acts and checks whether it helped. "
                    "Break something and watch; right-click or long-press anything to choose what."
                </p>
                <p>
                    "Drag from the right side of a service to another to add a call, or into the void to add a service. "
                    "The run never stops for an edit."
                </p>
                <dl class="terms">{terms()}</dl>
                <p>
                    "Beside the clock: simulated seconds in a real second, the requests that services are sent (RPCs) in a "
                    "simulated second, and how many of them this tab simulates in a real second. "
                    "Nothing is left out to be faster: what a machine cannot keep up with takes longer, and the speed says so."
                </p>
                <p>
                    "How right is it? "
                    <a href="validation.html" data-testid="validation-link">"The validation page"</a>
                    " holds the engine to queueing theory, to the rules of real platforms and to published incidents."
                </p>
                <dl class="keys">{rows.collect_view()}</dl>
            </div>
        </dialog>
    }
    .into_any()
}
