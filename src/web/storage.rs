//! What the browser remembers: the theme and the like. It may refuse (private windows, full disks, blocked cookies),
//! so nothing may depend on it.

use web_sys::Storage;

/// Keeps the keys apart from those of other pages of the same host.
const PREFIX: &str = "sickbay.";

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What was stored under `key`, if anything was and the browser tells.
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{key}")).ok()?
}

/// Stores `value` under `key` and returns whether the browser did it.
pub fn set(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(&format!("{PREFIX}{key}"), value).is_ok())
}
