//! The validation page: shipped beside the simulator, whose systems it opens.

use e2e::{Viewport, run};
use serde_json::{Value, json};

#[test]
fn a_law_s_link_opens_its_system_in_the_simulator() {
    run("validation", Viewport::Desktop, async |page| {
        page.open("").await;
        page.click("help").await;
        page.click("validation-link").await;
        let title = async || page.script("return document.title", Vec::new()).await;
        page.until("the validation page", async || title().await.as_str() == Some("Validation · Sickbay")).await;
        page.screenshot("validation").await;
        let links = page.all_css("[data-group='M/M/c'] ~ .scroll a.open").await;
        links.first().expect("the law has a link").click().await.expect("it can be clicked");
        page.until("the simulator", async || page.body("data-ready").await.as_deref() == Some("true")).await;
        page.until("the law's one service", async || page.all_css("[data-testid^='node-']").await.len() == 1).await;
        assert!(page.text("watch").await.contains("P(wait>0)"), "it says what is expected");
        assert_eq!(page.attribute("heal-off", "aria-checked").await.as_deref(), Some("true"), "nobody heals a law");
        let start_ns = page.now_ns().await;
        page.until("it to run", async || page.now_ns().await > start_ns + 3_000_000_000).await;
        let traffic = async || page.text("pace-rpc").await.chars().any(|c| ('1'..='9').contains(&c));
        page.until("its traffic in the transport bar", traffic).await;
        page.screenshot("validation-opened").await;
    });
}

#[test]
fn a_link_with_a_broken_file_is_explained_and_the_page_is_not_empty() {
    run("broken-link", Viewport::Desktop, async |page| {
        page.open("#file=sickbay:+1%0Aservices:%0A++web:+%7B+calls:+[nobody]+%7D%0A").await;
        let problem = page.find("import-problem").await.text().await.unwrap_or_default();
        assert!(problem.contains("nobody") && problem.contains("the link:3"), "{problem}");
        page.screenshot("broken-link").await;
        page.click("import-cancel").await;
        page.until("the default system", async || page.all_css("[data-testid^='node-']").await.len() == 12).await;
    });
}

#[test]
fn the_validation_page_fits_a_phone_and_its_tables_scroll_by_themselves() {
    run("validation-phone", Viewport::Phone, async |page| {
        page.open("").await;
        page.script("location.href = arguments[0]", vec![json!(format!("{}validation.html", page.url()))]).await;
        let ready = "return document.title.startsWith('Validation') && document.readyState === 'complete'";
        page.until("the validation page", async || page.script(ready, Vec::new()).await == Value::Bool(true)).await;
        let widths = "const page = document.scrollingElement; const table = document.querySelector('.scroll'); \
                      return [page.scrollWidth, window.innerWidth, table.scrollWidth, table.clientWidth]";
        let widths: Vec<u64> = serde_json::from_value(page.script(widths, Vec::new()).await).expect("four widths");
        assert!(widths[0] <= widths[1], "the page scrolls sideways: {widths:?}");
        assert!(widths[2] > widths[3], "its tables scroll in their own box: {widths:?}");
        page.screenshot("validation-phone").await;
    });
}
