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
