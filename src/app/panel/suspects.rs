//! Suspects: who may be to blame for the open incident, how likely, and what speaks for and against each.

use super::decision::bar;
use crate::app::model::{Model, Selection};
use crate::view::{SuspectFrame, words};
use leptos::prelude::*;

const EXPLAINED: &str = "How likely the cause is there, and what each piece of evidence adds to or takes from it (log-odds).";

/// The likeliest suspects, while an incident is open and some are known.
pub fn suspects(model: Model) -> impl IntoView {
    let all = model.memo(|f| f.suspects.clone());
    let is_any = Memo::new(move |_| !all.with(Vec::is_empty));
    let list = move || all.get().into_iter().map(|suspect| row(model, suspect)).collect_view();
    let body = move || {
        is_any.get().then(|| {
            view! {
                <section class="suspects" data-testid="suspects" aria-labelledby="suspects-title">
                    <h3 id="suspects-title">"Suspects"</h3>
                    <p class="note">{EXPLAINED}</p>
                    <ol>{list}</ol>
                </section>
            }
        })
    };
    view! { {body} }
}

fn row(model: Model, suspect: SuspectFrame) -> impl IntoView {
    let place = match suspect.service {
        Some(id) => {
            let choose = move |_| model.select(Some(Selection::Service(id)));
            view! { <button class="link" on:click=choose>{suspect.place}</button> }.into_any()
        }
        None => view! { <b>{suspect.place}</b> }.into_any(),
    };
    let reasons = suspect.reasons.into_iter().map(|(text, weight)| {
        let side = if weight > 0.0 { "for" } else { "against" };
        view! { <li data-side=side><b>{format!("{weight:+.1}")}</b>" "{text}</li> }
    });
    view! {
        <li>
            <div class="confidence" title="Probability that the cause is here">
                <span>{place}</span>
                {bar(suspect.probability)}
            </div>
            <p class="about">
                {words::class(suspect.class)}" "<code class="class">{suspect.class.name()}</code>
                {suspect.believed.then_some(". The healer goes by this.")}
            </p>
            <ul class="reasons" aria-label="What speaks for and against it">{reasons.collect_view()}</ul>
        </li>
    }
}
