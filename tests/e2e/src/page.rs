//! The page as a test sees it: elements by their `data-testid`, waits with a bound, console, screenshots.
//!
//! A helper that does not find what it needs fails the test with what it waited for.

use crate::driver::ConsoleLog;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// Between two looks while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// For what should come at once, on a loaded machine: 20 s.
const SOON_LOOKS: u32 = 400;
/// For what needs simulated time to pass: 90 s.
const LATE_LOOKS: u32 = 1800;

/// A browser tab. Clones share it.
#[derive(Clone)]
pub struct Page {
    client: Client,
    url: String,
    console: Rc<RefCell<Vec<Value>>>,
}

impl Page {
    pub(crate) fn new(client: Client, url: String) -> Self {
        Self { client, url, console: Rc::default() }
    }

    /// Opens the page with a fragment (`#preset=...` or nothing) and waits for its first frame.
    pub async fn open(&self, fragment: &str) {
        self.client.goto(&format!("{}{fragment}", self.url)).await.expect("the page's address opens");
        self.until("the first frame", async || self.body("data-ready").await.as_deref() == Some("true")).await;
    }

    /// The address without a fragment.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// An attribute of the body.
    pub async fn body(&self, attribute: &str) -> Option<String> {
        let body = self.client.find(Locator::Css("body")).await.ok()?;
        body.attr(attribute).await.ok().flatten()
    }

    /// All elements with this test id, now.
    pub async fn all(&self, id: &str) -> Vec<Element> {
        self.all_css(&selector(id)).await
    }

    /// All elements of a CSS selector, now.
    pub async fn all_css(&self, css: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(css)).await.unwrap_or_default()
    }

    /// Whether an element with this test id is there and visible, now.
    pub async fn shows(&self, id: &str) -> bool {
        for element in self.all(id).await {
            if element.is_displayed().await.unwrap_or(false) {
                return true;
            }
        }
        false
    }

    /// The first visible element with this test id, when it is there.
    pub async fn find(&self, id: &str) -> Element {
        self.until(&format!("`{id}` to show"), async || self.shows(id).await).await;
        for element in self.all(id).await {
            if element.is_displayed().await.unwrap_or(false) {
                return element;
            }
        }
        panic!("`{id}` showed and was gone at once");
    }

    /// Clicks it once it can be clicked; the page may redraw it under the pointer, so a missed click is tried again.
    pub async fn click(&self, id: &str) {
        self.until(&format!("`{id}` to be clicked"), async || {
            for element in self.all(id).await {
                if element.click().await.is_ok() {
                    return true;
                }
            }
            false
        })
        .await;
    }

    /// Its text, when it is there.
    pub async fn text(&self, id: &str) -> String {
        self.find(id).await.text().await.unwrap_or_default()
    }

    /// An attribute of the first element with this test id, now.
    pub async fn attribute(&self, id: &str, name: &str) -> Option<String> {
        self.all(id).await.first()?.attr(name).await.ok().flatten()
    }

    /// Chooses a select's option by its value.
    pub async fn choose(&self, id: &str, value: &str) {
        let options = self.all_css(&format!("{} option", selector(id))).await;
        let mut values = Vec::new();
        for option in options {
            let of_option = option.prop("value").await.ok().flatten().unwrap_or_default();
            if of_option == value {
                return option.click().await.expect("an option can be chosen");
            }
            values.push(of_option);
        }
        panic!("`{id}` has no option `{value}`, only {values:?}");
    }

    /// Replaces a field's text by key strokes.
    pub async fn type_into(&self, id: &str, text: &str) {
        let field = self.find(id).await;
        field.clear().await.expect("the field can be cleared");
        field.send_keys(text).await.expect("the field takes text");
    }

    /// Replaces a large field's text at once, as pasting does.
    pub async fn paste(&self, id: &str, text: &str) {
        let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1]; \
                      field.dispatchEvent(new Event('input', { bubbles: true })); \
                      field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.find(id).await;
        self.script(script, vec![json!(selector(id)), json!(text)]).await;
    }

    /// Moves the keyboard's focus to it.
    pub async fn focus(&self, id: &str) {
        self.find(id).await;
        self.script("document.querySelector(arguments[0]).focus()", vec![json!(selector(id))]).await;
    }

    /// The test id of what has the keyboard's focus.
    pub async fn focused(&self) -> String {
        let script = "return document.activeElement?.dataset?.testid ?? ''";
        self.script(script, Vec::new()).await.as_str().unwrap_or_default().to_owned()
    }

    /// Presses and releases one key where the focus is.
    pub async fn press(&self, key: char) {
        let keys = [KeyAction::Down { value: key }, KeyAction::Up { value: key }];
        let actions = keys.into_iter().fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
        self.client.perform_actions(actions).await.expect("a key can be pressed");
    }

    /// The value of a script in the page: for what WebDriver cannot ask.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("`{script}`: {error}"))
    }

    /// Waits for what should come at once.
    pub async fn until(&self, what: &str, condition: impl AsyncFnMut() -> bool) {
        wait(what, SOON_LOOKS, condition).await;
    }

    /// Waits for what needs simulated time to pass.
    pub async fn until_late(&self, what: &str, condition: impl AsyncFnMut() -> bool) {
        wait(what, LATE_LOOKS, condition).await;
    }

    /// Simulated time of the frame shown, in nanoseconds.
    pub async fn now_ns(&self) -> u64 {
        self.body("data-now-ns").await.and_then(|digits| digits.parse().ok()).expect("the body carries its frame's time")
    }

    /// Saves what the tab shows as `artifacts/<name>.png` in the repository's root.
    pub async fn screenshot(&self, name: &str) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../artifacts");
        let saved = std::fs::create_dir_all(&directory);
        match (saved, self.client.screenshot().await) {
            (Ok(()), Ok(png)) => std::fs::write(directory.join(format!("{name}.png")), png).expect("artifacts/ can be written"),
            (saved, shot) => eprintln!("no screenshot: {saved:?} {:?}", shot.err()),
        }
    }

    /// No error or warning in the console, and nothing loaded from anywhere else.
    pub async fn assert_quiet(&self) {
        let bad: Vec<_> =
            self.console().await.into_iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG").collect();
        assert!(bad.is_empty(), "the console shows {bad:#?}");
        let loaded = self.script("return performance.getEntriesByType('resource').map(entry => entry.name)", Vec::new()).await;
        let foreign = loaded.as_array().into_iter().flatten().filter_map(Value::as_str).filter(|name| !self.own(name));
        assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new(), "third-party requests");
    }

    fn own(&self, address: &str) -> bool {
        let inline = ["data:", "blob:"].iter().any(|scheme| address.starts_with(scheme));
        inline || address.starts_with(&self.url)
    }

    /// All that the console showed so far; chromedriver forgets what it told, so it is kept here.
    async fn console(&self) -> Vec<Value> {
        let new = self.client.issue_cmd(ConsoleLog).await.expect("chromedriver tells the console");
        self.console.borrow_mut().extend(new.as_array().into_iter().flatten().cloned());
        self.console.borrow().clone()
    }

    pub(crate) async fn print_console(&self) {
        eprintln!("console: {:#?}", self.console().await);
    }

    pub(crate) async fn close(self) {
        // The driver is ended right after: nothing hangs on how the browser took it.
        self.client.close().await.ok();
    }
}

fn selector(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}

async fn wait(what: &str, looks: u32, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..looks {
        if condition().await {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("waited {} s for {what}", LOOK_EVERY.as_millis() * u128::from(looks) / 1000);
}
