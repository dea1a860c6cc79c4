//! The page.

#[cfg(all(target_arch = "wasm32", feature = "page"))]
fn main() {
    sickbay::app::start();
}

/// Without a browser there is no page to show.
#[cfg(not(all(target_arch = "wasm32", feature = "page")))]
fn main() {}
