//! What the browser remembers: the theme and the like, and for a tab what it is. It may refuse (private windows, full disks,
//! blocked cookies), so nothing may depend on it.

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

fn of_tab() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// What this tab stored under `key`, which is forgotten by that.
pub fn take_from_tab(key: &str) -> Option<String> {
    let (storage, key) = (of_tab()?, format!("{PREFIX}{key}"));
    let value = storage.get_item(&key).ok()?;
    // It was there a moment ago, so it can be removed.
    let _ = storage.remove_item(&key);
    value
}

/// Stores `value` under `key` until this tab is closed; the tab goes without if the browser refuses.
pub fn set_in_tab(key: &str, value: &str) {
    let _ = of_tab().map(|storage| storage.set_item(&format!("{PREFIX}{key}"), value));
}
