//! The loop a person comes to see: something breaks, is seen, decided, healed and verified.

use crate::steps::{QUICK, break_service, ledger, until_decision, until_healthy, until_ill};
use e2e::{Page, Viewport, run};

const ILL: &str = "paymentservice";
/// A decision that nobody answers is carried out after 8 s of simulated time: at this speed a test has time to answer.
const CALM: &str = "#preset=boutique&seed=42&speed=1";

#[test]
fn a_broken_payment_service_is_seen_decided_healed_and_verified() {
    run("healing", Viewport::Desktop, async |page| {
        page.open(QUICK).await;
        page.click("heal-auto").await;
        break_service(page, ILL).await;
        until_ill(page, ILL).await;
        page.screenshot("auto-broken").await;
        until_decision(page, ILL, "succeeded").await;
        until_healthy(page, ILL).await;
        page.screenshot("auto-healed").await;
    });
}

#[test]
fn in_ask_mode_an_approved_decision_heals() {
    run("approve", Viewport::Desktop, async |page| {
        page.open(CALM).await;
        until_asked(page).await;
        page.screenshot("broken").await;
        page.click("approve").await;
        until_decision(page, ILL, "succeeded").await;
        until_healthy(page, ILL).await;
        page.screenshot("healed").await;
    });
}

#[test]
fn in_ask_mode_a_rejected_decision_does_nothing() {
    run("reject", Viewport::Desktop, async |page| {
        page.open(CALM).await;
        until_asked(page).await;
        page.click("reject").await;
        until_decision(page, ILL, "rejected").await;
        let states = ledger(page, ILL).await;
        assert!(!states.iter().any(|state| ["executing", "verifying", "succeeded"].contains(&state.as_str())), "{states:?}");
        until_ill(page, ILL).await;
    });
}

#[test]
fn the_kill_switch_ends_what_waits_and_its_release_lets_the_healer_act() {
    run("kill-switch", Viewport::Desktop, async |page| {
        page.open(CALM).await;
        until_asked(page).await;
        page.press('k').await;
        page.until("the switch to be on", async || is(page, "kill-switch", "data-state", "on").await).await;
        assert_eq!(page.text("kill-switch").await, "Release healing");
        until_decision(page, ILL, "expired").await;
        page.screenshot("kill-switch").await;
        page.click("heal-auto").await;
        until_ill(page, ILL).await;
        let states = ledger(page, ILL).await;
        assert!(!states.iter().any(|state| ["executing", "verifying", "succeeded"].contains(&state.as_str())), "{states:?}");
        page.click("kill-switch").await;
        until_decision(page, ILL, "succeeded").await;
        until_healthy(page, ILL).await;
    });
}

#[test]
fn a_dry_run_decides_and_leaves_the_system_as_it_is() {
    run("dry-run", Viewport::Desktop, async |page| {
        page.open(QUICK).await;
        page.click("heal-auto").await;
        page.press('d').await;
        page.until("the dry run to be on", async || is(page, "dry-run", "aria-pressed", "true").await).await;
        break_service(page, ILL).await;
        until_decision(page, ILL, "rehearsed").await;
        page.screenshot("dry-run").await;
        until_ill(page, ILL).await;
        let states = ledger(page, ILL).await;
        assert!(!states.iter().any(|state| ["verifying", "succeeded"].contains(&state.as_str())), "{states:?}");
    });
}

#[test]
fn stop_all_takes_the_fault_away() {
    run("stop-all", Viewport::Desktop, async |page| {
        page.open(QUICK).await;
        page.click("heal-off").await;
        break_service(page, ILL).await;
        until_ill(page, ILL).await;
        page.click("stop-all").await;
        until_healthy(page, ILL).await;
    });
}

/// Whether an element's attribute has this value, now.
async fn is(page: &Page, id: &str, attribute: &str, value: &str) -> bool {
    page.attribute(id, attribute).await.as_deref() == Some(value)
}

/// Breaks the service with the dial on Ask, and waits until a person is asked.
async fn until_asked(page: &Page) {
    page.click("heal-ask").await;
    break_service(page, ILL).await;
    page.until_late("a person to be asked", async || {
        page.attribute("decision-card", "data-state").await.as_deref() == Some("awaiting_approval")
    })
    .await;
    let card = page.text("decision-card").await;
    assert!(card.contains(ILL), "the card is about what was broken: {card}");
}
