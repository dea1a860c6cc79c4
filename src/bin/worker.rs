//! The worker: runs the system beside the page, so that the page never waits for it.

#[cfg(target_arch = "wasm32")]
fn main() {
    sickbay::web::worker::start();
}

/// Only a browser starts workers: `cargo xtask dist` builds this as wasm.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
