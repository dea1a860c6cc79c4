//! Through time, away and back: any moment of the run, the run as a link, and the run after a reload.

use e2e::{Page, Viewport, run};

/// WebDriver's codes for keys.
const HOME: char = '\u{e011}';
const ARROW_RIGHT: char = '\u{e014}';
const SECOND_NS: u64 = 1_000_000_000;

/// Opens a preset, stopped at this second.
async fn open_at(page: &Page, seconds: u64) {
    page.open(&format!("#preset=seed&seed=7&until={seconds}")).await;
    until_at(page, seconds).await;
}

async fn until_at(page: &Page, seconds: u64) {
    page.until(&format!("{seconds} s"), async || page.now_ns().await == seconds * SECOND_NS).await;
}

async fn digest(page: &Page) -> String {
    page.body("data-digest").await.expect("the body carries its frame's digest")
}

#[test]
fn the_past_is_looked_at_by_keyboard_and_the_present_is_as_it_was() {
    run("past", Viewport::Desktop, async |page| {
        open_at(page, 40).await;
        let present = digest(page).await;
        page.focus("scrubber").await;
        page.press(HOME).await;
        until_at(page, 1).await;
        assert!(page.text("past-bar").await.contains("00:01 of 00:40"), "{}", page.text("past-bar").await);
        assert_eq!(page.text("time-state").await, "Past");
        for second in 2..=3 {
            page.press(ARROW_RIGHT).await;
            until_at(page, second).await;
        }
        assert_eq!(page.attribute("scrubber", "aria-valuetext").await.as_deref(), Some("00:03 of 00:40"));
        page.click("kill-switch").await;
        page.until("the refusal", async || page.text("message").await.contains("E0405")).await;
        page.screenshot("past").await;
        page.click("live").await;
        page.until("the present", async || !page.shows("past-bar").await).await;
        page.click("play-pause").await;
        page.until("a pause", async || page.text("time-state").await == "Paused").await;
        while page.now_ns().await > 40 * SECOND_NS {
            page.click("step-back").await;
            page.until("a second less", async || page.text("time-state").await == "Past").await;
        }
        assert_eq!(digest(page).await, present);
    });
}

#[test]
fn another_course_is_taken_from_the_past_and_the_first_is_kept() {
    run("go-on", Viewport::Desktop, async |page| {
        open_at(page, 40).await;
        let first = digest(page).await;
        page.click("step-back").await;
        until_at(page, 39).await;
        page.click("go-on").await;
        page.click("kill-switch").await;
        page.click("step").await;
        until_at(page, 40).await;
        page.until("another run", async || digest(page).await != first).await;
        page.click("return-to-other").await;
        page.until("the first run", async || digest(page).await == first).await;
    });
}

#[test]
fn a_link_holds_the_whole_run() {
    run("share", Viewport::Desktop, async |page| {
        open_at(page, 20).await;
        page.click("kill-switch").await;
        page.click("step").await;
        until_at(page, 21).await;
        let present = digest(page).await;
        page.click("share").await;
        let field = page.find("share-link").await;
        let link = field.prop("value").await.ok().flatten().unwrap_or_default();
        assert!(link.starts_with(page.url()) && link.len() < 8_000, "{link}");
        page.screenshot("share").await;
        page.open("#preset=boutique").await;
        page.until("the boutique", async || page.all_css("[data-testid^='node-']").await.len() == 12).await;
        page.open(&link[link.find('#').expect("a fragment")..]).await;
        until_at(page, 21).await;
        assert_eq!(digest(page).await, present);
        page.open("#run=AAAA").await;
        page.until("the refusal", async || page.text("message").await.contains("E0501")).await;
    });
}

#[test]
fn a_reload_loses_nothing() {
    run("reload", Viewport::Desktop, async |page| {
        open_at(page, 20).await;
        page.click("kill-switch").await;
        page.click("step").await;
        until_at(page, 21).await;
        let present = digest(page).await;
        page.until("the run to be kept", async || page.body("data-kept-ns").await == Some((21 * SECOND_NS).to_string())).await;
        page.script("location.reload()", Vec::new()).await;
        page.until("the run to be back", async || page.shows("message").await && page.text("message").await.contains("is back"))
            .await;
        page.until("the first frame", async || page.body("data-ready").await.as_deref() == Some("true")).await;
        until_at(page, 21).await;
        assert_eq!(digest(page).await, present);
    });
}
