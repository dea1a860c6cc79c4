//! Drives the *built* page in headless Chromium: `dist/` as a static host would serve it, from a sub-path.
//!
//! Dev-only and its own package, so that the core's tests need not build a WebDriver client. One test is one browser
//! session with its own server and driver, closed at its end; waits poll and are bounded, and every failure leaves a
//! screenshot in `artifacts/` and the browser's console in the message.

mod driver;
mod page;
mod run;
mod server;

pub use page::Page;
pub use run::{Viewport, run};
