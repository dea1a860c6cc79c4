//! Copying a text.

use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Puts `text` on the clipboard and tells whether the browser did it. It refuses outside of secure contexts, and where nobody
/// has clicked.
pub fn copy(text: &str, told: impl FnOnce(bool) + 'static) {
    let Some(window) = web_sys::window().filter(web_sys::Window::is_secure_context) else {
        told(false);
        return;
    };
    let copied = JsFuture::from(window.navigator().clipboard().write_text(text));
    spawn_local(async move { told(copied.await.is_ok()) });
}
