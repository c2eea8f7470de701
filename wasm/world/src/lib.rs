//! The WebAssembly shell of the scenarios: one function for JavaScript, in a module of its own, so that a host that plays none never
//! loads the world around a registry.

use wasm_bindgen::prelude::wasm_bindgen;

/// Plays a scenario in a world of its own; returns its report, or what is wrong with it, as a document.
#[wasm_bindgen]
pub fn play(scenario: &str) -> String {
    liveset_world::play_document(scenario.as_bytes())
}
