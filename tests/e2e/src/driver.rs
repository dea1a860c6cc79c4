//! Starts chromedriver on a free port and opens a headless browser with it.

use crate::run::Viewport;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

/// A chromedriver process, ended with this value.
pub struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    /// Starts it and waits until it says on which port it listens.
    pub fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("missing: chromedriver ({error}). `cargo xtask setup` installs it or says how."));
        let output = process.stdout.take().expect("its output was asked for");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| port_of(&line)).expect("chromedriver ended without naming its port");
        // Its output is read to the end, or it would block once the pipe is full.
        thread::spawn(move || lines.for_each(drop));
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    /// Opens a browser.
    pub async fn open(&self, viewport: Viewport) -> Client {
        let Value::Object(capabilities) = capabilities(viewport) else { unreachable!("written as an object below") };
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        let started = builder.capabilities(Capabilities::from_iter(capabilities)).connect(&self.url).await;
        started.unwrap_or_else(|error| panic!("chromedriver could not start Chromium: {error}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Both can only fail if it has already ended.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// `ChromeDriver was started successfully on port 33555.`
fn port_of(line: &str) -> Option<u16> {
    line.trim().strip_prefix("ChromeDriver was started successfully on port ")?.trim_end_matches('.').parse().ok()
}

/// No name but loopback resolves: a request to a third party fails and shows up in the console.
fn capabilities(viewport: Viewport) -> Value {
    let mut options = json!({ "args": [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--window-size=1440,960",
    ] });
    if let Viewport::Phone = viewport {
        options["mobileEmulation"] =
            json!({ "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true } });
    }
    json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } })
}

/// chromedriver's own command: what the console showed since it was last asked.
#[derive(Debug)]
pub struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

#[test]
fn the_drivers_port_is_read() {
    assert_eq!(port_of("ChromeDriver was started successfully on port 33555."), Some(33555));
    assert_eq!(port_of("Starting ChromeDriver 156 on port 0"), None);
}
