//! Saving a text as a file: a link to a blob, clicked once.

use super::text_of;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Offers `text` to the person at the page as a file called `name`.
///
/// # Errors
/// If the browser refuses; the text is for people.
pub fn save(name: &str, media_type: &str, text: &str) -> Result<(), String> {
    offer(name, media_type, text).map_err(|thrown| format!("the file cannot be saved: {}", text_of(&thrown)))
}

fn offer(name: &str, media_type: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&JsValue::from_str(text)), &options)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let document = web_sys::window().and_then(|window| window.document()).ok_or_else(|| JsValue::from_str("no document"))?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}
