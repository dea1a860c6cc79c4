//! Opening the page: alive at once, the same run as without a page, at home on a phone and on the keyboard.

use crate::steps::{fault_menu, until_healthy};
use e2e::{Viewport, run};
use serde_json::Value;

const DIGESTS: &str = include_str!("../../../digests.txt");
/// Presets whose digests are held in every build, and to which second.
const RUNS: [(&str, u64); 5] =
    [("boutique", 60), ("p01-retry-storm", 160), ("p12-zone-outage", 90), ("p19-autoscaler-flapping", 300), ("mechanisms", 120)];
/// WebDriver's code for the Escape key.
const ESCAPE: char = '\u{e00c}';

#[test]
fn it_opens_on_a_running_healthy_system() {
    run("opens", Viewport::Desktop, async |page| {
        page.open("").await;
        assert_eq!(page.all_css("[data-testid^='node-']").await.len(), 12, "Online Boutique has 12 services");
        assert_eq!(page.all_css("[data-testid^='edge-']").await.len(), 16, "and 16 calls between them");
        let start_ns = page.now_ns().await;
        page.until("time to run", async || page.now_ns().await > start_ns + 10_000_000_000).await;
        let healthy = page.all_css("[data-testid^='node-'][data-health='healthy']").await.len();
        assert_eq!(healthy, 12, "nothing is broken yet");
        for part in ["kpi-success", "kpi-p95", "kpi-rate", "kpi-services", "clock"] {
            let text = page.text(part).await;
            assert!(text.contains(|c: char| c.is_ascii_digit()), "{part} shows no number: {text}");
        }
        for chart in 0..4 {
            assert!(!page.all_css(&format!("[data-testid='chart-{chart}'] canvas")).await.is_empty(), "chart {chart}");
        }
        page.screenshot("healthy").await;
    });
}

#[test]
fn a_link_opens_the_other_preset() {
    run("seed-preset", Viewport::Desktop, async |page| {
        page.open("#preset=seed&seed=7").await;
        page.until("its four services", async || page.all_css("[data-testid^='node-']").await.len() == 4).await;
        for edge in ["order-processing-service-auth-service", "order-processing-service-product-catalog-service"] {
            assert_eq!(page.all(&format!("edge-{edge}")).await.len(), 1, "{edge}");
        }
        assert_eq!(page.all("edge-user-profile-service-auth-service").await.len(), 1);
    });
}

#[test]
fn an_incident_is_chosen_from_the_menu_and_says_what_to_watch() {
    run("incident-preset", Viewport::Desktop, async |page| {
        page.open("#preset=p02-retries-at-every-layer&seed=7").await;
        page.until("its six services", async || page.all_css("[data-testid^='node-']").await.len() == 6).await;
        assert!(page.text("watch").await.contains("243-fold"));
        assert_eq!(page.all_css("[data-testid='preset'] optgroup").await.len(), 2);
        assert!(page.all_css("[data-testid='preset'] optgroup option").await.len() >= 22);
    });
}

#[test]
fn what_a_link_says_wrongly_is_told_and_something_runs_all_the_same() {
    run("wrong-link", Viewport::Desktop, async |page| {
        page.open("#preset=no-such&seed=7").await;
        page.until("the complaint", async || page.text("message").await.contains("no preset named \"no-such\"")).await;
        page.until("the default system", async || page.all_css("[data-testid^='node-']").await.len() == 12).await;
        page.open("#preset=seed&seed=abc").await;
        page.until("the other system", async || page.all_css("[data-testid^='node-']").await.len() == 4).await;
        page.until("the complaint", async || page.text("message").await.contains("seed=abc")).await;
    });
}

#[test]
fn a_model_of_a_larger_system_says_so() {
    run("scale-model", Viewport::Desktop, async |page| {
        page.open(
            "#file=sickbay:+1%0Ascale:+10%0Aservices:%0A++web:+%7B+replicas:+20,+rate:+2000/s,+demand:+%7B+cpu:+1ms+%7D+%7D%0A",
        )
        .await;
        page.until("the chip", async || page.shows("scale").await).await;
        assert_eq!(page.text("scale").await, "1:10 model");
        let told = page.attribute("scale", "title").await.unwrap_or_default();
        assert!(told.contains("10"), "the chip's title says what that means: {told}");
    });
}

#[test]
fn the_page_gives_the_same_runs_as_the_core_alone() {
    run("digest", Viewport::Desktop, async |page| {
        for (preset, seconds) in RUNS {
            page.open(&format!("#preset={preset}&seed=42&until={seconds}")).await;
            let end_ns = seconds * 1_000_000_000;
            page.until_late(&format!("{seconds} s of {preset}"), async || page.now_ns().await == end_ns).await;
            let name = format!("{preset}-{seconds}s ");
            let expected = DIGESTS.lines().find_map(|line| line.strip_prefix(&name));
            let expected = expected.unwrap_or_else(|| panic!("tests/digests.txt has no line for {name}"));
            assert_eq!(page.body("data-digest").await.as_deref(), Some(expected.trim()), "{name}");
        }
    });
}

#[test]
fn a_paused_run_stands_still_and_steps() {
    run("paused", Viewport::Desktop, async |page| {
        page.open("").await;
        page.click("play-pause").await;
        page.until("it to pause", async || page.body("data-playing").await.as_deref() == Some("false")).await;
        let stopped_ns = page.now_ns().await;
        page.click("step").await;
        page.until("one step", async || page.now_ns().await > stopped_ns).await;
        let stepped_ns = page.now_ns().await;
        assert!(stepped_ns - stopped_ns <= 1_000_000_000, "a step is at most one scrape: {}", stepped_ns - stopped_ns);
    });
}

#[test]
fn it_fits_a_phone() {
    run("phone", Viewport::Phone, async |page| {
        page.open("").await;
        let script = "const page = document.scrollingElement; return [page.scrollWidth, window.innerWidth]";
        let widths = page.script(script, Vec::new()).await;
        let width = |index: usize| widths.get(index).and_then(Value::as_u64).expect("two widths");
        assert!(width(0) <= width(1), "the page is {} wide in a window of {}", width(0), width(1));
        assert_eq!(width(1), 390);
        page.screenshot("phone").await;
    });
}

#[test]
fn the_fault_menu_opens_and_closes_by_keyboard() {
    run("keyboard", Viewport::Desktop, async |page| {
        page.open("").await;
        fault_menu(page, "cartservice").await;
        page.press(ESCAPE).await;
        page.until("Escape to close the menu", async || !page.shows("fault-menu").await).await;
        page.until("the focus to return", async || page.focused().await == "node-cartservice").await;
        until_healthy(page, "cartservice").await;
    });
}
