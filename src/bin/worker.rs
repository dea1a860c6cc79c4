//! The worker: runs the system beside the page, so that the page never waits for it.

#[cfg(target_arch = "wasm32")]
fn main() {
    sickbay::web::worker::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this is the page's worker; build it as wasm by `cargo xtask dist`");
}
