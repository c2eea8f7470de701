//! The languages, a file each. Every one knows how to build its binding, test it in the language's own runner, replay the vectors
//! through its public API, and play scenarios through it.

pub mod c;
pub mod go;
pub mod java;
pub mod js;

use std::path::PathBuf;

use anyhow::Result;

/// One engine under one language's public API.
pub struct Engine {
    /// As `cargo xtask digests` prints it.
    pub name: &'static str,
    /// Replays all vectors in `core/vectors` and prints a line for each file, in the order of the names: `FILE DIGEST`, the
    /// digest of its last line. It compares every answer and every digest on the way and fails at the first that differs.
    pub replay: fn() -> Result<String>,
    /// Plays scenario files and prints the report document of each on a line of its own.
    pub play: fn(&[PathBuf]) -> Result<String>,
}

/// All engines, in the order in which they are listed.
pub fn engines() -> [Engine; 7] {
    let ([c], [wazero, cgo]) = (c::ENGINES, go::ENGINES);
    [crate::rust::ENGINE, js::WASM32, c, java::ENGINE, wazero, cgo, js::ENGINE]
}
