//! What several tests do: break a service, follow a decision.

use e2e::Page;

/// Fast enough to be quick, slow enough that each state is seen.
pub const QUICK: &str = "#preset=boutique&seed=42&speed=5";

/// Opens the fault menu on a service by keyboard.
pub async fn fault_menu(page: &Page, service: &str) {
    page.focus(&format!("node-{service}")).await;
    page.press('f').await;
    page.find("fault-menu").await;
}

/// Injects an error burst into all of a service's instances, for a long time: only healing ends it early.
pub async fn break_service(page: &Page, service: &str) {
    fault_menu(page, service).await;
    page.click("fault-error_burst").await;
    page.type_into("fault-duration", "900").await;
    page.click("fault-inject").await;
    page.until("the fault menu to close", async || !page.shows("fault-menu").await).await;
}

/// A service's health, as the graph shows it.
pub async fn health(page: &Page, service: &str) -> String {
    page.attribute(&format!("node-{service}"), "data-health").await.unwrap_or_default()
}

/// Waits until the service is ill.
pub async fn until_ill(page: &Page, service: &str) {
    page.until_late(&format!("{service} to be seen ill"), async || {
        matches!(health(page, service).await.as_str(), "degraded" | "critical")
    })
    .await;
}

/// Waits until the service is healthy.
pub async fn until_healthy(page: &Page, service: &str) {
    page.until_late(&format!("{service} to be healthy"), async || health(page, service).await == "healthy").await;
}

/// The states of the ledger's entries about a service, as shown now.
pub async fn ledger(page: &Page, service: &str) -> Vec<String> {
    let mut states = Vec::new();
    for entry in page.all("ledger-entry").await {
        let about = entry.text().await.unwrap_or_default();
        if about.contains(service) {
            states.push(entry.attr("data-state").await.ok().flatten().unwrap_or_default());
        }
    }
    states
}

/// Opens the decisions and waits until one about the service is in this state.
pub async fn until_decision(page: &Page, service: &str, state: &str) {
    page.click("tab-decisions").await;
    page.until_late(&format!("a decision on {service} that is {state}"), async || {
        ledger(page, service).await.iter().any(|shown| shown == state)
    })
    .await;
}
