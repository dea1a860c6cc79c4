//! The browser, one of its interfaces per file. Nothing below this folder and the page's can name it.
//!
//! Used by both sides: [`message`] (encoding), [`panic`]. Page: [`link`] (to the worker), [`canvas`], [`clipboard`],
//! [`storage`], [`store`].
//! Worker: [`worker`]. None of this needs the page's UI framework, so the worker's wasm stays small.

pub mod canvas;
pub mod clipboard;
pub mod download;
pub mod link;
pub mod message;
pub mod panic;
pub mod storage;
pub mod store;
pub mod worker;

use wasm_bindgen::JsValue;

/// A seed for a new run, from the browser's own randomness: the only randomness that is not a function of a seed.
/// It has 32 bits, for people copy it. A browser without randomness gives 1.
pub fn new_seed() -> u64 {
    getrandom::u32().map_or(1, u64::from)
}

/// What JavaScript threw, as a line of text.
pub(crate) fn text_of(thrown: &JsValue) -> String {
    thrown.as_string().unwrap_or_else(|| format!("{thrown:?}"))
}
