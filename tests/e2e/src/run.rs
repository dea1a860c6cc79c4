//! Runs one test: server, driver, browser, page; afterwards the checks that hold for every test.

use crate::driver::Driver;
use crate::page::Page;
use crate::server::Server;
use std::path::{Path, PathBuf};

/// The size of the browser's window.
#[derive(Clone, Copy, Debug)]
pub enum Viewport {
    /// 1440 x 960.
    Desktop,
    /// 390 x 844, touch, two device pixels a pixel.
    Phone,
}

/// The built page: `SICKBAY_DIST`, or `dist/` in the repository's root.
fn dist() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist");
    let dist = std::env::var_os("SICKBAY_DIST").map_or_else(default, PathBuf::from);
    let built = dist.join("index.html").is_file();
    assert!(built, "missing: the built page in {}. Build it with `cargo xtask dist`, or set SICKBAY_DIST.", dist.display());
    dist
}

/// Runs `test` on a page that is not open yet. Afterwards the console must be free of errors and nothing may have come
/// from anywhere but the page's own host. If it fails, a screenshot named after it is left in `artifacts/`.
pub fn run(name: &'static str, viewport: Viewport, test: impl AsyncFnOnce(&Page) + 'static) {
    let server = Server::start(&dist()).expect("a free port on loopback");
    let driver = Driver::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, async {
        let page = Page::new(driver.open(viewport).await, server.url());
        let inner = page.clone();
        // A task of its own, so that a failed assertion comes back as an error and the browser can still be asked.
        let outcome = tokio::task::spawn_local(async move {
            test(&inner).await;
            inner.assert_quiet().await;
        })
        .await;
        if outcome.is_err() {
            page.screenshot(&format!("{name}-failed")).await;
            page.print_console().await;
        }
        page.close().await;
        outcome
    });
    drop(driver);
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}
