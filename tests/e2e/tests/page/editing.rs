//! Changing the drawn system while it runs.

use e2e::{Page, Viewport, run};

const CALLER: &str = "adservice";
const CALLEE: &str = "cartservice";
const EDGE: &str = "edge-adservice-cartservice";

#[test]
fn an_added_dependency_is_undone_without_rewinding_the_run() {
    run("undo", Viewport::Desktop, async |page| {
        page.open("").await;
        add_edge(page).await;
        let before_ns = page.now_ns().await;
        page.click("undo").await;
        page.until("the edge to go", async || page.all(EDGE).await.is_empty()).await;
        assert!(page.now_ns().await >= before_ns, "undo takes the edit back, not the time");
        page.click("redo").await;
        page.until("the edge to come back", async || !page.all(EDGE).await.is_empty()).await;
        page.screenshot("edited").await;
    });
}

#[test]
fn a_dependency_is_removed_while_it_runs() {
    run("remove-edge", Viewport::Desktop, async |page| {
        page.open("").await;
        add_edge(page).await;
        let before_ns = page.now_ns().await;
        page.click(&format!("remove-{EDGE}")).await;
        page.until("the edge to go", async || page.all(EDGE).await.is_empty()).await;
        page.until("time to go on", async || page.now_ns().await > before_ns).await;
    });
}

async fn add_edge(page: &Page) {
    page.click(&format!("node-{CALLER}")).await;
    page.click("tab-service").await;
    page.find("add-dependency").await;
    choose_named(page, CALLEE).await;
    page.click("add-dependency-do").await;
    page.until("the edge to come", async || !page.all(EDGE).await.is_empty()).await;
}

/// The options' values are ids; people choose by name.
async fn choose_named(page: &Page, name: &str) {
    for option in page.all_css("[data-testid='add-dependency'] option").await {
        if option.text().await.is_ok_and(|text| text.trim() == name) {
            option.click().await.expect("an option can be chosen");
            return;
        }
    }
    panic!("`{name}` is not offered");
}
