//! Runs scenarios without a page.
fn main() {}
